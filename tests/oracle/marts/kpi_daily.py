"""The one table of KPIs: those whose figures are sums of a mart's columns, from the oracle's marts.

How a KPI is computed is told by the seed `kpi_catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from tests.oracle.marts.cash import ratio
from tests.oracle.marts.claims import claims_daily
from tests.oracle.marts.customers import customer_retention_monthly
from tests.oracle.marts.deadlines import deadline_compliance_monthly
from tests.oracle.marts.digital_maturity import digital_maturity_monthly
from tests.oracle.marts.lead_times import processing_time_monthly
from tests.oracle.marts.order_book import order_book_daily
from tests.oracle.marts.quotes import quote_conversion_monthly
from tests.oracle.marts.sales import top_sales_monthly
from tests.oracle.marts.service_rate import service_rate_monthly
from tests.oracle.marts.workload import document_volume_daily
from tests.oracle.oracle import Oracle
from tests.oracle.sources import UNIT, Sources

_VALUE = 1_000_000


@dataclass(frozen=True)
class _Kpi:
    mart: Callable[[Sources], pd.DataFrame]
    day: str
    numerator: str
    denominator: Sequence[str]
    """Columns to add up; none for counts and amounts."""
    n: Sequence[str]
    period: str = "month"
    where: Mapping[str, str] = field(default_factory=dict)
    dimensions: Sequence[str] = ()
    is_money: bool = False
    """Both parts are in ten-thousandths already."""


_BOOK = {"book": "to_deliver", "document_type": "order"}
_BOOK_BY = ("customer_segment", "product_range", "site")
_SERVICE = {"date_reference": "first_confirmed"}
_SERVICE_BY = ("carrier", "customer_segment", "product_range", "site")
_KPIS = {
    "orders_entered": _Kpi(
        document_volume_daily,
        "activity_date",
        "created_documents",
        (),
        ("created_documents",),
        "day",
        {"document_kind": "order"},
        ("channel", "team"),
    ),
    "order_book_to_deliver": _Kpi(
        order_book_daily,
        "as_of_date",
        "closing_amount_excl_tax",
        (),
        ("closing_lines",),
        "as_of",
        _BOOK,
        _BOOK_BY,
        is_money=True,
    ),
    "order_book_to_invoice": _Kpi(
        order_book_daily,
        "as_of_date",
        "closing_amount_excl_tax",
        (),
        ("closing_lines",),
        "as_of",
        {"book": "to_invoice"},
        _BOOK_BY,
        is_money=True,
    ),
    "order_book_past_due_share": _Kpi(
        order_book_daily,
        "as_of_date",
        "past_due_amount_excl_tax",
        ("closing_amount_excl_tax",),
        ("closing_lines",),
        "as_of",
        _BOOK,
        _BOOK_BY,
        is_money=True,
    ),
    "open_claims": _Kpi(
        claims_daily,
        "date_day",
        "closing_count",
        (),
        ("closing_count",),
        "as_of",
        dimensions=("channel", "claim_reason"),
    ),
    "claim_resolution_days": _Kpi(
        claims_daily,
        "date_day",
        "first_resolution_days",
        ("first_resolved_count",),
        ("first_resolved_count",),
        "day",
        dimensions=("claim_reason",),
    ),
    "deadline_compliance": _Kpi(
        deadline_compliance_monthly,
        "month_start",
        "met_items",
        ("due_items",),
        ("due_items",),
        dimensions=("task", "team"),
    ),
    "touchless_rate": _Kpi(
        digital_maturity_monthly,
        "month_start",
        "touchless_orders",
        ("judged_orders",),
        ("judged_orders",),
        where={"document_type": "order"},
        dimensions=("channel", "team"),
    ),
    "quote_conversion_rate": _Kpi(
        quote_conversion_monthly,
        "month_start",
        "mature_quotes_won",
        ("mature_quotes",),
        ("mature_quotes",),
        dimensions=("salesperson_id", "team"),
    ),
    "service_rate": _Kpi(
        service_rate_monthly,
        "month_start",
        "otif_lines",
        ("otif_lines", "not_otif_lines"),
        ("otif_lines", "not_otif_lines"),
        where=_SERVICE,
        dimensions=_SERVICE_BY,
    ),
    "on_time_rate": _Kpi(
        service_rate_monthly,
        "month_start",
        "on_time_lines",
        ("on_time_lines", "not_on_time_lines"),
        ("on_time_lines", "not_on_time_lines"),
        where=_SERVICE,
        dimensions=_SERVICE_BY,
    ),
    "net_sales": _Kpi(
        top_sales_monthly,
        "month_start",
        "net_sales_excl_tax",
        (),
        ("line_count",),
        where={"level": "range"},
        dimensions=("member_id",),
        is_money=True,
    ),
    "margin_rate": _Kpi(
        top_sales_monthly,
        "month_start",
        "margin_excl_tax",
        ("costed_sales_excl_tax",),
        ("line_count",),
        where={"level": "range"},
        dimensions=("member_id",),
        is_money=True,
    ),
    "retention_rate": _Kpi(
        customer_retention_monthly,
        "month_start",
        "retained_customers",
        ("opening_customers",),
        ("opening_customers",),
        dimensions=("segment",),
    ),
}


def kpi_daily(sources: Sources) -> pd.DataFrame:
    """One row per KPI, company, day, dimension and value."""
    found = [
        _by(kpi, name, sources.once(kpi.mart), dimension)
        for name, kpi in _KPIS.items()
        for dimension in ("all", *kpi.dimensions)
    ]
    return pd.concat([*found, _processing_time(sources)], ignore_index=True)


def _by(kpi: _Kpi, name: str, mart: pd.DataFrame, dimension: str) -> pd.DataFrame:
    for column, value in kpi.where.items():
        mart = mart[mart[column] == value]
    unit = 1 if kpi.is_money else UNIT
    rows = pd.DataFrame(
        {
            "company_id": mart["company_id"],
            "date_day": mart[kpi.day],
            "dimension_value": "all" if dimension == "all" else mart[dimension],
            "numerator": mart[kpi.numerator] * unit,
            "denominator": mart[[*kpi.denominator]].sum(axis=1) * unit,
            "n": mart[[*kpi.n]].sum(axis=1),
        }
    )
    found = rows.groupby(["company_id", "date_day", "dimension_value"], as_index=False).sum()
    if kpi.denominator:
        found["kpi_value"] = ratio(found["numerator"], found["denominator"])
    else:
        found["kpi_value"] = found["numerator"] * (_VALUE // UNIT)
        found["denominator"] = None
    return found.assign(kpi=name, period=kpi.period, dimension=dimension)


def _processing_time(sources: Sources) -> pd.DataFrame:
    """A median, which is no quotient of its parts."""
    mart = sources.once(processing_time_monthly)
    mart = mart[(mart["stage"] == "order_processing") & (mart["breakdown"] == "all")]
    return pd.DataFrame(
        {
            "kpi": "processing_time_minutes",
            "company_id": mart["company_id"],
            "date_day": mart["month_start"],
            "period": "month",
            "dimension": "all",
            "dimension_value": "all",
            "numerator": mart["total_minutes"] * (UNIT // 100),
            "denominator": mart["orders"] * UNIT,
            "n": mart["orders"],
            "kpi_value": mart["median_minutes"] * (_VALUE // 100),
        }
    )


_COMPARED = ", ".join(f"'{name}'" for name in [*_KPIS, "processing_time_minutes"])

ORACLES = {
    "kpi_daily": Oracle(
        kpi_daily,
        ["kpi", "company_id", "date_day", "dimension", "dimension_value"],
        statistics=["kpi_value"],
        rows=f"kpi in ({_COMPARED})",
    )
}
