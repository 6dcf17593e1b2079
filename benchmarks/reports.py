"""How long lists take, by format and number of lines.

    python -m benchmarks.reports HOME [--lines 10000 --lines 100000] [--times 20]

The open items of the publication are repeated in a copy until there are as many as asked for;
customers and documents stay those of the publication. Told are seconds by the clock and of the
processor, for a whole list: opening the marts, asking, laying out, writing.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from ingestion.engine import connect, one_row
from ingestion.home import Home
from reports.request import ListName, ListRequest
from reports.writing import read_list, write_list

ENDINGS = (".xlsx", ".pdf", ".csv")


def repeated(marts: Path, lines: int, target: Path) -> Path:
    """A copy of marts whose newest open items are repeated until there are so many lines."""
    shutil.copyfile(marts, target)
    target.chmod(0o600)
    with connect(target) as connection:
        (found,) = one_row(connection, "select count(*) from kpi.open_items where is_latest")
        copies = max(0, -(-lines // found) - 1)
        connection.execute(
            "insert into kpi.open_items by name select items.* replace "
            "(items.open_item_id || '/' || copy as open_item_id) "
            f"from kpi.open_items as items, range({copies}) as copies(copy) where items.is_latest "
            "order by copy, open_item_id"
        )
    return target


def written(marts: Path, target: Path) -> int:
    """Write the unpaid report; how many lines it has."""
    prepared = read_list(marts, ListRequest(ListName.UNPAID))
    write_list(prepared, target)
    return prepared.lines


def main(
    home: Path,
    lines: Annotated[list[int] | None, typer.Option(help="Lines to repeat items to.")] = None,
    times: Annotated[int, typer.Option(help="Lists of each kind.")] = 20,
) -> None:
    """Print median and maximum."""
    with tempfile.TemporaryDirectory() as folder:
        for number in lines or [10_000, 100_000]:
            marts = repeated(Home(home.resolve()).marts, number, Path(folder) / f"{number}.duckdb")
            for ending in ENDINGS:
                clock, processor, rows = [], [], 0
                for _ in range(times):
                    began, worked = time.perf_counter(), time.process_time()
                    rows = written(marts, Path(folder) / f"list{ending}")
                    clock.append(time.perf_counter() - began)
                    processor.append(time.process_time() - worked)
                print(
                    f"{ending:6} {rows:>8,} lines: median {statistics.median(clock):.2f} s, "
                    f"max {max(clock):.2f} s; processor {statistics.median(processor):.2f} s"
                )


if __name__ == "__main__":
    typer.run(main)
