"""DuckDB files, attached read-only: while they are read, DuckDB lets nobody write to them.

Their types are DuckDB's own, as the batches' are: whole numbers and decimals stay exact, and a
value that does not fit the declared type stops the read and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import DuckdbSource
from ingestion.declarations import Column, Table
from ingestion.engine import confine, connect, quoted_name, quoted_text
from ingestion.errors import SourceError
from ingestion.transports.base import Extraction, Session, Window
from ingestion.transports.database import (
    DatabaseSession,
    Question,
    highest_cursor,
    telling_the_query,
)
from ingestion.transports.typed_values import Family, as_declared, in_words

if TYPE_CHECKING:
    import duckdb

FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("VARCHAR", "UUID", "ENUM", "JSON"), "text"),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "whole"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "whole"),
    "DECIMAL": "exact",
    **dict.fromkeys(("FLOAT", "DOUBLE"), "approximate"),
    "DATE": "day",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "moment"),
    "TIMESTAMP WITH TIME ZONE": "moment",
    "BOOLEAN": "truth",
}


@dataclass(frozen=True)
class DuckdbTransport:
    """Reaches one DuckDB file."""

    source: DuckdbSource

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Open one consistent, read-only snapshot.

        Raises:
            SourceError: the file is missing, locked, or no DuckDB database.

        """
        with closing(connect()) as local:
            self._attach(local)
            # A view of the file may name other files, which are not the source's.
            confine(local, [into] if into else [])
            local.execute("begin")
            yield DuckdbSession(local, self.source)

    def _attach(self, local: duckdb.DuckDBPyConnection) -> None:
        import duckdb

        path = self.source.path
        if not path.is_file():
            raise SourceError(f"{path}: no such file; is `path` right?")
        try:
            local.execute(f"attach {quoted_text(str(path))} as src (type duckdb, read_only)")
            local.execute("use src")
        except duckdb.Error as error:
            told = str(error).splitlines()[0]
            if "lock on file" in told:
                told += (
                    "\nAnother program has it open for writing, and DuckDB then lets nobody read: "
                    "let it close the file, or write a copy that is read instead."
                )
            raise SourceError(f"{path} cannot be opened: {told}") from None


@dataclass
class DuckdbSession(DatabaseSession):
    """One snapshot of one DuckDB file."""

    source: DuckdbSource

    def still_answers(self) -> bool:
        """A file has no connection that could be lost; a failed query has ended its transaction."""
        self.local.execute("rollback")
        self.local.execute("begin")
        return True

    def _columns(self, table: Table) -> set[str]:
        import duckdb

        origin = self._origin(table)
        if table.name in self.source.queries:
            with telling_the_query(table):
                return set(self._types(f"select * from {origin}"))
        try:
            return set(self._types(f"from {origin}"))
        except SourceError as error:
            if isinstance(error.__cause__, duckdb.CatalogException) and self.still_answers():
                return set()
            raise

    def _count(self, origin: str) -> int:
        return int(self._ask(f"select count(*) from {origin}")[0][0])

    def _typed(self, column: Column, sql: str) -> str:  # noqa: ARG002
        return "cast(null as varchar)" if sql == "null" else sql

    def _read(self, ask: Question, window: Window, into: Path) -> Extraction:
        columns = ask.table.columns
        rows = self._declared(ask.rows(*self._since(ask, window)), columns)
        known = [column for column in columns if column.name in ask.table.key_and_cursor]
        written = into / "rows.parquet"
        return Extraction(
            rows=self._copy(rows, written),
            source_rows=self._copy(self._declared(ask.keys(), known), into / "keys.parquet"),
            totals=self._totals(rows, columns),
            cursor_to=highest_cursor(self.local, ask.table, written),
        )

    def _declared(self, query: str, columns: Iterable[Column]) -> str:
        """What a query gives, in the declared types."""
        kinds = self._types(query)
        typed = ", ".join(
            f"{as_declared(column, *_plain(column, kinds))} as {quoted_name(column.name)}"
            for column in columns
        )
        return f"select {typed} from ({query})"

    def _totals(self, rows: str, columns: Iterable[Column]) -> dict[str, str]:
        """Exact sums of the amounts, over the rows read."""
        names = [c.name for c in columns if c.data_type.startswith("decimal")]
        sums = ", ".join(f"coalesce(sum({quoted_name(name)}), 0)::varchar" for name in names)
        return (
            dict(zip(names, self._ask(f"select {sums} from ({rows})")[0], strict=True))
            if names
            else {}
        )

    def _types(self, query: str) -> dict[str, str]:
        """Name and type of what a query gives."""
        return {name: str(kind) for name, kind, *_ in self._ask(f"describe {query}")}

    def _copy(self, query: str, target: Path) -> int:
        """Write what a query gives; the number of rows."""
        to = f"to {quoted_text(str(target))} (format parquet, compression zstd)"
        return int(self._ask(f"copy ({query}) {to}")[0][0])

    def _ask(self, query: str) -> list[tuple[str, ...]]:
        import duckdb

        try:
            if len(self.local.extract_statements(query)) != 1:
                raise SourceError("reading failed: a query is one statement")
            return self.local.execute(query).fetchall()
        except duckdb.Error as error:
            raise SourceError(f"reading failed: {in_words(error)}") from error


def _plain(column: Column, kinds: dict[str, str]) -> tuple[str, Family]:
    """A column as the file has it, in one of the types that are told apart, and which that is."""
    sql, kind = quoted_name(column.name), kinds[column.name]
    family = FAMILIES.get(kind.partition("(")[0], "other")
    if family == "text":
        return f"cast({sql} as varchar)", family
    return (f"timezone('UTC', {sql})" if kind.endswith("TIME ZONE") else sql), family
