"""The one resource of a run: the lock, and what was fixed for the run when it began."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import dagster as dg

from data_quality.acceptances import Acceptances, acceptances, last_refused_load
from ingestion.config import Sources
from ingestion.erasure import finish as finish_erasures
from ingestion.extract import check_names, check_only
from ingestion.home import Home
from ingestion.landing import new_load_id
from ingestion.ledger import CurrentRun, Position, last_load, positions
from ingestion.read_again import ReadAgain, read_again
from orchestration import publish
from orchestration.dbt_runner import Target
from orchestration.instance import PROCESS_TAG, process_mark
from orchestration.lock import HeldLock, run_lock, run_name

AS_OF_TAG = "adv/as_of_date"
LOAD_TAG = "adv/load_id"

READ_AGAIN = dg.Field(
    dg.Noneable(
        {
            "names": dg.Field(
                [str],
                default_value=[],
                description="Sources (erp) or tables (erp.sale_order); all where none is named",
            ),
            "first_day": dg.Field(
                dg.Noneable(str),
                default_value=None,
                description="Only the rows that changed from this day on: 2026-03-01",
            ),
            "last_day": dg.Field(
                dg.Noneable(str),
                default_value=None,
                description="The last day of them; up to now where none is said",
            ),
        }
    ),
    default_value=None,
    description="What to read again beside what changed, whole or some days of it; {} is all.",
)
"""The same as `ReadAgain`, as the Launchpad shows it."""
ONLY = dg.Field(
    [str],
    default_value=[],
    description="The only sources to read; the others stay as they were. All where none is named.",
)


TARGET = dg.Field(
    dg.Enum("Target", [dg.EnumValue(name) for name in get_args(Target)]),
    default_value="duckdb",
    description="The engine that builds the marts: this machine's, or the cluster of `spark`.",
)


@dataclass(frozen=True)
class Nightly:
    """One run, holding the lock on `home` for as long as the resource lives."""

    home: Home
    sources: Sources
    run: CurrentRun
    again: ReadAgain | None
    positions: Mapping[tuple[str, str], Position]
    """How far every table had been merged when the run began."""
    acceptances: Acceptances
    """What people let through, against what was loaded and published when the run began."""
    lock: HeldLock
    target: Target = "duckdb"
    """The engine that builds the marts."""


def last_complete_day(time_zones: tuple[str, ...], now: datetime | None = None) -> date:
    """The newest calendar day that is over in all of the time zones."""
    instant = now or datetime.now(UTC)
    return min(instant.astimezone(ZoneInfo(name)).date() for name in time_zones) - timedelta(days=1)


def present_day(time_zones: tuple[str, ...], now: datetime | None = None) -> date:
    """The newest calendar day that has begun in all of the time zones."""
    return last_complete_day(time_zones, now) + timedelta(days=1)


def nightly_resource(home: Home, sources: Sources) -> dg.ResourceDefinition:
    """Takes the lock when a run's first step needs it and frees it when the run ends."""

    @dg.resource(
        description="The lock on ADV_HOME, the run's as-of date and load.",
        config_schema={"read_again": READ_AGAIN, "only": ONLY, "target": TARGET},
    )
    @contextmanager
    def nightly(context: dg.InitResourceContext) -> Iterator[Nightly]:
        dagster_run = context.run
        assert dagster_run is not None  # resources of a job always have one
        config = context.resource_config
        again, only = _read_again(sources, config["read_again"]), tuple(config["only"])
        check_only(sources, only, again)
        if context.instance is not None:
            mark = process_mark(dagster_run.run_id)
            context.instance.add_run_tags(dagster_run.run_id, {PROCESS_TAG: mark})
        with run_lock(home, run_name(dagster_run.run_id)) as lock:
            finish_erasures(home)
            tags = _fixed(context, home, sources, dagster_run)
            merged = positions(home)
            yield Nightly(
                home=home,
                sources=sources,
                run=CurrentRun(
                    run_id=dagster_run.run_id,
                    as_of_date=date.fromisoformat(tags[AS_OF_TAG]),
                    known_load=int(tags[LOAD_TAG]),
                    started_at=datetime.now(UTC),
                    only=only,
                ),
                again=again,
                positions=merged,
                acceptances=_acceptances(home, merged),
                lock=lock,
                target=config["target"],
            )

    return nightly


def sources_asked_for(run: dg.DagsterRun) -> tuple[str, ...]:
    """The only sources that a run was asked to read; none where it was all of them."""
    config: Any = run.run_config
    for part in ("resources", "nightly", "config", "only"):
        config = (config or {}).get(part)
    return tuple(config or ())


def _read_again(sources: Sources, config: Mapping[str, Any] | None) -> ReadAgain | None:
    if config is None:
        return None
    again = read_again(**config)
    check_names(sources, again)
    return again


def _acceptances(home: Home, merged: Mapping[tuple[str, str], Position]) -> Acceptances:
    loads = {f"{source}.{table}": position.load_id for (source, table), position in merged.items()}
    return Acceptances(acceptances(home), loads, publish.last_published_load(home))


def _fixed(
    context: dg.InitResourceContext, home: Home, sources: Sources, run: dg.DagsterRun
) -> dict[str, str]:
    """As-of date and load, fixed once: a retry finds them in its tags and builds the same."""
    tags = dict(run.tags)
    missing = {}
    if AS_OF_TAG not in tags:
        as_of = sources.as_of_date or last_complete_day(sources.time_zones)
        missing[AS_OF_TAG] = as_of.isoformat()
    if LOAD_TAG not in tags:
        newest = max(last_load(home), last_refused_load(home))
        missing[LOAD_TAG] = str(new_load_id(after=newest))
    if missing and context.instance is not None:
        context.instance.add_run_tags(run.run_id, missing)
    return {**tags, **missing}
