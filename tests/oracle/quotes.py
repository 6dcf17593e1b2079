"""Quotes: what became of them, and the chance of those that are open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.documents import document_status, in_company_currency, sales
from tests.oracle.lines import agents
from tests.oracle.messages import inbound_messages
from tests.oracle.order_book import promises
from tests.oracle.sources import Sources, derived

MATURITY_DAYS = 60
"""Days after which a quote is judged."""

_AGES = (0, 8, 15, 31)
_YEAR = 365


@derived
def quotes(sources: Sources) -> pd.DataFrame:
    """One row per quote that existed by the as-of date; by identifier of the sale."""
    rows = sales(sources)
    rows = rows[rows["is_quote"]].copy()
    rows["quote_id"] = "erp/sale.quotation/" + rows["id"].astype(str)
    rows["status"] = rows["quote_id"].map(document_status(sources))
    outcomes = {
        "settled": "won",
        "cancelled": "lost",
        "expired": "expired",
        "draft": "pending",
        "waiting": "pending",
    }
    rows["outcome"] = rows["status"].map(outcomes)
    rows["company_id"] = "erp/res.company/" + rows["company_id"].astype(str)
    rows["salesperson_id"] = ("erp/res.users/" + rows["user_id"].astype(str)).fillna("unknown")
    rows["agent_id"] = agents(sources)
    rows["sold_to_customer_id"] = "erp/res.partner/" + rows["partner_id"].astype(str)
    # Odoo's date of an order is that of its confirmation; of the quote, only its entry is known.
    rows["quote_date"] = sources.local_day(rows["create_date"])
    rows["month_start"] = rows["quote_date"] - pd.to_timedelta(
        rows["quote_date"].dt.day - 1, unit="D"
    )
    rows["amount"] = [
        in_company_currency(amount, rate)
        for amount, rate in zip(rows["amount_untaxed"], rows["currency_rate"], strict=True)
    ]
    rows["age_days"] = (sources.day - rows["quote_date"]).dt.days
    ran_out = rows["validity_date"] + pd.Timedelta(days=1)
    decided = {
        "won": sources.local_day(rows["confirmed_at"]),
        "lost": sources.local_day(rows["cancelled_at"]),
        "expired": ran_out.astype("datetime64[us]"),
    }
    rows["decided_on"] = pd.Series(pd.NaT, rows.index, dtype="datetime64[us]")
    for outcome, day in decided.items():
        rows["decided_on"] = rows["decided_on"].where(rows["outcome"] != outcome, day)
    rows["days_to_decision"] = (rows["decided_on"] - rows["quote_date"]).dt.days
    rows["is_mature"] = rows["age_days"] >= MATURITY_DAYS
    rows["won_in_time"] = (
        rows["is_mature"] & (rows["outcome"] == "won") & (rows["days_to_decision"] <= MATURITY_DAYS)
    )
    rows["loss_reason"] = rows["id"].map(_loss_reasons(sources)).fillna("unknown")
    messages = inbound_messages(sources)
    # A draft that nobody offered yet answers an order; what comes after it was entered does not.
    messages = messages[messages["received_at"] <= messages["sale"].map(rows["create_date"])]
    rows["requested_at"] = rows["id"].map(messages.groupby("sale")["received_at"].min())
    return _with_usual_day(sources, _with_chances(rows))


def _loss_reasons(sources: Sources) -> pd.Series:
    notes = sources.table("odoo__mail_message")
    told = (notes["model"] == "sale.order") & notes["subject"].fillna("").str.startswith("Lost: ")
    notes = notes[told & sources.happened(notes["date"])].sort_values(["date", "id"])
    reason: pd.Series = notes.groupby("res_id")["subject"].last().str.removeprefix("Lost: ")
    return reason


def _with_chances(rows: pd.DataFrame) -> pd.DataFrame:
    """Open quotes with the share won of the company's of a year that were open at their age."""
    rows = rows.copy()
    ripe = rows[rows["is_mature"] & (rows["age_days"] < MATURITY_DAYS + _YEAR)]
    pending = rows["outcome"] == "pending"
    band = rows["age_days"].map(lambda age: max(a for a in _AGES if a <= age))
    for column in ("similar", "similar_won"):
        rows[column] = np.nan
    for company, own in ripe.groupby("company_id"):
        for age in _AGES:
            alike = own[~(own["days_to_decision"] < age)]
            there = pending & (rows["company_id"] == company) & (band == age)
            rows.loc[there, "similar"] = len(alike)
            rows.loc[there, "similar_won"] = (alike["outcome"] == "won").sum()
    return rows


def _with_usual_day(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """When the goods of open quotes would be promised: as soon as such quotes' goods were."""
    ripe = rows["is_mature"] & (rows["age_days"] < MATURITY_DAYS + _YEAR)
    won = rows[ripe & (rows["outcome"] == "won")]
    first = won["id"].map({number: days[0][1] for number, days in promises(sources).items()})
    usual = (first - won["quote_date"]).dt.days.groupby(won["company_id"]).median()
    days = np.floor(rows["company_id"].map(usual) + 0.5)
    day = rows["quote_date"] + pd.to_timedelta(days, unit="D")
    return rows.assign(probable_on=day.where(day >= sources.day, sources.day))
