"""Figures of a day: as the marts publish them, as the postings restate them, and what came late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from ingestion.home import Home
from tests.orchestration.conftest import ask

FIGURES = {
    "open_receivables": (
        "select company_id, sum(company_open_amount) from kpi.open_items "
        "where as_of_date = date '{day}' group by all"
    ),
    "invoiced_revenue": (
        "select company_id, sum(company_net_amount_excl_tax) from core.fct_invoice_lines "
        "where is_revenue and invoice_date <= date '{day}' group by all"
    ),
    "order_intake": (
        "select company_id, sum(new_amount_excl_tax) from kpi.order_book_daily "
        "where book = 'to_deliver' and as_of_date <= date '{day}' group by all"
    ),
    "order_book_to_deliver": (
        "select company_id, sum(closing_amount_excl_tax) from kpi.order_book_daily "
        "where book = 'to_deliver' and as_of_date = date '{day}' group by all"
    ),
    "order_book_to_invoice": (
        "select company_id, sum(closing_amount_excl_tax) from kpi.order_book_daily "
        "where book = 'to_invoice' and as_of_date = date '{day}' group by all"
    ),
    "open_claims": (
        "select company_id, sum(closing_count)::decimal(18, 4) from kpi.claims_daily "
        "where date_day = date '{day}' group by all"
    ),
}
"""How each measure's figure of a day is read from the marts that publish it."""

Figures = dict[tuple[str, str], Decimal]
"""Amount by measure and company."""


def figures(home: Home, day: date) -> Figures:
    return _figures(
        (measure, company, amount)
        for measure, query in FIGURES.items()
        for company, amount in ask(home, query.format(day=day))
    )


def restated_from_postings(home: Home, day: date) -> Figures:
    rows = ask(
        home,
        "select measure, company_id, sum(amount) from meta.postings "
        f"where business_date <= date '{day}' group by all having sum(amount) <> 0",
    )
    return _figures(rows)


def late(home: Home, day: date) -> Figures:
    rows = ask(
        home,
        "select measure, company_id, sum(amount) from kpi.as_of_differences "
        f"where date '{day}' between business_date and published_through group by all",
    )
    return _figures(rows)


def _figures(rows: Iterable[tuple[object, ...]]) -> Figures:
    return {(str(m), str(c)): Decimal(str(amount)) for m, c, amount in rows}


def added(one: Figures, other: Figures) -> Figures:
    total = {key: one.get(key, Decimal(0)) + other.get(key, Decimal(0)) for key in {**one, **other}}
    return {key: amount for key, amount in total.items() if amount}
