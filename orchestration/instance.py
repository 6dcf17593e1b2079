"""The Dagster instance under `ADV_HOME/dagster`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg

from ingestion.home import Home

CONFIGURATION = Path(__file__).with_name("dagster.yaml")


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance, created whole before anything else starts.

    Two processes that start an empty instance at once would break its database for good, so
    this runs under the lock of a run or before the user interface's processes.
    """
    home.dagster.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CONFIGURATION, home.dagster / "dagster.yaml")
    os.environ["ADV_HOME"] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    return dg.DagsterInstance.get()


def mark_dead_runs_failed(instance: dg.DagsterInstance) -> int:
    """Runs that the instance believes to be running, though their process is gone.

    Only to be called while holding the run lock: then no other run can be alive.
    """
    unfinished = instance.get_runs(
        dg.RunsFilter(
            statuses=[
                dg.DagsterRunStatus.STARTED,
                dg.DagsterRunStatus.STARTING,
                dg.DagsterRunStatus.CANCELING,
            ]
        )
    )
    for run in unfinished:
        instance.report_run_failed(run, message="The process of this run is gone.")
    return len(unfinished)
