"""The service rate: goods that left as promised or not, and why not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.documents import order_steps, sales, stays, transfers
from tests.oracle.lines import booked_lines, delivered_by, parts
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources, derived
from tests.oracle.values import ratio

_LEAD_DAYS = 2
_REFERENCES = ("first_confirmed", "last_confirmed", "requested")
_KEY = [
    "company_id",
    "date_reference",
    "month_start",
    "customer_segment",
    "product_range",
    "site",
    "carrier",
]
_MEASURES = {"lines": "one", "quantity": "ordered", "amount_excl_tax": "amount"}


@derived
def verdicts(sources: Sources) -> pd.DataFrame:
    """One row per booked line of goods and date reference, judged or not."""
    return pd.concat([_judged(sources, reference) for reference in _REFERENCES], ignore_index=True)


def _judged(sources: Sources, reference: str) -> pd.DataFrame:
    rows = booked_lines(sources).copy()
    rows["date_reference"] = reference
    # Odoo does not know the day that the customer asked for.
    rows["date"] = pd.NaT if reference == "requested" else rows[reference]
    rows["date"] = rows["date"].astype("datetime64[us]")
    rows["month_start"] = rows["date"] - pd.to_timedelta(rows["date"].dt.day - 1, unit="D")
    rows["one"] = 1
    by_us = rows["given_up_by"] == "us"
    by_others = rows["given_up_on"].notna() & ~by_us
    # Cancelled on the day itself, the promise was not broken yet: due today is not late.
    excluded = by_others & (rows["given_up_on"] <= rows["date"])
    complete = rows["delivered"] >= rows["ordered"]
    failed = by_us | (rows["date"] < sources.day)
    rows["excluded"] = excluded
    rows["judged"] = rows["date"].notna() & ~excluded & (complete | failed)
    rows["on_time"] = complete & (rows["last_part_on"] <= rows["date"])
    rows["in_full"] = complete
    rows["by_date"] = delivered_by(sources, rows["date"])
    rows["otif"] = rows["by_date"] >= rows["ordered"]
    missing = rows["ordered"] - rows["delivered"]
    rows["owed"] = rows["ordered"] - missing.where(by_others, 0)
    rows["first_part"] = np.minimum(_first_delivery(sources, rows), rows["owed"])
    rows["backordered"] = rows["first_part"] < rows["owed"]
    rows["failure_cause"] = _causes(sources, rows).where(rows["judged"] & ~rows["otif"])
    return rows


def _first_delivery(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """What of each line was on the first delivery of all that its order promised for the day."""
    left = parts(sources)
    left = left[left["line"].isin(rows.index)]
    # Odoo promises one day per order.
    left = left.sort_values(["done_at", "transfer"])
    first = left["order"].map(left.groupby("order")["transfer"].first())
    found = left[left["transfer"] == first].groupby("line")["quantity"].sum()
    return found.reindex(rows.index, fill_value=0)


def _causes(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """The first cause that applies to each line."""
    last_start = rows["date"] - pd.Timedelta(days=_LEAD_DAYS)
    held_until, awaited_until = _blocks(sources)
    causes = {
        "cancelled_by_us": rows["given_up_by"] == "us",
        "credit": rows["order"].map(held_until) > last_start,
        "customer": rows["order"].map(awaited_until) > last_start,
        "late_validation": rows["booked_on"] > rows["date"],
        "stock": _waited_until(sources) > rows["date"],
        "short_delivery": rows["by_date"] > 0,
    }
    return pd.Series(
        np.select(list(causes.values()), list(causes), default="warehouse"), rows.index
    )


def _blocks(sources: Sources) -> tuple[dict[int, pd.Timestamp], dict[int, pd.Timestamp]]:
    """Day on which the last block of each order for credit, and for its deposit, ended."""
    after = sources.day + pd.Timedelta(days=1)
    confirmed = sales(sources)["confirmed_at"]
    credit: dict[int, pd.Timestamp] = {}
    customer: dict[int, pd.Timestamp] = {}
    for order, steps in order_steps(sources).items():
        for number, (at, status) in enumerate(steps):
            if status == "blocked":
                found = customer if at >= confirmed[order] else credit
                is_last = number + 1 == len(steps)
                found[order] = after if is_last else sources.day_of(steps[number + 1][0])
    return credit, customer


def _waited_until(sources: Sources) -> pd.Series:
    """Day until which preparations of each line waited for goods."""
    rows = stays(sources)
    rows = rows[
        rows["document_id"].str.startswith("erp/stock.preparation/") & (rows["status"] == "waiting")
    ]
    until = sources.local_day(rows["until_at"]).fillna(sources.day + pd.Timedelta(days=1))
    transfer = rows["document_id"].str.rsplit("/").str[-1].astype("int64")
    order = transfer.map(transfers(sources)["sale_id"])
    last = until.groupby(order).max()
    lines = booked_lines(sources)
    return lines["order"].map(last)


def service_rate_monthly(sources: Sources) -> pd.DataFrame:
    """Lines, quantity and value on time, in full and both, by the month promised."""
    rows = verdicts(sources)
    judged = rows["judged"]
    sums: dict[str, pd.Series] = {
        "promised_lines": rows["one"],
        "excluded_lines": rows["excluded"],
        "not_due_lines": ~judged & ~rows["excluded"],
        "first_delivery_quantity": rows["first_part"].where(judged, 0),
        "owed_quantity": rows["owed"].where(judged, 0),
        "backordered_lines": judged & rows["backordered"],
    }
    for name in ("on_time", "in_full", "otif"):
        for unit, measure in _MEASURES.items():
            sums[f"{name}_{unit}"] = rows[measure].where(judged & rows[name], 0)
            sums[f"not_{name}_{unit}"] = rows[measure].where(judged & ~rows[name], 0)
    values = pd.DataFrame(sums).astype("int64")
    found = values.groupby([rows[column] for column in _KEY], dropna=False).sum().reset_index()
    for name in ("on_time", "in_full", "otif"):
        lines = found[f"{name}_lines"]
        found[f"{name}_rate"] = ratio(lines, lines + found[f"not_{name}_lines"])
    found["fill_rate"] = ratio(found["first_delivery_quantity"], found["owed_quantity"])
    judged_lines = found["in_full_lines"] + found["not_in_full_lines"]
    found["backorder_rate"] = ratio(found["backordered_lines"], judged_lines)
    return found.assign(currency_code="EUR")


def service_failures_monthly(sources: Sources) -> pd.DataFrame:
    """The lines that were not in full by the date, by cause."""
    rows = verdicts(sources)
    rows = rows[rows["judged"] & ~rows["otif"]]
    grouped = rows.groupby([*_KEY, "failure_cause"], dropna=False)
    found = pd.DataFrame(
        {f"failed_{unit}": grouped[measure].sum() for unit, measure in _MEASURES.items()}
    )
    return found.reset_index().assign(currency_code="EUR")


ORACLES = {
    "service_rate_monthly": Oracle(
        service_rate_monthly,
        _KEY,
        statistics=["on_time_rate", "in_full_rate", "otif_rate", "fill_rate", "backorder_rate"],
    ),
    "service_failures_monthly": Oracle(service_failures_monthly, [*_KEY, "failure_cause"]),
}
