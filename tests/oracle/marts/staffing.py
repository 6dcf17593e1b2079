"""Minutes of work against minutes of people. What is forecast is left to a test of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.oracle import Oracle
from tests.oracle.people import described, people
from tests.oracle.sources import UNIT, Sources, derived, seed
from tests.oracle.spans import week_of
from tests.oracle.work import work_items
from tests.oracle.working_time import clocks

_OTHER_SHRINKAGE, _ABSENCE_SHARE, _OCCUPANCY = 0.15, 0.15, 0.85
_CLEAR_DAYS = 5
_WEEK = pd.Timedelta(days=7)
_TEAM = ["company_id", "team"]
_MOVES = ["arrived", "completed", "withdrawn"]
_FORECAST = [
    "workload_minutes_low",
    "workload_minutes_high",
    "forecast_method",
    "history_weeks",
    "backtest_weeks",
    "backtest_error_minutes",
    "backtest_actual_minutes",
    "backtest_error_share",
    "seasonal_naive_error_minutes",
    "seasonal_naive_error_share",
    "mean_absolute_scaled_error",
]
_SHARES = ["mean_waited_minutes", "fte_needed", "fte_contracted", "fte_gap", "load_share"]
_MINUTES = ["opening", "workload", "completed", "closing", "required", "waited"]
_MINUTES += ["paid", "absence", "capacity"]


@derived
def timed_work(sources: Sources) -> pd.DataFrame:
    """Work that a standard time is set for, with its task and minutes by the time it came up."""
    times = sources.table("sheets__standard_times").copy()
    assert times["valid_from"].nunique() == 1 and times["valid_to"].isna().all()
    step = ["document_type", "event_type"]
    tasks = times[[*step, "task"]].drop_duplicates()
    rows = work_items(sources).merge(tasks, on=step)
    own = times[times["channel"].notna()].set_index([*step, "channel"])["minutes"]
    common = times[times["channel"].isna()].set_index(step)["minutes"]
    own_minutes = own.reindex(pd.MultiIndex.from_frame(rows[[*step, "channel"]]))
    common_minutes = common.reindex(pd.MultiIndex.from_frame(rows[step]))
    rows["standard"] = own_minutes.fillna(common_minutes.set_axis(own_minutes.index)).to_numpy()
    valid = rows["arrived_on"] >= times["valid_from"].iloc[0]
    rows["standard"] = rows["standard"].where(valid)
    # What a robot does is work only where its channel has minutes of its own.
    return rows[~rows["by_robot"] | own_minutes.notna().to_numpy()]


@derived
def _working_days(sources: Sources) -> dict[str, pd.DatetimeIndex]:
    """Days on which each company is open."""
    days = pd.date_range("2023-01-01", "2027-12-31")
    found = {}
    for company, clock in clocks(sources).items():
        start = sources.midnight(pd.Series(days))
        minutes = clock.minutes(start, sources.midnight(pd.Series(days + pd.Timedelta(days=1))))
        found[f"erp/res.company/{company}"] = days[minutes.to_numpy() > 0]
    return found


def _number_of_days(sources: Sources, company: str, first: pd.Timestamp, last: Any) -> int:
    days = _working_days(sources)[company]
    return int(((days >= first) & (days <= last)).sum())


@derived
def _agents(sources: Sources) -> pd.DataFrame:
    """Agents of sales administration, their hours a week and the full time of their country."""
    rows = people(sources)
    rows = rows[rows["role"] == "adv_agent"].copy()
    full = {row["country_code"]: float(row["hours_per_week"]) for row in seed("full_time_hours")}
    country = rows["company"].map(sources.countries)
    rows["full_time"] = country.map(full).fillna(full["default"])
    rows["hours"] = rows["hours"].astype(float) / UNIT
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    return rows


@derived
def _absences(sources: Sources) -> pd.DataFrame:
    """Minutes absent by agent and day."""
    rows = sources.table("sheets__absences")
    agents = _agents(sources)
    ids = pd.Series(agents["employee_id"].to_numpy(), agents["login"].str.lower())
    rows = rows.assign(
        employee_id=rows["agent_login"].str.lower().map(ids),
        minutes=rows["hours"].astype(float) / UNIT * 60,
    )
    return rows[rows["employee_id"].notna()]


def _people_minutes(
    sources: Sources, agents: pd.DataFrame, company: str, first: pd.Timestamp, last: Any
) -> tuple[float, float]:
    """Paid and absent minutes of agents on the working days of a span."""
    days = _working_days(sources)[company]
    days = days[(days >= first) & (days <= last)]
    daily = agents.set_index("employee_id")["hours"] * 60 / 5
    away = _absences(sources)
    away = away[away["employee_id"].isin(daily.index) & away["absence_date"].isin(days)]
    absent = np.minimum(away["minutes"], away["employee_id"].map(daily))
    return float(daily.sum() * len(days)), float(absent.sum())


def _capacity(paid: float, absent: float) -> float:
    return max(paid - absent - _OTHER_SHRINKAGE * paid, 0) * _OCCUPANCY


def staffing_weekly(sources: Sources) -> pd.DataFrame:
    """Weeks that have ended, and the running one: work that came up, was done and waits."""
    rows = timed_work(sources)
    found = []
    for (company, team), own in rows.groupby(_TEAM):
        first = week_of(rows.loc[rows["company_id"] == company, "arrived_on"]).min()
        weeks = pd.date_range(first, sources.day, freq="7D", name="week_start")
        tasks = pd.concat(
            [_of_task(part, weeks).assign(task=task) for task, part in own.groupby("task")]
        )
        whole = tasks.drop(columns="task").groupby("week_start", as_index=False).sum()
        frame = pd.concat(
            [tasks.assign(breakdown="task"), whole.assign(breakdown="team", task="all")]
        )
        found.append(_measured(sources, frame.assign(company_id=company, team=team)))
    return pd.concat(found, ignore_index=True).assign(
        as_of_date=sources.day, is_forecast=False, **dict.fromkeys(_FORECAST)
    )


def _of_task(rows: pd.DataFrame, weeks: pd.DatetimeIndex) -> pd.DataFrame:
    """Units and minutes of one task and team, week by week."""
    frame = pd.DataFrame(index=weeks)
    minutes = rows["standard"].fillna(0).astype(float) / UNIT
    dates = dict(zip(_MOVES, ("arrived_on", "done_on", "withdrawn_on"), strict=True))
    for move, column in dates.items():
        known = rows[column].notna()
        grouped = minutes[known].groupby(week_of(rows.loc[known, column]))
        for unit, values in (("units", grouped.size()), ("minutes", grouped.sum())):
            frame[f"{move}_{unit}"] = values.reindex(weeks, fill_value=0)
    for unit in ("units", "minutes"):
        went = frame[f"completed_{unit}"] + frame[f"withdrawn_{unit}"]
        change = frame[f"arrived_{unit}"] - went
        frame[f"closing_{unit}"] = change.cumsum()
        frame[f"opening_{unit}"] = frame[f"closing_{unit}"] - change
    untimed = rows[rows["standard"].isna()]
    frame["untimed_units"] = (
        untimed.groupby(week_of(untimed["arrived_on"])).size().reindex(weeks, fill_value=0)
    )
    done = rows[rows["done_on"].notna() & ~rows["by_robot"] & rows["minutes"].notna()]
    waits = done.groupby(week_of(done["done_on"]))["minutes"]
    frame["waited_minutes"] = waits.sum().reindex(weeks, fill_value=0)
    frame["waited_units"] = waits.size().reindex(weeks, fill_value=0)
    return frame.rename(columns={"arrived_minutes": "workload_minutes"}).reset_index()


def _measured(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """Beside the work, the minutes of the people, and what follows from both."""
    company, team = rows["company_id"].iloc[0], rows["team"].iloc[0]
    ends = rows["week_start"] + _WEEK - pd.Timedelta(days=1)
    rows["measure_kind"] = np.where(ends <= sources.day, "actual", "to_date")
    agents = _agents(sources)
    full_time = agents.loc[agents["company_id"] == company, "full_time"].iloc[0]
    agents = agents[(agents["company_id"] == company) & (agents["team"] == team)]
    last = ends.where(ends <= sources.day, sources.day)
    by_week = {}
    for start, end in zip(rows["week_start"], last, strict=True):
        if start not in by_week:
            by_week[start] = (
                _number_of_days(sources, company, start, end),
                *_people_minutes(sources, agents, company, start, end),
            )
    told = pd.DataFrame(
        [by_week[start] for start in rows["week_start"]],
        columns=["working_days", "paid_minutes", "absence_minutes"],
        index=rows.index,
    ).astype({"paid_minutes": float, "absence_minutes": float})
    days = told["working_days"]
    rows["working_days"] = days
    cleared = (days / _CLEAR_DAYS).clip(upper=1)
    rows["required_minutes"] = rows["workload_minutes"] + rows["opening_minutes"] * cleared
    shrinkage = _OTHER_SHRINKAGE + _ABSENCE_SHARE
    per_fte = full_time * 60 * days / 5 * (1 - shrinkage) * _OCCUPANCY
    rows["productive_minutes_per_fte"] = (per_fte * 100).round()
    rows["fte_needed"] = rows["required_minutes"] / per_fte.where(per_fte > 0)
    is_team = rows["breakdown"] == "team"
    for column in ("paid_minutes", "absence_minutes"):
        rows[column] = told[column].where(is_team)
    spans = zip(told.iloc[:, 1], told.iloc[:, 2], strict=True)
    capacity = pd.Series([_capacity(*span) for span in spans], rows.index).where(is_team)
    rows["capacity_minutes"] = capacity
    rows["agents"] = pd.Series(len(agents), rows.index).where(is_team)
    rows["agents_without_hours"] = pd.Series(agents["hours"].isna().sum(), rows.index).where(
        is_team
    )
    contracted = pd.Series(agents["hours"].sum() / full_time, rows.index).where(is_team)
    rows["fte_contracted"], rows["fte_gap"] = contracted, contracted - rows["fte_needed"]
    rows["load_share"] = rows["required_minutes"] / capacity.where(capacity > 0)
    rows["mean_waited_minutes"] = rows["waited_minutes"] / rows["waited_units"].where(
        rows["waited_units"] > 0
    )
    for column in _SHARES:
        rows[column] = (rows[column] * 1_000_000).round()
    for name in _MINUTES:
        rows[f"{name}_minutes"] = (rows[f"{name}_minutes"] * 100).round()
    return rows


def workload_balance(sources: Sources) -> pd.DataFrame:
    """Open work of each agent against what is left of this week and the next."""
    rows = timed_work(sources)
    rows = rows[rows["done_on"].isna() & rows["withdrawn_on"].isna()].copy()
    today = pd.Series(sources.day, rows.index)
    own_team = described(sources, rows["owner"], today)["team"]
    rows["team"] = own_team.where(rows["owner"] != "unknown", rows["team"])
    rows["is_untimed"] = rows["standard"].isna()
    rows["standard"] = rows["standard"].fillna(0).astype(float) / UNIT
    key = ["company_id", "team", "employee_id"]
    found = (
        rows.rename(columns={"owner": "employee_id"})
        .groupby(key)
        .agg(
            open_items=("item", "size"),
            untimed_items=("is_untimed", "sum"),
            open_minutes=("standard", "sum"),
            oldest_arrived_on=("arrived_on", "min"),
        )
    )
    found = found.reset_index().merge(_left(sources), on=key, how="outer")
    counts = ["open_items", "untimed_items", "open_minutes"]
    found[counts] = found[counts].fillna(0)
    week, both = found["this_week"], found["this_week"] + found["next_week"]
    work, is_agent = found["open_minutes"], found["this_week"].notna()
    spare = week - work
    found = found.assign(
        open_minutes=(work * 100).round(),
        capacity_minutes_this_week=(week * 100).round(),
        capacity_minutes_next_week=(found["next_week"] * 100).round(),
        load_share=(work / both.where(both > 0) * 1_000_000).round(),
        spare_minutes_this_week=(spare * 100).round(),
        spare_minutes_both_weeks=((both - work) * 100).round(),
        is_overloaded=(work > both).astype(object).where(is_agent, None),
        can_take_over=(spare > 0).astype(object).where(is_agent, None),
    )
    return found.assign(as_of_date=sources.day)


def _left(sources: Sources) -> pd.DataFrame:
    """Minutes that each agent has for work in the rest of this week, and in the next."""
    monday = sources.day - pd.Timedelta(days=sources.day.weekday()) + _WEEK
    day = pd.Timedelta(days=1)
    agents = _agents(sources)
    rows = []
    for number in range(len(agents)):
        agent = agents.iloc[[number]]
        company = agent["company_id"].iloc[0]
        spans = ((sources.day + day, monday - day), (monday, monday + _WEEK - day))
        minutes = [_people_minutes(sources, agent, company, *span) for span in spans]
        rows.append([_capacity(*span) for span in minutes])
    left = pd.DataFrame(rows, columns=["this_week", "next_week"], index=agents.index)
    return agents[["company_id", "team", "employee_id"]].join(left)


ORACLES = {
    "staffing_weekly": Oracle(
        staffing_weekly,
        ["as_of_date", "company_id", "week_start", "team", "breakdown", "task", "measure_kind"],
        statistics=[*_SHARES, "capacity_minutes"],
        rows="not is_forecast",
    ),
    "workload_balance": Oracle(
        workload_balance,
        ["as_of_date", "company_id", "team", "employee_id"],
        statistics=["load_share"],
    ),
}
