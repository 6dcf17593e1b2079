"""Tables as they are laid out: headings that sort, cells that link, lines that can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dashboards.cockpit import phrases
from dashboards.cockpit.blocks import Table
from dashboards.cockpit.reading import (
    LINES_OF_A_PAGE,
    Asked,
    Found,
    filters_of,
    read_table,
)
from dashboards.cockpit.views.view import Cell, Heading, Line, View, not_narrowed
from ingestion.config.cockpit import Role
from reports.definition import Kind
from reports.numbers import shown, whole
from reports.prepared import Answer, PreparedColumn

CHOOSABLE = "remind"
"""Status of the worklist's rows that can be reminded of now."""
LATE_FROM = (90, 30, 0)
"""Days late beyond which a number stands out more."""
LONG = 60
"""Letters from which a text may break over lines."""


def table_view(view: View, table: Table, *, is_whole: bool) -> dict[str, Any]:
    """A table: its first lines on the page, or a hundred of them on a page of its own."""
    lines = LINES_OF_A_PAGE if is_whole else table.lines
    asked = view.asked if is_whole else replace(view.asked, page=1, sort=None)
    found = read_table(view.reading, view.reader, view.page, table, asked, view.language, lines)
    columns = [
        (place, column)
        for place, column in enumerate(found.table.columns)
        if _is_shown(view, table, found, place, column, is_whole)
    ]
    title = table.definition.title[view.language]
    return {
        "kind": "card" if table.is_card else "table",
        "name": table.name,
        "title": title,
        "note": table.note[view.language] if table.note else "",
        "not_narrowed": not_narrowed(view, found),
        "headings": [_heading(view, table, column, is_whole) for _, column in columns],
        "lines": _lines(view, table, found, columns),
        "empty": _nothing(view, table),
        "count": whole(found.count, view.language),
        "all_rows": _all_rows(view, found),
        "has_more": found.count > len(found.table.rows) or bool(found.count),
        "url": view.table_address(table.name),
        "excel": view.table_address(f"{table.name}.xlsx", **_sorted(asked)),
        "columns_url": view.to("definitions", "columns", of=f"{view.page.name}/{table.name}"),
        "shown": rows_shown(view, (asked.page - 1) * lines, len(found.table.rows), found.count),
        "pages": _pages(view, table, found, asked) if is_whole else {},
        "can_be_reminded": table.can_be_reminded and view.reader.role is not Role.SALESPERSON,
        "remind_url": view.to(view.page.name, table.name, "reminders"),
        "remarks": found.table.remarks if is_whole and not view.page.key else (),
    }


def _all_rows(view: View, found: Found) -> str:
    phrase = phrases.ONE_ROW if found.count == 1 else phrases.ALL_ROWS
    return phrase[view.language].format(count=whole(found.count, view.language))


def _is_shown(
    view: View, table: Table, found: Found, place: int, column: PreparedColumn, is_whole: bool
) -> bool:
    """On a page there is room for the main columns, and what it is about need not be repeated."""
    if table.is_card:
        return True
    if view.page.key == "customer_id" and column.name in ("customer", "customer_number"):
        return False
    return is_whole or (column.is_printed and _says_something(found, place))


def _says_something(found: Found, place: int) -> bool:
    """Whether a column has a value in any of the lines; on a page, others take room only."""
    rows = found.table.rows
    return not rows or any(row[place] not in (None, "") for row in rows)


def _sorted(asked: Asked) -> dict[str, str]:
    return {"sort": ("-" if asked.is_descending else "") + asked.sort} if asked.sort else {}


def _nothing(view: View, table: Table) -> str:
    names = {one.name for one in filters_of(view.page, table)}
    is_narrowed = bool(names & set(view.asked.values)) or (table.search and view.asked.search)
    return (phrases.NO_ROWS_SO if is_narrowed else phrases.NO_ROWS)[view.language]


def rows_shown(view: View, skipped: int, shown: int, count: int) -> str:
    """Which rows of how many these are."""
    return phrases.SHOWN_ROWS[view.language].format(
        first=whole(min(skipped + 1, count), view.language),
        last=whole(min(skipped + shown, count), view.language),
        count=whole(count, view.language),
    )


def _pages(view: View, table: Table, found: Found, asked: Asked) -> dict[str, str]:
    last = -(-found.count // LINES_OF_A_PAGE)
    around = {"previous": asked.page - 1, "next": asked.page + 1}
    return {
        name: view.table_address(table.name, page=str(number), **_sorted(asked))
        for name, number in around.items()
        if 1 <= number <= last
    }


def _heading(view: View, table: Table, column: PreparedColumn, is_whole: bool) -> Heading:
    declared = {one.name: one for one in table.definition.columns}.get(column.name)
    if not is_whole or declared is None or declared.compose:
        return Heading(column.heading, column.kind.is_number)
    asked = view.asked
    is_sorted = asked.sort == column.name
    # Numbers are mostly looked at from the largest down.
    turned = not asked.is_descending if is_sorted else column.kind.is_number
    return Heading(
        column.heading,
        column.kind.is_number,
        view.table_address(table.name, sort=("-" if turned else "") + column.name),
        ("descending" if asked.is_descending else "ascending") if is_sorted else "",
        phrases.SORT_BY[view.language].format(name=column.heading),
    )


def _lines(
    view: View, table: Table, found: Found, columns: Sequence[tuple[int, PreparedColumn]]
) -> list[Line]:
    write = [cell_writer(view, found.answer, place, column) for place, column in columns]
    lines = []
    for row, values in enumerate(found.table.rows):
        cells = tuple(cell(row, values) for cell in write)
        key, name = _chosen(found.answer, row) if table.can_be_reminded else ("", "")
        lines.append(Line(cells, key, name, key in view.noted))
    return lines


def _chosen(answer: Answer, row: int) -> tuple[str, str]:
    """Key and name of a row that can be reminded of."""
    line = dict(zip(answer.at, answer.rows[row], strict=True))
    if line["worklist_status"] != CHOOSABLE:
        return "", ""
    return line["open_item_id"], f"{line['document_number'] or ''} {line['customer'] or ''}".strip()


def cell_writer(
    view: View, answer: Answer, place: int, column: PreparedColumn
) -> Callable[[int, tuple[Any, ...]], Cell]:
    """How the values of a column are written, decided once and not for every cell."""
    language, kind = view.language, column.kind
    is_customer = column.name == "customer" and "customer_id" in answer.at

    def write(row: int, values: tuple[Any, ...]) -> Cell:
        value = values[place]
        text = shown(value, kind, column.currency_in(values), language)
        if is_customer and value:
            key = answer.rows[row][answer.at["customer_id"]]
            return Cell(text, url=view.to("customer", customer_id=key))
        late = kind is Kind.DAYS_LATE and value is not None and value > 0
        lateness = next((n for n, days in enumerate(LATE_FROM, 1) if late and value > days), 0)
        return Cell(text, kind.is_number, lateness, is_long=len(text) > LONG)

    return write
