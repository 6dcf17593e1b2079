"""When open order lines are expected to leave, by what was known on a day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.lines import booked_lines, parts
from tests.oracle.order_book import promises
from tests.oracle.sources import Sources, derived

BACKTEST_MONTHS = 12
_WINDOW = pd.Timedelta(weeks=26)
_MINIMUM_CASES = 10
_PLIGHTS = (1, 4, 8, 15)
"""Days late from which lines are in the same plight."""


@derived
def snapshots(sources: Sources) -> pd.DataFrame:
    """Lines that were open at the end of each Monday, and of the as-of date: `known_on`.

    With the promise as it was known then, and what came of the line: `delivered_on`, the day on
    which the last of it left, or `is_given_up`.
    """
    rows = booked_lines(sources).copy()
    rows["delivered_on"] = completed_on(sources)
    rows["is_given_up"] = rows["given_up_on"].notna()
    rows["ended_on"] = rows["delivered_on"].fillna(rows["given_up_on"])
    promised = _promise_days(sources)
    first = sources.day - pd.DateOffset(months=BACKTEST_MONTHS) - _WINDOW
    mondays = [day for day in pd.date_range(first, sources.day) if day.isoweekday() == 1]
    found = []
    for known_on in dict.fromkeys([*mondays, sources.day]):
        there = (rows["booked_on"] <= known_on) & ~(rows["ended_on"] <= known_on)
        current = promised[(promised["since"] <= known_on) & ~(promised["until"] <= known_on)]
        day = current.set_index("order")["promised"]
        own = rows[there]
        found.append(own.assign(known_on=known_on, promised=own["order"].map(day)))
    every = pd.concat(found, ignore_index=True)
    late = (every["known_on"] - every["promised"]).dt.days
    every["plight"] = np.where(
        every["promised"].isna(), 0, np.searchsorted(_PLIGHTS, late.fillna(0), side="right")
    )
    every["is_late"] = every["promised"].isna() | (late > 0)
    every["took"] = (every["delivered_on"] - every["known_on"]).dt.days
    return every


def completed_on(sources: Sources) -> pd.Series:
    """Day on which the last of each line left; missing while something is still to leave."""
    left = parts(sources).sort_values(["line", "done_at"])
    so_far = left.groupby("line")["quantity"].cumsum()
    done = left[so_far >= left["line"].map(booked_lines(sources)["ordered"])]
    day: pd.Series = done.groupby("line")["day"].first()
    return day.reindex(booked_lines(sources).index)


@derived
def _promise_days(sources: Sources) -> pd.DataFrame:
    """Promises of each order by the days on which they stood at the end: since, until."""
    found = []
    for order, changes in promises(sources).items():
        days = [changes[0][0], *(sources.day_of(at) for at, _ in changes[1:])]
        for number, (_, day) in enumerate(changes):
            until = days[number + 1] if number + 1 < len(changes) else pd.NaT
            found.append((order, days[number], until, day))
    return pd.DataFrame(found, columns=["order", "since", "until", "promised"])


@derived
def expectations(sources: Sources) -> pd.DataFrame:
    """The lines open on Mondays of the last months and on the as-of date, with what was expected.

    Adds `expected` and `rule`, and the number of `cases` that a usual delay rests on.
    """
    every = snapshots(sources)
    start = sources.day - pd.DateOffset(months=BACKTEST_MONTHS)
    is_monday = every["known_on"].dt.dayofweek == 0
    told = every[every["is_late"] & is_monday & every["took"].notna()]
    found = []
    for known_on, own in every[every["known_on"] >= start].groupby("known_on"):
        past = told[
            (told["known_on"] >= known_on - _WINDOW)
            & (told["known_on"] < known_on)
            & (told["delivered_on"] <= known_on)
        ]
        found.append(_expected(own, past))
    return pd.concat(found, ignore_index=True)


def _expected(own: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    own = own.copy()
    usual = pd.Series(np.nan, own.index)
    cases = pd.Series(np.nan, own.index)
    for circle in (["company_id"], ["company_id", "site"], ["company_id", "site", "product_range"]):
        grouped = past.groupby([*circle, "plight"])["took"].agg(["median", "size"])
        keys = pd.MultiIndex.from_frame(own[[*circle, "plight"]])
        there = grouped[grouped["size"] >= _MINIMUM_CASES].reindex(keys).set_axis(own.index)
        usual = there["median"].fillna(usual)
        cases = there["size"].fillna(cases)
    kept = ~own["is_late"]
    delay = pd.to_timedelta(np.floor(usual + 0.5), unit="D")
    own["expected"] = own["promised"].where(kept, own["known_on"] + delay)
    own["cases"] = cases.where(~kept)
    own["rule"] = np.select(
        [kept, own["expected"].notna()], ["promise", "usual_delay"], default="unknown"
    )
    return own
