"""Customers who have been silent longer than they use to be, and what sales are at stake."""

from __future__ import annotations

from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, Row, TableDefinition
from reports.numbers import day
from reports.request import Language, ListName
from reports.wording import Phrase

QUERY = """
    select
        activity.*,
        companies.name as company,
        customers.customer_number,
        customers.name as customer,
        customers.salesperson_id,
        salespeople.display_name as salesperson,
        overview.last_contact_on,
        overview.next_action,
        overview.open_claim_count,
        overview.overdue_incl_tax
    from kpi.customer_activity as activity
    left join kpi.customer_overview as overview
        on
            activity.as_of_date = overview.as_of_date
            and activity.company_id = overview.company_id
            and activity.customer_id = overview.customer_id
    left join core.dim_company as companies on activity.company_id = companies.company_id
    left join core.dim_customer as customers on activity.customer_id = customers.customer_id
    left join core.dim_employee as salespeople on customers.salesperson_id = salespeople.employee_id
    where activity.as_of_date = $as_of and activity.activity_status in ('at_risk', 'dormant')
"""

SILENT = Phrase(
    "N'a pas commandé depuis {silent} jours, alors que {habit}",
    "Non ordina da {silent} giorni, mentre {habit}",
    "Has not ordered for {silent} days, while {habit}",
)
SILENT_IN_SEASON = Phrase(
    "N'a pas commandé depuis {silent} jours de saison, alors que {habit}",
    "Non ordina da {silent} giorni di stagione, mentre {habit}",
    "Has not ordered for {silent} days of the season, while {habit}",
)
HABITS = {
    "own": Phrase(
        "sa commande revient tous les {interval} jours",
        "di solito ordina ogni {interval} giorni",
        "this customer orders every {interval} days",
    ),
    "segment": Phrase(
        "son segment commande tous les {interval} jours",
        "il suo segmento ordina ogni {interval} giorni",
        "others of the segment order every {interval} days",
    ),
    "company": Phrase(
        "nos clients commandent tous les {interval} jours",
        "i nostri clienti ordinano ogni {interval} giorni",
        "our customers order every {interval} days",
    ),
}
EXPECTED = Phrase(
    " ; commande attendue le {day}.", "; ordine atteso il {day}.", "; an order was due on {day}."
)


def reason(customer: Row, language: Language) -> str:
    """Why the customer is on the list."""
    habit = HABITS.get(customer["habit_basis"])
    interval = customer["habit_interval_days"]
    if habit is None or interval is None:
        return ""
    silent = SILENT_IN_SEASON if customer["is_seasonal"] else SILENT
    told = silent[language].format(
        silent=customer["silent_days"], habit=habit[language].format(interval=round(interval))
    )
    expected = customer["next_order_expected_on"]
    return told + (EXPECTED[language].format(day=day(expected, language)) if expected else ".")


AT_RISK = ListDefinition(
    name=ListName.AT_RISK,
    title=Phrase("Clients à risque", "Clienti a rischio", "Customers at risk"),
    days="select distinct as_of_date from kpi.customer_activity order by 1 desc",
    tables=(
        TableDefinition(
            title=Phrase("Clients à risque", "Clienti a rischio", "Customers at risk"),
            query=QUERY,
            order="sales_at_stake_excl_tax desc nulls last, net_sales_12_months_excl_tax desc, "
            "company, customer, customer_id",
            columns=(
                Column("company", heading=wording.COMPANY, width=18),
                Column("customer_number", width=12),
                Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
                Column("segment", width=14),
                Column("activity_status", Kind.CODE, width=12, is_printed=True),
                Column(
                    "reason",
                    width=60,
                    heading=Phrase("Pourquoi", "Perché", "Why"),
                    compose=reason,
                    is_printed=True,
                ),
                Column("last_ordered_on", Kind.DATE),
                Column("days_since_last_order", Kind.DAYS_LATE, width=10),
                Column("next_order_expected_on", Kind.DATE),
                Column("currency_code", width=8),
                Column(
                    "net_sales_12_months_excl_tax",
                    Kind.MONEY,
                    width=15,
                    is_totalled=True,
                    is_printed=True,
                ),
                Column("probability_alive", Kind.SHARE, width=11, is_printed=True),
                Column(
                    "sales_at_stake_excl_tax",
                    Kind.MONEY,
                    width=15,
                    is_totalled=True,
                    is_printed=True,
                ),
                Column("overdue_incl_tax", Kind.MONEY, width=14),
                Column("open_claim_count", Kind.COUNT, width=9),
                Column("last_contact_on", Kind.DATE),
                Column("next_action", Kind.CODE, width=20, is_printed=True),
                Column("salesperson", heading=wording.SALESPERSON, width=18),
            ),
            breakdowns=(
                Breakdown(
                    Phrase("Par société et statut", "Per società e stato", "By company and status"),
                    by=("company", "activity_status", "currency_code"),
                    measures=("sales_at_stake_excl_tax", "net_sales_12_months_excl_tax"),
                ),
            ),
            agents=("salesperson_id",),
            selection=("sales_at_stake_excl_tax",),
            selection_name=Phrase(
                "le plus de ventes en jeu", "più vendite in gioco", "most sales at stake"
            ),
        ),
    ),
)
