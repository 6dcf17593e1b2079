"""A real Tryton database and the accounting file it exported, on two nights.

There are two installations: one reads the database in PostgreSQL, the other in SQLite, where Tryton
stores amounts, days and durations otherwise. What is published must be the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.engine import connect
from ingestion.home import Home
from tests.command import adv
from tests.conftest import Parse
from tests.orchestration.test_rebuild import warehouse
from tests.orchestration.tryton import TrytonDatabase, copy_accounting_files

SOURCES = """\
time_zones: [Europe/Paris]
as_of_date: {as_of}
sources:
  erp:
    system: tryton
    overlap_minutes: 15
{reached}
  accounting:
    system: fec
    transport: fec
    path: ../fec
"""
REACHED = {
    "postgres": "    transport: postgres\n    embedded: ../postgres",
    "sqlite": "    transport: sqlite\n    path: ../tryton.sqlite",
}
OPEN_RECEIVABLES = Decimal("67573.68")
POSTED_UNPAID = Decimal("75468.09")
UNMATCHED_RECEIPTS = Decimal("7894.41")
PAID_THE_NEXT_DAY = Decimal("1645.70")
BOOKED_LATE = Decimal("15.05")
BOOKED_LATE_ON = date(2026, 11, 20)

THE_NEXT_DAY = Path(__file__).parent.parent / "data" / "tryton_next_day.sql"


@dataclass(frozen=True)
class Company:
    """The two systems, the warehouse that reads them, and what it published each night."""

    home: Home
    transport: str

    @property
    def database(self) -> TrytonDatabase:
        """Tryton's own."""
        return TrytonDatabase(self.home.root / "postgres")

    def tryton(self, query: str) -> list[tuple[object, ...]]:
        """Ask Tryton's database."""
        return self.database.ask(query)

    def night(self, as_of: str) -> Night:
        """Run the nightly job as of a day."""
        if self.transport == "sqlite":
            self.database.write_sqlite(self.home.root / "tryton.sqlite")
        sources = SOURCES.format(as_of=as_of, reached=REACHED[self.transport])
        self.home.sources_file.write_text(sources, encoding="utf-8")
        result = adv(self.home, "run")
        assert result.returncode == 0, result.stdout + result.stderr
        # Of its own name: the views in it name the database that they are in.
        kept = self.home.root / "kept" / as_of / self.home.warehouse.name
        kept.parent.mkdir(parents=True)
        shutil.copy(self.home.warehouse, kept)
        return Night(self, as_of, self.home.marts.resolve(), kept)


@dataclass(frozen=True)
class Night:
    """What one night published, the warehouse it was made in, and the source it was read from."""

    company: Company
    as_of: str
    marts: Path
    warehouse: Path

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the published marts."""
        return rows_of(self.marts, query)


def rows_of(database: Path, query: str) -> list[tuple[Any, ...]]:
    connection = connect(database, read_only=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def rounded(amount: Decimal) -> Decimal:
    """To the cent, halves to the even one, as Tryton does."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[list[Company]]:
    found = [Company(Home(tmp_path_factory.mktemp(name)), name) for name in REACHED]
    for company in found:
        company.database.restore()
        company.home.sources_file.parent.mkdir(parents=True)
        parse(company.home, {"tryton", "fec"})
        copy_accounting_files(company.home.root / "fec")
        # Employees' pseudonyms are made with the installation's key.
        company.home.pseudonym_key.write_text("00" * 32, encoding="ascii")
    yield found
    for company in found:
        company.database.stop()


@pytest.fixture(scope="module")
def firsts(companies: list[Company]) -> dict[str, Night]:
    return {company.transport: company.night("2026-11-22") for company in companies}


@pytest.fixture(scope="module")
def seconds(firsts: dict[str, Night]) -> dict[str, Night]:
    found = {}
    for transport, night in firsts.items():
        night.company.database.psql(THE_NEXT_DAY.read_text(encoding="utf-8"))
        found[transport] = night.company.night("2026-11-23")
    return found


@pytest.fixture(params=sorted(REACHED))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def first(transport: str, firsts: dict[str, Night]) -> Night:
    """The night after the dump was made."""
    return firsts[transport]


@pytest.fixture
def second(transport: str, seconds: dict[str, Night]) -> Night:
    """The night after the next day."""
    return seconds[transport]


