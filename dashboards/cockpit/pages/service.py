"""Do we deliver what we promised, and do we enter what was ordered."""

from __future__ import annotations

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.pages.shared import TEAM
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.wording import Phrase

SHARE = Phrase("Part des lignes", "Quota delle righe", "Share of the lines")
MEASURE = Phrase("Mesure", "Misura", "Measure")
RATES = "\nunion all\n".join(
    f"""
    select
        company_id, month_start, site, product_range, carrier, customer_segment,
        '{name}' as line, {name}_lines as lines_met, {name}_lines + not_{name}_lines as lines_judged
    from kpi.service_rate_monthly
    where date_reference = 'first_confirmed' and month_start <= $as_of
    """
    for name in ("on_time", "in_full", "otif")
)
FAILURES = """
    select failures.*, companies.name as company
    from kpi.service_failures_monthly as failures
    left join core.dim_company as companies on failures.company_id = companies.company_id
    where failures.date_reference = 'first_confirmed' and failures.month_start <= $as_of
"""
ERRORS = """
    select errors.*, companies.name as company
    from kpi.order_entry_errors_monthly as errors
    left join core.dim_company as companies on errors.company_id = companies.company_id
    where errors.month_start <= $as_of
"""

SERVICE = Page(
    name="service",
    title=Phrase("Service et saisie", "Servizio e inserimento", "Service and entry"),
    lead=Phrase(
        "Livrons-nous ce qui est promis, et saisissons-nous ce qui est commandé ?",
        "Consegniamo ciò che è promesso, e inseriamo ciò che è ordinato?",
        "Do we deliver what was promised, and enter what was ordered?",
    ),
    has_months=True,
    filters=(
        TEAM,
        Filter(Column("site")),
        Filter(Column("product_range")),
        Filter(Column("carrier")),
        Filter(Column("channel", Kind.CODE)),
    ),
    blocks=(
        Figures(
            {
                "service_rate": "service/failures",
                "on_time_rate": "service/failures",
                "fill_rate": "service/failures",
                "order_entry_error_rate": "service/errors",
                "overcharged_amount": "service/prices",
                "net_promoter_score": "service/satisfaction",
            }
        ),
        Chart(
            name="rates",
            title=Phrase("Taux de service", "Livello di servizio", "Service rate"),
            query=RATES,
            x=Column("month_start", Kind.MONTH),
            series=Column("line", Kind.CODE, heading=MEASURE),
            y=Column("lines_met", Kind.SHARE, heading=SHARE),
            over="lines_judged",
            form=Form.LINES,
        ),
        Chart(
            name="causes",
            title=Phrase(
                "Pourquoi des lignes ont manqué", "Perché le righe sono mancate", "Why lines failed"
            ),
            query=FAILURES,
            x=Column("month_start", Kind.MONTH),
            series=Column("failure_cause", Kind.CODE),
            y=Column("failed_lines", Kind.COUNT),
            form=Form.COLUMNS,
        ),
        Chart(
            name="error_rate",
            title=Phrase("Erreurs de saisie", "Errori di inserimento", "Entry errors"),
            query=f"{ERRORS} and errors.error_type = 'all'",
            x=Column("month_start", Kind.MONTH),
            series=Column("team"),
            y=Column(
                "orders_with_confirmed_errors",
                Kind.SHARE,
                heading=Phrase("Part des commandes", "Quota degli ordini", "Share of the orders"),
            ),
            over="entered_orders",
            form=Form.LINES,
            note=Phrase(
                "Des erreurs se découvrent encore sur les derniers mois.",
                "Sugli ultimi mesi si scoprono ancora errori.",
                "Errors of the last months are still being found.",
            ),
        ),
        Chart(
            name="error_types",
            title=Phrase("Erreurs par type", "Errori per tipo", "Errors by type"),
            query=f"{ERRORS} and errors.error_type <> 'all' "
            "and errors.month_start > $as_of - interval 12 month",
            x=Column("error_type", Kind.CODE),
            y=Column("confirmed_errors", Kind.COUNT),
            form=Form.BARS,
            order="2 desc nulls last, 1",
        ),
        Table(
            "failures",
            TableDefinition(
                title=Phrase(
                    "Lignes non servies, par cause",
                    "Righe mancate, per causa",
                    "Failed lines by cause",
                ),
                query=f"{FAILURES} and failures.month_start > $as_of - interval 13 month",
                order="month_start desc, failed_amount_excl_tax desc nulls last, company, site, "
                "product_range, customer_segment, carrier, failure_cause",
                columns=(
                    Column("month_start", Kind.MONTH, is_printed=True),
                    Column("company", heading=wording.COMPANY),
                    Column("failure_cause", Kind.CODE, is_printed=True),
                    Column("site", is_printed=True),
                    Column("product_range", is_printed=True),
                    Column("customer_segment"),
                    Column("carrier", is_printed=True),
                    Column("failed_lines", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("failed_quantity", Kind.DECIMAL),
                    Column("currency_code", width=8),
                    Column("failed_amount_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("failure_cause", Kind.CODE)),),
        ),
        Table(
            "errors",
            TableDefinition(
                title=Phrase(
                    "Erreurs de saisie trouvées", "Errori di inserimento trovati", "Errors found"
                ),
                query="""
                    select
                        errors.*,
                        companies.name as company,
                        documents.document_number as order_number,
                        documents.sold_to_customer_id as customer_id,
                        documents.team,
                        errors.order_channel as channel,
                        customers.name as customer
                    from core.fct_order_entry_errors as errors
                    left join core.dim_company as companies
                        on errors.company_id = companies.company_id
                    left join core.fct_documents as documents
                        on errors.order_id = documents.document_id
                    left join core.dim_customer as customers
                        on documents.sold_to_customer_id = customers.customer_id
                """,
                order="detected_date desc nulls last, order_entry_error_id",
                columns=(
                    Column("company", heading=wording.COMPANY),
                    Column("detected_date", Kind.DATE, is_printed=True),
                    Column("order_number", is_printed=True),
                    Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
                    Column("error_type", Kind.CODE, is_printed=True),
                    Column("certainty", Kind.CODE, is_printed=True),
                    Column("detected_by", Kind.CODE, is_printed=True),
                    Column("channel", Kind.CODE),
                    Column("team"),
                ),
            ),
            search=("customer", "order_number"),
            filters=(Filter(Column("error_type", Kind.CODE)),),
        ),
        Table(
            "prices",
            TableDefinition(
                title=Phrase(
                    "Prix et conditions hors accord",
                    "Prezzi e termini fuori accordo",
                    "Prices and terms off the agreement",
                ),
                query="""
                    select
                        prices.*,
                        companies.name as company,
                        prices.sold_to_customer_id as customer_id,
                        customers.name as customer,
                        products.product_code,
                        products.name as product
                    from kpi.price_compliance as prices
                    left join core.dim_company as companies
                        on prices.company_id = companies.company_id
                    left join core.dim_customer as customers
                        on prices.sold_to_customer_id = customers.customer_id
                    left join core.dim_product as products
                        on prices.product_id = products.product_id
                    where
                        prices.verdict not in ('compliant', 'no_agreement')
                        and prices.invoice_date > $as_of - interval 13 month
                """,
                order="company_difference_excl_tax desc nulls last, invoice_date desc, "
                "invoice_line_id",
                columns=(
                    Column("company", heading=wording.COMPANY),
                    Column("invoice_date", Kind.DATE, is_printed=True),
                    Column("document_number", is_printed=True),
                    Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
                    Column("product_code", is_printed=True),
                    Column("verdict", Kind.CODE, codes="price_verdict", is_printed=True),
                    Column("quantity", Kind.DECIMAL),
                    Column("currency_code", width=8),
                    Column("net_unit_price_excl_tax", Kind.MONEY, is_printed=True),
                    Column("agreed_unit_price_excl_tax", Kind.MONEY, is_printed=True),
                    Column("company_currency_code", width=8),
                    Column(
                        "company_difference_excl_tax",
                        Kind.MONEY,
                        currency="company_currency_code",
                        is_totalled=True,
                        is_printed=True,
                    ),
                    Column("payment_term_days", Kind.COUNT),
                    Column("agreed_payment_term_days", Kind.COUNT),
                    Column("legal_maximum_days", Kind.COUNT),
                ),
            ),
            search=("customer", "document_number", "product_code"),
            filters=(Filter(Column("verdict", Kind.CODE, codes="price_verdict")),),
        ),
        Table(
            "satisfaction",
            TableDefinition(
                title=Phrase("Satisfaction", "Soddisfazione", "Satisfaction"),
                query="""
                    select satisfaction.*, companies.name as company
                    from kpi.satisfaction_monthly as satisfaction
                    left join core.dim_company as companies
                        on satisfaction.company_id = companies.company_id
                    where
                        satisfaction.breakdown = 'all'
                        and satisfaction.month_start > $as_of - interval 25 month
                """,
                order="month_start desc, company, question, scale_maximum",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("month_start", Kind.MONTH, is_printed=True),
                    Column("question", Kind.CODE, is_printed=True),
                    Column("answers", Kind.COUNT, is_printed=True),
                    Column("score_mean", Kind.DECIMAL, is_printed=True),
                    Column("score_mean_lower", Kind.DECIMAL),
                    Column("score_mean_upper", Kind.DECIMAL),
                    Column("customer_satisfaction", Kind.SHARE, is_printed=True),
                    Column("net_promoter_score", Kind.DECIMAL, is_printed=True),
                    Column("response_rate", Kind.SHARE, is_printed=True),
                    Column("is_suppressed", Kind.YES_NO),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("question", Kind.CODE)),),
        ),
    ),
)
