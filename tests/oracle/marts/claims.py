"""Customer claims by day."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle.claims import claim_stretches, claims
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources

_GROUP = ["company_id", "claim_reason", "channel"]
_COUNTS = ["opened_count", "reopened_count", "closed_count"]


def claims_daily(sources: Sources) -> pd.DataFrame:
    """Claims received, reopened, closed and open, with the age of what is open."""
    claim = claims(sources)
    rows = claim_stretches(sources).merge(
        claim[["claim", *_GROUP, "opened_on"]].rename(columns={"opened_on": "received_on"}),
        on="claim",
    )
    found = []
    for names, stretches in rows.groupby(_GROUP):
        daily = _of_group(sources, stretches)
        found.append(daily.assign(**dict(zip(_GROUP, names, strict=True))))
    return pd.concat(found, ignore_index=True)


def _of_group(sources: Sources, stretches: pd.DataFrame) -> pd.DataFrame:
    days = pd.date_range(stretches["opened_on"].min(), sources.day, name="date_day")
    daily = pd.DataFrame(0, index=days, columns=[*_COUNTS, "closing_over_30_days_count"])
    daily[["closing_age_days", "first_resolved_count", "first_resolution_days"]] = 0
    row: Any
    for row in stretches.itertuples():
        first = row.number == 1
        daily.loc[row.opened_on, "opened_count" if first else "reopened_count"] += 1
        last = sources.day
        if pd.notna(row.ended_on):
            daily.loc[row.ended_on, "closed_count"] += 1
            last = row.ended_on - pd.Timedelta(days=1)
            if first:
                daily.loc[row.ended_on, "first_resolved_count"] += 1
                took = (row.ended_on - row.received_on).days
                daily.loc[row.ended_on, "first_resolution_days"] += took
        for day in pd.date_range(row.opened_on, last):
            age = (day - row.received_on).days
            daily.loc[day, "closing_age_days"] += age
            daily.loc[day, "closing_over_30_days_count"] += age > 30
    change = daily["opened_count"] + daily["reopened_count"] - daily["closed_count"]
    daily["closing_count"] = change.cumsum()
    daily["opening_count"] = daily["closing_count"] - change
    daily["closing_average_age_days"] = _average(daily["closing_age_days"], daily["closing_count"])
    daily["first_resolution_average_days"] = _average(
        daily["first_resolution_days"], daily["first_resolved_count"]
    )
    is_told = (daily[["opening_count", *_COUNTS]] > 0).any(axis=1)
    return daily[is_told].reset_index()


def _average(total: pd.Series, number: pd.Series) -> pd.Series:
    """In millionths, as the mart keeps six decimals; empty where there is nothing to average."""
    average = total / number.where(number > 0) * 1_000_000
    return average.round().astype("Int64")


ORACLES = {
    "claims_daily": Oracle(
        claims_daily,
        ["date_day", "company_id", "claim_reason", "channel"],
        statistics=["closing_average_age_days", "first_resolution_average_days"],
    ),
}
