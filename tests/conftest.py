"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from ingestion.home import Home

pytest_plugins = (
    "tests.ingestion.mariadb_server",
    "tests.ingestion.postgres_server",
    "tests.spark_cluster",
)
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


class Undisputed:
    """A lock that nobody takes away, for what asks whether it is held."""

    def assert_held(self) -> None:
        """It is."""


UNDISPUTED = Undisputed()

DEMO_SYSTEMS = {"contract", "fec", "odoo", "salesforce", "sheets"}
"""What the sources of the demo company run."""

Parse = Callable[[Home, Collection[str]], None]


@pytest.fixture(scope="session")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Parse:
    """Let dbt's parsing of the project be done for an installation with these systems.

    It takes longer than a small night, and is the same for all of them: the first test that needs
    it does it for all others, in whatever process they run.
    """
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "parsed"

    def take_over(home: Home, systems: Collection[str]) -> None:
        from orchestration.dbt_runner import prepare_manifest, take_over_manifest
        from orchestration.lock import run_lock

        parsed = Home(shared / "_".join(sorted(systems)))
        with run_lock(parsed, "a test that parses"):
            prepare_manifest(parsed, systems)
            take_over_manifest(home, parsed)

    return take_over
