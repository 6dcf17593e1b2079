"""Customers: how active they are, and who comes and goes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaln

from tests.oracle.habits import activity
from tests.oracle.marts.sales import ratio
from tests.oracle.oracle import Oracle
from tests.oracle.revenue import company_names, customer_names, revenue_lines
from tests.oracle.sources import Sources, derived

_HUNDREDTHS = [
    "median_interval_days",
    "p90_interval_days",
    "habit_interval_days",
    "at_risk_after_days",
    "dormant_after_days",
    "lost_after_days",
]


@derived
def customer_activity(sources: Sources) -> pd.DataFrame:
    """Each customer who decides on each day looked at, with his sales of the last year."""
    rows = activity(sources).merge(
        _yearly_sales(sources), on=["as_of_date", "company", "customer"], how="left"
    )
    hundredths = {column: (rows[column].astype(float) * 100).round() for column in _HUNDREDTHS}
    return rows.assign(
        **hundredths,
        net_sales_12_months_excl_tax=rows["net_sales_12_months_excl_tax"].fillna(0).astype(int),
        company_id=company_names(rows["company"]),
        customer_id=customer_names(rows["customer"]),
        is_latest=rows["as_of_date"] == sources.day,
        is_one_time_buyer=rows["order_days"] == 1,
        is_seasonal=rows["season_first_month"].notna(),
        currency_code="EUR",
        probability_alive=_probabilities(sources, rows),
    )


def _yearly_sales(sources: Sources) -> pd.DataFrame:
    """Net sales of the twelve months up to each day looked at, by who decides."""
    lines = revenue_lines(sources)
    found = []
    for day in activity(sources)["as_of_date"].unique():
        after = day - pd.DateOffset(years=1)
        year = lines[(lines["date"] > after) & (lines["date"] <= day)]
        sums = year.groupby(["company", "group"])["amount"].sum()
        found.append(
            sums.rename("net_sales_12_months_excl_tax").reset_index().assign(as_of_date=day)
        )
    return pd.concat(found, ignore_index=True).rename(columns={"group": "customer"})


_AWAY = {"dormant", "lost"}
_WHERE = {"at_risk": "at_risk", "dormant": "dormant", "lost": "lost"}


def customer_retention_monthly(sources: Sources) -> pd.DataFrame:
    """Who was there at the start of each month, came, fell silent, and is there at its end."""
    rows = customer_activity(sources)
    key = ["company_id", "customer_id"]
    days = sorted(rows["as_of_date"].unique())
    found = []
    for before, day in zip([None, *days[:-1]], days, strict=True):
        now = rows[rows["as_of_date"] == day]
        past = rows[rows["as_of_date"] == before].set_index(key)["activity_status"]
        was = now[key].merge(past.rename("was").reset_index(), on=key, how="left")["was"]
        was = was.set_axis(now.index)
        there = ~now["activity_status"].isin(_AWAY)
        was_there = was.notna() & ~was.isin(_AWAY)
        went = now["activity_status"].map(_WHERE).fillna("retained")
        came = was.isna() & there
        known = now["is_first_order_known"]
        parts = {
            "opening": was_there,
            **{each: was_there & (went == each) for each in ("retained", *_WHERE)},
            "new": came & known,
            "first_seen": came & ~known,
            "won_back": was.isin(_AWAY) & there,
            "closing": there,
        }
        counts = {f"{part}_customers": holds.astype(int) for part, holds in parts.items()}
        sales = {
            f"{part}_net_sales_12_months_excl_tax": now["net_sales_12_months_excl_tax"].where(
                holds, 0
            )
            for part, holds in parts.items()
        }
        every = {
            f"all_{status}_customers": (now["activity_status"] == status).astype(int)
            for status in _AWAY
        }
        flags = now[["company_id", "segment", "as_of_date"]].assign(**counts, **sales, **every)
        found.append(flags.groupby(["company_id", "segment", "as_of_date"], as_index=False).sum())
    told = pd.concat(found, ignore_index=True)
    return told.assign(
        month_start=told["as_of_date"].dt.to_period("M").dt.to_timestamp(),
        currency_code="EUR",
        retention_rate=ratio(
            told["retained_customers"] + told["at_risk_customers"], told["opening_customers"]
        ),
    )


# BG/NBD ------------------------------------------------------------------------------------------

_MINIMUM_REPEAT_BUYERS = 30
_CONCENTRATIONS = np.geomspace(1, 20_000, 12)


def _probabilities(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """Chances that customers are still there, in millionths, by a fit of each company's own."""
    today = rows[rows["as_of_date"] == sources.day]
    found = [_alive(members) for _, members in today.groupby("company")]
    alive = pd.concat(found).where(today["season_first_month"].isna() & (today["order_days"] > 1))
    return (alive * 1_000_000).round().reindex(rows.index)


def _alive(members: pd.DataFrame) -> pd.Series:
    """P(alive) by Fader, Hardie and Lee (2005), in weeks."""
    repeats = members["order_days"].to_numpy(float) - 1
    if (repeats > 0).sum() < _MINIMUM_REPEAT_BUYERS:
        return pd.Series(np.nan, index=members.index)
    first, last = members["first_ordered_on"], members["last_ordered_on"]
    recency = (last - first).dt.days.to_numpy() / 7
    age = (members["as_of_date"] - first).dt.days.to_numpy() / 7

    def loss(parameters: np.ndarray, concentration: float) -> float:
        r, alpha, a, b = _parameters(parameters, concentration)
        stays = -(r + repeats) * np.log(alpha + age)
        leaves = np.where(
            repeats > 0,
            np.log(a / (b + np.maximum(repeats, 1) - 1)) - (r + repeats) * np.log(alpha + recency),
            -np.inf,
        )
        buys = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        goes_on = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
        return -float((buys + goes_on + np.logaddexp(stays, leaves)).sum())

    # The likelihood hardly falls where a and b grow together, so a + b is tried step by step.
    fits = [
        (minimize(loss, [1.0, 2.0, -5.0], (each,), method="Nelder-Mead"), each)
        for each in _CONCENTRATIONS
    ]
    best, concentration = min(fits, key=lambda fit: fit[0].fun)
    r, alpha, a, b = _parameters(best.x, concentration)
    odds = (
        a / (b + np.maximum(repeats, 1) - 1) * ((alpha + age) / (alpha + recency)) ** (r + repeats)
    )
    return pd.Series(1 / (1 + odds), index=members.index)


def _parameters(logs: np.ndarray, concentration: float) -> tuple[float, float, float, float]:
    share = 1 / (1 + np.exp(-logs[2]))
    return np.exp(logs[0]), np.exp(logs[1]), share * concentration, (1 - share) * concentration


def _at_stake(mart: pd.DataFrame) -> pd.Series:
    """What the last year's sales are worth by the chance that the customer is gone."""
    year = mart["net_sales_12_months_excl_tax"].astype("Int64").clip(lower=0)
    lost = 1_000_000 - mart["probability_alive"].astype("Int64")
    return (year * lost + 500_000) // 1_000_000


ORACLES = {
    "customer_activity": Oracle(
        customer_activity,
        ["as_of_date", "company_id", "customer_id"],
        statistics=_HUNDREDTHS,
        fitted={"probability_alive": 5_000},
        implied={"sales_at_stake_excl_tax": _at_stake},
    ),
    "customer_retention_monthly": Oracle(
        customer_retention_monthly,
        ["month_start", "company_id", "segment"],
        statistics=["retention_rate"],
    ),
}
