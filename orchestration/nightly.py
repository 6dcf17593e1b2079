"""Runs the nightly job in this process, recorded in the same instance as the UI's runs."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import dagster as dg
from sqlalchemy.exc import DBAPIError

from ingestion.config import Sources, read_sources
from ingestion.declarations import RECEIVABLES
from ingestion.errors import AdvError, ConfigurationError, StorageError
from ingestion.extract import (
    check_names,
    check_only,
    check_settings,
    sources_feeding,
    tables_of,
)
from ingestion.home import Home
from ingestion.kept_ledger import kept_loads
from ingestion.landing import batches
from ingestion.ledger import prepare_warehouse
from ingestion.read_again import ReadAgain
from ingestion.spark.session import assert_usable
from orchestration import publish
from orchestration.assets.landing import landing_key
from orchestration.assets.reports import DELIVERED, report_key
from orchestration.dbt_runner import Target
from orchestration.definitions import NIGHTLY, build_defs
from orchestration.instance import (
    COMMAND_LINE_TAG,
    PROCESS_TAG,
    failure_reason,
    forget_old_runs,
    mark_dead_runs_failed,
    open_instance,
    process_mark,
)
from orchestration.lock import run_lock
from orchestration.measures import IN_FORCE
from orchestration.notify import tell_failure
from orchestration.resources import AS_OF_TAG, LOAD_TAG, last_complete_day, present_day

log = logging.getLogger("adv.run")


@dataclass(frozen=True)
class RunReport:
    """What became of a run."""

    home: Home
    run_id: str
    published: bool
    as_of: str
    load_id: int
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by step."""
    failures: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    """Sources of which this run merged nothing, though it was to."""
    not_read: tuple[str, ...] = ()
    """Sources that it was not asked to read."""
    undelivered: tuple[str, ...] = ()
    """Reports of the publication that did not go where they should, and why."""
    day_is_over: bool = True
    """Whether the as-of date was a complete day in all of the companies' time zones."""
    behind: tuple[str, ...] = ()
    """Servers that were not brought to what was published, and why."""


def run_nightly(
    home: Home,
    *,
    sources_file: Path | None = None,
    as_of: date | None = None,
    again: ReadAgain | None = None,
    only: tuple[str, ...] = (),
    target: Target = "duckdb",
) -> RunReport:
    """Refresh the warehouse, and read again what is asked for.

    Args:
        home: the installation.
        sources_file: another one than the installation's.
        as_of: the day that the marts speak of; by default the last complete one.
        again: what to read again, beside what changed.
        only: the only sources to read, where not all of them; the others stay as they were.
        target: the engine that builds the marts.

    Raises:
        ConfigurationError: the sources file is missing or wrong, or a secret is not set.
        BusyError: another run holds the lock for too long.
        StorageError: files or Dagster's database cannot be written: the disk is full, or its server
            is not there.

    """
    run_id = str(uuid4())
    try:
        with _storage_in_words(home):
            report = _run(home, run_id, sources_file, as_of, again, only, target)
    except AdvError as error:
        tell_failure(home, run_id, [str(error)])
        raise
    if not report.published:
        tell_failure(home, run_id, report.failures)
    return report


def refresh_receivables(home: Home) -> RunReport:
    """Read what is owed and what was paid as of now, and publish; other sources stay as they were.

    The marts speak of today, a day that is not over, unless the sources file pins their day.

    Raises:
        ConfigurationError: as `run_nightly`, or no source holds receivables.
        BusyError: another run holds the lock for too long.
        StorageError: as `run_nightly`.

    """
    sources = read_sources(home.sources_file)
    only = sources_feeding(sources, RECEIVABLES)
    if not only:
        raise ConfigurationError(
            f"{home.sources_file}: no source holds what is owed or paid: {', '.join(RECEIVABLES)}."
        )
    return run_nightly(home, as_of=sources.as_of_date or present_day(sources.time_zones), only=only)


@contextmanager
def _storage_in_words(home: Home) -> Iterator[None]:
    """What Dagster's database and the file system say belongs to nobody's step."""
    try:
        yield
    except OSError as error:
        raise _unusable(home, error) from error
    except Exception as error:
        # Dagster wraps what says that its server cannot be reached.
        found = error if isinstance(error, DBAPIError) else error.__cause__
        if not isinstance(found, DBAPIError):
            raise
        if isinstance(found.orig, sqlite3.Error):
            raise _unusable(home, found.orig) from error
        # A server's text may quote its address and the user.
        raise StorageError(
            f"The run broke off, since the storage that {home.dagster_settings} names failed "
            f"({type(found).__name__}); can it be reached? The publication in force stays "
            "readable; `adv run` once it can."
        ) from None


