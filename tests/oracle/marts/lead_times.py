"""How long each stage of an order takes, and who was waited for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.documents import (
    billed_quantities,
    document_status,
    invoices,
    sales,
    stays,
    told,
    transfers,
)
from tests.oracle.messages import inbound_messages
from tests.oracle.oracle import Oracle
from tests.oracle.settlements import settled_instalments
from tests.oracle.sources import Sources, derived
from tests.oracle.spans import month_of
from tests.oracle.working_time import clocks

_STAGES = [
    "entry",
    "acknowledgement",
    "validation",
    "picking",
    "shipping",
    "invoicing",
    "sending",
    "order_processing",
    "order_to_shipment",
    "order_to_invoice",
    "waiting_for_customer",
    "waiting_for_credit",
    "waiting_for_sales",
    "waiting_for_stock",
    "credit_release",
]

_FROM_RECEPTION = ["order_processing", "order_to_shipment", "order_to_invoice"]
"""Stages that begin when the request came in, or at the entry where nobody recorded that."""

_STANDS_AT = [
    "waiting_for_credit",
    "waiting_for_customer",
    "validation",
    "credit_release",
    "picking",
    "shipping",
    "invoicing",
    "sending",
    "payment",
    "acknowledgement",
]
"""Where an order can stand: of several stages that last, the first of these.

An acknowledgement that is missing holds nothing up.
"""


@derived
def _milestones(sources: Sources) -> pd.DataFrame:
    """When each order reached what, by the identifier of the sale."""
    sale = sales(sources)
    rows = sale[sale["is_order"]].copy()
    shipped = transfers(sources)
    shipped = shipped[~shipped["is_return"] & shipped["done_at"].notna()]
    billed = billed_quantities(sources)
    # An invoice that the tax platform rejected is not issued.
    issued = (billed["document_type"] == "invoice") & billed["rejected_at"].isna()
    billed = billed[issued].sort_values(["posted_at", "move_id"])
    first = billed.drop_duplicates("order_id").set_index("order_id")["move_id"]
    rows["first_invoice"] = rows["id"].map(first)
    rows["received_at"] = _received_at(sources, rows)
    rows["entered_at"] = rows["order_began_at"]
    rows["acknowledged_at"] = told(sources, "sale.order", "Order acknowledgement")
    rows["validated_at"] = rows["confirmed_at"]
    # Odoo picks and ships in one step, so that picking has no end of its own.
    rows["picked_at"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    rows["first_shipped_at"] = shipped.groupby("sale_id")["done_at"].min()
    for column, of in (("first_invoiced_at", "posted_at"), ("invoice_sent_at", "sent_at")):
        rows[column] = rows["first_invoice"].map(invoices(sources)[of])
    paid = _paid_invoices(sources)
    for column in ("invoiced_on", "paid_on", "settled_on", "payment_days", "payment_term_days"):
        rows[column] = rows["first_invoice"].map(paid[column])
    rows["starts_at_entry"] = rows["received_at"].isna()
    rows["began_at"] = rows["received_at"].fillna(rows["entered_at"])
    _release(sources, rows)
    return rows


def _received_at(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """When the message behind an order came in; what a machine made came in when it was made."""
    messages = inbound_messages(sources)
    messages = messages[messages["message_type"] == "order"]
    received = rows["id"].map(messages.groupby("sale")["received_at"].min())
    return received.fillna(rows["create_date"].where(rows["by_machine"]))


def _release(sources: Sources, rows: pd.DataFrame) -> None:
    """Add when credit first blocked an order and last released it, and when it was ready.

    A block that comes after the first shipment is no part of it.
    """
    blocks = _order_stays(sources, "blocked")
    shipped = blocks["sale"].map(rows["first_shipped_at"])
    blocks = blocks[~(blocks["from_at"] >= shipped)].copy()
    # Nobody releases an order that is cancelled while it is blocked.
    is_released = blocks["until_at"] != blocks["sale"].map(rows["cancelled_at"])
    blocks["until_at"] = blocks["until_at"].where(is_released)
    for_credit = blocks[~blocks["for_deposit"]]
    rows["blocked_at"] = for_credit.groupby("sale")["from_at"].min()
    rows["credit_released_at"] = _last_end(for_credit).reindex(rows.index)
    is_blocked = rows["id"].isin(blocks.loc[blocks["until_at"].isna(), "sale"])
    validated, released = rows["validated_at"], _last_end(blocks).reindex(rows.index)
    ready = validated.where(~(released > validated), released)
    rows["ready_at"] = ready.where(~is_blocked)


def _last_end(stayed: pd.DataFrame) -> pd.Series:
    """When the last of an order's stays ended; nothing while one lasts."""
    ends_at: pd.Series = stayed.groupby("sale")["until_at"].max()
    return ends_at.drop(stayed.loc[stayed["until_at"].isna(), "sale"].unique())


