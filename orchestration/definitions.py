"""The code location: everything that Dagster shows and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from ingestion.config import Sources, read_sources
from ingestion.home import Home
from orchestration.assets.landing import landing_assets
from orchestration.assets.marts import marts_assets, publication_asset
from orchestration.assets.publish_to import postgres_asset
from orchestration.assets.raw import raw_assets
from orchestration.assets.reports import REPORTS, report_assets
from orchestration.dbt_runner import prepare_manifest
from orchestration.instance import dead_runs_sensor
from orchestration.notify import failure_sensor
from orchestration.resources import nightly_resource

NIGHTLY = "nightly"


def build_defs(
    home: Home | None = None,
    sources: Sources | None = None,
    resources: Mapping[str, Any] | None = None,
) -> dg.Definitions:
    """Compose the code location.

    Args:
        home: the installation; by default that of the environment.
        sources: what to read; by default the installation's sources file.
        resources: replaces resources by name, for tests.

    Raises:
        ConfigurationError: the sources file is missing or wrong.

    """
    home = home or Home.from_environment()
    sources = sources or read_sources(home.sources_file)
    prepare_manifest(home, sources.systems)
    assets = [
        *(landing_assets(source_id, source) for source_id, source in sources.sources.items()),
        raw_assets(sources),
        marts_assets(home),
        publication_asset(home),
        *([postgres_asset(sources.publish_to)] if sources.publish_to else []),
        *report_assets(home, sources.reports),
    ]
    nightly = dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="Extract, validate, merge, transform, check, publish, and deliver reports.",
    )
    reports = dg.define_asset_job(
        REPORTS,
        selection=dg.AssetSelection.groups(REPORTS),
        description="Deliver the reports of the publication in force; whatever was mailed is not "
        "mailed again.",
    )
    return dg.Definitions(
        assets=assets,
        jobs=[nightly, reports] if sources.reports.deliveries else [nightly],
        schedules=[nightly_schedule(sources)],
        sensors=[failure_sensor(home), dead_runs_sensor(home, sources.retention.runs_days)],
        resources={"nightly": nightly_resource(home, sources), **(resources or {})},
        # One process: each step of a multiprocess run would import everything again, and the
        # lock is held by a process.
        executor=dg.in_process_executor,
    )


def nightly_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """One run a night.

    An hour that the clocks skip is the next one, of one that comes twice it is the second.
    """
    at, time_zone = sources.nightly_at, sources.time_zones[0]
    return dg.ScheduleDefinition(
        name="every_night",
        job_name=NIGHTLY,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every night at {at:%H:%M}, time of {time_zone} (`nightly_at`).",
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of this installation."""
    return build_defs()
