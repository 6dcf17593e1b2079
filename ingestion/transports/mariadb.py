"""MariaDB and MySQL, read by DuckDB's own extension in one read-only transaction.

The extension would read every query on a connection of its own, outside any transaction. So it is
given one connection and no more, and no query may be streamed: all of them then run in the
transaction that is begun here, and what would need another connection fails. As an answer is held
in memory as a whole, a table is asked for in the order of its primary key, a bounded number of rows
at a time.

The database makes a zero of text where a number is wanted, and cuts a number that does not fit. So
it casts nothing: values come as they are stored, and what is not of the declared type is cast here.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import MariadbConnection, MariadbSource, secret
from ingestion.config.connection import SYSTEM
from ingestion.declarations import Column, Table
from ingestion.engine import confine, connect, copy_to_parquet, quoted_name, quoted_text
from ingestion.errors import SourceError
from ingestion.transports.as_text import FORMATS, TextSession
from ingestion.transports.attached import UNPROVEN, AttachedSession
from ingestion.transports.base import Extraction, Session, Window
from ingestion.transports.casting import Value, value
from ingestion.transports.database import Question, highest_cursor
from ingestion.transports.patience import knock, notice_silence
from ingestion.transports.staged_rows import StagedRows

if TYPE_CHECKING:
    import pyarrow

BYTES_AT_A_TIME = 64 * 2**20
"""What an answer should hold at most: where rows are long, the next one has fewer ..."""
LEAST_ROWS = 500
"""... but never less than this."""
ROWS_AT_A_TIME = 50_000
"""Rows of one answer, which is held in memory."""
SETTINGS = {
    # One connection, on which everything is asked: whatever would take a second one fails.
    "mysql_pool_size": "1",
    "mysql_pool_acquire_mode": "try",
    # The transaction is begun here, in an isolation that the extension does not know of.
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
LIMIT = (
    "set session /*M!100101 max_statement_time = {seconds} */"
    "/*!50708 max_execution_time = {seconds}000 */"
)
"""MariaDB executes the first of these remarks only, and MySQL the second."""
SECURITY = {"disable": "disabled", "require": "preferred", "verify-full": "verify_identity"}
"""What the extension calls it; its `preferred` believes anybody, even one who offers no TLS."""
UNCOMPRESSED = "compression=disabled"
"""What a secret cannot say: by default, the server would spend most of its time on compressing."""
UNREACHED = "MariaDB cannot be reached"
RETRIED = "Retry with 127.0.0.1"
BY_SOCKET = "\nIs the password right? After its socket, the extension tries 127.0.0.1."
"""It tells of the second attempt alone, whatever the first was refused for."""
DENIED = (
    "\nAre user, password and database right, and may the user come from here? One who must "
    "encrypt (`require ssl`) is denied in the same words where the connection does not: on one "
    "machine, set `sslmode: require`."
)
PLAIN = (
    "it offers no TLS, and `sslmode: require` asks for it. Turn TLS on at the server, or set "
    "`sslmode: disable` for a network you trust."
)
IN_ORDER = ("tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar")
"""Types of columns that a literal compares with in the order of their index."""
WHOLE = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT")
OWN = {
    "string": ("VARCHAR",),
    "bigint": WHOLE,
    "double": ("DOUBLE",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
}
"""Types, as DuckDB names them, of which every value is one of the declared type."""
NUMBER = "^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})? *$"


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

        with (
            closing(connect(extensions=["mysql_scanner"])) as attached,
            closing(connect(reach=[into] if into else None)) as local,
        ):
            session = MariadbSession(local, self.source, attached)
            try:
                session.attach()
                session.begin()
                confine(attached, [])
                yield session
            finally:
                with suppress(duckdb.Error):
                    attached.execute("rollback")


@dataclass(frozen=True)
class Form:
    """How one column is asked for, and what is made of what comes."""

    asked: str
    """SQL, at the source."""
    text: str
    """SQL of DuckDB's, over what came."""
    value: Value
    fault: str | None = None
    """SQL of DuckDB's, that says why a value cannot be read at all."""
    is_number: bool = True
    """The source itself sees to it that it holds numbers."""
    exact: str | None = None
    """SQL, at the source, that gives the same number as what is asked for, sooner."""


