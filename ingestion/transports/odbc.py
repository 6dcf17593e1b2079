"""Any database with an ODBC driver, Microsoft SQL Server first, read as a stream of Arrow batches.

One session is one connection and one transaction, which is never committed: of one instant where
the database allows snapshots, and with a warning where it does not.

Amounts are cast at the source and come as text, in all their digits: the driver's own decimals
would read `NaN` as 0. Everything else comes in the source's own type and is made the declared one
here; a value that does not fit stops the read and is named.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.config import OdbcSource, secret
from ingestion.declarations import Column, Table
from ingestion.engine import connect, copy_to_parquet, quoted_name, quoted_text
from ingestion.errors import ConfigurationError, SourceError, UnfinishedReadError
from ingestion.transports.base import Extraction, Problem, Session, Window
from ingestion.transports.database import (
    DatabaseSession,
    Question,
    highest_cursor,
)
from ingestion.transports.odbc_dialects import DIALECTS, FIXED_WIDTH, Dialect
from ingestion.transports.typed_values import Family, as_declared, in_words

if TYPE_CHECKING:
    import arrow_odbc
    import pyarrow

log = logging.getLogger("adv.extract")

BUFFER_BYTES = 32 * 1024**2
"""Of rows on their way; there are two such buffers, one being filled while the other is read."""
BUFFER_ROWS = 50_000
FEW_ROWS = 100
"""Of a short answer: room for more takes its time to make."""
LOST = re.compile(r"State: (08|57P0)")
"""SQLSTATEs of a connection that is no more."""
ABSENT = re.compile(r"State: (42S02|42P01)|no such table")
PASSWORD = re.compile(r"(PWD|password)\s*=\s*(\{(?:[^}]|\}\})*\}?|[^;\s]*)", re.IGNORECASE)
"""In a connection string that a driver repeats."""


@dataclass(frozen=True)
class OdbcTransport:
    """Reaches one database by ODBC."""

    source: OdbcSource

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Open one snapshot, where the database allows it.

        Raises:
            ConfigurationError: what ODBC needs is not installed on this machine.
            SourceError: the database cannot be reached.

        """
        database = Database(self.source)
        with closing(database), closing(connect(reach=[into] if into else None)) as local:
            yield OdbcSession(local, self.source, database, list(database.begin()))


@dataclass(frozen=True)
class Answer:
    """What a query gives."""

    schema: pyarrow.Schema
    """As the driver describes it; decimals come as text all the same."""
    batches: arrow_odbc.BatchReader


class Database:
    """A connection, and what is asked through it."""

    def __init__(self, source: OdbcSource) -> None:
        """Connect.

        Raises:
            ConfigurationError: what ODBC needs is not installed on this machine.
            SourceError: the database cannot be reached.

        """
        self.source = source
        self.dialect: Dialect = DIALECTS[source.dialect]
        self._driver = _driver()
        try:
            # Without a commit of its own: what a query might change is rolled back.
            self._connection: arrow_odbc.Connection = self._driver.connect(
                connection_string(source),
                login_timeout_sec=source.connection.login_timeout,
                autocommit=False,
            )
        except self._driver.Error as error:
            told = self._without_secrets(error)
            raise SourceError(f"The database cannot be reached: {told}{_remedy(told)}") from None

    def begin(self) -> Iterator[Problem]:
        """Begin a snapshot, or say that there is none.

        Raises:
            SourceError: the database does not know the dialect's statements.
            UnfinishedReadError: the connection is lost.

        """
        try:
            yield from self._begin()
        except UnfinishedReadError:
            raise
        except SourceError as error:
            asked = f"Is `dialect: {self.source.dialect}` right? It is by default `sqlserver`."
            raise SourceError(f"{error}\n{asked}") from None

    def _begin(self) -> Iterator[Problem]:
        self._rollback()
        snapshot, allowed = self.dialect.snapshot, self.dialect.snapshot_is_allowed
        if snapshot and (allowed is None or self.rows(allowed)[0][0] == 1):
            self._rollback()  # The question began a transaction, too.
            self._run(snapshot)
        else:
            message = (
                "tables are not read at one instant, and what is written meanwhile may refuse "
                f"one: {self.dialect.remedy}"
            )
            log.warning(message)
            yield Problem("warning", "no_snapshot", message)

    def answers(self) -> bool:
        """Whether anything is answered any more."""
        try:
            self.rows("select 1 as one")
        except SourceError:
            return False
        return True

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A short answer."""
        try:
            batches = list(self.answer(query, FEW_ROWS).batches)
            return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
        except self._driver.Error as error:
            raise self.failure(error) from None

    def answer(self, query: str, rows: int = BUFFER_ROWS) -> Answer:
        """A long answer, so many rows at a time.

        Raises:
            SourceError: the query fails.
            UnfinishedReadError: the connection is lost.

        """
        told: list[pyarrow.Schema] = []

        def exact(schema: pyarrow.Schema) -> pyarrow.Schema:
            told.append(schema)
            return _exact(schema)

        try:
            batches = self._connection.read_arrow_batches(
                query,
                batch_size=rows,
                max_bytes_per_batch=BUFFER_BYTES,
                max_text_size=self.source.longest_text,
                max_binary_size=self.source.longest_text,
                falliable_allocations=True,
                map_schema=exact,
                query_timeout_sec=self.source.connection.query_timeout,
                payload_text_encoding=self._driver.TextEncoding[self.dialect.text],
            )
        except self._driver.Error as error:
            raise self.failure(error) from None
        return Answer(told[0], batches)

    def failure(self, error: Exception) -> SourceError:
        """What went wrong, in words."""
        told = self._without_secrets(error)
        if LOST.search(told):
            return UnfinishedReadError(
                f"The connection was lost, and another attempt reads the table again: {told}"
            )
        if "without truncation" in told:
            told = (
                f"a text is longer than `longest_text`, {self.source.longest_text:,} bytes: {told}"
            )
        return SourceError(f"reading failed: {told}")

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(self._driver.Error):
            self._connection.rollback()
        del self._connection

    def _run(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except self._driver.Error as error:
            raise self.failure(error) from None

    def _rollback(self) -> None:
        try:
            self._connection.rollback()
        except self._driver.Error as error:
            raise self.failure(error) from None

    def _without_secrets(self, error: Exception) -> str:
        """The first lines of a driver's message, which may repeat the connection string."""
        told = PASSWORD.sub(r"\1=***", str(error).strip())
        password = self.source.connection.password
        return (told.replace(secret(password), "***") if password else told)[:500]


