"""Gate 3: the marts as they would be published.

dbt's tests look at one model at a time; these look across marts, for what a reader would
notice: totals that do not tie, a mart that is empty though its facts are not. A rule about a
mart that was not built is not asked: that everything was built is publication's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_quality.queries import ask
from data_quality.results import RuleResult
from data_quality.rules import NEVER, QueryRule
from ingestion.config import Limits

if TYPE_CHECKING:
    import duckdb

FED_BY = {
    "kpi.document_volume_daily": "core.fct_documents",
    "kpi.order_book_daily": "core.fct_order_lines",
    "kpi.order_lead_times": "core.fct_order_lines",
    "kpi.claims_daily": "core.fct_claims",
}
"""Marts that cannot be empty when these facts are not."""

USUALLY_FED_BY = {
    "kpi.document_backlog_daily": "core.fct_documents",
    "kpi.processing_time_monthly": "core.fct_document_events",
    "kpi.top_sales_monthly": "core.fct_invoice_lines",
    "kpi.customer_activity": "core.fct_order_lines",
    "kpi.customer_overview": "core.fct_order_lines",
    "kpi.customer_timeline": "core.fct_documents",
    "kpi.trends_monthly": "core.fct_documents",
}
"""Marts that can: documents may all be closed, events may tell of no stage that is measured."""

DIMENSIONS = (
    "core.dim_date",
    "core.dim_company",
    "core.dim_customer",
    "core.dim_document_status",
    "core.dim_channel",
)
"""Dimensions without which no fact can be read."""


def _filled(mart: str, facts: str, *, always: bool) -> QueryRule:
    return QueryRule(
        f"{_short(mart)}_filled",
        f"{mart} is not empty when {facts} is not",
        f"""
        select '{mart}' as example, 1 as n
        where not exists (select 1 from {mart}) and exists (select 1 from {facts})
        """,
        checked=f"select count(*) from {facts}",
        severity="batch" if always else "warning",
        threshold=0.0 if always else NEVER,
        needs=(mart, facts),
    )


def _present(dimension: str) -> QueryRule:
    return QueryRule(
        f"{_short(dimension)}_filled",
        f"{dimension} is not empty",
        f"select '{dimension}' as example, 1 as n where not exists (select 1 from {dimension})",
        checked=f"select count(*) from {dimension}",
        needs=(dimension,),
    )


def _aging_is_open_items() -> QueryRule:
    keys = "as_of_date, company_id, customer_id, currency_code"

    def totals(mart: str) -> str:
        return (
            f"select {keys}, sum(open_amount) as open_amount, "
            f"sum(company_open_amount) as company_open_amount from {mart} group by {keys}"
        )

    return QueryRule(
        "aging_is_open_items",
        "the aging buckets of a customer sum up to the customer's open items",
        f"""
        select as_of_date || ' ' || customer_id || ' ' || currency_code as example, 1 as n
        from ({totals("kpi.aging")}) as a
        full join ({totals("kpi.open_items")}) as o using ({keys})
        where coalesce(a.open_amount, 0) <> coalesce(o.open_amount, 0)
            or coalesce(a.company_open_amount, 0) <> coalesce(o.company_open_amount, 0)
        """,
        checked=f"select count(*) from (select distinct {keys} from kpi.open_items)",
        unit="customers and days",
        needs=("kpi.aging", "kpi.open_items"),
    )


def _open_items_filled() -> QueryRule:
    return QueryRule(
        "open_items_filled",
        "every open instalment of the as-of date is among the open items",
        """
        select i.instalment_id as example, 1 as n
        from core.fct_instalments as i
        where i.open_amount <> 0 and not exists (
            select 1 from kpi.open_items as o
            where o.instalment_id = i.instalment_id and o.is_latest
        )
        """,
        checked="select count(*) from core.fct_instalments where open_amount <> 0",
        unit="open instalments",
        needs=("core.fct_instalments", "kpi.open_items"),
    )


def _ledger_balances() -> QueryRule:
    return QueryRule(
        "ledger_balances",
        "debit equals credit in each company's ledger",
        """
        select
            company_id || ' (debit ' || sum(debit) || ', credit ' || sum(credit) || ')' as example,
            1 as n
        from core.fct_ledger_entries
        group by source_id, company_id
        having sum(debit) <> sum(credit)
        """,
        checked="select count(distinct company_id) from core.fct_ledger_entries",
        severity="warning",
        threshold=NEVER,
        unit="companies",
        needs=("core.fct_ledger_entries",),
    )


def _no_unknown(column: str) -> QueryRule:
    return QueryRule(
        f"documents_{column}_known",
        f"every document has a {column} that the mappings know",
        f"""
        select
            source_id || ' ' || document_type || ' (' || count(*) || ')' as example, count(*) as n
        from core.fct_documents where {column} = 'unknown' group by source_id, document_type
        """,
        checked="select count(*) from core.fct_documents",
        severity="warning",
        threshold=NEVER,
        needs=("core.fct_documents",),
    )


def _read_once() -> QueryRule:
    return QueryRule(
        "documents_read_once",
        "no document of electronic invoices is also read from another system",
        """
        select
            einvoice.source_id || ' and ' || other.source_id || ', ' || einvoice_company.name
            || ' (' || count(distinct einvoice.document_id) || ')' as example,
            count(distinct einvoice.document_id) as n
        from core.fct_documents as einvoice
        inner join core.fct_documents as other
            on other.source_system <> 'fatturapa'
            and lower(einvoice.document_number) = lower(other.document_number)
            and einvoice.document_date = other.document_date
            and einvoice.document_type = other.document_type
        inner join core.dim_company as einvoice_company
            on einvoice.company_id = einvoice_company.company_id
        inner join core.dim_company as other_company on other.company_id = other_company.company_id
        -- Until they are linked, one company is two.
        where einvoice.source_system = 'fatturapa' and (
            einvoice_company.company_id = other_company.company_id
            or other_company.registration_number
                in (einvoice_company.registration_number, einvoice_company.company_number)
        )
        group by einvoice.source_id, other.source_id, einvoice_company.name
        """,
        checked="select count(*) from core.fct_documents where source_system = 'fatturapa'",
        severity="warning",
        threshold=NEVER,
        unit="documents",
        needs=("core.fct_documents", "core.dim_company"),
    )


def _short(name: str) -> str:
    return name.split(".")[1]


RULES: tuple[QueryRule, ...] = (
    *(_present(dimension) for dimension in DIMENSIONS),
    *(_filled(mart, facts, always=True) for mart, facts in FED_BY.items()),
    *(_filled(mart, facts, always=False) for mart, facts in USUALLY_FED_BY.items()),
    _aging_is_open_items(),
    _open_items_filled(),
    _ledger_balances(),
    _no_unknown("status"),
    _no_unknown("channel"),
    _read_once(),
)


def check_marts(
    connection: duckdb.DuckDBPyConnection,
    rules: tuple[QueryRule, ...] = RULES,
    limits: Limits | None = None,
) -> tuple[RuleResult, ...]:
    """Ask the rules of freshly built marts.

    Args:
        connection: the marts file, opened on its own, so that `kpi.aging` is a table.
        rules: what must hold.
        limits: how much may be wrong.

    """
    built = {
        row[0]
        for row in connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
    }
    return tuple(
        ask(connection, rule.needs[0], rule, table=_short(rule.needs[0]), limits=limits or Limits())
        for rule in rules
        if built.issuperset(rule.needs)
    )
