"""As published, plus what was posted late, is as restated: where invoices are dated back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from ingestion.home import Home
from tests.orchestration.conftest import adv, ask

FIRST_DAY = date(2026, 5, 31)
"""A month end, of which the demo company posts invoices on 1 and 5 June."""

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
    """An installation after some nights."""

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
    total = {key: one.get(key, Decimal(0)) + other.get(key, Decimal(0)) for key in {**one, **other}}
    return {key: amount for key, amount in total.items() if amount}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Three nights after the turn of a month."""
    home = Home(tmp_path_factory.mktemp("late"))
    published: dict[date, Figures] = {}
    for arguments in (
        ("demo", "create", "--scale", "0.05", "--until", str(FIRST_DAY)),
        ("demo", "advance", "--days", "1"),
        ("demo", "advance", "--days", "5"),
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


def test_invoices_dated_back_are_listed_and_no_others(nights: Nights) -> None:
    listed = ask(
        nights.home,
        "select distinct l.document_number, l.invoice_date, d.published_through "
        "from kpi.as_of_differences as d "
        "inner join core.fct_invoice_lines as l on l.invoice_line_id = d.entity_id "
        "where d.measure = 'invoiced_revenue' and d.change = 'posted' order by all",
    )
    posted_late = ask(
        nights.home,
        "select document_number, document_date, max(p.as_of_date) "
        "from core.fct_documents as d inner join meta.publications as p "
        "on p.as_of_date >= d.document_date and p.as_of_date < d.validated_date "
        "where d.is_issued and d.document_type in ('invoice', 'credit_note') "
        "group by all order by all",
    )
    assert len(listed) == 2
    assert listed == posted_late


def test_the_first_publication_of_a_company_has_no_differences(first_night: Home) -> None:
    assert ask(first_night, "select count(*) from kpi.as_of_differences") == [(0,)]


def test_late_orders_and_payments_that_moved_are_told_one_by_one(night: Home) -> None:
    before = figures(night, date(2026, 2, 15))
    exports = night.root / "exports"
    documents, lines = exports / "documents.csv", exports / "document_lines.csv"
    documents.write_text(
        documents.read_text() + "o9,acme,order,SO9,waiting,email,rossi,rossi,false,EUR,10,2,12,10,"
        "12,2026-02-10,2026-02-10 08:00:00,2026-02-10 09:00:00,,2026-03-20,,\n"
    )
    lines.write_text(lines.read_text() + "o9-1,o9,acme,1,product,bolt,10,1,10,10,\n")
    for name in ("payments.csv", "payment_allocations.csv"):
        table = exports / name
        table.write_text(table.read_text().replace("2026-02-12", "2026-02-14"))
    result = adv(night, "run", "--as-of", "2026-02-16")
    assert result.returncode == 0, result.stdout + result.stderr

    told = ask(
        night,
        "select measure, entity_id, business_date::varchar, change, amount::double "
        "from kpi.as_of_differences order by all",
    )
    assert told == [
        ("open_receivables", "small/i1-1", "2026-02-12", "withdrawn", 25),
        ("open_receivables", "small/i1-1", "2026-02-14", "posted", -25),
        ("order_book_to_deliver", "small/o9-1", "2026-02-10", "posted", 10),
        ("order_intake", "small/o9-1", "2026-02-10", "posted", 10),
    ]
    day = date(2026, 2, 15)
    assert added(before, late(night, day)) == restated_from_postings(night, day)

    # The same day once more: its own news is not late for it, and what was late stays told.
    documents.write_text(
        documents.read_text().replace(",10,2,12,10,12,2026-02-10,", ",10,2,12,10,12,2026-02-11,")
    )
    result = adv(night, "run", "--as-of", "2026-02-16")
    assert result.returncode == 0, result.stdout + result.stderr
    assert ask(night, "select as_of_date::varchar from meta.publications order by 1") == [
        ("2026-02-15",),
        ("2026-02-16",),
    ]
    assert added(before, late(night, day)) == restated_from_postings(night, day)
