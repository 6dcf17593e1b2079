"""`adv report`: a list at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from orchestration.cli import app
from reports.prepared import PreparedList
from reports.writing import write_list
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


def test_list_and_letters_are_of_one_publication(
    published: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force = published.marts.rename(published.published / "one.duckdb")
    published.marts.symlink_to(in_force)

    def write_while_another_is_published(prepared: PreparedList, target: Path) -> None:
        write_list(prepared, target)
        published.marts.unlink()
        make_marts(published.marts, {})

    monkeypatch.setattr("reports.writing.write_list", write_while_another_is_published)
    arguments = ["report", "dunning", "--out", "d.csv", "--letters", "letters"]
    said = CliRunner().invoke(app, arguments)
    assert "11 lines" in said.output
    assert "8 letters" in said.output


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
