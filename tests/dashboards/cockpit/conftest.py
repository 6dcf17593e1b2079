"""An installation that has published, and somebody who asks its cockpit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from dashboards.cockpit.app import Cockpit
from ingestion.config import read_sources
from ingestion.home import Home
from tests.dashboards.cockpit import company

Ask = Callable[..., TestClient]
HERE = "http://127.0.0.1"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small company's publication, which no test changes."""
    home = Home(tmp_path_factory.mktemp("cockpit"))
    company.publish(home, "first")
    company.configure(home)
    return home


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Opens the cockpit of an installation to somebody."""
    opened: dict[Home, Cockpit] = {}
    with ExitStack() as held:

        def client(home: Home, login: str | None = None) -> TestClient:
            # One for all: a process opens a publication once.
            if home not in opened:
                opened[home] = Cockpit(home, lambda: read_sources(home.sources_file))
                held.callback(opened[home].publications.close)
            return held.enter_context(
                TestClient(
                    opened[home].application(),
                    base_url=HERE,
                    headers={"X-User": login} if login else {},
                    client=("127.0.0.1", 40000),
                )
            )

        yield client


@pytest.fixture
def cockpit(published: Home, ask: Ask) -> TestClient:
    """The small company's cockpit, for who sits at its machine."""
    return ask(published)
