"""Where open order lines stand, when they are expected, and whom to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.documents import order_lines, order_steps, sales
from tests.oracle.expectations import expectations
from tests.oracle.lines import agents, ranges, segments
from tests.oracle.oracle import Oracle
from tests.oracle.order_book import promises
from tests.oracle.sources import Sources, derived, translated
from tests.oracle.supply import covered, open_lines
from tests.oracle.values import in_units, ratio

_LEAD_DAYS = 2


@derived
def order_tracking(sources: Sources) -> pd.DataFrame:
    """One row per line still to leave, or to be validated."""
    rows = pd.concat([open_lines(sources), _not_booked(sources)])
    sale = sales(sources)
    lines = order_lines(sources)
    order = rows["order"]
    last_told = {number: told[-1][1] for number, told in tellings(sources).items()}
    rows["told"] = order.map(pd.Series(last_told, dtype="datetime64[us]"))
    status, since = _last_step(sources, order)
    supply = covered(sources).reindex(rows.index)
    now = expectations(sources)
    now = now[now["known_on"] == sources.day].set_index("line").reindex(rows.index)
    booked = rows["booked_on"].notna()
    blocked_before = (status == "blocked") & ~booked
    stages = {
        "to_validate": ~booked,
        "blocked": status == "blocked",
        "part_shipped": rows["delivered"] > 0,
        "in_preparation": rows["is_prepared"],
    }
    rows["stage"] = np.select(list(stages.values()), list(stages), default="validated")
    short = ~(supply["covered_on"] <= sources.day) & supply["on_hand"].notna()
    waits = {
        "credit": blocked_before,
        "sales": ~booked,
        "customer": status == "blocked",
        "stock": short,
        "promised_date": (rows["promised"] - sources.day).dt.days > _LEAD_DAYS,
    }
    rows["waits_for"] = np.select(list(waits.values()), list(waits), default="warehouse")
    waits_inside = rows["waits_for"].isin(["credit", "sales", "customer"])
    waits_for_goods = supply["covered_on"] > now["expected"].fillna(sources.day)
    nothing_comes = supply["on_hand"].notna() & supply["covered_on"].isna()
    rules = {
        "unknown": ~booked,
        "no_supply": nothing_comes,
        "expected_receipt": waits_for_goods,
        "promise": now["rule"] == "promise",
        "usual_delay": now["rule"] == "usual_delay",
    }
    rows["rule"] = np.select(list(rules.values()), list(rules), default="unknown")
    expected = now["expected"].where(rows["rule"] != "expected_receipt", supply["covered_on"])
    expected = expected.where(~rows["rule"].isin(["no_supply", "unknown"]))
    late = (sources.day - rows["promised"]).dt.days
    known = rows["told"].fillna(rows["first_confirmed"])
    is_past = known < sources.day
    position = lines["sequence"].groupby(lines["order_id"]).rank(method="first")
    person = lines["salesman_id"].fillna(lines["order_id"].map(sale["user_id"]))
    return pd.DataFrame(
        {
            "company_id": rows["company_id"],
            "as_of_date": sources.day,
            "order_line_id": "erp/sale.order.line/" + rows["line"].astype(str),
            "order_id": "erp/sale.order/" + order.astype(str),
            "order_number": order.map(sale["name"]),
            "line_number": rows["line"].map(position),
            "customer_reference": order.map(sale["client_order_ref"]),
            "sold_to_customer_id": "erp/res.partner/" + order.map(sale["partner_id"]).astype(str),
            "product_id": "erp/product.product/" + rows["product"].astype(str),
            "product_range": rows["product_range"],
            "site": rows["site"],
            "carrier": rows["carrier"],
            "agent_id": order.map(agents(sources)),
            "salesperson_id": "erp/res.users/" + rows["line"].map(person).astype(str),
            "team": order.map(sale["team"]),
            "order_date": rows["order_date"].fillna(rows["booked_on"]),
            "stage": rows["stage"],
            "waits_for": rows["waits_for"],
            "waiting_since": since.where(waits_inside),
            "quantity_to_deliver": rows["open"],
            "delivered_quantity": rows["delivered"],
            "unit": rows["line"].map(lines["product_uom"]).map(_units(sources)),
            "currency_code": "EUR",
            "amount_to_deliver_excl_tax": rows["open_amount"],
            # Odoo does not know the day that the customer asked for.
            "requested_date": pd.Series(pd.NaT, rows.index, dtype="datetime64[us]"),
            "first_confirmed_date": rows["first_confirmed"],
            "promised_date": rows["promised"],
            "last_told_date": rows["told"],
            "quantity_on_hand": supply["on_hand"],
            "covered_on": supply["covered_on"],
            "expected_date": expected,
            "expected_date_rule": rows["rule"],
            "usual_cases": now["cases"],
            "days_late": late.where(late > 0),
            "expected_days_late": (expected - rows["promised"]).dt.days,
            "is_notice_due": (expected > known) | (is_past & expected.isna()),
        }
    )


def _not_booked(sources: Sources) -> pd.DataFrame:
    """Lines of goods of orders that are to be validated, in the shape of those that are."""
    lines, sale = order_lines(sources), sales(sources)
    order = lines["order_id"]
    waits = order.map(sale["is_order"]) & order.map(sale["confirmed_at"]).isna()
    waits &= order.map(sale["cancelled_at"]).isna()
    lines = lines[waits & lines["is_goods"]]
    order = lines["order_id"]
    sites = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    carriers = sources.table("odoo__delivery_carrier").set_index("id")["name"].map(translated)
    none = pd.Series(pd.NaT, lines.index, dtype="datetime64[us]")
    entered = sources.local_day(order.map(sale["create_date"]))
    return pd.DataFrame(
        {
            "line": lines["id"],
            "order": order,
            "order_date": entered,
            "company_id": "erp/res.company/" + order.map(sale["company_id"]).astype(str),
            "customer_segment": order.map(sale["partner_id"]).map(segments(sources)),
            "product": lines["product_id"],
            "product_range": lines["product_id"].map(ranges(sources)).fillna("unknown"),
            "site": order.map(sale["warehouse_id"]).map(sites).fillna("unknown"),
            "carrier": order.map(sale["carrier_id"]).map(carriers).fillna("unknown"),
            "open": lines["product_uom_qty"].astype("int64"),
            "open_amount": lines["company_amount"].astype("int64"),
            "delivered": 0,
            "booked_on": none,
            "first_confirmed": none,
            "promised": none,
            "is_prepared": False,
        }
    )


def _last_step(sources: Sources, order: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Status of each line's order, and since when."""
    last = {number: steps[-1] for number, steps in order_steps(sources).items()}
    since = order.map({number: at for number, (at, _) in last.items()})
    return order.map({number: status for number, (_, status) in last.items()}), since


