"""What dbt adds to the time of its own SQL, and the memory that the models need.

    python -m benchmarks.models --home /somewhere --repetitions 3

The home has had a night. Every repetition builds all models twice, with `dbt run` and as the same
compiled SQL executed bare by DuckDB, each in a process of its own and into a file of its own; the
publication in force is left alone.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.compiled import compiled
from ingestion.engine import connect, quoted_text
from ingestion.home import Home
from orchestration import dbt_runner, publish, seeds

SLOWEST = 10
"""Models to list."""


def main() -> None:
    """Alternate the two ways of building, and print each time and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    home = Home(given.home.resolve())
    if given.way:
        seconds = WAYS[given.way](home)
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{given.way:5} {seconds:8.2f} s {megabytes:8,.0f} MB at most")
        return
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(given.repetitions):
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.models", "--home", str(home.root)]
            told = subprocess.run(
                [*command, "--way", way], check=True, capture_output=True, text=True
            ).stdout
            print(told, end="", flush=True)
            taken[way].append(float(told.splitlines()[-1].split()[1]))
    ratio = statistics.median(taken["dbt"]) / statistics.median(taken["bare"])
    print(f"dbt takes {ratio:.2f} times as long as its SQL")


def _with_dbt(home: Home) -> float:
    """Build with dbt, and return the seconds."""
    folder = _scratch(home)
    try:
        began = time.perf_counter()
        dbt_runner.invoke(home, ["run", "--no-write-json"])
        return time.perf_counter() - began
    finally:
        shutil.rmtree(folder)


def _bare(home: Home) -> float:
    """Run the compiled SQL, and return the seconds."""
    folder = _scratch(home)
    try:
        project = compiled(home)
        connection = connect(home.warehouse)
        file = quoted_text(str(folder / dbt_runner.MARTS_FILE))
        connection.execute(f"attach {file} as marts")
        before = quoted_text(str(dbt_runner.publication_before(home) / dbt_runner.MARTS_FILE))
        connection.execute(f"attach {before} as previous (read_only)")
        # As dbt's profile has it.
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set checkpoint_threshold = '4GB'")
        slowest: list[tuple[float, str]] = []
        began = last = time.perf_counter()
        for model in project.build(connection):
            now = time.perf_counter()
            slowest.append((now - last, model.name))
            last = now
        seconds = last - began
        connection.close()
        for model_seconds, name in sorted(slowest, reverse=True)[:SLOWEST]:
            print(f"    {model_seconds:6.2f} s {name}")
        return seconds
    finally:
        shutil.rmtree(folder)


def _scratch(home: Home) -> Path:
    """A folder to build into, with the project parsed and the seeds loaded."""
    folder = publish.begin(home, "benchmark")
    dbt_runner.prepare_manifest(home, ())
    seeds.load_seeds(home)
    return folder


WAYS: dict[str, Callable[[Home], float]] = {"dbt": _with_dbt, "bare": _bare}


if __name__ == "__main__":
    main()
