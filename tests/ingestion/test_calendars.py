"""The public-holiday seed: what the `holidays` library says, in a file that needs it no more."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from ingestion.calendars import (
    SEED,
    calendars_of_countries,
    main,
    public_holidays,
    write_seed,
)


def test_french_holidays_of_a_year_are_named_in_french() -> None:
    days = {day: name for _, day, name in public_holidays("FR", range(2026, 2027))}

    assert days["2026-04-06"] == "Lundi de Pâques"
    assert days["2026-07-14"] == "Fête nationale"
    assert len(days) == 11


def test_a_subdivision_adds_its_own_days() -> None:
    national = {day for _, day, _ in public_holidays("FR", range(2026, 2027))}
    moselle = {day for _, day, _ in public_holidays("FR-57", range(2026, 2027))}

    assert moselle - national == {"2026-04-03", "2026-12-26"}


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        list(public_holidays("XX", range(2026, 2027)))


def test_the_seed_is_written_in_the_order_of_calendars_and_days(tmp_path: Path) -> None:
    seed = tmp_path / "public_holidays.csv"

    count = write_seed(seed, ["IT", "FR"], range(2026, 2028))

    with seed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    assert [row["calendar_code"] for row in rows] == sorted(
        (row["calendar_code"] for row in rows), reverse=True
    )
    assert rows[0]["holiday_date"] == "2026-01-01"


def test_an_installation_writes_calendars_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "public_holidays.csv"
    main(["US", "--from", "2026", "--to", "2026", "--into", str(own)])
    assert "US,2026-07-04," in own.read_text(encoding="utf-8")


def easter(year: int) -> date:
    """Gregorian Easter Sunday, by the anonymous algorithm of 1876."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    n = (h - m + r + 90) // 25
    return date(year, n, (h - m + r + n + 19) % 32)


def test_the_committed_seed_closes_on_every_easter_monday() -> None:
    with SEED.open(encoding="utf-8", newline="") as file:
        closed = [(row["calendar_code"], row["holiday_date"]) for row in csv.DictReader(file)]

    assert {code for code, _ in closed} == set(calendars_of_countries())
    assert len(set(closed)) == len(closed)
    mondays = {(easter(year) + timedelta(days=1)).isoformat() for year in range(1990, 2046)}
    for code in ("FR", "IT", "BE", "LU"):
        assert mondays <= {day for calendar, day in closed if calendar == code}
