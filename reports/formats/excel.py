"""A workbook that needs no second hand: totals are formulas, and every reader sees their values.

A summary, the lines with a filter, and, where lines belong to customers, each customer's lines
under his total. Formulas carry the value that they had when the list was written, so that a
program that does not calculate shows them, too. No text of others ever becomes a formula or link.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.errors import ConfigurationError
from reports import wording
from reports.definition import Kind
from reports.formats.safe_text import CONTROLS
from reports.notes import note_lines
from reports.numbers import minor_unit
from reports.prepared import (
    PreparedBreakdown,
    PreparedColumn,
    PreparedList,
    PreparedTable,
)
from reports.request import Language

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_LINES = 1_048_576 - 20
"""What a sheet holds, less its head."""
MOST_CHARACTERS = 32_767
"""What a cell holds."""
MOST_GROUPED_LINES = 20_000
"""Beyond it the customers' sheet has their totals only: outlines of more open slowly."""
DATES = {
    Language.FRENCH: "dd/mm/yyyy",
    Language.ITALIAN: "dd/mm/yyyy",
    Language.ENGLISH: "yyyy-mm-dd",
}
"""Marks of thousands and decimals are those of the reader's own program, whatever is written."""
LATE = ((90, "#F4B6B0"), (30, "#FBD9B5"), (0, "#FFF3C4"))
"""Colours of days late, beyond so many."""
FIRST_DAY = date(1899, 12, 30)
"""The day that spreadsheets count from."""
HEAD, BAND = "#1F3A4D", "#E8EEF2"
SENTENCE = 50
"""Text in columns as wide as this is wrapped."""
PAGE_WIDTH = 230
"""Characters that can still be read when they are fitted to one page."""
ARIAL_WIDTH = 1.1
"""Columns are given in characters; bold and marks of thousands need a little more."""


def write_excel(prepared: PreparedList, target: Path) -> None:
    """Write a list as a workbook.

    Raises:
        ConfigurationError: a table has more lines than a sheet of Excel.

    """
    import xlsxwriter

    for table in prepared.tables:
        if len(table.rows) > MOST_LINES:
            raise ConfigurationError(
                f"{table.title} has {len(table.rows):,} lines, and a sheet of Excel holds "
                f"{MOST_LINES:,}: write a .csv, or ask for one company, customer or agent."
            )
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": DATES[prepared.language],
    }
    with _uncollected(), xlsxwriter.Workbook(str(target), options) as workbook:
        workbook.set_calc_mode("auto")
        workbook.set_properties({"title": prepared.title, "comments": ""})
        book = _Book(workbook, prepared)
        sheets = [book.sheet(wording.SUMMARY[prepared.language])]
        placed = [_write_lines(book, table) for table in prepared.tables]
        for table in prepared.tables:
            if table.statement:
                _write_customers(book, table)
        _write_summary(book, sheets[0], placed)
        sheets[0].activate()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Cells are kept until the end: to look for garbage among them takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Book:
    """The workbook, its formats made once."""

    def __init__(self, workbook: xlsxwriter.Workbook, prepared: PreparedList) -> None:
        self.workbook = workbook
        self.prepared = prepared
        self.language = prepared.language
        self.formats: dict[tuple[Any, ...], Format] = {}

    def format(self, **properties: Any) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(
                {"font_name": "Arial", "font_size": 9, "valign": "top", **properties}
            )
        return self.formats[key]

    def sheet(self, name: str) -> Worksheet:
        """A sheet that prints in landscape, its pages numbered."""
        safe = "".join(" " if mark in "[]:*?/\\'" else mark for mark in name)[:31]
        sheet: Worksheet = self.workbook.add_worksheet(safe)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        title = self.prepared.title.replace("&", "&&")
        page = wording.PAGE[self.language]
        sheet.set_header(f"&L&9{title}&R&9 {self.prepared.provenance.as_of:%Y-%m-%d}")
        sheet.set_footer(f"&C&9{page} &P / &N")
        sheet.hide_gridlines(2)
        return sheet

    def head(self, sheet: Worksheet, title: str) -> int:
        """Title and what to know of its age; the row after it."""
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=14, font_color=HEAD))
        row = 1
        for note in note_lines(self.prepared):
            colour = "#B03A2E" if note.is_warning else "#555555"
            sheet.write_string(row, 0, plain(note.text), self.format(font_color=colour))
            row += 1
        return row + 1

    def heading(self, column: PreparedColumn) -> Format:
        # Words keep off the numbers before them.
        side = {"align": "left", "indent": 1} if column.kind in LEFT else {"align": "right"}
        return self.format(bold=True, font_color="white", bg_color=HEAD, text_wrap=True, **side)

    def value(self, kind: Kind, currency: str | None = None, **properties: Any) -> Format:
        return self.format(num_format=self._number(kind, currency), **properties)

    def _number(self, kind: Kind, currency: str | None) -> str:
        if kind is Kind.MONEY:
            places = -int(minor_unit(currency).as_tuple().exponent)
            shown = "#,##0" + ("." + "0" * places if places else "")
            return f'{shown};-{shown};"-"'
        return {
            Kind.COUNT: "#,##0",
            Kind.DAYS_LATE: "#,##0",
            Kind.DECIMAL: "#,##0.00",
            Kind.SHARE: "0%",
            Kind.DATE: DATES[self.language],
        }.get(kind, "General")


