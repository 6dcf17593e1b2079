"""How long MariaDB's rows take to Parquet, against its own client, which throws them away.

    python -m benchmarks.extract_mariadb --socket /run/mysqld/mysqld.sock --times 5

Makes a table `adv_benchmark` in the database given, unless one of as many rows is there. Ways take
turns, each in a process of its own:

- *client*: the query that ours is, at once, by MariaDB's client, to nowhere;
- *rows*: ours, to Parquet;
- *all*: a whole table as a night reads it, with all keys and the totals.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.alternating import alternate, measured, table, tell
from ingestion.config import MariadbSource
from ingestion.declarations import Column, Table
from ingestion.transports.base import Window
from ingestion.transports.database import Question
from ingestion.transports.mariadb import MariadbSession, MariadbTransport

SALES = Table(
    system="odoo",
    name="adv_benchmark",
    description="",
    columns=(
        Column("id", "bigint"),
        Column("number", "string"),
        Column("customer", "string"),
        Column("amount", "decimal(18,4)"),
        Column("day", "date"),
        Column("changed_at", "timestamp"),
        Column("quantity", "bigint"),
        Column("note", "string"),
    ),
    key=("id",),
    cursor="changed_at",
)
CREATE = """
    create or replace table adv_benchmark (
        id bigint primary key, number varchar(30), customer varchar(60), amount decimal(18,4),
        day date, changed_at datetime, quantity int, note text
    );
    insert into adv_benchmark
    select
        seq, concat('SO', lpad(seq, 10, '0')), concat('Customer number ', seq mod 5000),
        seq * 1.2345, date('2020-01-01') + interval (seq mod 2000) day,
        timestamp('2024-01-01') + interval seq second, seq mod 97,
        concat('short note ', seq mod 1000)
    from seq_1_to_{rows}
"""


WAYS = ("client", "rows", "all")
QUERY = """
    select id, number, customer, cast(amount as char), day, changed_at, quantity, note
    from adv_benchmark
"""


def main() -> None:
    """Make the table, then read it in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--user", default="root")
    parser.add_argument("--database", default="bench")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        tell(measured(partial(_read, given)))
        return
    _prepare(given)
    again = [sys.executable, "-m", "benchmarks.extract_mariadb", *sys.argv[1:], "--way"]
    turns = alternate({way: [*again, way] for way in WAYS}, given.times)
    print(table(turns, {"rows": "client", "all": "client"}))


def _read(given: argparse.Namespace) -> None:
    if given.way == "client":
        subprocess.run(_client(given, QUERY), stdout=subprocess.DEVNULL, check=True)
        return
    connection = {"host": given.socket, "database": given.database, "user": given.user}
    source = MariadbSource.model_validate(
        {"system": "odoo", "transport": "mariadb", "connection": connection}
    )
    with TemporaryDirectory() as folder, MariadbTransport(source).session(Path(folder)) as session:
        assert isinstance(session, MariadbSession)
        if given.way == "all":
            session.extract(SALES, Window(), Path(folder))
            return
        plain = {column.name: column.name for column in SALES.columns}
        ask = Question(SALES, SALES.name, plain)
        session._write_sound(ask, (), Path(folder) / "rows.parquet")


def _prepare(given: argparse.Namespace) -> None:
    counted = _client(given, "select count(*) from adv_benchmark")
    found = subprocess.run(counted, capture_output=True, text=True, check=False).stdout
    if found.strip() != str(given.rows):
        subprocess.run(_client(given, CREATE.format(rows=given.rows)), check=True)


def _client(given: argparse.Namespace, query: str) -> list[str]:
    reached = [f"--socket={given.socket}", f"--user={given.user}", given.database]
    shown = ["--quick", "--batch", "--skip-column-names", f"--execute={query}"]
    return ["mariadb", "--no-defaults", *reached, *shown]


if __name__ == "__main__":
    main()