@dataclass
class OdbcSession(DatabaseSession):
    """One snapshot of one database, or at least one transaction."""

    source: OdbcSource
    database: Database
    notes: list[Problem] = field(default_factory=list)
    """What is to be said of the session, with the first table that is read."""

    def still_answers(self) -> bool:
        """Whether the connection is still there; a failed query may have ended its snapshot."""
        try:
            self.notes = list(self.database.begin())
        except SourceError:
            return False
        return self.database.answers()

    def _columns(self, table: Table) -> set[str]:
        if table.name not in self.source.queries and self.database.dialect.schemas:
            return set(self._catalogue(table))
        try:
            empty = self.database.answer(
                f"select * from {self._origin(table)} where 1 = 0", FEW_ROWS
            )
        except UnfinishedReadError:
            raise
        except SourceError as error:
            if table.name in self.source.queries:
                raise SourceError(f"the query for {table.name} fails: {error}") from None
            if ABSENT.search(str(error)):
                return set()
            raise
        return set(empty.schema.names)

    def _catalogue(self, table: Table) -> dict[str, str]:
        """Name and type of each column, where the database keeps a list."""
        query = self.database.dialect.columns(table.relation or table.name)
        if query is None or table.name in self.source.queries:
            return {}
        return {name: kind.lower() for name, kind in self.database.rows(query)}

    def _count(self, origin: str) -> int:
        return int(self.database.rows(f"select count(*) as n from {origin}")[0][0])

    def _typed(self, column: Column, sql: str) -> str:
        if not column.data_type.startswith("decimal"):
            return "cast(null as varchar(1))" if sql == "null" else sql
        typed = f"cast({sql} as {column.data_type})"
        for nothing in column.empty:
            typed = f"nullif({typed}, cast({quoted_text(nothing)} as {column.data_type}))"
        return typed

    def _read(self, ask: Question, window: Window, into: Path) -> Extraction:
        since = self._since(ask, window)
        padded = {name for name, kind in self._catalogue(ask.table).items() if kind in FIXED_WIDTH}
        rows = into / "rows.parquet"
        columns = ask.table.columns
        keys = [column for column in columns if column.name in ask.table.key_and_cursor]
        extraction = Extraction(
            rows=self._copy(ask.rows(*since), columns, padded, rows),
            source_rows=self._copy(ask.keys(), keys, padded, into / "keys.parquet"),
            totals=self._totals(ask, since),
            cursor_to=highest_cursor(self.local, ask.table, rows),
            problems=self.notes,
        )
        self.notes = []
        return extraction

    def _instant(self, at: datetime) -> str:
        return self.database.dialect.moment(at)

    def _totals(self, ask: Question, conditions: Iterable[str]) -> dict[str, str]:
        """Exact sums of the amounts, computed by the source over the rows read."""
        names = [c.name for c in ask.table.columns if c.data_type.startswith("decimal")]
        if not names:
            return {}
        sums = ", ".join(
            f"coalesce(sum({ask.expressions[name]}), 0) as {quoted_name(name)}" for name in names
        )
        (found,) = self.database.rows(ask.select(sums, conditions))
        return {name: str(total) for name, total in zip(names, found, strict=True)}

    def _copy(self, query: str, columns: Iterable[Column], padded: set[str], target: Path) -> int:
        """Write what the source answers, in the declared types; the number of rows."""
        import duckdb

        answer = self.database.answer(query)
        typed = ", ".join(
            f"{_declared(column, answer.schema, padded)} as {quoted_name(column.name)}"
            for column in columns
        )
        broken: list[Exception] = []
        self.local.register("arrived", _stream(answer.batches, broken))
        try:
            return copy_to_parquet(self.local, f"select {typed} from arrived", target)
        except duckdb.Error as error:
            if broken:
                raise self.database.failure(broken[0]) from None
            raise SourceError(f"reading failed: {in_words(error)}") from None
        finally:
            self.local.unregister("arrived")