LEFT = (Kind.TEXT, Kind.CODE, Kind.YES_NO, Kind.DATE)


@dataclass(frozen=True)
class _Placed:
    """Where the lines of a table stand, for formulas of other sheets."""

    table: PreparedTable
    sheet: str
    first: int
    last: int

    def range(self, position: int) -> str:
        from xlsxwriter.utility import xl_range_abs

        return f"'{self.sheet}'!{xl_range_abs(self.first, position, self.last, position)}"


def plain(text: str) -> str:
    """Text as a cell may hold it."""
    if text.isprintable() and len(text) <= MOST_CHARACTERS:
        return text
    return CONTROLS.sub("", text)[:MOST_CHARACTERS]


def _writer(
    book: _Book, sheet: Worksheet, column: PreparedColumn, **properties: Any
) -> Callable[[int, int, tuple[Any, ...], Any], None]:
    """How the values of a column are written, decided once and not for every cell."""
    kind = column.kind
    if kind in (Kind.TEXT, Kind.CODE, Kind.YES_NO):
        text = book.format(text_wrap=column.width >= SENTENCE, indent=1, **properties)
        return lambda row, place, _, value: sheet.write_string(row, place, plain(str(value)), text)
    if kind is Kind.DATE:
        day = book.value(kind, align="left", indent=1, **properties)
        first = FIRST_DAY.toordinal()
        return lambda row, place, _, value: sheet.write_number(
            row, place, value.toordinal() - first, day
        )
    if kind is Kind.MONEY:
        by_currency: dict[str | None, Format] = {}

        def write_money(row: int, place: int, line: tuple[Any, ...], value: Any) -> None:
            currency = None if column.currency is None else line[column.currency]
            if currency not in by_currency:
                by_currency[currency] = book.value(kind, currency, **properties)
            sheet.write_number(row, place, float(value), by_currency[currency])

        return write_money
    number = book.value(kind, **properties)
    return lambda row, place, _, value: sheet.write_number(row, place, float(value), number)


