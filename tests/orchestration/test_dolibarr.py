"""Dolibarr: its own demo of version 3.5 on MariaDB, and a small company in today's schema.

One night reads both. What it says of the demo is what plain SQL on MariaDB says; what it says of
the small company was worked out by hand. That one is on PostgreSQL: `tests/ingestion/test_dolibarr`
sees to it that MariaDB gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.embedded_postgres import stop_embedded_postgres
from ingestion.engine import connect
from ingestion.home import Home
from tests.command import adv
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.postgres_server import Server
from tests.orchestration.dolibarr import create_today_in_postgres, restore_dump

SOURCES = """\
time_zones: [Europe/Paris]
as_of_date: 2026-06-30
sources:
  demo:
    system: dolibarr
    transport: mariadb
    connection: {{host: {socket}, database: dolibarr_demo, user: root}}
  today:
    system: dolibarr
    transport: postgres
    embedded: ../postgres
"""

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Night:
    """What one night read and published."""

    home: Home
    server: MariadbServer

    def ask(self, query: str) -> Rows:
        """Rows of the contract, as `intermediate`, and of the marts."""
        connection = connect(self.home.warehouse, read_only=True)
        try:
            connection.execute(f"attach '{self.home.marts.resolve()}' as marts (read_only)")
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def demo(self, query: str) -> list[tuple[str, ...]]:
        """What the demo's own database says."""
        return self.server.ask(f"use dolibarr_demo; {query}")


