"""What holds of the weeks forecast in `staffing_weekly`, whatever the forecast.

The forecasts themselves are fitted, and not computed a second time; what follows from them is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ingestion.engine import connect

_OTHER_SHRINKAGE, _ABSENCE_SHARE, _OCCUPANCY = 0.15, 0.15, 0.85
_CLEAR_DAYS = 5
_CENT = 0.01
_TEAM = ["company_id", "team", "week_start"]


def forecast_faults(marts_file: Path) -> dict[str, pd.DataFrame]:
    """Rows that break a rule, by rule; nothing when all hold."""
    connection = connect(marts_file, read_only=True)
    try:
        every = connection.execute("select * from kpi.staffing_weekly").df()
    finally:
        connection.close()
    numbers = every.select_dtypes(["number", "object"]).columns.difference(
        ["company_id", "team", "breakdown", "task", "measure_kind", "forecast_method"]
    )
    every[numbers] = every[numbers].astype(float)
    rows = every[every["is_forecast"]].reset_index(drop=True)
    running = every[every["measure_kind"] == "to_date"]
    found = {
        "tasks add up to their team": _added_up(rows),
        "the running week opens with what waits": _opened(rows, running),
        "what waited is cleared within days": _required(rows),
        "usual absences are taken off": rows[
            rows["absence_minutes"] < rows["paid_minutes"] * _ABSENCE_SHARE - _CENT
        ],
        "capacity follows from paid minutes": _off(
            rows,
            rows["capacity_minutes"],
            _OCCUPANCY
            * (rows["paid_minutes"] * (1 - _OTHER_SHRINKAGE) - rows["absence_minutes"]).clip(
                lower=0
            ),
        ),
        "positions follow from the load": _off(
            rows, rows["fte_needed"], rows["required_minutes"] / rows["productive_minutes_per_fte"]
        ),
        "the load is a share of the capacity": _off(
            rows, rows["load_share"], rows["required_minutes"] / rows["capacity_minutes"]
        ),
        "the error is a share of what came up": _off(
            rows,
            rows["backtest_error_share"],
            rows["backtest_error_minutes"] / rows["backtest_actual_minutes"],
        ),
    }
    return {rule: broken for rule, broken in found.items() if len(broken)}


def _added_up(rows: pd.DataFrame) -> pd.DataFrame:
    tasks = rows[rows["breakdown"] == "task"].groupby(_TEAM)["workload_minutes"]
    teams = rows[rows["breakdown"] == "team"].set_index(_TEAM)["workload_minutes"]
    both = pd.concat([tasks.sum().rename("tasks"), tasks.size().rename("n"), teams], axis=1)
    gap = (both["tasks"] - both["workload_minutes"]).abs()
    return both[~(gap <= _CENT * both["n"])]


def _opened(rows: pd.DataFrame, running: pd.DataFrame) -> pd.DataFrame:
    """What waited when the running week began is told in its forecast, and nowhere else."""
    key = [*_TEAM, "breakdown", "task"]
    waiting = running.set_index(key)["opening_minutes"].rename("waiting")
    both = rows.join(waiting, on=key)
    expected = both["waiting"].fillna(0)
    is_first = both["week_start"] == both["week_start"].min()
    known = both["waiting"].notna() | ~is_first
    return both[known & ~(both["opening_minutes"].fillna(0) == expected)]


def _required(rows: pd.DataFrame) -> pd.DataFrame:
    cleared = (rows["working_days"] / _CLEAR_DAYS).clip(upper=1)
    expected = rows["workload_minutes"] + rows["opening_minutes"].fillna(0) * cleared
    return _off(rows, rows["required_minutes"], expected)


def _off(rows: pd.DataFrame, found: pd.Series, expected: pd.Series) -> pd.DataFrame:
    """Rows that miss what is expected by more than what was rounded before."""
    expected = expected.replace([np.inf, -np.inf], np.nan)
    gap = (found - expected).abs()
    alike = (gap <= _CENT + 1e-4 * expected.abs()) | found.isna()
    return rows[~alike]
