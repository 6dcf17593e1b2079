"""KPIs, tables, commands and packages have pages that say something and link to what is there."""

from __future__ import annotations

import posixpath
import re

import pytest

from ingestion.home import PROJECT
from orchestration.cli import app
from orchestration.pages import kpi_catalogue
from orchestration.published_columns import published_models
from orchestration.site import commands, kpis, packages, tables
from orchestration.site.page import Page

DOCS = PROJECT / "docs"
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
PARENTS = {"open_items": ["fct_instalments", "int_receivable_intervals"]}


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    every = (*kpis.pages(), *tables.pages(PARENTS), commands.page(), *packages.pages())
    return {page.path: page for page in every}


def test_every_kpi_has_a_page_that_tells_it_in_three_languages(pages: dict[str, Page]) -> None:
    for kpi in kpi_catalogue():
        text = pages[kpis.path(kpi["kpi"])].text
        for language in ("en", "fr", "it"):
            assert kpi[f"label_{language}"] in text
            assert kpi[f"definition_{language}"] in text
        assert kpi["formula"] in text
        assert f"kpi.{kpi['mart']}" in text


def test_every_published_table_has_a_page_that_tells_every_column(pages: dict[str, Page]) -> None:
    for schema, model in published_models():
        text = pages[tables.path(schema, model["name"])].text
        for column in model["columns"]:
            (row,) = re.findall(rf"^\| `{column['name']}` \|.*$", text, re.MULTILINE)
            _, label, kind, _, said = (cell.strip() for cell in row.strip("| ").split(" | ", 4))
            assert label and said
            assert kind == column["data_type"]


def test_a_table_links_to_what_it_is_made_of_and_to_its_kpis(pages: dict[str, Page]) -> None:
    text = pages["tables/kpi/open_items.md"].text
    assert "[`core.fct_instalments`](../core/fct_instalments.md)" in text
    assert "`int_receivable_intervals`" in text
    assert "[Open receivables](../../kpi/open_receivables.md)" in text


def test_every_command_is_told_with_every_option(pages: dict[str, Page]) -> None:
    text = pages[commands.PATH].text
    for command in app.registered_commands:
        assert command.callback
        assert f"\n## adv {command.name or command.callback.__name__}\n" in text
    assert "\n## adv demo create\n" in text
    assert "`--target <duckdb\\|spark>` | What builds the marts" in text
    assert "| duckdb |" in text


def test_every_package_says_what_it_is_for(pages: dict[str, Page]) -> None:
    index = pages["python/index.md"].text
    assert "[`ingestion.transports`](ingestion.transports.md)" in index
    assert not re.search(r"\|\s*\|$", index, re.MULTILINE)


def test_nothing_is_left_unsaid(pages: dict[str, Page]) -> None:
    for page in pages.values():
        assert not re.search(r"^:   $", page.text, re.MULTILINE), page.path


def test_every_link_leads_to_a_page(pages: dict[str, Page]) -> None:
    for page in pages.values():
        for link in LINK.findall(page.text):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), link))
            assert target in pages or (DOCS / target).is_file(), f"{page.path}: {link}"


def test_no_written_page_hides_a_kept_one(pages: dict[str, Page]) -> None:
    assert [path for path in pages if (DOCS / path).exists()] == []
