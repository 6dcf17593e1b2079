"""Sage 100, whose documents change in place: a few days of a company, extracted night by night.

What the marts say is compared with a ledger of what the company did. Some of it no load could
see: an order older than the first extraction, one that came and went between two nights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingestion.embedded_postgres import stop_embedded_postgres
from ingestion.home import Home
from tests.command import adv
from tests.conftest import Parse
from tests.ingestion.postgres_server import Server
from tests.orchestration.conftest import ask
from tests.orchestration.sage100_company import (
    DAYS,
    Company,
    Known,
    at,
    statements,
    working_minutes,
    write_files,
)

BOOKS = ("to_deliver", "to_invoice")
SOURCES = """\
time_zones: [Europe/Paris]
sources:
  gescom:
    system: sage100
    {transport}
  given:
    system: contract
    transport: files
    path: ../given
"""
ACCOUNT_ROLES = """\
company_id,account_prefix,account_role,valid_from
ref/company/123456782,411,trade,2020-01-01
ref/company/123456782,707,sales,2020-01-01
"""

BOOK = """
    select as_of_date, book, sum(closing_amount_excl_tax)
    from kpi.order_book_daily where as_of_date >= '2026-03-01' group by all
"""


@dataclass
class Nights:
    """The installation after its last night, and what it had published after each."""

    home: Home
    company: Company
    books: dict[date, dict[tuple[date, str], Decimal]]


def install(home: Home, transport: str) -> None:
    given = home.root / "given"
    given.mkdir(parents=True)
    (given / "account_roles.csv").write_text(ACCOUNT_ROLES, encoding="utf-8")
    home.sources_file.parent.mkdir(parents=True)
    home.sources_file.write_text(SOURCES.format(transport=transport), encoding="utf-8")


def refresh(home: Home, day: date) -> None:
    result = adv(home, "run", "--as-of", day.isoformat())
    assert result.returncode == 0, result.stdout + result.stderr


def book(home: Home) -> dict[tuple[date, str], Decimal]:
    return {(day, name): amount for day, name, amount in ask(home, BOOK)}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[Nights]:
    """The company on PostgreSQL, extracted on each of its evenings."""
    home = Home(tmp_path_factory.mktemp("sage100"))
    install(home, "transport: postgres\n    embedded: ../postgres")
    parse(home, {"sage100", "contract"})
    server = Server(home.root / "postgres")
    company = Company()
    books = {}
    try:
        for day, live in DAYS:
            live(company)
            server.execute(*statements(company))
            refresh(home, day)
            books[day] = book(home)
    finally:
        stop_embedded_postgres(server.data)
    yield Nights(home, company, books)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[Nights]:
    """The same company, of which there is nothing but an export after its last day."""
    home = Home(tmp_path_factory.mktemp("sage100_files"))
    install(home, "transport: files\n    path: ../exports")
    parse(home, {"sage100", "contract"})
    company = Company()
    for _, live in DAYS:
        live(company)
    write_files(company, home.root / "exports")
    refresh(home, DAYS[-1][0])
    yield Nights(home, company, {DAYS[-1][0]: book(home)})


def utc(local: datetime | None) -> datetime | None:
    """What the marts call an instant of the company's clock."""
    if local is None:
        return None
    zoned = local.replace(tzinfo=ZoneInfo("Europe/Paris"))
    return zoned.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


@pytest.mark.parametrize("name", BOOKS)
def test_each_night_publishes_the_order_book_of_its_day(nights: Nights, name: str) -> None:
    published = {day: books.get((day, name)) for day, books in nights.books.items()}
    assert published == {day: nights.company.order_book(name, day) for day, _ in DAYS}


@pytest.mark.parametrize("name", BOOKS)
def test_the_last_night_restates_every_day_alike(nights: Nights, name: str) -> None:
    last = nights.books[DAYS[-1][0]]
    restated = {day: last.get((day, name)) for day, _ in DAYS}
    assert restated == {day: nights.company.order_book(name, day) for day, _ in DAYS}


def test_the_book_moves_by_what_the_company_did(nights: Nights) -> None:
    query = """
        select as_of_date, sum(new_amount_excl_tax), sum(amended_amount_excl_tax),
            sum(fulfilled_amount_excl_tax), sum(cancelled_amount_excl_tax)
        from kpi.order_book_daily
        where book = 'to_deliver' and as_of_date >= '2026-03-02' group by 1 order by 1
    """
    assert ask(nights.home, query) == [
        (
            day,
            *(nights.company.moved(kind, day) for kind in ("new", "amended", "delivered", "lost")),
        )
        for day, _ in DAYS
    ]


def test_blocked_orders_stay_in_the_book_and_are_told_apart(nights: Nights) -> None:
    query = """
        select sum(blocked_amount_excl_tax) from kpi.order_book_daily
        where book = 'to_deliver' and as_of_date = '2026-03-05'
    """
    assert ask(nights.home, query) == [(Decimal(480),)]