@dataclass
class Arriving:
    """Rows on their way from the source, which DuckDB fetches when it wants them."""

    origin: str
    """SQL that gives them, as `StagedRows` takes them."""
    rows: int = 0
    """How many have come."""
    failure: SourceError | None = None
    """Why no more come."""


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
        """The beginning of the extension's message, and what to do about it."""
        said = str(error).strip()[:500]
        if "certificate" in said.lower():
            return said + UNPROVEN
        if RETRIED in said:
            return said + BY_SOCKET
        return said + DENIED if "Access denied" in said else said

    def attach(self) -> None:
        """Reach the source.

        Raises:
            SourceError: it does not answer, or does not let us in.

        """
        at = self.source.connection
        if not at.host.startswith("/"):
            knock(at.host, at.port, at.connect_timeout)
        with self._telling(UNREACHED):
            for name, setting in SETTINGS.items():
                self.attached.execute(f"set {name} = {quoted_text(setting)}")
            # The extension would repeat a connection string in its errors, and no secret.
            self.attached.execute(f"create temporary secret src ({_secret(at)})")
            self.attached.execute(
                f"attach {quoted_text(UNCOMPRESSED)} as src (type mysql, secret src)"
            )

    def begin(self) -> None:
        """Begin a snapshot.

        Raises:
            SourceError: the source does not answer.

        """
        at = self.source.connection
        with self._telling(UNREACHED):
            self.attached.execute("begin")
            for statement in (LIMIT.format(seconds=at.read_timeout), *SNAPSHOT):
                self.attached.execute(f"call mysql_execute('src', {quoted_text(statement)})")
        if at.security == "require" and not self._is_encrypted():
            raise SourceError(f"{UNREACHED}: {PLAIN}")
        notice_silence(at.port)
        self.number = int(self._query("select connection_id() as number")[0][0])

    def _is_encrypted(self) -> bool:
        ((_, cipher),) = self._query("show session status like 'Ssl_cipher'")
        return bool(cipher)

    def still_answers(self) -> bool:
        """Whether the connection is the one of before; a failed query has ended its snapshot."""
        import duckdb

        before = self.number
        try:
            self.attached.execute("rollback")
            self.begin()
        except (duckdb.Error, SourceError):
            return False
        return self.number == before

    def _catalogue(self, table: Table) -> str:
        return (
            "select column_name as name from information_schema.columns "
            f"where {_in_catalogue(table)}"
        )

    def _columns(self, table: Table) -> set[str]:
        # Small and capital letters are the same in names of columns.
        found = {name.lower() for name in super()._columns(table)}
        declared = {column.name for column in table.columns}
        needed = {name for column in table.columns for name, _ in column.alternatives}
        return {name for name in declared | needed if name.lower() in found} or found

    def _typed(self, column: Column, sql: str) -> str:  # noqa: ARG002
        return sql

    def _since(self, ask: Question, window: Window) -> list[str]:
        # The day 0000-00-00 is no instant, and NULL only in columns that cannot be NULL.
        cursor = ask.table.cursor and ask.expressions[ask.table.cursor]
        never = f"{cursor} < timestamp '0001-01-01 00:00:00'"
        return [f"{since} or {never}" for since in super()._since(ask, window)]

    def _read(self, ask: Question, window: Window, into: Path) -> Extraction:
        """Write what comes if all of it is sound; otherwise read again, and name what is not."""
        since, rows, keys = self._since(ask, window), into / "rows.parquet", into / "keys.parquet"
        read = self._write_sound(ask, since, rows)
        held = None if read is None else self._write_keys(ask, keys, of=None if since else rows)
        if read is None or held is None:
            return super()._read(ask, window, into)
        return Extraction(
            rows=read,
            source_rows=held,
            totals={name: str(total) for name, total in self._totals(ask, since).items()},
            cursor_to=highest_cursor(self.local, ask.table, rows),
        )

    def _write_keys(self, ask: Question, target: Path, of: Path | None) -> int | None:
        """Write the keys of all rows, which are those of a file if that holds all of them."""
        names = ask.table.key_and_cursor
        if of is None:
            table = replace(ask.table, columns=tuple(map(ask.table.column, names)))
            return self._write_sound(replace(ask, table=table), (), target)
        selected = ", ".join(map(quoted_name, names))
        keys = f"select {selected} from read_parquet({quoted_text(str(of))})"
        return copy_to_parquet(self.local, keys, target)

    def _write_sound(self, ask: Question, conditions: Sequence[str], target: Path) -> int | None:
        """Write what comes; the number of rows, or None when one of them has a problem."""
        with self._arriving(ask, conditions) as (arriving, rows):
            written = rows.write_sound(arriving.origin, target)
        return written if written == arriving.rows else None

    def _stage(self, ask: Question, conditions: Sequence[str] = ()) -> StagedRows:
        name = f"{self.source.connection.database}, {ask.table.relation or ask.table.name}"
        with self._arriving(ask, conditions) as (arriving, rows):
            rows.add(name, arriving.origin)
        return rows

    def _forms(self, ask: Question) -> dict[str, Form]:
        kinds = self._described(ask.rows("false"))
        return {c.name: form(c, ask.expressions[c.name], kinds[c.name]) for c in ask.table.columns}

    @contextmanager
    def _arriving(
        self, ask: Question, conditions: Sequence[str]
    ) -> Iterator[tuple[Arriving, StagedRows]]:
        """Rows on their way, and what casts them.

        Raises:
            SourceError: they do not come to an end.

        """
        import duckdb
        import pyarrow

        forms = self._forms(ask)
        ask = replace(ask, expressions={name: form.asked for name, form in forms.items()})
        arriving = Arriving(_origin(forms))
        batches = self._counted(arriving, self._answers(ask, conditions))
        schema = self._answered(ask.rows("false")).schema
        self.local.register("arrived", pyarrow.RecordBatchReader.from_batches(schema, batches))
        try:
            yield arriving, StagedRows(self.local, ask.table, [f.value for f in forms.values()])
        except duckdb.Error:
            if arriving.failure:
                raise arriving.failure from None
            raise
        finally:
            self.local.unregister("arrived")

    def _counted(
        self, arriving: Arriving, answers: Iterator[pyarrow.Table]
    ) -> Iterator[pyarrow.RecordBatch]:
        # DuckDB, which asks for the batches, would make a message of its own of the failure.
        try:
            for answer in answers:
                arriving.rows += answer.num_rows
                yield from answer.to_batches()
        except SourceError as error:
            arriving.failure = error
            raise

    def _answers(self, ask: Question, conditions: Sequence[str]) -> Iterator[pyarrow.Table]:
        """What the source answers, so many rows at a time.

        A query or a view, of which the source knows no key, is answered at once.
        """
        key = self._primary_key(ask.table)
        if not key:
            yield self._answered(ask.rows(*conditions))
            return
        order = f"order by {', '.join(map(quoted_name, key))}"
        most = ROWS_AT_A_TIME
        beyond: list[str] = []
        while True:
            answer = self._answered(f"{ask.rows(*conditions, *beyond)} {order} limit {most}")
            yield answer
            if answer.num_rows < most:
                return
            most = _fitting(answer)
            beyond = [_beyond(key, [_written(answer[name][-1].as_py()) for name in key])]

    def _answered(self, query: str) -> pyarrow.Table:
        with self._telling():
            return self.attached.execute(f"select * from {self._answer(query)}").to_arrow_table()

    def _primary_key(self, table: Table) -> tuple[str, ...]:
        """Columns of the primary key, if all of them are read and can be compared with."""
        if table.name in self.source.queries:
            return ()
        found = self._query(
            "select s.column_name as name, c.data_type as type "
            # A column that may not be read has no type here, and the key is of no use.
            "from information_schema.statistics as s left join information_schema.columns as c "
            "using (table_schema, table_name, column_name) "
            f"where s.index_name = 'PRIMARY' and {_in_catalogue(table)} order by s.seq_in_index"
        )
        read = {column.name.lower(): column.name for column in table.columns}
        if not all(name.lower() in read and kind in IN_ORDER for name, kind in found):
            return ()
        return tuple(read[name.lower()] for name, _ in found)

    def _totals(self, ask: Question, conditions: Sequence[str]) -> dict[str, Decimal]:
        """Exact sums of the amounts that can be read, over the rows of the window."""
        forms = self._forms(ask)
        amounts = [c for c in ask.table.columns if c.data_type.startswith("decimal")]
        if not amounts:
            return {}
        sums = ", ".join(
            f"cast({_sum(column, forms[column.name])} as char) as total_{number}"
            for number, column in enumerate(amounts)
        )
        found = self._query(ask.select(sums, conditions))[0]
        return {c.name: Decimal(said) for c, said in zip(amounts, found, strict=True)}


