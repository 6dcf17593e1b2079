"""How customers pay. Whether one begins to slip is fitted, and not computed a second time here."""

from __future__ import annotations

import pandas as pd

from tests.oracle.marts.cash import ratio
from tests.oracle.oracle import Oracle
from tests.oracle.receivables import (
    bills,
    bounces,
    payment_methods,
    position_changes,
    receivable_lines,
)
from tests.oracle.settlements import DRAWN, instalments, settlements
from tests.oracle.sources import Sources, derived

_DAYS = 365
_GRACE_DAYS = 3


@derived
def observations(sources: Sources) -> pd.DataFrame:
    """Instalments of invoices that were paid with money, or are open past their due date."""
    rows = instalments(sources)
    disputes = sources.table("sheets__disputes")
    disputes = disputes[disputes["opened_on"] <= sources.day]
    names = sources.table("odoo__account_move").set_index("id")["name"]
    is_disputed = rows["move_id"].map(names).isin(disputes["invoice_number"])
    rows = rows[(rows["document_type"] == "invoice") & ~is_disputed].copy()
    changes = position_changes(sources)
    changes = changes[changes["day"] <= sources.day]
    left = changes.groupby("item")["amount"].sum()
    rows["open"] = rows["id"].astype(str).map(left).fillna(0)
    pieces = settlements(sources)
    pieces = pieces[pieces["is_money"] & pieces["bounced_on"].isna()]
    of = pieces.groupby("instalment")
    rows["paid_on"] = rows["id"].map(of["paid_on"].max())
    undecided = pieces[pieces["paid_on"].isna()]["instalment"]
    bounced = bounces(sources)
    bounced = bounced[bounced["bounced_on"] <= sources.day]
    rows["is_rejected"] = rows["id"].isin(bounced["instalment"])
    rows["is_drawn"] = rows["id"].isin(pieces[pieces["method"].isin(DRAWN)]["instalment"])
    is_open = (rows["open"] > 0) & (rows["date_maturity"] < sources.day)
    is_paid = (rows["open"] <= 0) & rows["paid_on"].notna() & ~rows["id"].isin(undecided)
    rows["is_open"] = is_open
    rows = rows[is_open | is_paid].copy()
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
    found = found.reset_index()
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
        ],
        ignored=dict.fromkeys(
            [
                "drift_status",
                "is_slipping",
                "drifting_since",
                "alarmed_on",
                "baseline_instalment_count",
                "baseline_from",
                "baseline_to",
                "baseline_median_days_late",
                "baseline_scale_days",
                "monitored_instalment_count",
                "monitored_open_instalment_count",
                "recent_median_days_late",
                "shift_days",
                "trend_days_per_month",
                "drift_statistic",
                "drift_threshold",
                "false_alarm_rate",
                "false_alarm_replication_count",
            ],
            "comes from the drift alarm, which tests of its own hold",
        ),
    ),
}
