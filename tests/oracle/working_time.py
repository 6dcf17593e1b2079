"""Business time: how many minutes a company's offices were open between two instants."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.sources import Sources, derived, seed

_FIRST, _LAST = pd.Timestamp("2020-01-01"), pd.Timestamp("2030-12-31")


class Clock:
    """A company's office hours as UTC intervals."""

    def __init__(self, calendar: str, zone: str) -> None:
        """Lay out the opening hours of every day that is no public holiday."""
        hours = [row for row in seed("opening_hours") if row["calendar_code"] == calendar]
        hours = hours or [r for r in seed("opening_hours") if r["calendar_code"] == "default"]
        holidays = {
            pd.Timestamp(row["holiday_date"])
            for row in seed("public_holidays")
            if row["calendar_code"] == calendar
        }
        opens, closes = [], []
        for day in pd.date_range(_FIRST, _LAST):
            if day in holidays:
                continue
            for row in hours:
                if int(row["day_of_week"]) == day.isoweekday():
                    opens.append(day + _clock_time(row["opens_at"]))
                    closes.append(day + _clock_time(row["closes_at"]))
        self._opens = _utc_seconds(opens, zone)
        self._closes = _utc_seconds(closes, zone)
        self._before = np.concatenate([[0], np.cumsum(self._closes - self._opens)])

    def minutes(self, starts: pd.Series, ends: pd.Series) -> pd.Series:
        """Open minutes from start to end; 0 when the end is not after the start."""
        known = starts.notna() & ends.notna()
        passed = self._passed(ends[known]) - self._passed(starts[known])
        minutes = pd.Series(np.nan, index=starts.index)
        minutes[known] = np.maximum(passed, 0) / 60
        return minutes

    def _passed(self, instants: pd.Series) -> np.ndarray:
        """Open seconds from the beginning of time until each instant."""
        seconds = instants.astype("datetime64[s]").astype("int64").to_numpy()
        number = np.searchsorted(self._opens, seconds, side="right")
        last = np.maximum(number - 1, 0)
        running = np.clip(seconds - self._opens[last], 0, self._closes[last] - self._opens[last])
        return np.where(number == 0, 0, self._before[last] + running)


@derived
def clocks(sources: Sources) -> dict[int, Clock]:
    """Each company's clock, by its country's calendar."""
    calendars = {row["country_code"]: row["calendar_code"] for row in seed("country_calendars")}
    return {
        company: Clock(calendars[sources.countries[company]], zone)
        for company, zone in sources.zones.items()
    }


def _clock_time(text: str) -> pd.Timedelta:
    hours, minutes = text.split(":")
    return pd.Timedelta(hours=int(hours), minutes=int(minutes))


def _utc_seconds(local: list[pd.Timestamp], zone: str) -> np.ndarray:
    index = pd.DatetimeIndex(local).tz_localize(zone).tz_convert("UTC").tz_localize(None)
    seconds: np.ndarray = index.astype("datetime64[s]").astype("int64").to_numpy()
    return seconds


@derived
def working_days(sources: Sources) -> dict[int, pd.Series]:
    """Whether each company's offices open on each day, by its country's calendar."""
    calendars = {row["country_code"]: row["calendar_code"] for row in seed("country_calendars")}
    days = pd.date_range(_FIRST, _LAST)
    found = {}
    for company, country in sources.countries.items():
        hours = [row for row in seed("opening_hours") if row["calendar_code"] == calendars[country]]
        hours = hours or [r for r in seed("opening_hours") if r["calendar_code"] == "default"]
        weekdays = {int(row["day_of_week"]) for row in hours}
        holidays = {
            pd.Timestamp(row["holiday_date"])
            for row in seed("public_holidays")
            if row["calendar_code"] == calendars[country]
        }
        opens = [day.isoweekday() in weekdays and day not in holidays for day in days]
        found[company] = pd.Series(opens, days)
    return found
