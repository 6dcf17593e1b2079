"""Order lines of goods: what was promised, what left, what was given up and by whom."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import (
    logged_changes,
    order_lines,
    order_steps,
    robots,
    sales,
    shipped_lines,
)
from tests.oracle.order_book import promises
from tests.oracle.sources import Sources, derived, translated


@derived
def segments(sources: Sources) -> pd.Series:
    """Segment of each partner: the industry of its commercial entity."""
    partners = sources.table("odoo__res_partner").set_index("id")
    names = sources.table("odoo__res_partner_industry").set_index("id")["name"].map(translated)
    industry = partners["industry_id"].map(names)
    segment: pd.Series = partners["commercial_partner_id"].map(industry).fillna("unknown")
    return segment


@derived
def ranges(sources: Sources) -> pd.Series:
    """Range of each product variant: the second level of its category's path."""
    variants = sources.table("odoo__product_product").set_index("id")["product_tmpl_id"]
    categories = sources.table("odoo__product_template").set_index("id")["categ_id"]
    paths = sources.table("odoo__product_category").set_index("id")["complete_name"]
    second = paths.str.split(" / ").str[1]
    found: pd.Series = variants.map(categories).map(second).fillna("unknown")
    return found


@derived
def agents(sources: Sources) -> pd.Series:
    """Agent who owns each sale: the person who entered it, else the one who validated it."""
    rows = sales(sources)
    log = logged_changes(sources)
    done = (log["field"] == "state") & (log["new_value_char"] == "Sales Order")
    actors = sources.table("odoo__mail_message").set_index("id")["create_uid"]
    validated = log[done & (log["model"] == "sale.order")].drop_duplicates("res_id")
    by = rows["id"].map(validated.set_index("res_id")["mail_message_id"].map(actors))
    machines = robots(sources)
    person = rows["create_uid"].where(~rows["create_uid"].isin(machines), by)
    known = person.notna() & ~person.isin(machines)
    return ("erp/res.users/" + person.astype("Int64").astype(str)).where(known, "unknown")


@derived
def parts(sources: Sources) -> pd.DataFrame:
    """What left of order lines: line, order, transfer, done_at, day, quantity."""
    rows = shipped_lines(sources)
    rows = rows[rows["done_at"].notna() & ~rows["is_return"] & rows["sale_line_id"].notna()]
    return pd.DataFrame(
        {
            "line": rows["sale_line_id"].astype("int64"),
            "order": rows["sale_line_id"].map(order_lines(sources)["order_id"]),
            "transfer": rows["picking_id"],
            "done_at": rows["done_at"],
            "day": sources.local_day(rows["done_at"]),
            "quantity": rows["quantity"].astype("int64"),
        }
    )


@derived
def cancelled_by(sources: Sources) -> pd.Series:
    """Who cancelled each sale, as the note on it says: us or customer."""
    notes = sources.table("odoo__mail_message")
    who = notes["subject"].map({"Cancelled by the customer": "customer", "Cancelled by us": "us"})
    known = (notes["model"] == "sale.order") & who.notna() & sources.happened(notes["date"])
    return who[known].set_axis(notes.loc[known, "res_id"]).groupby(level=0).last()


@derived
def booked_lines(sources: Sources) -> pd.DataFrame:
    """Lines of goods of validated orders, as they stood on the as-of date; by identifier."""
    lines, sale = order_lines(sources), sales(sources)
    order = lines["order_id"]
    is_booked = order.map(sale["confirmed_at"]).notna() & order.map(sale["is_order"])
    lines = lines[lines["is_goods"] & is_booked]
    order = lines["order_id"]
    carriers = sources.table("odoo__delivery_carrier").set_index("id")["name"].map(translated)
    sites = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    told = promises(sources)
    left = parts(sources).groupby("line")
    rows = pd.DataFrame(
        {
            "line": lines["id"],
            "order": order,
            "company": order.map(sale["company_id"]).astype(int),
            "customer_segment": order.map(sale["partner_id"]).map(segments(sources)),
            "product": lines["product_id"],
            "product_range": lines["product_id"].map(ranges(sources)).fillna("unknown"),
            "site": order.map(sale["warehouse_id"]).map(sites).fillna("unknown"),
            "carrier": order.map(sale["carrier_id"]).map(carriers).fillna("unknown"),
            "ordered": lines["product_uom_qty"].astype("int64"),
            "amount": lines["company_amount"].astype("int64"),
            "booked_on": sources.local_day(order.map(sale["confirmed_at"])),
            "first_confirmed": order.map({number: days[0][1] for number, days in told.items()}),
            "last_confirmed": order.map({number: days[-1][1] for number, days in told.items()}),
        }
    )
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    rows["delivered"] = left["quantity"].sum().reindex(rows.index, fill_value=0)
    rows["last_part_on"] = left["day"].max().reindex(rows.index)
    steps = {number: stays[-1] for number, stays in order_steps(sources).items()}
    rows["status"] = order.map({number: status for number, (_, status) in steps.items()})
    ended_at = order.map({number: at for number, (at, _) in steps.items()})
    given_up = rows["status"].isin(["cancelled", "closed_short"])
    given_up &= rows["delivered"] < rows["ordered"]
    rows["given_up_on"] = sources.local_day(ended_at.astype("datetime64[us]")).where(given_up)
    rows["given_up_by"] = order.map(cancelled_by(sources)).where(
        rows["status"] == "cancelled", "unknown"
    )
    rows["given_up_by"] = rows["given_up_by"].where(given_up)
    return rows


def delivered_by(sources: Sources, days: pd.Series) -> pd.Series:
    """What had left of each line by the end of a day of its own."""
    left = parts(sources)
    in_time = left[left["day"] <= left["line"].map(days)]
    found: pd.Series = in_time.groupby("line")["quantity"].sum().reindex(days.index, fill_value=0)
    return found