def test_open_receivables_are_the_unpaid_invoices_less_what_was_received_on_them(
    first: Night,
) -> None:
    dates = "is_latest or as_of_date = '1997-02-28'"
    by_date = f"select sum(company_open_amount) from kpi.aging where {dates} group by as_of_date"
    assert first.ask(by_date) == [(OPEN_RECEIVABLES,)] * 2
    unpaid = """
        from core.fct_instalments as i join core.fct_documents as d using (document_id)
        where d.status = 'invoiced'
    """
    assert first.ask(f"select sum(i.company_amount_to_pay) {unpaid}") == [(POSTED_UNPAID,)]
    received = f"""
        select sum(company_amount) from core.fct_payment_allocations
        where instalment_id in (select i.instalment_id {unpaid})
    """
    assert first.ask(received) == [(UNMATCHED_RECEIPTS,)]
    assert POSTED_UNPAID - UNMATCHED_RECEIPTS == OPEN_RECEIVABLES


def test_receivables_of_each_customer_are_those_of_the_account(first: Night) -> None:
    open_lines = """
        select p.code, sum(l.debit - l.credit)::numeric(18, 4)
        from account_move_line as l
        join account_account as a on a.id = l.account
        join party_party as p on p.id = l.party
        where a.code = '4111' and l.reconciliation is null
        group by p.code having sum(l.debit - l.credit) <> 0
    """
    aging = """
        select c.customer_number, sum(a.company_open_amount)
        from kpi.aging as a join core.dim_customer as c using (customer_id)
        where a.is_latest group by 1
    """
    assert sorted(first.ask(aging)) == sorted(first.company.tryton(open_lines))


def account_on_every_day(night: Night) -> list[tuple[object, ...]]:
    """What each customer owes by the account on each day: whatever was entered up to then."""
    return night.company.tryton(
        f"""
        select d::date as day, 'erp/party.party/' || l.party as customer,
            sum(l.debit - l.credit)::numeric(18, 4) as amount
        from account_move_line as l
        join account_account as a on a.id = l.account
        join account_move as m on m.id = l.move
        join generate_series('1996-07-01', '{night.as_of}', interval '1 day') as d on m.date <= d
        where a.code = '4111' and m.state = 'posted'
        group by 1, 2 having sum(l.debit - l.credit) <> 0
        order by 1, 2
        """
    )


def receivables_on_every_day(night: Night) -> list[tuple[Any, ...]]:
    """What each customer owes on each day, by the intervals that the marts are made of."""
    return rows_of(
        night.warehouse,
        f"""
        select day::date, customer_id, sum(company_open_amount)::decimal(18, 4)
        from intermediate.int_receivable_intervals
        join generate_series(date '1996-07-01', date '{night.as_of}', interval 1 day) as d (day)
            on day >= valid_from and (day <= valid_to or valid_to is null)
        group by 1, 2 having sum(company_open_amount) <> 0
        order by 1, 2
        """,
    )


def total(balances: list[tuple[object, ...]], day: date) -> Decimal:
    return sum((Decimal(str(amount)) for on, _, amount in balances if on == day), Decimal(0))


def test_receivables_of_every_day_are_those_of_the_account(first: Night) -> None:
    published = receivables_on_every_day(first)
    assert len({day for day, *_ in published}) > 11_000
    assert total(published, date(2026, 11, 22)) == OPEN_RECEIVABLES
    assert published == account_on_every_day(first)


def test_documents_have_the_statuses_of_the_database(first: Night) -> None:
    counted = """
        select document_type, status, count(*) from core.fct_documents
        where document_type in ('quote', 'invoice', 'credit_note', 'delivery_note', 'return')
        group by all order by all
    """
    assert first.ask(counted) == [
        ("credit_note", "invoiced", 11),
        ("delivery_note", "shipped", 182),
        ("invoice", "draft", 4),
        ("invoice", "invoiced", 42),
        ("invoice", "settled", 137),
        ("quote", "cancelled", 5),
        ("quote", "draft", 7),
        ("quote", "waiting", 6),
        ("return", "settled", 5),
    ]
    preparations = """
        select status, count(*) from core.fct_documents
        where document_type = 'preparation' group by 1 order by 1
    """
    assert first.ask(preparations) == [("shipped", 182), ("waiting", 23)]
    assert first.ask("select count(*) from core.fct_claims") == [(19,)]
    assert first.ask("select count(*) from core.fct_dunning_actions") == [(13,)]


