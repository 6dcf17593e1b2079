"""What runs took and came to, as `control` keeps it; and how fresh each source shall be.

Unlike the ledger it is no part of what was loaded, and moves apart from it: a warehouse that was
rebuilt knows it again with the next run, as far back as the orchestrator does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from ingestion.engine import connect, quoted_text
from ingestion.home import Home
from ingestion.ledger import insert

RUNNING = "running"


@dataclass(frozen=True)
class MeasuredRun:
    """A run as a whole, whether it reached the warehouse or not."""

    run_id: str
    as_of_date: date | None
    """Unknown where the run ended before it was fixed."""
    started_by: str
    """schedule, user_interface or command_line."""
    began_at: datetime | None
    """UTC, without a zone."""
    seconds: float | None
    """From its begin to its end, the wait for another run included; unknown where it was killed."""
    outcome: str
    """success, failure or canceled; `running` for the one that records it."""
    reason: str
    """Why it failed, in words."""
    published_rows: int | None
    published_bytes: int | None
    """Size of the published DuckDB file."""


@dataclass(frozen=True)
class MeasuredStage:
    """A stage of a run."""

    run_id: str
    stage: str
    """land, load, build, check or publish."""
    source_id: str
    """The source that was landed; empty for other stages."""
    began_at: datetime | None
    """UTC, without a zone."""
    seconds: float | None
    """Unknown where the run was killed in it."""
    outcome: str
    """success or failure."""
    reason: str
    """Why it failed, in words."""


MEASURES = ("measured_runs", "measured_stages")
"""The tables that only the warehouse keeps: landing tells nothing of them."""


def measured_runs(home: Home) -> set[str]:
    """The runs that are on record and ended."""
    with connect(home.warehouse, read_only=True, reach=()) as connection:
        found = connection.execute(
            "select run_id from control.measured_runs where outcome <> ?", [RUNNING]
        ).fetchall()
    return {run_id for (run_id,) in found}


def record_measures(
    home: Home,
    runs: Collection[MeasuredRun],
    stages: Iterable[MeasuredStage],
    fresh_within: Mapping[str, timedelta],
) -> None:
    """Put runs on record, in place of what was known of them, and the policies in force.

    Args:
        home: the installation.
        runs: what each run came to.
        stages: their stages, in place of all those that were known of these runs.
        fresh_within: how old the newest reading of a source may be, of those that have a limit.

    """
    policies = [
        {"source_id": source_id, "fresh_within_hours": limit / timedelta(hours=1)}
        for source_id, limit in fresh_within.items()
    ]
    connection = connect(home.warehouse, reach=())
    try:
        connection.execute("begin")
        known = [run.run_id for run in runs]
        for table in MEASURES:
            connection.execute(f"delete from control.{table} where run_id in ?", [known])
        connection.execute("delete from control.freshness_policies")
        insert(connection, "measured_runs", [asdict(run) for run in runs])
        insert(connection, "measured_stages", [asdict(stage) for stage in stages])
        insert(connection, "freshness_policies", policies)
        connection.execute("commit")
    finally:
        connection.close()  # closing without a commit rolls back


def take_along(home: Home, into: Home) -> None:
    """Copy what is known of runs into the warehouse of another home, which knows nothing of them.

    Raises:
        WarehouseError: the warehouse cannot be opened.

    """
    with connect(into.warehouse, reach=[home.root]) as connection:
        connection.execute(f"attach {quoted_text(str(home.warehouse))} as former (read_only)")
        for table in MEASURES:
            connection.execute(f"insert into control.{table} by name from former.control.{table}")
