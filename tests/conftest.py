"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.home import Home

pytest_plugins = ("tests.ingestion.mariadb_server", "tests.ingestion.postgres_server")
"""Where the databases are that tests of any folder read."""

LONGEST = (
    *("test_nightly", "test_tryton", "test_faults", "test_demo_nights", "test_sage100"),
    *("test_two_systems", "test_marts", "test_rebuild", "test_models", "test_erase"),
    *("test_any_company", "test_dolibarr", "test_as_of_differences", "test_suitecrm"),
)
"""Files that take a minute and more, the dearest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: begun last, it would keep one process while others idle."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONGEST)))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty installation."""
    return Home(tmp_path / "home")
