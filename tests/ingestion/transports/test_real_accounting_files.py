"""Accounting files that others wrote: every line read, every total as computed elsewhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ingestion.transports.fec import FecOptions, FecTransport
from tests.ingestion.transports.reading import ENTRIES, Landed, Row, land
from tests.real_data import DATA, real_data


@pytest.fixture(autouse=True)
def _there_is_real_data() -> None:
    real_data("fec")


def total(rows: list[Row], column: str, account: str = "") -> Decimal:
    chosen = (row for row in rows if str(row["CompteNum"]).startswith(account))
    return sum((Decimal(str(row[column])) for row in chosen), Decimal(0))


def entries(rows: list[Row]) -> int:
    return len({(row["JournalCode"], row["EcritureNum"]) for row in rows})


def read(file: str) -> Landed:
    landed = land(FecTransport(DATA / "fec" / file), ENTRIES)
    assert landed.problems("batch") == []
    assert landed.rejected == []
    return landed


def test_utf8_with_a_mark_and_lettering_without_dates() -> None:
    landed = read("0000000001FEC20220831.txt")
    rows = landed.rows
    assert len(rows) == 5422
    assert total(rows, "Debit") == total(rows, "Credit") == Decimal("10186219.81")
    assert total(rows, "Credit", "70") - total(rows, "Debit", "70") == Decimal("1049934.32")
    assert entries(rows) == 2033
    customers = [row for row in rows if str(row["CompteNum"]).startswith("411")]
    assert len(customers) == 538
    assert sum(row["EcritureLet"] is not None for row in customers) == 528
    assert "lettering_date" in landed.codes("warning")


def test_odd_line_ends_and_dates_outside_the_year_of_the_name() -> None:
    landed = read("123456789FEC20500930.txt")
    assert len(landed.rows) == 10756
    assert total(landed.rows, "Debit") == total(landed.rows, "Credit") == Decimal("8258083.73")
    assert entries(landed.rows) == 4001
    assert "outside_year" in landed.codes("warning")


def test_what_tryton_exports_under_names_of_its_own() -> None:
    identities = {
        f"fec_{year}.txt": {"siren": "732829320", "fiscal_year_end": f"{year}-12-31"}
        for year in (1996, 1997)
    }
    options = FecOptions.model_validate({"pattern": "fec_*.txt", "names": identities})
    landed = land(FecTransport(DATA / "tryton", options), ENTRIES)
    assert landed.extraction.problems == []
    assert len(landed.rows) == 880 + 305
    assert total(landed.rows, "Debit") == total(landed.rows, "Credit") == Decimal("725585.49")
    assert {str(row["fiscal_year_end"]) for row in landed.rows} == {"1996-12-31", "1997-12-31"}