def test_every_line_of_a_confirmed_sale_has_its_quantity_and_amount(first: Night) -> None:
    lines = """
        select 'erp/sale.line/' || l.id, l.quantity::numeric(18, 4), l.unit_price::numeric(18, 4)
        from sale_line as l join sale_sale as s on s.id = l.sale
        where s.state in ('confirmed', 'processing', 'done')
    """
    expected = sorted(
        (str(line), quantity, rounded(Decimal(str(quantity)) * Decimal(str(price))))
        for line, quantity, price in first.company.tryton(lines)
    )
    ordered = "select order_line_id, ordered_quantity, amount_excl_tax from core.fct_order_lines"
    assert len(expected) == 492
    assert sorted(first.ask(ordered)) == expected


def test_lines_add_up_to_the_totals_that_tryton_computed(first: Night) -> None:
    totals = """
        select 'erp/sale.sale/' || id, untaxed_amount_cache::numeric(18, 4) from sale_sale
        where state in ('confirmed', 'processing', 'done')
    """
    lines = "select order_id, sum(amount_excl_tax) from core.fct_order_lines group by 1"
    assert sorted(first.ask(lines)) == sorted(first.company.tryton(totals))
    totals = """
        select 'erp/account.invoice/' || id, untaxed_amount_cache::numeric(18, 4)
        from account_invoice where untaxed_amount_cache is not null
    """
    lines = """
        select document_id, sum(net_amount_excl_tax) from core.fct_invoice_lines
        where is_issued group by 1
    """
    assert sorted(first.ask(lines)) == sorted(first.company.tryton(totals))


def test_an_offer_is_worth_its_lines(first: Night) -> None:
    lines = """
        select 'erp/sale.quotation/' || s.id,
            l.quantity::numeric(18, 4), l.unit_price::numeric(18, 4)
        from sale_line as l join sale_sale as s on s.id = l.sale
        where s.state in ('draft', 'quotation', 'cancelled')
    """
    expected: dict[str, Decimal] = {}
    for sale, quantity, price in first.company.tryton(lines):
        amount = rounded(Decimal(str(quantity)) * Decimal(str(price)))
        expected[str(sale)] = expected.get(str(sale), Decimal(0)) + amount
    offers = """
        select document_id, amount_excl_tax from core.fct_documents where document_type = 'quote'
    """
    assert sorted(first.ask(offers)) == sorted(expected.items())
    counted = "select sum(line_count) from core.fct_documents where document_type = 'quote'"
    assert first.ask(counted) == [(537 - 492,)]


def test_partial_deliveries_are_those_of_the_database(first: Night) -> None:
    split = "select count(*) from core.fct_order_lines where delivery_count > 1 or is_backorder"
    assert first.ask(split) == [(23,)]
    open_lines = """
        select 'erp/sale.line/' || l.id, (l.quantity - coalesce(m.done, 0))::numeric(18, 4)
        from sale_line as l
        join sale_sale as s on s.id = l.sale
        left join (
            select origin, sum(quantity) as done from stock_move where state = 'done' group by 1
        ) as m on m.origin = 'sale.line,' || l.id
        where s.state in ('confirmed', 'processing') and l.quantity > coalesce(m.done, 0)
    """
    book = "select order_line_id, open_quantity from core.fct_order_lines where open_quantity > 0"
    assert sorted(first.ask(book)) == sorted(first.company.tryton(open_lines))


def test_a_sale_recorded_long_after_its_day_happened_on_its_day(first: Night) -> None:
    entered = "select count(entered_at) from core.fct_documents where document_type = 'order'"
    assert first.ask(entered) == [(0,)]
    first_order = """
        select event_type, origin, to_status, cast(occurred_date as varchar)
        from core.fct_document_events where document_id = 'erp/sale.sale/1' order by occurred_at
    """
    shipped, paid = first.company.tryton(
        """
        select max(m.effective_date)::text as shipped, max(r.date)::text as paid
        from sale_line as l
        join stock_move as m on m.origin = 'sale.line,' || l.id
        join account_invoice_line as i on i.origin = 'sale.line,' || l.id
        join account_invoice as v on v.id = i.invoice
        join account_move_line as p on p.move = v.move
        join account_move_line as q on q.reconciliation = p.reconciliation
        join account_move as r on r.id = q.move
        where l.sale = 1
        """
    )[0]
    events = first.ask(first_order)
    assert events[0] == ("status_changed", "derived", "waiting", "1996-07-04")
    assert ("status_changed", "derived", "settled", paid) in events
    assert {event[3] for event in events} <= {"1996-07-04", shipped, paid}


