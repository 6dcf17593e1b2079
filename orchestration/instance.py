"""The Dagster instance under `ADV_HOME/dagster`."""

import os
import shutil
from pathlib import Path

import dagster as dg
import psutil

from ingestion.home import Home

PROCESS_TAG = "adv/process"
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


def process_mark(run_id: str) -> str:
    """Says that this process runs the run.

    A later process with the same number is not taken for it, nor is a re-execution, which
    inherits the tag, for the run that it repeats.
    """
    return f"{run_id}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def mark_dead_runs_failed(instance: dg.DagsterInstance) -> int:
    """Fail the runs that the instance believes to be running, though their process is gone.

    A run killed on the command line has no launcher that would notice, and Dagster's queue would
    wait for it for ever.
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
    dead = [run for run in unfinished if not _is_alive(run)]
    for run in dead:
        instance.report_run_failed(run, message="The process of this run is gone.")
    return len(dead)


def _is_alive(run: dg.DagsterRun) -> bool:
    run_id, _, process = run.tags.get(PROCESS_TAG, "").partition("/")
    if run_id != run.run_id:
        return True  # about to start: it has not said yet which process it is
    number, _, _ = process.partition("/")
    try:
        created = psutil.Process(int(number)).create_time()
    except psutil.NoSuchProcess:
        return False
    return process == f"{number}/{created:.2f}"


def dead_runs_sensor() -> dg.SensorDefinition:
    """Looks for dead runs while the daemon is up."""

    @dg.sensor(
        name="dead_runs",
        description="Marks runs as failed whose process is gone, so that the queue goes on.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = mark_dead_runs_failed(context.instance)
        return dg.SkipReason(f"{found} dead run(s) found")

    return dead_runs
