"""PostgreSQL, read by DuckDB's own extension: projection, filter and casts run at the source.

One session is one read-only, repeatable-read transaction: all tables of a source are seen at
the same instant. Amounts are cast at the source, since the extension turns a NUMERIC without
precision into a floating-point number.

The first read of a large table goes in parts, by ranges of its primary key (`parts.py`): when a
run dies, the next one goes on from there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import Connection, PostgresSource, secret
from ingestion.declarations import Column, Table
from ingestion.engine import confine, connect, copy_to_parquet, quoted_name, quoted_text
from ingestion.errors import SourceError, UnfinishedReadError
from ingestion.landing import schema_hash
from ingestion.transports.attached import UNPROVEN, AttachedSession
from ingestion.transports.base import Extraction, Session, Window
from ingestion.transports.database import Question, highest_cursor
from ingestion.transports.parts import PARTS, KeyRanges, Parts, differences, fingerprint, resume

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("adv.extract")

PASSWORD = re.compile(
    r"password=''(?:\\''|\\[^']|[^'\\])+''|password='(?:\\.|[^'\\])*'|password=[^\n]*", re.DOTALL
)
"""In a connection string: within a statement, as `dsn` writes it, or cut off."""
SOURCE_TYPES = {"string": "text", "double": "double precision"}


@dataclass(frozen=True)
class PostgresTransport:
    """Reaches one PostgreSQL database."""

    source: PostgresSource

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Open one consistent, read-only snapshot.

        Raises:
            SourceError: the database cannot be reached.

        """
        import duckdb

        connection = connect(extensions=["postgres_scanner"])
        try:
            self._begin(connection)
            if into:
                confine(connection, [into])
            yield PostgresSession(connection, self.source, attached=connection)
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
            told = PostgresSession.told(error)
            raise SourceError(f"PostgreSQL cannot be reached: {told}{remedy(told)}") from None

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
        "password": connection.password and secret(connection.password),
        "sslmode": connection.security,
        "sslrootcert": connection.authorities,
        "sslcert": connection.sslcert,
        "sslkey": connection.sslkey,
        "connect_timeout": str(connection.connect_timeout),
    }

    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"

    return " ".join(f"{name}={quoted(value)}" for name, value in parts.items() if value)


