"""KPIs as a reader takes them in: a value, of which day, and whether it is better than before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from dashboards.cockpit import phrases
from dashboards.cockpit.kpis import Kpi, Point
from reports.definition import Kind
from reports.numbers import day as day_in_words
from reports.numbers import exact, month, shown, whole
from reports.request import Language

MOST_POINTS = 32
DAYS_BEFORE = 7
CLOSE = Decimal("0.0001")
"""What rounding leaves between a ratio and its parts."""
LARGE = 10_000
"""From here on nobody reads the cents of a figure."""


@dataclass(frozen=True)
class Value:
    """A KPI on a day; of several currencies or medians, one number each."""

    day: date
    period: str
    numbers: tuple[tuple[str, Decimal | None, str | None], ...]
    """Whose it is where there are several, the number, its currency."""

    @property
    def only(self) -> Decimal | None:
        """The number, where there is one."""
        return self.numbers[0][1] if len(self.numbers) == 1 else None


def values(kpi: Kpi, points: Sequence[Point]) -> list[Value]:
    """A KPI day by day over the companies, added up where that makes sense."""
    return [
        Value(day, of_day[0].period, _combined(kpi, of_day))
        for day, of_day in (
            (day, list(group)) for day, group in groupby(points, key=lambda point: point.day)
        )
    ]


def _combined(
    kpi: Kpi, points: Sequence[Point]
) -> tuple[tuple[str, Decimal | None, str | None], ...]:
    currencies = {point.currency for point in points} if kpi.unit == "currency" else {None}
    if len(points) == 1:
        (point,) = points
        return (("", point.value, point.currency if kpi.unit == "currency" else None),)
    if len(currencies) > 1 or not all(map(_is_sum, points)):
        return tuple(
            (point.company, point.value, point.currency if kpi.unit == "currency" else None)
            for point in points
        )
    return (("", _added(points), next(iter(currencies))),)


def _is_sum(point: Point) -> bool:
    """Whether a value follows from its parts; a median, say, does not."""
    if point.value is None:
        return True
    ratio = _added([point])
    return ratio is not None and abs(ratio - point.value) <= CLOSE * max(
        Decimal(1), abs(point.value)
    )


def _added(points: Sequence[Point]) -> Decimal | None:
    numerator = sum((point.numerator or Decimal(0) for point in points), Decimal(0))
    if all(point.denominator is None for point in points):
        return numerator
    denominator = sum((point.denominator or Decimal(0) for point in points), Decimal(0))
    return numerator / denominator if denominator else None


def number(value: Decimal | None, kpi: Kpi, currency: str | None, language: Language) -> str:
    """A value with its unit."""
    if value is None:
        return phrases.NO_VALUE[language]
    if kpi.unit == "share":
        return f"{exact(round(value * 100, 1), language)} %"
    if kpi.unit == "currency":
        told = (
            whole(value, language)
            if abs(value) >= LARGE
            else shown(value, Kind.MONEY, currency, language)
        )
        return f"{told} {currency or ''}".strip()
    if value == value.to_integral_value() or abs(value) >= LARGE:
        told = whole(value, language)
    else:
        told = exact(round(value, 1), language)
    if kpi.unit in phrases.UNITS_AFTER:
        return f"{told} {phrases.UNITS_AFTER[kpi.unit][language]}"
    return told


def in_words(value: Value, kpi: Kpi, language: Language) -> list[tuple[str, str]]:
    """Whose, where there are several, and the number with its unit."""
    return [(name, number(its, kpi, currency, language)) for name, its, currency in value.numbers]


def when(value: Value, as_of: date, language: Language) -> str:
    """Of which day, week or month it is."""
    if value.period == "month":
        told = month(value.day, language)
        is_over = (value.day.year, value.day.month) < (as_of.year, as_of.month)
        is_last_day = (as_of + timedelta(days=1)).day == 1
        if is_over or is_last_day:
            return told
        return phrases.SO_FAR[language].format(month=told)
    phrase = {"as_of": phrases.DAY_OF, "week": phrases.WEEK_OF}.get(value.period, phrases.ON_DAY)
    return phrase[language].format(day=day_in_words(value.day, language))


def before(history: Sequence[Value]) -> Value | None:
    """What the last value is compared with: a week before, or the month before."""
    if len(history) < 2:
        return None
    last = history[-1]
    if last.period in ("as_of", "day"):
        wanted = last.day - timedelta(days=DAYS_BEFORE)
        same = [value for value in history[:-1] if value.day == wanted]
        if same:
            return same[0]
    return history[-2]


def change(last: Value, earlier: Value | None, kpi: Kpi, language: Language) -> tuple[str, str]:
    """Whether a figure went up or down, in a word, and whether that is good."""
    if earlier is None or last.only is None or earlier.only is None:
        return "", ""
    if in_words(last, kpi, language) == in_words(earlier, kpi, language):
        return phrases.SAME[language], "same"
    is_up = last.only > earlier.only
    if kpi.better == "neutral":
        return (phrases.HIGHER if is_up else phrases.LOWER)[language], "neutral"
    is_good = is_up == (kpi.better == "higher")
    return (phrases.BETTER if is_good else phrases.WORSE)[language], "good" if is_good else "bad"
