"""Quotes: how many are won, why they are lost, and which to follow up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.documents import share
from tests.oracle.oracle import Oracle
from tests.oracle.quotes import quotes
from tests.oracle.sources import Sources
from tests.oracle.values import in_units, ratio
from tests.oracle.working_time import clocks

_KEY = ["company_id", "month_start", "team", "salesperson_id"]
_FOLLOW_UP_DAYS = 7


def quote_conversion_monthly(sources: Sources) -> pd.DataFrame:
    """Quotes of each month by what became of them, and how fast requests were answered."""
    rows = quotes(sources)
    sums: dict[str, pd.Series] = {}
    for name, of in (
        ("", slice(None)),
        *((outcome, rows["outcome"] == outcome) for outcome in ("won", "lost", "expired")),
        ("pending", rows["outcome"] == "pending"),
        ("unknown", rows["outcome"].isna()),
    ):
        counted = pd.Series(1, rows.index) if isinstance(of, slice) else of.astype(int)
        sums[f"{name}_quotes".strip("_")] = counted
        sums[f"{name or 'quoted'}_amount_excl_tax"] = rows["amount"] * counted
    sums["mature_quotes"] = rows["is_mature"]
    sums["mature_quotes_won"] = rows["won_in_time"]
    sums["mature_amount_excl_tax"] = rows["amount"].where(rows["is_mature"], 0)
    sums["mature_amount_won_excl_tax"] = rows["amount"].where(rows["won_in_time"], 0)
    answered = rows["sent_offer_at"] >= rows["requested_at"]
    sums["requested_quotes"] = rows["requested_at"].notna()
    sums["answered_requests"] = answered
    keys = [rows[column] for column in _KEY]
    found = pd.DataFrame(sums).astype("int64").groupby(keys).sum()
    found["conversion_rate"] = ratio(found["mature_quotes_won"], found["mature_quotes"])
    found["conversion_rate_by_amount"] = ratio(
        found["mature_amount_won_excl_tax"], found["mature_amount_excl_tax"]
    )
    rows["minutes"] = np.nan
    for number, clock in clocks(sources).items():
        own = answered & (rows["company_id"] == f"erp/res.company/{number}")
        rows.loc[own, "minutes"] = clock.minutes(
            rows.loc[own, "requested_at"], rows.loc[own, "sent_offer_at"]
        )
    minutes = rows["minutes"].groupby(keys)
    found["total_request_to_sent_minutes"] = in_units(minutes.sum(min_count=1), 100)
    found["median_request_to_sent_minutes"] = in_units(minutes.median(), 100)
    return found.reset_index().assign(currency_code="EUR")


def quote_losses_monthly(sources: Sources) -> pd.DataFrame:
    """Quotes lost and expired, by reason."""
    rows = quotes(sources)
    rows = rows[rows["outcome"].isin(["lost", "expired"])]
    grouped = rows.groupby([*_KEY, "outcome", "loss_reason"])["amount"]
    found = pd.DataFrame({"quotes": grouped.size(), "amount_excl_tax": grouped.sum()})
    return found.reset_index().assign(currency_code="EUR")


def quotes_to_follow_up(sources: Sources) -> pd.DataFrame:
    """Open quotes with their chance, and why to follow them up."""
    rows = quotes(sources)
    rows = rows[rows["outcome"] == "pending"]
    days_left = (rows["validity_date"] - sources.day).dt.days
    reasons = {
        "not_sent": rows["sent_offer_at"].isna(),
        "expires_soon": days_left <= _FOLLOW_UP_DAYS,
        "no_answer": rows["age_days"] >= _FOLLOW_UP_DAYS,
    }
    known = rows["similar"] > 0
    probability = ratio(rows["similar_won"].where(known), rows["similar"])
    # The product of the two columns beside it, so by the probability as it is shown.
    expected = [
        None if pd.isna(chance) else share(amount, chance, 1_000_000)
        for amount, chance in zip(rows["amount"], probability, strict=True)
    ]
    reason = np.select(  # type: ignore[call-overload]  # None is a default like any other
        list(reasons.values()), list(reasons), default=None
    )
    return pd.DataFrame(
        {
            **{column: rows[column] for column in ("company_id", "quote_id", "team", "agent_id")},
            "as_of_date": sources.day,
            "quote_number": rows["name"],
            "sold_to_customer_id": rows["sold_to_customer_id"],
            "salesperson_id": rows["salesperson_id"],
            "quote_date": rows["quote_date"],
            "sent_at": rows["sent_offer_at"],
            "valid_until": rows["validity_date"],
            "age_days": rows["age_days"],
            "days_left": days_left,
            "currency_code": "EUR",
            "amount_excl_tax": rows["amount"],
            "similar_quotes": rows["similar"],
            "similar_quotes_won": rows["similar_won"],
            "probability": probability,
            "expected_amount_excl_tax": pd.Series(expected, rows.index, dtype="Int64"),
            "follow_up_reason": pd.Series(reason, rows.index),
        }
    )


ORACLES = {
    "quote_conversion_monthly": Oracle(
        quote_conversion_monthly,
        _KEY,
        statistics=[
            "conversion_rate",
            "conversion_rate_by_amount",
            "median_request_to_sent_minutes",
        ],
    ),
    "quote_losses_monthly": Oracle(quote_losses_monthly, [*_KEY, "outcome", "loss_reason"]),
    "quotes_to_follow_up": Oracle(
        quotes_to_follow_up, ["company_id", "quote_id"], statistics=["probability"]
    ),
}