def test_a_return_names_the_order_line_that_had_delivered_the_goods(first: Night) -> None:
    returned = """
        select order_line_id, returned_quantity, credited_quantity from core.fct_order_lines
        where returned_quantity > 0 order by 1
    """
    lines = """
        select 'erp/sale.line/' || split_part(c.origin, ',', 2), 1.0000 as back, 1.0 as paid
        from sale_complaint as c join sale_complaint_action as a on a.complaint = c.id
        join sale_sale as s on a.result = 'sale.sale,' || s.id
        where s.state <> 'draft' order by 1
    """
    assert first.ask(returned) == first.company.tryton(lines)


def test_the_accounting_file_tells_the_same(first: Night) -> None:
    compared = """
        select as_of_date, sum(erp_amount), sum(ledger_amount), bool_and(ties_out)
        from meta.receivables_reconciliation group by 1 order by 1
    """
    months = first.ask(compared)
    assert len(months) == 8
    assert all(erp == ledger and ties_out for _, erp, ledger, ties_out in months)
    assert months[-1][1] == OPEN_RECEIVABLES
    assert first.ask("select * from meta.receivables_differences") == []
    assert first.ask("select * from meta.invoicing_differences") == []
    assert first.ask("select * from meta.unresolved_references") == []
    # The file leaves out lines of zero and repeats the balances of 1996 as entries of opening.
    told = "select count(*), count(*) filter (is_opening) from core.fct_ledger_entries"
    (lines, opening) = first.ask(told)[0]
    (booked,) = first.company.tryton(
        "select count(*) from account_move_line where debit <> 0 or credit <> 0"
    )[0]
    assert (lines, opening) == (1185, 35)
    assert booked == 1185 - 35
    balance = "select sum(debit), sum(credit) from core.fct_ledger_entries where not is_opening"
    assert first.ask(balance) == [(Decimal("515556.52"), Decimal("515556.52"))]


def test_the_next_day_is_told_and_the_day_before_stays_as_it_was(second: Night) -> None:
    latest = "select sum(company_open_amount) from kpi.aging where is_latest"
    assert second.ask(latest) == [(OPEN_RECEIVABLES - PAID_THE_NEXT_DAY - BOOKED_LATE,)]
    before = "select sum(company_open_amount) from kpi.aging where as_of_date = '2026-10-31'"
    assert second.ask(before) == [(OPEN_RECEIVABLES,)]
    invoices = """
        select status, count(*) from core.fct_documents
        where document_type in ('invoice', 'credit_note') group by 1 order by 1
    """
    assert second.ask(invoices) == [("draft", 4), ("invoiced", 52), ("settled", 138)]
    assert second.ask("select count(*) from core.fct_claims") == [(20,)]


def test_receivables_of_every_day_are_restated_by_what_was_booked_late(
    transport: str, firsts: dict[str, Night], seconds: dict[str, Night]
) -> None:
    first, second = firsts[transport], seconds[transport]
    published, restated = receivables_on_every_day(first), receivables_on_every_day(second)
    assert restated == account_on_every_day(second)
    assert [row for row in restated if row[0] < BOOKED_LATE_ON] == [
        row for row in published if row[0] < BOOKED_LATE_ON
    ]
    for number in range(3):
        day = BOOKED_LATE_ON + timedelta(days=number)
        assert total(published, day) == OPEN_RECEIVABLES
        assert total(restated, day) == OPEN_RECEIVABLES - BOOKED_LATE
    last = total(restated, date(2026, 11, 23))
    assert last == OPEN_RECEIVABLES - BOOKED_LATE - PAID_THE_NEXT_DAY


