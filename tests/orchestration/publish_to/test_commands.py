"""The step of a night that copies the publication, and the commands that do so by hand."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import dagster as dg
import pytest
import yaml
from typer.testing import CliRunner, Result

from data_quality.acceptances import Acceptances
from ingestion.config import PostgresServer, PublishTo, Sources
from ingestion.ledger import CurrentRun
from orchestration.assets.publish_to import postgres_asset
from orchestration.cli import app
from orchestration.measures import IN_FORCE, ON_POSTGRES
from orchestration.publish import COMPLETE, current_run_id
from orchestration.publish_to.standing import standing
from orchestration.resources import Nightly
from tests.command import environment
from tests.conftest import UNDISPUTED
from tests.orchestration.conftest import MARK, WebServer
from tests.orchestration.publish_to.conftest import Published

SOURCES = {"small": {"system": "fec", "transport": "fec", "path": "x"}}
Command = Callable[..., Result]
NOWHERE = {"host": "127.0.0.1", "port": 9}


def configure(published: Published, **differently: object) -> None:
    """Write the sources file, with the server or another one."""
    server = published.server.model_dump(exclude_none=True) | differently
    published.home.sources_file.parent.mkdir(parents=True, exist_ok=True)
    published.home.sources_file.write_text(
        yaml.safe_dump({"sources": SOURCES, "publish_to": {"postgres": server}})
    )


@pytest.fixture
def command(published: Published, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Commands of the installation, in this process."""
    monkeypatch.setenv("ADV_HOME", str(published.home.root))
    logger = logging.getLogger("adv")
    handlers, propagates = logger.handlers, logger.propagate

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    yield run
    logger.handlers, logger.propagate = handlers, propagates


def step(published: Published, server: PostgresServer) -> dg.ExecuteInProcessResult:
    """What Dagster makes of the step."""
    sources = Sources.model_validate({"sources": SOURCES})
    run = CurrentRun("run", date(2026, 6, 1), 1, datetime.now(UTC))
    nightly = Nightly(published.home, sources, run, None, {}, Acceptances((), {}, 0), UNDISPUTED)
    return dg.materialize(
        [postgres_asset(PublishTo(postgres=server))],
        resources={"nightly": nightly},
        raise_on_error=False,
    )


def test_a_night_copies_what_it_published(published: Published) -> None:
    run_id = published.publish_files(1)
    result = step(published, published.server)
    (made,) = result.asset_materializations_for_node("publish_to_postgres")
    assert made.asset_key == ON_POSTGRES
    assert (made.metadata["run_id"].value, made.metadata["dagster/row_count"].value) == (
        run_id,
        202,
    )
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True]


def test_a_server_out_of_reach_fails_a_check_and_not_the_night(
    published: Published, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", f"{web.url}/hook")
    published.publish_files(1)
    result = step(published, published.server.model_copy(update=NOWHERE))
    assert result.success
    assert result.asset_materializations_for_node("publish_to_postgres") == []
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (IN_FORCE, False)
    assert "PostgreSQL 127.0.0.1/marts cannot be reached" in str(check.description)
    ((_, _, notice),) = web.calls
    assert notice["subject"] == "ADV server not refreshed"
    assert "`adv publish`, or the next run, brings it there" in notice["text"]
    assert MARK not in notice["text"] + str(check.description)


def test_by_hand_the_server_is_brought_to_the_publication_once(
    published: Published, command: Command
) -> None:
    configure(published)
    nothing = standing(published.home)
    assert nothing and not nothing.is_in_force  # the server has nothing, and nor have we
    run_id = published.publish_files(1)
    behind = standing(published.home)
    assert behind and behind.held is None and not behind.is_in_force
    first, again = command("publish"), command("publish")
    assert first.exit_code == again.exit_code == 0
    assert f"was given run {run_id}: 3 tables, 202 rows" in first.stdout
    assert f"holds run {run_id} already" in again.stdout
    up_to_date = standing(published.home)
    assert up_to_date and up_to_date.is_in_force


def test_a_server_that_was_not_reached_holds_an_earlier_publication(published: Published) -> None:
    configure(published)
    published.publish(1)
    published.publish_files(2)
    told = standing(published.home)
    assert told and not told.is_in_force
    assert told.held and told.held.as_of_date == date(2026, 6, 1)
    configure(published, **NOWHERE)
    gone = standing(published.home)
    assert gone and "cannot be reached" in gone.fault


def test_a_rollback_takes_the_server_along(published: Published, command: Command) -> None:
    configure(published)
    for day in (1, 2):
        run_id = published.publish(day).run_id
        stamp = f'{{"run_id": "{run_id}", "known_load": {day}}}'
        folder = published.home.published / run_id
        folder.chmod(0o750)
        (folder / COMPLETE).write_text(stamp)
    result = command("rollback")
    assert result.exit_code == 0, result.output
    assert published.ask("select distinct as_of_date from kpi.aging") == [(date(2026, 6, 1),)]


def test_a_rollback_is_in_force_though_the_server_is_gone(
    published: Published, command: Command
) -> None:
    configure(published, **NOWHERE)
    for day in (1, 2):
        run_id = published.publish_files(day)
        stamp = f'{{"run_id": "{run_id}", "known_load": {day}}}'
        (published.home.published / run_id / COMPLETE).write_text(stamp)
    result = command("rollback")
    assert result.exit_code == 3
    assert "`adv publish` tries again" in result.output
    assert str(current_run_id(published.home)).startswith("run-1-")


def test_by_hand_no_secret_is_told(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(published, password="${WRONG}")
    published.publish_files(1)
    monkeypatch.setenv("WRONG", f"{MARK} is wrong")
    result = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "--verbose", "publish"],
        env=environment(published.home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "password authentication failed" in result.stderr
    assert MARK not in result.stdout + result.stderr


def test_without_a_server_there_is_nothing_to_publish_to(published: Published) -> None:
    published.publish_files(1)
    published.home.sources_file.parent.mkdir(parents=True)
    published.home.sources_file.write_text(yaml.safe_dump({"sources": SOURCES}))
    assert standing(published.home) is None
    result = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "publish"],
        env=environment(published.home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "no server is named under `publish_to`" in result.stderr
