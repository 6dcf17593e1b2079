"""Databases whose columns promise little: values are read as text and cast as those of a file are.

A value that is not what it should be keeps its row out and is named, where the database itself
would make a zero of it, or something else that nobody wrote.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

from ingestion.declarations import Table
from ingestion.transports.base import Extraction, Window
from ingestion.transports.casting import Formats
from ingestion.transports.database import DatabaseSession, Question
from ingestion.transports.staged_rows import StagedRows

FORMATS = Formats(has_empty_text=True)
EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
"""Rounds as DuckDB does when it casts text."""


@dataclass
class TextSession(DatabaseSession):
    """One snapshot of a database that is read as text."""

    def _read(self, ask: Question, window: Window, into: Path) -> Extraction:
        since = self._since(ask, window)
        rows = self._stage(ask, since)
        extraction, apart = rows.write(into), rows.totals(kept_out=True)
        totals = {
            name: str(EXACT.subtract(said, Decimal(apart[name])))
            for name, said in self._totals(ask, since).items()
        }
        # Staged after the rows are written, and over their keys: of a window, these are not all.
        keys = self._stage(replace(ask, table=_of_keys(ask.table)))
        keys.write_keys(into)
        return replace(
            extraction,
            source_rows=keys.count(),
            keys_unknown=keys.keys_unknown(),
            totals=totals,
        )

    @abstractmethod
    def _stage(self, ask: Question, conditions: Sequence[str] = ()) -> StagedRows:
        """Cast what the source answers; `staged` then holds it."""

    @abstractmethod
    def _totals(self, ask: Question, conditions: Sequence[str]) -> Mapping[str, Decimal]:
        """Exact sums of the amounts that can be read, over the rows of the window."""


def _of_keys(table: Table) -> Table:
    """The table as its keys are read; a cursor that is no date must not keep a key out."""
    columns = tuple(
        column if column.name in table.key else replace(column, data_type="string", empty=())
        for column in map(table.column, table.key_and_cursor)
    )
    return replace(table, columns=columns)
