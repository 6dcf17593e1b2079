"""Dagster's settings: the product's, a person's own in their place, and PostgreSQL for storage."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from dagster._core.test_utils import create_run_for_test

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from orchestration.instance import open_instance
from tests.command import environment
from tests.ingestion.postgres_server import Server

ADDRESS = "ADV_DAGSTER_POSTGRES_URL"
POSTGRES = f"storage:\n  postgres:\n    postgres_url: {{env: {ADDRESS}}}\n"
START = """
from ingestion.home import Home
from orchestration.instance import open_instance
from orchestration.lock import run_lock

home = Home.from_environment()
with run_lock(home, "a start"):
    open_instance(home).get_runs_count()
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance leaves its home in the environment."""
    for name in ("ADV_HOME", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")


def configure(home: Home, text: str) -> None:
    home.dagster_settings.parent.mkdir(parents=True)
    home.dagster_settings.write_text(text, encoding="utf-8")


def address(server: Server) -> str:
    return f"postgresql://postgres@/odoo?host={server.data}&port=5432"


def test_own_sections_take_the_place_of_the_products_and_survive_a_start(home: Home) -> None:
    configure(home, "run_monitoring: {enabled: true, poll_interval_seconds: 7}\n")
    for _ in range(2):
        with open_instance(home) as instance:
            assert instance.run_monitoring_poll_interval_seconds == 7
            assert instance.telemetry_enabled is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("storage: [", "dagster.yaml: while parsing"),
        ("- storage", "dagster.yaml: holds no sections"),
        ("storrage: {}", 'unexpected config entry "storrage" at the root'),
        (POSTGRES, f'environment variable "{ADDRESS}" which is not set'),
    ],
)
def test_a_wrong_setting_is_said(text: str, said: str, home: Home) -> None:
    configure(home, text)
    with pytest.raises(ConfigurationError, match=said):
        open_instance(home)


def test_a_wrong_address_is_said_without_its_password(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, POSTGRES)
    monkeypatch.setenv(ADDRESS, "postgresql//adv:secret-token@localhost/adv")
    with pytest.raises(ConfigurationError, match="the storage cannot be used") as raised:
        open_instance(home)
    assert "secret-token" not in str(raised.value)


def test_two_first_starts_at_once_share_one_storage_in_postgresql(
    home: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, POSTGRES)
    monkeypatch.setenv(ADDRESS, address(server))
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", START], env=environment(home), stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [start.communicate(timeout=300)[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], told

    with open_instance(home) as instance:
        run_id = create_run_for_test(instance).run_id
    with open_instance(home) as instance:
        assert instance.has_run(run_id)
    assert server.ask("select count(*) from runs") == [(1,)]
    assert list(home.dagster.rglob("*.db")) == []
    written = yaml.safe_load((home.dagster / "dagster.yaml").read_text(encoding="utf-8"))
    assert written["storage"] == {"postgres": {"postgres_url": {"env": ADDRESS}}}
