"""dbt's adapter, as far as the SQL linter must expand it."""

from collections.abc import Callable


def dispatch(name: str, *_: object) -> Callable[..., str]:
    """A macro whose body depends on the engine becomes a call of the same name."""
    return lambda *arguments, **_: f"{name}({', '.join(str(a) for a in arguments)})"
