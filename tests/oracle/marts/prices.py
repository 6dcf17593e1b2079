"""Invoiced prices and payment terms against those agreed and allowed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle.documents import share
from tests.oracle.oracle import Oracle
from tests.oracle.revenue import customer_names, revenue_lines
from tests.oracle.sources import UNIT, Sources

_TOLERANCE_AMOUNT = 100
"""One cent; above ten euros, a thousandth of the agreed amount."""
_LEGAL_DAYS, _LEGAL_DAYS_END_OF_MONTH = 60, 45


def price_compliance(sources: Sources) -> pd.DataFrame:
    """Each product line of an invoice; Odoo agrees on prices only, not on freight or terms."""
    lines = revenue_lines(sources)
    rows = lines[~lines["is_credit"] & (lines["line_type"] == "product")].copy()
    ordered = sources.table("odoo__sale_order_line").set_index("id")["product_uom_qty"]
    ordered_on = sources.local_day(sources.table("odoo__sale_order").set_index("id")["date_order"])
    rows["price_date"] = rows["order"].map(ordered_on).fillna(rows["date"])
    rows["price_quantity"] = rows["order_line"].map(ordered).fillna(rows["quantity"])
    rows = rows.merge(_agreed(sources, rows), on="line", how="left")
    rows = rows.merge(_terms(sources), on="move_id", how="left")
    return _judged(rows).assign(
        invoice_line_id="erp/account.move.line/" + rows["line"].astype(str),
        document_id="erp/account.move/" + rows["move_id"].astype(str),
        invoice_date=rows["date"],
        order_id="erp/sale.order/" + rows["order"].astype(str),
        sold_to_customer_id=customer_names(rows["customer"]),
        product_id=rows["product"],
        channel="generated",
        currency_code=rows["currency"],
        unit_price_excl_tax=rows["price_unit"],
        discount_percent=rows["discount"],
        net_unit_price_excl_tax=_per_piece(rows),
        company_currency_code="EUR",
        company_amount_excl_tax=rows["amount"],
        company_freight_excl_tax=None,
        company_agreed_freight_excl_tax=None,
        company_freight_difference_excl_tax=None,
        agreed_payment_term_id=None,
        agreed_payment_term_days=None,
        freight_verdict=None,
    )


def _per_piece(rows: pd.DataFrame) -> list[Any]:
    return [
        share(amount, UNIT, quantity) if quantity else None
        for amount, quantity in zip(rows["currency_amount"], rows["quantity"], strict=True)
    ]


def _agreed(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """The price list item that held for each line: the largest break, then the latest start."""
    properties = sources.table("odoo__ir_property")
    lists = properties[properties["name"] == "property_product_pricelist"]
    lists = pd.DataFrame(
        {
            "company": lists["company_id"],
            "customer": lists["res_id"].str.split(",").str[1].astype("int64"),
            "pricelist_id": lists["value_reference"].str.split(",").str[1].astype("int64"),
        }
    )
    priced = sources.table("odoo__product_pricelist").set_index("id")["currency_id"]
    currencies = sources.table("odoo__res_currency").set_index("id")["name"]
    items = sources.table("odoo__product_pricelist_item")
    items = items[["id", "pricelist_id", "product_id", "min_quantity", "fixed_price", "date_start"]]
    items = items.assign(list_currency=items["pricelist_id"].map(priced).map(currencies))
    wanted = rows[
        ["line", "company", "customer", "product_id", "currency", "price_date", "price_quantity"]
    ]
    found = wanted.merge(lists, on=["company", "customer"]).merge(
        items, on=["pricelist_id", "product_id"]
    )
    found = found[
        (found["list_currency"] == found["currency"])
        & (found["date_start"] <= found["price_date"])
        & (found["min_quantity"] <= found["price_quantity"])
    ]
    found = found.sort_values(["min_quantity", "date_start"]).drop_duplicates("line", keep="last")
    key = found["id"].astype(str) + "/" + found["customer"].astype(str)
    return pd.DataFrame(
        {
            "line": found["line"],
            "price_agreement_id": "erp/product.pricelist.item/"
            + key
            + "/"
            + found["product_id"].astype(str),
            "agreed_unit_price_excl_tax": found["fixed_price"],
        }
    )


def _terms(sources: Sources) -> pd.DataFrame:
    """Number, salesperson and payment term of each invoice, with the law's limit."""
    moves = sources.table("odoo__account_move")
    parts = sources.table("odoo__account_payment_term_line").sort_values(["payment_id", "nb_days"])
    longest = parts.drop_duplicates("payment_id", keep="last").set_index("payment_id")
    term = moves["invoice_payment_term_id"]
    is_end_of_month = term.map(longest["delay_type"]) == "days_after_end_of_month"
    limit = is_end_of_month.map({True: _LEGAL_DAYS_END_OF_MONTH, False: _LEGAL_DAYS})
    return pd.DataFrame(
        {
            "move_id": moves["id"],
            "document_number": moves["name"],
            "salesperson_id": "erp/res.users/" + moves["invoice_user_id"].astype(str),
            "payment_term_id": "erp/account.payment.term/" + term.astype(str),
            "payment_term_days": term.map(longest["nb_days"]),
            "legal_maximum_days": limit,
        }
    )


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    agreed = pd.Series(
        [
            None if pd.isna(price) else _worth(row, int(price))
            for row, price in zip(
                rows.itertuples(), rows["agreed_unit_price_excl_tax"], strict=True
            )
        ],
        index=rows.index,
        dtype="Int64",
    )
    difference = rows["amount"] - agreed
    allowed = (agreed.abs() / 1000).clip(lower=_TOLERANCE_AMOUNT)
    price = pd.Series("compliant", index=rows.index)
    price[(difference > allowed).fillna(False)] = "overcharged"
    price[(difference < -allowed).fillna(False)] = "undercharged"
    price[agreed.isna()] = "no_agreement"
    too_long = rows["payment_term_days"] > rows["legal_maximum_days"]
    term = too_long.map({True: "over_legal", False: "no_agreement"})
    is_agreed = agreed.notna()
    return rows.assign(
        company_agreed_amount_excl_tax=agreed,
        company_difference_excl_tax=difference,
        agreement_customer_scope=pd.Series("customer", rows.index).where(is_agreed, None),
        agreement_product_scope=pd.Series("product", rows.index).where(is_agreed, None),
        price_verdict=price,
        term_verdict=term,
        verdict=price.mask(too_long, "term_over_legal"),
    )


def _worth(row: Any, price: int) -> int:
    """The quantity at the agreed price, in company currency at the line's own rate."""
    amount = share(price, row.quantity, UNIT)
    if row.currency == "EUR":
        return amount
    return share(price * row.quantity, row.amount, UNIT * row.currency_amount)


ORACLES = {
    "price_compliance": Oracle(
        price_compliance, ["invoice_line_id"], statistics=["net_unit_price_excl_tax"]
    ),
}
