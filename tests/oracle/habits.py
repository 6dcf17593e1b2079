"""How often customers order, and how long each has been silent against his own habit.

Told for the customer who decides, the head of the group, at month ends and on the as-of date. With
m the median interval between order days (7 days at least): at risk after the longer of 1.5 m and
the 90th percentile, dormant after 3 m, lost after a year. Seasonal buyers have a clock of their
own, which runs in their season only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.documents import sales
from tests.oracle.revenue import groups, revenue_lines, segments
from tests.oracle.sources import Sources, derived

_HABIT_DAYS = 1095
_MINIMUM_INTERVALS = 4
_FLOOR_DAYS = 7
_LOST_AFTER_DAYS = 365
_NEW_DAYS = 365
_WON_BACK_DAYS = 365
_SEASON_MONTHS = 4
_SEASON_SHARE = 0.8
_SEASON_MINIMUM_ORDERS = 8
_EPOCH = pd.Timestamp("2000-01-01")
_CALENDAR = pd.date_range(_EPOCH, "2050-12-31")


@derived
def order_days(sources: Sources) -> pd.DataFrame:
    """Company, customer who decides and day on which he ordered, once each and in order."""
    rows = sales(sources)
    rows = rows[rows["is_order"] & rows["confirmed_at"].notna()]
    orders = pd.DataFrame(
        {
            "company": rows["company_id"].astype("int64"),
            "customer": rows["partner_id"].map(groups(sources)),
            "day": sources.local_day(rows["confirmed_at"]),
        }
    )
    lines = revenue_lines(sources)
    lone = lines[lines["order"].isna()]
    lone = pd.DataFrame(
        {"company": lone["company"], "customer": lone["group"], "day": lone["date"]}
    )
    days = pd.concat([orders, lone]).drop_duplicates()
    return days.sort_values(["company", "customer", "day"]).reset_index(drop=True)


@derived
def looked_at(sources: Sources) -> list[pd.Timestamp]:
    """The as-of date and the month ends before it, since the first order."""
    first = order_days(sources)["day"].min()
    ends = pd.date_range(first, sources.day, freq="ME")
    return [*(day for day in ends if day < sources.day), sources.day]


def _clock(season: int | None) -> np.ndarray:
    """How many days have passed at the end of each day of the calendar, those of a season only."""
    if season is None:
        return np.arange(len(_CALENDAR))
    return np.cumsum((_CALENDAR.month.to_numpy() - season) % 12 < _SEASON_MONTHS)


_CLOCKS = {season: _clock(season) for season in (None, *range(1, 13))}


@dataclass
class _Habit:
    """Intervals of a customer on one day, on his own clock."""

    days: np.ndarray
    season: int | None
    intervals: np.ndarray

    @property
    def is_own(self) -> bool:
        return len(self.intervals) >= _MINIMUM_INTERVALS


def _habit(days: np.ndarray, on: int) -> _Habit:
    """What the last three years tell; days count from the epoch."""
    window = days[days > on - _HABIT_DAYS]
    season = _season(window)
    ticks = _CLOCKS[season][days]
    recent = days[1:] > on - _HABIT_DAYS
    return _Habit(days, season, np.diff(ticks)[recent])


def _season(days: np.ndarray) -> int | None:
    """First of the four months that hold nearly all order days of a year or more."""
    if len(days) < _SEASON_MINIMUM_ORDERS or days[-1] - days[0] < 365:
        return None
    months = _CALENDAR.month.to_numpy()[days]
    held = [int(((months - first) % 12 < _SEASON_MONTHS).sum()) for first in range(1, 13)]
    return held.index(max(held)) + 1 if max(held) >= _SEASON_SHARE * len(days) else None


@derived
def activity(sources: Sources) -> pd.DataFrame:
    """One row per day looked at, company and customer who decides, with habit and status."""
    rows = order_days(sources)
    rows["number"] = (rows["day"] - _EPOCH).dt.days
    histories = {
        names: days.to_numpy() for names, days in rows.groupby(["company", "customer"])["number"]
    }
    history_began = rows.groupby("company")["number"].min().to_dict()
    segment = segments(sources).to_dict()
    found: list[dict[str, Any]] = []
    returns: dict[tuple[int, int], list[tuple[int, int]]] = {}
    before: dict[tuple[int, int], tuple[_Habit, float]] = {}
    for day in looked_at(sources):
        on = (day - _EPOCH).days
        habits = {
            names: _habit(days[days <= on], on)
            for names, days in histories.items()
            if days[0] <= on
        }
        typical = _typical(habits, segment)
        now: dict[tuple[int, int], tuple[_Habit, float]] = {}
        for names, habit in habits.items():
            if names in before:
                returns.setdefault(names, []).extend(_returns(habit.days, *before[names]))
            basis, median, p90 = _basis(names, habit, typical, segment)
            told = _told(habit, on, basis, median, p90)
            if told["dormant_after_days"] is not None:
                now[names] = (habit, told["dormant_after_days"])
            told |= _status(told, habit, on, history_began[names[0]], returns.get(names, []))
            told["next_order_expected_on"] = _expected(told, habit)
            company, customer = names
            found.append({"as_of_date": day, "company": company, "customer": customer, **told})
        before = now
    activity = pd.DataFrame(found)
    for column in ("first_ordered_on", "last_ordered_on", "won_back_on", "next_order_expected_on"):
        activity[column] = _EPOCH + pd.to_timedelta(activity[column].astype("float"), unit="D")
    return activity.assign(segment=activity["customer"].map(segment))


_Typical = dict[object, tuple[float, float]]


def _typical(habits: dict[tuple[int, int], _Habit], segment: dict[int, str]) -> _Typical:
    """Habit of each company and segment: the medians of what those with an own one have."""
    own: dict[object, list[tuple[float, float]]] = {}
    for (company, customer), habit in habits.items():
        if habit.is_own and habit.season is None:
            told = (float(np.median(habit.intervals)), float(np.percentile(habit.intervals, 90)))
            for of in (company, (company, segment[customer])):
                own.setdefault(of, []).append(told)
    return {of: tuple(np.median(np.array(each), axis=0)) for of, each in own.items()}


def _basis(
    names: tuple[int, int], habit: _Habit, typical: _Typical, segment: dict[int, str]
) -> tuple[str, float | None, float | None]:
    company, customer = names
    if habit.is_own:
        return (
            "own",
            float(np.median(habit.intervals)),
            float(np.percentile(habit.intervals, 90)),
        )
    for basis, of in (("segment", (company, segment[customer])), ("company", company)):
        if of in typical:
            return (basis, *typical[of])
    return "none", None, None


def _told(
    habit: _Habit,
    on: int,
    basis: str,
    median: float | None,
    p90: float | None,
) -> dict[str, Any]:
    clock = _CLOCKS[habit.season]
    first, last = habit.days[0], habit.days[-1]
    # A season is a third of the year.
    lost = _LOST_AFTER_DAYS if habit.season is None else _LOST_AFTER_DAYS * _SEASON_MONTHS / 12
    m = at_risk = dormant = None
    if median is not None and p90 is not None:
        m = max(median, _FLOOR_DAYS)
        at_risk = min(max(1.5 * m, p90), lost)
        dormant = min(max(3 * m, at_risk), lost)
    return {
        "order_days": len(habit.days),
        "first_ordered_on": first,
        "last_ordered_on": last,
        "days_since_last_order": on - last,
        "season_first_month": habit.season,
        "habit_basis": basis,
        "interval_count": len(habit.intervals),
        "median_interval_days": median,
        "p90_interval_days": p90,
        "habit_interval_days": m,
        "silent_days": int(clock[on] - clock[last]),
        "at_risk_after_days": at_risk,
        "dormant_after_days": dormant,
        "lost_after_days": lost,
    }


def _returns(days: np.ndarray, habit: _Habit, dormant: float) -> list[tuple[int, int]]:
    """Orders since a month end that ended a silence longer than T2 of then: day, days away."""
    clock = _CLOCKS[habit.season]
    since = len(habit.days)
    found = []
    for earlier, later in zip(days[since - 1 : -1], days[since:], strict=True):
        away = int(clock[later] - clock[earlier])
        if away > dormant:
            found.append((int(later), away))
    return found


def _status(
    told: dict[str, Any],
    habit: _Habit,
    on: int,
    history_began: int,
    returns: list[tuple[int, int]],
) -> dict[str, Any]:
    first = habit.days[0]
    is_known = first - history_began >= _NEW_DAYS
    lasting = [(day, away) for day, away in returns if on < day + min(away, _WON_BACK_DAYS)]
    # Of several, the longest silence is told.
    won_back_on, away = max(lasting, key=lambda each: each[1], default=(None, None))
    silent = told["silent_days"]
    if silent > told["lost_after_days"]:
        status = "lost"
    elif told["habit_basis"] == "none":
        status = "unknown"
    elif silent > told["dormant_after_days"]:
        status = "dormant"
    elif silent > told["at_risk_after_days"]:
        status = "at_risk"
    elif won_back_on is not None:
        status = "won_back"
    elif is_known and on < first + _NEW_DAYS:
        status = "new"
    else:
        status = "regular"
    return {
        "is_first_order_known": is_known,
        "won_back_on": won_back_on,
        "away_days": away,
        "activity_status": status,
    }


def _expected(told: dict[str, Any], habit: _Habit) -> int | None:
    """The last order plus m on his own clock, half days rounded up; none once lost."""
    m = told["habit_interval_days"]
    if m is None or told["activity_status"] == "lost":
        return None
    clock = _CLOCKS[habit.season]
    due = clock[habit.days[-1]] + int(np.floor(m + 0.5))
    return int(np.searchsorted(clock, due))
