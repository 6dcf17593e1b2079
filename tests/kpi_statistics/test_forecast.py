"""Forecasts of the workload, on series whose future is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kpi_statistics.forecast import COLUMNS, forecast_workload


def series(
    minutes: np.ndarray, *, task: str = "enter_order", working_days: int = 5, running: bool = False
) -> pd.DataFrame:
    """Weekly work of one team, beginning on a Monday."""
    return pd.DataFrame(
        {
            "company_id": "FR",
            "team": "A",
            "task": task,
            "week_start": pd.date_range("2023-07-03", periods=len(minutes), freq="7D"),
            "is_complete": [True] * (len(minutes) - 1) + [not running],
            "working_days": working_days,
            "arrived_minutes": minutes,
        }
    )


def season(weeks: int) -> np.ndarray:
    return 1000 + 400 * np.sin(np.arange(weeks) / 52 * 2 * np.pi)


def noise(weeks: int, size: float) -> np.ndarray:
    return np.random.default_rng(7).normal(0, size, weeks)


def team_rows(forecast: pd.DataFrame) -> pd.DataFrame:
    return forecast[forecast["breakdown"] == "team"]


def test_a_season_that_repeats_itself_is_forecast_as_last_year() -> None:
    # Weeks that jump: smoothing lags behind them, last year does not.
    year = np.random.default_rng(3).uniform(200, 1800, 52)
    forecast = team_rows(forecast_workload(series(np.tile(year, 3)), 8, 0.8))
    assert set(forecast["method"]) == {"seasonal_naive"}
    assert forecast["minutes_per_working_day"].to_numpy() == pytest.approx(year[:8] / 5)
    assert forecast["backtest_error_minutes"].to_numpy() == pytest.approx(0)


def test_noise_around_a_level_is_smoothed() -> None:
    minutes = 1000 + noise(156, 150)
    forecast = team_rows(forecast_workload(series(minutes), 8, 0.8))
    assert forecast["method"].iloc[0].startswith("smoothed")
    assert forecast["minutes_per_working_day"].to_numpy() == pytest.approx(200, rel=0.1)
    first = forecast.iloc[0]
    assert first["backtest_error_minutes"] < first["seasonal_naive_error_minutes"]
    assert first["backtest_weeks"] == 32


def test_the_interval_holds_about_the_share_of_outcomes_that_it_promises() -> None:
    held = []
    for seed in range(30):
        minutes = 1000 + np.random.default_rng(seed).normal(0, 150, 128)
        forecast = team_rows(forecast_workload(series(minutes[:120]), 8, 0.8))
        actual = minutes[120:] / 5
        low = forecast["low_minutes_per_working_day"].to_numpy()
        high = forecast["high_minutes_per_working_day"].to_numpy()
        held.append(((low <= actual) & (actual <= high)).mean())
    assert 0.7 < np.mean(held) < 0.9


def test_a_short_history_goes_on_as_it_ended_and_says_so() -> None:
    forecast = team_rows(forecast_workload(series(np.array([500.0, 700.0, 600.0, 650.0])), 8, 0.8))
    assert set(forecast["method"]) == {"naive"}
    assert forecast["minutes_per_working_day"].tolist() == [130.0] * 8
    assert forecast["history_weeks"].tolist() == [4] * 8
    assert forecast["backtest_error_minutes"].isna().all()
    widths = forecast["high_minutes_per_working_day"] - forecast["low_minutes_per_working_day"]
    assert widths.is_monotonic_increasing


def test_one_week_of_history_has_no_interval() -> None:
    forecast = team_rows(forecast_workload(series(np.array([500.0])), 2, 0.8))
    assert forecast["minutes_per_working_day"].tolist() == [100.0, 100.0]
    assert forecast["low_minutes_per_working_day"].isna().all()


def test_a_holiday_makes_a_short_week_not_a_quiet_one() -> None:
    weeks = series(np.array([500.0, 500.0, 400.0]))
    weeks.loc[2, "working_days"] = 4
    forecast = team_rows(forecast_workload(weeks, 1, 0.8))
    assert forecast["minutes_per_working_day"].tolist() == [100.0]


def test_the_running_week_is_forecast_and_not_learned_from() -> None:
    forecast = team_rows(
        forecast_workload(series(np.array([500.0, 500.0, 20.0]), running=True), 8, 0.8)
    )
    assert len(forecast) == 9
    assert forecast["week_start"].iloc[0] == pd.Timestamp("2023-07-17")
    assert set(forecast["minutes_per_working_day"]) == {100.0}


def test_the_tasks_add_up_to_their_team() -> None:
    weeks = pd.concat(
        [
            series(season(156) + noise(156, 60), task="enter_order"),
            series(300 + noise(156, 90), task="handle_claim"),
        ]
    )
    forecast = forecast_workload(weeks, 8, 0.8)
    tasks = forecast[forecast["breakdown"] == "task"]
    assert set(tasks["task"]) == {"enter_order", "handle_claim"}
    added = tasks.groupby("week_start")["minutes_per_working_day"].sum().to_numpy()
    assert added == pytest.approx(team_rows(forecast)["minutes_per_working_day"].to_numpy())


def test_nothing_is_forecast_below_nothing() -> None:
    forecast = forecast_workload(series(np.maximum(20 + noise(120, 40), 0)), 8, 0.95)
    assert (forecast["low_minutes_per_working_day"] >= 0).all()


def test_the_same_history_gives_the_same_forecast() -> None:
    weeks = series(season(130) + noise(130, 80))
    shuffled = weeks.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        forecast_workload(weeks, 8, 0.8), forecast_workload(shuffled, 8, 0.8)
    )


def test_without_work_there_is_no_forecast() -> None:
    forecast = forecast_workload(series(np.array([500.0])).iloc[:0], 8, 0.8)
    assert forecast.empty
    assert list(forecast.columns) == list(COLUMNS)
