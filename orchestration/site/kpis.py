"""A page per KPI, and the index of all by theme."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from orchestration.pages import (
    WORDS,
    kpi_catalogue,
    kpi_sources,
    question_of_each_kpi,
    readers_by_mart,
)
from orchestration.site.page import Page, facts, link, table

FOLDER = "kpi"
LANGUAGES: Mapping[str, str] = {"fr": "Français", "it": "Italiano"}
PERIODS: Mapping[str, str] = {
    "day": "a day",
    "week": "a week, on its first day",
    "month": "a month, on its first day",
    "as_of": "the end of a day",
}
"""What the day of a figure stands for."""
WORDS_OF_SQL = re.compile(r" (?=from kpi\.|where |group by )")


def pages() -> Iterator[Page]:
    """All pages about KPIs, the index first."""
    yield Page(f"{FOLDER}/index.md", "All KPIs", "", _index())
    sources = {source["kpi"]: source for source in kpi_sources()}
    questions, readers = question_of_each_kpi(), readers_by_mart()
    for kpi in kpi_catalogue():
        name = kpi["kpi"]
        used = readers.get(kpi["mart"], [])
        text = "\n".join(_page(kpi, sources[name], questions[name], used))
        yield Page(path(name), kpi["label_en"], kpi["theme"].capitalize(), text)


def path(kpi: str) -> str:
    """Where the page of a KPI lies."""
    return f"{FOLDER}/{kpi}.md"


def _index() -> str:
    here = f"{FOLDER}/index.md"
    pages = {"en": "in English", "fr": "en français", "it": "in italiano"}
    on_one_page = (link(name, f"{FOLDER}/{code}.md", here) for code, name in pages.items())
    daily = link("`kpi.kpi_daily`", "tables/kpi/kpi_daily.md", here)
    sheets = link("the sheets", "connectors/sheets.md", here)
    lines = [
        "# KPIs",
        "",
        f"Every KPI comes from one mart, and all of them stand in {daily}, by day, company "
        "and dimension, with numerator and denominator. Targets are the company's own: "
        f"`kpi_targets` of {sheets}. All definitions on one page, to print or to search: "
        f"{', '.join(on_one_page)}.",
        "",
    ]
    for theme, members in groupby(kpi_catalogue(), key=lambda kpi: kpi["theme"]):
        rows = (
            (link(kpi["label_en"], path(kpi["kpi"]), here), kpi["definition_en"], _unit(kpi))
            for kpi in members
        )
        lines += [f"## {theme.capitalize()}", "", *table(("KPI", "what it means", "unit"), rows)]
    return "\n".join(lines)


def _page(
    kpi: Mapping[str, str], source: Mapping[str, Any], question: str, used: list[str]
) -> Iterator[str]:
    here, mart = path(kpi["kpi"]), kpi["mart"]
    by = ", ".join(f"`{name}`" for name in ("company_id", *source["dimensions"]))
    yield from (f"# {kpi['label_en']}", "", kpi["definition_en"], "")
    yield from facts(
        [
            ("Name", f"`{kpi['kpi']}`"),
            ("Formula", kpi["formula"]),
            ("Unit", _unit(kpi)),
            ("Better when", WORDS["en"][kpi["better"]]),
            ("Mart", link(f"`kpi.{mart}`", f"tables/kpi/{mart}.md", here)),
            ("A figure is for", PERIODS[source["period"]]),
            ("Broken down by", by),
            ("Target", f"the company's own: {link('`kpi_targets`', 'connectors/sheets.md', here)}"),
            ("Used by", ", ".join(used) or "nothing that the project ships"),
        ]
    )
    yield from ("## In SQL", "", "From its mart:", "", *_sql(question), "")
    yield from ("From the table of all KPIs, for each company as a whole:", "")
    yield from _sql(
        "select company_id, date_day, kpi_value, numerator, denominator from kpi.kpi_daily "
        f"where kpi = '{kpi['kpi']}' and dimension = 'all'"
    )
    yield from ("", "## In other languages", "")
    yield from facts(
        (title, f"**{kpi[f'label_{language}']}**: {kpi[f'definition_{language}']}")
        for language, title in LANGUAGES.items()
    )


def _unit(kpi: Mapping[str, str]) -> str:
    return kpi["unit"].replace("_", " ")


def _sql(query: str) -> list[str]:
    return ["```sql", *WORDS_OF_SQL.split(query), "```"]
