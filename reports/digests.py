"""What each audience is told by mail after a publication: a few figures, a few lines, the lists.

A digest is laid out like a list. Of each of its tables the mail shows the breakdowns, and the
columns that are printed of the first lines, or of all where none of the lists holds them. It is
everybody's: what only serves to narrow a list is not said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, TableDefinition
from reports.lists.at_risk import AT_RISK
from reports.lists.unpaid import UNPAID
from reports.marts import PUBLISHED_DAY
from reports.request import Audience, ListName
from reports.wording import Phrase


@dataclass(frozen=True)
class DigestDefinition:
    """What a digest says, and the lists that go with it."""

    content: ListDefinition
    attached: tuple[ListName, ...]


PROMISES = TableDefinition(
    title=Phrase(
        "Promesses de paiement non tenues ou en cours",
        "Promesse di pagamento non mantenute o in corso",
        "Promises to pay, broken or pending",
    ),
    query="""
        select
            items.*,
            companies.name as company,
            customers.name as customer,
            documents.document_number
        from kpi.open_items as items
        left join core.dim_company as companies on items.company_id = companies.company_id
        left join core.dim_customer as customers on items.customer_id = customers.customer_id
        left join core.fct_documents as documents on items.document_id = documents.document_id
        where items.as_of_date = $as_of and items.promise_status in ('broken', 'pending')
    """,
    order="promise_status, promised_date, promised_amount desc, open_item_id",
    columns=(
        Column("company", heading=wording.COMPANY),
        Column("customer", heading=wording.CUSTOMER, is_printed=True),
        Column("document_number", is_printed=True),
        Column("promise_status", Kind.CODE, is_printed=True),
        Column("promised_date", Kind.DATE, is_printed=True),
        Column("currency_code", is_printed=True),
        Column("promised_amount", Kind.MONEY, is_totalled=True, is_printed=True),
    ),
    breakdowns=(
        Breakdown(
            Phrase("Par société et issue", "Per società ed esito", "By company and outcome"),
            by=("company", "promise_status", "currency_code"),
            measures=("promised_amount",),
        ),
    ),
)

LATE_ORDERS = TableDefinition(
    title=Phrase("Commandes en retard", "Ordini in ritardo", "Late orders"),
    query="""
        select
            tracking.company_id,
            companies.name as company,
            tracking.sold_to_customer_id as customer_id,
            customers.name as customer,
            tracking.order_id,
            tracking.order_number,
            tracking.currency_code,
            max(tracking.days_late) as days_late,
            max(tracking.expected_date) as expected_date,
            sum(tracking.amount_to_deliver_excl_tax) as amount_to_deliver_excl_tax
        from kpi.order_tracking as tracking
        left join core.dim_company as companies on tracking.company_id = companies.company_id
        left join core.dim_customer as customers
            on tracking.sold_to_customer_id = customers.customer_id
        where tracking.as_of_date = $as_of and tracking.days_late > 0
        group by all
    """,
    order="amount_to_deliver_excl_tax desc, order_number, order_id",
    columns=(
        Column("company", heading=wording.COMPANY),
        Column("customer", heading=wording.CUSTOMER, is_printed=True),
        Column("order_number", is_printed=True),
        Column("days_late", Kind.DAYS_LATE, is_printed=True),
        Column("expected_date", Kind.DATE, is_printed=True),
        Column("currency_code", is_printed=True),
        Column("amount_to_deliver_excl_tax", Kind.MONEY, is_printed=True),
    ),
    breakdowns=(
        Breakdown(
            Phrase("Par société", "Per società", "By company"),
            by=("company", "currency_code"),
            measures=("amount_to_deliver_excl_tax",),
        ),
    ),
)

SHORTAGES = TableDefinition(
    title=Phrase("Ruptures à venir", "Rotture di stock in arrivo", "Shortages to come"),
    query="""
        select
            coverage.*,
            companies.name as company,
            products.product_code,
            products.name as product
        from kpi.stock_coverage as coverage
        left join core.dim_company as companies on coverage.company_id = companies.company_id
        left join core.dim_product as products on coverage.product_id = products.product_id
        where coverage.as_of_date = $as_of and coverage.first_day_short is not null
    """,
    order="amount_at_risk_excl_tax desc nulls last, first_day_short, product_code, site",
    columns=(
        Column("company", heading=wording.COMPANY),
        Column("product_code", is_printed=True),
        Column("product", heading=Phrase("Article", "Articolo", "Product"), is_printed=True),
        Column("site", is_printed=True),
        Column("first_day_short", Kind.DATE, is_printed=True),
        Column("quantity_short", Kind.DECIMAL, is_printed=True),
        Column("next_receipt_on", Kind.DATE, is_printed=True),
        Column("orders_at_risk", Kind.COUNT, is_printed=True),
        Column("currency_code", is_printed=True),
        Column("amount_at_risk_excl_tax", Kind.MONEY, is_printed=True),
    ),
    breakdowns=(
        Breakdown(
            Phrase("Par société et site", "Per società e sito", "By company and site"),
            by=("company", "site", "currency_code"),
            measures=("amount_at_risk_excl_tax",),
        ),
    ),
    is_mailed_whole=True,
)

FAILURES = TableDefinition(
    title=Phrase(
        "Causes des lignes non livrées à temps et en entier, ce mois-ci et le mois dernier",
        "Cause delle righe non consegnate puntuali e complete, questo mese e lo scorso",
        "Why lines were not delivered on time and in full, this month and the last",
    ),
    query="""
        select
            failures.company_id,
            companies.name as company,
            failures.month_start,
            failures.failure_cause,
            failures.currency_code,
            sum(failures.failed_lines) as failed_lines,
            sum(failures.failed_amount_excl_tax) as failed_amount_excl_tax
        from kpi.service_failures_monthly as failures
        left join core.dim_company as companies on failures.company_id = companies.company_id
        where failures.date_reference = 'first_confirmed'
            and failures.month_start >= date_trunc('month', $as_of) - interval 1 month
            and failures.month_start <= $as_of
        group by all
    """,
    order="month_start desc, failed_lines desc, company, failure_cause",
    columns=(
        Column("company", heading=wording.COMPANY, is_printed=True),
        Column("month_start", Kind.DATE, is_printed=True),
        Column("failure_cause", Kind.CODE, is_printed=True),
        Column("failed_lines", Kind.COUNT, is_printed=True),
        Column("currency_code", is_printed=True),
        Column("failed_amount_excl_tax", Kind.MONEY, is_printed=True),
    ),
    is_mailed_whole=True,
)


def _figures_only(table: TableDefinition) -> TableDefinition:
    """The breakdowns of a list's table, without its lines: those are in the list itself."""
    columns = tuple(replace(column, is_printed=False) for column in table.columns)
    return replace(table, columns=columns)


