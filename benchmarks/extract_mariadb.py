"""How long MariaDB's rows take to Parquet, against its own client, which throws them away.

    python -m benchmarks.extract_mariadb --socket /run/mysqld/mysqld.sock --repetitions 5

Makes a table `adv_benchmark` in the database given, unless one of as many rows is there. The ways
alternate, each in a process of its own, and the ratios are those of their medians:

- *client*: the query that ours is, at once, by MariaDB's client, to nowhere;
- *rows*: ours, to Parquet;
- *all*: a whole table as a night reads it, with all keys and the totals.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


QUERY = """
    select id, number, customer, cast(amount as char), day, changed_at, quantity, note
    from adv_benchmark
"""


def main() -> None:
    """Alternate the ways, and print each time and the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--user", default="root")
    parser.add_argument("--database", default="bench")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--way", choices=("rows", "all"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(_land(given))
        return
    _prepare(given)
    again = [sys.executable, "-m", __spec__.name, *sys.argv[1:], "--way"]
    taken: dict[str, list[float]] = {"client": [], "rows": [], "all": []}
    for _ in range(given.repetitions):
        taken["client"].append(_timed(_client(given, QUERY), subprocess.DEVNULL))
        for way in ("rows", "all"):
            taken[way].append(_timed([*again, way], None))
        print(", ".join(f"{way} {times[-1]:.1f} s" for way, times in taken.items()), flush=True)
    client, rows, everything = map(statistics.median, taken.values())
    print(f"rows {rows / client:.2f}, all {everything / client:.2f}; load {os.getloadavg()}")


def _land(given: argparse.Namespace) -> str:
    connection = {"host": given.socket, "database": given.database, "user": given.user}
    source = MariadbSource.model_validate(
        {"system": "odoo", "transport": "mariadb", "connection": connection}
    )
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        with MariadbTransport(source).session(into) as session:
            assert isinstance(session, MariadbSession)
            if given.way == "all":
                session.extract(SALES, Window(), into)
            else:
                plain = {column.name: column.name for column in SALES.columns}
                ask = Question(SALES, SALES.name, plain)
                session._write_sound(ask, (), into / "rows.parquet")
    used = resource.getrusage(resource.RUSAGE_SELF)
    return f"{given.way}: {used.ru_maxrss >> 10} MB, {used.ru_utime + used.ru_stime:.1f} s at work"


def _prepare(given: argparse.Namespace) -> None:
    counted = _client(given, "select count(*) from adv_benchmark")
    found = subprocess.run(counted, capture_output=True, text=True, check=False).stdout
    if found.strip() != str(given.rows):
        subprocess.run(_client(given, CREATE.format(rows=given.rows)), check=True)


def _client(given: argparse.Namespace, query: str) -> list[str]:
    reached = [f"--socket={given.socket}", f"--user={given.user}", given.database]
    shown = ["--quick", "--batch", "--skip-column-names", f"--execute={query}"]
    return ["mariadb", "--no-defaults", *reached, *shown]


def _timed(command: list[str], output: int | None) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=output, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
