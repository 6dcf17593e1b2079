"""One writer on several machines: the lock where Dagster's storage is in PostgreSQL."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

import orchestration.instance
from ingestion.errors import BusyError, ConfigurationError, LockLostError
from ingestion.home import Home
from ingestion.ledger import CurrentRun
from orchestration import publish
from orchestration.instance import PROCESS_TAG, mark_dead_runs_failed, process_mark
from orchestration.lock import holder_of, run_lock, run_name
from orchestration.rebuild import rebuild, time_machine
from tests.command import adv, environment
from tests.ingestion.postgres_server import Server
from tests.orchestration.conftest import MARK, ask, free_port
from tests.orchestration.test_settings import ADDRESS, POSTGRES, address

HOLD = """
import sys, time
from ingestion.home import Home
from orchestration.lock import run_lock
with run_lock(Home.from_environment(), sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""
HAMMER = """
import os, sys, time
from ingestion.home import Home
from orchestration.lock import run_lock
home = Home.from_environment()
for _ in range(int(sys.argv[1])):
    with run_lock(home, "a hammer"):
        alone = os.open(home.root / "alone", os.O_CREAT | os.O_EXCL)  # fails beside another
        time.sleep(0.01)
        os.close(alone)
        os.unlink(home.root / "alone")
        with open(home.root / "turns", "a") as turns:
            turns.write("x")
"""
SESSIONS = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like"


@pytest.fixture
def home(home: Home, server: Server, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An installation whose storage is in PostgreSQL."""
    for name in ("ADV_HOME", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")  # an instance leaves its home there
    keep_in_postgres(home, server, monkeypatch)
    return home


def keep_in_postgres(home: Home, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    home.dagster_settings.parent.mkdir(parents=True, exist_ok=True)
    home.dagster_settings.write_text(POSTGRES, encoding="utf-8")
    monkeypatch.setenv(ADDRESS, address(server))


@contextmanager
def another(home: Home, holder: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, which has the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, holder],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def seen_from_elsewhere(home: Home, path: Path) -> Home:
    """The same folder as another machine has it, under another name."""
    path.symlink_to(home.root)
    return Home(path)


def test_a_second_process_is_told_who_has_the_lock_and_where(home: Home, tmp_path: Path) -> None:
    with another(home, "run one"):
        elsewhere = seen_from_elsewhere(home, tmp_path / "mounted")
        with (
            pytest.raises(BusyError, match=f"run one on {socket.gethostname()[:50]}"),
            run_lock(elsewhere, "run two", wait_seconds=0),
        ):
            pass
        said = adv(home, "status").stdout
        assert f"Running now: run one on {socket.gethostname()[:50]}" in said
    assert holder_of(home) is None
    assert not home.lock_file.exists()


def test_a_killed_holder_frees_the_lock(home: Home) -> None:
    with another(home, "run one") as process:
        os.kill(process.pid, signal.SIGKILL)
        with run_lock(home, "run two", wait_seconds=5):
            assert (holder_of(home) or "").startswith("run two on ")


def test_two_processes_never_have_it_at_once(home: Home) -> None:
    with run_lock(home, "a start"):
        hammers = [
            subprocess.Popen(
                [sys.executable, "-c", HAMMER, "20"],
                env=environment(home),
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
    told = [hammer.communicate(timeout=300)[1] for hammer in hammers]
    assert [hammer.returncode for hammer in hammers] == [0, 0], told
    assert (home.root / "turns").read_text() == "x" * 40


def test_who_holds_the_lock_notices_that_it_was_lost(home: Home, server: Server) -> None:
    with run_lock(home, "run one") as lock:
        lock.assert_held()
        server.execute(f"{SESSIONS} 'run one%'")
        with run_lock(home, "run two", wait_seconds=5) as other:
            other.assert_held()
            for _ in range(2):  # a connection that comes back has no lock
                with pytest.raises(LockLostError, match="was lost"):
                    lock.assert_held()
            assert (holder_of(home) or "").startswith("run two")


def test_installations_in_schemas_of_their_own_do_not_meet(
    home: Home, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute("create schema if not exists elsewhere")
    other = Home(tmp_path / "other")
    other.dagster_settings.parent.mkdir(parents=True)
    other.dagster_settings.write_text(POSTGRES.replace(ADDRESS, "ADV_OTHER"), encoding="utf-8")
    monkeypatch.setenv("ADV_OTHER", f"{address(server)}&options=-csearch_path%3Delsewhere")
    with run_lock(home, "run one"), run_lock(other, "run two", wait_seconds=0):
        assert (holder_of(other) or "").startswith("run two")
        with pytest.raises(BusyError), run_lock(other, "run three", wait_seconds=0):
            pass
    server.execute("drop schema elsewhere")


def test_the_time_machine_has_a_lock_of_its_own_there(home: Home) -> None:
    with run_lock(home, "a run"), run_lock(time_machine(home), "a rebuild", wait_seconds=0):
        with pytest.raises(BusyError), run_lock(time_machine(home), "another", wait_seconds=0):
            pass
        assert (holder_of(home) or "").startswith("a run")


def test_a_server_that_is_not_there_is_said_without_its_password(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, f"postgresql://adv:{MARK}@127.0.0.1:{free_port()}/adv")
    with (
        pytest.raises(ConfigurationError, match="can it be reached") as raised,
        run_lock(home, "a run"),
    ):
        pass
    assert MARK not in str(raised.value)
    shown = adv(home, "status")
    assert (shown.returncode, MARK in shown.stdout + shown.stderr) == (0, False)
    assert "Whether a run goes on cannot be told" in shown.stdout


def test_marts_are_not_put_in_force_without_the_lock(
    home: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a build that took hours: everything is there but the lock."""
    for step in ("_verified", "_export_parquet"):
        monkeypatch.setattr(publish, step, lambda *_: None)
    run = CurrentRun("run-1", date(2026, 1, 1), 1, datetime.now(UTC))
    publish.begin(home, run.run_id)
    with run_lock(home, "run one") as lock:
        server.execute(f"{SESSIONS} 'run one%'")
        with pytest.raises(LockLostError):
            publish.publish(home, run, 7, lock)
    assert publish.current_run_id(home) is None


def test_a_night_that_loses_the_lock_puts_nothing_in_force(
    night: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its load is rolled back, and the next one makes it good."""
    keep_in_postgres(night, server, monkeypatch)
    newest = "select max(known_load) from meta.runs"
    before, load = publish.current_run_id(night), ask(night, newest)
    with subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run", "--full-refresh"],
        env=environment(night),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not (holder_of(night) or "").startswith("run ") and time.monotonic() < deadline:
            time.sleep(0.05)
        server.execute(f"{SESSIONS} 'run %'")
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 1
    assert "was lost" in said
    assert publish.current_run_id(night) == before
    assert ask(night, newest) == load
    again = adv(night, "run")
    assert again.returncode == 0, again.stdout + again.stderr
    assert publish.current_run_id(night) != before


def test_a_rebuilt_warehouse_takes_no_place_without_the_lock(
    night: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in_postgres(night, server, monkeypatch)
    before = night.warehouse.stat()

    def lose(_home: Home) -> tuple[Home, None]:
        server.execute(f"{SESSIONS} 'a rebuild%'")
        return night, None

    monkeypatch.setattr("orchestration.rebuild.replay_beside", lose)
    with pytest.raises(LockLostError):
        rebuild(night, replace=True)
    assert night.warehouse.stat() == before


def of_another_machine(instance: dg.DagsterInstance) -> str:
    """A run that began there, and of whose process nothing can be seen here."""
    run_id = str(uuid4())
    number = process_mark(run_id).rpartition("/")[0]
    create_run_for_test(
        instance,
        run_id=run_id,
        status=dg.DagsterRunStatus.STARTED,
        tags={PROCESS_TAG: f"{number.replace(str(os.getpid()), '4999999')}/elsewhere:1"},
    )
    return run_id


def test_a_living_run_of_another_machine_is_left_alone(home: Home) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = of_another_machine(instance)
        with another(home, run_name(run_id)):
            assert mark_dead_runs_failed(home, instance) == 0
        assert mark_dead_runs_failed(home, instance) == 1


def test_a_run_of_another_machine_that_spoke_just_now_is_left_alone(home: Home) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = of_another_machine(instance)
        run = instance.get_run_by_id(run_id)
        assert run is not None
        instance.report_engine_event("about to take the lock", run)
        assert mark_dead_runs_failed(home, instance) == 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(orchestration.instance, "SILENT_SECONDS", 0)
            assert mark_dead_runs_failed(home, instance) == 1