def connection_string(source: OdbcSource) -> str:
    """An ODBC connection string.

    All values but the password are plain; that is in braces, where only a closing one ends it.
    """
    at = source.connection
    password = at.password and "{" + secret(at.password).replace("}", "}}") + "}"
    parts = {
        "DSN": at.dsn,
        "Driver": at.driver and f"{{{at.driver}}}",
        **DIALECTS[source.dialect].keywords(source),
        "UID": at.user,
        "PWD": password,
    }
    return "".join(f"{name}={value};" for name, value in parts.items() if value)


def _driver() -> Any:
    """The module that speaks ODBC.

    Raises:
        ConfigurationError: it, or the system's driver manager, is not installed.

    """
    try:
        import arrow_odbc
    except ModuleNotFoundError:
        raise ConfigurationError(
            "ODBC is not installed: install this product with its extra `odbc`."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            "The driver manager of ODBC is not installed (Debian: `apt install unixodbc`; macOS: "
            f"`brew install unixodbc`): {error}"
        ) from None
    return arrow_odbc


def _exact(schema: pyarrow.Schema) -> pyarrow.Schema:
    """What is asked of the driver, so that no digit, and no day before 1677, is lost."""
    import pyarrow

    def asked(kind: pyarrow.DataType) -> pyarrow.DataType:
        if pyarrow.types.is_decimal(kind):
            return pyarrow.string()
        if pyarrow.types.is_floating(kind):
            return pyarrow.float64()
        return pyarrow.timestamp("us", kind.tz) if pyarrow.types.is_timestamp(kind) else kind

    return pyarrow.schema([field.with_type(asked(field.type)) for field in schema])


def _stream(batches: arrow_odbc.BatchReader, broken: list[Exception]) -> pyarrow.RecordBatchReader:
    """The batches for DuckDB, which would not tell a driver's error from its own."""
    import pyarrow

    def watched() -> Iterator[pyarrow.RecordBatch]:
        try:
            yield from batches
        except Exception as error:
            broken.append(error)
            raise

    return pyarrow.RecordBatchReader.from_batches(batches.schema, watched())


def _declared(column: Column, schema: pyarrow.Schema, padded: set[str]) -> str:
    """DuckDB's SQL for a column in its declared type."""
    kind = schema.field(column.name).type
    family = _family(kind)
    if column.data_type.startswith("decimal") and family == "approximate":
        raise SourceError(
            f"column {column.name}: the database has no exact decimals (it gives {kind}), and "
            "amounts would lose digits"
        )
    sql = quoted_name(column.name)
    return as_declared(column, f"rtrim({sql}, ' ')" if column.name in padded else sql, family)


def _family(kind: pyarrow.DataType) -> Family:
    from pyarrow import types

    families: dict[Family, Any] = {
        "text": lambda: types.is_string(kind),
        "digits": lambda: types.is_decimal(kind),
        "whole": lambda: types.is_integer(kind),
        "approximate": lambda: types.is_floating(kind),
        "day": lambda: types.is_date(kind),
        "moment": lambda: types.is_timestamp(kind),
        "truth": lambda: types.is_boolean(kind),
    }
    return next((family for family, holds in families.items() if holds()), "other")


def _remedy(told: str) -> str:
    """What to do about a connection that failed."""
    if "Can't open lib" in told or "IM002" in told:
        return (
            "\nThe driver is not installed, or goes by another name: `odbcinst -q -d` lists those "
            "that are; docs/connectors/odbc.md says how to install Microsoft's."
        )
    if "certificate" in told.lower() or "SSL" in told:
        return (
            "\nThe server does not prove who it is. Let this machine believe the authority that "
            "signed its certificate, and name the host as the certificate does: "
            "docs/connectors/odbc.md."
        )
    return ""
