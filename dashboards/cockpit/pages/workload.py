"""How much there is to do and to deliver: documents in hand, and the order book."""

from __future__ import annotations

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.pages.shared import TEAM
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.lists.workload import WORKLOAD as WORKLOAD_LIST
from reports.wording import Phrase

BOOK = """
    select
        book.*, companies.name as company
    from kpi.order_book_daily as book
    left join core.dim_company as companies on book.company_id = companies.company_id
    where book.document_type = 'order'
"""
VOLUMES = """
    select
        company_id, team, channel, document_kind,
        date_trunc('month', activity_date)::date as month_start,
        case document_kind when 'order' then 'entered' else 'invoiced' end as line,
        case document_kind when 'order' then created_documents else validated_documents end
            as documents
    from kpi.document_volume_daily
    where document_kind in ('order', 'invoice') and activity_date <= $as_of
"""

WORKLOAD = Page(
    name="workload",
    title=Phrase("Charge et carnet", "Carico e portafoglio", "Workload and order book"),
    lead=Phrase(
        "Ce qui est arrivé, ce qui est en cours, ce qui reste à livrer et à facturer.",
        "Ciò che è arrivato, ciò che è in corso, ciò che resta da consegnare e da fatturare.",
        "What came in, what is in hand, what is left to deliver and to invoice.",
    ),
    has_months=True,
    filters=(TEAM, Filter(Column("site")), Filter(Column("product_range"))),
    blocks=(
        Figures(
            {
                "orders_entered": "orders/documents?document_kind=order",
                "invoices_posted": "orders/documents?document_kind=invoice",
                "documents_in_hand": "workload/in_hand",
                "order_book_to_deliver": "orders/lines",
                "order_book_to_invoice": "workload/book",
                "order_book_past_due_share": "orders/lines",
                "order_book_coverage_days": "workload/book",
                "processing_time_minutes": "workload/lead_times",
            }
        ),
        Chart(
            name="volumes",
            title=Phrase(
                "Commandes saisies et factures", "Ordini inseriti e fatture", "Orders and invoices"
            ),
            query=VOLUMES,
            x=Column("month_start", Kind.MONTH),
            series=Column("line", Kind.CODE, heading=Phrase("Documents", "Documenti", "Documents")),
            y=Column("documents", Kind.COUNT),
            form=Form.LINES,
        ),
        Chart(
            name="book_by_day",
            title=Phrase("Carnet jour par jour", "Portafoglio giorno per giorno", "Book by day"),
            query=f"{BOOK} and book.as_of_date <= $as_of",
            x=Column("as_of_date", Kind.DATE),
            series=Column("book", Kind.CODE),
            y=Column("closing_amount_excl_tax", Kind.MONEY),
            form=Form.LINES,
        ),
        Table("in_hand", WORKLOAD_LIST.tables[2], lines=12),
        Table(
            "book",
            TableDefinition(
                title=Phrase(
                    "Mouvements du carnet ce jour",
                    "Movimenti del portafoglio oggi",
                    "Movements of the book that day",
                ),
                query=f"{BOOK} and book.as_of_date = $as_of",
                order="closing_amount_excl_tax desc nulls last, company, book, site, "
                "product_range, customer_segment, promised_month",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("book", Kind.CODE, is_printed=True),
                    Column("site", is_printed=True),
                    Column("product_range", is_printed=True),
                    Column("customer_segment"),
                    Column("promised_month", Kind.MONTH, is_printed=True),
                    Column("closing_lines", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("past_due_lines", Kind.COUNT, is_totalled=True),
                    Column("blocked_lines", Kind.COUNT, is_totalled=True),
                    Column("currency_code", width=8),
                    Column("opening_amount_excl_tax", Kind.MONEY, is_totalled=True),
                    Column("new_amount_excl_tax", Kind.MONEY, is_totalled=True),
                    Column("fulfilled_amount_excl_tax", Kind.MONEY, is_totalled=True),
                    Column("cancelled_amount_excl_tax", Kind.MONEY, is_totalled=True),
                    Column("amended_amount_excl_tax", Kind.MONEY, is_totalled=True),
                    Column(
                        "closing_amount_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True
                    ),
                    Column(
                        "past_due_amount_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True
                    ),
                    Column("blocked_amount_excl_tax", Kind.MONEY, is_totalled=True),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("book", Kind.CODE)),),
        ),
        Table(
            "lead_times",
            TableDefinition(
                title=Phrase(
                    "Temps de traitement par commande",
                    "Tempi di lavorazione per ordine",
                    "Processing time by order",
                ),
                query="""
                    select
                        times.*,
                        companies.name as company,
                        times.sold_to_customer_id as customer_id,
                        customers.name as customer
                    from kpi.order_lead_times as times
                    left join core.dim_company as companies
                        on times.company_id = companies.company_id
                    left join core.dim_customer as customers
                        on times.sold_to_customer_id = customers.customer_id
                    where times.as_of_date = $as_of
                        and times.entered_at > $as_of - interval 3 month
                """,
                order="order_processing_minutes desc nulls last, order_number, order_id",
                columns=(
                    Column("company", heading=wording.COMPANY),
                    Column("order_number", is_printed=True),
                    Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
                    Column("channel", Kind.CODE, is_printed=True),
                    Column("team"),
                    Column("received_at", Kind.INSTANT),
                    Column("entered_at", Kind.INSTANT, is_printed=True),
                    Column("validated_at", Kind.INSTANT, is_printed=True),
                    Column("entry_minutes", Kind.COUNT),
                    Column("validation_minutes", Kind.COUNT),
                    Column("order_processing_minutes", Kind.COUNT, is_printed=True),
                    Column("order_to_shipment_minutes", Kind.COUNT, is_printed=True),
                    Column("order_to_invoice_minutes", Kind.COUNT),
                ),
            ),
            lines=0,
            search=("customer", "order_number"),
            filters=(Filter(Column("channel", Kind.CODE)), TEAM),
        ),
    ),
)
