"""What settled what customers owed: with money and when it counts as paid, or without.

Transfers and cheques are paid on the day from which they count; bills and direct debits at
maturity, once their bounce period has passed without a return (docs/DECISIONS.md, Receivables).
A payment's own discount settles too, and is no money.
"""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import billing_types
from tests.oracle.receivables import (
    bills,
    bounce_days,
    bounces,
    matches,
    payment_methods,
    position_changes,
    receivable_lines,
)
from tests.oracle.sources import Sources, derived

DRAWN = ("lcr", "bor", "riba", "direct_debit")
"""Methods by which we draw on the customer, who may have it returned."""


@derived
def instalments(sources: Sources) -> pd.DataFrame:
    """Instalments of what was issued by the as-of date, by line, with their document's type."""
    lines = receivable_lines(sources)
    rows = lines[(lines["part"] == "instalment") & (lines["date"] <= sources.day)]
    columns = ["id", "move_id", "partner_id", "company_id", "date", "date_maturity"]
    rows = rows[[*columns, "balance", "amount_currency"]].copy()
    rows["document_type"] = rows["move_id"].map(billing_types(sources))
    return rows


@derived
def settlements(sources: Sources) -> pd.DataFrame:
    """Every piece of an instalment settled by the as-of date: with money or without.

    A piece of which the payment bounced has `bounced_on`; `paid_on` is empty for it, for what is
    no money, and while a debit may still come back.
    """
    lines = receivable_lines(sources)
    match = matches(sources)
    match = match[match["debit_move_id"].isin(instalments(sources).index)]
    found = pd.DataFrame(
        {
            "instalment": match["debit_move_id"],
            "payment_id": match["credit_move_id"].map(lines["payment_id"]),
            "credit": match["credit_move_id"],
            "effective": match["effective"],
            "amount": match["debit_amount_currency"],
            "company_amount": match["amount"],
            "bounced_on": pd.NaT,
        }
    )
    bounced = bounces(sources).dropna(subset=["instalment"])
    issued = bounced["instalment"].map(lines["date"])
    erased = pd.DataFrame(
        {
            "instalment": bounced["instalment"].astype("int64"),
            "payment_id": bounced["payment_id"],
            "credit": bounced["move_line_id"],
            "effective": bounced["paid_on"].where(bounced["paid_on"] >= issued, issued),
            "amount": bounced["amount"],
            "company_amount": bounced["company_amount"],
            "bounced_on": bounced["bounced_on"].where(bounced["bounced_on"] <= sources.day),
        }
    )
    rows = pd.concat([found, erased], ignore_index=True)
    rows = rows[rows["effective"] <= sources.day].copy()
    discount = _discounts(sources)
    taken = rows["payment_id"].map(discount).fillna(0).astype("int64")
    rows["amount"] -= taken
    rows["company_amount"] -= taken
    rows["method"] = rows["payment_id"].map(payment_methods(sources))
    rows["is_money"] = rows["credit"].map(lines["part"]) == "payment"
    days = rows["method"].map(bounce_days).astype("Int64").fillna(0)
    maturity = rows["payment_id"].map(bills(sources)["date_maturity"]).fillna(rows["effective"])
    maturity = maturity.where(maturity >= rows["effective"], rows["effective"])
    passed = (sources.day - maturity).dt.days > days.where(rows["method"].isin(DRAWN), -1)
    rows["paid_on"] = maturity.where(rows["is_money"] & rows["bounced_on"].isna() & passed)
    rows["maturity"] = maturity
    return rows


def _discounts(sources: Sources) -> pd.Series:
    """What each payment took off the customer's account beyond its money; it settles one thing."""
    payments = sources.table("odoo__account_payment").set_index("id")["amount"]
    lines = receivable_lines(sources)
    lines = lines[(lines["part"] == "payment") & (lines["amount_currency"] < 0)]
    credited = -lines.set_index("payment_id")["amount_currency"]
    beyond = credited - payments.reindex(credited.index)
    found: pd.Series = beyond[beyond > 0]
    return found


@derived
def settled_instalments(sources: Sources) -> pd.DataFrame:
    """Instalments with the day on which each was settled for good, and paid where by money.

    Both are empty while something is open, or a debit of it may still come back; `paid_on` is that
    of the last money, and empty where nothing but a credit note, say, settled it.
    """
    rows = instalments(sources).copy()
    changes = position_changes(sources)
    changes = changes[changes["day"] <= sources.day]
    left = changes.groupby("item")["amount"].sum()
    rows["open"] = rows["id"].astype(str).map(left).fillna(0)
    pieces = settlements(sources)
    pieces = pieces[pieces["bounced_on"].isna()]
    is_undecided = pieces["is_money"] & pieces["paid_on"].isna()
    undecided = pieces.loc[is_undecided, "instalment"]
    is_settled = (rows["open"] <= 0) & ~rows["id"].isin(undecided)
    of = pieces.assign(day=pieces["paid_on"].fillna(pieces["effective"])).groupby("instalment")
    for column, day in (("settled_on", "day"), ("paid_on", "paid_on")):
        rows[column] = rows["id"].map(of[day].max()).where(is_settled)
    return rows
