"""Who does what, day by day and month by month."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import order_lines, sales, shipped_lines, transfers
from tests.oracle.events import events
from tests.oracle.oracle import Oracle
from tests.oracle.people import described
from tests.oracle.sources import Sources
from tests.oracle.spans import month_of

_DAILY = ["company_id", "activity_date", "employee_id", "document_kind", "event_type"]
_MONTHLY = ["company_id", "month_start", "employee_id", "document_kind", "event_type"]


def agent_productivity_daily(sources: Sources) -> pd.DataFrame:
    """Events and documents of each actor and day, those derived apart."""
    rows = events(sources).rename(columns={"day": "activity_date"})
    logged = rows[~rows["is_derived"]].groupby(_DAILY)["document_id"].agg(["size", "nunique"])
    derived = rows[rows["is_derived"]].groupby(_DAILY).size().rename("derived_events")
    counts = logged.set_axis(["events", "documents"], axis=1).join(derived, how="outer")
    found = counts.fillna(0).reset_index()
    return found.join(described(sources, found["employee_id"], found["activity_date"]))


def agent_productivity_monthly(sources: Sources) -> pd.DataFrame:
    """Documents of each actor and month, by the days on which the actor did anything."""
    rows = events(sources)
    rows = rows[~rows["is_derived"]].assign(month_start=lambda frame: month_of(frame["day"]))
    counts = rows.groupby(_MONTHLY)["document_id"].agg(["size", "nunique"])
    found = counts.set_axis(["events", "documents"], axis=1).reset_index()
    who = ["company_id", "month_start", "employee_id"]
    days = rows.groupby(who)["day"].nunique().rename("active_days")
    found = found.join(days, on=who)
    last_day = (found["month_start"] + pd.offsets.MonthEnd(0)).clip(upper=sources.day)
    found = found.join(described(sources, found["employee_id"], last_day))
    rate = (found["documents"] / found["active_days"] * 1_000_000).round()
    return found.assign(documents_per_active_day=rate.where(found["actor_kind"] == "person"))


def lines_per_person_monthly(sources: Sources) -> pd.DataFrame:
    """Product lines that salespeople sold, and that logisticians picked."""
    sale = sales(sources)
    sold = order_lines(sources)
    sold = sold[sold["is_goods"] & sold["order_id"].map(sale["confirmed_at"]).notna()]
    owner = sold["salesman_id"].fillna(sold["order_id"].map(sale["user_id"]))
    ordered_on = sources.local_day(sold["order_id"].map(sale["date_order"]))
    transfer = transfers(sources)
    picked = shipped_lines(sources)
    picked = picked[picked["done_at"].notna() & ~picked["is_return"]]
    picker = picked["picking_id"].map(transfer["user_id"])
    rows = pd.concat(
        [
            sold.assign(role="salesperson", user=owner, day=ordered_on, document=sold["order_id"]),
            picked.assign(
                role="logistician",
                user=picker,
                day=sources.local_day(picked["done_at"]),
                document=picked["picking_id"],
            ),
        ]
    )
    rows["month_start"] = month_of(rows["day"])
    rows["company_id"] = "erp/res.company/" + rows["company_id"].astype(str)
    rows["employee_id"] = "erp/res.users/" + rows["user"].astype("Int64").astype(str)
    rows["employee_id"] = rows["employee_id"].where(rows["user"].notna(), "unknown")
    key = ["company_id", "month_start", "role", "employee_id"]
    found = rows.groupby(key).agg(
        lines=("id", "size"),
        documents=("document", "nunique"),
        amount_excl_tax=("company_amount", "sum"),
    )
    return found.reset_index().assign(source_id="erp", currency_code="EUR")


ORACLES = {
    "agent_productivity_daily": Oracle(agent_productivity_daily, _DAILY),
    "agent_productivity_monthly": Oracle(
        agent_productivity_monthly, _MONTHLY, statistics=["documents_per_active_day"]
    ),
    "lines_per_person_monthly": Oracle(
        lines_per_person_monthly,
        ["source_id", "company_id", "month_start", "role", "employee_id"],
    ),
}
