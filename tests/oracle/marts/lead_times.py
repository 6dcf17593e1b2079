"""How long each stage of an order takes, and who was waited for."""

from __future__ import annotations

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
from tests.oracle.sources import Sources, derived
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
]


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
    posted, sent = (invoices(sources)[column] for column in ("posted_at", "sent_at"))
    rows["received_at"] = _received_at(sources, rows)
    rows["entered_at"] = rows["order_began_at"]
    rows["acknowledged_at"] = told(sources, "sale.order", "Order acknowledgement")
    rows["validated_at"] = rows["confirmed_at"]
    # Odoo picks and ships in one step, so that picking has no end of its own.
    rows["picked_at"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    rows["first_shipped_at"] = shipped.groupby("sale_id")["done_at"].min()
    rows["first_invoiced_at"] = rows["id"].map(first).map(posted)
    rows["invoice_sent_at"] = rows["id"].map(first).map(sent)
    return rows


def _received_at(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """When the message behind an order came in; what a machine made came in when it was made."""
    messages = inbound_messages(sources)
    messages = messages[messages["message_type"] == "order"]
    received = rows["id"].map(messages.groupby("sale")["received_at"].min())
    return received.fillna(rows["create_date"].where(rows["by_machine"]))


@derived
def order_stages(sources: Sources) -> pd.DataFrame:
    """One row per order and stage that has ended: sale, stage, ended_at, minutes."""
    rows = _milestones(sources)
    began = rows["received_at"].fillna(rows["entered_at"])
    acknowledged_first = rows["acknowledged_at"] < rows["validated_at"]
    blocks = _order_stays(sources, "blocked")
    released_at = blocks.groupby("sale")["until_at"].max().reindex(rows.index)
    ready = rows["validated_at"].where(~(released_at > rows["validated_at"]), released_at)
    spans = {
        "entry": (rows["received_at"], rows["entered_at"]),
        "acknowledgement": (rows["entered_at"], rows["acknowledged_at"]),
        "validation": (
            rows["acknowledged_at"].where(acknowledged_first, rows["entered_at"]),
            rows["validated_at"],
        ),
        "picking": (ready, rows["picked_at"]),
        "shipping": (ready, rows["first_shipped_at"]),
        "invoicing": (rows["first_shipped_at"], rows["first_invoiced_at"]),
        "sending": (rows["first_invoiced_at"], rows["invoice_sent_at"]),
        "order_processing": (began, rows["validated_at"]),
        "order_to_shipment": (began, rows["first_shipped_at"]),
        "order_to_invoice": (began, rows["first_invoiced_at"]),
    }
    found = []
    for stage, (start, end) in spans.items():
        frame = pd.DataFrame({"sale": rows["id"], "start": start, "end": end, "stage": stage})
        # A shipment may leave early, an invoice may come first: that is no invoicing time.
        ended = frame["start"].notna() & frame["end"].notna()
        if stage == "invoicing":
            ended &= frame["end"] >= frame["start"]
        found.append(frame[ended])
    stays_of = [
        blocks[blocks["for_deposit"]].assign(stage="waiting_for_customer"),
        blocks[~blocks["for_deposit"]].assign(stage="waiting_for_credit"),
        _order_stays(sources, "to_validate").assign(stage="waiting_for_sales"),
        _waits_for_stock(sources, ready).assign(stage="waiting_for_stock"),
    ]
    for waits in stays_of:
        waits = waits.rename(columns={"from_at": "start", "until_at": "end"})
        still_waits = waits.loc[waits["end"].isna(), "sale"]
        found.append(waits[~waits["sale"].isin(still_waits)])
    every = pd.concat(found)[["sale", "stage", "start", "end"]]
    company = every["sale"].map(rows["company_id"])
    for number, clock in clocks(sources).items():
        own = company == number
        every.loc[own, "minutes"] = clock.minutes(every.loc[own, "start"], every.loc[own, "end"])
    grouped = every.groupby(["sale", "stage"], as_index=False)
    return grouped.agg(minutes=("minutes", "sum"), ended_at=("end", "max"))


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
    """Stays of preparations in waiting, as far as their order was ready."""
    rows = stays(sources)
    rows = rows[
        rows["document_id"].str.startswith("erp/stock.preparation/") & (rows["status"] == "waiting")
    ].copy()
    number = rows["document_id"].str.rsplit("/").str[-1].astype("int64")
    rows["sale"] = number.map(transfers(sources)["sale_id"])
    rows = rows[rows["sale"].notna()].copy()
    since = rows["sale"].map(ready)
    rows["from_at"] = rows["from_at"].where(~(since > rows["from_at"]), since)
    return rows[~(rows["until_at"] <= rows["from_at"])]


def order_lead_times(sources: Sources) -> pd.DataFrame:
    """Milestones and stages of each order."""
    rows = _milestones(sources)
    stages = order_stages(sources)
    wide = stages.pivot(index="sale", columns="stage", values="minutes").reindex(columns=_STAGES)
    wide = (wide * 100).round().astype("Int64").rename(columns=lambda stage: f"{stage}_minutes")
    found = rows.join(wide)
    order_id = "erp/sale.order/" + found["id"].astype(str)
    return found.assign(
        order_id=order_id,
        as_of_date=sources.day,
        order_number=found["name"],
        sold_to_customer_id="erp/res.partner/" + found["partner_id"].astype(str),
        company_id="erp/res.company/" + found["company_id"].astype(str),
        status=order_id.map(document_status(sources)),
    )


def processing_time_monthly(sources: Sources) -> pd.DataFrame:
    """Median, 90th percentile and number of the stages that ended in each month."""
    sale = sales(sources)
    rows = order_stages(sources)
    for column in ("company_id", "channel", "team"):
        rows[column] = rows["sale"].map(sale[column])
    ended_on = sources.local_day(rows["ended_at"])
    rows["month_start"] = ended_on - pd.to_timedelta(ended_on.dt.day - 1, unit="D")
    rows["company_id"] = "erp/res.company/" + rows["company_id"].astype(str)
    found = []
    for breakdown, hidden in (
        ("all", {"channel": "all", "team": "all"}),
        ("channel", {"team": "all"}),
        ("channel_team", {}),
    ):
        part = rows.assign(breakdown=breakdown, **hidden)
        key = ["company_id", "month_start", "stage", "breakdown", "channel", "team"]
        grouped = part.groupby(key)["minutes"]
        found.append(
            pd.DataFrame(
                {
                    "orders": grouped.size(),
                    "median_minutes": grouped.median(),
                    "p90_minutes": grouped.quantile(0.9),
                    "total_minutes": grouped.sum(),
                }
            ).reset_index()
        )
    every = pd.concat(found, ignore_index=True)
    for column in ("median_minutes", "p90_minutes", "total_minutes"):
        every[column] = np.floor(every[column] * 100 + 0.5 + 1e-9).astype("int64")
    return every


ORACLES = {
    "order_lead_times": Oracle(
        order_lead_times,
        ["order_id"],
        ignored=dict.fromkeys(
            [
                "credit_released_at",
                "first_invoice_paid_on",
                "starts_at_entry",
                "credit_release_minutes",
                "payment_days",
                "payment_term_days",
                "payment_days_late",
                "current_stage",
                "current_stage_since",
                "current_stage_minutes",
                "unshipped_minutes",
            ],
            "not recomputed yet",
        ),
    ),
    "processing_time_monthly": Oracle(
        processing_time_monthly,
        ["company_id", "month_start", "stage", "breakdown", "channel", "team"],
        statistics=["median_minutes", "p90_minutes"],
        ignored=dict.fromkeys(
            [
                "orders_starting_at_entry",
                "median_calendar_days",
                "p90_calendar_days",
                "total_calendar_days",
                "total_term_days",
                "lasting_orders",
                "lasting_median_minutes",
                "lasting_p90_minutes",
                "lasting_median_calendar_days",
            ],
            "not recomputed yet",
        ),
        rows="stage not in ('payment', 'credit_release') and orders > 0",
    ),
}