@derived
def _paid_invoices(sources: Sources) -> pd.DataFrame:
    """By invoice, its date, when all of it was paid or settled, and the days weighted by amount."""
    rows = settled_instalments(sources)
    rows = rows[rows["document_type"] == "invoice"].copy()
    rows["paid"] = rows["balance"].where(rows["paid_on"].notna(), 0)
    for column, day in (("payment_days", "paid_on"), ("payment_term_days", "date_maturity")):
        rows[column] = (rows[day] - rows["date"]).dt.days * rows["paid"]
    of = rows.groupby("move_id")
    found = pd.DataFrame({"invoiced_on": of["date"].min()})
    for column in ("settled_on", "paid_on"):
        found[column] = of[column].max().where(of[column].count() == of.size())
    for column in ("payment_days", "payment_term_days"):
        found[column] = (of[column].sum() / of["paid"].sum()).where(found["paid_on"].notna())
    return found


@derived
def order_stages(sources: Sources) -> pd.DataFrame:
    """One row per order and stage, or stay, that has begun: sale, stage, start, end, left.

    `end` is when the milestone was reached, `left` also when the order went past it or was given
    up; both are empty while the stage lasts. Waits have a row per stay.
    """
    rows = _milestones(sources)
    acknowledged_first = rows["acknowledged_at"] < rows["validated_at"]
    validated, shipped = rows["validated_at"], rows["first_shipped_at"]
    invoiced = rows["first_invoiced_at"]
    released_from = rows["blocked_at"].where(~(validated < rows["blocked_at"]), validated)
    gone = rows["cancelled_at"]
    # What has left is to be invoiced, whatever becomes of the rest.
    unshipped = gone.where(~(gone > shipped))
    settled = _midnight(sources, rows["settled_on"])
    spans = {
        "entry": (rows["received_at"], rows["entered_at"], None),
        "acknowledgement": (rows["entered_at"], rows["acknowledged_at"], _first(gone, shipped)),
        "validation": (
            rows["acknowledged_at"].where(acknowledged_first, rows["entered_at"]),
            validated,
            gone,
        ),
        "credit_release": (released_from, rows["credit_released_at"], gone),
        "shipping": (rows["ready_at"], shipped, gone),
        # A shipment may leave early, an invoice may come first: that is no invoicing time.
        "invoicing": (shipped.where(~(invoiced < shipped)), invoiced, None),
        "sending": (invoiced, rows["invoice_sent_at"], settled),
        "payment": (invoiced, _midnight(sources, rows["paid_on"]), settled),
        "order_processing": (rows["began_at"], validated, gone),
        "order_to_shipment": (rows["began_at"], shipped, gone),
        "order_to_invoice": (rows["began_at"], invoiced, unshipped),
    }
    found = []
    for stage, (start, end, left) in spans.items():
        frame = pd.DataFrame({"sale": rows["id"], "stage": stage, "start": start, "end": end})
        frame["left"] = frame["end"] if left is None else frame["end"].fillna(left)
        found.append(frame[frame["start"].notna()])
    blocks = _order_stays(sources, "blocked")
    waits = {
        "waiting_for_customer": blocks[blocks["for_deposit"]],
        "waiting_for_credit": blocks[~blocks["for_deposit"]],
        "waiting_for_sales": _order_stays(sources, "to_validate"),
        "waiting_for_stock": _waits_for_stock(sources, rows["ready_at"]),
    }
    for stage, stayed in waits.items():
        frame = stayed[["sale", "from_at", "until_at"]].set_axis(["sale", "start", "end"], axis=1)
        found.append(frame.assign(stage=stage, left=frame["end"]))
    every = pd.concat(found, ignore_index=True)
    return every[every["sale"].isin(rows.index)]


def _first(*instants: pd.Series) -> pd.Series:
    return pd.concat(instants, axis=1).min(axis=1)


def _midnight(sources: Sources, days: pd.Series) -> pd.Series:
    return sources.midnight(days.astype("datetime64[us]"))


def _minutes(sources: Sources, rows: pd.DataFrame, until: pd.Series) -> pd.Series:
    """Open minutes of each row from its start to an instant, by its company's clock."""
    company = rows["sale"].map(sales(sources)["company_id"])
    minutes = pd.Series(0.0, index=rows.index)
    for number, clock in clocks(sources).items():
        own = company == number
        minutes[own] = clock.minutes(rows.loc[own, "start"], until[own])
    return minutes


