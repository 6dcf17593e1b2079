"""Nobody sees more than his role shows: not on pages, not in workbooks, not by guessing."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

import pandas as pd
import pytest
from pydantic import ValidationError

from dashboards.cockpit.access import PERSONAL
from dashboards.cockpit.blocks import Table
from dashboards.cockpit.pages import PAGES
from ingestion.config import read_sources
from ingestion.config.cockpit import CockpitSettings
from ingestion.home import Home
from tests.dashboards.cockpit import company
from tests.dashboards.cockpit.conftest import Ask
from tests.reports.conftest import NAMES

OF_BRUNO = {NAMES["c5"], company.LONG_NAME}
OTHERS = set(NAMES.values()) - OF_BRUNO


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("guarded"))
    company.publish(home, "first")
    company.configure(home, company.SIGN_IN)
    return home


def every_address() -> list[str]:
    found = [f"/en/{page}" for page in PAGES] + ["/en/customer?customer_id=c1", "/en/definitions"]
    for page in PAGES.values():
        for name in (*page.tables, *page.charts):
            key = "?customer_id=c5" if page.key else ""
            found += [f"/en/{page.name}/{name}.xlsx{key}"]
            if name in page.tables:
                found += [f"/en/{page.name}/{name}{key}"]
    return [*found, "/en/definitions/open_receivables", "/en/receivables?company_id=FR"]


def names_in(content: bytes, kind: str) -> set[str]:
    if "html" in kind:
        text = unescape(content.decode())
        return {name for name in {*NAMES.values(), company.LONG_NAME} if name in text}
    book = pd.read_excel(BytesIO(content), sheet_name=None, header=None)
    cells = {str(cell) for sheet in book.values() for cell in sheet.to_numpy().ravel()}
    return {name for name in {*NAMES.values(), company.LONG_NAME} if name in cells}


@pytest.mark.parametrize(
    ("login", "forbidden"), [("bruno", OTHERS), ("ghost", {*NAMES.values(), company.LONG_NAME})]
)
def test_a_salesperson_sees_the_customers_of_his_portfolio_only(
    guarded: Home, ask: Ask, login: str, forbidden: set[str]
) -> None:
    client = ask(guarded, login)
    seen: set[str] = set()
    for address in every_address():
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        found = names_in(answer.content, answer.headers["content-type"])
        assert not found & forbidden, address
        seen |= found
    assert seen == (OF_BRUNO if login == "bruno" else set())


def test_a_salesperson_sees_no_totals_of_everybody(guarded: Home, ask: Ask) -> None:
    client = ask(guarded, "bruno")
    for address in ("/en/receivables", "/en/today"):
        text = client.get(address).text
        assert 'class="figure"' not in text
        assert "<figure>" not in text
    assert client.get("/en/definitions/open_receivables").status_code == 404
    assert client.get("/en/receivables/aging.xlsx").status_code == 404
    assert client.get("/en/health").status_code == 404
    assert client.get("/en/customer?customer_id=c1").status_code == 404
    assert client.get("/en/customer?customer_id=c5").status_code == 200
    assert "You see the customers of your portfolio." in client.get("/en/orders").text


def test_an_agent_sees_nothing_about_single_colleagues(guarded: Home, ask: Ask) -> None:
    agent, boss = ask(guarded, "agent"), ask(guarded, "boss")
    about = [
        (page.name, block.name)
        for page in PAGES.values()
        for block in page.blocks
        if isinstance(block, Table) and block.is_about_people
    ]
    assert about
    for page, table in about:
        for path in (f"/en/{page}/{table}", f"/en/{page}/{table}.xlsx"):
            assert agent.get(path).status_code == 404
            assert boss.get(path).status_code == 200
        assert f'id="{table}"' not in agent.get(f"/en/{page}").text
    assert 'class="figure"' in agent.get("/en/receivables").text


def test_personal_columns_are_for_managers() -> None:
    shown = {
        column.name
        for page in PAGES.values()
        for table in page.tables.values()
        for column in table.definition.columns
    }
    # No page shows any today; one that did would show it to managers alone.
    assert not shown & PERSONAL


def test_whoever_is_not_known_gets_nothing(guarded: Home, ask: Ask) -> None:
    for login in (None, "", "stranger", "BOSS"):
        client = ask(guarded, login)
        for path in ("/", "/en/today", "/en/receivables/open_items.xlsx", "/publication"):
            answer = client.get(path)
            assert answer.status_code == 403, (login, path)
            assert not names_in(answer.content, "html")
        assert client.post("/en/lookups", data={}).status_code == 403


def test_the_header_is_believed_from_the_proxy_only(guarded: Home) -> None:
    from starlette.testclient import TestClient

    from dashboards.cockpit.app import Cockpit

    cockpit = Cockpit(guarded, lambda: read_sources(guarded.sources_file))
    client = TestClient(cockpit.application(), base_url="http://127.0.0.1", client=("192.0.2.7", 5))
    answer = client.get("/en/today", headers={"X-User": "boss", "X-Forwarded-For": "127.0.0.1"})
    assert answer.status_code == 403
    cockpit.publications.close()


def test_other_names_of_the_machine_are_refused(guarded: Home, ask: Ask) -> None:
    # A page elsewhere whose name is made to lead here would read what the browser may.
    answer = ask(guarded, "boss").get("/en/today", headers={"host": "evil.example"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"address": "0.0.0.0"}, "sign_in"),  # noqa: S104
        ({"address": "192.168.1.2"}, "sign_in"),
        ({"people": {"a": {"role": "agent"}}}, "sign_in"),
        ({"sign_in": {}}, "people"),
        ({"sign_in": {"header": "X User"}, "people": {"a": {"role": "agent"}}}, "header"),
        ({"sign_in": {}, "people": {"a": {"role": "salesperson"}}}, "salesperson"),
        ({"sign_in": {}, "people": {"a": {"role": "agent", "salesperson": "s1"}}}, "salesperson"),
    ],
)
def test_an_open_door_is_no_valid_setting(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        CockpitSettings.model_validate(settings)


def test_beyond_this_machine_with_a_sign_in(guarded: Home) -> None:
    settings = read_sources(guarded.sources_file).cockpit
    wide = settings.model_dump() | {"address": "0.0.0.0"}  # noqa: S104
    assert str(CockpitSettings.model_validate(wide).address) == "0.0.0.0"  # noqa: S104
    assert CockpitSettings().address.is_loopback


def test_who_is_there_stands_on_the_page(guarded: Home, ask: Ask) -> None:
    text = ask(guarded, "anna").get("/it/today").text
    assert re.search(r'class="who">anna, agente commerciale<', text)
