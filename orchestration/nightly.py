"""Runs the nightly job in this process, recorded in the same instance as the UI's runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg

from ingestion.config import read_sources
from ingestion.home import Home
from ingestion.kept_ledger import kept_loads
from ingestion.ledger import prepare_warehouse
from orchestration import publish
from orchestration.definitions import NIGHTLY, build_defs
from orchestration.instance import mark_dead_runs_failed, open_instance
from orchestration.lock import run_lock
from orchestration.resources import AS_OF_TAG, FULL_REFRESH_TAG, LOAD_TAG

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


def run_nightly(
    home: Home,
    *,
    sources_file: Path | None = None,
    as_of: date | None = None,
    full_refresh: bool = False,
) -> RunReport:
    """Refresh the warehouse.

    Raises:
        ConfigurationError: the sources file is missing or wrong.
        BusyError: another run holds the lock for too long.

    """
    sources = read_sources(sources_file or home.sources_file)
    with run_lock(home, "the preparation of a run"):
        instance = open_instance(home)
        mark_dead_runs_failed(instance)
        if not home.warehouse.exists() and kept_loads(home):
            log.warning("no warehouse: history begins anew; `adv rebuild` brings the former back")
        prepare_warehouse(home)
        definitions = build_defs(home, sources)
    tags = {AS_OF_TAG: as_of.isoformat()} if as_of else {}
    if full_refresh:
        tags[FULL_REFRESH_TAG] = "true"
    result = definitions.resolve_job_def(NIGHTLY).execute_in_process(
        instance=instance,
        tags=tags,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return _report(home, instance, result)


def _report(
    home: Home, instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult
) -> RunReport:
    run = instance.get_run_by_id(result.run_id)
    tags = run.tags if run else {}
    stages = {
        stats.step_key: (stats.end_time or 0) - (stats.start_time or 0)
        for stats in instance.get_run_step_stats(result.run_id)
    }
    return RunReport(
        home=home,
        run_id=result.run_id,
        published=result.success and publish.current_run_id(home) == result.run_id,
        as_of=tags.get(AS_OF_TAG, ""),
        load_id=int(tags.get(LOAD_TAG, 0)),
        stages=stages,
        failures=tuple(_failures(result)),
    )


def _failures(result: dg.ExecuteInProcessResult) -> list[str]:
    found = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            error = data.user_failure_data.description if data.user_failure_data else None
            cause = data.error.cause if data.error else None
            told = (
                error
                or (cause.message if cause else None)
                or (data.error.message if data.error else "")
            )
            found.append(f"{event.step_key}: {(told or '').strip()}")
    return found
