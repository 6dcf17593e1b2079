"""What every transport offers: one consistent session on a source, and what a read gave."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from ingestion.declarations import Table

Severity = Literal["batch", "row", "warning"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with what a source holds, named so that a person can find it."""

    severity: Severity
    """batch: nothing of the table can be trusted; row: the row is kept out; warning: told only."""
    code: str
    """Stable, short name of the rule, such as `bad_date`."""
    message: str
    """What is wrong and what to do, in words."""
    file: str | None = None
    line: int | None = None
    """1 is the first line of the file."""
    field: str | None = None


@dataclass(frozen=True)
class Window:
    """Part of a table by its cursor: after `low` (less an overlap), everything when empty."""

    low: str | None = None
    again: tuple[date, date] | None = None
    """Also what changed from the first of these days on and before the second."""
    full_refresh: int | None = None
    """Load that reads everything anew, on request: it uses nothing that another load has read."""


@dataclass
class Extraction:
    """What reading one table gave.

    Three Parquet files lie in the folder given: `rows.parquet` (the declared columns, typed),
    `keys.parquet` (key and cursor of every row that the source holds now, for finding deletes
    and changes that the window lacks) and,
    when there were row problems, `rejected.parquet` (line BIGINT, field, code, message VARCHAR,
    key VARCHAR, row VARCHAR, file VARCHAR: one row per problem, with the source's text as it
    was).
    """

    rows: int
    """Rows in `rows.parquet`."""
    source_rows: int
    """Rows that the source holds now for the whole table (keys)."""
    rejected_rows: int = 0
    """Rows kept out by row problems: read = rows + rejected_rows."""
    totals: dict[str, str] = field(default_factory=dict)
    """Control totals that the source itself computed, in the same snapshot, over the rows read."""
    cursor_to: str | None = None
    """Highest cursor value seen, the next window's low edge."""
    missing_columns: tuple[str, ...] = ()
    """Optional columns that this source lacks."""
    problems: list[Problem] = field(default_factory=list)
    """Batch problems, warnings, and the first row problems."""
    keys_unknown: int = 0
    """Rows kept out whose key could not be read either: while there are any, a key that is absent
    from `keys.parquet` proves no delete."""
    leftovers: Path | None = None
    """Folder that kept the read from starting again; of no use once the batch is complete."""


@dataclass(frozen=True)
class TableStatus:
    """What `adv check` tells about one table of a source."""

    table: Table
    present: bool
    rows: int | None
    missing_columns: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Session(Protocol):
    """An open source, in one consistent snapshot where the source can give one."""

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:
        """Read a table into the folder `into`.

        Beside that folder a transport may keep what lets it go on after a failure. Files are
        read whole: they are at hand, and one that changed is another file.

        Raises:
            SourceError: the source does not hold a table that is not optional.
            UnfinishedReadError: the read broke off, and another attempt may get further.

        """

    def still_answers(self) -> bool:
        """Whether the source can be read further, asked after a read that failed.

        What is read afterwards may be of a later instant.
        """

    def inspect(self, tables: Iterable[Table]) -> list[TableStatus]:
        """Look at each table without reading it."""


class Transport(Protocol):
    """A way to reach one configured source."""

    def session(self, into: Path | None = None) -> AbstractContextManager[Session]:
        """Open the source, read-only.

        Args:
            into: the folder below which it will be read to; DuckDB then reaches that and the
                source, and nothing else.

        """
