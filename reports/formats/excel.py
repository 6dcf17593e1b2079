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
    BreakdownLine,
    PreparedBreakdown,
    PreparedColumn,
    PreparedList,
    PreparedStatement,
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
BOLD = {"bold": True, "bg_color": BAND}
"""How totals look."""
SUM, SUM_OF_VISIBLE = 9, 109
"""Functions of SUBTOTAL: of all lines, folded ones included, and of those that a filter shows."""
SENTENCE = 50
"""Text in columns as wide as this is wrapped."""
ROW_HEIGHT, LINE_HEIGHT = 15, 12
"""Points of a row, and of a further line of text in it."""
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
                _write_customers(book, table, table.statement)
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
        align, indent = ("right", 0) if column.kind.is_number else ("left", 1)
        return self.format(
            bold=True,
            font_color="white",
            bg_color=HEAD,
            text_wrap=True,
            align=align,
            indent=indent,
        )

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
            Kind.MONTH: "mmm yyyy",
            Kind.INSTANT: DATES[self.language] + " hh:mm",
        }.get(kind, "General")


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


_Write = Callable[[int, int, tuple[Any, ...], Any], Any]
"""Writes a value: row, place, the line that it is of, and itself."""


def _writer(book: _Book, sheet: Worksheet, column: PreparedColumn, **properties: Any) -> _Write:
    """How the values of a column are written, decided once and not for every cell."""
    kind = column.kind
    if kind in (Kind.TEXT, Kind.CODE, Kind.YES_NO):
        text = book.format(text_wrap=column.width >= SENTENCE, indent=1, **properties)
        return lambda row, place, _, value: sheet.write_string(row, place, plain(str(value)), text)
    if kind is Kind.INSTANT:
        instant = book.value(kind, align="left", indent=1, **properties)
        return lambda row, place, _, value: sheet.write_datetime(row, place, value, instant)
    if kind in (Kind.DATE, Kind.MONTH):
        day = book.value(kind, align="left", indent=1, **properties)
        first = FIRST_DAY.toordinal()
        return lambda row, place, _, value: sheet.write_number(
            row, place, value.toordinal() - first, day
        )
    if kind is Kind.MONEY:
        by_currency: dict[str | None, Format] = {}

        def write_money(row: int, place: int, line: tuple[Any, ...], value: Any) -> None:
            currency = column.currency_in(line)
            if currency not in by_currency:
                by_currency[currency] = book.value(kind, currency, **properties)
            sheet.write_number(row, place, float(value), by_currency[currency])

        return write_money
    number = book.value(kind, **properties)
    return lambda row, place, _, value: sheet.write_number(row, place, float(value), number)


class _Grid:
    """A sheet of lines; over them their totals and headings, which stay in view."""

    def __init__(self, book: _Book, name: str, columns: Sequence[PreparedColumn]) -> None:
        self.book = book
        self.columns = columns
        self.sheet = book.sheet(name)
        self.total_row = book.head(self.sheet, f"{book.prepared.title} · {name}")
        self.heading_row = self.total_row + 1
        self.first = self.total_row + 2
        self._write_headings()

    def _write_headings(self) -> None:
        sheet, row = self.sheet, self.heading_row
        for place, column in enumerate(self.columns):
            sheet.set_column(place, place, column.width * ARIAL_WIDTH)
            sheet.write_string(row, place, plain(column.heading), self.book.heading(column))
        sheet.set_row(row, 36)
        sheet.repeat_rows(row)
        sheet.freeze_panes(self.first, _names(self.columns))
        _print_columns(sheet, self.columns)

    def writers(self, **properties: Any) -> list[_Write]:
        """How the values of each column are written."""
        return [_writer(self.book, self.sheet, column, **properties) for column in self.columns]

    def finish(self, label: str, function: int, last: int) -> None:
        """Add up the lines down to the last one, and colour days late among them."""
        from xlsxwriter.utility import xl_range

        sheet, row = self.sheet, self.total_row
        sheet.write_string(row, 0, label, self.book.format(**BOLD))
        for place, column in enumerate(self.columns[1:], 1):
            if column.total is None:
                sheet.write_blank(row, place, None, self.book.format(**BOLD))
                continue
            shape = self.book.value(column.kind, column.total_currency, **BOLD)
            formula = f"=SUBTOTAL({function},{xl_range(self.first, place, last, place)})"
            sheet.write_formula(row, place, formula, shape, float(column.total))
        _colour_days_late(self.book, sheet, self.columns, self.first, last)


