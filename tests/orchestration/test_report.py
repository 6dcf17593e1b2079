"""`adv report`: a list at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from orchestration.cli import app
from tests.reports.conftest import rows
from tests.reports.marts import make_marts


@pytest.fixture
def published(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Home:
    home.published.mkdir(parents=True)
    make_marts(home.marts, rows())
    monkeypatch.setenv("ADV_HOME", str(home.root))
    monkeypatch.chdir(tmp_path)
    return home


@pytest.mark.usefixtures("published")
def test_a_list_without_a_file_is_named_after_itself(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["report", "unpaid", "--lang", "fr"])
    assert said.exit_code == 0, said.output
    assert "7 lines as of 2026-06-30" in said.output
    assert (tmp_path / "unpaid-2026-06-30-fr.xlsx").exists()


@pytest.mark.usefixtures("published")
def test_letters_are_written_beside_the_list(tmp_path: Path) -> None:
    arguments = ["report", "dunning", "--out", "d.csv", "--letters", "letters"]
    said = CliRunner().invoke(app, arguments)
    assert "8 letters, none of them sent" in said.output
    assert len(list((tmp_path / "letters" / "2026-06-30").glob("*.pdf"))) == 8


def test_letters_no_longer_due_are_put_aside_and_told(published: Home, tmp_path: Path) -> None:
    arguments = ["report", "dunning", "--out", "d.csv", "--letters", "letters"]
    CliRunner().invoke(app, arguments)
    published.marts.unlink()
    make_marts(published.marts, {**rows(), "kpi.dunning_worklist": []})
    said = CliRunner().invoke(app, arguments)
    assert "0 letters, none of them sent: letters/2026-06-30\n" in said.output
    assert (
        "9 earlier letters and drafts no longer due, put aside: letters/2026-06-30/no longer due"
        in said.output
    )
    assert len(list((tmp_path / "letters" / "2026-06-30" / "no longer due").iterdir())) == 9


@pytest.mark.usefixtures("published")
def test_letters_go_with_reminders_only() -> None:
    said = CliRunner().invoke(app, ["report", "claims", "--letters", "letters"])
    assert isinstance(said.exception, ConfigurationError)


def test_marts_of_another_day_are_read_from_their_file(published: Home, tmp_path: Path) -> None:
    then = published.marts.rename(tmp_path / "then.duckdb")
    said = CliRunner().invoke(app, ["report", "at-risk", "--out", "r.pdf", "--marts", str(then)])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "r.pdf").exists()
