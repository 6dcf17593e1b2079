"""The addresses of the cockpit; a filter, an order and a page of rows are part of them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from reports.request import Language


def address(language: Language, *path: str, **query: object) -> str:
    """An address; parameters without a value are left out."""
    told = "/".join(quote(part, safe="") for part in (language.value, *path))
    kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"/{told}" + (f"?{urlencode(kept)}" if kept else "")


def with_query(path: str, query: Mapping[str, str]) -> str:
    """A path with parameters; those without a value are left out."""
    kept = {name: value for name, value in query.items() if value}
    return path + (f"?{urlencode(kept)}" if kept else "")
