"""Net sales: lines of issued invoices and credit notes, deposits aside."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import billing_types, invoice_lines
from tests.oracle.sources import Sources, derived


@derived
def issued_by_date(sources: Sources) -> pd.Index:
    """Invoices and credit notes dated by the as-of date that the tax platform did not reject.

    Sales follow the date of the invoice, whenever it was posted.
    """
    moves = sources.table("odoo__account_move").set_index("id")
    is_issued = (moves["state"] == "posted") & ~moves["l10n_it_edi_state"].eq("rejected")
    is_billing = moves["move_type"].isin(["out_invoice", "out_refund"])
    return moves.index[is_issued & is_billing & (moves["date"] <= sources.day)]


@derived
def revenue_lines(sources: Sources) -> pd.DataFrame:
    """Lines that sell, and below zero those that take back: company_id, date, amount, product.

    Sales follow the date of the invoice, whenever it was posted.
    """
    moves = sources.table("odoo__account_move").set_index("id")
    is_issued = (moves["state"] == "posted") & (moves["l10n_it_edi_state"] != "rejected").fillna(
        True
    )
    moves = moves[is_issued & (moves["date"] <= sources.day)]
    rows = invoice_lines(sources)
    rows = rows[rows["move_id"].isin(moves.index) & ~rows["is_downpayment"].fillna(False)].copy()
    rows["date"] = rows["move_id"].map(moves["date"])
    rows["document_type"] = rows["move_id"].map(billing_types(sources))
    return rows.assign(
        company_id="erp/res.company/" + rows["company_id"].astype(str), amount=-rows["balance"]
    )


@derived
def product_ranges(sources: Sources) -> pd.Series:
    """Range of each product: the second level of its category's path."""
    paths = sources.table("odoo__product_category").set_index("id")["complete_name"]
    kinds = sources.table("odoo__product_template").set_index("id")["categ_id"]
    variants = sources.table("odoo__product_product").set_index("id")["product_tmpl_id"]
    ranges: pd.Series = variants.map(kinds).map(paths).str.split(" / ").str[1]
    return ranges.fillna("unknown")
