"""A list on paper: the totals, and the lines that matter most; what is left out is counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports import wording
from reports.formats.typeset import typeset
from reports.notes import left_out, note_lines
from reports.numbers import day, shown
from reports.prepared import PreparedBreakdown, PreparedColumn, PreparedList, PreparedTable
from reports.request import Language

MOST_PRINTED = 200
"""Lines of a table that are printed; the rest is for Excel or CSV."""
TEMPLATE = Path(__file__).with_name("list.typ")


def write_pdf(prepared: PreparedList, target: Path) -> None:
    """Write a list as PDF."""
    language = prepared.language
    parts = []
    for table in prepared.tables:
        parts += [_breakdown(prepared, table, breakdown) for breakdown in table.breakdowns]
        parts.append(_lines(table, language))
    typeset(
        TEMPLATE,
        {
            "title": prepared.title,
            "language": language.value,
            "as_of": day(prepared.provenance.as_of, language),
            "page": wording.PAGE[language],
            "notes": [
                {"text": note.text, "warning": note.is_warning} for note in note_lines(prepared)
            ],
            "parts": parts,
            "remarks": prepared.remarks,
        },
        target,
    )


def _breakdown(
    prepared: PreparedList, table: PreparedTable, breakdown: PreparedBreakdown
) -> dict[str, Any]:
    title = breakdown.title
    if len(prepared.tables) > 1:
        title = wording.headed(table.title, title, prepared.language)
    rows = breakdown.texts(prepared.language, nothing="-")
    return _part(title, "", breakdown.columns, rows, [])


def _lines(table: PreparedTable, language: Language) -> dict[str, Any]:
    count, remark = len(table.rows), ""
    order: Sequence[int] = range(count)
    if not count:
        remark = wording.NOTHING[language]
    elif count > MOST_PRINTED:
        # A whole table keeps its order; of a larger one, the lines that weigh most come first.
        order = table.selection[:MOST_PRINTED]
        remark = left_out(MOST_PRINTED, count, table.selection_name, language)
    total = [
        ""
        if column.total is None
        else shown(column.total, column.kind, column.total_currency, language)
        for column in table.printed
    ]
    if any(total):
        total[0] = total[0] or wording.TOTAL[language]
    texts = table.texts(order, language)
    return _part(table.title, remark, table.printed, texts, total if any(total) else [])


def _part(
    title: str,
    remark: str,
    columns: Sequence[PreparedColumn],
    rows: list[list[str]],
    total: list[str],
) -> dict[str, Any]:
    return {
        "title": title,
        "remark": remark,
        "headings": [column.heading for column in columns],
        "widths": [column.width for column in columns],
        "right": [column.kind.is_number for column in columns],
        "rows": rows,
        "total": total,
    }
