"""No phrase of the cockpit lacks a language, and no code that it shows lacks its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter

import pytest

from dashboards.cockpit import codes, phrases
from dashboards.cockpit.blocks import Chart, Figures, Page, Table
from dashboards.cockpit.pages import PAGES
from reports.definition import Kind
from reports.request import Language
from reports.wording import CODES, Phrase
from tests.reports.marts import seed
from tests.reports.test_wording import accepted, phrases_of

MART_CODES = {"channel", "claim_reason", "document_status", "aging_bucket", *codes.MIXTURES}
ENGLISH_ALONE = {phrases.IN_ENGLISH}


def phrases_of_pages() -> list[Phrase]:
    found = []
    for page in PAGES.values():
        found += [page.title, page.lead]
        for block in page.blocks:
            if isinstance(block, Chart):
                found += [block.title, *filter(None, (block.note, block.y.heading))]
            elif isinstance(block, Table):
                found.append(block.definition.title)
                found += [c.heading for c in block.definition.columns if c.heading]
    return found


def test_phrases_say_the_same_in_every_language() -> None:
    found = [p for module in (phrases, codes) for v in vars(module).values() for p in phrases_of(v)]
    found += phrases_of_pages()
    assert len(found) > 200
    for phrase in found:
        filled = {
            frozenset(name for _, name, _, _ in Formatter().parse(phrase[language]) if name)
            for language in Language
        }
        assert len(filled) == 1, phrase
        assert phrase in ENGLISH_ALONE or all(phrase[language].strip() for language in Language)
        # Before a colon French has a space, the others have none.
        assert not re.search(r"\w:(\s|$)", phrase.fr), phrase
        assert not re.search(r" [:;]", phrase.it + phrase.en), phrase


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_codes_have_words(page: Page) -> None:
    known: Mapping[str, object] = {**CODES, **codes.CODES}
    for block in page.blocks:
        if isinstance(block, Figures):
            continue
        columns = (
            [block.x, *filter(None, [block.series])]
            if isinstance(block, Chart)
            else list(block.definition.columns)
        )
        for column in columns:
            if column.kind is Kind.CODE and not column.compose:
                name = column.codes or column.name
                assert name in known or name in MART_CODES, (page.name, block.name, name)


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("kpi.customer_activity", "activity_status", "activity_status"),
        ("kpi.payment_behaviour", "drift_status", "drift_status"),
        ("kpi.range_momentum", "momentum", "momentum"),
        ("kpi.order_tracking", "waits_for", "waits_for"),
        ("kpi.deadline_compliance_monthly", "task", "task"),
    ],
)
def test_codes_that_a_contract_accepts_have_words(table: str, column: str, words: str) -> None:
    assert accepted(table, column) <= set(codes.CODES[words])


def test_figures_are_of_the_catalogue_and_open_tables_that_exist() -> None:
    known = {row["kpi"] for row in seed("kpi_catalogue")}
    for page in PAGES.values():
        for block in page.blocks:
            if isinstance(block, Figures):
                assert set(block.rows) <= known
                for rows in block.rows.values():
                    name, _, table = rows.partition("?")[0].partition("/")
                    assert table in PAGES[name].tables, rows


def test_units_of_the_catalogue_have_words() -> None:
    for row in seed("kpi_catalogue"):
        assert row["unit"] in phrases.UNITS, row["unit"]
        assert row["better"] in phrases.BETTER_WORDS
