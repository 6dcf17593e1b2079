"""What customers and colleagues ask sales administration."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from tests.oracle.documents import documents
from tests.oracle.oracle import Oracle
from tests.oracle.people import described, logins
from tests.oracle.sources import UNIT, Sources, code_map
from tests.oracle.spans import month_of

_BREAKDOWNS: dict[str, list[str]] = {
    "all": [],
    "topic": ["topic"],
    "channel": ["channel"],
    "team": ["team"],
    "topic_channel_team": ["topic", "channel", "team"],
}
_KINDS = {"Call": "telephone", "Email": "email"}
_KEY = ["company_id", "month_start", "breakdown", "topic", "channel", "team"]


def contacts_monthly(sources: Sources) -> pd.DataFrame:
    """Contacts, their time and the orders entered meanwhile."""
    rows = _contacts(sources)
    orders = documents(sources)
    orders = orders[orders["document_type"] == "order"]
    orders = orders.assign(month_start=month_of(orders["entered_date"]))
    month = ["company_id", "month_start"]
    found = []
    for breakdown, shown in _BREAKDOWNS.items():
        hidden = {name: "all" for name in _KEY[3:] if name not in shown}
        grouped = rows.assign(breakdown=breakdown, **hidden).groupby(_KEY)
        part = grouped.agg(
            contacts=("company_id", "size"),
            inbound_contacts=("is_inbound", "sum"),
            timed_contacts=("minutes", "count"),
            minutes=("minutes", "sum"),
            order_status_contacts=("is_order_status", "sum"),
        ).reset_index()
        by = [*month, "team"] if "team" in shown else month
        entered = orders.groupby(by).size().rename("entered_orders").reset_index()
        # Orders about which nobody asked anything are told, too.
        how: Literal["left", "outer"] = "outer" if breakdown in ("all", "team") else "left"
        part = part.merge(entered, on=by, how=how)
        found.append(part.fillna({"breakdown": breakdown} | hidden))
    every = pd.concat(found, ignore_index=True)
    numbers = every.columns.difference(_KEY)
    every[numbers] = every[numbers].fillna(0).astype("int64")
    return every.assign(
        average_minutes=_per(every["minutes"] / UNIT, every["timed_contacts"]),
        contacts_per_100_orders=_per(100 * every["contacts"], every["entered_orders"]),
        order_status_share=_per(every["order_status_contacts"], every["contacts"]),
    )


def _contacts(sources: Sources) -> pd.DataFrame:
    """Contacts that the CRM knows of; how long e-mails took, it does not."""
    rows = sources.table("salesforce__task")
    rows = rows[sources.happened(rows["CreatedDate"])]
    users = sources.table("salesforce__user").set_index("Id")["Username"]
    day = sources.local_day(rows["CreatedDate"])
    employee = rows["OwnerId"].map(users).str.lower().map(logins(sources)).fillna("unknown")
    topics = code_map("interaction_topic_map", "salesforce", "source_topic", "topic")
    topic = rows["Topic__c"].str.lower().map(topics).fillna("unknown")
    company = rows["Company__c"].map(sources.company_names).astype("Int64")
    seconds = rows["CallDurationInSeconds"].astype("Float64")
    return pd.DataFrame(
        {
            "company_id": "erp/res.company/" + company.astype(str),
            "month_start": month_of(day),
            "topic": topic,
            "channel": rows["TaskSubtype"].map(_KINDS),
            "team": described(sources, employee, day)["team"],
            "is_inbound": rows["CallType"] == "Inbound",
            "is_order_status": topic == "order_status",
            "minutes": (seconds * UNIT / 60).round().astype("Int64"),
        }
    )


def information_lookups_monthly(sources: Sources) -> pd.DataFrame:
    """Look-ups for each colleague, month by month from the first, with their trend."""
    rows = sources.table("sheets__information_lookups")
    rows = rows[sources.happened(rows["occurred_at"])]
    company = rows["company"].map(sources.company_names).astype("Int64")
    rows = rows.assign(
        company_id="erp/res.company/" + company.astype(str),
        requester_id=rows["requester_login"].str.lower().map(logins(sources)).fillna("unknown"),
        month_start=month_of(sources.local_day(rows["occurred_at"])),
    )
    last = sources.day.replace(day=1)
    found = []
    for (company_id, requester_id), own in rows.groupby(["company_id", "requester_id"]):
        months = pd.date_range(own["month_start"].min(), last, freq="MS", name="month_start")
        minutes = own.groupby("month_start")["minutes"].agg(["size", "count", "sum"])
        frame = minutes.set_axis(["lookups", "timed_lookups", "minutes"], axis=1)
        frame = frame.reindex(months, fill_value=0).reset_index()
        found.append(
            _trend(frame.assign(company_id=str(company_id), requester_id=str(requester_id)))
        )
    every = pd.concat(found, ignore_index=True)
    every["is_month_over"] = every["month_start"] + pd.offsets.MonthEnd(0) <= sources.day
    for column in ("change_on_previous_3_months", "last_12_months_lookups", "slope_per_month"):
        every[column] = every[column].where(every["is_month_over"])
    today = pd.Series(sources.day, index=every.index)
    every["requester_team"] = described(sources, every["requester_id"], today)["team"]
    return every


def _trend(rows: pd.DataFrame) -> pd.DataFrame:
    number = rows["lookups"].astype(float)
    before = number.rolling(3).sum().shift()
    slope = number.rolling(12).apply(lambda values: np.polyfit(range(12), values, 1)[0], raw=True)
    return rows.assign(
        previous_3_months_lookups=before,
        change_on_previous_3_months=((3 * number / before.where(before > 0) - 1) * 1e6).round(),
        last_12_months_lookups=number.rolling(12).sum(),
        slope_per_month=(slope * 1e6).round(),
    )


def _per(part: pd.Series, whole: pd.Series) -> pd.Series:
    """In millionths; empty by nothing."""
    return (part / whole.where(whole > 0) * 1_000_000).round()


ORACLES = {
    "contacts_monthly": Oracle(
        contacts_monthly,
        _KEY,
        statistics=["average_minutes", "contacts_per_100_orders", "order_status_share"],
    ),
    "information_lookups_monthly": Oracle(
        information_lookups_monthly,
        ["company_id", "month_start", "requester_id"],
        statistics=["change_on_previous_3_months", "slope_per_month"],
        ignored={"requester_name": "a digest with the installation's secret"},
    ),
}
