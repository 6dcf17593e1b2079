"""Tables that several pages show, and what their queries have in common."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Filter, Table
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.lists.claims import CLAIMS as CLAIMS_LIST
from reports.lists.dunning import DUNNING
from reports.lists.order_status import ORDER_STATUS
from reports.lists.unpaid import UNPAID
from reports.wording import Phrase

TEAM = Filter(Column("team"))
STATUS = Filter(Column("worklist_status", Kind.CODE))

ORDERS = Table(
    "orders",
    ORDER_STATUS.tables[0],
    search=("customer", "customer_number", "order_number", "customer_reference"),
    filters=(
        Filter(Column("is_notice_due", Kind.YES_NO)),
        Filter(Column("agent", heading=wording.AGENT)),
    ),
)
CLAIMS = Table(
    "claims",
    CLAIMS_LIST.tables[0],
    search=("customer", "customer_number", "claim_number", "document_number"),
    filters=(
        Filter(Column("status", Kind.CODE, codes="claim_status")),
        Filter(Column("claim_reason", Kind.CODE)),
        Filter(Column("owner", heading=wording.OWNER)),
    ),
)
OPEN_ITEMS = Table(
    "open_items",
    replace(UNPAID.tables[0], aging=None),
    search=("customer", "customer_number", "document_number"),
    filters=(
        Filter(Column("item_type", Kind.CODE)),
        Filter(Column("account_role", Kind.CODE)),
        Filter(Column("aging_bucket", Kind.CODE)),
    ),
)
REMINDERS = Table(
    "reminders",
    DUNNING.tables[0],
    search=("customer", "customer_number", "document_number"),
    filters=(
        STATUS,
        Filter(Column("next_channel", Kind.CODE)),
        Filter(Column("exclusion_reason", Kind.CODE)),
        Filter(Column("agent", heading=wording.AGENT)),
    ),
    can_be_reminded=True,
)
EXCEPTIONS = Table(
    "exceptions",
    TableDefinition(
        title=Phrase("Anomalies de processus", "Anomalie di processo", "Process exceptions"),
        query="""
            select
                exceptions.*,
                companies.name as company,
                customers.customer_number,
                customers.name as customer,
                owners.display_name as owner
            from kpi.process_exceptions as exceptions
            left join core.dim_company as companies on exceptions.company_id = companies.company_id
            left join core.dim_customer as customers
                on exceptions.customer_id = customers.customer_id
            left join core.dim_employee as owners on exceptions.owner_id = owners.employee_id
            where exceptions.as_of_date = $as_of and exceptions.is_open
        """,
        order="list_position(['high', 'medium', 'low'], severity), amount_at_stake_excl_tax desc "
        "nulls last, age_days desc, subject_id, rule",
        columns=(
            Column("company", heading=wording.COMPANY),
            Column("severity", Kind.CODE, is_printed=True),
            Column(
                "exception",
                width=40,
                heading=Phrase("Anomalie", "Anomalia", "Exception"),
                compose=lambda row, language: str(row[f"label_{language.value}"] or row["rule"]),
                is_printed=True,
            ),
            Column("document_type", Kind.CODE),
            Column("document_number", width=16, is_printed=True),
            Column("customer_number"),
            Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
            Column("first_seen_on", Kind.DATE),
            Column("age_days", Kind.DAYS_LATE, is_printed=True),
            Column("currency_code", width=8),
            Column("amount_at_stake_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
            Column("owner_function", Kind.CODE, is_printed=True),
            Column("owner", heading=wording.OWNER),
            Column("team", width=14),
        ),
    ),
    search=("customer", "customer_number", "document_number"),
    filters=(
        Filter(Column("severity", Kind.CODE)),
        Filter(Column("owner_function", Kind.CODE)),
        TEAM,
    ),
)
BEHAVIOUR = Table(
    "payment_behaviour",
    TableDefinition(
        title=Phrase("Habitudes de paiement", "Abitudini di pagamento", "Payment habits"),
        query="""
            select
                behaviour.*,
                companies.name as company,
                customers.customer_number,
                customers.name as customer
            from kpi.payment_behaviour as behaviour
            left join core.dim_company as companies on behaviour.company_id = companies.company_id
            left join core.dim_customer as customers
                on behaviour.customer_id = customers.customer_id
            where behaviour.as_of_date = $as_of
        """,
        order="is_slipping desc, shift_days desc nulls last, customer, customer_id",
        columns=(
            Column("company", heading=wording.COMPANY),
            Column("customer_number"),
            Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
            Column("drift_status", Kind.CODE, is_printed=True),
            Column("drifting_since", Kind.DATE, is_printed=True),
            Column("alarmed_on", Kind.DATE),
            Column("baseline_median_days_late", Kind.DECIMAL, is_printed=True),
            Column("recent_median_days_late", Kind.DECIMAL, is_printed=True),
            Column("shift_days", Kind.DECIMAL, is_printed=True),
            Column("trend_days_per_month", Kind.DECIMAL),
            Column("median_days_late", Kind.DECIMAL),
            Column("weighted_days_late", Kind.DECIMAL),
            Column("late_share", Kind.SHARE),
            Column("paid_instalment_count", Kind.COUNT),
            Column("overdue_instalment_count", Kind.COUNT, is_printed=True),
            Column("max_days_overdue", Kind.DAYS_LATE),
            Column("currency_code", width=8),
            Column(
                "company_overdue_instalments_amount_incl_tax",
                Kind.MONEY,
                is_totalled=True,
                is_printed=True,
            ),
            Column("rejected_payment_count", Kind.COUNT),
        ),
    ),
    search=("customer", "customer_number"),
    filters=(Filter(Column("drift_status", Kind.CODE)),),
)
