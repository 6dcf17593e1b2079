"""Sales taken back, by reason, against what was invoiced."""

from __future__ import annotations

import pandas as pd

from tests.oracle.credit_notes import REISSUED_WITHIN, billed_again, reason_of_text
from tests.oracle.documents import billed_quantities, invoice_lines, invoices, sales
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources
from tests.oracle.spans import month_of

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
    """Posted and not rejected by the tax platform; what they sell or take back, deposits aside."""
    rows = invoices(sources)
    rows = rows[rows["posted_at"].notna() & rows["rejected_at"].isna()].copy()
    lines = invoice_lines(sources)
    amounts = lines[~lines["is_downpayment"].fillna(False)].groupby("move_id")["balance"].sum()
    rows["sales"] = rows["id"].map(amounts).fillna(0).astype("int64")
    rows["sales"] = rows["sales"].where(rows["document_type"] == "credit_note", -rows["sales"])
    order = billed_quantities(sources).groupby("move_id")["order_id"].min()
    rows["channel"] = rows["id"].map(order).map(sales(sources)["channel"]).fillna(rows["channel"])
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
    found = set()
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
