"""The cockpit in a real browser: every page, keyboard, accessibility, refreshes, what is noted.

Chromium is Debian's; what is missing is skipped, and fails where services are required.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from dashboards.cockpit.app import Cockpit
from dashboards.cockpit.pages import PAGES
from dashboards.cockpit.server import configured
from dashboards.cockpit.sheets import OWN_FILES, REMINDERS
from ingestion.config import read_sources
from ingestion.home import Home
from reports.request import Language
from tests.dashboards.cockpit import company

SERIOUS = {"serious", "critical"}
WHERE = {"customer": "?customer_id=c1"}
OTHER_PAGES = (
    *("definitions", "definitions/overdue_receivables", "receivables/reminders"),
    *("definitions/columns?of=orders/lines", "nothing"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    chromium = shutil.which("chromium")
    if not chromium:
        if os.environ.get("ADV_REQUIRE_SERVICES"):
            pytest.fail("no chromium: the package chromium is not installed")
        pytest.skip("no chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(home: Home) -> Iterator[str]:
    """The cockpit of an installation, on a port of its own; its address."""
    cockpit = Cockpit(home, lambda: read_sources(home.sources_file))
    server = uvicorn.Server(configured(cockpit, 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    patience = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < patience
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        cockpit.publications.close()


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a small company's cockpit."""
    home = Home(tmp_path_factory.mktemp("browsed"))
    company.publish(home, "first", company.MANY_ITEMS)
    company.configure(home)
    with served(home) as address:
        yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has seen nothing yet."""
    with browser.new_context(viewport={"width": 1360, "height": 900}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page, which may complain of nothing in its console."""
    page = context.new_page()
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 404" not in message.text:
            told.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: told.append(str(error)))
    yield page
    assert told == []


