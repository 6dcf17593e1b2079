"""SQLite, read through Python's own driver, whose connection is one snapshot of the file.

SQLite types values, not columns: an amount may be text, bytes (as Tryton writes them), a whole or a
floating-point number, a date is text, a truth value a number. So everything is read as text, in as
many digits as it has, and cast to the declared types as the text of a file is: a value that is not
what it should be keeps its row out and is named.

SQLite would add up amounts as floating-point numbers. The control totals are computed by a function
that adds them up exactly, in a query of its own in the same snapshot.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import SqliteSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect, quoted_text
from ingestion.errors import SourceError
from ingestion.transports.as_text import EXACT, FORMATS, TextSession
from ingestion.transports.base import Session
from ingestion.transports.casting import NUMBER, value
from ingestion.transports.database import Question, telling_the_query
from ingestion.transports.staged_rows import StagedRows

if TYPE_CHECKING:
    import pyarrow

PATIENCE_SECONDS = 15.0
"""How long a database that somebody writes to is waited for."""
ROWS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class SqliteTransport:
    """Reaches one SQLite database."""

    source: SqliteSource

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Open one consistent, read-only snapshot.

        Raises:
            SourceError: the file is missing, locked, or no SQLite database.

        """
        with (
            closing(self._open()) as database,
            closing(connect(reach=[into] if into else None)) as local,
        ):
            yield SqliteSession(local, self.source, database)

    def _open(self) -> sqlite3.Connection:
        path = self.source.path
        if not path.is_file():
            raise SourceError(f"{path}: no such file; is `path` right?")
        try:
            database = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro",
                uri=True,
                timeout=PATIENCE_SECONDS,
                isolation_level=None,
            )
        except sqlite3.Error as error:
            raise SourceError(f"{path} cannot be opened: {error}") from error
        # Text that is not UTF-8 would fail the read: it is decoded here, value by value.
        database.text_factory = bytes
        # Typed as if aggregates took and gave whole numbers only.
        database.create_aggregate("exact_sum", -1, ExactSum)  # type: ignore[arg-type]
        try:
            _begin(database)
        except sqlite3.Error as error:
            database.close()
            raise SourceError(f"{path} cannot be read: {_in_words(error)}") from error
        return database


@dataclass
class SqliteSession(TextSession):
    """One snapshot of one SQLite database."""

    source: SqliteSource
    database: sqlite3.Connection

    def still_answers(self) -> bool:
        """Whether the file can be read further, in a new snapshot."""
        try:
            self.database.rollback()
            _begin(self.database)
        except sqlite3.Error:
            return False
        return True

    def _columns(self, table: Table) -> set[str]:
        if table.name in self.source.queries:
            probe = f"select * from {self._origin(table)} limit 0"
            with telling_the_query(table):
                return {column[0] for column in self._ask(probe).description}
        # A hidden column is of a virtual table's own making; a generated one is like any other.
        known = "select cast(name as text) from pragma_table_xinfo(?) where hidden <> 1"
        found = self._ask(known, table.relation or table.name).fetchall()
        return {name.decode() for (name,) in found}

    def _typed(self, column: Column, sql: str) -> str:  # noqa: ARG002
        return sql

    def _count(self, origin: str) -> int:
        (rows,) = self._ask(f"select count(*) from {origin}").fetchone()
        return int(rows)

    def _changed(self, sql: str) -> str:
        return f"julianday({sql})"

    def _instant(self, at: datetime) -> str:
        return f"julianday({quoted_text(str(at))})"

    def _totals(self, ask: Question, conditions: Sequence[str]) -> dict[str, Decimal]:
        """Exact sums of the amounts that can be read, over the rows of the window."""
        amounts = [c for c in ask.table.columns if c.data_type.startswith("decimal")]
        if not amounts:
            return {}
        sums = []
        for column in amounts:
            precision, scale = re.findall(r"\d+", column.data_type)
            nothing = "".join(f", {quoted_text(text)}" for text in column.empty)
            amount = ask.expressions[column.name]
            sums.append(f"coalesce(exact_sum({amount}, {precision}, {scale}{nothing}), '0')")
        found = self._ask(ask.select(", ".join(sums), conditions)).fetchone()
        return {c.name: Decimal(said.decode()) for c, said in zip(amounts, found, strict=True)}

    def _stage(self, ask: Question, conditions: Sequence[str] = ()) -> StagedRows:
        table = ask.table
        rows = StagedRows(self.local, table, [value(c, FORMATS) for c in table.columns])
        name = f"{self.source.path.name}, {table.relation or table.name}"
        answer = self._ask(ask.rows(*conditions))
        read = 0
        while batch := _fetched(answer):
            self.local.register("arrived", _as_text(table, batch, read))
            rows.add(name, "select * from arrived")
            self.local.unregister("arrived")
            read += len(batch)
        return rows

    def _ask(self, query: str, *values: str) -> sqlite3.Cursor:
        try:
            return self.database.execute(query, values)
        except sqlite3.Error as error:
            raise SourceError(f"reading failed: {_in_words(error)}") from error


