"""Months and weeks of days."""

from __future__ import annotations

import pandas as pd


def month_of(days: pd.Series) -> pd.Series:
    """First day of each day's month."""
    return days - pd.to_timedelta(days.dt.day - 1, unit="D")


def week_of(days: pd.Series) -> pd.Series:
    """Monday of each day's week."""
    return days - pd.to_timedelta(days.dt.weekday, unit="D")
