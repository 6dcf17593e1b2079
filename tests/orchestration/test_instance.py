"""Runs whose process is gone are not waited for."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import psutil
import pytest
from dagster._core.test_utils import create_run_for_test

import orchestration.instance
from ingestion.errors import LayoutError
from ingestion.home import Home
from orchestration.instance import (
    PROCESS_TAG,
    forget_old_runs,
    mark_dead_runs_failed,
    open_instance,
    process_mark,
    seconds_after_boot,
)

BEFORE_BACKFILLS_OF_RUNS = "284a732df317"
"""A version of Dagster's tables that lacks a column of runs, `backfill_id`, and its index."""


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


def test_a_run_whose_process_is_gone_is_marked_failed(home: Home) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started(instance, a_dead_process())
        assert mark_dead_runs_failed(home, instance) == 1
        assert status_of(instance, run_id) == dg.DagsterRunStatus.FAILURE


def test_a_run_of_an_earlier_version_that_was_killed_is_marked_failed(home: Home) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        killed, repeating = str(uuid4()), str(uuid4())
        for run_id in (killed, repeating):  # which inherits the tag
            tags = {"adv/process": f"{killed}/{this_process()}"}
            create_run_for_test(
                instance, run_id=run_id, status=dg.DagsterRunStatus.STARTED, tags=tags
            )
        assert mark_dead_runs_failed(home, instance) == 1
        assert status_of(instance, killed) == dg.DagsterRunStatus.FAILURE


def test_a_living_run_and_one_that_is_about_to_start_are_left_alone(home: Home) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        alive = started(instance, this_process())
        starting = started(instance)
        repeating = started(instance, a_dead_process(), of="the run before")
        assert mark_dead_runs_failed(home, instance) == 0
        for run_id in (alive, starting, repeating):
            assert status_of(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_a_process_number_given_to_another_process_is_not_the_run(home: Home) -> None:
    number = this_process().partition("/")[0]
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started(instance, f"{number}/1.00")
        mark_dead_runs_failed(home, instance)
        assert status_of(instance, run_id) == dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("seconds", [-86_400, 365 * 86_400])
def test_a_living_run_is_not_taken_for_dead_when_the_clock_is_set(
    seconds: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started(instance, this_process())
        # The system reckons both from the clock, back to a start that it counts from.
        began, booted = psutil.Process().create_time(), psutil.boot_time()
        monkeypatch.setattr(psutil.Process, "create_time", lambda _process: began + seconds)
        monkeypatch.setattr(psutil, "boot_time", lambda: booted + seconds)
        assert mark_dead_runs_failed(home, instance) == 0
        assert status_of(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_runs_that_ended_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orchestration.instance, "LEAST_RUNS_KEPT", 1)
    with dg.DagsterInstance.ephemeral() as instance:
        ended = create_run_for_test(instance, status=dg.DagsterRunStatus.SUCCESS).run_id
        running = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED).run_id
        now = datetime.now(UTC)
        assert forget_old_runs(instance, now, kept_days=30) == 0
        later = now + timedelta(days=30, minutes=1)
        assert forget_old_runs(instance, later, kept_days=30) == 1
        assert not instance.has_run(ended)
        assert instance.has_run(running)


def test_nothing_that_a_forgotten_run_logged_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orchestration.instance, "LEAST_RUNS_KEPT", 1)
    monkeypatch.setenv("ADV_HOME", "")  # set by the instance, and restored afterwards
    monkeypatch.setenv("DAGSTER_HOME", "")

    @dg.asset
    def table() -> None:
        """Nothing to make."""

    @dg.asset_check(asset=table)
    def checked() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    home = Home(tmp_path)
    instance = open_instance(home)
    dg.materialize([table, checked], instance=instance)
    create_run_for_test(instance)  # the newest stays
    forget_old_runs(instance, datetime.now(UTC) + timedelta(days=2), kept_days=1)
    instance.dispose()
    with closing(sqlite3.connect(home.dagster / "event_log.db")) as log:
        for name in ("event_logs", "asset_event_tags", "asset_check_executions"):
            assert log.execute(f"select count(*) from {name}").fetchone() == (0,), name


def test_an_instance_of_an_older_dagster_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_HOME", "")
    monkeypatch.setenv("DAGSTER_HOME", "")
    home = Home(tmp_path)
    with open_instance(home) as instance:
        newest, _ = instance.run_storage.alembic_version() or ("", "")
    written_by(home, BEFORE_BACKFILLS_OF_RUNS)
    with open_instance(home) as instance:
        assert instance.run_storage.alembic_version() == (newest, newest)
        assert instance.get_runs() == []


def test_an_instance_of_a_newer_dagster_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_HOME", "")
    monkeypatch.setenv("DAGSTER_HOME", "")
    home = Home(tmp_path)
    open_instance(home).dispose()
    written_by(home, "not yet known")
    with pytest.raises(LayoutError, match="A newer Dagster"):
        open_instance(home)


def written_by(home: Home, revision: str) -> None:
    """Let Dagster's tables of runs be those of another version of it."""
    with closing(sqlite3.connect(home.dagster / "history" / "runs.db")) as runs, runs:
        if revision == BEFORE_BACKFILLS_OF_RUNS:
            runs.execute("drop index idx_runs_by_backfill_id")
            runs.execute("alter table runs drop column backfill_id")
        runs.execute("update alembic_version set version_num = ?", [revision])


def test_a_clock_that_runs_ahead_makes_no_run_old() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ended = create_run_for_test(instance, status=dg.DagsterRunStatus.SUCCESS).run_id
        assert forget_old_runs(instance, datetime.now(UTC) + timedelta(days=365), kept_days=90) == 0
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
