"""What the marts say of each metric of the semantic layer, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TRENDS = (
    "quotes",
    "orders",
    "deliveries",
    "invoices",
    "credit_notes",
    "claims",
    "order_lines",
    "ordered_excl_tax",
    "net_sales_excl_tax",
)
"""Metrics that `kpi.trends_monthly` has as a measure."""
RATIOS: Mapping[str, tuple[str, str]] = {
    "average_order_excl_tax": ("ordered_excl_tax", "orders"),
    "otif_rate": ("otif_lines", "otif_judged_lines"),
    "margin_rate": ("margin_excl_tax", "costed_sales_excl_tax"),
    "credit_note_rate": ("credit_notes", "invoices"),
    "claim_rate": ("claims", "deliveries"),
}
"""Numerator and denominator, each a metric."""


@dataclass(frozen=True)
class Part:
    """Where a mart holds a metric."""

    mart: str
    value: str
    month: str = "month_start"
    where: str = "true"


SUMS: Mapping[str, Part] = {
    **{name: Part("kpi.trends_monthly", "value", where=f"measure = '{name}'") for name in TRENDS},
    "otif_lines": Part(
        "kpi.service_rate_monthly", "otif_lines", where="date_reference = 'first_confirmed'"
    ),
    "otif_judged_lines": Part(
        "kpi.service_rate_monthly",
        "otif_lines + not_otif_lines",
        where="date_reference = 'first_confirmed'",
    ),
    "costed_sales_excl_tax": Part(
        "kpi.top_sales_monthly", "costed_sales_excl_tax", where="level = 'customer'"
    ),
    "margin_excl_tax": Part("kpi.top_sales_monthly", "margin_excl_tax", where="level = 'customer'"),
    "resolved_claims": Part(
        "kpi.claims_daily", "first_resolved_count", month="date_trunc('month', date_day)"
    ),
}


def in_the_marts() -> str:
    """A query: one row per metric that is a sum, company and month in which there is any."""
    return " union all ".join(
        f"select '{name}' as metric, company_id as company, "
        f"cast({part.month} as date) as month_start, sum({part.value}) as value "
        f"from {part.mart} where {part.where} "
        "group by all having value <> 0"
        for name, part in SUMS.items()
    )
