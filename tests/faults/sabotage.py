"""The `adv` command, and what befalls it: `python -m tests.faults.sabotage POINT run`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from orchestration import cli
from tests.faults.points import POINTS, SERVER_POINTS, SOURCE_POINTS, Point


def main() -> None:
    """Arrange what befalls it, then go about the command."""
    _, name, *arguments = sys.argv
    _arrange({**POINTS, **SOURCE_POINTS, **SERVER_POINTS}[name])
    sys.argv = ["adv", *arguments]
    cli.main()


def _arrange(point: Point) -> None:
    owner = _owner(point.module)
    function = getattr(owner, point.function)
    calls = 0

    def befallen(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point.call and point.when == "before":
            point.deed()
        result = function(*given, **named)
        if calls == point.call and point.when == "after":
            point.deed()
        return result

    setattr(owner, point.function, befallen)


def _owner(name: str) -> Any:
    """A module, or a class of one."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        module, _, member = name.rpartition(".")
        return getattr(import_module(module), member)


if __name__ == "__main__":
    main()
