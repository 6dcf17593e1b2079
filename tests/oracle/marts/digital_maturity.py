"""How documents arrive, and which orders nobody touched."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import (
    billing_types,
    documents,
    ever_changed,
    invoice_lines,
    robots,
    sales,
)
from tests.oracle.events import events
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources, seed
from tests.oracle.spans import month_of
from tests.oracle.turnover import issued_by_date

_TEAM = ["company_id", "month_start", "document_type", "team"]
_KEY = [*_TEAM[:3], "channel", "team"]


def digital_maturity_monthly(sources: Sources) -> pd.DataFrame:
    """Documents created, their channel's share of the team's, and touchless orders."""
    rows = documents(sources)
    rows["month_start"] = month_of(rows["entered_date"])
    sale = "erp/sale.order/" + sales(sources).query("is_order and is_quote")["id"].astype(str)
    # Delivery notes come from preparations, orders from accepted offers, the rest from orders.
    is_generated = (rows["channel"] == "generated") | (rows["document_type"] == "delivery_note")
    rows["generated"] = is_generated | rows["document_id"].isin(sale)
    rows["counted"] = ~rows["generated"]
    rows["counted_lines"] = rows["line_count"].where(rows["counted"], 0)
    orders = rows["counted"] & (rows["document_type"] == "order")
    rows["judged"] = orders & rows["document_id"].isin(_first_invoiced_at(sources).index)
    electronic, by_hand = _channels("is_electronic"), _channels("is_hand_entered")
    untouched = ~rows["document_id"].isin(_touched(sources))
    rows["touchless"] = rows["judged"] & untouched & rows["channel"].isin(electronic)
    found = rows.groupby(_KEY).agg(
        documents=("document_id", "size"),
        generated_documents=("generated", "sum"),
        counted_documents=("counted", "sum"),
        counted_lines=("counted_lines", "sum"),
        judged_orders=("judged", "sum"),
        touchless_orders=("touchless", "sum"),
    )
    found = found.reset_index()
    found["team_documents"] = found.groupby(_TEAM)["counted_documents"].transform("sum")
    counted, is_order = found["counted_documents"], found["document_type"] == "order"
    for column in ("judged_orders", "touchless_orders"):
        found[column] = found[column].astype("Int64").where(is_order)
    return found.assign(
        is_electronic=found["channel"].isin(electronic),
        is_hand_entered=found["channel"].isin(by_hand),
        channel_share=_share(counted.where(counted > 0), found["team_documents"]),
        touchless_share=_share(found["touchless_orders"], found["judged_orders"]),
    )


def _channels(quality: str) -> set[str]:
    return {row["channel"] for row in seed("channels") if row[quality] == "true"}


def _first_invoiced_at(sources: Sources) -> pd.Series:
    """When the first invoice of an order was posted, by document; invoiced it is by its date."""
    links = sources.table("odoo__sale_order_line_invoice_rel")
    every = sources.table("odoo__sale_order_line").set_index("id")["order_id"]
    lines = invoice_lines(sources).set_index("id")["move_id"]
    move = links["invoice_line_id"].map(lines)
    kinds = move.map(billing_types(sources))
    rows = move[move.isin(issued_by_date(sources)) & (kinds == "invoice")]
    posted_at = rows.map(ever_changed(sources, "account.move", "state", "Posted"))
    order = "erp/sale.order/" + links.loc[rows.index, "order_line_id"].map(every).astype(str)
    first: pd.Series = posted_at.groupby(order).min()
    return first


def _touched(sources: Sources) -> set[str]:
    """Orders to which a person did something before their first invoice, or their message."""
    rows = events(sources)
    machines = {f"erp/res.users/{number}" for number in robots(sources)}
    by_person = ~rows["is_derived"] & ~rows["employee_id"].isin(machines)
    before = rows["at"] <= rows["document_id"].map(_first_invoiced_at(sources))
    messages = sources.table("odoo__edi_exchange_record")
    in_error = messages["exchange_error"].notna() & (messages["model"] == "sale.order")
    mended = "erp/sale.order/" + messages.loc[in_error, "res_id"].astype(str)
    return set(rows.loc[by_person & before, "document_id"]) | set(mended)


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """In millionths; empty of nothing."""
    share: pd.Series = part / whole.where(whole > 0) * 1_000_000
    return share.round()


ORACLES = {
    "digital_maturity_monthly": Oracle(
        digital_maturity_monthly, _KEY, statistics=["channel_share", "touchless_share"]
    ),
}
