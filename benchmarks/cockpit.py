"""How long the cockpit lets people wait: each page's first paint, and what a filter takes.

    python -m benchmarks.cockpit --home /somewhere --times 5

The home has had a night. Each page is opened in Debian's Chromium as by somebody who has never been
there, with an empty cache, and painted: the first time since the publication, and again, when the
cockpit remembers. Then each filter of the page is set to its first value, for the first time, in a
tab that shows the page. What the cockpit prepares when it sees a publication is told by itself, and
so is the first page of all, for which a cockpit that has just started pays. What the server alone
takes is told beside, since the browser shares the processors with it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from dashboards.cockpit.app import Cockpit
from dashboards.cockpit.pages import PAGES
from dashboards.cockpit.server import configured
from ingestion.config import read_sources
from ingestion.errors import ConfigurationError
from ingestion.home import Home

VIEWPORT: ViewportSize = {"width": 1360, "height": 900}
PAINT = """
    () => ({
        paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
        server: performance.getEntriesByType('navigation')[0].responseEnd
            - performance.getEntriesByType('navigation')[0].requestStart,
    })
"""


@contextmanager
def served(home: Home) -> Iterator[str]:
    """The cockpit of an installation, prepared; its address."""
    cockpit = Cockpit(home, lambda: read_sources(home.sources_file))
    began = time.monotonic()
    cockpit.prepare()
    print(f"prepared in {time.monotonic() - began:.1f} s")
    server = uvicorn.Server(configured(cockpit, 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    cockpit.publications.close()


def opened(browser: Browser, url: str) -> tuple[float, float]:
    """First contentful paint of an address, and the part of the server, in milliseconds."""
    with browser.new_context(viewport=VIEWPORT) as context:
        return painted(context.new_page(), url)


def painted(page: Page, url: str) -> tuple[float, float]:
    """The same in a tab that is open."""
    page.goto(url)
    while True:
        found: dict[str, Any] = page.evaluate(PAINT)
        if found.get("paint"):
            return found["paint"], found["server"]
        page.wait_for_timeout(5)


def filters(browser: Browser, url: str) -> list[tuple[str, str]]:
    """Each filter of a page, and its first value."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        found: list[tuple[str, str]] = page.evaluate(
            "() => [...document.querySelectorAll('form.filters select')]"
            ".map(one => [one.name, [...one.options].find(o => o.value && !o.selected)?.value])"
            ".filter(([name, value]) => value && name !== 'topic' && name !== 'company')"
        )
        return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        raise ConfigurationError("The package chromium is not installed.")
    home = Home(given.home.resolve())
    with served(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        first, _ = opened(browser, f"{address}/fr/today")
        print(f"the first page of all: {first:,.0f} ms\n")
        print("| page | first paint | server | again | filters | slowest filter | server |")
        print("|---|---|---|---|---|---|---|")
        for name, page in PAGES.items():
            if not page.is_in_menu:
                continue
            _print_page(browser, f"{address}/fr/{name}", name, given.times)
        browser.close()


def _print_page(browser: Browser, url: str, name: str, times: int) -> None:
    first, server = opened(browser, url)
    again = [opened(browser, url)[0] for _ in range(times)]
    taken: dict[str, tuple[float, float]] = {}
    chosen = filters(browser, url)
    with browser.new_context(viewport=VIEWPORT) as context:
        tab = context.new_page()
        tab.goto(url)
        for one, value in chosen:
            taken[one] = painted(tab, f"{url}?{one}={value}")
    slowest = max(taken, key=lambda one: taken[one], default="")
    paint, served = taken.get(slowest, (0, 0))
    print(
        f"| {name} | {first:,.0f} ms | {server:,.0f} ms | {statistics.median(again):,.0f} ms "
        f"| {len(taken)} | {slowest}: {paint:,.0f} ms | {served:,.0f} ms |",
        flush=True,
    )


if __name__ == "__main__":
    main()
