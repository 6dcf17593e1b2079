"""What reading any database has in common: what is asked of a table, and what may be missing.

A transport adds how its database is reached, how it says which columns a table has, and how what
it answers comes to lie in the files of a batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import DatabaseSource
from ingestion.declarations import Column, Table
from ingestion.engine import quoted_name, quoted_text
from ingestion.errors import SourceError
from ingestion.transports.base import Extraction, Problem, TableStatus, Window
from ingestion.transports.staged_rows import write_nothing

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Question:
    """How the source is asked for one table."""

    table: Table
    origin: str
    expressions: Mapping[str, str]
    """SQL, at the source, of every column."""

    def rows(self, *conditions: str) -> str:
        """The declared columns, of the rows that somebody needs."""
        names = (column.name for column in self.table.columns)
        return self.select(self._named(names), conditions)

    def keys(self, *conditions: str) -> str:
        """The key of every row that the source holds, and when it changed last."""
        return self.select(self._named(self.table.key_and_cursor), conditions)

    def select(self, selected: str, conditions: Iterable[str] = ()) -> str:
        """Anything, of the rows that somebody needs."""
        needed = [self.table.where] if self.table.where else []
        everything = " and ".join(f"({condition})" for condition in (*needed, *conditions))
        return f"select {selected} from {self.origin}" + (everything and f" where {everything}")

    def _named(self, names: Iterable[str]) -> str:
        return ", ".join(f"{self.expressions[name]} as {quoted_name(name)}" for name in names)


@dataclass
class DatabaseSession(ABC):
    """One snapshot of one database."""

    local: duckdb.DuckDBPyConnection
    """Where batches are written from."""
    source: DatabaseSource

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:
        """Read the rows of the window, and the key of every row that the source holds.

        Raises:
            SourceError: the table or one of its required columns is missing.
            UnfinishedReadError: reading broke off, and another attempt may get further.

        """
        found = self._columns(table)
        if not found:
            if table.optional:
                return write_nothing(self.local, table, into)
            raise SourceError(f"table {table.name} does not exist, or may not be read")
        missing = missing_columns(table, found)
        required = [column.name for column in missing if not column.optional]
        if required:
            raise SourceError(f"table {table.name} lacks the column(s) {', '.join(required)}")
        expressions = {
            column.name: self._typed(column, expression(column, found, self.source.transport))
            for column in table.columns
        }
        extraction = self._read(Question(table, self._origin(table), expressions), window, into)
        return replace(
            extraction,
            # It never goes back: days that are read again are earlier.
            cursor_to=max(filter(None, (extraction.cursor_to, window.low)), default=None),
            missing_columns=tuple(column.name for column in missing),
        )

    def inspect(self, tables: Iterable[Table]) -> list[TableStatus]:
        """Presence, missing columns and row count of each table."""
        return [self._inspect(table) for table in tables]

    def _inspect(self, table: Table) -> TableStatus:
        found = self._columns(table)
        if not found:
            return TableStatus(table, present=False, rows=None)
        missing = missing_columns(table, found)
        problems = tuple(
            Problem("batch", "missing_column", f"column {c.name} is missing", field=c.name)
            for c in missing
            if not c.optional
        )
        rows = None if problems else self._count(self._origin(table))
        return TableStatus(table, True, rows, tuple(c.name for c in missing), problems)

    def _origin(self, table: Table) -> str:
        query = self.source.queries.get(table.name)
        if query:
            # On a line of its own, the bracket is not part of a comment that ends the query.
            return f"({query.strip().rstrip(';')}\n) as given"
        return quoted_name(table.relation or table.name)

    def _since(self, ask: Question, window: Window) -> list[str]:
        """Condition for the rows of the window, changed shortly before, or nobody knows when."""
        if ask.table.cursor is None or window.low is None:
            return []
        changed = self._changed(ask.expressions[ask.table.cursor])
        try:
            low = datetime.fromisoformat(window.low)
            low -= timedelta(minutes=self.source.overlap_minutes)
        except (ValueError, OverflowError):
            return []  # no instant of the calendar that we count by: everything is read
        since = f"{changed} >= {self._instant(low)}"
        if window.again:
            first, end = (self._instant(datetime.combine(day, time())) for day in window.again)
            since += f" or ({changed} >= {first} and {changed} < {end})"
        return [f"{since} or {changed} is null"]

    def _changed(self, sql: str) -> str:
        """SQL, at the source, that gives the cursor as it can be compared."""
        return sql

    def _instant(self, at: datetime) -> str:
        """SQL, at the source, of an instant in the source's own time."""
        return f"timestamp {quoted_text(str(at))}"

    @abstractmethod
    def _columns(self, table: Table) -> set[str]:
        """Columns that the source has, from its catalogue or from the query's own answer."""

    @abstractmethod
    def _typed(self, column: Column, sql: str) -> str:
        """SQL, at the source, that gives the column in the form that it is read in."""

    @abstractmethod
    def _read(self, ask: Question, window: Window, into: Path) -> Extraction:
        """Write the files of the batch."""

    @abstractmethod
    def _count(self, origin: str) -> int:
        """Rows of a table, a view or a query."""


@contextmanager
def telling_the_query(table: Table) -> Iterator[None]:
    """Say which query of `queries:` it is that fails.

    Raises:
        SourceError: something in here failed.

    """
    try:
        yield
    except SourceError as error:
        raise SourceError(f"the query for {table.name} fails: {error}") from None


def missing_columns(table: Table, found: set[str]) -> list[Column]:
    """Declared columns that the source has under none of their names."""
    return [
        column
        for column in table.columns
        if column.name not in found
        and not any(needed in found for needed, _ in column.alternatives)
    ]


def highest_cursor(local: duckdb.DuckDBPyConnection, table: Table, rows: Path) -> str | None:
    """Highest value of the cursor among the rows written, if the table has one."""
    if table.cursor is None:
        return None
    highest = f"select max({quoted_name(table.cursor)})::varchar from read_parquet(?)"
    row = local.execute(highest, [str(rows)]).fetchone()
    return row[0] if row else None


def expression(column: Column, found: set[str], transport: str) -> str:
    """SQL, at the source, that gives the column as the source has it.

    Raises:
        SourceError: it is declared for other databases only.

    """
    if column.name in found:
        return quoted_name(column.name)
    for needed, declared in column.alternatives:
        if needed in found:
            sql = declared if isinstance(declared, str) else declared.get(transport)
            if sql is None:
                raise SourceError(
                    f"column {column.name}: its declaration does not say how {transport} has it "
                    f"from {needed}"
                )
            return f"({sql})"
    return "null"
