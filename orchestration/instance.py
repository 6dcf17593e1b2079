"""The Dagster instance under `ADV_HOME/dagster`."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psutil
import yaml
from dagster._core.storage.tags import HIDDEN_TAG_PREFIX

from ingestion.engine import DAMAGE, REBUILD
from ingestion.errors import LayoutError
from ingestion.home import Home
from orchestration.lock import names_in_lock, run_name
from orchestration.own_settings import own_settings, storage_in_postgres, unusable, wrong

PROCESS_TAG = f"{HIDDEN_TAG_PREFIX}adv_process"
FORMER_PROCESS_TAG = "adv/process"
"""Of versions that did not hide it: the run of one of them may have been killed before an upgrade,
and the upgrade has ended all others."""
COMMAND_LINE_TAG = f"{HIDDEN_TAG_PREFIX}adv_command_line"
"""The id of a run of the command line. One who repeats it in the user interface takes over its
tags, but not its id."""
ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
PROCESS_IS_GONE = "The process of this run is gone."
CONFIGURATION = Path(__file__).with_name("dagster.yaml")
LEAST_RUNS_KEPT = 90
"""Whatever their age: a clock that runs ahead makes all of them old."""
CLOCK_TOLERANCE_SECONDS = 2.0
"""The clock may be set between reading a process's start and the machine's."""
SILENT_SECONDS = 5 * 60
"""For which a run of another machine says nothing before it is looked whether it is there: it
takes the lock a little after its start, and gives it back a little before its end."""


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance, created whole before anything else starts.

    Two processes that start an empty instance at once would break its database for good, so
    this runs under the lock of a run or before the user interface's processes.

    Raises:
        LayoutError: a newer version of Dagster has written it.
        ConfigurationError: an own setting is wrong, or its storage cannot be reached.

    """
    home.dagster.mkdir(parents=True, exist_ok=True)
    _configure(home)
    os.environ["ADV_HOME"] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    instance = _opened(home)
    _bring_up_to_date(instance)
    return instance


def _bring_up_to_date(instance: dg.DagsterInstance) -> None:
    """Let a newer Dagster change its tables; the event log does not tell its version.

    Raises:
        LayoutError: an even newer one has written them.

    """
    from alembic.util import CommandError

    versions = [instance.run_storage.alembic_version()]
    if instance.schedule_storage:
        versions.append(instance.schedule_storage.alembic_version())
    if all(version is None or version[0] == version[1] for version in versions):
        return
    try:
        instance.upgrade()
    except CommandError as error:
        raise LayoutError(
            f"A newer Dagster has written {instance.root_directory}: {error}. Use the newer "
            "version of the product."
        ) from None


def _opened(home: Home) -> dg.DagsterInstance:
    """The instance; where a person chose its settings, what is wrong is told as theirs."""
    if not home.dagster_settings.exists():
        return dg.DagsterInstance.get()
    try:
        return dg.DagsterInstance.get()
    except dg.DagsterError as error:
        raise wrong(home, str(error)) from None
    except Exception as error:
        raise unusable(home, error) from None


def _configure(home: Home) -> None:
    """Write the instance's settings: the product's, but for the sections that a person wrote."""
    settings = CONFIGURATION.read_text(encoding="utf-8")
    own = own_settings(home)
    if own:
        merged = {**yaml.safe_load(settings), **own}
        if "storage" in own:
            merged.pop("event_log_storage", None)  # is a part of it
        settings = yaml.safe_dump(merged, sort_keys=False)
    target = home.dagster / "dagster.yaml"
    if target.exists() and target.read_bytes() == settings.encode():
        return
    whole = target.with_suffix(".new")
    whole.write_text(settings, encoding="utf-8")
    whole.replace(target)  # other processes read it at any time


def process_mark(run_id: str) -> str:
    """Says that this process runs the run.

    A later process with the same number is not taken for it, nor one of another machine, nor is a
    re-execution, which inherits the tag, for the run that it repeats.
    """
    began = seconds_after_boot(psutil.Process())
    return f"{run_id}/{os.getpid()}/{began:.2f}/{_machine()}"


def _machine() -> str:
    """Where processes see each other: a machine, or one container of it."""
    processes = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}:{processes.stat().st_ino if processes.exists() else 0}"


def seconds_after_boot(process: psutil.Process) -> float:
    """When a process began; unlike the time of day, it stays when the clock is set."""
    return process.create_time() - psutil.boot_time()


def is_of_command_line(run: dg.DagsterRun) -> bool:
    """Whether `adv run` started the run, and waits for its end."""
    return run.tags.get(COMMAND_LINE_TAG) == run.run_id


def mark_dead_runs_failed(home: Home, instance: dg.DagsterInstance) -> int:
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
    dead = [run for run in unfinished if not _is_alive(home, instance, run)]
    for run in dead:
        instance.report_run_failed(run, message=PROCESS_IS_GONE)
    return len(dead)


def _is_alive(home: Home, instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    run_id, _, process = run.tags.get(PROCESS_TAG, "").partition("/")
    if run.tags.get(FORMER_PROCESS_TAG, "").startswith(f"{run.run_id}/"):
        return False
    if run_id != run.run_id:
        return True  # about to start: it has not said yet which process it is
    number, began, *machine = process.split("/")
    if machine == [_machine()] or storage_in_postgres(home) is None:
        return _is_process_alive(int(number), float(began))
    return _is_heard_of(home, instance, run)


def _is_process_alive(number: int, began: float) -> bool:
    try:
        created = seconds_after_boot(psutil.Process(number))
    except psutil.NoSuchProcess:
        return False
    return abs(created - began) < CLOCK_TOLERANCE_SECONDS


def _is_heard_of(home: Home, instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run of another machine has the lock, or waits for it, or spoke just now."""
    if any(name.startswith(run_name(run.run_id)) for name in names_in_lock(home)):
        return True
    newest = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    return bool(newest) and time.time() - newest[0].timestamp < SILENT_SECONDS


def forget_old_runs(instance: dg.DagsterInstance, now: datetime, kept_days: int) -> int:
    """Delete runs, and all they logged, that ended long ago; a night writes thousands of events.

    The newest stay in any case. What was loaded, checked and published stays on record in the
    warehouse.
    """
    ended = dg.RunsFilter(
        statuses=ENDED,
        created_before=now - timedelta(days=kept_days),
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


def dead_runs_sensor(home: Home, kept_days: int) -> dg.SensorDefinition:
    """Looks for dead runs while the daemon is up, and for those that are long over."""

    @dg.sensor(
        name="dead_runs",
        description="Fails runs whose process is gone, so that the queue goes on.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = mark_dead_runs_failed(home, context.instance)
        old = forget_old_runs(context.instance, datetime.now(UTC), kept_days)
        return dg.SkipReason(f"{found} dead run(s) found, {old} old one(s) forgotten")

    return dead_runs
