"""When a run has something to build: whenever anything is new that marts are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

import kpi_statistics
from ingestion.engine import connect
from ingestion.erasure import Erasure, record
from ingestion.home import Home
from ingestion.horizon import Horizon
from ingestion.ledger import prepare_warehouse
from orchestration import dbt_runner, news

DAY = date(2026, 6, 30)
Change = Callable[[Home, pytest.MonkeyPatch], None]


@pytest.fixture
def warehouse(home: Home) -> Home:
    """One that knows of one load, which brought three rows."""
    prepare_warehouse(home)
    _load(home, 20260630020000000, added=3)
    return home


def _load(home: Home, load_id: int, *, added: int = 0, changed: int = 0, deleted: int = 0) -> None:
    _control(
        home,
        "insert into control.loads (source_id, table_name, load_id, rows_added, rows_changed, "
        f"rows_deleted) values ('erp', 'orders', {load_id}, {added}, {changed}, {deleted})",
    )


def _control(home: Home, statement: str) -> None:
    with connect(home.warehouse, reach=()) as connection:
        connection.execute(statement)


def test_what_brings_no_rows_is_no_news(warehouse: Home) -> None:
    before = news.ingredients(warehouse, DAY)
    _load(warehouse, 20260701020000000)
    assert news.ingredients(warehouse, DAY) == before


def test_another_day_is_news(warehouse: Home) -> None:
    tomorrow = DAY + timedelta(days=1)
    assert news.ingredients(warehouse, tomorrow) != news.ingredients(warehouse, DAY)


def _erased(home: Home, _: pytest.MonkeyPatch) -> None:
    asked = Erasure(
        source_id="erp",
        table="contacts",
        rows={"id": "1"},
        reason="asked by letter",
        asked_by="dpo",
        asked_at=datetime(2026, 6, 30, 9, tzinfo=UTC),
        known_load=20260630020000000,
    )
    record(home, asked)


def _other_system(home: Home, _: pytest.MonkeyPatch) -> None:
    home.dbt.mkdir(parents=True)
    (home.dbt / "systems.txt").write_text("tryton")


def _other_statistics(home: Home, patch: pytest.MonkeyPatch) -> None:
    (home.root / "forecast.py").write_text("# another way")
    patch.setattr(kpi_statistics, "__path__", [str(home.root)])


def _horizon(_: Home, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(news, "horizon", lambda _: Horizon(load_id=20260101020000000))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda home, _: _load(home, 20260701020000000, added=1), id="a row is added"),
        pytest.param(lambda home, _: _load(home, 20260701020000000, changed=1), id="one changes"),
        pytest.param(lambda home, _: _load(home, 20260701020000000, deleted=1), id="one goes"),
        pytest.param(
            lambda home, _: _control(home, "update control.installation set seeds = 'others'"),
            id="a seed is overridden",
        ),
        pytest.param(
            lambda home, _: _control(home, "update control.installation set pseudonym_key = 'x'"),
            id="agents are called otherwise",
        ),
        pytest.param(_erased, id="a person is erased"),
        pytest.param(_horizon, id="history is folded"),
        pytest.param(_other_system, id="a system comes"),
        pytest.param(_other_statistics, id="statistics are computed otherwise"),
        pytest.param(
            lambda _, patch: patch.setattr(dbt_runner, "project_state", lambda: "another"),
            id="a model changes",
        ),
        pytest.param(
            lambda _, patch: patch.setattr(news, "version", lambda _: "9.9"), id="a release comes"
        ),
    ],
)
def test_it_is_news_when(change: Change, warehouse: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = news.ingredients(warehouse, DAY)
    assert news.ingredients(warehouse, DAY) == before
    change(warehouse, monkeypatch)
    assert news.ingredients(warehouse, DAY) != before


def test_a_build_is_remembered_until_the_next_one_begins(warehouse: Home) -> None:
    assert news.last_build(warehouse) is None
    build = news.Build("run-1", news.ingredients(warehouse, DAY))
    news.remember(warehouse, build)
    assert news.last_build(warehouse) == build
    news.remember(warehouse, None)
    assert news.last_build(warehouse) is None
