"""The workbook, reread by other programs: pandas sees values, openpyxl formulas and layout."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from ingestion.engine import connect
from ingestion.errors import ConfigurationError
from reports.formats import excel
from reports.request import Language, ListName, ListRequest
from tests.reports.conftest import FORMULA, NAMES
from tests.reports.marts import AS_OF
from tests.reports.written import written

LINES = "Unpaid items"


@pytest.fixture(scope="module")
def workbook(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("excel") / "unpaid.xlsx"
    written(marts, ListRequest(ListName.UNPAID), target)
    return target


def header_row(sheet: openpyxl.worksheet.worksheet.Worksheet, heading: str) -> int:
    cells = (cell for row in sheet.iter_rows() for cell in row)
    found: int = next(cell.row for cell in cells if cell.value == heading)
    return found


def test_lines_are_the_marts_to_the_cent(workbook: Path, marts: Path) -> None:
    book = openpyxl.load_workbook(workbook, data_only=True)
    row = header_row(book[LINES], "Customer")
    lines = pd.read_excel(workbook, sheet_name=LINES, header=row - 1)
    with connect(marts, read_only=True) as connection:
        expected = connection.execute(
            "select open_amount, company_open_amount from kpi.open_items where as_of_date = ?",
            [AS_OF],
        ).fetchall()
    for heading, place in (("Open amount", 0), ("Open amount (company currency)", 1)):
        cents = sorted(round(value * 100) for value in lines[heading])
        assert cents == sorted(int(amounts[place] * 100) for amounts in expected)


def test_totals_are_formulas_that_carry_their_value(workbook: Path) -> None:
    formulas = openpyxl.load_workbook(workbook)[LINES]
    values = openpyxl.load_workbook(workbook, data_only=True)[LINES]
    row = header_row(formulas, "Customer") - 1
    totals = {
        values.cell(row + 1, cell.column).value: (cell.value, values.cell(row, cell.column).value)
        for cell in formulas[row]
        if isinstance(cell.value, str) and cell.value.startswith("=")
    }
    formula, value = totals["Open amount (company currency)"]
    assert formula.startswith("=SUBTOTAL(109,")
    # 1000.10 + 0.20 + 2000.35 + 10 + 33.33 - 50 + 60
    assert round(Decimal(value), 2) == Decimal("3053.98")
    assert "Open amount" not in totals, "dollars and euros are not added up"


def test_each_aging_bucket_has_a_column(workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook, data_only=True)[LINES]
    row = header_row(sheet, "Customer")
    buckets = {"Not due": 2000.35, "1 to 30 days": 1103.43, "Over 120 days": 0.20}
    for cell in sheet[row]:
        if cell.value in buckets:
            total = sheet.cell(row - 1, cell.column).value
            assert total == pytest.approx(buckets.pop(cell.value))
    assert not buckets


def test_the_summary_follows_the_lines(workbook: Path) -> None:
    formulas = openpyxl.load_workbook(workbook)["Summary"]
    values = openpyxl.load_workbook(workbook, data_only=True)["Summary"]
    written = [
        (cell.value, values[cell.coordinate].value)
        for row in formulas.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert all(formula.startswith("=SUMPRODUCT(EXACT(") for formula, _ in written)
    assert ("Dupont SA", "EUR", "EUR", 6) in [
        tuple(cell.value for cell in row[:4]) for row in values.iter_rows()
    ]


def test_customers_have_their_lines_under_their_total(workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook)["Customers"]
    levels = [sheet.row_dimensions[row].outlineLevel for row in range(1, sheet.max_row + 1)]
    assert levels.count(1) == 7, "every line once"
    values = openpyxl.load_workbook(workbook, data_only=True)["Customers"]
    totals = {row[2].value: row[9].value for row in values.iter_rows() if row[2].value}
    assert totals[NAMES["c2"]] == pytest.approx(0.20)


def test_a_sheet_can_be_worked_with_and_printed(workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook)[LINES]
    row = header_row(sheet, "Customer")
    assert sheet.auto_filter.ref.startswith(f"A{row}:")
    assert sheet.freeze_panes == f"D{row + 1}"
    assert sheet.print_title_rows == f"${row}:${row}"
    assert sheet.page_setup.orientation == "landscape"
    assert "&P" in sheet.oddFooter.center.text
    assert sheet.conditional_formatting


def test_a_name_that_looks_like_a_formula_is_text(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    cells = [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == FORMULA
    ]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_dates_are_shown_as_the_language_has_them(marts: Path, tmp_path: Path) -> None:
    target = tmp_path / "l.xlsx"
    written(marts, ListRequest(ListName.UNPAID, Language.FRENCH), target)
    sheet = openpyxl.load_workbook(target)["Impayés"]
    row = header_row(sheet, "Client")
    (due,) = (cell.column for cell in sheet[row] if cell.value == "Date d'échéance")
    assert sheet.cell(row + 1, due).number_format == "dd/mm/yyyy"


def test_a_row_has_room_for_the_sentence_in_it(marts: Path, tmp_path: Path) -> None:
    target = tmp_path / "l.xlsx"
    written(marts, ListRequest(ListName.ORDER_STATUS), target)
    sheet = openpyxl.load_workbook(target)["Orders"]
    heading = header_row(sheet, "To tell the customer")
    (place,) = [cell.column for cell in sheet[heading] if cell.value == "To tell the customer"]
    width = sheet.column_dimensions[openpyxl.utils.get_column_letter(place)].width
    rows = range(heading + 1, sheet.max_row + 1)
    lengths = {row: len(sheet.cell(row, place).value) for row in rows}
    assert max(lengths.values()) > width, "one at least is longer than its column is wide"
    for row, length in lengths.items():
        assert (sheet.row_dimensions[row].height or 15) >= 12 * (length / width)


def test_bank_and_old_sources_are_told(workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook)["Summary"]
    head = "\n".join(str(sheet.cell(row, 1).value) for row in range(1, 7))
    assert "As of 30 Jun 2026" in head
    assert "Last bank entry, Dupont SA: 26 Jun 2026" in head
    assert "Last bank entry, Rossi Srl: none" in head
    assert "the source crm has not been read since 28 Jun 2026" in head
    assert "erp" not in head


def test_more_lines_than_a_sheet_holds_are_refused(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_LINES", 6)
    with pytest.raises(ConfigurationError, match=r"7 lines.*\.csv"):
        written(marts, ListRequest(ListName.UNPAID), tmp_path / "l.xlsx")
    assert not list(tmp_path.iterdir())


def test_very_many_lines_are_not_grouped(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_GROUPED_LINES", 6)
    target = tmp_path / "l.xlsx"
    written(marts, ListRequest(ListName.UNPAID), target)
    sheet = openpyxl.load_workbook(target, data_only=True)["Customers"]
    totals = {row[2].value: row[9].value for row in sheet.iter_rows() if row[2].value}
    assert totals[NAMES["c3"]] == pytest.approx(2000.35)
