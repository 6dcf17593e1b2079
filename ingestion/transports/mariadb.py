"""MariaDB and MySQL, read by DuckDB's own extension in one read-only transaction.

The extension would read every query on a connection of its own, outside any transaction. So it is
given one connection and no more, and no query may be streamed: all of them then run in the
transaction that is begun here, and what would need another connection fails. An answer is held in
memory as a whole; tables are asked for by ranges of their primary key, a bounded number of rows at
a time.

The database itself makes a zero of text where a number is wanted, and cuts a number that does not
fit. So it casts nothing: values come as they are stored, and are cast here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import MariadbConnection, MariadbSource, secret
from ingestion.declarations import Column, Table
from ingestion.engine import confine, connect, quoted_name, quoted_text
from ingestion.errors import SourceError
from ingestion.transports.as_text import FORMATS, TextSession
from ingestion.transports.attached import AttachedSession
from ingestion.transports.base import Session
from ingestion.transports.casting import value
from ingestion.transports.database import Question
from ingestion.transports.staged_rows import StagedRows

if TYPE_CHECKING:
    import duckdb

ROWS_AT_A_TIME = 50_000
"""Rows of one answer, which is held in memory."""
SETTINGS = {
    # One connection, on which everything is asked: whatever would take a second one fails.
    "mysql_pool_size": "1",
    "mysql_pool_acquire_mode": "try",
    # The transaction is begun here, at an isolation that the extension does not know of.
    "mysql_enable_transactions": "false",
    "mysql_session_time_zone": "+00:00",
    "mysql_tinyint1_as_boolean": "false",
    # 0000-00-00 is no day, and 2014-00-10 neither.
    "mysql_incomplete_dates_as_nulls": "true",
}
SNAPSHOT = (
    # Names and texts are quoted as SQL has it, whatever the server is used to.
    "set session sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
    "set session transaction isolation level repeatable read, read only",
    "start transaction with consistent snapshot, read only",
)
SECURITY = {"disable": "disabled", "require": "preferred", "verify-full": "verify_identity"}
"""What the extension calls it; its `preferred` insists on TLS, and believes anybody."""
ORDERED = ("tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar")
"""Types of columns by which ranges can be asked for: a literal compares as the index is ordered."""


@dataclass(frozen=True)
class MariadbTransport:
    """Reaches one MariaDB or MySQL database."""

    source: MariadbSource

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Open one consistent, read-only snapshot.

        Raises:
            SourceError: the database cannot be reached.

        """
        import duckdb

        local = connect(extensions=["mysql_scanner"])
        try:
            for name, setting in SETTINGS.items():
                local.execute(f"set {name} = {quoted_text(setting)}")
            session = self._begun(local)
            if into:
                confine(local, [into])
            yield session
        finally:
            with suppress(duckdb.Error):
                local.execute("rollback")
            local.close()

    def _begun(self, local: duckdb.DuckDBPyConnection) -> MariadbSession:
        import duckdb

        try:
            local.execute(_secret(self.source.connection))
            # By a secret, since the extension repeats a connection string in its errors.
            local.execute("attach '' as src (type mysql, secret src)")
            session = MariadbSession(local, self.source)
            session.begin()
        except duckdb.Error as error:
            told = MariadbSession.told(error)
            raise SourceError(f"MariaDB cannot be reached: {told}") from None
        return session


def _secret(connection: MariadbConnection) -> str:
    """Statement that tells DuckDB how the database is reached."""
    given = {
        "socket" if connection.host.startswith("/") else "host": connection.host,
        "port": str(connection.port),
        "database": connection.database,
        "user": connection.user,
        "password": connection.password and secret(connection.password),
        "ssl_mode": SECURITY[connection.security],
        "ssl_ca": connection.sslrootcert,
        "ssl_cert": connection.sslcert,
        "ssl_key": connection.sslkey,
    }
    told = ", ".join(f"{name} {quoted_text(text)}" for name, text in given.items() if text)
    return f"create temporary secret src (type mysql, {told})"


