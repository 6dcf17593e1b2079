"""Copies what Dagster knows of runs and their stages into the warehouse, to be published.

A run does that before it builds the marts: of all runs that ended since, killed ones included, and
of its own stages so far. Its own building and publishing is what the next run tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster import DagsterEventType as Event
from dagster._core.execution.stats import RunStepKeyStatsSnapshot, StepEventStatus
from dagster._core.storage.tags import PARENT_RUN_ID_TAG, SCHEDULE_NAME_TAG

from ingestion.measures import (
    RUNNING,
    MeasuredRun,
    MeasuredStage,
    measured_runs,
    record_measures,
)
from orchestration.instance import ENDED, failure_reason, is_of_command_line
from orchestration.resources import AS_OF_TAG, Nightly

LONGEST_REASON = 1000
"""Characters; a refusal may name many tables."""
PUBLISHING_TO_POSTGRES = "publish_to_postgres"
STEPS = {"load": "load", "dbt": "build", PUBLISHING_TO_POSTGRES: PUBLISHING_TO_POSTGRES}
LANDING = "land_"
PUBLISHING = "publish"
PUBLICATION = dg.AssetKey(["published", "marts"])
RECONCILED = "reconciled"
ON_POSTGRES = dg.AssetKey(["published", "postgres"])
IN_FORCE = "in_force"
SECONDS = "seconds"
"""Of the check: how long it took."""


def keep_measures(instance: dg.DagsterInstance, nightly: Nightly) -> None:
    """Record all runs that ended since the last record, and this one so far."""
    known = measured_runs(nightly.home) | {nightly.run.run_id}
    ended = instance.get_run_records(dg.RunsFilter(statuses=ENDED))
    present = instance.get_run_records(dg.RunsFilter(run_ids=[nightly.run.run_id]))
    new = [record for record in ended if record.dagster_run.run_id not in known]
    runs: list[MeasuredRun] = []
    stages: list[MeasuredStage] = []
    for record in [*new, *present]:
        failures = _failures(instance, record.dagster_run.run_id)
        runs.append(_measured(instance, record, failures))
        stages += _stages(instance, record.dagster_run, failures)
    limits = {name: source.fresh_within for name, source in nightly.sources.sources.items()}
    record_measures(
        nightly.home, runs, stages, {name: limit for name, limit in limits.items() if limit}
    )


def _measured(
    instance: dg.DagsterInstance, record: dg.RunRecord, failures: dict[str, str]
) -> MeasuredRun:
    run = record.dagster_run
    ended = run.is_finished
    killed = run.status == dg.DagsterRunStatus.FAILURE and not failures
    rows, size = _publication(instance, run.run_id)
    day = run.tags.get(AS_OF_TAG)
    reasons = [f"{step}: {reason}" for step, reason in failures.items()]
    return MeasuredRun(
        run_id=run.run_id,
        as_of_date=date.fromisoformat(day) if day else None,
        started_by=_started_by(run),
        began_at=_instant(record.start_time),
        # Of a killed run Dagster knows when it was found dead.
        seconds=None if killed else _seconds(record.start_time, record.end_time),
        outcome=run.status.value.lower() if ended else RUNNING,
        reason=_cut("\n".join(reasons) or (_run_failure(instance, run.run_id) if killed else "")),
        published_rows=rows,
        published_bytes=size,
    )


def _stages(
    instance: dg.DagsterInstance, run: dg.DagsterRun, failures: dict[str, str]
) -> Iterator[MeasuredStage]:
    """The stages that ended and, where the run did, the one in which it was killed."""
    for step in instance.get_run_step_stats(run.run_id):
        running = step.status == StepEventStatus.IN_PROGRESS and not run.is_finished
        if running or step.status in (None, StepEventStatus.SKIPPED):
            continue
        is_landing = step.step_key.startswith(LANDING)
        if step.step_key == PUBLISHING:
            yield from _checked_and_published(instance, step, failures)
        elif is_landing or step.step_key in STEPS:
            stage = MeasuredStage(
                run_id=run.run_id,
                stage="land" if is_landing else STEPS[step.step_key],
                source_id=step.step_key.removeprefix(LANDING) if is_landing else "",
                began_at=_instant(step.start_time),
                seconds=_seconds(step.start_time, step.end_time),
                outcome=_outcome(step),
                reason=_cut(failures.get(step.step_key, "")),
            )
            if step.step_key == PUBLISHING_TO_POSTGRES:
                stage = _with_verdict(instance, stage)
            yield stage


def _with_verdict(instance: dg.DagsterInstance, stage: MeasuredStage) -> MeasuredStage:
    """A server that could not be brought to the publication fails a check, and not its step."""
    evaluation = _evaluation(instance, stage.run_id, IN_FORCE)
    if evaluation is None or evaluation.passed:
        return stage
    return replace(stage, outcome="failure", reason=_cut(evaluation.description or ""))


def _checked_and_published(
    instance: dg.DagsterInstance, step: RunStepKeyStatsSnapshot, failures: dict[str, str]
) -> Iterator[MeasuredStage]:
    """Two stages are one step, since nothing may come between them: the verdict parts them."""
    whole = MeasuredStage(
        run_id=step.run_id,
        stage="check",
        source_id="",
        began_at=_instant(step.start_time),
        seconds=_seconds(step.start_time, step.end_time),
        outcome=_outcome(step),
        reason=_cut(failures.get(step.step_key, "")),
    )
    evaluation = _evaluation(instance, step.run_id, RECONCILED)
    if evaluation is None or not evaluation.passed:
        yield whole
        return
    if SECONDS not in evaluation.metadata:  # as an earlier version ran it
        yield replace(whole, stage="publish")
        return
    seconds = float(str(evaluation.metadata[SECONDS].value))
    yield replace(whole, seconds=seconds, outcome="success", reason="")
    yield replace(
        whole,
        stage="publish",
        began_at=whole.began_at and whole.began_at + timedelta(seconds=seconds),
        seconds=whole.seconds and whole.seconds - seconds,
    )


def _failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Why steps of a run failed, by step."""
    events = instance.get_records_for_run(run_id, of_type=Event.STEP_FAILURE).records
    found = (record.event_log_entry.get_dagster_event() for record in events)
    return {str(event.step_key): failure_reason(event) for event in found}