def _digest(
    audience: Audience,
    title: Phrase,
    tables: tuple[TableDefinition, ...],
    attached: tuple[ListName, ...],
) -> DigestDefinition:
    return DigestDefinition(ListDefinition(audience, title, PUBLISHED_DAY, tables), attached)


DIGESTS: Mapping[Audience, DigestDefinition] = {
    Audience.FINANCE: _digest(
        Audience.FINANCE,
        Phrase("Créances clients", "Crediti verso clienti", "Receivables"),
        (_figures_only(UNPAID.tables[0]), PROMISES),
        (ListName.UNPAID, ListName.DUNNING),
    ),
    Audience.SALES: _digest(
        Audience.SALES,
        Phrase(
            "Clients à risque et commandes en retard",
            "Clienti a rischio e ordini in ritardo",
            "Customers at risk and late orders",
        ),
        (AT_RISK.tables[0], LATE_ORDERS),
        (ListName.AT_RISK, ListName.ORDER_STATUS),
    ),
    Audience.LOGISTICS: _digest(
        Audience.LOGISTICS,
        Phrase(
            "Ruptures et qualité de service",
            "Rotture di stock e livello di servizio",
            "Shortages and service rate",
        ),
        (SHORTAGES, FAILURES),
        (ListName.ORDER_STATUS,),
    ),
}
"""The digest of each audience."""
