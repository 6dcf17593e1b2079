"""Odoo and Tryton in one installation: three companies, three currencies, keys that overlap.

Odoo is there first; Tryton and its accounting file join it the next night. Each must be in the
marts as if it were alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.engine import connect, quoted_text
from ingestion.home import Home
from tests.command import adv
from tests.conftest import DEMO_SYSTEMS, Parse
from tests.orchestration.conftest import NAMES_ITS_LOAD
from tests.orchestration.test_tryton import OPEN_RECEIVABLES
from tests.orchestration.tryton import TrytonDatabase, copy_accounting_files

AS_OF = "2026-11-22"
TRYTON = """
  northwind:
    system: tryton
    transport: postgres
    embedded: {root}/postgres
  accounting_us:
    system: fec
    transport: fec
    path: {root}/fec
"""
ODOO, TRYTON_COMPANY = "erp/res.company/1", "northwind/company.company/1"

# What tells of the sources, not of the run that read them.
COMPARED_META = (
    "meta.invoicing_differences",
    "meta.receivables_differences",
    "meta.receivables_reconciliation",
    "meta.unresolved_references",
)
# What a second company may change of the first one's, or has no company at all.
MAY_DIFFER = {
    "kpi.catalogue": "the unknown company is there once, not twice",
    "kpi.glossary": "has no company",
    "kpi.staffing_weekly": "standard times of the sheets name no company and hold for all",
    "kpi.workload_balance": "the same",
    "kpi.late_payment_statement": "has the month ends of the longest history",
    "kpi.kpi_daily": "follows these",
}
# The same members in every installation, or the days that its data span.
SHARED = ("dim_channel", "dim_claim_reason", "dim_date", "dim_document_status")


@dataclass(frozen=True)
class Nights:
    """The marts of Odoo alone, of Tryton alone, and of both together."""

    odoo: Path
    tryton: Path
    both: Path
    database: TrytonDatabase

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask all three at once, as catalogues `odoo`, `tryton` and `both_`."""
        connection = connect()
        for name, marts in (("odoo", self.odoo), ("tryton", self.tryton), ("both_", self.both)):
            connection.execute(f"attach {quoted_text(str(marts))} as {name} (read_only)")
        connection.execute("use both_")
        rows = connection.execute(query).fetchall()
        connection.close()
        return rows

    def tables(self, condition: str) -> list[str]:
        """Tables of the marts, by schema and name."""
        found = self.ask(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where table_catalog = 'both_' and ({condition}) order by 1"
        )
        return [str(name) for (name,) in found]


def night(home: Home) -> Path:
    result = adv(home, "run")
    assert result.returncode == 0, result.stdout + result.stderr
    return home.marts.resolve()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[Nights]:
    home = Home(tmp_path_factory.mktemp("two_systems"))
    database = TrytonDatabase(home.root / "postgres")
    database.restore()
    # Its only currency is no longer the one that both companies of Odoo keep their books in.
    database.psql("update currency_currency set code = 'USD' where code = 'EUR'")
    copy_accounting_files(home.root / "fec")

    created = adv(home, "demo", "create", "--scale", "0.02", "--until", AS_OF)
    assert created.returncode == 0, created.stdout + created.stderr
    parse(home, DEMO_SYSTEMS)
    odoo = night(home)

    sources = TRYTON.format(root=home.root)
    text = home.sources_file.read_text(encoding="utf-8")
    home.sources_file.write_text(text.rstrip() + "\n" + sources, encoding="utf-8")
    both = night(home)

    alone = Home(tmp_path_factory.mktemp("tryton_alone"))
    alone.sources_file.parent.mkdir(parents=True)
    alone.sources_file.write_text(
        f"time_zones: [Europe/Paris]\nas_of_date: {AS_OF}\nsources:{sources}", encoding="utf-8"
    )
    # Employees' pseudonyms are made with the installation's key.
    key = "config/pseudonym.key"
    (alone.root / key).write_bytes((home.root / key).read_bytes())
    parse(alone, {"tryton", "fec"})
    tryton = night(alone)

    yield Nights(odoo, tryton, both, database)
    database.stop()
    adv(home, "demo", "stop")


def test_every_fact_and_every_kpi_is_what_each_system_publishes_alone(nights: Nights) -> None:
    facts = nights.tables("table_schema = 'kpi' or table_name like 'fct_%'")
    assert len(facts) >= 37
    different = {}
    for table in [*facts, *COMPARED_META]:
        if table in MAY_DIFFER:
            continue
        columns = f"* {NAMES_ITS_LOAD.get(table, '')}"
        alone = (
            f"(select {columns} from odoo.{table} union all select {columns} from tryton.{table})"
        )
        together = f"(select {columns} from both_.{table})"
        ((missing, too_many),) = nights.ask(
            f"""
            select
                (select count(*) from (from {alone} except all from {together})),
                (select count(*) from (from {together} except all from {alone}))
            """
        )
        if missing or too_many:
            different[table] = (missing, too_many)
    assert different == {}


