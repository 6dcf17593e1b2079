"""Gate 3: what ties across marts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from data_quality.marts import RULES, check_marts
from data_quality.results import RuleResult
from ingestion.engine import connect

if TYPE_CHECKING:
    import duckdb


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute("create schema core; create schema kpi")
        connection.execute(
            """
            create table kpi.open_items as
            select date '2026-11-20' as as_of_date, true as is_latest, 'erp/C1' as company_id,
                'erp/K' || range as customer_id, 'EUR' as currency_code,
                'I' || range as instalment_id,
                100::decimal(18,4) as open_amount, 100::decimal(18,4) as company_open_amount
            from range(3);
            create table kpi.aging as
            select as_of_date, company_id, customer_id, currency_code, 'not_due' as aging_bucket,
                open_amount, company_open_amount
            from kpi.open_items;
            create table core.fct_instalments as
            select instalment_id, open_amount from kpi.open_items;
            create table core.fct_claims as select 1 as claim_id;
            create table kpi.claims_daily as select 1 as claims;
            create table core.fct_documents as
            select 'erp' as source_id, 'order' as document_type, 'shipped' as status,
                'edi' as channel
            """
        )
        yield connection


def asked(marts: duckdb.DuckDBPyConnection) -> dict[str, RuleResult]:
    return {result.code: result for result in check_marts(marts)}


def test_marts_that_tie_pass(marts: duckdb.DuckDBPyConnection) -> None:
    results = asked(marts)

    assert [code for code, result in results.items() if not result.passed] == []
    assert results["aging_is_open_items"].rows_checked == 3


@pytest.mark.parametrize(
    "fault",
    [
        "update kpi.aging set open_amount = 99 where customer_id = 'erp/K1'",
        "delete from kpi.aging where customer_id = 'erp/K1'",
        "delete from kpi.open_items where customer_id = 'erp/K1'",
    ],
)
def test_aging_that_is_not_the_open_items_is_refused(
    marts: duckdb.DuckDBPyConnection, fault: str
) -> None:
    marts.execute(fault)

    result = asked(marts)["aging_is_open_items"]

    assert result.refuses
    assert result.examples == ("2026-11-20 erp/K1 EUR",)


def test_an_open_instalment_that_the_open_items_lack_is_refused(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("insert into core.fct_instalments values ('I9', 50), ('I10', 0)")

    assert asked(marts)["open_items_filled"].examples == ("I9",)


def test_a_mart_that_is_empty_though_its_facts_are_not_is_refused(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("delete from kpi.claims_daily")
    assert asked(marts)["claims_daily_filled"].refuses

    marts.execute("delete from core.fct_claims")
    assert asked(marts)["claims_daily_filled"].passed


def test_unmapped_statuses_are_counted_and_told(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("insert into core.fct_documents values ('erp', 'order', 'unknown', 'edi')")

    result = asked(marts)["documents_status_known"]

    assert (result.passed, result.refuses) == (False, False)
    assert result.examples == ("erp order (1)",)


@pytest.mark.parametrize(
    ("company", "registration", "number", "document_type", "day", "told"),
    [
        ("erp/C1", "IT01", "f/7", "invoice", "2026-06-01", True),
        ("erp/C1", "01", "F/7", "invoice", "2026-06-01", True),
        ("sdi/C1", "", "F/7", "invoice", "2026-06-01", True),
        ("erp/C1", "02", "F/7", "invoice", "2026-06-01", False),
        ("erp/C1", "01", "F/8", "invoice", "2026-06-01", False),
        ("erp/C1", "01", "F/7", "credit_note", "2026-06-01", False),
        ("erp/C1", "01", "F/7", "invoice", "2025-06-01", False),
    ],
)
def test_an_invoice_read_from_its_file_and_from_an_erp_is_told(
    marts: duckdb.DuckDBPyConnection,
    company: str,
    registration: str,
    number: str,
    document_type: str,
    day: str,
    *,
    told: bool,
) -> None:
    marts.execute(
        f"""
        create or replace table core.fct_documents as
        select 'files' as source_id, 'fatturapa' as source_system, 'sdi/1' as document_id,
            'sdi/C1' as company_id, 'F/7' as document_number, 'invoice' as document_type,
            date '2026-06-01' as document_date, 'invoiced' as status, 'generated' as channel
        union all
        select 'erp', 'tryton', 'erp/1', '{company}', '{number}', '{document_type}',
            date '{day}', 'invoiced', 'manual';
        create table core.dim_company as
        select 'sdi/C1' as company_id, 'Alfa' as name, 'IT01' as company_number,
            '01' as registration_number
        union all
        select 'erp/C1', 'Alfa', '1', '{registration}' where '{company}' = 'erp/C1'
        """
    )

    result = asked(marts)["documents_read_once"]

    assert (result.passed, result.refuses, result.rows_checked) == (not told, False, 1)
    assert result.examples == (("files and erp, Alfa (1)",) if told else ())


def test_a_rule_about_a_mart_that_was_not_built_is_not_asked(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    codes = asked(marts)

    assert "order_book_daily_filled" not in codes
    assert "order_book_daily_filled" in {rule.code for rule in RULES}
