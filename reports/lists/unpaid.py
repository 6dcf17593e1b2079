"""Who owes what, since when: every open item of customers, receipts and credits included."""

from __future__ import annotations

from reports import wording
from reports.definition import Aging, Breakdown, Column, Kind, ListDefinition, TableDefinition
from reports.marts import SALESPERSON
from reports.request import ListName
from reports.wording import Phrase

QUERY = f"""
    select
        items.* replace (nullif(items.disputed_amount, 0) as disputed_amount),
        companies.name as company,
        companies.currency_code as company_currency_code,
        customers.customer_number,
        customers.name as customer,
        documents.document_number,
        documents.agent_id,
        agents.display_name as agent,
        {SALESPERSON} as salesperson_id,
        salespeople.display_name as salesperson
    from kpi.open_items as items
    left join core.dim_company as companies on items.company_id = companies.company_id
    left join core.dim_customer as customers on items.customer_id = customers.customer_id
    left join core.fct_documents as documents on items.document_id = documents.document_id
    left join core.dim_employee as agents on documents.agent_id = agents.employee_id
    left join core.dim_employee as salespeople
        on {SALESPERSON} = salespeople.employee_id
    where items.as_of_date = $as_of
"""

LINES = TableDefinition(
    title=Phrase("Impayés", "Scoperti", "Unpaid items"),
    query=QUERY,
    order="company, customer, due_date nulls last, document_number, open_item_id, account_role",
    columns=(
        Column("company", heading=wording.COMPANY, width=20),
        Column("customer_number", width=12),
        Column("customer", heading=wording.CUSTOMER, width=30, is_printed=True),
        Column("document_number", width=16, is_printed=True),
        Column("item_type", Kind.CODE, width=14),
        Column("account_role", Kind.CODE, width=14),
        Column("issued_on", Kind.DATE),
        Column("due_date", Kind.DATE, is_printed=True),
        Column("days_late", Kind.DAYS_LATE, width=9, is_printed=True),
        Column("currency_code", width=8),
        Column("original_amount", Kind.MONEY, width=14),
        Column("open_amount", Kind.MONEY, width=14, is_totalled=True),
        Column("company_currency_code", heading=wording.COMPANY_CURRENCY, width=9, is_printed=True),
        Column(
            "company_open_amount",
            Kind.MONEY,
            width=16,
            currency="company_currency_code",
            is_totalled=True,
            is_printed=True,
        ),
        Column("disputed_amount", Kind.MONEY, width=14, is_totalled=True),
        Column("promised_date", Kind.DATE),
        Column("promised_amount", Kind.MONEY, width=14),
        Column("promise_status", Kind.CODE),
        Column("dunning_level", Kind.COUNT, width=9, is_printed=True),
        Column("last_reminded_on", Kind.DATE),
        Column("agent", heading=wording.AGENT, width=18),
        Column("salesperson", heading=wording.SALESPERSON, width=18),
    ),
    aging=Aging(bucket="aging_bucket", amount="company_open_amount"),
    breakdowns=(
        Breakdown(
            Phrase("Par société et devise", "Per società e valuta", "By company and currency"),
            by=("company", "company_currency_code", "currency_code"),
            measures=("company_open_amount", "aging"),
        ),
        Breakdown(
            Phrase("Les plus gros débiteurs", "I maggiori debitori", "Largest debtors"),
            by=("company", "customer_number", "customer", "company_currency_code"),
            measures=("company_open_amount", "aging"),
            most=20,
        ),
    ),
    statement=("document_number", "item_type", "issued_on", "due_date", "days_late"),
    agents=("agent_id", "salesperson_id"),
    selection=("company_overdue_amount",),
    selection_name=Phrase(
        "les plus gros montants en retard", "i maggiori importi scaduti", "the largest late amounts"
    ),
)

UNPAID = ListDefinition(
    name=ListName.UNPAID,
    title=Phrase("Impayés clients", "Scoperti clienti", "Unpaid customer items"),
    days="select distinct as_of_date from kpi.open_items order by 1 desc",
    tables=(LINES,),
)
