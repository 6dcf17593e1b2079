"""Who owes what since when, how customers use to pay, and whom to remind."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.pages.shared import BEHAVIOUR, OPEN_ITEMS, REMINDERS
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.wording import Phrase

LARGEST_FIRST = f"company_overdue_amount desc nulls last, {OPEN_ITEMS.definition.order}"

DSO = """
    select
        dso.company_id, dso.month_start, companies.name as company,
        dso_simple_days
    from kpi.dso_monthly as dso
    left join core.dim_company as companies on dso.company_id = companies.company_id
    where dso.receivable_scope = 'with_bills_and_factored' and dso.month_start <= $as_of
"""

EXPOSURE = Table(
    "exposure",
    TableDefinition(
        title=Phrase("Encours et limites", "Esposizione e fidi", "Exposure and limits"),
        query="""
            select
                exposure.*,
                companies.name as company,
                customers.customer_number,
                customers.name as customer
            from kpi.customer_exposure as exposure
            left join core.dim_company as companies on exposure.company_id = companies.company_id
            left join core.dim_customer as customers
                on exposure.customer_id = customers.customer_id
            where exposure.is_latest
        """,
        order="company_internal_overrun_amount desc nulls last, "
        "company_exposure_amount_incl_tax desc nulls last, company, customer, customer_id, "
        "exposure_level",
        columns=(
            Column("company", heading=wording.COMPANY),
            Column("customer_number"),
            Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
            Column("exposure_level", Kind.CODE, is_printed=True),
            Column("currency_code", width=8),
            Column("company_trade_amount_incl_tax", Kind.MONEY, is_printed=True),
            Column("company_bills_in_hand_amount_incl_tax", Kind.MONEY),
            Column("company_open_orders_amount_incl_tax", Kind.MONEY, is_printed=True),
            Column("company_delivered_not_invoiced_amount_incl_tax", Kind.MONEY),
            Column("company_unallocated_amount_incl_tax", Kind.MONEY),
            Column("company_exposure_amount_incl_tax", Kind.MONEY, is_printed=True),
            Column("company_internal_limit_amount", Kind.MONEY, is_printed=True),
            Column("internal_limit_share", Kind.SHARE, is_printed=True),
            Column("company_internal_overrun_amount", Kind.MONEY, is_printed=True),
            Column("company_insured_limit_amount", Kind.MONEY),
            Column("company_insured_overrun_amount", Kind.MONEY),
        ),
    ),
    lines=8,
    search=("customer", "customer_number"),
    filters=(Filter(Column("exposure_level", Kind.CODE)),),
)

RECEIVABLES = Page(
    name="receivables",
    title=Phrase("Créances", "Crediti", "Receivables"),
    lead=Phrase(
        "Qui doit quoi, depuis quand, et qui relancer.",
        "Chi deve quanto, da quando, e chi sollecitare.",
        "Who owes what, since when, and whom to remind.",
    ),
    has_months=True,
    blocks=(
        Figures(
            {
                "open_receivables": "receivables/open_items",
                "overdue_receivables": "receivables/open_items",
                "overdue_share": "receivables/open_items",
                "dso": "receivables/open_items",
                "slipping_payers_share": "receivables/payment_behaviour?drift_status=slipping",
                "exposure_over_internal_limit": "receivables/exposure",
            }
        ),
        Chart(
            name="aging",
            title=Phrase("Balance âgée", "Scadenziario per anzianità", "Aging"),
            query="""
                select
                    aging.company_id, aging.aging_bucket, companies.name as company,
                    companies.currency_code, aging.company_open_amount, buckets.sort_order
                from kpi.aging as aging
                inner join core.dim_aging_bucket as buckets
                    on aging.aging_bucket = buckets.aging_bucket
                left join core.dim_company as companies
                    on aging.company_id = companies.company_id
                where aging.is_latest
            """,
            x=Column("aging_bucket", Kind.CODE),
            series=Column("company"),
            y=Column("company_open_amount", Kind.MONEY),
            form=Form.COLUMNS,
            order="(select min(sort_order) from core.dim_aging_bucket as buckets "
            "where buckets.aging_bucket = list.aging_bucket), company",
        ),
        Chart(
            name="dso",
            title=Phrase("DSO par société", "DSO per società", "DSO by company"),
            query=DSO,
            x=Column("month_start", Kind.MONTH),
            series=Column("company"),
            y=Column("dso_simple_days", Kind.DECIMAL),
            form=Form.LINES,
        ),
        REMINDERS,
        replace(OPEN_ITEMS, definition=replace(OPEN_ITEMS.definition, order=LARGEST_FIRST)),
        Chart(
            name="drift",
            title=Phrase(
                "Payeurs qui se dégradent : de combien de jours",
                "Chi paga sempre più tardi: di quanti giorni",
                "Payers who are slipping: by how many days",
            ),
            query="""
                select
                    behaviour.company_id, behaviour.customer_id, customers.name as customer,
                    behaviour.shift_days
                from kpi.payment_behaviour as behaviour
                left join core.dim_customer as customers
                    on behaviour.customer_id = customers.customer_id
                where behaviour.as_of_date = $as_of and behaviour.is_slipping
            """,
            x=Column("customer"),
            y=Column("shift_days", Kind.DECIMAL),
            form=Form.BARS,
            order="2 desc nulls last, 1",
        ),
        replace(BEHAVIOUR, lines=8),
        EXPOSURE,
    ),
)
