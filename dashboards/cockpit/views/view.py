"""Somebody before a page, and what every part of it has in common."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dashboards.cockpit import phrases
from dashboards.cockpit.access import Reader
from dashboards.cockpit.addresses import address, with_query
from dashboards.cockpit.blocks import Filter, Page, Table, queries_of
from dashboards.cockpit.publication import Reading
from dashboards.cockpit.reading import (
    MONTHS,
    USUAL_MONTHS,
    Asked,
    Found,
    choices,
    filters_of,
    labels_of,
    provenance_of,
)
from ingestion.config.cockpit import Role
from reports import wording
from reports.definition import Kind
from reports.notes import Note, note_lines
from reports.numbers import exact, shown, whole
from reports.prepared import PreparedList
from reports.request import Language


@dataclass(frozen=True)
class Cell:
    """A value as it stands in a table."""

    text: str
    is_number: bool = False
    lateness: int = 0
    """From 1, beyond 90 days, to 3."""
    url: str = ""
    is_long: bool = False


@dataclass(frozen=True)
class Heading:
    """What stands above a column, and where it is sorted."""

    text: str
    is_number: bool = False
    url: str = ""
    sorted: str = ""
    """`ascending` or `descending`."""
    sort_label: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table."""

    cells: tuple[Cell, ...]
    key: str = ""
    """What its checkbox stands for."""
    name: str = ""
    is_noted: bool = False


@dataclass(frozen=True)
class Choice:
    """A choice of a filter."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class Select:
    """A filter as a form shows it."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    all: str


@dataclass(frozen=True)
class View:
    """Somebody before a page, in a language."""

    reading: Reading
    reader: Reader
    language: Language
    asked: Asked
    page: Page
    noted: Collection[str] = ()
    """Keys of rows that were reminded of since the publication."""

    def kept(self) -> dict[str, str]:
        """What an address keeps of what is asked, when it leads to the same page."""
        query = dict(self.asked.values)
        if self.asked.search:
            query["q"] = self.asked.search
        if self.asked.months != USUAL_MONTHS:
            query["months"] = str(self.asked.months)
        return query

    def to(self, *path: str, **query: str) -> str:
        """An address of this language."""
        return with_query(address(self.language, *path), query)

    def table_address(self, table: str, **more: str) -> str:
        """Where all rows of one of the page's tables are."""
        return self.to(self.page.name, table, **{**self.kept(), **more})


def page_notes(view: View) -> list[Note]:
    """Of which day the figures are, and what of them is stale."""
    known = provenance_of(view.reading)
    return list(note_lines(PreparedList("", "", view.language, replace(known, books=()), (), ())))


def filter_form(view: View, table: Table | None = None) -> list[Select]:
    """The filters of a page or of one of its tables, those that leave a choice."""
    queries = _queries(view, table)
    selects = []
    for one in filters_of(view.page, table):
        if one.name == "company_id" and view.reader.role is Role.SALESPERSON:
            continue
        found = choices(view.reading, view.reader, view.page, one, queries, view.language)
        chosen = view.asked.values.get(one.name)
        if len(found) < 2 and chosen is None:
            continue
        selects.append(_select(view, one, found, chosen))
    if table is None and view.page.has_months:
        selects.append(_months(view))
    return selects


def _queries(view: View, table: Table | None) -> list[str]:
    if table:
        return [table.definition.query]
    return queries_of(block for block in view.page.blocks if view.reader.may_see(block))


def _select(view: View, one: Filter, found: list[tuple[str, str]], chosen: str | None) -> Select:
    if chosen is not None and chosen not in {value for value, _ in found}:
        found = [*found, (chosen, chosen)]
    unknown = wording.UNKNOWN[view.language]
    return Select(
        one.name,
        labels_of(view.reading, view.language).heading(one.column),
        tuple(
            Choice(value, unknown if text == "unknown" else text, value == chosen)
            for value, text in found
        ),
        phrases.ALL[view.language],
    )


def _months(view: View) -> Select:
    return Select(
        "months",
        phrases.MONTHS[view.language],
        tuple(
            Choice(
                str(count),
                phrases.SO_MANY_MONTHS[view.language].format(count=count),
                count == view.asked.months,
            )
            for count in MONTHS
        ),
        "",
    )


def not_narrowed(view: View, found: Found) -> str:
    """That some filters say nothing of a block."""
    if not found.not_narrowed_by:
        return ""
    names = ", ".join(found.not_narrowed_by)
    return phrases.NOT_NARROWED[view.language].format(names=names)


def plain(value: Any) -> float | None:
    """A value as a chart draws it."""
    return None if value is None else float(value)


def teller(kind: Kind, language: Language) -> Callable[[float], str]:
    """How the numbers of a chart are told."""

    def tell(value: float) -> str:
        if kind is Kind.SHARE:
            return shown(Decimal(str(round(value, 4))), kind, None, language)
        if abs(value) >= 100:
            return whole(Decimal(round(value)), language)
        return exact(Decimal(str(round(value, 2))), language)

    return tell