def _write_lines(book: _Book, table: PreparedTable) -> _Placed:
    grid = _Grid(book, table.title, table.columns)
    sheet, first = grid.sheet, grid.first
    last = max(first, first + len(table.rows) - 1)
    writers = grid.writers()
    sentences = [
        (place, int(column.width * ARIAL_WIDTH))
        for place, column in enumerate(table.columns)
        if column.width >= SENTENCE
    ]
    for row, line in enumerate(table.rows, first):
        for place, value in enumerate(line):
            if value is not None:
                writers[place](row, place, line, value)
        if sentences:
            sheet.set_row(row, _height(line, sentences))
    if not table.rows:
        sheet.write_string(first, 0, wording.NOTHING[book.language], book.format(italic=True))
    sheet.autofilter(grid.heading_row, 0, last, len(table.columns) - 1)
    grid.finish(wording.TOTAL_OF_LINES[book.language], SUM_OF_VISIBLE, last)
    return _Placed(table, sheet.get_name(), first, last)


def _height(line: tuple[Any, ...], sentences: Sequence[tuple[int, int]]) -> int:
    """Room for the longest of some texts, by position and width: not every program makes it."""
    lines = max(-(-len(line[place] or "") // width) for place, width in sentences)
    return ROW_HEIGHT + LINE_HEIGHT * max(0, lines - 1)


def _print_columns(sheet: Worksheet, columns: Sequence[PreparedColumn]) -> None:
    """All columns on one page, or, where nobody could read that, on two, the names on both."""
    if sum(column.width for column in columns) <= PAGE_WIDTH:
        sheet.fit_to_pages(1, 0)
        return
    sheet.fit_to_pages(2, 0)
    sheet.repeat_columns(0, _names(columns) - 1)


def _names(columns: Sequence[PreparedColumn]) -> int:
    """Columns that stay in view while the others scroll: those that say whom a line is about."""
    about = [place for place, column in enumerate(columns) if column.name == "customer"]
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
    """Totals that follow the lines: changed there, they change here. Their last row."""
    title = breakdown.title
    if len(book.prepared.tables) > 1:
        title = wording.headed(placed.table.title, title, book.language)
    sheet.write_string(row, 0, plain(title), book.format(bold=True, font_size=11, font_color=HEAD))
    row += 1
    for place, column in enumerate(breakdown.columns):
        sheet.write_string(row, place, plain(column.heading), book.heading(column))
    sheet.set_row(row, 24)
    for line in breakdown.lines:
        row += 1
        _write_combination(book, sheet, placed, breakdown, line, row)
    return row


def _write_combination(
    book: _Book,
    sheet: Worksheet,
    placed: _Placed,
    breakdown: PreparedBreakdown,
    line: BreakdownLine,
    row: int,
) -> None:
    """A line of a breakdown.

    Compared are whole texts, since SUMIFS would take a name such as `>5` for a condition.
    """
    from xlsxwriter.utility import xl_rowcol_to_cell

    same = []
    for place, (position, value) in enumerate(zip(breakdown.by, line.key, strict=True)):
        cell = xl_rowcol_to_cell(row, place, col_abs=True)
        same.append(f"EXACT({placed.range(position)},{cell})")
        if value is not None:
            sheet.write_string(row, place, plain(str(value)), book.format())
    # Multiplied by one, a single truth value is a number, too.
    condition = "*".join([*same, "1"])
    place = len(line.key)
    formula = f"=SUMPRODUCT({condition})"
    sheet.write_formula(row, place, formula, book.value(Kind.COUNT), float(line.number))
    for position, total in zip(breakdown.measures, line.totals, strict=True):
        place += 1
        column = breakdown.columns[place]
        formula = f"=SUMPRODUCT({condition},{placed.range(position)})"
        shape = book.value(column.kind, breakdown.currency_in(line, column))
        sheet.write_formula(row, place, formula, shape, float(total))


def _write_customers(book: _Book, table: PreparedTable, statement: PreparedStatement) -> None:
    """A line per customer with his aging; under it, folded, what it is made of."""
    columns = [table.columns[position] for position in statement.columns]
    grid = _Grid(book, wording.CUSTOMERS[book.language], columns)
    grid.sheet.outline_settings(symbols_below=False)
    customers = _Customers(grid, statement)
    is_folded = len(table.rows) <= MOST_GROUPED_LINES
    write = customers.write_folded if is_folded else customers.write_total
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for line in table.rows:
        key = tuple(line[position] for position in statement.customer)
        groups.setdefault(key, []).append(line)
    row = grid.first
    for lines in groups.values():
        row = write(row, lines)
    # Totals of totals would count twice; SUBTOTAL leaves other ones out.
    grid.finish(wording.TOTAL[book.language], SUM, max(row - 1, grid.first))


class _Customers:
    """Writes one customer after the other: his total, and what it is made of.

    Columns are known by their place on the sheet and their position in the table.
    """

    def __init__(self, grid: _Grid, statement: PreparedStatement) -> None:
        self.grid = grid
        self.currency = statement.customer[-1]
        columns = list(enumerate(statement.columns))
        first, last = len(statement.customer), len(columns) - len(statement.measures)
        self.names = columns[:first]
        self.between = columns[first:last]
        self.measures = columns[last:]
        self.details = [*self.between, *self.measures]
        self.plain, self.bold = grid.writers(), grid.writers(**BOLD)

    def write_folded(self, top: int, lines: list[tuple[Any, ...]]) -> int:
        """His total and, folded beneath, his lines; the row after them."""
        from xlsxwriter.utility import xl_range

        sheet, book, last = self.grid.sheet, self.grid.book, top + len(lines)
        self._write(top, lines[0], self.names, self.bold)
        for place, _ in self.between:
            sheet.write_blank(top, place, None, book.format(**BOLD))
        shape = book.value(Kind.MONEY, lines[0][self.currency], **BOLD)
        for place, position in self.measures:
            formula = f"=SUBTOTAL({SUM},{xl_range(top + 1, place, last, place)})"
            sheet.write_formula(top, place, formula, shape, float(_total(lines, position)))
        sheet.set_row(top, None, None, {"collapsed": True})
        for row, line in enumerate(lines, top + 1):
            sheet.set_row(row, None, None, {"level": 1, "hidden": True})
            self._write(row, line, self.details, self.plain)
        return last + 1

    def write_total(self, row: int, lines: list[tuple[Any, ...]]) -> int:
        """His total alone; the row after it."""
        self._write(row, lines[0], self.names, self.plain)
        for place, position in self.measures:
            if total := _total(lines, position):
                self.plain[place](row, place, lines[0], total)
        return row + 1

    def _write(
        self,
        row: int,
        line: tuple[Any, ...],
        columns: list[tuple[int, int]],
        writers: list[_Write],
    ) -> None:
        for place, position in columns:
            value = line[position]
            if value is not None:
                writers[place](row, place, line, value)


def _total(lines: list[tuple[Any, ...]], position: int) -> Decimal:
    return sum((line[position] for line in lines if line[position] is not None), Decimal(0))
