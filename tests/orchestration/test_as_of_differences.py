"""As published, plus what was posted late, is as restated: on a company that dates invoices back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from ingestion.home import Home
from tests.orchestration.conftest import adv, ask

FIRST_DAY = date(2026, 6, 30)
"""A month end, whose invoices are still being posted in July."""

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


@dataclass(frozen=True)
class Nights:
    home: Home
    published: dict[date, Figures]
    """The figures of each day, read on the day they were published."""


def figures(home: Home, day: date) -> Figures:
    return {
        (measure, str(company)): Decimal(str(amount))
        for measure, query in FIGURES.items()
        for company, amount in ask(home, query.format(day=day))
    }


def restated_from_postings(home: Home, day: date) -> Figures:
    rows = ask(
        home,
        "select measure, company_id, sum(amount) from meta.postings "
        f"where business_date <= date '{day}' group by all having sum(amount) <> 0",
    )
    return {(str(m), str(c)): Decimal(str(amount)) for m, c, amount in rows}


def late(home: Home, day: date) -> Figures:
    rows = ask(
        home,
        "select measure, company_id, sum(amount) from kpi.as_of_differences "
        f"where date '{day}' between business_date and published_through group by all",
    )
    return {(str(m), str(c)): Decimal(str(amount)) for m, c, amount in rows}


def added(one: Figures, other: Figures) -> Figures:
    total = {
        key: one.get(key, Decimal(0)) + other.get(key, Decimal(0)) for key in {**one, **other}
    }
    return {key: amount for key, amount in total.items() if amount}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Three nights after the turn of a month."""
    home = Home(tmp_path_factory.mktemp("late"))
    published: dict[date, Figures] = {}
    for arguments in (
        ("demo", "create", "--scale", "0.05", "--until", str(FIRST_DAY)),
        ("demo", "advance", "--days", "1"),
        ("demo", "advance", "--days", "2"),
    ):
        for command in (arguments, ("run",)):
            result = adv(home, *command)
            assert result.returncode == 0, result.stdout + result.stderr
        ((day,),) = ask(home, "select max(as_of_date) from meta.publications")
        assert isinstance(day, date)
        published[day] = figures(home, day)
    yield Nights(home, published)
    adv(home, "demo", "stop")


def test_every_published_day_is_remembered(nights: Nights) -> None:
    days = ask(nights.home, "select as_of_date from meta.publications order by 1")
    assert [day for (day,) in days] == sorted(nights.published)
    assert min(nights.published) == FIRST_DAY


def test_what_was_published_plus_what_came_late_is_what_is_known_today(nights: Nights) -> None:
    for day, published in nights.published.items():
        expected = restated_from_postings(nights.home, day)
        assert added(published, late(nights.home, day)) == expected, day


def test_the_marts_restate_the_month_end_to_the_same_figures(nights: Nights) -> None:
    restated = added(figures(nights.home, FIRST_DAY), {})
    assert added(nights.published[FIRST_DAY], late(nights.home, FIRST_DAY)) == restated
    assert restated != nights.published[FIRST_DAY]


def test_invoices_dated_back_are_listed_and_others_are_not(nights: Nights) -> None:
    known_on = "(select min(known_at) from meta.publications)"
    listed = ask(
        nights.home,
        "select distinct l.document_number from kpi.as_of_differences as d "
        "inner join core.fct_invoice_lines as l on l.invoice_line_id = d.entity_id "
        f"where d.measure = 'invoiced_revenue' and d.change = 'posted' and d.known_at > {known_on}",
    )
    posted_late = ask(
        nights.home,
        "select distinct document_number from core.fct_documents "
        "where is_issued and document_type in ('invoice', 'credit_note') "
        f"and document_date <= date '{FIRST_DAY}' and validated_date > date '{FIRST_DAY}'",
    )
    assert listed
    assert set(listed) == set(posted_late)


def test_the_first_publication_has_no_differences(nights: Nights) -> None:
    first = "(select min(known_load) from meta.publications)"
    assert ask(
        nights.home,
        f"select count(*), count(*) filter (where known_load <= {first}) "
        "from kpi.as_of_differences",
    )[0][1] == (0)


def test_a_night_without_news_changes_nothing(nights: Nights) -> None:
    before = ask(nights.home, "select * from kpi.as_of_differences order by all")
    result = adv(nights.home, "run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert ask(nights.home, "select * from kpi.as_of_differences order by all") == before
