"""Requests received from customers: EDI messages of Odoo, and those noted in the team's sheet."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import sales
from tests.oracle.sources import Sources, code_map, derived


@derived
def inbound_messages(sources: Sources) -> pd.DataFrame:
    """One row per message received by the as-of date, with the sale that it resulted in."""
    messages = pd.concat([_edi(sources), _noted(sources)], ignore_index=True)
    return messages[sources.happened(messages["received_at"])]


def _edi(sources: Sources) -> pd.DataFrame:
    rows = sources.table("odoo__edi_exchange_record")
    rows = rows[(rows["direction"] == "input") & (rows["model"] == "sale.order")]
    return pd.DataFrame(
        {
            "message_id": "edi/" + rows["id"].astype(str),
            "company": rows["company_id"],
            "channel": "edi",
            "received_at": rows["exchanged_on"],
            "message_type": "order",
            "sale": rows["res_id"],
        }
    )


def _noted(sources: Sources) -> pd.DataFrame:
    rows = sources.table("sheets__inbound_messages")
    channels = code_map("channel_map", "sheets", "source_channel", "channel")
    every = sources.table("odoo__sale_order").set_index("name")["id"]
    return pd.DataFrame(
        {
            "message_id": "sheet/" + rows["reference"],
            "company": rows["company"].map(sources.company_names).astype("Int64"),
            "channel": rows["channel"].str.lower().map(channels).fillna("unknown"),
            "received_at": rows["received_at"],
            "message_type": rows["message_type"],
            "sale": rows["order_number"].map(every).astype("Int64"),
        }
    )


@derived
def inbound_orders(sources: Sources) -> pd.DataFrame:
    """Orders received, as documents that wait to be entered: how they came and went by day."""
    rows = inbound_messages(sources)
    rows = rows[rows["message_type"] == "order"].copy()
    entered_at = rows["sale"].map(sales(sources)["create_date"])
    received, entered = sources.local_day(rows["received_at"]), sources.local_day(entered_at)
    common = pd.DataFrame(
        {
            "document_id": rows["message_id"],
            "company_id": "erp/res.company/" + rows["company"].astype(str),
            "document_kind": "order_to_enter",
            "channel": rows["channel"],
            "company_amount": 0,
        }
    )
    waiting = common.assign(day=received, status="waiting")
    done = common.assign(day=entered, status=None)
    at_once = entered == received
    return pd.concat([waiting[~at_once], done[entered.notna() & ~at_once]])