def test_every_customer_product_employee_and_company_is_there_once(nights: Nights) -> None:
    dimensions = nights.tables("table_name like 'dim_%'")
    for table in dimensions:
        if table.removeprefix("core.") in SHARED:
            continue
        alone = f"(from odoo.{table} union from tryton.{table})"
        ((missing, too_many),) = nights.ask(
            f"""
            select
                (select count(*) from (from {alone} except all from both_.{table})),
                (select count(*) from (from both_.{table} except all from {alone}))
            """
        )
        assert (table, missing, too_many) == (table, 0, 0)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("core.dim_company", "company_id"),
        ("core.dim_product", "product_id"),
        ("core.fct_documents", "document_id"),
        ("core.fct_order_lines", "order_line_id"),
        ("core.fct_instalments", "instalment_id"),
        ("core.fct_payments", "payment_id"),
    ],
)
def test_both_number_their_rows_from_one_and_no_key_is_shared(
    nights: Nights, table: str, key: str
) -> None:
    ((systems_of_a_number, systems_of_a_key),) = nights.ask(
        f"""
        select
            (select max(n) from (
                select count(distinct split_part({key}, '/', 1)) as n from {table}
                where {key} <> 'unknown' group by split_part({key}, '/', 3)
            )),
            (select max(n) from (select count(*) as n from {table} group by {key}))
        """
    )
    assert (systems_of_a_number, systems_of_a_key) == (2, 1)


def test_odoo_is_not_read_or_changed_by_the_other_that_joins_it(nights: Nights) -> None:
    changed = """
        select sum(rows_added), sum(rows_changed), sum(rows_deleted) from meta.loads
        where load_id = (select max(load_id) from meta.loads)
            and source_id not in ('northwind', 'accounting_us')
    """
    assert nights.ask(changed) == [(0, 0, 0)]


def test_each_company_has_its_documents_in_its_currencies(nights: Nights) -> None:
    currencies = "select distinct company_id, currency_code from core.fct_documents order by all"
    assert nights.ask(currencies) == [
        (ODOO, "EUR"),
        ("erp/res.company/2", "CHF"),
        ("erp/res.company/2", "EUR"),
        (TRYTON_COMPANY, "USD"),
    ]
    companies = """
        select company_id, currency_code from core.dim_company where company_id <> 'unknown'
        order by 1
    """
    assert nights.ask(companies) == [
        (ODOO, "EUR"),
        ("erp/res.company/2", "EUR"),
        (TRYTON_COMPANY, "USD"),
    ]


def test_open_receivables_add_up_by_company_and_currency(nights: Nights) -> None:
    latest = "select company_id, currency_code, sum({0}) from {1} where is_latest group by all"
    aging = {
        (company, currency): amount
        for company, currency, amount in nights.ask(latest.format("open_amount", "kpi.aging"))
    }
    assert aging[TRYTON_COMPANY, "USD"] == OPEN_RECEIVABLES
    assert {currency for _, currency in aging} >= {"EUR", "USD"}
    for catalogue in ("odoo", "tryton"):
        for company, currency, amount in nights.ask(
            latest.format("open_amount", f"{catalogue}.kpi.open_items")
        ):
            assert aging.pop((company, currency)) == amount
    assert aging == {}


def test_sales_lines_in_dollars_are_those_of_the_database(nights: Nights) -> None:
    lines = """
        select count(*), sum(l.quantity)::numeric(18, 4)
        from sale_line as l join sale_sale as s on s.id = l.sale
        where s.state in ('confirmed', 'processing', 'done')
    """
    ordered = """
        select count(*), sum(ordered_quantity) from core.fct_order_lines
        where starts_with(order_line_id, 'northwind/')
    """
    assert nights.ask(ordered) == nights.database.ask(lines)
    booked = "select sum(debit) from core.fct_ledger_entries where source_id = 'accounting_us'"
    assert nights.ask(f"{booked} and not is_opening") == [(Decimal("515556.52"),)]


def test_no_mart_adds_up_amounts_of_different_currencies(nights: Nights) -> None:
    """Where a mart has money, its rows name company and currency, and so does its grain.

    - `aging`, `open_items`: the currency owed, in the key; `company_...` amounts are in the
      company's, which follows from the company, in the key too.
    - `customer_timeline`: one event a row, in the event's currency.
    - `as_of_differences`: the company's, which follows from the company.
    - `price_compliance`: unit prices in the document's, amounts in `company_currency_code`.
    - all others that have money: the company's currency.
    """
    with_money = nights.ask(
        """
        select distinct table_name from information_schema.columns
        where table_catalog = 'both_' and table_schema = 'kpi' and column_name like '%amount%'
        order by 1
        """
    )
    in_currency_owed = {"aging", "open_items"}
    others = {"as_of_differences", "customer_timeline", "price_compliance"}
    in_company_currency = {name for (name,) in with_money} - in_currency_owed - others
    assert "order_book_daily" in in_company_currency
    for table in sorted(in_company_currency):
        foreign = f"""
            select company_id, currency_code from kpi.{table}
            except select company_id, currency_code from core.dim_company
        """
        assert (table, nights.ask(foreign)) == (table, [])
    for table in in_currency_owed:
        mixed = f"""
            select count(*) from kpi.{table} as mart join core.dim_company as c using (company_id)
            where mart.currency_code = c.currency_code and open_amount <> company_open_amount
        """
        assert (table, nights.ask(mixed)) == (table, [(0,)])
    grain = "as_of_date, company_id, customer_id, currency_code, sum(open_amount)"
    bucketed = f"""
        select count(*) from (
            select {grain} from kpi.open_items group by all
            except select {grain} from kpi.aging group by all
        )
    """
    assert nights.ask(bucketed) == [(0,)]
