"""Every page answers in every language, whatever the marts hold, and leads to its rows."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from pathlib import Path
from shutil import copyfile

import pandas as pd
import pytest
from starlette.testclient import TestClient

from dashboards.cockpit.pages import PAGES
from ingestion.engine import connect
from ingestion.home import Home
from reports.request import Language
from tests.dashboards.cockpit import company
from tests.dashboards.cockpit.conftest import Ask

WHERE = {"customer": "?customer_id=c1"}
each_page = pytest.mark.parametrize("page", PAGES)
LINK = re.compile(r'href="(/[^"#]*)"')


def get(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.text


@each_page
@pytest.mark.parametrize("language", Language)
def test_a_page_answers_in_every_language(
    cockpit: TestClient, page: str, language: Language
) -> None:
    text = get(cockpit, f"/{language.value}/{page}{WHERE.get(page, '')}")
    assert f'<html lang="{language.value}">' in text
    if page != "customer":
        assert PAGES[page].title[language] in unescape(text)
    assert "None" not in text
    assert "nan" not in re.findall(r">([^<]*)<", text)


@pytest.fixture(scope="module")
def hollow(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("hollow"))
    company.publish(home, "first", is_empty=True)
    company.configure(home)
    return home


@pytest.mark.parametrize("page", [page for page in PAGES if page != "customer"])
def test_a_page_of_empty_marts_says_so(hollow: Home, ask: Ask, page: str) -> None:
    text = get(ask(hollow), f"/en/{page}")
    assert 'class="empty"' in text


@each_page
def test_all_that_a_page_links_to_is_there(cockpit: TestClient, page: str) -> None:
    text = get(cockpit, f"/en/{page}{WHERE.get(page, '')}")
    links = {unescape(link) for link in LINK.findall(text)}
    assert len(links) > 10
    for link in sorted(links):
        answer = cockpit.get(link)
        assert answer.status_code == 200, link


def test_every_table_opens_sorts_and_exports(cockpit: TestClient) -> None:
    for page in PAGES.values():
        for table in page.tables.values():
            path = f"/fr/{page.name}/{table.name}"
            key = WHERE.get(page.name, "?")
            sortable = [c.name for c in table.definition.columns if not c.compose]
            get(cockpit, f"{path}{key}&sort=-{sortable[-1]}")
            answer = cockpit.get(f"{path}.xlsx{key}")
            assert answer.status_code == 200, path
            assert answer.content[:2] == b"PK"


def test_a_workbook_holds_what_the_mart_holds(
    cockpit: TestClient, published: Home, tmp_path: Path
) -> None:
    answer = cockpit.get("/fr/receivables/open_items.xlsx?company_id=FR")
    sheet = pd.read_excel(BytesIO(answer.content), sheet_name="Impayés", header=None)
    heading = next(row for row in range(20) if "Montant ouvert" in set(sheet.iloc[row]))
    lines = sheet.iloc[heading + 1 :]
    lines.columns = sheet.iloc[heading]
    # Whoever has the file open in this process has closed its settings.
    marts_file = copyfile(published.marts, tmp_path / "marts.duckdb")
    with connect(Path(marts_file), read_only=True) as marts:
        of_mart = marts.execute(
            "select sum(open_amount), count(*) from kpi.open_items "
            "where as_of_date = date '2026-06-30' and company_id = 'FR'"
        ).fetchone()
    assert of_mart is not None
    assert len(lines) == of_mart[1]
    assert float(lines["Montant ouvert"].sum()) == pytest.approx(float(of_mart[0]))
    assert "inline" not in answer.headers["content-disposition"]


def test_filters_narrow_rows_and_stay_in_links(cockpit: TestClient) -> None:
    text = get(cockpit, "/en/receivables/open_items?company_id=IT")
    assert "Rows 1 to 1 of 1" in text
    assert "company_id=IT" in text
    assert '<option value="IT" selected>' in text
    assert "No rows with these filters." in get(cockpit, "/en/receivables/open_items?q=nobody")


def test_a_search_finds_customers_orders_and_references(cockpit: TestClient) -> None:
    for word in ("équipement", "S1", "po 9"):
        text = get(cockpit, f"/fr/orders/orders?q={word}")
        assert "Lignes 1 à " in text, word
        assert "départ prévu" in text


def test_text_of_others_is_never_markup(cockpit: TestClient) -> None:
    text = get(cockpit, "/en/customers/all?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    "path",
    [
        "/en/receivables/open_items?company_id=%27+or+1=1+--",
        "/en/receivables/open_items?sort=-1;drop+table+x&page=-4",
        "/en/receivables/open_items?page=99999999999",
        "/en/receivables?months=9999&team=%00",
        "/en/customers?q=%25%27%22",
        "/en/receivables/open_items?aging_bucket=%F0%9F%98%80",
    ],
)
def test_addresses_that_make_no_sense_do_no_harm(cockpit: TestClient, path: str) -> None:
    get(cockpit, path)


@pytest.mark.parametrize(
    "path",
    [
        "/de/today",
        "/en/nothing",
        "/en/receivables/nothing",
        "/en/receivables/nothing.xlsx",
        "/en/definitions/nothing",
        "/en/definitions/columns",
        "/en/customer",
        "/en/customer?customer_id=nobody",
        "/favicon.ico",
    ],
)
def test_what_is_not_there_is_said_in_words(cockpit: TestClient, path: str) -> None:
    assert "<h1>" in get(cockpit, path, 404)


def test_the_language_of_the_browser_is_taken(cockpit: TestClient) -> None:
    for asked, given in (("it-CH,it;q=0.9", "it"), ("de,en-GB;q=0.5", "en"), ("de", "fr")):
        answer = cockpit.get("/", headers={"accept-language": asked}, follow_redirects=False)
        assert answer.headers["location"] == f"/{given}/today"


def test_numbers_and_days_are_those_of_the_language(cockpit: TestClient) -> None:
    french = get(cockpit, "/fr/receivables/open_items")
    assert "1\u202f000,10" in french
    assert "1 juin 2026" in french
    assert "1,000.10" in get(cockpit, "/en/receivables/open_items")
    assert "1.000,10" in get(cockpit, "/it/receivables/open_items")


def test_figures_are_added_up_over_companies_and_compared(cockpit: TestClient) -> None:
    text = get(cockpit, "/en/receivables")
    assert "2,000.00 EUR" in text
    assert "40 %" in text  # 800 of 2,000, and not 80 %
    assert "worse" in text
    assert "1,000.00 EUR" in get(cockpit, "/en/receivables?company_id=FR")


def test_amounts_of_two_currencies_are_never_added_up(home: Home, ask: Ask) -> None:
    swiss = "update core.dim_company set currency_code = 'CHF' where company_id = 'IT'"
    company.publish(home, "first", swiss)
    company.configure(home)
    text = get(ask(home), "/en/receivables")
    assert "1,000.00 EUR" in text
    assert "1,000.00 CHF" in text
    assert "2,000.00" not in text
    assert text.count("<figure>") >= 3  # an aging for each currency


def test_ten_thousand_rows_come_a_hundred_at_a_time(home: Home, ask: Ask) -> None:
    company.publish(home, "first", company.MANY_ITEMS)
    company.configure(home)
    client = ask(home)
    text = get(client, "/en/receivables/open_items?page=101")
    assert "Rows 10,001 to 10,008 of 10,008" in text
    assert 'rel="prev"' in text
    assert 'rel="next"' not in text
    assert len(client.get("/en/receivables/open_items.xlsx").content) > 300_000


def test_a_very_long_name_is_shown_whole(cockpit: TestClient) -> None:
    assert company.LONG_NAME in unescape(get(cockpit, "/it/customer?customer_id=c9"))


def test_nothing_is_fetched_from_elsewhere(cockpit: TestClient) -> None:
    answer = cockpit.get("/en/receivables")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not re.findall(r'(?:src|href)="(?!/|\?|#|")', answer.text)
    assert "style=" not in answer.text


def test_words_of_the_queries_mean_nothing_where_people_type_them(cockpit: TestClient) -> None:
    for typed in ("$as_of", "$now", "' or true --"):
        answer = cockpit.get("/en/workload", params={"company_id": typed, "q": typed})
        assert answer.status_code == 200, typed
