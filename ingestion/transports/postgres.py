"""PostgreSQL, read by DuckDB's own extension: projection, filter and casts run at the source.

One session is one read-only, repeatable-read transaction: all tables of a source are seen at
the same instant. Amounts are cast at the source, since the extension turns a NUMERIC without
precision into a floating-point number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import Connection, PostgresSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.errors import SourceError
from ingestion.transports.base import Extraction, Problem, Session, TableStatus, Window

if TYPE_CHECKING:
    import duckdb

SOURCE_TYPES = {"string": "text", "double": "double precision"}


@dataclass(frozen=True)
class PostgresTransport:
    """Reaches one PostgreSQL database."""

    source: PostgresSource

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open one consistent, read-only snapshot.

        Raises:
            SourceError: the database cannot be reached.

        """
        import duckdb

        connection = connect(extensions=["postgres_scanner"])
        try:
            self._begin(connection)
            yield PostgresSession(connection, self.source)
        finally:
            # Closing would roll back too, but abort the process when the server is gone.
            with suppress(duckdb.Error):
                connection.execute("rollback")
            connection.close()

    def _begin(self, connection: duckdb.DuckDBPyConnection) -> None:
        import duckdb

        try:
            connection.execute(
                f"attach {quoted_text(self._dsn())} as src (type postgres, read_only)"
            )
            connection.execute("begin")
            connection.execute("select * from postgres_query('src', 'select 1 as one')").fetchall()
        except duckdb.Error as error:
            raise SourceError(f"PostgreSQL cannot be reached: {_without_secrets(error)}") from None

    def _dsn(self) -> str:
        if self.source.embedded is not None:
            from ingestion.embedded_postgres import embedded_postgres

            return embedded_postgres(self.source.embedded)
        assert self.source.connection  # the configuration saw to it
        return dsn(self.source.connection)


def dsn(connection: Connection) -> str:
    """A libpq connection string."""
    parts = {
        "host": connection.host,
        "port": str(connection.port),
        "dbname": connection.database,
        "user": connection.user,
        "password": connection.secret(),
        "sslmode": connection.sslmode,
        "sslrootcert": connection.sslrootcert,
        "connect_timeout": str(connection.connect_timeout),
    }

    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"

    return " ".join(f"{name}={quoted(value)}" for name, value in parts.items() if value)


