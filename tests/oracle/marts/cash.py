"""How long customers take to pay, and what is at risk with them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle import receivables as owed
from tests.oracle.documents import share
from tests.oracle.marts.receivables import open_items
from tests.oracle.oracle import Oracle
from tests.oracle.settlements import instalments, settlements
from tests.oracle.sources import Sources, derived

_RATIO = 1_000_000
"""Ratios and days have six decimals."""

_OWED = ["trade", "doubtful", "bills_in_hand", "bills_discounted", "factor"]
"""Roles of accounts that hold receivables."""


def month_of(days: pd.Series) -> pd.Series:
    """First day of each day's month."""
    first: pd.Series = days.dt.to_period("M").dt.to_timestamp()
    return first


def ratio(part: Any, whole: Any, factor: int = 1) -> Any:
    """Part / whole in millionths, empty where the whole is 0."""
    whole = pd.to_numeric(whole).astype("Float64")
    part = pd.to_numeric(part).astype("Float64") * (factor * _RATIO)
    return (part / whole.where(whole != 0)).round()


@derived
def credit_sales(sources: Sources) -> pd.DataFrame:
    """Net sales of each company and month of its history, in what customers owe."""
    billed = instalments(sources)
    billed = billed[billed["document_type"] != "deposit_invoice"]
    paid = settlements(sources)
    paid = paid[paid["paid_on"] <= paid["instalment"].map(billed["date"])]
    prepaid = paid.groupby("instalment")["company_amount"].sum()
    is_invoice = billed["document_type"] == "invoice"
    sold = billed["balance"] - billed["id"].map(prepaid).where(is_invoice).fillna(0).astype("int64")
    sums = sold.groupby([billed["company_id"], month_of(billed["date"])]).sum()
    found = []
    for company in sorted(set(billed["company_id"])):
        own = sums[company]
        months = pd.date_range(own.index.min(), sources.day, freq="MS")
        last = (months + pd.offsets.MonthEnd(0)).where(
            months + pd.offsets.MonthEnd(0) <= sources.day, sources.day
        )
        frame = pd.DataFrame({"company": company, "sales_month": months, "last_day": last})
        frame["sales"] = own.reindex(months).fillna(0).astype("int64").array
        found.append(frame)
    rows = pd.concat(found, ignore_index=True)
    rows["days"] = (rows["last_day"] - rows["sales_month"]).dt.days + 1
    return rows


def _countback(receivable: int, months: list[tuple[int, int]]) -> tuple[float, int, bool]:
    """Days of the newest months whose sales the receivables absorb, their number, if capped."""
    days, reached = 0.0, 0
    for sales, month_days in reversed(months):
        if receivable <= 0:
            break
        reached += 1
        if sales <= 0:
            days += month_days
        else:
            absorbed = min(receivable, sales)
            days += month_days * absorbed / sales
            receivable -= absorbed
    return days, reached, receivable > 0


