"""Runs whose process is gone are not waited for."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import psutil
import pytest
from dagster._core.test_utils import create_run_for_test

import orchestration.instance
from ingestion.home import Home
from orchestration.instance import (
    PROCESS_TAG,
    RUNS_ARE_KEPT,
    forget_old_runs,
    mark_dead_runs_failed,
    open_instance,
    process_mark,
    seconds_after_boot,
)


def started(instance: dg.DagsterInstance, process: str = "", of: str | None = None) -> str:
    """A run of that process; `of` another run, when it is a re-execution with its tags."""
    run_id = str(uuid4())
    tags = {PROCESS_TAG: f"{of or run_id}/{process}"} if process else {}
    create_run_for_test(instance, run_id=run_id, status=dg.DagsterRunStatus.STARTED, tags=tags)
    return run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def this_process() -> str:
    return process_mark("any").partition("/")[2]


def a_dead_process() -> str:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = f"{process.pid}/{seconds_after_boot(psutil.Process(process.pid)):.2f}"
    process.kill()
    process.wait()
    return mark


def test_a_run_whose_process_is_gone_is_marked_failed() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started(instance, a_dead_process())
        assert mark_dead_runs_failed(instance) == 1
        assert status_of(instance, run_id) == dg.DagsterRunStatus.FAILURE


def test_a_living_run_and_one_that_is_about_to_start_are_left_alone() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        alive = started(instance, this_process())
        starting = started(instance)
        repeating = started(instance, a_dead_process(), of="the run before")
        assert mark_dead_runs_failed(instance) == 0
        for run_id in (alive, starting, repeating):
            assert status_of(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_a_process_number_given_to_another_process_is_not_the_run() -> None:
    number = this_process().partition("/")[0]
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started(instance, f"{number}/1.00")
        mark_dead_runs_failed(instance)
        assert status_of(instance, run_id) == dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("seconds", [-86_400, 365 * 86_400])
def test_a_living_run_is_not_taken_for_dead_when_the_clock_is_set(
    seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started(instance, this_process())
        # The system reckons both from the clock, back to a start that it counts from.
        began, booted = psutil.Process().create_time(), psutil.boot_time()
        monkeypatch.setattr(psutil.Process, "create_time", lambda _process: began + seconds)
        monkeypatch.setattr(psutil, "boot_time", lambda: booted + seconds)
        assert mark_dead_runs_failed(instance) == 0
        assert status_of(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_runs_that_ended_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orchestration.instance, "LEAST_RUNS_KEPT", 1)
    with dg.DagsterInstance.ephemeral() as instance:
        ended = create_run_for_test(instance, status=dg.DagsterRunStatus.SUCCESS).run_id
        running = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED).run_id
        now = datetime.now(UTC)
        assert forget_old_runs(instance, now) == 0
        assert forget_old_runs(instance, now + RUNS_ARE_KEPT + timedelta(minutes=1)) == 1
        assert not instance.has_run(ended)
        assert instance.has_run(running)


def test_a_clock_that_runs_ahead_makes_no_run_old() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ended = create_run_for_test(instance, status=dg.DagsterRunStatus.SUCCESS).run_id
        assert forget_old_runs(instance, datetime.now(UTC) + timedelta(days=365)) == 0
        assert instance.has_run(ended)


def test_the_configuration_is_written_only_where_it_differs(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ADV_HOME", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")  # set by `open_instance`; put back afterwards
    open_instance(home).dispose()
    written = home.dagster / "dagster.yaml"
    before = written.stat()
    open_instance(home).dispose()
    assert written.stat() == before
    written.write_text("", encoding="utf-8")  # as a full disk left it
    open_instance(home).dispose()
    assert "event_log_storage" in written.read_text(encoding="utf-8")