def form(column: Column, sql: str, kind: str) -> Form:
    """How a column of one type at the source, as DuckDB names it, becomes the declared one."""
    name = quoted_name(column.name)
    declared = column.data_type
    as_is = Value(
        column.name,
        declared,
        lambda text: f"{text}::{declared}",
        trimmed=False,
        blank_is_none=False,
        empty=column.empty,
    )
    if kind in OWN.get(declared, ()):
        return Form(sql, name, as_is)
    cast_here = value(column, FORMATS)
    if kind.startswith("DECIMAL"):
        # As text, since the extension guesses how many digits it may have.
        asked = f"cast({sql} as char)"
        if declared.startswith("decimal"):
            fits = replace(as_is, cast=lambda text: f"try_cast({text} as {declared})")
            cast_here = replace(fits, code=cast_here.code, expected=cast_here.expected)
        return Form(asked, name, cast_here, exact=sql)
    if kind == "DOUBLE":
        # It may also be a decimal of more digits than DuckDB has.
        return Form(f"cast({sql} as char)", name, cast_here)
    if kind == "FLOAT":
        return Form(f"cast({sql} + 0e0 as char)", name, cast_here)
    if kind == "BLOB":
        told = quoted_text(f"undecodable: {column.name} holds no UTF-8 text")
        text = f"try(decode({name}))"
        fault = f"case when {name} is not null and {text} is null then {told} end"
        return Form(sql, text, cast_here, fault, is_number=False)
    return Form(sql, f"{name}::varchar", cast_here, is_number=kind in (*WHOLE, "UBIGINT"))