@dataclass
class PostgresSession:
    """One snapshot of one database."""

    connection: duckdb.DuckDBPyConnection
    source: PostgresSource

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:
        """Read the rows of the window, and the key of every row that the source holds.

        Raises:
            SourceError: the table or one of its required columns is missing.

        """
        found = self._columns(table)
        if not found:
            if table.optional:
                return self._extract_nothing(table, into)
            raise SourceError(f"table {table.name} does not exist, or may not be read")
        missing = missing_columns(table, found)
        required = [column.name for column in missing if not column.optional]
        if required:
            raise SourceError(f"table {table.name} lacks the column(s) {', '.join(required)}")
        origin = self._origin(table)
        condition = self._condition(table, window)
        expressions = {c.name: expression(c, found) for c in table.columns}
        selected = ", ".join(f"{sql} as {quoted_name(name)}" for name, sql in expressions.items())
        rows = self._copy(f"select {selected} from {origin}{condition}", into / "rows.parquet")
        key = ", ".join(f"{expressions[name]} as {quoted_name(name)}" for name in table.key)
        keys = self._copy(
            f"select {key} from {origin}{self._condition(table, Window())}", into / "keys.parquet"
        )
        return Extraction(
            rows=rows,
            source_rows=keys,
            totals=self._totals(table, expressions, origin + condition),
            cursor_to=self._cursor_to(table, into / "rows.parquet") or window.low,
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
        count = f"select count(*) as n from {self._origin(table)}"
        rows = None if problems else int(self._query(count)[0][0])
        return TableStatus(table, True, rows, tuple(c.name for c in missing), problems)

    def _origin(self, table: Table) -> str:
        query = self.source.queries.get(table.name)
        return f"({query.strip().rstrip(';')}) as given" if query else quoted_name(table.name)

    def _columns(self, table: Table) -> set[str]:
        """Columns that the source has, from its catalogue or from the query's own answer."""
        import duckdb

        if table.name in self.source.queries:
            probe = f"select * from {self._origin(table)} limit 0"
            try:
                described = self.connection.execute(
                    f"describe select * from postgres_query('src', {quoted_text(probe)})"
                ).fetchall()
            except duckdb.Error as error:
                raise SourceError(
                    f"the query for {table.name} fails: {_without_secrets(error)}"
                ) from None
            return {row[0] for row in described}
        catalogue = (
            "select a.attname::text as name from pg_attribute as a "
            f"where a.attrelid = to_regclass({quoted_text(quoted_name(table.name))}) "
            "and a.attnum > 0 and not a.attisdropped "
            "and has_column_privilege(a.attrelid, a.attnum, 'select')"
        )
        return {row[0] for row in self._query(catalogue)}

    def _condition(self, table: Table, window: Window) -> str:
        conditions = [table.where] if table.where else []
        if table.cursor and window.low:
            overlap = f"interval '{self.source.overlap_minutes} minutes'"
            low = f"timestamp {quoted_text(window.low)} - {overlap}"
            conditions.append(f"{quoted_name(table.cursor)} >= {low}")
        return f" where {' and '.join(conditions)}" if conditions else ""

    def _totals(self, table: Table, expressions: Mapping[str, str], origin: str) -> dict[str, str]:
        """Exact sums of the amounts, computed by the source over the rows read."""
        names = [c.name for c in table.columns if c.data_type.startswith("decimal")]
        sums = ", ".join(
            f"coalesce(sum({expressions[name]}), 0)::text as {quoted_name(name)}" for name in names
        )
        if not sums:
            return {}
        return dict(zip(names, self._query(f"select {sums} from {origin}")[0], strict=True))

    def _cursor_to(self, table: Table, rows: Path) -> str | None:
        if table.cursor is None:
            return None
        highest = f"select max({quoted_name(table.cursor)})::varchar from read_parquet(?)"
        row = self.connection.execute(highest, [str(rows)]).fetchone()
        return row[0] if row else None

    def _extract_nothing(self, table: Table, into: Path) -> Extraction:
        empty = ", ".join(
            f"cast(null as {c.data_type}) as {quoted_name(c.name)}" for c in table.columns
        )
        for name in ("rows", "keys"):
            target = quoted_text(str(into / f"{name}.parquet"))
            self.connection.execute(
                f"copy (select {empty} where false) to {target} (format parquet)"
            )
        return Extraction(rows=0, source_rows=0, missing_columns=("*",))

    def _copy(self, query: str, target: Path) -> int:
        import duckdb

        try:
            result = self.connection.execute(
                f"copy (select * from postgres_query('src', {quoted_text(query)})) "
                f"to {quoted_text(str(target))} (format parquet, compression zstd)"
            ).fetchone()
        except duckdb.Error as error:
            raise SourceError(f"reading failed: {_without_secrets(error)}") from None
        return int(result[0]) if result else 0

    def _query(self, query: str) -> list[tuple[str, ...]]:
        import duckdb

        try:
            return self.connection.execute(
                f"select * from postgres_query('src', {quoted_text(query)})"
            ).fetchall()
        except duckdb.Error as error:
            raise SourceError(f"reading failed: {_without_secrets(error)}") from None


def missing_columns(table: Table, found: set[str]) -> list[Column]:
    """Declared columns that the source has under none of their names."""
    return [
        column
        for column in table.columns
        if column.name not in found
        and not any(needed in found for needed, _ in column.alternatives)
    ]


def expression(column: Column, found: set[str]) -> str:
    """SQL, at the source, that gives the column in its declared type."""
    source_type = SOURCE_TYPES.get(column.data_type, column.data_type.replace("decimal", "numeric"))
    if column.name in found:
        return f"{quoted_name(column.name)}::{source_type}"
    for needed, alternative in column.alternatives:
        if needed in found:
            return f"({alternative})::{source_type}"
    return f"null::{source_type}"


def _without_secrets(error: Exception) -> str:
    """The first lines of a driver's message, which may repeat the connection string."""
    import re

    return re.sub(r"password=('[^']*'|\S+)", "password=***", str(error).strip())[:500]
