"""Monthly series: seasonal adjustment, trend, and whether they rise or fall.

Seasons are taken out by STL (Cleveland and others, 1990) with a season that stays the same from
year to year: one that may change takes the noise of a short series along. Its robust form is not
led astray by a single odd month.

Slope and test compare each month with the same month of other years only, on the values as they
are: an adjusted series has lost so much of its noise that chance looks like a trend. The slope is
the seasonal Kendall slope, the median of the slopes between any two such months; the test is the
seasonal Mann-Kendall test (Hirsch, Slack and Smith, 1982).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SEASON = 12
MINIMUM_MONTHS = 2 * SEASON
"""Fewer months do not tell a season from a trend."""
SLOPE_MONTHS = 24
"""The slope is that of the last two years: what was before is not momentum."""


def monthly_statistics(series: pd.DataFrame) -> pd.DataFrame:
    """Adjust each series for its season and give it its trend and slope.

    Args:
        series: one row per `company_id`, `measure`, `member` and `month_start`, without gaps, with
            its `value`; whole months only.

    Returns:
        the same rows with `seasonally_adjusted` and `trend`, and with `slope_per_month`,
        `slope_p_value` and `slope_months` of the series, the same in each of its rows. All but
        the last are missing for series of less than two years.
    """
    keys = ["company_id", "measure", "member"]
    ordered = series.sort_values([*keys, "month_start"], ignore_index=True)
    # Text stays text where there are no rows to tell it by.
    result = ordered[[*keys, "month_start"]].astype(dict.fromkeys(keys, "str"))
    for column in ("seasonally_adjusted", "trend", "slope_per_month", "slope_p_value"):
        result[column] = np.nan
    result["slope_months"] = 0
    values = ordered["value"].to_numpy(dtype=np.float64)
    for _, rows in ordered.groupby(keys):
        index = rows.index
        if len(index) < MINIMUM_MONTHS:
            continue
        adjusted, trend = seasonally_adjusted(values[index])
        slope, p_value = robust_slope(values[index][-SLOPE_MONTHS:])
        result.loc[index, "seasonally_adjusted"] = adjusted
        result.loc[index, "trend"] = trend
        result.loc[index, "slope_per_month"] = slope
        result.loc[index, "slope_p_value"] = p_value
        result.loc[index, "slope_months"] = min(len(index), SLOPE_MONTHS)
    return result


def seasonally_adjusted(values: Numbers) -> tuple[Numbers, Numbers]:
    """Give the series without its season, and its trend."""
    # Not at the top: it takes a second, which a short history need not spend.
    from statsmodels.tsa.seasonal import STL

    same_every_year = 10 * len(values) + 1
    parts: Any = STL(values, period=SEASON, seasonal=same_every_year, robust=True).fit()
    return values - parts.seasonal, np.asarray(parts.trend)


def robust_slope(values: Numbers) -> tuple[float, float]:
    """Give the change per month, and how likely chance alone orders the years so.

    Args:
        values: consecutive months, two years of them at least.
    """
    slopes, score, variance = [], 0.0, 0.0
    for month in range(SEASON):
        years = values[month::SEASON]
        count = len(years)
        later, earlier = np.tril_indices(count, -1)
        slopes.append((years[later] - years[earlier]) / (SEASON * (later - earlier)))
        score += float(np.sign(years[later] - years[earlier]).sum())
        ties = np.unique(years, return_counts=True)[1]
        variance += _rank_variance(np.array([count])) - _rank_variance(ties)
    slope = float(np.median(np.concatenate(slopes)))
    if variance == 0:  # nothing ever changes: nothing speaks against chance
        return slope, 1.0
    # The score moves in steps of two; half a step is taken off, as the normal curve is smooth.
    distance = max(abs(score) - 1, 0) / np.sqrt(variance)
    return slope, math.erfc(distance / math.sqrt(2))


def _rank_variance(counts: NDArray[np.int64]) -> float:
    """Variance of Kendall's score among so many values, or within so many ties."""
    return float((counts * (counts - 1) * (2 * counts + 5)).sum() / 18)
