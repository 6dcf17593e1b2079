"""Where each order stands: the answer on the telephone in one screen."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Filter, Page, Table
from dashboards.cockpit.pages.shared import ORDERS as STATUS
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.wording import Phrase

LINES = Table(
    "lines",
    TableDefinition(
        title=Phrase("Lignes ouvertes", "Righe aperte", "Open lines"),
        query="""
            select
                tracking.*,
                companies.name as company,
                tracking.sold_to_customer_id as customer_id,
                customers.customer_number,
                customers.name as customer,
                products.product_code,
                products.name as product
            from kpi.order_tracking as tracking
            left join core.dim_company as companies on tracking.company_id = companies.company_id
            left join core.dim_customer as customers
                on tracking.sold_to_customer_id = customers.customer_id
            left join core.dim_product as products on tracking.product_id = products.product_id
            where tracking.as_of_date = $as_of
        """,
        order="days_late desc nulls last, expected_date nulls last, order_number, line_number, "
        "order_line_id",
        columns=(
            Column("company", heading=wording.COMPANY),
            Column("customer_number"),
            Column("customer", heading=wording.CUSTOMER, width=26, is_printed=True),
            Column("order_number", is_printed=True),
            Column("customer_reference"),
            Column("line_number", Kind.COUNT),
            Column("product_code"),
            Column("product", heading=Phrase("Article", "Articolo", "Product"), is_printed=True),
            Column("quantity_to_deliver", Kind.DECIMAL, is_printed=True),
            Column("unit"),
            Column("stage", Kind.CODE, is_printed=True),
            Column("waits_for", Kind.CODE, is_printed=True),
            Column("promised_date", Kind.DATE, is_printed=True),
            Column("expected_date", Kind.DATE, is_printed=True),
            Column("days_late", Kind.DAYS_LATE, is_printed=True),
            Column("last_told_date", Kind.DATE),
            Column("is_notice_due", Kind.YES_NO),
            Column("carrier"),
            Column("site"),
            Column("currency_code", width=8),
            Column("amount_to_deliver_excl_tax", Kind.MONEY, is_totalled=True),
            Column("team"),
        ),
    ),
    lines=15,
    search=("customer", "customer_number", "order_number", "customer_reference", "product_code"),
    filters=(Filter(Column("stage", Kind.CODE)),),
)
DOCUMENTS = Table(
    "documents",
    TableDefinition(
        title=Phrase(
            "Documents des derniers mois", "Documenti degli ultimi mesi", "Documents of late"
        ),
        query="""
            select
                documents.document_id, documents.company_id, documents.document_kind,
                documents.document_number, documents.document_date, documents.customer_reference,
                documents.status, documents.channel, documents.shipped_date, documents.carrier,
                documents.currency_code, documents.amount_excl_tax, documents.amount_incl_tax,
                companies.name as company,
                documents.sold_to_customer_id as customer_id,
                customers.customer_number,
                customers.name as customer
            from core.fct_documents as documents
            left join core.dim_company as companies on documents.company_id = companies.company_id
            left join core.dim_customer as customers
                on documents.sold_to_customer_id = customers.customer_id
            where documents.document_date > $as_of - interval 13 month
        """,
        order="document_date desc, document_number, document_id",
        columns=(
            Column("company", heading=wording.COMPANY),
            Column("document_kind", Kind.CODE, is_printed=True),
            Column("document_number", is_printed=True),
            Column("document_date", Kind.DATE, is_printed=True),
            Column("customer_number"),
            Column("customer", heading=wording.CUSTOMER, width=26, is_printed=True),
            Column("customer_reference", is_printed=True),
            Column("status", Kind.CODE, codes="document_status", is_printed=True),
            Column("channel", Kind.CODE),
            Column("shipped_date", Kind.DATE),
            Column("carrier"),
            Column("currency_code", width=8),
            Column("amount_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
            Column("amount_incl_tax", Kind.MONEY, is_totalled=True),
        ),
    ),
    search=("customer", "customer_number", "document_number", "customer_reference"),
    filters=(
        Filter(Column("document_kind", Kind.CODE)),
        Filter(Column("status", Kind.CODE, codes="document_status")),
    ),
)

ORDERS = Page(
    name="orders",
    title=Phrase("Commandes", "Ordini", "Orders"),
    lead=Phrase(
        "Où en est la commande ? La phrase à dire au client, ligne par ligne.",
        "A che punto è l'ordine? La frase da dire al cliente, riga per riga.",
        "Where is the order? What to tell the customer, line by line.",
    ),
    blocks=(replace(STATUS, lines=15), LINES, DOCUMENTS),
    filters=(Filter(Column("waits_for", Kind.CODE)),),
    can_log_lookups=True,
)
