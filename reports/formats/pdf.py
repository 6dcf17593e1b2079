"""A list on paper: the totals, and the lines that matter most; what is left out is counted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports import wording
from reports.definition import Kind
from reports.formats.typeset import typeset
from reports.notes import note_lines
from reports.numbers import day, shown
from reports.prepared import PreparedBreakdown, PreparedColumn, PreparedList, PreparedTable
from reports.request import Language

MOST_PRINTED = 200
"""Lines of a table that are printed; the rest is for Excel or CSV."""
TEMPLATE = Path(__file__).with_name("list.typ")
LEFT = (Kind.TEXT, Kind.CODE, Kind.YES_NO)


def write_pdf(prepared: PreparedList, target: Path) -> None:
    """Write a list as PDF."""
    language = prepared.language
    parts = []
    for table in prepared.tables:
        parts += [
            _breakdown(prepared, table, breakdown, language) for breakdown in table.breakdowns
        ]
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
    prepared: PreparedList, table: PreparedTable, breakdown: PreparedBreakdown, language: Language
) -> dict[str, Any]:
    by = [table.columns[position] for position in breakdown.by]
    measures = [table.columns[position] for position in breakdown.measures]
    count = PreparedColumn("", wording.COUNT[language], Kind.COUNT, 7, True, None, None)
    rows = []
    for key, number, totals in breakdown.lines:
        named = dict(zip(breakdown.by, key, strict=True))
        rows.append(
            [
                *(shown(value, Kind.TEXT, None, language) for value in key),
                str(number),
                *(
                    _amount(total, column, named, language)
                    for total, column in zip(totals, measures, strict=True)
                ),
            ]
        )
    title = breakdown.title
    if len(prepared.tables) > 1:
        title = f"{table.title}: {title}"
    return _part(title, "", [*by, count, *measures], rows, [])


def _amount(
    total: Decimal, column: PreparedColumn, named: dict[int, Any], language: Language
) -> str:
    currency = None if column.currency is None else named.get(column.currency)
    return shown(total, column.kind, currency, language) if total else "-"


def _lines(table: PreparedTable, language: Language) -> dict[str, Any]:
    positions = [place for place, column in enumerate(table.columns) if column.is_printed]
    columns = [table.columns[place] for place in positions]
    left = max(0, len(table.rows) - MOST_PRINTED)
    # A whole table keeps its order; of a larger one, the lines that weigh most come first.
    order = table.selection[:MOST_PRINTED] if left else range(len(table.rows))
    remark = wording.NOTHING[language] if not table.rows else ""
    if left:
        chosen = f" ({table.selection_name})" if table.selection_name else ""
        remark = wording.LEFT_OUT[language].format(
            shown=MOST_PRINTED, all=len(table.rows), left=left, selection=chosen
        )
    rows = []
    for row in order:
        line = table.rows[row]
        rows.append(
            [
                shown(line[place], column.kind, _currency(column, line), language)
                for place, column in zip(positions, columns, strict=True)
            ]
        )
    total = [
        ""
        if column.total is None
        else shown(column.total, column.kind, column.total_currency, language)
        for column in columns
    ]
    if any(total):
        total[0] = total[0] or wording.TOTAL[language]
    return _part(table.title, remark, columns, rows, total if any(total) else [])


def _currency(column: PreparedColumn, line: tuple[Any, ...]) -> str | None:
    return None if column.currency is None else line[column.currency]


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
        "right": [column.kind not in LEFT for column in columns],
        "rows": rows,
        "total": total,
    }
