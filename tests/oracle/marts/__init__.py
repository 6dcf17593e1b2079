"""The marts that have an oracle, by name: what the test and the command go through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from tests.oracle.marts import claims, lead_times, order_book, receivables, workload
from tests.oracle.sources import Sources


@dataclass(frozen=True)
class Oracle:
    """How a mart is recomputed."""

    function: Callable[[Sources], pd.DataFrame]
    """Gives the mart's key and every one of its columns."""
    key: Sequence[str]
    statistics: Sequence[str] = ()
    """Columns of ratios and medians, compared to 1e-9 of themselves."""
    has_empty_rows: bool = False
    """The mart has rows in which every number is 0, see `findings.ROWS_OF_NOTHING`."""


REGISTRY: dict[str, Oracle] = {
    "document_volume_daily": Oracle(
        workload.document_volume_daily,
        ["company_id", "activity_date", "document_kind", "channel", "team"],
    ),
    "document_backlog_daily": Oracle(
        workload.document_backlog_daily,
        ["company_id", "as_of_date", "document_kind", "status", "channel"],
    ),
    "claims_daily": Oracle(
        claims.claims_daily,
        ["date_day", "company_id", "claim_reason", "channel"],
        statistics=["closing_average_age_days", "first_resolution_average_days"],
    ),
    "open_items": Oracle(receivables.open_items, ["as_of_date", "open_item_id", "account_role"]),
    "aging": Oracle(
        receivables.aging,
        [
            "as_of_date",
            "company_id",
            "customer_id",
            "currency_code",
            "account_role",
            "aging_bucket",
        ],
    ),
    "order_lead_times": Oracle(lead_times.order_lead_times, ["order_id"]),
    "processing_time_monthly": Oracle(
        lead_times.processing_time_monthly,
        ["company_id", "month_start", "stage", "breakdown", "channel", "team"],
        statistics=["median_minutes", "p90_minutes"],
    ),
    "order_book_daily": Oracle(
        order_book.order_book_daily,
        [
            "company_id",
            "as_of_date",
            "book",
            "document_type",
            "customer_segment",
            "product_range",
            "site",
            "promised_month",
        ],
        has_empty_rows=True,
    ),
}