def test_a_document_of_every_stage_is_kept_whatever_became_of_it(nights: Nights) -> None:
    query = "select document_type, document_number, status from core.fct_documents order by all"
    assert ask(nights.home, query) == [
        ("credit_note", "FR0900", "settled"),
        ("delivery_note", "BL0900", "invoiced"),
        ("delivery_note", "BL0901", "invoiced"),
        ("delivery_note", "BL0902", "invoiced"),
        ("delivery_note", "BL1001", "shipped"),
        ("delivery_note", "BL1002", "invoiced"),
        ("delivery_note", "BL1003", "shipped"),
        ("delivery_note", "BL1004", "shipped"),
        ("invoice", "FA0900", "settled"),
        ("invoice", "FA0901", "invoiced"),
        ("invoice", "FA0902", "invoiced"),
        ("invoice", "FA1002", "invoiced"),
        ("order", "BC0900", "invoiced"),
        ("order", "BC0901", "invoiced"),
        ("order", "BC0902", "blocked"),
        ("order", "BC1001", "shipped"),
        ("order", "BC1002", "closed_short"),
        ("order", "BC1004", "shipped"),
        ("order", "BC1009", "cancelled"),
        ("preparation", "PL1001", "shipped"),
        ("return", "BR0900", "settled"),
    ]


def test_order_lines_know_what_was_delivered_invoiced_returned_and_dropped(nights: Nights) -> None:
    query = """
        select line.document_number, product.product_code, line.ordered_quantity,
            line.delivered_quantity, line.invoiced_quantity, line.returned_quantity,
            line.cancelled_quantity
        from core.fct_order_lines as line
        inner join core.dim_product as product using (product_id)
        order by 1, 2
    """
    assert ask(nights.home, query) == nights.company.order_lines()


def test_each_delivery_and_invoice_is_of_its_order(nights: Nights) -> None:
    query = """
        select document.document_number, sold.document_number
        from core.fct_deliveries as line
        inner join core.fct_documents as document using (document_id)
        inner join core.fct_documents as sold on line.order_id = sold.document_id
        union
        select line.document_number, sold.document_number
        from core.fct_invoice_lines as line
        inner join core.fct_documents as sold on line.order_id = sold.document_id
        order by all
    """
    assert ask(nights.home, query) == [
        *[("BL0900", "BC0900"), ("BL0901", "BC0901"), ("BL0902", "BC0901"), ("BL1001", "BC1001")],
        *[("BL1002", "BC1002"), ("BL1003", "BC1002"), ("BL1004", "BC1004"), ("BR0900", "BC0900")],
        *[("FA0900", "BC0900"), ("FA0901", "BC0901"), ("FA0902", "BC0901"), ("FA1002", "BC1002")],
        ("FR0900", "BC0900"),
    ]


LIVES = {
    "BC1001": [
        ("created", "03 09:00", "to_validate"),
        ("status_changed", "03 11:00", "waiting"),
        ("status_changed", "04 09:00", "in_preparation"),
        ("status_changed", "05 11:00", "shipped"),
    ],
    "BC1002": [
        ("created", "02 16:00", "to_validate"),
        ("status_changed", "03 10:00", "waiting"),
        ("status_changed", "04 14:00", "part_shipped"),
        ("status_changed", "05 10:00", "closed_short"),
    ],
    # Known since before it was seen: its hour, not that of its confirmation.
    "BC0902": [
        ("created", "02-25 14:00", "waiting"),
        ("credit_blocked", "05 10:30", "blocked"),
    ],
    # Nobody saw it before it was delivered: the line tells the day.
    "BC1004": [
        ("created", "04 00:00", "waiting"),
        ("status_changed", "04 15:30", "shipped"),
    ],
    # Deleted without a trace: by the last that Sage showed of itself before it was missed.
    "BC1009": [
        ("created", "02 10:00", "waiting"),
        ("deleted", "04 16:00", "cancelled"),
    ],
    "PL1001": [
        ("created", "04 09:00", "in_preparation"),
        ("status_changed", "05 11:00", "shipped"),
    ],
    "BL1002": [("created", "04 14:00", "shipped"), ("status_changed", "05 17:00", "invoiced")],
}


@pytest.mark.parametrize("number", LIVES)
def test_the_events_of_a_document_are_its_life(nights: Nights, number: str) -> None:
    query = f"""
        select event_type, occurred_at, to_status
        from core.fct_document_events
        inner join core.fct_documents using (document_id)
        where document_number = '{number}' and document_line_id is null order by occurred_at
    """
    assert ask(nights.home, query) == [
        (kind, utc(at(when)), status) for kind, when, status in LIVES[number]
    ]


