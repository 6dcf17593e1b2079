"""The least that a new day can take: Dagster imported, and dbt's build where there are no rows.

    python -m benchmarks.empty --home /an/empty/folder --like /somewhere

The project is parsed already, by the home that is named, for the systems of that home.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

from ingestion.home import Home
from ingestion.landing import new_load_id
from ingestion.ledger import CurrentRun, merge
from orchestration import dbt_runner, publish, seeds


def main() -> None:
    """Build the marts of a company without a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--like", type=Path, required=True)
    given = parser.parse_args()
    home = Home(given.home.resolve())
    import_module("orchestration.definitions")
    dbt_runner.take_over_manifest(home, Home(given.like.resolve()))
    run = CurrentRun("empty", date(2026, 6, 30), new_load_id(), datetime.now(UTC))
    merge(home, run, [], gate=lambda *_: ())
    publish.begin(home, run.run_id)
    seeds.load_seeds(home)
    assert not any(result.failed for result in dbt_runner.build(home))


if __name__ == "__main__":
    main()