@derived
def _ended(sources: Sources) -> pd.DataFrame:
    """One row per order and stage that has ended for good: minutes in all, and ended_on."""
    every = order_stages(sources)
    keys = ["sale", "stage"]
    lasts = every.loc[every["end"].isna(), keys].drop_duplicates()
    every = every[~pd.MultiIndex.from_frame(every[keys]).isin(pd.MultiIndex.from_frame(lasts))]
    every = every.assign(minutes=_minutes(sources, every, every["end"]))
    found = every.groupby(keys, as_index=False).agg(minutes=("minutes", "sum"), at=("end", "max"))
    found["ended_on"] = sources.local_day(found["at"])
    return found


@derived
def _lasting(sources: Sources) -> pd.DataFrame:
    """One row per order, stage and month end at which it lasted: since when, and its minutes."""
    every = order_stages(sources)
    told_of = every.loc[every["end"].notna(), "stage"].unique()
    every = every[every["stage"].isin(told_of)]
    first = sources.local_day(every["start"]).min()
    days = [day for day in pd.date_range(first, sources.day, freq="ME") if day < sources.day]
    found = []
    for day in [*days, sources.day]:
        (at,) = sources.midnight(pd.Series([day + pd.Timedelta(days=1)]))
        begun = every[every["start"] < at]
        lasts = begun[~(begun["left"] < at)]
        keys = pd.MultiIndex.from_frame(lasts[["sale", "stage"]])
        begun = begun[pd.MultiIndex.from_frame(begun[["sale", "stage"]]).isin(keys)]
        until = begun["left"].where(begun["left"] < at, at).astype("datetime64[us]")
        begun = begun.assign(minutes=_minutes(sources, begun, until))
        minutes = begun.groupby(["sale", "stage"])["minutes"].sum().rename("minutes")
        since = lasts.groupby(["sale", "stage"])["start"].max().rename("since")
        found.append(pd.concat([minutes, since], axis=1).reset_index().assign(day=day))
    return pd.concat(found, ignore_index=True)


def _order_stays(sources: Sources, status: str) -> pd.DataFrame:
    """Stays of orders in a status; for_deposit when it follows the order's validation."""
    rows = stays(sources)
    rows = rows[
        rows["document_id"].str.startswith("erp/sale.order/") & (rows["status"] == status)
    ].copy()
    rows["sale"] = rows["document_id"].str.rsplit("/").str[-1].astype("int64")
    validated = rows["sale"].map(sales(sources)["confirmed_at"])
    rows["for_deposit"] = rows["from_at"] >= validated
    return rows


def _waits_for_stock(sources: Sources, ready: pd.Series) -> pd.DataFrame:
    """Stays of preparations in waiting, as far as their order was ready; overlaps are one wait."""
    rows = stays(sources)
    rows = rows[
        rows["document_id"].str.startswith("erp/stock.preparation/") & (rows["status"] == "waiting")
    ].copy()
    number = rows["document_id"].str.rsplit("/").str[-1].astype("int64")
    rows["sale"] = number.map(transfers(sources)["sale_id"])
    rows["ready_at"] = rows["sale"].map(ready)
    rows = rows[rows["ready_at"].notna()].copy()
    rows["from_at"] = rows[["from_at", "ready_at"]].max(axis=1)
    rows = rows[~(rows["until_at"] <= rows["from_at"])]
    waits: list[dict[str, Any]] = []
    for stay in rows.sort_values(["sale", "from_at"]).itertuples():
        last = waits[-1] if waits else None
        if last is None or last["sale"] != stay.sale or stay.from_at > last["until_at"]:
            waits.append({"sale": stay.sale, "from_at": stay.from_at, "until_at": stay.until_at})
        elif pd.isna(stay.until_at) or stay.until_at > last["until_at"]:
            last["until_at"] = stay.until_at
    columns = ["sale", "from_at", "until_at"]
    return pd.DataFrame(waits, columns=columns).astype(rows[columns].dtypes.to_dict())


