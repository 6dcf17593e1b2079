"""The Dagster instance under `ADV_HOME/dagster`."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psutil

from ingestion.engine import DAMAGE, REBUILD
from ingestion.home import Home

PROCESS_TAG = "adv/process"
PROCESS_IS_GONE = "The process of this run is gone."
CONFIGURATION = Path(__file__).with_name("dagster.yaml")
RUNS_ARE_KEPT = timedelta(days=90)
LEAST_RUNS_KEPT = 90
"""Whatever their age: a clock that runs ahead makes all of them old."""
CLOCK_TOLERANCE_SECONDS = 2.0
"""The clock may be set between reading a process's start and the machine's."""


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance, created whole before anything else starts.

    Two processes that start an empty instance at once would break its database for good, so
    this runs under the lock of a run or before the user interface's processes.
    """
    home.dagster.mkdir(parents=True, exist_ok=True)
    _copy_configuration(home.dagster / "dagster.yaml")
    os.environ["ADV_HOME"] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    return dg.DagsterInstance.get()


def _copy_configuration(target: Path) -> None:
    """Written only where it differs, and whole: other processes read it at any time."""
    if target.exists() and target.read_bytes() == CONFIGURATION.read_bytes():
        return
    temporary = target.with_suffix(".new")
    shutil.copyfile(CONFIGURATION, temporary)
    temporary.replace(target)


def process_mark(run_id: str) -> str:
    """Says that this process runs the run.

    A later process with the same number is not taken for it, nor is a re-execution, which
    inherits the tag, for the run that it repeats.
    """
    return f"{run_id}/{os.getpid()}/{seconds_after_boot(psutil.Process()):.2f}"


def seconds_after_boot(process: psutil.Process) -> float:
    """When a process began; unlike the time of day, it stays when the clock is set."""
    return process.create_time() - psutil.boot_time()


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
        instance.report_run_failed(run, message=PROCESS_IS_GONE)
    return len(dead)


def _is_alive(run: dg.DagsterRun) -> bool:
    run_id, _, process = run.tags.get(PROCESS_TAG, "").partition("/")
    if run_id != run.run_id:
        return True  # about to start: it has not said yet which process it is
    number, _, began = process.partition("/")
    try:
        created = seconds_after_boot(psutil.Process(int(number)))
    except psutil.NoSuchProcess:
        return False
    return abs(created - float(began)) < CLOCK_TOLERANCE_SECONDS


def forget_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Delete runs, and all they logged, that ended long ago; a night writes thousands of events.

    The newest stay in any case. What was loaded, checked and published stays on record in the
    warehouse.
    """
    ended = dg.RunsFilter(
        statuses=[
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
            dg.DagsterRunStatus.CANCELED,
        ],
        created_before=now - RUNS_ARE_KEPT,
    )
    newest = instance.get_run_records(limit=LEAST_RUNS_KEPT)
    kept = {record.dagster_run.run_id for record in newest}
    found = {record.dagster_run.run_id for record in instance.get_run_records(ended)}
    old = found - kept
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)


def failure_reason(event: dg.DagsterEvent) -> str:
    """Why a step failed, in the words of whoever raised the error, and what to do about damage."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        reason = data.user_failure_data.description.strip()
    elif data.error:
        reason = (data.error.cause or data.error).message.strip()
    else:
        return ""
    is_damage = any(words in reason for words in DAMAGE) and REBUILD not in reason
    return f"{reason}\n{REBUILD}" if is_damage else reason


def dead_runs_sensor() -> dg.SensorDefinition:
    """Looks for dead runs while the daemon is up, and for those that are long over."""

    @dg.sensor(
        name="dead_runs",
        description="Fails runs whose process is gone, so that the queue goes on.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = mark_dead_runs_failed(context.instance)
        old = forget_old_runs(context.instance, datetime.now(UTC))
        return dg.SkipReason(f"{found} dead run(s) found, {old} old one(s) forgotten")

    return dead_runs
