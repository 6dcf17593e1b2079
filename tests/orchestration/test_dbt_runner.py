"""When the project is parsed again."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingestion.home import Home
from orchestration import dbt_runner
from tests.conftest import Parse


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dbt project of two models."""
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    for name in ("dbt_project.yml", "models/one.sql", "models/two.sql"):
        (folder / name).write_text("select 1")
    monkeypatch.setattr(dbt_runner, "DBT_PROJECT", folder)
    return folder


@pytest.fixture
def parsed(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The commands that dbt was given."""
    commands: list[Sequence[str]] = []

    def invoke(_: Home, arguments: Sequence[str]) -> None:
        commands.append(arguments)
        dbt_runner.manifest_file(home).write_text("{}")

    monkeypatch.setattr(dbt_runner, "invoke", invoke)
    return commands


def test_the_project_is_parsed_again_only_when_it_changed(
    home: Home, project: Path, parsed: list[Sequence[str]]
) -> None:
    for _ in range(2):
        dbt_runner.prepare_manifest(home, {"contract"})
    assert len(parsed) == 1
    dbt_runner.prepare_manifest(home, {"contract", "odoo"})
    assert len(parsed) == 2
    (project / "models" / "two.sql").unlink()
    dbt_runner.prepare_manifest(home, {"contract"})
    assert len(parsed) == 3


def test_a_release_older_than_the_last_parse_is_parsed_too(
    home: Home, project: Path, parsed: list[Sequence[str]]
) -> None:
    dbt_runner.prepare_manifest(home, {"contract"})
    model = project / "models" / "one.sql"
    model.write_text("select 2")
    os.utime(model, (0, 0))
    dbt_runner.prepare_manifest(home, {"contract"})
    assert len(parsed) == 2


def test_what_dbt_parsed_is_the_same_wherever_an_installation_lies(
    home: Home, parse: Parse
) -> None:
    parse(home, {"contract"})
    dbt_runner.invoke(home, ["parse"])
    told = json.loads((home.dbt / "perf_info.json").read_text(encoding="utf-8"))
    assert told["path_count"] > 300
    assert told["parsed_path_count"] == 0
