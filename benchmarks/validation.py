"""What Great Expectations takes beside DuckDB alone, on the batches of one load.

    python -m benchmarks.validation --home /somewhere --times 5

The home has had a night; its first load is looked at again, and judged as if for the first time.
Ways take turns, each in a process of its own; nobody's imports are counted:

- *scan*: every batch read once, all of its columns, by DuckDB alone;
- *rules*: the same rules, asked of DuckDB in one query per batch;
- *validation*: ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from benchmarks.alternating import alternate_on, measured, options, table, tell
from data_quality.rules import BATCH
from data_quality.suites import rules_for
from data_quality.validator import Validator, tally_query
from ingestion.config import Limits
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.landing import Batch, batches

FLOORS = {"rules": "scan", "validation": "scan"}


def _scan(landed: list[Batch]) -> None:
    connection = connect()
    for batch in landed:
        counted = ", ".join(f"count({quoted_name(column.name)})" for column in batch.table.columns)
        connection.execute(f"select {counted} from {_parquet(batch)}").fetchall()


def _rules(landed: list[Batch]) -> None:
    connection = connect()
    for batch in landed:
        query = tally_query(rules_for(batch, None, Limits()))
        connection.execute(query.replace(BATCH, f"(select * from {_parquet(batch)})")).fetchall()


def _validation(landed: list[Batch]) -> None:
    with Validator() as validator:
        for batch in landed:
            validator.validate(batch)


def _parquet(batch: Batch) -> str:
    return f"read_parquet({quoted_text(str(batch.rows))})"


WAYS: dict[str, Callable[[list[Batch]], None]] = {
    "scan": _scan,
    "rules": _rules,
    "validation": _validation,
}


def main() -> None:
    """Look at the first load in every way."""
    given = options(__doc__, WAYS, times=5).parse_args()
    if given.way:
        landed = batches(given.home)
        import_module("data_quality.gx_duckdb")
        tell(measured(partial(WAYS[given.way], landed)))
        return
    with TemporaryDirectory() as folder:
        landed = _copied(given.home / "landing", Path(folder))
        rows = sum(batch.manifest.rows for batch in landed)
        print(f"{rows:,} rows in {len(landed)} batches")
        turns = alternate_on(Path(folder), "benchmarks.validation", WAYS, given.times)
        print(table(turns, FLOORS))


def _copied(landing: Path, into: Path) -> list[Batch]:
    """The first load, where what sets rows apart may write."""
    first = min(batch.manifest.load_id for batch in batches(landing))
    for batch in batches(landing, first):
        copytree(batch.folder, into / batch.folder.relative_to(landing))
    return batches(into)


if __name__ == "__main__":
    main()
