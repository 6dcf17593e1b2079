"""How long claims take, how many there are and what they cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.claims import claim_stretches, claims
from tests.oracle.documents import billed_quantities, sales, shipped_lines, transfers
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources, code_map, derived, translated
from tests.oracle.spans import month_of
from tests.oracle.turnover import product_ranges, revenue_lines
from tests.oracle.working_time import clocks

_NAMED: dict[str, list[str]] = {
    "all": [],
    "claim_reason": ["claim_reason"],
    "product_range": ["product_range"],
    "carrier": ["carrier"],
    "reason_range_carrier": ["claim_reason", "product_range", "carrier"],
}
_NAMES = ["claim_reason", "product_range", "carrier"]
_MONTH = ["company_id", "month_start"]
_KEY = [*_MONTH, "breakdown", *_NAMES]
_CREDITED_WITHIN = pd.Timedelta(days=90)
_SPANS = {
    "first_response": "answered_at",
    "first_resolution": "first_resolved_at",
    "resolution": "resolved_at",
}
_COUNTS = ["opened_claims", "reopened_claims", "one_touch_claims", "delivered_lines"]
_COUNTS += [f"{span}_claims" for span in _SPANS]
_AMOUNTS = ["cost_amount", "company_credited_amount_excl_tax"]
_SHARES = ["reopened_share", "one_touch_share", "claims_per_1000_lines"]
_SHARES += ["credited_share_of_sales", "claims_share", "cumulated_claims_share"]


def claims_resolution_monthly(sources: Sources) -> pd.DataFrame:
    """What happened to claims in each month, broken down in five ways."""
    return pd.concat(
        [_broken_down(sources, breakdown, named) for breakdown, named in _NAMED.items()],
        ignore_index=True,
    )


def _broken_down(sources: Sources, breakdown: str, named: list[str]) -> pd.DataFrame:
    key = [*_MONTH, *named]
    rows = _claims(sources)
    sold, delivered = _sold(sources), _delivered(sources)
    parts = [_opened(rows, key), _happened(rows, key, "first_resolved_at", _kept)]
    parts += [
        _happened(rows, key, column, lambda part, span=span: _spans(part, span))
        for span, column in _SPANS.items()
    ]
    credits = _credits(sources).groupby(key)["amount"].sum()
    parts.append(credits.rename("company_credited_amount_excl_tax"))
    # What is delivered makes rows of its own, for it might have been complained about.
    if "claim_reason" not in named:
        parts.append(delivered.groupby(key).size().rename("delivered"))
    found = pd.concat(parts, axis=1).drop(columns="delivered", errors="ignore")
    found = found.reset_index()
    found["delivered_lines"] = _of_named(found, delivered.assign(one=1), "one", named)
    of_range = [name for name in named if name == "product_range"]
    found["company_sales_excl_tax"] = _of_named(found, sold, "amount", of_range)
    if "carrier" in named:
        found["company_sales_excl_tax"] = np.nan
    numbers = [*_COUNTS, *_AMOUNTS]
    found[numbers] = found[numbers].fillna(0).astype("int64")
    hidden = {name: "all" for name in _NAMES if name not in named}
    return _shares(found.assign(breakdown=breakdown, currency_code="EUR", **hidden))


@derived
def _claims(sources: Sources) -> pd.DataFrame:
    """One row per claim with what it names, when it was answered and resolved, and its cost."""
    cases = sources.table("salesforce__case").set_index("Id")
    rows = claims(sources).set_index("claim", drop=False)
    codes = sources.table("odoo__product_product").set_index("default_code")["id"]
    product = cases["Product_Code__c"].map(codes)
    rows["product_range"] = rows["claim"].map(product).map(product_ranges(sources))
    rows["product_range"] = rows["product_range"].fillna("unknown")
    rows["carrier"] = rows["claim"].map(cases["Carrier__c"]).fillna("unknown")
    answered = rows["claim"].map(cases["First_Response__c"])
    rows["answered_at"] = answered.where(sources.happened(answered))
    stretches = claim_stretches(sources).set_index("claim")
    first = stretches[stretches["number"] == 1]
    last = stretches.groupby(level="claim").tail(1)
    rows["first_resolved_at"] = rows["claim"].map(first["ended_at"]).astype("datetime64[us]")
    rows["resolved_at"] = rows["claim"].map(last["ended_at"]).astype("datetime64[us]")
    rows["is_reopened"] = rows["claim"].map(last["number"]) > 1
    asked_back = rows["claim"].isin(_asked_back(sources))
    rows["is_one_touch"] = ~rows["is_reopened"] & ~asked_back
    rows["cost"] = rows["claim"].map(cases["Cost__c"]).fillna(0)
    company = rows["company_id"].str.rsplit("/").str[-1].astype(int)
    for span, column in _SPANS.items():
        rows[f"{column}_month"] = month_of(sources.local_day(rows[column]))
        passed = (rows[column] - rows["opened_at"]).dt.total_seconds() / 60
        rows[f"{span}_calendar"] = passed
        for number, clock in clocks(sources).items():
            own = company == number
            minutes = clock.minutes(rows.loc[own, "opened_at"], rows.loc[own, column])
            rows.loc[own, f"{span}_working"] = minutes
    return rows


def _asked_back(sources: Sources) -> set[str]:
    """Claims in which the customer was asked something."""
    statuses = code_map("claim_status_map", "salesforce", "source_status", "status")
    history = sources.table("salesforce__casehistory")
    history = history[(history["Field"] == "Status") & sources.happened(history["CreatedDate"])]
    status = history["NewValue"].str.lower().map(statuses)
    return set(history.loc[status == "waiting_customer", "CaseId"])


def _opened(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    rows = rows.assign(month_start=month_of(rows["opened_on"]))
    return rows.groupby(key).agg(opened_claims=("claim", "size"), cost_amount=("cost", "sum"))


def _happened(rows: pd.DataFrame, key: list[str], column: str, count: Any) -> pd.DataFrame:
    """What an aggregation says of the claims to which something happened, by its month."""
    rows = rows[rows[column].notna()].assign(month_start=rows[f"{column}_month"])
    return count(rows.groupby(key))


def _kept(grouped: Any) -> pd.DataFrame:
    return grouped.agg(
        reopened_claims=("is_reopened", "sum"), one_touch_claims=("is_one_touch", "sum")
    )


def _spans(grouped: Any, span: str) -> pd.DataFrame:
    found = {f"{span}_claims": grouped.size()}
    for clock in ("working", "calendar"):
        minutes = grouped[f"{span}_{clock}"]
        found[f"{span}_median_{clock}_minutes"] = (minutes.median() * 100).round()
        found[f"{span}_p90_{clock}_minutes"] = (minutes.quantile(0.9) * 100).round()
    return pd.DataFrame(found)


@derived
def _delivered(sources: Sources) -> pd.DataFrame:
    rows = shipped_lines(sources)
    rows = rows[rows["done_at"].notna() & ~rows["is_return"]]
    carriers = sources.table("odoo__delivery_carrier").set_index("id")["name"].map(translated)
    carrier = rows["picking_id"].map(transfers(sources)["carrier_id"]).map(carriers)
    return pd.DataFrame(
        {
            "company_id": "erp/res.company/" + rows["company_id"].astype(str),
            "month_start": month_of(sources.local_day(rows["done_at"])),
            "product_range": rows["product_id"].map(product_ranges(sources)).fillna("unknown"),
            "carrier": carrier.fillna("unknown"),
        }
    )


@derived
def _sold(sources: Sources) -> pd.DataFrame:
    rows = revenue_lines(sources)
    return pd.DataFrame(
        {
            "company_id": rows["company_id"],
            "month_start": month_of(rows["date"]),
            "product_range": rows["product_id"].map(product_ranges(sources)).fillna("unknown"),
            "amount": rows["amount"],
        }
    )


@derived
def _credits(sources: Sources) -> pd.DataFrame:
    """Credit notes with the claim that each is the cost of."""
    rows = revenue_lines(sources)
    rows = rows[rows["document_type"] == "credit_note"].groupby("move_id")
    rows = rows.agg(
        company_id=("company_id", "first"), date=("date", "first"), amount=("amount", "sum")
    )
    rows["order_id"] = billed_quantities(sources).groupby("move_id")["order_id"].min()
    reference = sources.table("salesforce__case").set_index("Id")["Order_Reference__c"]
    every = _claims(sources)
    every = every.assign(
        order_id=every["claim"].map(reference).map(sales(sources).set_index("name")["id"])
    )
    both = rows.reset_index().merge(every[["order_id", "opened_at", "opened_on", *_NAMES]])
    both = both[(both["date"] - both["opened_on"]).abs() <= _CREDITED_WITHIN]
    is_later = both["opened_on"] > both["date"]
    # The last claim before it, else the next.
    rank = both["opened_at"].astype("int64")
    both["rank"] = rank.where(is_later, -rank)
    both = both.assign(is_later=is_later).sort_values(["move_id", "is_later", "rank"])
    found = both.drop_duplicates("move_id")
    return found.assign(amount=-found["amount"], month_start=month_of(found["date"]))


def _of_named(rows: pd.DataFrame, facts: pd.DataFrame, column: str, named: list[str]) -> pd.Series:
    """Sums of the month, of the range and carrier that a row names; of everything else of all."""
    named = [name for name in named if name in facts]
    sums = pd.Series(0, index=rows.index)
    told = rows[named] != "unknown"
    for pattern, part in rows.groupby([told[name] for name in named] if named else lambda _: True):
        pattern = pattern if isinstance(pattern, tuple) else (pattern,)
        by = [*_MONTH, *[name for name, known in zip(named, pattern, strict=False) if known]]
        totals = facts.groupby(by)[column].sum().rename("total")
        sums[part.index] = part.join(totals, on=by)["total"].fillna(0).astype("int64")
    return sums


def _shares(rows: pd.DataFrame) -> pd.DataFrame:
    opened = rows["opened_claims"]
    rows["breakdown_claims"] = rows.groupby(_MONTH)["opened_claims"].transform("sum")
    rows = rows.assign(
        reopened_share=_per(rows["reopened_claims"], rows["first_resolution_claims"]),
        one_touch_share=_per(rows["one_touch_claims"], rows["first_resolution_claims"]),
        claims_per_1000_lines=_per(1000 * opened, rows["delivered_lines"]),
        credited_share_of_sales=_per(
            rows["company_credited_amount_excl_tax"], rows["company_sales_excl_tax"]
        ),
        claims_share=_per(opened, rows["breakdown_claims"]),
    )
    order = rows.sort_values(
        [*_MONTH, "opened_claims", *_NAMES], ascending=[True, True, False] + [True] * 3
    )
    cumulated = order.groupby(_MONTH)["opened_claims"].cumsum()
    return rows.assign(cumulated_claims_share=_per(cumulated, rows["breakdown_claims"]))


def _per(part: pd.Series, whole: pd.Series) -> pd.Series:
    """In millionths; empty by nothing."""
    return (part / whole.where(whole > 0) * 1_000_000).round()


ORACLES = {
    "claims_resolution_monthly": Oracle(
        claims_resolution_monthly,
        _KEY,
        statistics=[
            *_SHARES,
            *[
                f"{span}_{statistic}_{clock}_minutes"
                for span in _SPANS
                for statistic in ("median", "p90")
                for clock in ("working", "calendar")
            ],
        ],
    ),
}