def dso_monthly(sources: Sources) -> pd.DataFrame:
    """Days of sales outstanding by each of the usual measures, with their parts."""
    items = open_items(sources)
    is_deposit = (items["item_type"] == "deposit_invoice").to_numpy()
    may_bounce = (items["item_type"] == "bill") & items["days_late"].isna()
    sales = credit_sales(sources)
    found = []
    for scope, counts in (
        ("with_bills_and_factored", items.index == items.index),
        ("without_bills_and_factored", ~may_bounce & (items["account_role"] != "factor")),
    ):
        held = items[items["account_role"].isin(_OWED) & ~is_deposit & counts]
        sums = held.groupby(["company", "as_of_date"])[
            ["company_open_amount", "company_overdue_amount"]
        ].sum()
        found.append(
            sales.join(sums, on=["company", "last_day"])
            .fillna({"company_open_amount": 0, "company_overdue_amount": 0})
            .assign(receivable_scope=scope)
        )
    rows = pd.concat(found, ignore_index=True)
    of = rows.groupby(["company", "receivable_scope"])
    rows["window_month_count"] = of.cumcount().clip(upper=2) + 1
    for column, name in (("days", "window_days"), ("sales", "window_sales")):
        window = of[column].rolling(3, min_periods=1).sum().droplevel([0, 1])
        rows[name] = window.round().astype("int64")
    opening = of["company_open_amount"].shift(1)
    owed_now, late = rows["company_open_amount"], rows["company_overdue_amount"]
    whole = rows["window_sales"].where(
        (rows["window_month_count"] == 3) & (rows["window_sales"] > 0)
    )
    history = {
        company: list(zip(own["sales"], own["days"], strict=True))
        for company, own in sales.groupby("company")
    }
    back = [
        _countback(int(amount), history[company][: number + 1])
        for amount, company, number in zip(owed_now, rows["company"], of.cumcount(), strict=True)
    ]
    unknown = items[items["account_role"] == "unknown"]
    unknown_sums = unknown.groupby(["company", "as_of_date"])["company_open_amount"].sum()
    result = pd.DataFrame(
        {
            "company_id": "erp/res.company/" + rows["company"].astype(str),
            "sales_month": rows["sales_month"],
            "receivable_scope": rows["receivable_scope"],
            "as_of_date": rows["last_day"],
            "is_partial_month": rows["last_day"] < rows["sales_month"] + pd.offsets.MonthEnd(0),
            "currency_code": "EUR",
            "company_receivable_amount_incl_tax": owed_now,
            "company_current_amount_incl_tax": owed_now - late,
            "company_overdue_amount_incl_tax": late,
            "company_unknown_role_amount_incl_tax": unknown_sums.reindex(
                pd.MultiIndex.from_frame(rows[["company", "last_day"]])
            )
            .fillna(0)
            .array,
            "company_sales_amount_incl_tax": rows["sales"],
            "window_month_count": rows["window_month_count"],
            "window_days": rows["window_days"],
            "company_window_sales_amount_incl_tax": rows["window_sales"],
            "dso_simple_days": ratio(owed_now * rows["window_days"], whole),
            "dso_countback_days": [round(days * _RATIO) for days, _, _ in back],
            "countback_month_count": [number for _, number, _ in back],
            "is_countback_capped": [capped for _, _, capped in back],
            "best_possible_dso_days": ratio((owed_now - late) * rows["window_days"], whole),
            "delinquent_days": ratio(late * rows["window_days"], whole),
            "company_opening_receivable_amount_incl_tax": opening,
            "company_collected_amount_incl_tax": opening + rows["sales"] - owed_now,
            "company_collectable_amount_incl_tax": opening + rows["sales"] - owed_now + late,
        }
    )
    result["collection_effectiveness_percent"] = ratio(
        result["company_collected_amount_incl_tax"],
        result["company_collectable_amount_incl_tax"],
        100,
    )
    paid = _paid(sources)
    return result.merge(paid, on=["company_id", "sales_month"], how="left").fillna(
        {column: 0 for column in paid if column not in ("average_days_late_on_paid_items",)}
    )


def _paid(sources: Sources) -> pd.DataFrame:
    """What was paid with money for invoices in each month, and how late."""
    billed = instalments(sources)
    rows = settlements(sources).dropna(subset=["paid_on"]).join(
        billed[["company_id", "document_type", "date_maturity"]], on="instalment"
    )
    rows = rows[rows["document_type"] == "invoice"]
    late = (rows["paid_on"] - rows["date_maturity"]).dt.days
    rows = rows.assign(
        company_id="erp/res.company/" + rows["company_id"].astype(str),
        sales_month=month_of(rows["paid_on"]),
        amount_days=rows["company_amount"] * late,
    )
    sums = rows.groupby(["company_id", "sales_month"]).agg(
        paid_piece_count=("instalment", "size"),
        company_paid_amount_incl_tax=("company_amount", "sum"),
        company_paid_amount_days=("amount_days", "sum"),
    )
    sums["average_days_late_on_paid_items"] = ratio(
        sums["company_paid_amount_days"], sums["company_paid_amount_incl_tax"]
    )
    return sums.reset_index()


ORACLES = {
    "dso_monthly": Oracle(
        dso_monthly,
        ["company_id", "sales_month", "receivable_scope"],
        [
            "dso_simple_days",
            "dso_countback_days",
            "best_possible_dso_days",
            "delinquent_days",
            "collection_effectiveness_percent",
            "average_days_late_on_paid_items",
        ],
    ),
}
