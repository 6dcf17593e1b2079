"""How customers pay, and what the alarm that tells who begins to slip compares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.marts.cash import ratio
from tests.oracle.oracle import Oracle
from tests.oracle.receivables import (
    bills,
    bounces,
    payment_methods,
    receivable_lines,
)
from tests.oracle.settlements import DRAWN, settled_instalments, settlements
from tests.oracle.sources import Sources, derived

_DAYS = 365
_GRACE_DAYS = 3
_BASELINE = 8
"""Paid instalments that make a baseline."""

_SCALE_FLOOR = 2
_TREND = 5
_DAYS_PER_MONTH = 365.25 / 12
_REPLICATIONS = 500
"""Years drawn for a payer of whom something is watched."""

_DAYS_OF_HABITS = [
    "baseline_median_days_late",
    "baseline_scale_days",
    "recent_median_days_late",
    "shift_days",
    "trend_days_per_month",
]


@derived
def observations(sources: Sources) -> pd.DataFrame:
    """Instalments of invoices that were paid with money, or are open past their due date."""
    rows = settled_instalments(sources)
    disputes = sources.table("sheets__disputes")
    disputes = disputes[disputes["opened_on"] <= sources.day]
    names = sources.table("odoo__account_move").set_index("id")["name"]
    is_disputed = rows["move_id"].map(names).isin(disputes["invoice_number"])
    rows = rows[(rows["document_type"] == "invoice") & ~is_disputed].copy()
    pieces = settlements(sources)
    pieces = pieces[pieces["is_money"] & pieces["bounced_on"].isna()]
    bounced = bounces(sources)
    bounced = bounced[bounced["bounced_on"] <= sources.day]
    rows["is_rejected"] = rows["id"].isin(bounced["instalment"])
    rows["is_drawn"] = rows["id"].isin(pieces[pieces["method"].isin(DRAWN)]["instalment"])
    is_open = (rows["open"] > 0) & (rows["date_maturity"] < sources.day)
    rows["is_open"] = is_open
    rows = rows[is_open | rows["paid_on"].notna()].copy()
    until = rows["paid_on"].where(~rows["is_open"], sources.day)
    days = (until - rows["date_maturity"]).dt.days
    stood = rows["is_drawn"] & ~rows["is_rejected"] & ~rows["is_open"]
    rows["days_late"] = days.where(~stood, 0).astype("int64")
    return rows


@derived
def drawn(sources: Sources) -> pd.DataFrame:
    """Bills and direct debits with the day on which they fell due, and which came back."""
    lines = receivable_lines(sources)
    rows = lines[lines["part"] == "payment"]
    method = rows["payment_id"].map(payment_methods(sources))
    rows = rows[method.isin(DRAWN)][["payment_id", "company_id", "partner_id", "date"]].copy()
    rows = rows[rows["date"] <= sources.day]
    rows["due"] = rows["payment_id"].map(bills(sources)["date_maturity"]).fillna(rows["date"])
    bounced = bounces(sources)
    bounced = bounced[bounced["bounced_on"] <= sources.day]
    rows["is_rejected"] = rows["payment_id"].isin(bounced["payment_id"])
    return rows


@derived
def habits(sources: Sources) -> pd.DataFrame:
    """By company and payer, the baseline and what has been watched since.

    The baseline is the year of due dates before the last one; of who paid fewer than eight
    instalments then, the last eight before the last year, or the first eight at all. Early is on
    time. Open instalments are watched once they are later than the habit and the days of grace.
    """
    rows = observations(sources).sort_values(["date_maturity", "id"])
    rows["days_late"] = rows["days_late"].clip(lower=0)
    start = sources.day - pd.Timedelta(days=_DAYS)
    found: dict[Any, dict[str, Any]] = {}
    for payer, own in rows.groupby(["company_id", "partner_id"]):
        paid = own[~own["is_open"]]
        before = paid[paid["date_maturity"] <= start]
        base = before[before["date_maturity"] > start - pd.Timedelta(days=_DAYS)]
        if len(base) < _BASELINE:
            base = before.tail(_BASELINE) if len(before) >= _BASELINE else paid.head(_BASELINE)
        found[payer] = {"baseline_instalment_count": len(base)}
        if len(base) < _BASELINE:
            continue
        median, ends = base["days_late"].median(), base["date_maturity"].max()
        watched = own[own["date_maturity"] > max(start, ends)]
        is_told = ~watched["is_open"] | (watched["days_late"] > median + _GRACE_DAYS)
        watched = watched[is_told]
        deviation = (base["days_late"] - median).abs().median()
        recent = watched["days_late"].tail(_BASELINE).median()
        found[payer] |= {
            "baseline_from": base["date_maturity"].min(),
            "baseline_to": ends,
            "baseline_median_days_late": median,
            "baseline_scale_days": max(1.4826 * deviation, _SCALE_FLOOR),
            "monitored_instalment_count": len(watched),
            "monitored_open_instalment_count": int(watched["is_open"].sum()),
            "recent_median_days_late": recent,
            "shift_days": recent - median,
            "trend_days_per_month": _slope(watched) * _DAYS_PER_MONTH,
            "false_alarm_replication_count": _REPLICATIONS if len(watched) else 0,
        }
    frame = pd.DataFrame.from_dict(found, orient="index")
    frame.index = frame.index.set_names(["company_id", "partner_id"])
    counts = [name for name in frame.columns if name.endswith("_count")]
    for column in counts:
        frame[column] = frame[column].fillna(0).astype("int64")
    for column in _DAYS_OF_HABITS:
        frame[column] = (frame[column] * 1_000_000).round().astype("Int64")
    return frame


def _slope(watched: pd.DataFrame) -> float:
    """Median slope of the days late over all pairs of due dates; none below five instalments."""
    if len(watched) < _TREND:
        return np.nan
    days = watched["date_maturity"].to_numpy().astype("datetime64[D]").astype(float)
    late = watched["days_late"].to_numpy(float)
    first, second = np.triu_indices(len(days), 1)
    apart = days[second] - days[first]
    slopes = (late[second] - late[first])[apart > 0] / apart[apart > 0]
    return float(np.median(slopes)) if len(slopes) else np.nan


def payment_behaviour(sources: Sources) -> pd.DataFrame:
    """How each payer paid over the last year, and what he has overdue."""
    key = ["company_id", "partner_id"]
    rows = observations(sources)
    start = sources.day - pd.Timedelta(days=_DAYS)
    paid = rows[~rows["is_open"] & (rows["paid_on"] > start)].copy()
    paid["amount_days"] = paid["balance"] * paid["days_late"]
    paid["is_late"] = paid["days_late"] > _GRACE_DAYS
    late = paid.groupby(key)["days_late"]
    quartiles = late.quantile([0.25, 0.75]).unstack()
    found = rows.groupby(key).size().to_frame("observations")
    found["paid_instalment_count"] = late.size()
    found["median_days_late"] = late.median() * 1_000_000
    found["spread_days_late"] = (quartiles[0.75] - quartiles[0.25]) * 1_000_000
    found["company_paid_amount_incl_tax"] = paid.groupby(key)["balance"].sum()
    found["company_paid_amount_days"] = paid.groupby(key)["amount_days"].sum()
    found["late_instalment_count"] = paid.groupby(key)["is_late"].sum()
    debits = drawn(sources)
    debits = debits[(debits["due"] > start) & (debits["due"] <= sources.day)]
    found["drawn_payment_count"] = debits.groupby(key).size()
    found["rejected_payment_count"] = debits.groupby(key)["is_rejected"].sum()
    overdue = rows[rows["is_open"]].groupby(key)
    found["overdue_instalment_count"] = overdue.size()
    found["company_overdue_instalments_amount_incl_tax"] = overdue["balance"].sum()
    oldest = overdue["days_late"].max()
    counted = [name for name in found if name.endswith(("_count", "_tax", "_amount_days"))]
    found[counted] = found[counted].fillna(0).astype("int64")
    found["max_days_overdue"] = oldest
    found["weighted_days_late"] = ratio(
        found["company_paid_amount_days"], found["company_paid_amount_incl_tax"]
    )
    found["late_share"] = ratio(found["late_instalment_count"], found["paid_instalment_count"])
    found["rejected_share"] = ratio(found["rejected_payment_count"], found["drawn_payment_count"])
    found = found.join(habits(sources)).reset_index()
    found["company_id"] = "erp/res.company/" + found["company_id"].astype(str)
    found["customer_id"] = "erp/res.partner/" + found["partner_id"].astype(str)
    return found.assign(as_of_date=sources.day, currency_code="EUR")


ORACLES = {
    "payment_behaviour": Oracle(
        payment_behaviour,
        ["as_of_date", "company_id", "customer_id"],
        [
            "median_days_late",
            "spread_days_late",
            "weighted_days_late",
            "late_share",
            "rejected_share",
            *_DAYS_OF_HABITS,
        ],
        ignored=dict.fromkeys(
            [
                "drift_status",
                "is_slipping",
                "drifting_since",
                "alarmed_on",
                "drift_statistic",
                "drift_threshold",
                "false_alarm_rate",
            ],
            "follows from a threshold set by random draws: tests of their own hold the alarm",
        ),
    ),
}
