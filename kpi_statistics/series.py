"""Monthly series: seasonal adjustment, trend, and whether they rise or fall.

Seasons are taken out by STL (Cleveland and others, 1990), which follows a season that changes and,
in its robust form, is not led astray by a single odd month. The slope is Theil and Sen's: the
median of the slopes between any two months. Whether it is more than chance is Kendall's rank test
against time, which is the Mann-Kendall test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.tsa.seasonal import STL

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
        slope, p_value = robust_slope(adjusted[-SLOPE_MONTHS:])
        result.loc[index, "seasonally_adjusted"] = adjusted
        result.loc[index, "trend"] = trend
        result.loc[index, "slope_per_month"] = slope
        result.loc[index, "slope_p_value"] = p_value
        result.loc[index, "slope_months"] = min(len(index), SLOPE_MONTHS)
    return result


def seasonally_adjusted(values: Numbers) -> tuple[Numbers, Numbers]:
    """Give the series without its season, and its trend."""
    parts: Any = STL(values, period=SEASON, robust=True).fit()
    return values - parts.seasonal, np.asarray(parts.trend)


def robust_slope(values: Numbers) -> tuple[float, float]:
    """Give the change per month, and how likely chance alone orders the months so."""
    months = np.arange(len(values))
    slope = float(stats.theilslopes(values, months).slope)
    p_value = float(stats.kendalltau(months, values).pvalue)
    # A series that never changes has no rank order: nothing speaks against chance.
    return slope, 1.0 if np.isnan(p_value) else p_value
