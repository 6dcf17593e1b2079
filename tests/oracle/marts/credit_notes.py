"""Sales taken back, by reason, against what was invoiced."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle.credit_notes import REISSUED_WITHIN, billed_again, reason_of_text
from tests.oracle.documents import (
    billed_quantities,
    billing_types,
    invoice_lines,
    invoices,
    sales,
    teams,
)
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources
from tests.oracle.spans import month_of
from tests.oracle.turnover import issued_by_date, revenue_lines

_GROUP = ["company_id", "month_start", "channel", "team"]


def credit_notes_monthly(sources: Sources) -> pd.DataFrame:
    """Credit notes by reason beside the invoices of the same month, channel and team."""
    rows = _issued(sources)
    credits = rows[rows["document_type"] == "credit_note"].copy()
    reissued = _reissued(sources, credits)
    written = credits["ref"].map(reason_of_text)
    credits["credit_note_reason"] = written.mask(
        credits["id"].isin(reissued), "cancel_and_reinvoice"
    )
    billed = rows[rows["document_type"] == "invoice"].groupby(_GROUP)["sales"].agg(["size", "sum"])
    found = credits.groupby([*_GROUP, "credit_note_reason"])["sales"].agg(["size", "sum"])
    found = found.set_axis(["credit_notes", "credited_amount_excl_tax"], axis=1).reset_index()
    found = found.join(billed.set_axis(["invoices", "invoiced_amount_excl_tax"], axis=1), on=_GROUP)
    counts = ["invoices", "invoiced_amount_excl_tax"]
    found[counts] = found[counts].fillna(0).astype("int64")
    invoiced = found["invoiced_amount_excl_tax"]
    share = found["credited_amount_excl_tax"] / invoiced.where(invoiced != 0) * 1_000_000
    return found.assign(credited_share=share.round(), currency_code="EUR")


def _issued(sources: Sources) -> pd.DataFrame:
    """What is issued by its date, and what it sells or takes back, deposits aside."""
    moves = sources.table("odoo__account_move").set_index("id", drop=False)
    rows = moves[moves.index.isin(issued_by_date(sources))].copy()
    rows["document_type"] = rows["id"].map(billing_types(sources))
    rows["team"] = rows["team_id"].map(teams(sources)).fillna("unknown")
    amounts = revenue_lines(sources).groupby("move_id")["amount"].sum()
    rows["sales"] = rows["id"].map(amounts).fillna(0).astype("int64")
    rows["sales"] = rows["sales"].where(rows["document_type"] == "invoice", -rows["sales"])
    links = sources.table("odoo__sale_order_line_invoice_rel")
    every = sources.table("odoo__sale_order_line").set_index("id")["order_id"]
    lines = invoice_lines(sources).set_index("id")["move_id"]
    order = links["order_line_id"].map(every).groupby(links["invoice_line_id"].map(lines)).min()
    channel = rows["id"].map(order).map(sales(sources)["channel"])
    rows["channel"] = channel.fillna("generated")
    rows["month_start"] = month_of(rows["date"])
    rows["company_id"] = "erp/res.company/" + rows["company_id"].astype(str)
    return rows


def _reissued(sources: Sources, credits: pd.DataFrame) -> set[int]:
    """Credit notes of a whole invoice whose goods were soon invoiced again.

    A line was if more of it is invoiced than left, and nothing came back; else another part was
    invoiced (docs/DECISIONS.md, "KPI: entry errors").
    """
    totals = sources.table("odoo__account_move").set_index("id")["amount_total"]
    whole = credits[credits["reversed_entry_id"].map(totals) == credits["amount_total"]]
    billed = billed_quantities(sources)
    billed = billed[billed["document_type"] == "invoice"]
    dates = billed["move_id"].map(invoices(sources)["date"])
    again = set(billed_again(sources))
    found: set[int] = set()
    credit: Any
    for credit in whole.itertuples():
        lines = set(billed.loc[billed["move_id"] == credit.reversed_entry_id, "order_line_id"])
        soon = (dates >= credit.date) & (dates <= credit.date + REISSUED_WITHIN)
        if lines and lines <= (again & set(billed.loc[soon, "order_line_id"])):
            found.add(credit.id)
    return found


ORACLES = {
    "credit_notes_monthly": Oracle(
        credit_notes_monthly,
        ["company_id", "month_start", "credit_note_reason", "channel", "team"],
        statistics=["credited_share"],
    ),
}