def _secret(connection: MariadbConnection) -> str:
    """Settings of a DuckDB secret, by which the database is reached."""
    # By its name, this machine would be reached through a socket that the driver knows of.
    host = "127.0.0.1" if connection.host == "localhost" else connection.host
    given = {
        "socket" if host.startswith("/") else "host": host,
        "port": str(connection.port),
        "database": connection.database,
        "user": connection.user,
        "password": connection.password and secret(connection.password),
        "ssl_mode": SECURITY[connection.security],
        **_authorities(connection),
        "ssl_cert": connection.sslcert,
        "ssl_key": connection.sslkey,
    }
    return ", ".join(
        ["type mysql", *(f"{name} {quoted_text(text)}" for name, text in given.items() if text)]
    )


def _authorities(connection: MariadbConnection) -> dict[str, str | None]:
    """Where the certificates are that are believed."""
    if connection.authorities != SYSTEM:
        return {"ssl_ca": connection.authorities}
    known = ssl.get_default_verify_paths()
    return {"ssl_ca": known.cafile, "ssl_capath": known.capath}


def _in_catalogue(table: Table) -> str:
    name = quoted_text(table.relation or table.name)
    return f"table_schema = database() and table_name = {name}"


def _origin(forms: dict[str, Form]) -> str:
    """SQL that gives what arrives as `StagedRows` takes it."""
    texts = ", ".join(f"{form.text} as {quoted_name(name)}" for name, form in forms.items())
    faults = ", ".join(["null", *(form.fault for form in forms.values() if form.fault)])
    return (
        f"select row_number() over () as _row, coalesce({faults}) as _fault, "
        f"null as _source_text, {texts} from arrived"
    )


def _sum(column: Column, form: Form) -> str:
    """SQL, at the source, of the exact sum of what can be read as the column is declared."""
    precision, scale = map(int, re.findall(r"\d+", column.data_type))
    amount = f"cast({form.exact or form.asked} as decimal(65,{scale}))"
    counts = f"abs({amount}) < 1{'0' * (precision - scale)}"
    if column.empty:
        counts += f" and {amount} not in ({', '.join(column.empty)})"
    if not form.is_number:
        # A line break at the end is nothing to its patterns.
        counts += (
            f" and {form.asked} regexp {quoted_text(NUMBER)} and locate('\n', {form.asked}) = 0"
        )
    return f"coalesce(sum(case when {counts} then {amount} end), 0)"


def _written(part: int | str | bytes) -> str:
    """Part of a key as a literal has it; the extension takes text for bytes if case matters."""
    return part.decode() if isinstance(part, bytes) else str(part)


def _beyond(columns: Sequence[str], key: Sequence[str]) -> str:
    """SQL, at the source, for the keys after one, in a form whose range of the index it sees."""
    name, text = quoted_name(columns[0]), quoted_text(key[0])
    if len(columns) == 1:
        return f"{name} > {text}"
    return f"{name} > {text} or ({name} = {text} and ({_beyond(columns[1:], key[1:])}))"


def _fitting(answer: pyarrow.Table) -> int:
    """How many rows like these may come at a time."""
    rows = int(answer.num_rows * BYTES_AT_A_TIME / max(answer.nbytes, 1))
    return min(ROWS_AT_A_TIME, max(LEAST_ROWS, rows))