def _run_failure(instance: dg.DagsterInstance, run_id: str) -> str:
    """Why a run failed outside its steps: it was killed, or could not begin."""
    event = next(_last(instance, run_id, Event.RUN_FAILURE), None)
    if event is None:
        return ""
    error = event.job_failure_data.error if event.event_specific_data else None
    return (error.cause or error).message.strip() if error else event.message or ""


def _publication(instance: dg.DagsterInstance, run_id: str) -> tuple[int | None, int | None]:
    """Rows and bytes of what a run published."""
    made = _last(instance, run_id, Event.ASSET_MATERIALIZATION)
    event = next((event for event in made if event.asset_key == PUBLICATION), None)
    if event is None:
        return None, None
    metadata = event.step_materialization_data.materialization.metadata

    def told(name: str) -> int | None:
        return int(str(metadata[name].value)) if name in metadata else None

    return told("dagster/row_count"), told("bytes")  # earlier versions told no bytes


def _evaluation(
    instance: dg.DagsterInstance, run_id: str, check_name: str
) -> dg.AssetCheckEvaluation | None:
    """What a check of the publication, or of its copy, came to."""
    told = (
        event.asset_check_evaluation_data
        for event in _last(instance, run_id, Event.ASSET_CHECK_EVALUATION)
    )
    return next((found for found in told if found.check_name == check_name), None)


def _last(instance: dg.DagsterInstance, run_id: str, kind: Event) -> Iterator[dg.DagsterEvent]:
    """The events of a kind, the newest first: after publishing come its copy and its reports."""
    found = instance.get_records_for_run(run_id, of_type=kind, ascending=False).records
    events = (record.event_log_entry.get_dagster_event() for record in found)
    return (event for event in events if event is not None)


def _started_by(run: dg.DagsterRun) -> str:
    if is_of_command_line(run):
        return "command_line"
    # A person who repeats a run of the schedule takes over its tags.
    if SCHEDULE_NAME_TAG in run.tags and PARENT_RUN_ID_TAG not in run.tags:
        return "schedule"
    return "user_interface"


def _outcome(step: RunStepKeyStatsSnapshot) -> str:
    return "success" if step.status == StepEventStatus.SUCCESS else "failure"


def _instant(stamp: float | None) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None) if stamp else None


def _seconds(start: float | None, end: float | None) -> float | None:
    return end - start if start and end else None


def _cut(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} …"
