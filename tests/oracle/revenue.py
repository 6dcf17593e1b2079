"""What was sold: lines of issued invoices and credit notes, by product, range and customer.

Net sales are invoices less credit notes by invoice date, without deposits and group companies. A
line costs what its goods cost when they left; a credit note takes goods back, and their cost, when
it reverses its whole invoice or follows returned goods. Any other only reduces a price.
"""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import billing_types, invoice_lines, share, shipped_lines
from tests.oracle.order_book import price_reductions
from tests.oracle.sources import UNIT, Sources, derived, translated


@derived
def revenue_lines(sources: Sources) -> pd.DataFrame:
    """Lines of net sales dated by the as-of date, in company currency, negative on credit notes.

    Columns: line, move_id, order_line, order, company_id, date, month, customer and group (of who
    buys), segment, product, product_range, line_type, currency, is_credit, is_whole (takes a whole
    invoice back), moves_goods, quantity, amount, currency_amount and cost.
    """
    moves = sources.table("odoo__account_move").set_index("id")
    rows = invoice_lines(sources)
    rows = rows[~rows["is_downpayment"].fillna(False)].rename(columns={"id": "line"})
    for column in ("invoice_date", "state", "l10n_it_edi_state", "reversed_entry_id"):
        rows[column] = rows["move_id"].map(moves[column])
    is_issued = (rows["state"] == "posted") & (rows["l10n_it_edi_state"].fillna("") != "rejected")
    rows = rows[is_issued & (rows["invoice_date"] <= sources.day)].copy()
    rows["date"] = rows["invoice_date"]
    rows["month"] = rows["date"].dt.to_period("M").dt.to_timestamp()
    rows["is_credit"] = rows["move_id"].map(billing_types(sources)) == "credit_note"
    corrected = rows["reversed_entry_id"].map(moves["amount_total"])
    rows["is_whole"] = rows["is_credit"] & (rows["move_id"].map(moves["amount_total"]) == corrected)
    links = sources.table("odoo__sale_order_line_invoice_rel").set_index("invoice_line_id")
    rows["order_line"] = rows["line"].map(links["order_line_id"]).astype("Int64")
    order_lines = sources.table("odoo__sale_order_line").set_index("id")
    rows["order"] = rows["order_line"].map(order_lines["order_id"]).astype("Int64")
    buyers = sources.table("odoo__sale_order").set_index("id")["partner_id"]
    paying = rows["move_id"].map(moves["commercial_partner_id"])
    rows["customer"] = rows["order"].map(buyers).fillna(paying).astype("int64")
    rows = _described(sources, rows)
    is_freight = rows["order_line"].map(order_lines["is_delivery"]).fillna(False).astype(bool)
    rows["line_type"] = rows["line_type"].mask(is_freight, "freight")
    rows["moves_goods"] = ~rows["is_credit"] | rows["is_whole"] | _takes_back(sources, rows)
    sign = rows["is_credit"].map({True: -1, False: 1})
    rows["quantity"] = (sign * rows["quantity"]).where(rows["moves_goods"], 0).astype("int64")
    rows["amount"] = -rows["balance"].astype("int64")
    rows["currency_amount"] = (sign * rows["price_subtotal"]).astype("int64")
    rows["cost"] = [
        share(cost, quantity, UNIT)
        for cost, quantity in zip(_unit_costs(sources, rows), rows["quantity"], strict=True)
    ]
    return rows.reset_index(drop=True)


def _described(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """Lines with the names of their company, customer, product and currency."""
    product = products(sources)
    currency = sources.table("odoo__res_currency").set_index("id")["name"]
    return rows.assign(
        company=rows["company_id"].astype(int),
        company_id=company_names(rows["company_id"]),
        group=rows["customer"].map(groups(sources)),
        segment=rows["customer"].map(groups(sources)).map(segments(sources)),
        product="erp/product.product/" + rows["product_id"].astype(str),
        product_range=rows["product_id"].map(product["product_range"]),
        line_type=rows["product_id"].map(product["line_type"]),
        currency=rows["currency_id"].map(currency),
    )


def _takes_back(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """Which credit note lines follow goods that came back."""
    came = shipped_lines(sources)
    came = came[came["is_return"] & came["done_at"].notna()]
    came_back = rows["is_credit"] & rows["order_line"].isin(came["sale_line_id"].dropna())
    return came_back & ~rows["move_id"].isin(price_reductions(sources))


def _unit_costs(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """What a piece cost when it left; what the order expected, where nothing did."""
    layers = sources.table("odoo__stock_valuation_layer")
    served = shipped_lines(sources).set_index("id")["sale_line_id"]
    layers = layers.assign(order_line=layers["stock_move_id"].map(served))
    layers = layers[(layers["quantity"] < 0) & layers["order_line"].notna()]
    sums = layers.groupby("order_line")[["value", "quantity"]].sum()
    at_shipment = pd.Series(
        [
            share(value, UNIT, quantity)
            for value, quantity in zip(sums["value"], sums["quantity"], strict=True)
        ],
        index=sums.index,
    )
    expected = sources.table("odoo__sale_order_line").set_index("id")["purchase_price"]
    costs: pd.Series = rows["order_line"].map(at_shipment)
    return costs.fillna(rows["order_line"].map(expected)).astype("int64")


@derived
def products(sources: Sources) -> pd.DataFrame:
    """Range and kind of each product, by identifier."""
    variants = sources.table("odoo__product_product").set_index("id")
    templates = sources.table("odoo__product_template").set_index("id")
    paths = sources.table("odoo__product_category").set_index("id")["complete_name"]
    path = variants["product_tmpl_id"].map(templates["categ_id"]).map(paths)
    is_service = variants["product_tmpl_id"].map(templates["type"]) == "service"
    return pd.DataFrame(
        {
            "product": "erp/product.product/" + variants.index.astype(str),
            "template": variants["product_tmpl_id"],
            "code": variants["default_code"],
            "product_range": path.str.split(" / ").str[1].fillna("unknown"),
            "line_type": is_service.map({True: "service", False: "product"}),
        }
    )


@derived
def groups(sources: Sources) -> pd.Series:
    """Head of each customer's group, itself when alone: by the CRM, else by the ERP."""
    partners = sources.table("odoo__res_partner").set_index("id")
    head = partners["commercial_partner_id"].astype("int64")
    accounts = sources.table("salesforce__account").set_index("Id")
    parent = accounts["ParentId"].map(accounts["AccountNumber"])
    by_number = pd.Series(partners.index, partners["ref"])
    by_number = by_number[by_number.index.notna()]
    found = pd.DataFrame(
        {"member": accounts["AccountNumber"].map(by_number), "head": parent.map(by_number)}
    ).dropna()
    heads = found.set_index("member")["head"]
    return head.map(heads).fillna(head).astype("int64")


@derived
def segments(sources: Sources) -> pd.Series:
    """Segment of each customer: the industry of the commercial partner."""
    partners = sources.table("odoo__res_partner").set_index("id")
    industries = sources.table("odoo__res_partner_industry").set_index("id")["name"]
    industry = partners["commercial_partner_id"].map(partners["industry_id"])
    return industry.map(industries.map(translated)).fillna("unknown")


def company_names(numbers: pd.Series) -> pd.Series:
    """Keys of companies."""
    return "erp/res.company/" + numbers.astype("int64").astype(str)


def customer_names(numbers: pd.Series) -> pd.Series:
    """Keys of customers."""
    return "erp/res.partner/" + numbers.astype("int64").astype(str)
