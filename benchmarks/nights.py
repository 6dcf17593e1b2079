"""Nights of different kinds, by turns: what a change costs, and what a night costs without any.

    python -m benchmarks.nights --home /somewhere --scale 1 --times 3

The demo company is created where `home` says, and has its first night, unless it is there already.
Each turn is the whole command, Python's start included:

- *all*: the first night of another home, which reads everything that there is;
- *changed*: a new day, for which one row in a hundred has changed in every table of the ERP that
  says when a row changed;
- *new day*: a new day, and nothing new at the sources;
- *same*: nothing new, and the same day;
- *floor*: Python's start, Dagster's import, and dbt's build of the same project on empty tables.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.alternating import Measured, alternate_on, measured, options, table, tell
from ingestion.embedded_postgres import embedded_postgres
from ingestion.engine import connect, one_row, quoted_name, quoted_text
from ingestion.home import Home

DATED = """
    select table_name from information_schema.columns
    where table_catalog = 'pg' and column_name in ('id', 'write_date')
    group by table_name having count(*) = 2
"""
CHANGED = """
    update {table} set write_date = (select max(write_date) from {table}) + interval '1 second'
    where id % 100 = 0
"""


def main() -> None:
    """Create the company, then run nights of every kind by turns."""
    parser = options(__doc__, WAYS, times=3)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    home = Home(given.home.resolve())
    if given.way:
        tell(WAYS[given.way](home))
        return
    subprocess.run([*_adv(home), "demo", "create", "--scale", str(given.scale)], check=True)
    if not home.marts.exists():
        subprocess.run([*_adv(home), "run"], check=True)
    turns = alternate_on(home.root, "benchmarks.nights", WAYS, given.times)
    print(table(turns, {"new day": "floor", "changed": "all", "same": "floor"}))
    print(f"\nA change costs {_share_of_change(turns):.1%} of what reading everything costs")


def _share_of_change(turns: dict[str, list[Measured]]) -> float:
    seconds = {way: statistics.median(turn.seconds for turn in turns[way]) for way in turns}
    return (seconds["changed"] - seconds["new day"]) / (seconds["all"] - seconds["new day"])


def _all(home: Home) -> Measured:
    with TemporaryDirectory(dir=home.root) as folder:
        other = Home(Path(folder))
        other.sources_file.parent.mkdir()
        sources = home.sources_file.read_text(encoding="utf-8")
        absolute = sources.replace("../demo", str(home.demo))
        other.sources_file.write_text(absolute, encoding="utf-8")
        return _night(other)


def _changed(home: Home) -> Measured:
    dsn = embedded_postgres(home.demo / "postgres")
    with connect(extensions=["postgres_scanner"]) as connection:
        connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres)")
        for (name,) in connection.execute(DATED).fetchall():
            statement = quoted_text(CHANGED.format(table=quoted_name(name)))
            connection.execute(f"call postgres_execute('pg', {statement})")
    return _new_day(home)


def _new_day(home: Home) -> Measured:
    return _night(home, "--as-of", str(_as_of(home) + timedelta(days=1)))


def _same(home: Home) -> Measured:
    return _night(home, "--as-of", str(_as_of(home)))


def _floor(home: Home) -> Measured:
    with TemporaryDirectory(dir=home.root) as folder:
        empty = [sys.executable, "-m", "benchmarks.empty", "--home", folder]
        command = [*empty, "--like", str(home.root)]
        return measured(partial(subprocess.run, command, check=True))


WAYS: dict[str, Callable[[Home], Measured]] = {
    "all": _all,
    "changed": _changed,
    "new day": _new_day,
    "same": _same,
    "floor": _floor,
}


def _night(home: Home, *options: str) -> Measured:
    command = [*_adv(home), "run", *options]
    return measured(partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL))


def _adv(home: Home) -> list[str]:
    return [sys.executable, "-m", "orchestration.cli", "--home", str(home.root)]


def _as_of(home: Home) -> date:
    """The day that the publication in force speaks of."""
    with connect(home.marts, read_only=True) as connection:
        as_of: date = one_row(connection, "select max(as_of_date) from meta.publications")[0]
    return as_of


if __name__ == "__main__":
    main()
