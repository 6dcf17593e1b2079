"""Whom to remind, at which level, of what and with which legal amounts; and who is left alone."""

from __future__ import annotations

from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, TableDefinition
from reports.marts import PUBLISHED_DAY, SALESPERSON
from reports.request import ListName
from reports.wording import Phrase

QUERY = f"""
    select
        worklist.*,
        companies.name as company,
        customers.customer_number,
        customers.name as customer,
        documents.agent_id,
        agents.display_name as agent,
        {SALESPERSON} as salesperson_id,
        list_position(['excluded', 'claim_interest', 'wait', 'remind'], worklist_status)
            as urgency
    from kpi.dunning_worklist as worklist
    left join core.dim_company as companies on worklist.company_id = companies.company_id
    left join core.dim_customer as customers on worklist.customer_id = customers.customer_id
    left join core.fct_documents as documents on worklist.document_id = documents.document_id
    left join core.dim_employee as agents on documents.agent_id = agents.employee_id
    where worklist.as_of_date = $as_of
"""

DUNNING = ListDefinition(
    name=ListName.DUNNING,
    title=Phrase("Relances clients", "Solleciti clienti", "Reminders to customers"),
    days=PUBLISHED_DAY,
    tables=(
        TableDefinition(
            title=Phrase("Relances", "Solleciti", "Reminders"),
            query=QUERY,
            order="urgency desc, company, priority_rank nulls last, customer, due_date, "
            "open_item_id",
            columns=(
                Column("company", heading=wording.COMPANY, width=20),
                Column("customer_number", width=12),
                Column("customer", heading=wording.CUSTOMER, width=30, is_printed=True),
                Column("worklist_status", Kind.CODE, width=14, is_printed=True),
                Column("priority_rank", Kind.COUNT, width=8),
                Column("next_level", Kind.COUNT, width=8, is_printed=True),
                Column("next_channel", Kind.CODE, width=14, is_printed=True),
                Column("next_action_on", Kind.DATE),
                Column("exclusion_reason", Kind.CODE, width=20, is_printed=True),
                Column("document_number", width=16, is_printed=True),
                Column("due_date", Kind.DATE, is_printed=True),
                Column("days_late", Kind.DAYS_LATE, width=8, is_printed=True),
                Column("dunning_level", Kind.COUNT, width=9),
                Column("last_reminded_on", Kind.DATE),
                Column("promised_date", Kind.DATE),
                Column("currency_code", width=8),
                Column("company_open_amount_incl_tax", Kind.MONEY, width=14, is_totalled=True),
                Column("company_disputed_amount_incl_tax", Kind.MONEY, width=14, is_totalled=True),
                Column(
                    "company_claimed_amount_incl_tax",
                    Kind.MONEY,
                    width=14,
                    is_totalled=True,
                    is_printed=True,
                ),
                Column("legal_rate_percent", Kind.DECIMAL, width=9),
                Column(
                    "company_interest_on_open_amount",
                    Kind.MONEY,
                    width=13,
                    is_totalled=True,
                    is_printed=True,
                ),
                Column("company_interest_on_paid_amount", Kind.MONEY, width=13, is_totalled=True),
                Column(
                    "indemnity_amount",
                    Kind.MONEY,
                    width=14,
                    currency="indemnity_currency_code",
                    is_totalled=True,
                    is_printed=True,
                ),
                Column("indemnity_currency_code", width=9),
                Column("company_payer_unapplied_amount_incl_tax", Kind.MONEY, width=14),
                Column("agent", heading=wording.AGENT, width=18),
            ),
            breakdowns=(
                Breakdown(
                    Phrase("Par étape", "Per fase", "By step"),
                    by=(
                        "company",
                        "worklist_status",
                        "next_channel",
                        "currency_code",
                        "indemnity_currency_code",
                    ),
                    measures=(
                        "company_claimed_amount_incl_tax",
                        "company_interest_on_open_amount",
                        "indemnity_amount",
                    ),
                ),
            ),
            agents=("agent_id", "salesperson_id"),
            selection=("urgency", "company_claimed_amount_incl_tax"),
            selection_name=Phrase(
                "les relances d'abord, et de chaque étape les plus gros montants réclamés",
                "prima i solleciti, e di ogni fase i maggiori importi richiesti",
                "reminders first, and of each step the largest amounts claimed",
            ),
        ),
    ),
)
