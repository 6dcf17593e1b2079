"""The workload of the coming weeks, with what the forecast was worth in the past.

Every series is modelled per working day, so that a week with a public holiday is a short week and
not a quiet one. Exponential smoothing competes with last year's same week: what would have been
forecast at several past dates is compared with what came, and the smaller error wins. Where the
history is too short for that, the last week is carried forward and the result says so.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]

SEASON = 52
# Back-tests: how many past dates, how many weeks apart, and how many of them a choice needs.
ORIGINS = 4
ORIGINS_APART = 6
ORIGINS_NEEDED = 3

KEY = ["company_id", "team"]
COLUMNS: dict[str, str] = {
    "company_id": "str",
    "team": "str",
    "breakdown": "str",
    "task": "str",
    "week_start": "datetime64[us]",
    "minutes_per_working_day": "float64",
    "low_minutes_per_working_day": "float64",
    "high_minutes_per_working_day": "float64",
    "method": "str",
    "history_weeks": "int64",
    "backtest_weeks": "int64",
    "backtest_error_minutes": "float64",
    "backtest_actual_minutes": "float64",
    "seasonal_naive_error_minutes": "float64",
    "mean_seasonal_change_minutes": "float64",
}


@dataclass(frozen=True)
class Forecast:
    """Expected values of the coming weeks and their interval."""

    mean: Values
    low: Values
    high: Values

    def scaled(self, factor: Values) -> Forecast:
        """The same, each week by its factor."""
        return Forecast(self.mean * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Backtest:
    """Errors of forecasts made at past dates, in minutes of whole weeks."""

    weeks: int
    absolute_error: float
    actual: float


class Method(Protocol):
    """A way to forecast: what it learns once, and what it makes of a history with that."""

    def learn(self, rates: Values) -> Values | None:
        """The parameters that fit the history; None when it is too short."""

    def forecast(
        self, rates: Values, learned: Values, steps: int, interval: float
    ) -> Forecast | None:
        """The weeks after the history; None when they cannot be told."""


def forecast_workload(weeks: pd.DataFrame, weeks_ahead: int, interval: float) -> pd.DataFrame:
    """Forecast each task of each team, and the team as a whole.

    A team's own forecast is the better one for its total; its tasks are scaled so that each week
    they add up to it.

    Args:
        weeks: company_id, team, task, week_start, is_complete, working_days, arrived_minutes; every
            series without gaps.
        weeks_ahead: weeks to forecast after the running one, which is forecast too.
        interval: share of outcomes that the interval is meant to hold.

    Returns:
        one row per series and week, with the columns of COLUMNS.
    """
    parts: list[pd.DataFrame] = []
    is_complete = weeks["is_complete"].astype(bool)
    complete = weeks[is_complete].sort_values([*KEY, "task", "week_start"])
    steps = weeks_ahead + int((~is_complete).any())
    for (company_id, team), rows in complete.groupby(KEY, sort=True):
        total = rows.groupby("week_start", as_index=False).agg(
            working_days=("working_days", "max"), arrived_minutes=("arrived_minutes", "sum")
        )
        whole, whole_row = _forecast_series(total, steps, interval)
        tasks = {
            str(task): _forecast_series(of_task, steps, interval)
            for task, of_task in rows.groupby("task", sort=True)
        }
        expected = np.sum([forecast.mean for forecast, _ in tasks.values()], axis=0)
        factor = np.divide(whole.mean, expected, out=np.ones(steps), where=expected > 0)
        found = [("team", "all", whole, whole_row)]
        found += [
            ("task", task, forecast.scaled(factor), row) for task, (forecast, row) in tasks.items()
        ]
        last_week = pd.Timestamp(rows["week_start"].max())
        for breakdown, task, forecast, row in found:
            parts.append(
                pd.DataFrame(
                    {
                        "company_id": company_id,
                        "team": team,
                        "breakdown": breakdown,
                        "task": task,
                        "week_start": [
                            last_week + pd.Timedelta(weeks=step + 1) for step in range(steps)
                        ],
                        "minutes_per_working_day": forecast.mean,
                        "low_minutes_per_working_day": forecast.low,
                        "high_minutes_per_working_day": forecast.high,
                        **row,
                    }
                )
            )
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


def _forecast_series(
    weeks: pd.DataFrame, steps: int, interval: float
) -> tuple[Forecast, dict[str, object]]:
    days = weeks["working_days"].to_numpy(dtype=np.float64)
    minutes = weeks["arrived_minutes"].to_numpy(dtype=np.float64)
    rates = _daily_rates(minutes, days)
    results: dict[str, Backtest] = {}
    for name, method in METHODS.items():
        if result := _backtest(rates, days, method, steps, interval):
            results[name] = result
    rival = results.get("seasonal_naive")
    chosen = "naive"
    if rival:
        # The simpler one wins a draw: it is named first.
        chosen = min(results, key=lambda name: results[name].absolute_error)
    forecast = None
    if chosen in METHODS and (learned := METHODS[chosen].learn(rates)) is not None:
        forecast = METHODS[chosen].forecast(rates, learned, steps, interval)
    if forecast is None:
        chosen, forecast = "naive", _naive(rates, steps, interval)
    best = results.get(chosen)
    return _above_zero(forecast), {
        "method": chosen,
        "history_weeks": len(rates),
        "backtest_weeks": best.weeks if best else 0,
        "backtest_error_minutes": best.absolute_error if best else np.nan,
        "backtest_actual_minutes": best.actual if best else np.nan,
        "seasonal_naive_error_minutes": rival.absolute_error if rival else np.nan,
        "mean_seasonal_change_minutes": (
            float(np.abs((rates[SEASON:] - rates[:-SEASON]) * days[SEASON:]).mean())
            if best
            else np.nan
        ),
    }


def _daily_rates(minutes: Values, days: Values) -> Values:
    """Minutes per working day; a week without any takes over the week before."""
    rates = np.divide(minutes, days, out=np.full_like(minutes, np.nan), where=days > 0)
    return np.asarray(pd.Series(rates).ffill().fillna(0.0), dtype=np.float64)


def _backtest(
    rates: Values, days: Values, method: Method, steps: int, interval: float
) -> Backtest | None:
    origins = [len(rates) - steps - position * ORIGINS_APART for position in range(ORIGINS)]
    origins = [origin for origin in origins if origin >= SEASON + steps]
    if len(origins) < ORIGINS_NEEDED:
        return None
    # Fitted once, on what was known at the first date; later dates only bring the state up to date.
    learned = method.learn(rates[: min(origins)])
    if learned is None:
        return None
    error = actual = 0.0
    for origin in origins:
        forecast = method.forecast(rates[:origin], learned, steps, interval)
        if forecast is None:
            return None
        ahead = slice(origin, origin + steps)
        mean = _above_zero(forecast).mean
        error += float(np.abs((mean - rates[ahead]) * days[ahead]).sum())
        actual += float((rates[ahead] * days[ahead]).sum())
    return Backtest(len(origins) * steps, error, actual)


def _above_zero(forecast: Forecast) -> Forecast:
    return Forecast(
        *(np.maximum(part, 0.0) for part in (forecast.mean, forecast.low, forecast.high))
    )


def _with_spread(mean: Values, spread: Values, interval: float) -> Forecast:
    reach = NormalDist().inv_cdf((1 + interval) / 2) * spread
    return Forecast(mean, mean - reach, mean + reach)


def _naive(rates: Values, steps: int, interval: float) -> Forecast:
    """The last week goes on; with fewer than three weeks nobody can say how surely."""
    mean = np.full(steps, rates[-1])
    changes = np.diff(rates)
    spread = float(changes.std(ddof=1)) if len(changes) >= 2 else np.nan
    return _with_spread(mean, spread * np.sqrt(np.arange(1, steps + 1, dtype=np.float64)), interval)


class SeasonalNaive:
    """The same week of last year."""

    def learn(self, rates: Values) -> Values | None:
        """How far weeks differ from those of the year before."""
        if len(rates) <= SEASON:
            return None
        return np.array([np.sqrt(((rates[SEASON:] - rates[:-SEASON]) ** 2).mean())])

    def forecast(
        self, rates: Values, learned: Values, steps: int, interval: float
    ) -> Forecast | None:
        """Last year's weeks."""
        first = len(rates) - SEASON
        return _with_spread(rates[first : first + steps], np.full(steps, learned[0]), interval)


