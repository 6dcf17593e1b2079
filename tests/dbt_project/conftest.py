"""A warehouse with every table and no row, for dbt's own unit tests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingestion.declarations import systems
from ingestion.engine import connect
from ingestion.home import Home
from ingestion.ledger import prepare_warehouse
from orchestration import dbt_runner, publish
from orchestration.dbt_runner import NodeResult
from orchestration.seeds import load_seeds


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An installation before its first load."""
    home = Home(tmp_path_factory.mktemp("empty"))
    prepare_warehouse(home)
    connection = connect(home.warehouse)
    connection.execute(
        "insert into control.current_run (run_id, as_of_date, known_at, known_load) "
        "values ('empty', '2026-01-01', '2026-01-02 01:00:00', 20260102010000000)"
    )
    connection.close()
    dbt_runner.prepare_manifest(home, systems())
    return home


@pytest.fixture(scope="session")
def manifest(empty_home: Home) -> dict[str, Any]:
    """Dbt's description of the project."""
    text = dbt_runner.manifest_file(empty_home).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture(scope="session")
def build_results(empty_home: Home) -> list[NodeResult]:
    """What came of every node when the project was built from nothing."""
    publish.begin(empty_home, "empty")
    load_seeds(empty_home)
    return dbt_runner.build(empty_home)


@pytest.fixture(scope="session")
def built_home(empty_home: Home, build_results: list[NodeResult]) -> Home:
    """The same with every model built from nothing."""
    failed = [result for result in build_results if result.failed]
    assert not failed, failed
    return empty_home
