"""Whether a run has anything to build.

`core` and `kpi` are a function of what raw holds, the seeds, the day that they speak of, and the
code. Where all of it is as it was for the publication in force, its tables are taken over, and a
run builds only `meta`, which tells of the run itself.

The warehouse remembers what its tables were last built from, and by which run. While they are being
built it remembers nothing, so that a build that broke off is never taken for a whole one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import kpi_statistics
from ingestion.engine import connect
from ingestion.erasure import erased_load
from ingestion.home import Home
from ingestion.horizon import horizon
from orchestration import dbt_runner

CODE = (
    *("adv-warehouse", "dbt-core", "dbt-duckdb", "duckdb"),
    *("numpy", "pandas", "scipy", "statsmodels"),
)
"""Packages whose next version may compute something else."""
CHANGES = """
    select source_id, table_name, max(load_id)
    from control.loads
    where rows_added + rows_changed + rows_deleted > 0
    group by source_id, table_name
    order by source_id, table_name
"""


@dataclass(frozen=True)
class Build:
    """What the warehouse's tables, and the marts beside them, were built from."""

    run_id: str
    ingredients: str


def ingredients(home: Home, as_of_date: date) -> str:
    """Fingerprint of all that `core` and `kpi` are made of; changes whenever one of it does."""
    reaches_back = horizon(home)
    with connect(home.warehouse, read_only=True, reach=()) as connection:
        made_of = [
            connection.execute(CHANGES).fetchall(),
            connection.execute("select pseudonym_key, seeds from control.installation").fetchall(),
            as_of_date.isoformat(),
            erased_load(home),
            reaches_back and reaches_back.model_dump(mode="json"),
            dbt_runner.project_state(),
            sorted(dbt_runner.environment(home).items()),
            [version(package) for package in CODE],
            list(_statistics()),
        ]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _statistics() -> Iterator[str]:
    """Digests of the code that Python models call."""
    for path in sorted(Path(kpi_statistics.__path__[0]).glob("*.py")):
        yield hashlib.sha256(path.read_bytes()).hexdigest()


def last_build(home: Home) -> Build | None:
    """The last build that went through, if none has begun since."""
    with connect(home.warehouse, read_only=True, reach=()) as connection:
        row = connection.execute("select built_by, built_from from control.installation").fetchone()
    return Build(*row) if row and row[0] else None


def remember(home: Home, build: Build | None) -> None:
    """Keep what the tables are built from, or that they are about to change."""
    by, made_of = (build.run_id, build.ingredients) if build else (None, None)
    with connect(home.warehouse, reach=()) as connection:
        connection.execute(
            "update control.installation set built_by = ?, built_from = ?", [by, made_of]
        )
