"""How long MariaDB's rows take to a landed batch, against its own client, which throws them away.

    python -m benchmarks.extract_mariadb --socket /run/mysqld/mysqld.sock --repetitions 5

Makes a table `adv_benchmark` in the database given, unless one of as many rows is there. The two
ways alternate, each in a process of its own; the ratio is that of their medians.
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
from ingestion.transports.mariadb import MariadbTransport

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


def main() -> None:
    """Alternate the two ways, and print each time and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--user", default="root")
    parser.add_argument("--database", default="bench")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--land", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.land:
        print(_land(given))
        return
    _prepare(given)
    client, ours = [], []
    for _ in range(given.repetitions):
        client.append(_timed(_client(given, "select * from adv_benchmark"), subprocess.DEVNULL))
        ours.append(_timed([sys.executable, "-m", __spec__.name, *sys.argv[1:], "--land"], None))
        print(f"client {client[-1]:.1f} s, extraction {ours[-1]:.1f} s", flush=True)
    ratio = statistics.median(ours) / statistics.median(client)
    print(f"ratio {ratio:.2f}, load {os.getloadavg()}")


def _land(given: argparse.Namespace) -> str:
    connection = {"host": given.socket, "database": given.database, "user": given.user}
    source = MariadbSource.model_validate(
        {"system": "odoo", "transport": "mariadb", "connection": connection}
    )
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        with MariadbTransport(source).session(into) as session:
            rows = session.extract(SALES, Window(), into).rows
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (
        f"{rows:,} rows, {used.ru_maxrss >> 10} MB, {used.ru_utime + used.ru_stime:.1f} s at work"
    )


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
