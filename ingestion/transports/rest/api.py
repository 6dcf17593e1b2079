"""What is asked of a product's API; a module beside this one answers it for each product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ingestion.declarations import Table

Record = tuple[object, ...]
"""The values that were asked for, a number as the text it was written in, and whether the row is
deleted."""


@dataclass(frozen=True)
class Span:
    """Rows that changed from an instant (UTC) on and, if an end is given, before it."""

    since: datetime
    before: datetime | None = None


@dataclass(frozen=True)
class Found:
    """What a table that is there gives."""

    columns: frozenset[str]
    """Declared columns that can be read."""
    retyped: tuple[str, ...] = ()
    """Columns that are no longer what is declared, in words."""


def retyped(
    table: Table,
    types: Mapping[str, str],
    kinds: Mapping[str, frozenset[str]],
    no_text: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Columns that a product has as another type than declared, in words.

    Args:
        table: the declared table.
        types: the product's type of each column that it has.
        kinds: the product's types from which each declared type but text can be read.
        no_text: its types from which text cannot.

    """

    def fits(declared: str, found: str) -> bool:
        readable = kinds.get(declared.partition("(")[0])
        return found in readable if readable else found not in no_text

    return tuple(
        f"{column.name} is of type {types[column.name]} and is declared {column.data_type}"
        for column in table.columns
        if column.name in types and not fits(column.data_type, types[column.name])
    )


class Api(Protocol):
    """One product's API, for one session."""

    @property
    def began_at(self) -> datetime:
        """When the session began (UTC), by the clock of the product: no later row is read."""

    def look_at(self, table: Table) -> Found | None:
        """What can be read of a table; None when it is not there, or hidden from the user."""

    def pages(
        self, table: Table, columns: Sequence[str], spans: Iterable[Span] = ()
    ) -> Iterator[list[Record]]:
        """The rows that changed in any of the spans, all rows when there is none.

        A row may come twice, and deleted ones come too as long as the product keeps them.

        Raises:
            SourceError: the product refuses, or breaks off.

        """

    def count(self, table: Table, *, with_deleted: bool) -> int | None:
        """Rows that `pages` gives without spans; None where the product does not count."""

    def answers(self) -> bool:
        """Whether the product can be asked further."""
