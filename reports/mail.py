"""A digest or a list as the body of a mail: the same in plain text and in HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from reports import wording
from reports.digests import DIGESTS
from reports.marts import read_marts
from reports.notes import and_more, note_lines
from reports.numbers import day, whole
from reports.prepared import PreparedColumn, PreparedList, PreparedTable, count_column, prepare
from reports.request import Audience, Language, ListName, ListRequest

MOST_LINES = 10
"""Lines of a table that a mail shows, where an attached list holds all of them."""
STYLE = (
    "body{font-family:sans-serif;font-size:14px;color:#222}"
    "table{border-collapse:collapse;margin:0 0 16px}"
    "th,td{border-bottom:1px solid #ccc;padding:3px 8px;text-align:left;vertical-align:top}"
    "th{background:#f2f2f2}td.number{text-align:right;white-space:nowrap}"
)


@dataclass(frozen=True)
class MailText:
    """What a mail says."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Grid:
    """A small table of texts."""

    title: str
    columns: Sequence[PreparedColumn]
    lines: list[list[str]]
    note: str = ""


def digest(marts: Path, audience: Audience, language: Language) -> MailText:
    """What an audience is told of the published marts.

    Raises:
        NothingPublishedError: there are no marts yet.
        WarehouseError: they are none that lists can be made of.

    """
    content = DIGESTS[audience].content
    request = ListRequest(ListName.UNPAID, language)  # whose rows: everybody's
    with read_marts(marts) as connection:
        prepared = prepare(connection, content, request)
    grids = [
        grid
        for definition, table in zip(content.tables, prepared.tables, strict=True)
        for grid in _grids(table, language, None if definition.is_mailed_whole else MOST_LINES)
    ]
    return _mail(prepared, grids)


def covering_note(prepared: PreparedList) -> MailText:
    """What a mail says that brings one list: of which day it is, and how far the sources go."""
    column, counted = count_column(prepared.language), whole(prepared.lines, prepared.language)
    return _mail(prepared, [_Grid(prepared.title, [column], [[counted]])])


def _mail(prepared: PreparedList, grids: list[_Grid]) -> MailText:
    language = prepared.language
    of_day = wording.AS_OF[language].format(day=day(prepared.provenance.as_of, language))
    notes = [note.text for note in note_lines(prepared)] + list(prepared.remarks)
    return MailText(
        subject=wording.headed(prepared.title, of_day, language),
        text="\n".join([prepared.title, "", *notes, *_as_text(grids, language)]) + "\n",
        html=_as_html(prepared.title, notes, grids, language),
    )


def _grids(table: PreparedTable, language: Language, most: int | None) -> Iterator[_Grid]:
    """The breakdowns of a table, and its lines: at most so many, where a number is given."""
    for breakdown in table.breakdowns:
        title = wording.headed(table.title, breakdown.title, language)
        yield _Grid(title, breakdown.columns, breakdown.texts(language, nothing=""))
    if not table.printed:
        return
    lines = table.texts(table.selection[:most], language)
    left = len(table.rows) - len(lines)
    note = and_more(left, language) if left else ""
    yield _Grid(table.title, table.printed, lines, note)


def _as_text(grids: list[_Grid], language: Language) -> Iterator[str]:
    for grid in grids:
        yield from ("", grid.title, "-" * len(grid.title))
        for line in grid.lines:
            pairs = zip(grid.columns, line, strict=True)
            yield "; ".join(f"{column.heading} {value}" for column, value in pairs if value)
        if not grid.lines:
            yield wording.NOTHING[language]
        if grid.note:
            yield grid.note


def _as_html(title: str, notes: list[str], grids: list[_Grid], language: Language) -> str:
    """No part of a customer's name is markup, and nothing is fetched from anywhere."""
    parts = [
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>",
        *(f"<p>{escape(note)}</p>" for note in notes),
    ]
    for grid in grids:
        parts.append(f"<h2>{escape(grid.title)}</h2>")
        if grid.lines:
            parts.append(_html_table(grid))
        else:
            parts.append(f"<p>{escape(wording.NOTHING[language])}</p>")
        if grid.note:
            parts.append(f"<p>{escape(grid.note)}</p>")
    return "\n".join([*parts, "</body></html>"])


def _html_table(grid: _Grid) -> str:
    headings = "".join(f"<th>{escape(column.heading)}</th>" for column in grid.columns)
    lines = "".join(
        "<tr>"
        + "".join(
            f'<td class="number">{escape(value)}</td>'
            if column.kind.is_number
            else f"<td>{escape(value)}</td>"
            for column, value in zip(grid.columns, line, strict=True)
        )
        + "</tr>"
        for line in grid.lines
    )
    return f"<table><tr>{headings}</tr>{lines}</table>"