class ExactSum:
    """SQL's sum, of what can be read as the decimal of a precision and scale, as text."""

    def __init__(self) -> None:
        self._sum = 0
        self._scale = 0

    def step(self, found: object, precision: int, scale: int, *nothing: str) -> None:
        """Take one more value: number, text, or the bytes of a text."""
        self._scale = scale
        text = _text(found).decode(errors="replace").strip(" ")
        if not re.fullmatch(NUMBER, text, re.ASCII):
            return
        amount = Decimal(text)
        rounded = EXACT.quantize(amount, Decimal(1).scaleb(-scale))
        units = int(rounded.scaleb(scale, EXACT))
        if abs(units) < 10**precision and rounded not in map(Decimal, nothing):
            self._sum += units

    def finalize(self) -> str:
        """The sum."""
        return f"{Decimal(self._sum).scaleb(-self._scale, EXACT):f}"


def _begin(database: sqlite3.Connection) -> None:
    """Begin a snapshot: only the first read fixes it."""
    database.execute("begin")
    database.execute("select count(*) from sqlite_master").fetchone()


def _fetched(answer: sqlite3.Cursor) -> list[tuple[object, ...]]:
    try:
        return answer.fetchmany(ROWS_AT_A_TIME)
    except sqlite3.Error as error:
        raise SourceError(f"reading failed: {_in_words(error)}") from error


def _as_text(table: Table, batch: Sequence[tuple[object, ...]], before: int) -> pyarrow.Table:
    """Rows as `StagedRows` takes them, each value as text."""
    import pyarrow

    columns: dict[str, pyarrow.Array] = {}
    faults: list[str | None] = [None] * len(batch)
    for column, values in zip(table.columns, zip(*batch, strict=True), strict=True):
        found = [None if single is None else _text(single) for single in values]
        try:
            columns[column.name] = pyarrow.array(found, pyarrow.binary()).cast(pyarrow.string())
        except pyarrow.ArrowInvalid:
            texts = [_shown(single) for single in found]
            for number, (single, text) in enumerate(zip(found, texts, strict=True)):
                if single is not None and text is not None and single != text.encode():
                    faults[number] = f"undecodable: {column.name} holds no UTF-8 text: {text}"
            columns[column.name] = pyarrow.array(texts, pyarrow.string())
    rows = range(before + 1, before + 1 + len(batch))
    return pyarrow.table(
        {
            "_row": pyarrow.array(rows, pyarrow.int64()),
            "_fault": pyarrow.array(faults, pyarrow.string()),
            "_source_text": pyarrow.nulls(len(batch), pyarrow.string()),
            **columns,
        }
    )


def _text(found: object) -> bytes:
    """A value as text: bytes are taken for text, a number has all the digits it needs."""
    if isinstance(found, bytes):
        return found
    return (found if isinstance(found, str) else repr(found)).encode()


def _shown(found: bytes | None) -> str | None:
    return None if found is None else found.decode(errors="backslashreplace")


def _in_words(error: sqlite3.Error) -> str:
    """SQLite's message, and what it means where it does not say so."""
    text = str(error)
    if "locked" in text:
        return f"{text}: another program keeps it for itself"
    if "not a database" in text:
        return f"{text}, or it is encrypted"
    if "unable to open" in text:
        return f"{text}: in WAL mode its folder must be writable, where nobody else has it open"
    return text