def _unusable(home: Home, reason: Exception) -> StorageError:
    return StorageError(
        f"The run broke off, since {home.root} cannot be written or read: {reason}. Is the "
        "disk full? The publication in force stays readable; make room, and `adv run`."
    )


def _run(
    home: Home,
    run_id: str,
    sources_file: Path | None,
    as_of: date | None,
    again: ReadAgain | None,
    only: tuple[str, ...],
    target: Target,
) -> RunReport:
    sources = read_sources(sources_file or home.sources_file)
    check_settings(sources)
    if target == "spark":
        assert_usable(sources.spark)
    if again:
        check_names(sources, again)
    check_only(sources, only, again)
    with run_lock(home, "the preparation of a run"):
        instance = open_instance(home)
        mark_dead_runs_failed(home, instance)
        forget_old_runs(instance, datetime.now(UTC), sources.retention.runs_days)
        if not home.warehouse.exists() and kept_loads(home):
            log.warning("no warehouse: history begins anew; `adv rebuild` brings the former back")
        prepare_warehouse(home)
        definitions = build_defs(home, sources)
    # From its first instant on: a run killed before it said so would block Dagster's queue.
    tags = {PROCESS_TAG: process_mark(run_id), COMMAND_LINE_TAG: run_id}
    if as_of:
        tags[AS_OF_TAG] = as_of.isoformat()
    job = definitions.resolve_job_def(NIGHTLY)
    left_out = {
        landing_key(source_id, table.name)
        for source_id, source in sources.sources.items()
        if only and source_id not in only
        for table in tables_of(source)
    }
    left_out |= {report_key(delivery) for delivery in sources.reports.deliveries}
    result = job.execute_in_process(
        instance=instance,
        run_id=run_id,
        tags=tags,
        raise_on_error=False,
        run_config={
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            "resources": {
                "nightly": {
                    "config": {
                        "read_again": again and again.model_dump(mode="json"),
                        "only": list(only),
                        "target": target,
                    }
                }
            },
        },
        # Without steps of what is not read, what Dagster says of how fresh it is stays true; and
        # whoever makes a list afresh does not want everybody to be written to again.
        asset_selection=sorted({*job.asset_layer.executable_asset_keys} - left_out)
        if only
        else None,
    )
    return _report(home, sources, instance, result, only)


def _report(
    home: Home,
    sources: Sources,
    instance: dg.DagsterInstance,
    result: dg.ExecuteInProcessResult,
    only: tuple[str, ...],
) -> RunReport:
    run = instance.get_run_by_id(result.run_id)
    tags = run.tags if run else {}
    stages = {
        stats.step_key: (stats.end_time or 0) - (stats.start_time or 0)
        for stats in instance.get_run_step_stats(result.run_id)
    }
    load_id = int(tags.get(LOAD_TAG, 0))
    as_of = tags.get(AS_OF_TAG, "")
    not_read = tuple(name for name in sources.sources if only and name not in only)
    stale = (name for name in _without_batches(home, sources, load_id) if name not in not_read)
    return RunReport(
        home=home,
        run_id=result.run_id,
        published=result.success and publish.current_run_id(home) == result.run_id,
        as_of=as_of,
        load_id=load_id,
        stages=stages,
        failures=tuple(_failures(result)),
        stale=tuple(stale),
        behind=tuple(_behind(result)),
        not_read=not_read,
        undelivered=tuple(
            f"{check.asset_key.path[-1]}: {check.description}"
            for check in result.get_asset_check_evaluations()
            if check.check_name == DELIVERED and not check.passed
        ),
        day_is_over=as_of <= last_complete_day(sources.time_zones).isoformat(),
    )


def _without_batches(home: Home, sources: Sources, load_id: int) -> tuple[str, ...]:
    """Told by the landing zone, since the next run may have the warehouse open by now."""
    accepted = {b.name for b in batches(home.landing, load_id) if b.manifest.verdict == "accepted"}
    return tuple(
        source_id
        for source_id, source in sources.sources.items()
        if not accepted.issuperset(f"{source_id}.{table.name}" for table in tables_of(source))
    )


def _behind(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for told in result.get_asset_check_evaluations():
        if told.check_name == IN_FORCE and not told.passed:
            yield told.description or ""


def _failures(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        f"{event.step_key}: {failure_reason(event)}"
        for event in result.all_events
        if event.is_step_failure
    ]