def _write_lines(book: _Book, table: PreparedTable) -> _Placed:
    from xlsxwriter.utility import xl_range

    name = table.title
    sheet = book.sheet(name)
    total_row = book.head(sheet, f"{book.prepared.title} · {table.title}")
    heading_row, first = total_row + 1, total_row + 2
    last = max(first, first + len(table.rows) - 1)
    bold = {"bold": True, "bg_color": BAND}
    sheet.write_string(total_row, 0, wording.TOTAL_OF_LINES[book.language], book.format(**bold))
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width * ARIAL_WIDTH)
        sheet.write_string(heading_row, place, plain(column.heading), book.heading(column))
        if column.total is not None:
            currency = column.total_currency
            sheet.write_formula(
                total_row,
                place,
                f"=SUBTOTAL(109,{xl_range(first, place, last, place)})",
                book.value(column.kind, currency, **bold),
                float(column.total),
            )
        elif place:
            sheet.write_blank(total_row, place, None, book.format(**bold))
    writers = [_writer(book, sheet, column) for column in table.columns]
    for row, line in enumerate(table.rows, first):
        for place, value in enumerate(line):
            if value is not None:
                writers[place](row, place, line, value)
    if not table.rows:
        sheet.write_string(first, 0, wording.NOTHING[book.language], book.format(italic=True))
    _print_columns(sheet, table.columns, _names(table))
    sheet.set_row(heading_row, 36)
    sheet.autofilter(heading_row, 0, last, len(table.columns) - 1)
    sheet.freeze_panes(first, _names(table))
    sheet.repeat_rows(heading_row)
    _colour_days_late(book, sheet, table.columns, first, last)
    return _Placed(table, sheet.get_name(), first, last)


def _print_columns(sheet: Worksheet, columns: Sequence[PreparedColumn], names: int) -> None:
    """All columns on one page, or, where nobody could read that, on two, the names on both."""
    if sum(column.width for column in columns) <= PAGE_WIDTH:
        sheet.fit_to_pages(1, 0)
        return
    sheet.fit_to_pages(2, 0)
    sheet.repeat_columns(0, names - 1)


def _names(table: PreparedTable) -> int:
    """Columns that stay in view while the others scroll: those that say whom a line is about."""
    about = [place for place, column in enumerate(table.columns) if column.name == "customer"]
    return about[0] + 1 if about and about[0] < 4 else 1


def _colour_days_late(
    book: _Book, sheet: Worksheet, columns: Sequence[PreparedColumn], first: int, last: int
) -> None:
    for place, column in enumerate(columns):
        if column.kind is not Kind.DAYS_LATE:
            continue
        for days, colour in LATE:
            sheet.conditional_format(
                first,
                place,
                last,
                place,
                {
                    "type": "cell",
                    "criteria": ">",
                    "value": days,
                    "format": book.workbook.add_format({"bg_color": colour}),
                    "stop_if_true": True,
                },
            )


def _write_summary(book: _Book, sheet: Worksheet, placed: list[_Placed]) -> None:
    row = book.head(sheet, book.prepared.title)
    for lines in placed:
        for breakdown in lines.table.breakdowns:
            row = _write_breakdown(book, sheet, lines, breakdown, row) + 2
    for remark in book.prepared.remarks:
        sheet.write_string(row, 0, plain(remark), book.format(italic=True))
        row += 1
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 2, 18)
    sheet.set_column(3, 20, 15)


def _write_breakdown(
    book: _Book, sheet: Worksheet, placed: _Placed, breakdown: PreparedBreakdown, row: int
) -> int:
    """Totals that follow the lines: changed there, they change here. The row after them.

    Compared are whole texts, since SUMIFS would take a name such as `>5` for a condition.
    """
    from xlsxwriter.utility import xl_rowcol_to_cell

    table = placed.table
    title = (
        f"{table.title}: {breakdown.title}" if len(book.prepared.tables) > 1 else breakdown.title
    )
    sheet.write_string(row, 0, plain(title), book.format(bold=True, font_size=11, font_color=HEAD))
    row += 1
    columns = [table.columns[position] for position in breakdown.by]
    for place, column in enumerate(columns):
        sheet.write_string(row, place, plain(column.heading), book.heading(column))
    count = PreparedColumn("", wording.COUNT[book.language], Kind.COUNT, 10, True, None, None)
    measures = [count, *(table.columns[position] for position in breakdown.measures)]
    for place, column in enumerate(measures, len(columns)):
        sheet.write_string(row, place, plain(column.heading), book.heading(column))
    sheet.set_row(row, 24)
    for key, number, totals in breakdown.lines:
        row += 1
        same = []
        for place, (position, value) in enumerate(zip(breakdown.by, key, strict=True)):
            cell = xl_rowcol_to_cell(row, place, col_abs=True)
            same.append(f"EXACT({placed.range(position)},{cell})")
            if value is not None:
                sheet.write_string(row, place, plain(str(value)), book.format())
        # Multiplied by one, a single truth value is a number, too.
        condition = "*".join([*same, "1"])
        values: list[tuple[Decimal | int, str, Format]] = [
            (number, f"=SUMPRODUCT({condition})", book.value(Kind.COUNT))
        ]
        for position, total in zip(breakdown.measures, totals, strict=True):
            column = table.columns[position]
            currency = (
                key[breakdown.by.index(column.currency)]
                if column.currency in breakdown.by
                else None
            )
            values.append(
                (
                    total,
                    f"=SUMPRODUCT({condition},{placed.range(position)})",
                    book.value(column.kind, currency),
                )
            )
        for place, (value, formula, shape) in enumerate(values, len(columns)):
            sheet.write_formula(row, place, formula, shape, float(value))
    return row


