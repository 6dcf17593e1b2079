"""A figure is added up from its parts, of one currency, and compared with its like."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from dashboards.cockpit.figures import before, change, in_words, number, values, when
from dashboards.cockpit.kpis import Kpi, Point
from reports.request import Language

KPI = Kpi("k", "K", "", "", "share", "lower", "m", "t", {})
DAY = date(2026, 6, 17)
EN, FR = Language.ENGLISH, Language.FRENCH


def point(
    company: str, numerator: str, denominator: str | None, value: str, **more: object
) -> Point:
    told = Point(
        company,
        "EUR",
        DAY,
        "as_of",
        Decimal(numerator),
        None if denominator is None else Decimal(denominator),
        1,
        Decimal(value),
    )
    return replace(told, **more)  # type: ignore[arg-type]


def test_a_ratio_is_that_of_the_sums() -> None:
    (value,) = values(KPI, [point("A", "1", "10", "0.1"), point("B", "90", "90", "1")])
    assert value.only == Decimal("0.91")


def test_a_median_is_told_of_each_company() -> None:
    minutes = replace(KPI, unit="working_minutes")
    (value,) = values(minutes, [point("A", "100", "10", "7"), point("B", "90", "10", "5")])
    assert in_words(value, minutes, FR) == [("A", "7 min"), ("B", "5 min")]


def test_without_a_denominator_nothing_is_divided() -> None:
    documents = replace(KPI, unit="documents")
    (value,) = values(documents, [point("A", "3", None, "3"), point("B", "4", None, "4")])
    assert value.only == 7


def test_nothing_by_nothing_is_no_value() -> None:
    (value,) = values(KPI, [replace(point(name, "0", "0", "0"), value=None) for name in "AB"])
    assert value.only is None
    assert in_words(value, KPI, EN) == [("", "no value")]


@pytest.mark.parametrize(
    ("value", "unit", "currency", "expected"),
    [
        ("0.0834", "share", None, "8.3 %"),
        ("1234.5", "currency", "EUR", "1,234.50 EUR"),
        ("1234567.8", "currency", "JPY", "1,234,568 JPY"),
        ("5", "documents", None, "5"),
        ("57.68", "days", None, "57.7 days"),
    ],
)
def test_numbers_have_their_unit(
    value: str, unit: str, currency: str | None, expected: str
) -> None:
    assert number(Decimal(value), replace(KPI, unit=unit), currency, EN) == expected


def test_a_day_is_compared_with_a_week_before_and_a_month_with_the_last() -> None:
    days = [point("A", "1", None, "1", day=DAY - timedelta(days=n)) for n in (9, 7, 1, 0)]
    earlier = before(values(KPI, days))
    assert earlier is not None
    assert earlier.day == DAY - timedelta(days=7)
    months = [
        point("A", "1", None, "1", day=date(2026, month, 1), period="month") for month in (4, 5)
    ]
    earlier = before(values(KPI, months))
    assert earlier is not None
    assert earlier.day == date(2026, 4, 1)


def test_better_and_worse_follow_the_catalogue() -> None:
    old, new = (values(KPI, [point("A", n, None, n)])[0] for n in ("1", "2"))
    assert change(new, old, KPI, EN) == ("worse", "bad")
    assert change(new, old, replace(KPI, better="higher"), EN) == ("better", "good")
    assert change(new, old, replace(KPI, better="neutral"), EN) == ("up", "neutral")
    assert change(new, new, KPI, EN) == ("unchanged", "same")
    assert change(new, None, KPI, EN) == ("", "")


def test_a_month_that_goes_on_says_so() -> None:
    (month,) = values(KPI, [point("A", "1", None, "1", day=date(2026, 6, 1), period="month")])
    assert when(month, DAY, EN) == "Jun 2026, so far"
    assert when(month, date(2026, 6, 30), EN) == "Jun 2026"
    assert when(month, date(2026, 7, 2), FR) == "juin 2026"
