"""Seasons are taken out, slopes resist single months, short series stay without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kpi_statistics import series

MONTHS = pd.date_range("2023-01-01", periods=36, freq="MS")
SEASON = 20 * np.sin(np.arange(36) * 2 * np.pi / 12)


def monthly(values: list[float], member: str = "all") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "company_id": "FR",
            "measure": "orders",
            "member": member,
            "month_start": MONTHS[: len(values)],
            "value": values,
        }
    )


def test_a_season_without_growth_is_flat() -> None:
    result = series.monthly_statistics(monthly(list(100 + SEASON)))
    assert result["seasonally_adjusted"].to_numpy() == pytest.approx(np.full(36, 100.0), abs=0.5)
    assert result["slope_per_month"].iloc[0] == pytest.approx(0, abs=0.02)


def test_growth_is_found_under_the_season() -> None:
    result = series.monthly_statistics(monthly(list(100 + 2 * np.arange(36) + SEASON)))
    assert result["slope_per_month"].iloc[0] == pytest.approx(2, abs=0.1)
    assert result["slope_p_value"].iloc[0] < 0.01
    assert result["slope_months"].iloc[0] == 24


def test_one_odd_month_does_not_turn_the_slope() -> None:
    values = [float(v) for v in range(24)]
    values[20] = 500.0
    slope, p_value = series.robust_slope(np.array(values))
    assert slope == pytest.approx(1, abs=0.1)
    assert p_value < 0.01


@pytest.mark.parametrize("months", [24, 36])
def test_chance_under_a_season_is_not_called_a_trend(months: int) -> None:
    draw = np.random.default_rng(3)
    season = 100 + np.resize(SEASON, months)
    found = [
        series.monthly_statistics(monthly(list(season + draw.normal(scale=8, size=months))))[
            "slope_p_value"
        ].iloc[0]
        < 0.05
        for _ in range(200)
    ]
    assert np.mean(found) < 0.08


def test_what_never_changes_has_no_slope() -> None:
    assert series.robust_slope(np.zeros(24)) == (0.0, 1.0)


def test_less_than_two_years_stay_unadjusted() -> None:
    short = monthly([float(v) for v in range(23)], "short")
    both = pd.concat([monthly(list(100 + SEASON)), short], ignore_index=True)
    result = series.monthly_statistics(both)
    assert len(result) == 59
    told = result[result["member"] == "short"]
    assert told["seasonally_adjusted"].isna().all() and (told["slope_months"] == 0).all()
    assert result[result["member"] == "all"]["trend"].notna().all()


def test_no_series_give_no_rows_and_the_same_columns() -> None:
    result = series.monthly_statistics(monthly([]))
    assert result.empty
    assert [str(result[column].dtype) for column in ("company_id", "measure", "member")] == (
        ["str"] * 3
    )
