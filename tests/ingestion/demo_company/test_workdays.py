"""Working time of the demo company: 8:30 to 17:30, without weekends and public holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.demo_company.workdays import write_calendar
from ingestion.engine import connect

if TYPE_CHECKING:
    import duckdb

FRANCE, ITALY = 1, 2


@pytest.fixture(scope="module")
def calendar() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows working time."""
    with connect() as connection:
        connection.execute("create schema life")
        write_calendar(connection, date(2023, 7, 1), date(2026, 6, 30))
        yield connection


def value(calendar: duckdb.DuckDBPyConnection, expression: str) -> Any:
    """What an expression gives; through a table, as the company's SQL does."""
    found = calendar.execute(f"select {expression} from (values (1)) as one (row)").fetchone()
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("company", "expected"),
    [(FRANCE, datetime(2025, 7, 15, 7)), (ITALY, datetime(2025, 7, 14, 7))],  # noqa: DTZ001
)
def test_work_left_on_a_friday_goes_on_after_the_weekend_and_the_holiday(
    calendar: duckdb.DuckDBPyConnection, company: int, expected: datetime
) -> None:
    # Friday 17:00 in Paris, half an hour before closing; 14 July is a holiday in France only.
    moment = "timestamp '2025-07-11 15:00:00'"
    assert value(calendar, f"after_work({company}, {moment}, 60)") == expected


def test_a_request_at_night_waits_for_the_morning(calendar: duckdb.DuckDBPyConnection) -> None:
    moment = "timestamp '2025-01-14 22:00:00'"
    expected = datetime(2025, 1, 15, 7, 40)  # noqa: DTZ001  # UTC, as everywhere
    assert value(calendar, f"after_work({FRANCE}, {moment}, 10)") == expected


def test_opening_time_follows_daylight_saving(calendar: duckdb.DuckDBPyConnection) -> None:
    assert value(calendar, "utc(date '2025-03-28', 510)").hour == 7
    assert value(calendar, "utc(date '2025-03-31', 510)").hour == 6


def test_the_working_day_after_a_holiday_weekend(calendar: duckdb.DuckDBPyConnection) -> None:
    assert value(calendar, f"work_day({FRANCE}, date '2025-07-12', 0)") == date(2025, 7, 15)
    assert value(calendar, f"work_day({ITALY}, date '2025-07-12', 1)") == date(2025, 7, 15)


def test_nothing_gives_nothing(calendar: duckdb.DuckDBPyConnection) -> None:
    assert value(calendar, f"after_work({FRANCE}, null::timestamp, 5)") is None


def test_demand_is_low_in_august(calendar: duckdb.DuckDBPyConnection) -> None:
    def demand(day: str) -> float:
        low, high = 0.0, 2000.0
        for _ in range(40):
            middle = (low + high) / 2
            reached = value(calendar, f"demand_day({FRANCE}, {middle}::double)")
            low, high = (middle, high) if reached < date.fromisoformat(day) else (low, middle)
        return low

    august = demand("2025-09-01") - demand("2025-08-01")
    october = demand("2025-11-01") - demand("2025-10-01")
    assert august < 0.7 * october
