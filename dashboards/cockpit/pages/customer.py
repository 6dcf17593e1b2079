"""One customer's whole story: what is open, what was said, how he pays."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Chart, Filter, Form, Page, Table
from dashboards.cockpit.pages.shared import BEHAVIOUR, CLAIMS, OPEN_ITEMS, ORDERS
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.wording import Phrase

OVERVIEW = Table(
    "overview",
    TableDefinition(
        title=Phrase("En un coup d'œil", "A colpo d'occhio", "At a glance"),
        query="""
            select
                overview.*,
                companies.name as company,
                customers.customer_number,
                customers.name as customer,
                customers.city,
                customers.country_code,
                customers.salesperson_id,
                salespeople.display_name as salesperson
            from kpi.customer_overview as overview
            left join core.dim_company as companies on overview.company_id = companies.company_id
            left join core.dim_customer as customers on overview.customer_id = customers.customer_id
            left join core.dim_employee as salespeople
                on customers.salesperson_id = salespeople.employee_id
            where overview.as_of_date = $as_of
        """,
        order="company, customer, customer_id",
        columns=(
            Column("company", heading=wording.COMPANY, width=18),
            Column("customer_number", is_printed=True),
            Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
            Column("city"),
            Column("country_code"),
            Column("segment", is_printed=True),
            Column("activity_status", Kind.CODE, is_printed=True),
            Column("next_action", Kind.CODE, width=20, is_printed=True),
            Column("last_ordered_on", Kind.DATE, is_printed=True),
            Column("next_order_expected_on", Kind.DATE),
            Column("last_contact_on", Kind.DATE),
            Column("open_order_count", Kind.COUNT),
            Column("late_line_count", Kind.COUNT),
            Column("currency_code", width=8),
            Column("open_orders_excl_tax", Kind.MONEY, is_totalled=True),
            Column("to_invoice_excl_tax", Kind.MONEY, is_totalled=True),
            Column("net_sales_12_months_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
            Column("balance_incl_tax", Kind.MONEY, is_totalled=True),
            Column("overdue_incl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
            Column("max_days_late", Kind.DAYS_LATE),
            Column("dunning_level", Kind.COUNT),
            Column("median_days_paid_late", Kind.DECIMAL),
            Column("broken_promise_count", Kind.COUNT),
            Column("open_claim_count", Kind.COUNT, is_printed=True),
            Column("oldest_claim_days", Kind.COUNT),
            Column("sales_at_stake_excl_tax", Kind.MONEY, is_totalled=True),
            Column("salesperson", heading=wording.SALESPERSON, width=18),
        ),
    ),
    is_card=True,
    lines=5,
)
TIMELINE = Table(
    "timeline",
    TableDefinition(
        title=Phrase("Toute l'histoire", "Tutta la storia", "The whole story"),
        query="""
            select
                timeline.* replace (
                    case when timeline.event_type <> 'payment_promise' then timeline.detail end
                        as detail
                ),
                case
                    when timeline.event_type = 'payment_promise'
                        then try_cast(substr(timeline.detail, length('for_') + 1) as date)
                end as promised_date,
                companies.name as company
            from kpi.customer_timeline as timeline
            left join core.dim_company as companies on timeline.company_id = companies.company_id
            where timeline.occurred_on <= $as_of
        """,
        order="occurred_on desc, occurred_at desc nulls last, event_id",
        columns=(
            Column("occurred_on", Kind.DATE, is_printed=True),
            Column("event_type", Kind.CODE, width=20, is_printed=True),
            Column("document_number", width=16, is_printed=True),
            Column("channel", Kind.CODE, codes="any_channel", is_printed=True),
            Column("detail", Kind.CODE, width=30, codes="any_detail", is_printed=True),
            Column("promised_date", Kind.DATE, is_printed=True),
            Column("currency_code", width=8),
            Column("amount_excl_tax", Kind.MONEY, is_printed=True),
            Column("amount_incl_tax", Kind.MONEY, is_printed=True),
            Column("score", Kind.DECIMAL),
            Column("company", heading=wording.COMPANY),
        ),
    ),
    lines=25,
    filters=(Filter(Column("event_type", Kind.CODE)),),
)

HABIT = """
    with instalments as (
        select
            instalments.company_id, instalments.customer_id, instalments.due_date,
            instalments.days_paid_late, behaviour.baseline_median_days_late
        from core.fct_instalments as instalments
        inner join kpi.payment_behaviour as behaviour
            on
                instalments.company_id = behaviour.company_id
                and instalments.customer_id = behaviour.customer_id
                and behaviour.as_of_date = $as_of
        where
            instalments.days_paid_late is not null
            and instalments.due_date > $as_of - interval 25 month
    )

    select company_id, customer_id, due_date, 'paid' as line, days_paid_late, 1 as instalments
    from instalments
    union all
    select
        company_id, customer_id, due_date, 'baseline' as line,
        baseline_median_days_late as days_paid_late, 1 as instalments
    from instalments
    where baseline_median_days_late is not null
"""

CUSTOMER = Page(
    name="customer",
    title=Phrase("Un client", "Un cliente", "A customer"),
    lead=Phrase(
        "Tout ce que l'entrepôt sait de lui.",
        "Tutto ciò che il magazzino dati sa di lui.",
        "All that the warehouse knows of this customer.",
    ),
    blocks=(
        OVERVIEW,
        replace(ORDERS, lines=25),
        replace(OPEN_ITEMS, lines=25),
        replace(CLAIMS, lines=10),
        Chart(
            name="habit",
            title=Phrase(
                "De combien de jours chaque échéance fut payée en retard",
                "Di quanti giorni ogni scadenza fu pagata in ritardo",
                "By how many days each instalment was paid late",
            ),
            query=HABIT,
            x=Column("due_date", Kind.DATE),
            series=Column("line", Kind.CODE, heading=Phrase("Mesure", "Misura", "Measure")),
            y=Column("days_paid_late", Kind.DECIMAL),
            over="instalments",
            form=Form.LINES,
        ),
        replace(BEHAVIOUR, is_card=True, lines=5),
        TIMELINE,
    ),
    is_in_menu=False,
    key="customer_id",
    can_log_lookups=True,
)