@dataclass
class PostgresSession(AttachedSession):
    """One snapshot of one PostgreSQL database."""

    FUNCTION = "postgres_query"

    source: PostgresSource

    @staticmethod
    def told(error: Exception) -> str:
        """The first lines of a driver's message, which may repeat the connection string."""
        return PASSWORD.sub("password=***", str(error).strip())[:500]

    def still_answers(self) -> bool:
        """Whether the connection is the one of before; a failed query has ended its snapshot.

        The extension would connect anew in silence: what tells is the rollback, which fails on a
        connection that was lost.
        """
        import duckdb

        try:
            for statement in ("rollback", "begin"):
                self.local.execute(statement)
            self._query("select 1 as one")
        except (duckdb.Error, SourceError):
            return False
        return True

    def _catalogue(self, table: Table) -> str:
        return (
            "select a.attname::text as name from pg_attribute as a "
            f"where a.attrelid = to_regclass({quoted_text(self._origin(table))}) "
            "and a.attnum > 0 and not a.attisdropped "
            "and has_column_privilege(a.attrelid, a.attnum, 'select')"
        )

    def _typed(self, column: Column, sql: str) -> str:
        source_type = SOURCE_TYPES.get(
            column.data_type, column.data_type.replace("decimal", "numeric")
        )
        typed = f"{sql}::{source_type}"
        for nothing in column.empty:
            typed = f"nullif({typed}, {quoted_text(nothing)}::{source_type})"
        return typed

    def _read(self, ask: Question, window: Window, into: Path) -> Extraction:
        ranges = self._key_ranges(ask.table) if window.low is None else None
        if ranges:
            extraction = self._read_in_parts(ask, ranges, window, into)
        else:
            extraction = self._read_whole(ask, window, into)
        return replace(
            extraction,
            cursor_to=highest_cursor(self.local, ask.table, into / "rows.parquet"),
            leftovers=into.with_name(PARTS),
        )

    def _read_whole(self, ask: Question, window: Window, into: Path) -> Extraction:
        since = self._since(ask, window)
        return Extraction(
            rows=self._copy(ask.rows(*since), into / "rows.parquet"),
            source_rows=self._copy(ask.keys(), into / "keys.parquet"),
            totals=self._totals(ask, since),
        )

    def _key_ranges(self, table: Table) -> KeyRanges | None:
        """How the table can be read in parts: by its primary key, indexed and never NULL.

        None for a table without a cursor (what changes between two parts could not be found),
        and for a query or a view, of which the source knows no key.
        """
        if table.cursor is None or table.name in self.source.queries:
            return None
        # Some systems stamp rows in UTC and some in local time: the earlier of both is safe.
        rows = self._query(
            "select a.attname::text as name, c.reltuples::bigint as about, "
            "to_char(least(localtimestamp, now() at time zone 'UTC'), "
            "'YYYY-MM-DD HH24:MI:SS.US') as now "
            "from pg_index as i join pg_class as c on c.oid = i.indrelid "
            "cross join unnest(i.indkey::int2[]) with ordinality as k (number, place) "
            "join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.number "
            f"where i.indrelid = to_regclass({quoted_text(self._origin(table))}) "
            "and i.indisprimary order by k.place"
        )
        columns = tuple(row[0] for row in rows)
        if sorted(columns) != sorted(table.key):
            return None
        about = 0 if table.where else int(rows[0][1])
        return KeyRanges(self._origin(table), columns, about, now=rows[0][2])

    def _read_in_parts(
        self, ask: Question, ranges: KeyRanges, window: Window, into: Path
    ) -> Extraction:
        parts = resume(
            into.with_name(PARTS),
            schema_hash=schema_hash(ask.table),
            asked=fingerprint(self._database(), ask.rows(), window.full_refresh),
            now=ranges.now,
        )
        with parts.earning_another_attempt():
            while end := self._query(ranges.first_key_after(parts.next_key, self.source.part_rows)):
                part = ask.rows(*ranges.between(parts.next_key, end[0]))
                parts.keep(partial(self._copy, part), end[0])
                of = f" of about {ranges.about:,}" if ranges.about > parts.progress.rows else ""
                log.info("%s: %s%s rows", parts.name, f"{parts.progress.rows:,}", of)
            if parts.next_key is None:
                return self._read_whole(ask, window, into)
            return self._put_together(ask, ranges, parts, into)

    def _put_together(
        self, ask: Question, ranges: KeyRanges, parts: Parts, into: Path
    ) -> Extraction:
        """Read what the parts lack, and make of all of it what one read would have given."""
        rows, keys = into / "rows.parquet", into / "keys.parquet"
        self._copy(ask.rows(*ranges.between(parts.next_key, None)), parts.rest)
        count, totals = self._copy(ask.keys(), keys), self._totals(ask)
        if parts.earlier:
            self._copy(ask.rows(*self._since(ask, Window(low=parts.progress.began_at))), parts.news)
        read = self._write(parts.combined(ask.table, keys), rows)
        unlike = differences(self.local, rows, count, totals) if parts.earlier else []
        if unlike:
            parts.discard()
            raise UnfinishedReadError(
                f"{parts.name} changed between two attempts to read it, in a way that "
                f"{ask.table.cursor} does not show ({'; '.join(unlike)}). The parts read so far "
                "are thrown away, and the next attempt starts afresh."
            )
        return Extraction(rows=read, source_rows=count, totals=totals)

    def _database(self) -> list[object]:
        """What tells this database from another, for as long as a read may last."""
        if self.source.connection is None:
            return [self.source.embedded]
        at = self.source.connection
        return [at.host, at.port, at.database]

    def _totals(self, ask: Question, conditions: Iterable[str] = ()) -> dict[str, str]:
        """Exact sums of the amounts, computed by the source over the rows read."""
        names = [c.name for c in ask.table.columns if c.data_type.startswith("decimal")]
        if not names:
            return {}
        sums = ", ".join(
            f"coalesce(sum({ask.expressions[name]}), 0)::text as {quoted_name(name)}"
            for name in names
        )
        return dict(zip(names, self._query(ask.select(sums, conditions))[0], strict=True))

    def _copy(self, query: str, target: Path) -> int:
        """Write what the source answers; the number of rows."""
        return self._write(f"select * from {self._answer(query)}", target)

    def _write(self, query: str, target: Path) -> int:
        with self._telling():
            return copy_to_parquet(self.local, query, target)


def remedy(told: str) -> str:
    """What to do about an encryption that failed."""
    if "SSL was required" in told:
        return "\nTurn TLS on at the server, or set `sslmode: disable` for a network you trust."
    if "certificate" in told or "SSL error" in told:
        return UNPROVEN
    return ""