def test_an_amendment_is_an_event_of_its_line_and_a_delivery_is_none(nights: Nights) -> None:
    query = """
        select document_number, occurred_at, from_value, to_value
        from core.fct_document_events inner join core.fct_documents using (document_id)
        where event_type = 'quantity_changed'
    """
    assert ask(nights.home, query) == [("BC0902", utc(at("03 14:00")), "50.0000", "60.0000")]


KNOWN = {
    "BC0900": Known(),
    "BC0901": Known(entered=True, shipped=True, invoiced=True),
    "BC0902": Known(entered=True),
    "BC1001": Known(entered=True, validated=True, shipped=True),
    "BC1002": Known(entered=True, validated=True, shipped=True, invoiced=True),
    "BC1004": Known(),
    "BC1009": Known(entered=True),
}
"""What of each order's times the loads could tell; the rest is unknown, and never guessed."""


def test_lead_times_are_those_of_the_company_or_unknown(nights: Nights) -> None:
    query = """
        select order_number, entered_at, validated_at, first_shipped_at, first_invoiced_at,
            validation_minutes, shipping_minutes, order_to_shipment_minutes,
            order_to_invoice_minutes
        from kpi.order_lead_times order by 1
    """
    expected = []
    for number, known in KNOWN.items():
        times = nights.company.orders[number].times(known)
        entered, validated, shipped, invoiced = times
        spans = [
            (entered, validated),
            (validated, shipped),
            (entered, shipped),
            (entered, invoiced),
        ]
        minutes = [working_minutes(start, end) if start and end else None for start, end in spans]
        expected.append((number, *map(utc, times), *minutes))
    assert ask(nights.home, query) == expected


def test_processing_time_counts_what_is_known(nights: Nights) -> None:
    query = """
        select orders, total_minutes, median_minutes from kpi.processing_time_monthly
        where stage = 'validation' and breakdown = 'all' and month_start = '2026-03-01'
    """
    orders = [nights.company.orders[number] for number, known in KNOWN.items() if known.validated]
    minutes = [working_minutes(o.entered, o.validated) for o in orders if o.validated]
    assert ask(nights.home, query) == [
        (len(minutes), sum(minutes), sum(minutes) / 2),
    ]


def test_open_items_are_what_is_owed(nights: Nights) -> None:
    query = """
        select document_number, account_role, company_open_amount
        from kpi.open_items inner join core.fct_documents using (document_id) order by 1
    """
    owed = {number: amount for number, amount in nights.company.owed.items() if amount}
    assert ask(nights.home, query) == [(n, "trade", a) for n, a in sorted(owed.items())]


def test_the_ledger_agrees_with_what_was_posted(nights: Nights) -> None:
    ledger = "select sum(amount) from core.fct_ledger_entries where account_role = 'trade'"
    unposted = ("FA0902", "FA1002")
    posted = sum(a for n, a in nights.company.owed.items() if n not in unposted)
    assert ask(nights.home, ledger) == [(posted,)]
    query = "select document_reference, difference_kind from meta.invoicing_differences order by 1"
    assert ask(nights.home, query) == [(number, "missing_in_ledger") for number in unposted]


def test_reminders_limits_and_blocks_are_kept(nights: Nights) -> None:
    reminders = "select action_date, level, amount from core.fct_dunning_actions"
    assert ask(nights.home, reminders) == [(date(2026, 3, 5), 1, Decimal(480))]
    limits = (
        "select count(*), sum(amount) from core.fct_credit_limits where limit_kind = 'internal'"
    )
    assert ask(nights.home, limits) == [(3, Decimal(15000))]


@pytest.mark.parametrize("name", BOOKS)
def test_one_export_tells_the_past_from_the_lines_that_are_left(
    exported: Nights, name: str
) -> None:
    found = exported.books[DAYS[-1][0]]
    told = {day: found.get((day, name)) for day, _ in DAYS}
    assert told == {
        day: exported.company.order_book(name, day, traces_only=True) for day, _ in DAYS
    }


def test_one_export_tells_the_same_items_and_no_time_that_it_cannot(exported: Nights) -> None:
    items = "select sum(company_open_amount) from kpi.open_items"
    assert ask(exported.home, items) == [(sum(exported.company.owed.values()),)]
    times = "select order_number, entered_at, validated_at from kpi.order_lead_times order by 1"
    assert ask(exported.home, times) == [
        *[("BC0900", None, None), ("BC0901", None, None)],
        ("BC0902", utc(at("02-25 14:00")), None),
        *[("BC1001", None, None), ("BC1002", None, None), ("BC1004", None, None)],
    ]


def test_missing_dates_are_empty(exported: Nights) -> None:
    path = next(Path(exported.home.landing, "gescom").glob("F_CREGLEMENT/*/rows.parquet"))
    import duckdb

    query = f"select count(*), count(RG_Impaye), count(RG_Date) from read_parquet('{path}')"
    assert duckdb.sql(query).fetchall() == [(2, 0, 2)]