def test_a_partial_shipment_and_a_cancelled_sale_leave_the_book_on_their_day(
    first: Night, second: Night
) -> None:
    book = """
        select as_of_date::varchar, sum(closing_amount_excl_tax) from kpi.order_book_daily
        where book = 'to_deliver' and as_of_date >= '2026-11-22' group by 1 order by 1
    """
    as_published = first.ask(book)
    restated = second.ask(book)
    assert restated[0] == as_published[0]
    amount = """
        select company_amount_excl_tax from core.fct_order_lines
        where order_line_id = 'erp/sale.line/475'
    """
    ((shipped,),) = second.ask(amount)
    assert isinstance(shipped, Decimal)
    entered = Decimal("36.00")
    assert restated[1] == ("2026-11-23", restated[0][1] - shipped - Decimal("914.40") + entered)
    line = """
        select order_status, delivered_quantity, open_quantity from core.fct_order_lines
        where order_line_id in ('erp/sale.line/475', 'erp/sale.line/476') order by order_line_id
    """
    assert second.ask(line) == [
        ("part_shipped", Decimal(14), Decimal(0)),
        ("part_shipped", Decimal(0), Decimal(20)),
    ]
    cancelled = """
        select status, cancelled_date::varchar from core.fct_documents
        where document_id = 'erp/sale.sale/206'
    """
    assert second.ask(cancelled) == [("cancelled", "2026-11-23")]
    logged = """
        select from_status, to_status, origin from core.fct_document_events
        where document_id = 'erp/sale.sale/206' order by occurred_at desc limit 1
    """
    assert second.ask(logged) == [("waiting", "cancelled", "source")]


def test_a_deleted_draft_is_gone_and_was_there_the_day_before(first: Night, second: Night) -> None:
    draft = "select count(*) from core.fct_documents where document_id = 'erp/sale.quotation/30'"
    assert first.ask(draft) == [(1,)]
    assert second.ask(draft) == [(0,)]


def test_a_sale_recorded_on_its_day_keeps_the_instants_and_people_of_its_log(second: Night) -> None:
    order = """
        select entered_at::varchar, validated_at::varchar, status, agent_id,
            first_confirmed_date::varchar
        from core.fct_documents where document_id = 'erp/sale.sale/9001'
    """
    assert second.ask(order) == [
        (
            *("2026-11-23 08:00:00", "2026-11-23 08:20:00"),
            *("waiting", "erp/company.employee/5", "2026-12-01"),
        )
    ]
    events = """
        select occurred_at::varchar, to_status, employee_id, origin from core.fct_document_events
        where document_id = 'erp/sale.sale/9001'
    """
    assert second.ask(events) == [
        ("2026-11-23 08:20:00", "waiting", "erp/company.employee/5", "source")
    ]


SAME_WHEREVER_IT_IS_READ_FROM = ("raw", "staging", "intermediate", "core", "kpi")


def everything(night: Night) -> dict[str, Counter[str]]:
    """All rows of the warehouse and of the marts, with loads named by their order."""
    loads = "select distinct load_id::varchar from control.loads order by 1"
    orders = [str(load) for (load,) in rows_of(night.warehouse, loads)]
    found: dict[str, Counter[str]] = {}
    for database in (night.warehouse, night.marts):
        connection = connect(database, read_only=True)
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where table_schema in {SAME_WHEREVER_IT_IS_READ_FROM}"
        ).fetchall()
        for (table,) in tables:
            # The instant of a load is another one.
            query = f"select columns(lambda name: name <> 'known_at') from {table}"
            rows = Counter(map(repr, connection.execute(query).fetchall()))
            for number, load in enumerate(orders, start=1):
                rows = Counter({row.replace(load, f"load {number}"): n for row, n in rows.items()})
            found[table] = rows
        connection.close()
    return found


@pytest.mark.parametrize("night", ["firsts", "seconds"])
def test_every_table_is_the_same_from_postgresql_and_from_sqlite(
    night: str, request: pytest.FixtureRequest
) -> None:
    nights: dict[str, Night] = request.getfixturevalue(night)
    from_postgres, from_sqlite = (everything(nights[name]) for name in ("postgres", "sqlite"))
    assert len(from_postgres) > 200
    assert sum(rows.total() for rows in from_postgres.values()) > 250_000
    assert from_postgres.keys() == from_sqlite.keys()
    assert [table for table in from_postgres if from_postgres[table] != from_sqlite[table]] == []


def test_the_second_night_reads_windows_and_finds_what_changed(second: Night) -> None:
    read = """
        select sum(rows_added), sum(rows_changed), sum(rows_deleted),
            sum(rows_extracted) < sum(rows_current)
        from meta.loads
        where load_id = (select max(load_id) from meta.loads) and source_id = 'erp'
    """
    assert second.ask(read) == [(16, 7, 3, True)]


def test_raw_comes_back_from_the_landing_zone_row_for_row(second: Night) -> None:
    home = second.company.home
    result = adv(home, "rebuild", "--replace")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 loads" in result.stdout
    before = warehouse(Home(second.warehouse.parent))
    versions = before["raw.tryton__account_invoice"]
    assert len(versions) == 195
    assert warehouse(home) == before