def order_lead_times(sources: Sources) -> pd.DataFrame:
    """Milestones and stages of each order, and where an unfinished one stands."""
    rows = _milestones(sources)
    wide = _ended(sources).pivot(index="sale", columns="stage", values="minutes")
    wide = wide.reindex(columns=_STAGES)
    wide = (wide * 100).round().astype("Int64").rename(columns=lambda stage: f"{stage}_minutes")
    found = rows.join(wide)
    order_id = "erp/sale.order/" + found["id"].astype(str)
    lasting = _lasting(sources)
    lasting = lasting[lasting["day"] == sources.day]
    current = lasting[lasting["stage"].isin(_STANDS_AT)].copy()
    current["position"] = current["stage"].map(_STANDS_AT.index)
    current = current.sort_values("position").drop_duplicates("sale").set_index("sale")
    unshipped = lasting[lasting["stage"] == "order_to_shipment"].set_index("sale")["minutes"]
    for column in ("payment_days", "payment_term_days"):
        found[column] = hundredths(found[column])
    return found.assign(
        order_id=order_id,
        as_of_date=sources.day,
        order_number=found["name"],
        sold_to_customer_id="erp/res.partner/" + found["partner_id"].astype(str),
        company_id="erp/res.company/" + found["company_id"].astype(str),
        status=order_id.map(document_status(sources)),
        first_invoice_paid_on=found["paid_on"],
        payment_days_late=found["payment_days"] - found["payment_term_days"],
        current_stage=current["stage"],
        current_stage_since=current["since"],
        current_stage_minutes=hundredths(current["minutes"]),
        unshipped_minutes=hundredths(unshipped),
    )


def hundredths(values: pd.Series) -> pd.Series:
    """Values in whole hundredths, rounded half away from zero."""
    whole = np.floor(values.abs().astype(float) * 100 + 0.5 + 1e-9) * np.sign(values)
    return whole.astype("Int64")


_KEY = ["company_id", "month_start", "stage", "breakdown", "channel", "team"]
_BREAKDOWNS = {
    "all": {"channel": "all", "team": "all"},
    "channel": {"team": "all"},
    "channel_team": {},
}


def _by_breakdown(sources: Sources, rows: pd.DataFrame, day: str) -> Any:
    """Rows of orders grouped by month and breakdown."""
    rows = rows.copy()
    for column in ("company_id", "channel", "team"):
        rows[column] = rows["sale"].map(sales(sources)[column])
    rows["company_id"] = "erp/res.company/" + rows["company_id"].astype(str)
    rows["month_start"] = month_of(rows[day])
    parts = [rows.assign(breakdown=name, **hidden) for name, hidden in _BREAKDOWNS.items()]
    return pd.concat(parts).groupby(_KEY)


def processing_time_monthly(sources: Sources) -> pd.DataFrame:
    """Stages that ended in each month, and those that lasted at its end."""
    order = _milestones(sources)
    ended, lasting = _ended(sources).copy(), _lasting(sources).copy()
    ended["starts_at_entry"] = ended["sale"].map(order["starts_at_entry"]) & ended["stage"].isin(
        _FROM_RECEPTION
    )
    is_payment = ended["stage"] == "payment"
    for column in ("payment_days", "payment_term_days"):
        ended[column] = (hundredths(ended["sale"].map(order[column])) / 100).where(is_payment)
    ended["minutes"] = ended["minutes"].where(~is_payment)
    is_unpaid = lasting["stage"] == "payment"
    since = lasting["sale"].map(order["invoiced_on"])
    unpaid = lasting["day"] - since
    lasting["days"] = unpaid.dt.days.where(is_unpaid)
    lasting["minutes"] = lasting["minutes"].where(~is_unpaid)
    done = _by_breakdown(sources, ended, "ended_on")
    still = _by_breakdown(sources, lasting, "day")
    counts = {
        "orders": done.size(),
        "orders_starting_at_entry": done["starts_at_entry"].sum(),
        "lasting_orders": still.size(),
    }
    measures = {
        "median_minutes": done["minutes"].median(),
        "p90_minutes": done["minutes"].quantile(0.9),
        "total_minutes": done["minutes"].sum(min_count=1),
        "median_calendar_days": done["payment_days"].median(),
        "p90_calendar_days": done["payment_days"].quantile(0.9),
        "total_calendar_days": done["payment_days"].sum(min_count=1),
        "total_term_days": done["payment_term_days"].sum(min_count=1),
        "lasting_median_minutes": still["minutes"].median(),
        "lasting_p90_minutes": still["minutes"].quantile(0.9),
        "lasting_median_calendar_days": still["days"].median(),
    }
    every = pd.DataFrame(counts | measures)
    every[list(counts)] = every[list(counts)].fillna(0).astype("int64")
    for column in measures:
        every[column] = hundredths(every[column])
    return every.reset_index()


ORACLES = {
    "order_lead_times": Oracle(order_lead_times, ["order_id"]),
    "processing_time_monthly": Oracle(
        processing_time_monthly,
        _KEY,
        statistics=[
            "median_minutes",
            "p90_minutes",
            "median_calendar_days",
            "p90_calendar_days",
            "lasting_median_minutes",
            "lasting_p90_minutes",
            "lasting_median_calendar_days",
        ],
    ),
}
