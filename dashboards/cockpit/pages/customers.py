"""Who buys, who has gone silent, and whom to win back."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.pages.customer import OVERVIEW
from reports.definition import Column, Kind
from reports.lists.at_risk import AT_RISK
from reports.wording import Phrase

SEGMENT = Filter(Column("segment"))
STATUS = Filter(Column("activity_status", Kind.CODE))

CUSTOMERS = Page(
    name="customers",
    title=Phrase("Clients", "Clienti", "Customers"),
    lead=Phrase(
        "Qui achète, qui s'est tu, qui reconquérir. Un nom ouvre toute l'histoire d'un client.",
        "Chi compra, chi tace, chi riconquistare. Un nome apre tutta la storia di un cliente.",
        "Who buys, who went silent, whom to win back. A name opens a customer's whole story.",
    ),
    has_months=True,
    filters=(SEGMENT,),
    blocks=(
        Figures(
            {
                "active_customers": "customers/all",
                "retention_rate": "customers/all",
                "sales_at_stake": "customers/at_risk",
                "net_sales": "products/top",
                "contacts_per_100_orders": "customers/all",
                "customer_satisfaction": "customers/all",
            }
        ),
        Chart(
            name="activity",
            title=Phrase("Activité des clients", "Attività dei clienti", "Customers' activity"),
            query="""
                select
                    activity.company_id, activity.segment, activity.as_of_date,
                    activity.activity_status, 1 as customers
                from kpi.customer_activity as activity
                where
                    activity.activity_status not in ('lost', 'unknown')
                    and activity.as_of_date <= $as_of
            """,
            x=Column("as_of_date", Kind.MONTH),
            series=Column("activity_status", Kind.CODE),
            y=Column("customers", Kind.COUNT, heading=Phrase("Clients", "Clienti", "Customers")),
            form=Form.COLUMNS,
            note=Phrase(
                "Fins de mois ; les clients perdus n'y sont pas.",
                "Fine mese; i clienti persi non ci sono.",
                "Month ends; lost customers are left out.",
            ),
        ),
        Chart(
            name="retention",
            title=Phrase("Fidélité", "Fedeltà", "Retention"),
            query="""
                select
                    retention.company_id, retention.segment, retention.month_start,
                    retention.retained_customers, retention.opening_customers
                from kpi.customer_retention_monthly as retention
                where retention.month_start <= $as_of
            """,
            x=Column("month_start", Kind.MONTH),
            series=Column("segment"),
            y=Column(
                "retained_customers",
                Kind.SHARE,
                heading=Phrase("Part gardée", "Quota mantenuta", "Share kept"),
            ),
            over="opening_customers",
            form=Form.LINES,
        ),
        Table(
            "at_risk",
            AT_RISK.tables[0],
            lines=10,
            search=("customer", "customer_number"),
            filters=(STATUS,),
        ),
        replace(
            OVERVIEW,
            name="all",
            definition=replace(
                OVERVIEW.definition,
                title=Phrase("Tous les clients", "Tutti i clienti", "All customers"),
                order="net_sales_12_months_excl_tax desc nulls last, customer, customer_id",
            ),
            is_card=False,
            lines=12,
            search=("customer", "customer_number", "city"),
            filters=(STATUS, Filter(Column("next_action", Kind.CODE))),
        ),
    ),
)