def findings(page: Page) -> list[str]:
    """What axe finds that is serious, and where."""
    answer = Axe().run(page).response
    assert len(answer["passes"]) > 10
    found = answer["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("language", Language)
def test_every_page_is_quiet_and_accessible(page: Page, at: str, language: Language) -> None:
    for name in (*PAGES, *OTHER_PAGES):
        page.goto(f"{at}/{language.value}/{name}{WHERE.get(name, '')}")
        assert page.locator("h1").inner_text().strip()
        assert page.locator("html").get_attribute("lang") == language.value
        # What axe looks at is the same in every language, but for lengths.
        if language is Language.FRENCH or name in ("today", "receivables"):
            assert findings(page) == [], name
        # Nothing sticks out at the side.
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name


def test_on_a_telephone_nothing_sticks_out(page: Page, at: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("today", "orders", "receivables", "customer"):
        page.goto(f"{at}/it/{name}{WHERE.get(name, '?')}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name
        assert findings(page) == []


def test_a_filter_is_set_by_keyboard_and_kept_in_the_address(page: Page, at: str) -> None:
    page.goto(f"{at}/en/receivables/open_items")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.get_by_label("Search").fill("F7")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=F7**")
    assert page.locator("tbody tr").count() == 1
    page.locator("select[name=company_id]").select_option(label="Dupont SA")
    page.get_by_role("button", name="Apply").press("Enter")
    page.wait_for_url("**company_id=FR**")
    assert page.get_by_text("No rows with these filters.").is_visible()
    page.go_back()
    assert page.locator("tbody tr").count() == 1


def test_from_a_figure_to_its_definition_and_to_its_rows(page: Page, at: str) -> None:
    page.goto(f"{at}/en/receivables")
    page.get_by_role("link", name="Definition: Overdue receivables").click()
    assert "due today is not late" in page.locator(".lead").inner_text()
    page.go_back()
    page.get_by_role("link", name="Rows: Overdue receivables").click()
    assert "of 10,008" in page.locator(".count").inner_text()
    page.get_by_role("link", name="Sort by Days late").or_(
        page.get_by_role("link", name="Days late")
    ).first.click()
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Days late")
    page.get_by_role("link", name="Next page →").click()
    assert page.locator(".count").inner_text().startswith("Rows 101 to 200")
    page.get_by_role("link", name="Société Générale d'Équipement").first.click()
    assert page.locator("h1").inner_text() == "Société Générale d'Équipement"


def test_the_numbers_of_a_chart_open_by_keyboard(page: Page, at: str) -> None:
    page.goto(f"{at}/en/receivables")
    summary = page.locator("#aging summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#aging td.number").first.inner_text() == "600.00"
    # Who points at a mark reads its number.
    assert "600" in (page.locator("#aging svg.chart rect title").first.text_content() or "")


def test_a_refresh_while_a_page_is_open(page: Page, home: Home) -> None:
    company.publish(home, "first")
    company.configure(home)
    with served(home) as address:
        page.goto(f"{address}/en/receivables/open_items?q=F1")
        assert page.get_by_text("1,000.10").first.is_visible()
        assert not page.locator(".newer").is_visible()
        company.publish(
            home,
            "second",
            "update kpi.open_items set open_amount = 777, company_open_amount = 777 "
            "where open_item_id = 'i1'",
        )
        shutil.rmtree(home.published / "first")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.locator(".newer").wait_for()
        page.get_by_role("link", name="Show them").click()
        assert page.get_by_text("777.00").first.is_visible()
        assert page.url.endswith("q=F1")
        assert not page.locator(".newer").is_visible()


def test_reminders_are_ticked_exported_and_noted(page: Page, home: Home, tmp_path: Path) -> None:
    company.publish(home, "first")
    sheets = company.configure(home)
    with served(home) as address:
        page.goto(f"{address}/fr/receivables/reminders?q=F1")
        page.get_by_label("Choisir F1 Société Générale d'Équipement").press("Space")
        with page.expect_download() as download:
            page.get_by_role("button", name="Exporter et noter la relance").press("Enter")
        file = tmp_path / "selection.xlsx"
        download.value.save_as(file)
        assert download.value.suggested_filename == "reminders-2026-06-30-fr.xlsx"
        book = pd.read_excel(file, sheet_name="Relances", header=None)
        assert "F1" in set(book.to_numpy().ravel())
        page.locator("tr.noted").wait_for()
        assert page.get_by_text("noté", exact=True).is_visible()
    assert "F1,2026-07-01,1,email" in (sheets / OWN_FILES[REMINDERS]).read_text(encoding="utf-8")


def test_bad_states_are_said_in_words_and_accessible(page: Page, home: Home) -> None:
    company.configure(home)
    with served(home) as address:
        answer = page.request.get(f"{address}/it/today")
        assert answer.status == 503
        page.set_content(answer.text())
        assert page.get_by_role("heading", name="Nulla è ancora pubblicato").is_visible()
        company.publish(home, "first", is_empty=True)
        page.goto(f"{address}/it/receivables")
        assert page.get_by_text("Nessuna riga: niente da segnalare qui.").first.is_visible()
        assert findings(page) == []


def test_signing_in_and_row_limits(browser: Browser, home: Home) -> None:
    company.publish(home, "first")
    company.configure(home, company.SIGN_IN)
    with served(home) as address:
        for login, rows, figures in (("boss", 8, True), ("bruno", 2, False)):
            with browser.new_context(extra_http_headers={"X-User": login}) as context:
                page = context.new_page()
                page.goto(f"{address}/en/receivables")
                assert (page.locator(".figure").count() > 0) == figures
                page.goto(f"{address}/en/receivables/open_items")
                assert page.locator("tbody tr").count() == rows
                assert findings(page) == []
        with browser.new_context() as context:
            page = context.new_page()
            answer = page.goto(f"{address}/en/receivables")
            assert answer is not None
            assert answer.status == 403
            assert page.get_by_role("heading", name="No access").is_visible()


def test_pages_work_without_scripts_and_without_colour(browser: Browser, at: str) -> None:
    with browser.new_context(java_script_enabled=False, forced_colors="active") as context:
        page = context.new_page()
        page.goto(f"{at}/en/receivables?company_id=IT")
        assert page.locator("figure svg.chart").count() >= 1
        assert page.locator("#reminders tbody tr").count() > 0