@dataclass(frozen=True)
class Smoothing:
    """Exponential smoothing with additive errors (ETS)."""

    trend: bool
    seasonal: bool

    def learn(self, rates: Values) -> Values | None:
        """The smoothing parameters."""
        if self.seasonal and len(rates) < 2 * SEASON:
            return None
        with warnings.catch_warnings():
            # A fit that does not converge forecasts badly and loses the back-test.
            warnings.simplefilter("ignore")
            return np.asarray(self._model(rates).fit(disp=False).params, dtype=np.float64)

    def forecast(
        self, rates: Values, learned: Values, steps: int, interval: float
    ) -> Forecast | None:
        """Mean and interval of the state space model."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ahead = (
                self._model(rates)
                .smooth(learned)
                .get_prediction(start=len(rates), end=len(rates) + steps - 1)
                .summary_frame(alpha=1 - interval)
            )
        mean, low, high = (
            ahead[name].to_numpy(dtype=np.float64) for name in ("mean", "pi_lower", "pi_upper")
        )
        if not np.isfinite([mean, low, high]).all():
            return None
        return Forecast(mean, low, high)

    def _model(self, rates: Values) -> Any:
        # Not at the top: it takes a second, which a warehouse without work need not spend.
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        return ETSModel(
            pd.Series(rates),
            error="add",
            trend="add" if self.trend else None,
            damped_trend=self.trend,
            seasonal="add" if self.seasonal else None,
            seasonal_periods=SEASON if self.seasonal else None,
            # After a year the first states hardly matter, and estimating 52 of them takes long.
            initialization_method="heuristic",
        )


METHODS: dict[str, Method] = {
    "seasonal_naive": SeasonalNaive(),
    "smoothed_level": Smoothing(trend=False, seasonal=False),
    "smoothed_trend": Smoothing(trend=True, seasonal=False),
    "smoothed_season": Smoothing(trend=False, seasonal=True),
}