def _units(sources: Sources) -> pd.Series:
    units: pd.Series = sources.table("odoo__uom_uom").set_index("id")["name"].map(translated)
    return units


@derived
def tellings(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, pd.Timestamp]]]:
    """When customers were told a day, and which: what was promised then; by order."""
    messages = sources.table("odoo__mail_message")
    subject = messages["subject"].fillna("")
    tells = subject.str.startswith(("Order acknowledgement", "Delivery date changed"))
    tells &= (messages["model"] == "sale.order") & (messages["message_type"] == "comment")
    told = messages[tells & sources.happened(messages["date"])].sort_values("date")
    changes = promises(sources)
    found: dict[int, list[tuple[pd.Timestamp, pd.Timestamp]]] = {}
    for order, at in zip(told["res_id"], told["date"], strict=True):
        if order in changes:
            day = [promised for since, promised in changes[order] if since <= at][-1]
            found.setdefault(int(order), []).append((sources.day_of(at), day))
    return found


def customer_notices_due(sources: Sources) -> pd.DataFrame:
    """Lines whose customer must be told another date."""
    rows = order_tracking(sources)
    rows = rows[rows["is_notice_due"]].copy()
    known = rows["last_told_date"].fillna(rows["first_confirmed_date"])
    rows["date_known_to_customer"] = known
    rows["days_beyond"] = (rows["expected_date"] - known).dt.days
    rows["is_date_past"] = known < sources.day
    return rows


def expected_date_accuracy_monthly(sources: Sources) -> pd.DataFrame:
    """The dates that would have been expected on Mondays, against what came true."""
    rows = expectations(sources)
    rows = rows[rows["known_on"].dt.dayofweek == 0].copy()
    rows["month_start"] = rows["known_on"] - pd.to_timedelta(rows["known_on"].dt.day - 1, "D")
    error = (rows["delivered_on"] - rows["expected"]).dt.days
    key = ["company_id", "month_start", "rule"]
    keys = [rows[column] for column in key]
    sums = pd.DataFrame(
        {
            "cases": 1,
            "given_up_cases": rows["is_given_up"],
            "undelivered_cases": ~rows["is_given_up"] & rows["delivered_on"].isna(),
            "judged_cases": error.notna(),
            "total_absolute_error_days": error.abs().fillna(0),
            "total_error_days": error.fillna(0),
            "cases_within_1_day": error.abs() <= 1,
            "cases_within_3_days": error.abs() <= 3,
        },
        rows.index,
    )
    found = sums.astype("int64").groupby(keys).sum()
    judged = found["judged_cases"]
    found["mean_absolute_error_days"] = ratio(found["total_absolute_error_days"], judged)
    found["median_absolute_error_days"] = in_units(error.abs().groupby(keys).median(), 100)
    for days in ("1_day", "3_days"):
        found[f"share_within_{days}"] = ratio(found[f"cases_within_{days}"], judged)
    return found.reset_index().rename(columns={"rule": "expected_date_rule"})


ORACLES = {
    "order_tracking": Oracle(order_tracking, ["company_id", "order_line_id"]),
    "customer_notices_due": Oracle(customer_notices_due, ["company_id", "order_line_id"]),
    "expected_date_accuracy_monthly": Oracle(
        expected_date_accuracy_monthly,
        ["company_id", "month_start", "expected_date_rule"],
        statistics=[
            "mean_absolute_error_days",
            "median_absolute_error_days",
            "share_within_1_day",
            "share_within_3_days",
        ],
    ),
}