@dataclass
class MariadbSession(AttachedSession, TextSession):
    """One snapshot of one MariaDB or MySQL database."""

    FUNCTION = "mysql_query"
    ARGUMENTS = ", stream_results := false"

    source: MariadbSource
    number: int = 0
    """By which the server knows the connection."""

    @staticmethod
    def told(error: Exception) -> str:
        """The first lines of the extension's message."""
        return str(error).strip()[:500]

    def begin(self) -> None:
        """Begin a snapshot.

        Raises:
            duckdb.Error: the source does not answer.

        """
        self.local.execute("begin")
        for statement in SNAPSHOT:
            self.local.execute(f"call mysql_execute('src', {quoted_text(statement)})")
        self.number = int(self._query("select connection_id() as number")[0][0])

    def still_answers(self) -> bool:
        """Whether the connection is the one of before; a failed query has ended its snapshot."""
        import duckdb

        before = self.number
        try:
            self.local.execute("rollback")
            self.begin()
        except (duckdb.Error, SourceError):
            return False
        return self.number == before

    def _catalogue(self, table: Table) -> str:
        return (
            "select column_name as name from information_schema.columns "
            "where table_schema = database() "
            f"and table_name = {quoted_text(table.relation or table.name)}"
        )

    def _columns(self, table: Table) -> set[str]:
        # Names of columns are the same in capitals.
        found = {name.lower() for name in super()._columns(table)}
        named = {column.name for column in table.columns}
        needed = {name for column in table.columns for name, _ in column.alternatives}
        return found | {name for name in named | needed if name.lower() in found}

    def _typed(self, column: Column, sql: str) -> str:  # noqa: ARG002
        return sql

    def _overlap(self) -> str:
        return f"interval {self.source.overlap_minutes} minute"

    def _stage(self, ask: Question, conditions: Sequence[str] = ()) -> StagedRows:
        types = self._described(ask.rows("false"))
        ask = replace(ask, expressions={**ask.expressions, **_as_text(ask, types)})
        texts = ", ".join(_text(name, kind) for name, kind in types.items())
        faults = ", ".join(_fault(name) for name, kind in types.items() if kind == "BLOB")
        rows = StagedRows(self.local, ask.table, [value(c, FORMATS) for c in ask.table.columns])
        name = f"{self.source.connection.database}, {ask.table.relation or ask.table.name}"
        for number, between in enumerate(self._ranges(ask, conditions)):
            answer = self._answer(ask.rows(*conditions, *between))
            self._run_staging(
                rows,
                name,
                f"select row_number() over () + {number * ROWS_AT_A_TIME} as _row, "
                f"{f'coalesce({faults})' if faults else 'null'} as _fault, null as _source_text, "
                f"{texts} from {answer}",
            )
        return rows

    def _run_staging(self, rows: StagedRows, name: str, origin: str) -> None:
        import duckdb

        try:
            rows.add(name, origin)
        except duckdb.Error as error:
            raise SourceError(f"reading failed: {self.told(error)}") from None

    def _ranges(self, ask: Question, conditions: Sequence[str]) -> Iterator[list[str]]:
        """Conditions for parts of the rows, each small enough to be held in memory.

        A query or a view, of which the source knows no key, is one.
        """
        columns = self._primary_key(ask.table)
        counted = self._query(ask.select("count(*) as n", conditions))
        if not columns or int(counted[0][0]) <= ROWS_AT_A_TIME:
            yield []
            return
        low: Sequence[str] = ()
        while ends := self._query(_first_key_after(ask, columns, low)):
            yield [*_from(columns, low), *_before(columns, ends[0])]
            low = ends[0]
        yield _from(columns, low)

    def _primary_key(self, table: Table) -> tuple[str, ...]:
        if table.name in self.source.queries:
            return ()
        found = self._query(
            "select s.column_name as name, c.data_type as type "
            "from information_schema.statistics as s "
            "join information_schema.columns as c using (table_schema, table_name, column_name) "
            f"where s.index_name = 'PRIMARY' and table_schema = database() "
            f"and table_name = {quoted_text(table.relation or table.name)} order by s.seq_in_index"
        )
        in_order = all(kind in ORDERED for _, kind in found)
        return tuple(name for name, _ in found) if in_order else ()

    def _totals(self, ask: Question, conditions: Sequence[str]) -> dict[str, Decimal]:
        """Exact sums of the amounts that can be read, over the rows of the window."""
        amounts = [c for c in ask.table.columns if c.data_type.startswith("decimal")]
        if not amounts:
            return {}
        sums = ", ".join(
            f"cast({_sum(column, ask.expressions[column.name])} as char) as total_{number}"
            for number, column in enumerate(amounts)
        )
        found = self._query(ask.select(sums, conditions))[0]
        return {c.name: Decimal(said) for c, said in zip(amounts, found, strict=True)}


def _as_text(ask: Question, types: dict[str, str]) -> dict[str, str]:
    """SQL, at the source, of numbers whose digits the extension would not all keep."""
    return {
        name: f"cast({ask.expressions[name]} as char)"
        for name, kind in types.items()
        if kind.startswith(("DECIMAL", "DOUBLE"))
    }


def _text(name: str, kind: str) -> str:
    column = quoted_name(name)
    text = f"try(decode({column}))" if kind == "BLOB" else f"{column}::varchar"
    return f"{text} as {column}"


def _fault(name: str) -> str:
    column = quoted_name(name)
    told = quoted_text(f"undecodable: {name} holds no UTF-8 text")
    return f"case when {column} is not null and try(decode({column})) is null then {told} end"


def _sum(column: Column, sql: str) -> str:
    """SQL, at the source, of the exact sum of what can be read as the column is declared."""
    precision, scale = map(int, re.findall(r"\d+", column.data_type))
    amount = f"cast({sql} as decimal(65,{scale}))"
    for nothing in column.empty:
        amount = f"nullif({amount}, {nothing})"
    fits = f"abs({amount}) < 1{'0' * (precision - scale)}"
    return f"coalesce(sum(case when {fits} then {amount} end), 0)"


def _first_key_after(ask: Question, columns: Sequence[str], low: Sequence[str]) -> str:
    names = [quoted_name(name) for name in columns]
    selected = ", ".join(f"cast({name} as char) as key_{n}" for n, name in enumerate(names))
    keys = ask.select(selected, _from(columns, low))
    return f"{keys} order by {', '.join(names)} limit 1 offset {ROWS_AT_A_TIME}"


def _from(columns: Sequence[str], key: Sequence[str]) -> list[str]:
    return [f"not {_less(columns, key)}"] if key else []


def _before(columns: Sequence[str], key: Sequence[str]) -> list[str]:
    return [_less(columns, key)]


def _less(columns: Sequence[str], key: Sequence[str]) -> str:
    name, text = quoted_name(columns[0]), quoted_text(key[0])
    if len(columns) == 1:
        return f"({name} < {text})"
    return f"({name} < {text} or ({name} = {text} and {_less(columns[1:], key[1:])}))"