@pytest.fixture(scope="module")
def night(mariadb: MariadbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    restore_dump(mariadb, "dolibarr_demo")
    home = Home(tmp_path_factory.mktemp("dolibarr"))
    postgres = home.root / "postgres"
    try:
        create_today_in_postgres(Server(postgres))
        home.sources_file.parent.mkdir(parents=True)
        home.sources_file.write_text(SOURCES.format(socket=mariadb.socket), encoding="utf-8")
        result = adv(home, "run")
    finally:
        stop_embedded_postgres(Path(postgres))
    assert result.returncode == 0, result.stdout + result.stderr
    yield Night(home, mariadb)


def said(rows: Rows) -> list[tuple[str, ...]]:
    """Rows as MariaDB's client writes them."""
    return [tuple("NULL" if value is None else str(value) for value in row) for row in rows]


def test_the_demo_has_its_quotes_orders_and_shipments(night: Night) -> None:
    counted = """
        select document_type, count(*) from intermediate.int_documents
        where source_id = 'demo' and document_type in ('quote', 'order', 'delivery_note')
        group by all order by all
    """
    expected = """
        select 'delivery_note', count(*) from llx_expedition
        union all select 'order', count(*) from llx_commande
        union all select 'quote', count(*) from llx_propal
    """
    assert said(night.ask(counted)) == night.demo(expected)
    assert night.ask(counted) == [("delivery_note", 2), ("order", 7), ("quote", 11)]


def test_the_demo_has_its_invoices_by_type_and_state(night: Night) -> None:
    counted = """
        select document_type, source_status, count(*), sum(company_amount_incl_tax)
        from intermediate.int_documents where source_id = 'demo'
        and document_type in ('invoice', 'credit_note', 'deposit_invoice')
        group by all order by all
    """
    expected = """
        select case type when 2 then 'credit_note' when 3 then 'deposit_invoice' else 'invoice' end,
            fk_statut, count(*), cast(sum(if(type = 2, -1, 1) * total_ttc) as decimal(18, 4))
        from llx_facture group by 1, 2 order by 1, 2
    """
    found = night.ask(counted)
    assert said(found) == night.demo(expected)
    assert sum(int(str(row[2])) for row in found) == 52


def test_the_demos_documents_are_worth_their_lines(night: Night) -> None:
    lines = """
        select document_id, sum(company_amount_excl_tax) from intermediate.int_document_lines
        where source_id = 'demo' and document_id like '%facture/%' group by 1 order by 1
    """
    expected = """
        select concat('demo/facture/', d.fk_facture),
            cast(sum(if(f.type = 2, -1, 1) * d.total_ht) as decimal(18, 4))
        from llx_facturedet as d join llx_facture as f on f.rowid = d.fk_facture
        group by 1 order by 1
    """
    assert said(night.ask(lines)) == night.demo(expected)


def test_the_demos_documents_follow_one_another(night: Night) -> None:
    linked = """
        select generated_from_document_id, document_id from intermediate.int_documents
        where source_id = 'demo' and generated_from_document_id is not null order by all
    """
    # The nearest one: an invoice of a shipment is not one of its order. Contracts are not read.
    expected = """
        select concat('demo/', replace(sourcetype, 'shipping', 'expedition'), '/', fk_source) as a,
            concat('demo/', replace(targettype, 'shipping', 'expedition'), '/', fk_target) as b
        from llx_element_element where sourcetype <> 'contrat' order by 1, 2
    """
    assert said(night.ask(linked)) == night.demo(expected)
    assert len(night.ask(linked)) == 12


def test_a_line_of_an_invoice_names_the_line_of_the_order_behind_its_shipment(night: Night) -> None:
    lines = """
        select document_id, order_line_id from intermediate.int_document_lines
        where source_id = 'demo' and order_line_id is not null and document_id like '%facture/%'
        order by all
    """
    # Invoices 154 and 155 were made from the shipment too, and their only line says something else.
    assert night.ask(lines) == [
        *((f"demo/facture/{invoice}", "demo/commandedet/10") for invoice in (153, 156)),
        *(("demo/facture/157", f"demo/commandedet/{line}") for line in (13, 16, 17)),
    ]


def test_the_demos_payments_are_allocated_to_the_cent(night: Night) -> None:
    allocated = """
        select payment_id, instalment_id, amount from intermediate.int_payment_allocations
        where source_id = 'demo' order by all
    """
    expected = """
        select concat('demo/paiement/', p.fk_paiement), concat('demo/facture/', p.fk_facture, '/1'),
            cast(if(f.type = 2, -1, 1) * p.amount as decimal(18, 4))
        from llx_paiement_facture as p join llx_facture as f on f.rowid = p.fk_facture
        order by 1, 2, 3
    """
    assert said(night.ask(allocated)) == night.demo(expected)
    received = (
        "select count(*), sum(amount) from intermediate.int_payments where source_id = 'demo'"
    )
    expected = "select count(*), cast(sum(amount) as decimal(18, 4)) from llx_paiement"
    assert said(night.ask(received)) == night.demo(expected)
    assert night.ask(received)[0][0] == 15


def test_the_demos_customers_owe_what_was_invoiced_and_not_paid(
    night: Night,
) -> None:
    owed = """
        select customer_id, sum(company_open_amount) from marts.kpi.aging
        where is_latest and customer_id like 'demo/%' group by 1 order by 1
    """
    expected = """
        select concat('demo/societe/', f.fk_soc) as customer,
            cast(sum(f.total_ttc - coalesce(p.paid, 0)) as decimal(18, 4)) as owed
        from llx_facture as f left join (
            select fk_facture, sum(amount) as paid from llx_paiement_facture group by 1
        ) as p on p.fk_facture = f.rowid
        where f.fk_statut > 0 group by 1
        having abs(sum(f.total_ttc - coalesce(p.paid, 0))) > 0.005 order by 1
    """
    assert said(night.ask(owed)) == night.demo(expected)


def contract(night: Night, table: str, *columns: str, where: str = "true") -> Rows:
    """What the contract says of the small company, in the names of Dolibarr's own rows."""
    found = night.ask(
        f"select {', '.join(columns)} from intermediate.int_{table} "
        f"where source_id = 'today' and {where} order by all"
    )
    return [
        tuple(v.removeprefix("today/") if isinstance(v, str) else v for v in row) for row in found
    ]


def plain(rows: Rows) -> list[tuple[str, ...]]:
    """Numbers without the zeros that their type adds, days and instants as text."""
    return [
        tuple(
            f"{value.normalize():f}" if isinstance(value, Decimal) else str(value) for value in row
        )
        for row in rows
    ]


def test_a_deposit_is_deducted_by_a_line_or_used_as_a_payment(night: Night) -> None:
    deposits = contract(
        night,
        "documents",
        "document_id",
        "amount_incl_tax",
        where="document_type = 'deposit_invoice'",
    )
    assert plain(deposits) == [("facture/1", "300"), ("facture/3", "120")]
    lines = contract(
        night,
        "document_lines",
        "document_line_id",
        "line_type",
        "amount_excl_tax",
        where="document_id in ('today/facture/1', 'today/facture/2')",
    )
    assert plain(lines) == [
        ("facturedet/30", "deposit", "250"),
        ("facturedet/31", "product", "400"),
        ("facturedet/32", "service", "400"),
        ("facturedet/33", "deposit", "-250"),
    ]


def test_what_settles_an_invoice_has_its_kind(night: Night) -> None:
    allocations = contract(
        night,
        "payment_allocations",
        "instalment_id",
        "allocation_kind",
        "payment_id",
        "credit_instalment_id",
        "effective_date",
        "amount",
        "company_amount",
    )
    assert plain(allocations) == [
        ("facture/1/1", "cash", "paiement/1", "None", "2026-06-05", "300", "300"),
        ("facture/11/1", "cash", "paiement/4", "None", "2026-06-10", "180", "180"),
        ("facture/12/1", "cash", "paiement/6", "None", "2026-06-25", "66", "60"),
        ("facture/3/1", "cash", "paiement/2", "None", "2026-06-06", "120", "120"),
        ("facture/4/1", "credit_note", "None", "facture/5/1", "2026-06-18", "60", "60"),
        ("facture/4/1", "deposit", "None", "None", "2026-06-10", "120", "120"),
        ("facture/7/1", "write_off", "None", "None", "2026-06-20", "240", "240"),
        ("facture/8/1", "cash", "paiement/3", "None", "2026-05-12", "95", "95"),
        ("facture/8/1", "early_payment_discount", "None", "None", "2026-05-12", "5", "5"),
    ]


def test_an_instalment_is_the_whole_invoice_and_a_replaced_one_has_none(night: Night) -> None:
    instalments = contract(
        night, "instalments", "document_id", "due_date", "currency_code", "amount_to_pay"
    )
    assert plain(instalments) == [
        ("facture/1", "2026-06-02", "EUR", "300"),
        ("facture/10", "2026-07-09", "EUR", "36"),
        ("facture/11", "2026-06-10", "EUR", "180"),
        ("facture/12", "2026-07-22", "USD", "132"),
        ("facture/2", "2026-07-15", "EUR", "660"),
        ("facture/3", "2026-06-03", "EUR", "120"),
        ("facture/4", "2026-07-31", "EUR", "600"),
        ("facture/5", "2026-06-17", "EUR", "-60"),
        ("facture/6", "2026-06-19", "EUR", "-24"),
        ("facture/7", "2026-06-03", "EUR", "240"),
        ("facture/8", "2026-06-04", "EUR", "100"),
    ]


def test_a_rejected_direct_debit_is_a_bounce_and_no_payment_of_its_own(night: Night) -> None:
    rejections = contract(
        night, "payment_rejections", "payment_id", "instalment_id", "rejected_on", "amount"
    )
    assert plain(rejections) == [("paiement/4", "facture/11/1", "2026-06-14", "180")]
    payments = contract(
        night, "payments", "payment_id", "payment_method", "currency_code", "amount", "is_deposit"
    )
    assert plain(payments) == [
        ("paiement/1", "transfer", "EUR", "300", "True"),
        ("paiement/2", "cheque", "EUR", "120", "True"),
        ("paiement/3", "transfer", "EUR", "95", "False"),
        ("paiement/4", "direct_debit", "EUR", "180", "False"),
        ("paiement/6", "transfer", "USD", "66", "False"),
    ]


def test_what_is_open_of_each_invoice_is_what_was_worked_out(night: Night) -> None:
    still_open = """
        select document_id, sum(company_open_amount) from marts.kpi.open_items
        where is_latest and company_id = 'today/entity/1' group by 1 order by 1
    """
    assert plain(night.ask(still_open)) == [
        ("today/facture/10", "36"),
        ("today/facture/11", "180"),
        ("today/facture/12", "60"),
        ("today/facture/2", "660"),
        ("today/facture/4", "420"),
        ("today/facture/6", "-24"),
    ]


def test_documents_have_their_types_states_and_channels(night: Night) -> None:
    documents = contract(
        night,
        "documents",
        "document_id",
        "document_type",
        "status",
        "channel",
        "corrects_document_id",
    )
    assert plain(documents) == [
        ("commande/1", "order", "part_shipped", "email", "None"),
        ("expedition/1", "delivery_note", "shipped", "generated", "None"),
        ("expedition/2", "delivery_note", "draft", "generated", "None"),
        ("facture/1", "deposit_invoice", "settled", "manual", "None"),
        ("facture/10", "invoice", "invoiced", "manual", "None"),
        ("facture/11", "invoice", "invoiced", "manual", "None"),
        ("facture/12", "invoice", "invoiced", "manual", "None"),
        ("facture/13", "invoice", "draft", "manual", "None"),
        ("facture/2", "invoice", "invoiced", "generated", "None"),
        ("facture/3", "deposit_invoice", "settled", "manual", "None"),
        ("facture/4", "invoice", "invoiced", "manual", "None"),
        ("facture/5", "credit_note", "settled", "generated", "facture/4"),
        ("facture/6", "credit_note", "settled", "generated", "facture/4"),
        ("facture/7", "invoice", "settled", "manual", "None"),
        ("facture/8", "invoice", "settled", "manual", "None"),
        ("facture/9", "invoice", "cancelled", "manual", "None"),
        ("propal/1", "quote", "settled", "manual", "None"),
    ]


def test_a_part_shipment_leaves_the_rest_in_the_order_book(night: Night) -> None:
    lines = """
        select order_line_id, ordered_quantity, delivered_quantity, open_quantity, invoiced_quantity
        from marts.core.fct_order_lines where company_id = 'today/entity/1' order by 1
    """
    assert plain(night.ask(lines)) == [
        ("today/commandedet/11", "60", "40", "20", "40"),
        ("today/commandedet/12", "4", "0", "0", "4"),
    ]


def test_instants_are_told_in_utc_and_by_whom(night: Night) -> None:
    events = contract(
        night,
        "document_events",
        "document_id",
        "occurred_at",
        "event_type",
        "to_status",
        "employee_id",
        where="document_id in ('today/commande/1', 'today/facture/2')",
    )
    assert plain(events) == [
        ("commande/1", "2026-06-01 13:00:00", "created", "to_validate", "user/1"),
        ("commande/1", "2026-06-02 07:30:00", "status_changed", "waiting", "user/1"),
        ("commande/1", "2026-06-12 12:00:00", "status_changed", "part_shipped", "None"),
        ("facture/2", "2026-06-15 08:00:00", "created", "draft", "user/1"),
        ("facture/2", "2026-06-15 09:30:00", "status_changed", "invoiced", "user/1"),
        ("facture/2", "2026-06-15 10:00:00", "sent", "None", "user/1"),
    ]


def test_tickets_are_claims_and_calls_are_interactions(night: Night) -> None:
    claims = contract(
        night,
        "claims",
        "claim_id",
        "status",
        "reason",
        "channel",
        "document_id",
        "first_response_at",
        "closed_at",
    )
    assert plain(claims) == [
        (
            *("ticket/1", "closed", "quality", "email", "facture/2"),
            *("2026-06-17 07:00:00", "2026-06-18 14:00:00"),
        ),
        ("ticket/2", "waiting_customer", "other", "unknown", "None", "None", "None"),
    ]
    events = contract(night, "claim_events", "claim_id", "event_type", "to_status")
    assert plain(events) == [
        ("ticket/1", "closed", "closed"),
        ("ticket/1", "opened", "new"),
        ("ticket/1", "responded", "None"),
        ("ticket/2", "opened", "new"),
        ("ticket/2", "status_changed", "waiting_customer"),
    ]
    calls = contract(night, "interactions", "interaction_type", "topic", "document_id", "minutes")
    assert plain(calls) == [("call", "order_status", "commande/1", "20")]


def test_accounting_entries_name_their_customer_and_the_opening(night: Night) -> None:
    entries = contract(
        night,
        "ledger_entries",
        "ledger_entry_id",
        "journal_code",
        "account_code",
        "customer_id",
        "debit",
        "credit",
        "lettering_code",
        "is_opening",
    )
    assert plain(entries) == [
        ("accounting_bookkeeping/1", "AN", "411", "societe/1", "10", "0", "None", "True"),
        ("accounting_bookkeeping/2", "AN", "110", "None", "0", "10", "None", "True"),
        ("accounting_bookkeeping/3", "VT", "411", "societe/1", "660", "0", "AA", "False"),
        ("accounting_bookkeeping/4", "VT", "707", "None", "0", "660", "None", "False"),
    ]
    roles = contract(night, "account_roles", "account_prefix", "account_role")
    assert roles == [("411", "trade"), ("4191", "deposits"), ("707", "sales")]


def test_customers_products_and_people_are_described(night: Night) -> None:
    customers = contract(
        night,
        "customers",
        "customer_number",
        "customer_class",
        "segment",
        "country_code",
        "salesperson_id",
        "registration_number",
    )
    # The prospect was never quoted, and the supplier never sold to.
    assert customers == [
        ("CU1", "private", "Grands comptes", "FR", "user/2", "552100554"),
        ("CU2", "public", None, "FR", None, None),
    ]
    limits = contract(night, "credit_limits", "customer_id", "amount", "valid_from", "valid_to")
    assert plain(limits) == [("societe/1", "5000", "2026-01-05", "None")]
    products = contract(
        night, "products", "product_code", "product_range", "product_family", "standard_cost"
    )
    assert plain(products) == [
        ("POSE", "None", "None", "None"),
        ("VIS", "Quincaillerie", "Fixation", "6"),
    ]
    people = contract(night, "employees", "employee_number", "team", "role", "is_technical_user")
    assert people == [
        ("api_shop", None, "technical", True),
        ("bleu", None, "other", True),
        ("marie", "ADV Nord", "adv_agent", False),
        ("paul", None, "salesperson", False),
    ]
    companies = contract(
        night, "companies", "name", "time_zone", "registration_number", "fiscal_year_start_month"
    )
    assert companies == [("Quincaillerie du Nord", "Europe/Paris", "820043784", 4)]


def test_terms_prices_stock_and_rates_are_read(night: Night) -> None:
    terms = contract(night, "payment_terms", "days", "end_of_month_method")
    assert terms == [(30, "none"), (45, "days_then_end_of_month")]
    prices = contract(
        night, "price_agreements", "customer_id", "product_id", "unit_price_excl_tax", "valid_from"
    )
    assert plain(prices) == [("societe/1", "product/1", "9.5", "2026-02-01")]
    assert plain(contract(night, "stock_levels", "site", "quantity_on_hand")) == [("Lille", "100")]
    # 35 arrived of 30 and 20.
    receipts = contract(night, "expected_receipts", "expected_receipt_id", "quantity")
    assert plain(receipts) == [("commande_fournisseurdet/2", "15")]
    rates = contract(night, "exchange_rates", "to_currency_code", "rate_date", "rate")
    assert plain(rates) == [("USD", "2026-06-20", "1.1")]


def test_what_describes_no_company_is_not_read_from_the_settings(night: Night) -> None:
    names = "select name from raw.dolibarr__llx_const where source_id = 'today' and name like '%PW'"
    assert night.ask(names) == []
