"""What stock and expected receipts suffice for: open order lines, and those of open quotes."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import order_lines, share, shipped_lines, transfers
from tests.oracle.lines import booked_lines
from tests.oracle.quotes import quotes
from tests.oracle.sources import Sources, derived
from tests.oracle.values import ratio

PLACE = ["company_id", "product", "site"]


@derived
def open_lines(sources: Sources) -> pd.DataFrame:
    """Lines of goods of booked orders that are still to leave; by identifier."""
    rows = booked_lines(sources)
    is_open = ~rows["status"].isin(["cancelled", "closed_short"])
    rows = rows[is_open & (rows["delivered"] < rows["ordered"])].copy()
    rows["open"] = rows["ordered"] - rows["delivered"]
    rows["open_amount"] = [
        share(amount, part, whole)
        for amount, part, whole in zip(rows["amount"], rows["open"], rows["ordered"], strict=True)
    ]
    rows["promised"] = rows["last_confirmed"]
    # Goods of a late order are wanted today.
    rows["wanted"] = rows["promised"].where(rows["promised"] >= sources.day, sources.day)
    work = shipped_lines(sources)
    transfer = transfers(sources)
    ready = transfer.index[
        transfer["ready_at"].notna() & transfer["done_at"].isna() & transfer["cancelled_at"].isna()
    ]
    prepared = work.loc[work["picking_id"].isin(ready), "sale_line_id"].dropna()
    rows["is_prepared"] = rows["line"].isin(prepared)
    return rows


@derived
def stock(sources: Sources) -> pd.DataFrame:
    """Stock by company, product and site, as the source says now: it keeps no past of it."""
    rows = sources.table("odoo__stock_quant")
    places = sources.table("odoo__stock_location").set_index("id")
    rows = rows[rows["location_id"].map(places["usage"]) == "internal"]
    sites = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    named = pd.DataFrame(
        {
            "company_id": "erp/res.company/" + rows["company_id"].astype(str),
            "product": rows["product_id"],
            "site": rows["location_id"].map(places["warehouse_id"]).map(sites),
            "on_hand": rows["quantity"],
            "reserved": rows["reserved_quantity"],
        }
    )
    return named.groupby(PLACE).sum()


@derived
def receipts(sources: Sources) -> pd.DataFrame:
    """What is still to come of purchases: company, product, site, day and quantity."""
    rows = sources.table("odoo__purchase_order_line")
    rows = rows[(rows["state"] == "purchase") & (rows["qty_received"] < rows["product_qty"])]
    types = sources.table("odoo__purchase_order").set_index("id")["picking_type_id"]
    sites = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    warehouse = sources.table("odoo__stock_picking_type").set_index("id")["warehouse_id"]
    return pd.DataFrame(
        {
            "company_id": "erp/res.company/" + rows["company_id"].astype(str),
            "product": rows["product_id"],
            "site": rows["order_id"].map(types).map(warehouse).map(sites),
            "day": sources.local_day(rows["date_planned"]),
            "quantity": rows["product_qty"] - rows["qty_received"],
        }
    )


@derived
def covered(sources: Sources) -> pd.DataFrame:
    """Open lines whose product is kept in stock, in the order in which they are served.

    Adds `so_far` (the demand up to each line), `on_hand`, and `covered_on`, the first day on which
    stock and receipts suffice for it.
    """
    rows = open_lines(sources)
    rows = rows.sort_values(
        ["is_prepared", "promised", "booked_on", "line"],
        ascending=[False, True, True, True],
        na_position="last",
    )
    kept = stock(sources)["on_hand"]
    on_hand = kept.reindex(pd.MultiIndex.from_frame(rows[PLACE]))
    rows["on_hand"] = on_hand.to_numpy()
    rows = rows[rows["on_hand"].notna()].copy()
    rows["so_far"] = rows.groupby(PLACE)["open"].cumsum()
    to_come = receipts(sources)
    to_come = to_come[to_come["day"] >= sources.day].sort_values("day")
    arriving = {
        place: list(zip(own["day"], own["quantity"], strict=True))
        for place, own in to_come.groupby(PLACE)
    }
    days = []
    for place, there, wanted in zip(
        rows[PLACE].itertuples(index=False, name=None), rows["on_hand"], rows["so_far"], strict=True
    ):
        day = sources.day if there >= wanted else pd.NaT
        for arrives, quantity in arriving.get(place, []):
            there += quantity
            if pd.isna(day) and there >= wanted:
                day = arrives
        days.append(day)
    rows["covered_on"] = pd.Series(days, rows.index, dtype="datetime64[us]")
    return rows


@derived
def probable_demand(sources: Sources) -> pd.DataFrame:
    """Goods on open quotes, times the chance of these: company, product, site, day, quantity.

    Quantities are in millionths of a unit of quantity, so that they add up exactly.
    """
    offers = quotes(sources)
    pending = offers[(offers["outcome"] == "pending") & (offers["similar"] > 0)]
    lines = order_lines(sources)
    lines = lines[lines["is_goods"] & lines["order_id"].isin(pending.index)]
    sites = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    order = lines["order_id"]
    # By the probability as it is shown, in millionths.
    chance = order.map(ratio(pending["similar_won"], pending["similar"]))
    return pd.DataFrame(
        {
            "company_id": order.map(pending["company_id"]),
            "product": lines["product_id"],
            "site": order.map(pending["warehouse_id"]).map(sites),
            "day": order.map(pending["probable_on"]),
            "quantity": lines["product_uom_qty"].astype("int64") * chance.astype("int64"),
        }
    )