def _write_customers(book: _Book, table: PreparedTable) -> None:
    """A line per customer with his aging; under it, folded, what it is made of."""
    from xlsxwriter.utility import xl_range

    sheet = book.sheet(wording.CUSTOMERS[book.language])
    total_row = book.head(sheet, f"{book.prepared.title} · {wording.CUSTOMERS[book.language]}")
    heading_row, row = total_row + 1, total_row + 2
    shown = [*table.customer, *table.statement, *table.measures]
    columns = [table.columns[position] for position in shown]
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width * ARIAL_WIDTH)
        sheet.write_string(heading_row, place, plain(column.heading), book.heading(column))
    _print_columns(sheet, columns, _names(table))
    sheet.set_row(heading_row, 36)
    first_measure = len(shown) - len(table.measures)
    bold = {"bold": True, "bg_color": BAND}
    is_grouped = len(table.rows) <= MOST_GROUPED_LINES
    detail = [_writer(book, sheet, column) for column in columns]
    strong = [_writer(book, sheet, column, **(bold if is_grouped else {})) for column in columns]
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for line in table.rows:
        groups.setdefault(tuple(line[position] for position in table.customer), []).append(line)
    sheet.outline_settings(symbols_below=False)
    for key, lines in groups.items():
        top = row
        for place, value in enumerate(key):
            if value is not None:
                strong[place](top, place, lines[0], value)
        if is_grouped:
            for place in range(len(key), first_measure):
                sheet.write_blank(top, place, None, book.format(**bold))
            for line in lines:
                row += 1
                sheet.set_row(row, None, None, {"level": 1, "hidden": True})
                for place in range(len(key), len(shown)):
                    value = line[shown[place]]
                    if value is not None:
                        detail[place](row, place, line, value)
            sheet.set_row(top, None, None, {"collapsed": True})
        for place in range(first_measure, len(shown)):
            total = sum((line[shown[place]] or 0 for line in lines), Decimal(0))
            if is_grouped:
                currency = key[-1]
                sheet.write_formula(
                    top,
                    place,
                    f"=SUBTOTAL(9,{xl_range(top + 1, place, row, place)})",
                    book.value(Kind.MONEY, currency, **bold),
                    float(total),
                )
            elif total:
                strong[place](top, place, lines[0], total)
        row += 1
    # Totals of totals would count twice; SUBTOTAL leaves other ones out.
    last = max(row - 1, heading_row + 1)
    sheet.write_string(total_row, 0, wording.TOTAL[book.language], book.format(**bold))
    for place in range(1, len(shown)):
        column = columns[place]
        if column.total is None or place < first_measure:
            sheet.write_blank(total_row, place, None, book.format(**bold))
            continue
        sheet.write_formula(
            total_row,
            place,
            f"=SUBTOTAL(9,{xl_range(heading_row + 1, place, last, place)})",
            book.value(Kind.MONEY, column.total_currency, **bold),
            float(column.total),
        )
    sheet.freeze_panes(heading_row + 1, _names(table))
    sheet.repeat_rows(heading_row)
    _colour_days_late(book, sheet, columns, heading_row + 1, max(row, heading_row + 1))
