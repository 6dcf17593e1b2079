"""What a written page is made of."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A page of the site."""

    path: str
    """From the root of the site, such as `kpi/dso.md`."""
    title: str
    """As the navigation shows it."""
    group: str
    """Heading in the navigation; empty for the first page of a folder."""
    text: str


def link(text: str, page: str, of: str) -> str:
    """A link to a page, from the page `of`."""
    return f"[{text}]({posixpath.relpath(page, posixpath.dirname(of))})"


def facts(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names and what is said of each, as a list of definitions."""
    for name, said in pairs:
        yield from (name, f":   {said}", "")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table with a head."""
    names = list(head)
    yield from (_row(names), "|---" * len(names) + "|")
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def one_line(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())
