"""Is there enough of us: work against capacity, the coming weeks, deadlines, who can take over."""

from __future__ import annotations

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.pages.shared import TEAM
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.lists.workload import WORKLOAD as WORKLOAD_LIST
from reports.wording import Phrase

WEEKS = """
    select
        company_id, team, week_start,
        case when measure_kind = 'forecast' then 'forecast' else 'required' end as line,
        required_minutes, workload_minutes_low, workload_minutes_high
    from kpi.staffing_weekly
    where as_of_date = $as_of and breakdown = 'team'
        and not (measure_kind = 'to_date')
        and week_start > $as_of - interval 6 month
    union all
    select
        company_id, team, week_start, 'capacity' as line, capacity_minutes as required_minutes,
        null as workload_minutes_low, null as workload_minutes_high
    from kpi.staffing_weekly
    where as_of_date = $as_of and breakdown = 'team'
        and measure_kind in ('actual', 'forecast')
        and week_start > $as_of - interval 6 month
"""
DEADLINES = """
    select deadlines.*, companies.name as company
    from kpi.deadline_compliance_monthly as deadlines
    left join core.dim_company as companies on deadlines.company_id = companies.company_id
    where deadlines.month_start <= $as_of
"""

STAFFING = Page(
    name="staffing",
    title=Phrase("Effectifs", "Organico", "Staffing"),
    lead=Phrase(
        "La charge face à la capacité, les semaines qui viennent, et qui peut prendre le relais.",
        "Il carico rispetto alla capacità, le prossime settimane, e chi può dare una mano.",
        "Work against capacity, the coming weeks, and who can take over.",
    ),
    has_months=True,
    filters=(TEAM,),
    blocks=(
        Figures(
            {
                "workload_load": "staffing/weeks",
                "deadline_compliance": "staffing/deadlines",
                "information_lookups": "staffing/lookups",
            }
        ),
        Chart(
            name="forecast",
            title=Phrase(
                "Charge et capacité par semaine",
                "Carico e capacità per settimana",
                "Workload and capacity by week",
            ),
            query=WEEKS,
            x=Column("week_start", Kind.DATE),
            series=Column("line", Kind.CODE, heading=Phrase("Mesure", "Misura", "Measure")),
            y=Column("required_minutes", Kind.COUNT),
            band=("workload_minutes_low", "workload_minutes_high"),
            form=Form.LINES,
            note=Phrase(
                "La fourchette de la prévision se dessine pour une équipe à la fois.",
                "L'intervallo della previsione si disegna per una squadra alla volta.",
                "The range of the forecast is drawn for one team at a time.",
            ),
        ),
        Chart(
            name="deadlines_by_month",
            title=Phrase("Délais tenus", "Scadenze rispettate", "Deadlines met"),
            query=DEADLINES,
            x=Column("month_start", Kind.MONTH),
            series=Column("task", Kind.CODE),
            y=Column(
                "met_items",
                Kind.SHARE,
                heading=Phrase("Part tenue", "Quota rispettata", "Share met"),
            ),
            over="due_items",
            form=Form.LINES,
        ),
        Table("weeks", WORKLOAD_LIST.tables[1], lines=12),
        Table("people", WORKLOAD_LIST.tables[0], lines=20, is_about_people=True),
        Table(
            "deadlines",
            TableDefinition(
                title=Phrase("Délais du mois", "Scadenze del mese", "Deadlines of the month"),
                query=f"{DEADLINES} and deadlines.month_start >= date_trunc('month', $as_of)",
                order="compliance_share nulls last, company, team, task",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("team", is_printed=True),
                    Column("task", Kind.CODE, is_printed=True),
                    Column("due_items", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("met_items", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("late_items", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("compliance_share", Kind.SHARE, is_printed=True),
                    Column("target_share", Kind.SHARE, is_printed=True),
                    Column("not_yet_due_items", Kind.COUNT, is_totalled=True),
                    Column("open_late_items", Kind.COUNT, is_totalled=True, is_printed=True),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("task", Kind.CODE)),),
        ),
        Table(
            "lookups",
            TableDefinition(
                title=Phrase(
                    "Renseignements donnés aux collègues",
                    "Informazioni date ai colleghi",
                    "Look-ups for colleagues",
                ),
                query="""
                    select lookups.*, companies.name as company
                    from kpi.information_lookups_monthly as lookups
                    left join core.dim_company as companies
                        on lookups.company_id = companies.company_id
                    where lookups.month_start >= date_trunc('month', $as_of - interval 1 month)
                """,
                order="month_start desc, lookups desc, requester_name, company",
                columns=(
                    Column("company", heading=wording.COMPANY),
                    Column("month_start", Kind.MONTH, is_printed=True),
                    Column("requester_name", is_printed=True),
                    Column("requester_team", is_printed=True),
                    Column("lookups", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("minutes", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("last_12_months_lookups", Kind.COUNT, is_printed=True),
                    Column("previous_3_months_lookups", Kind.COUNT),
                ),
                has_customers=False,
            ),
            is_about_people=True,
        ),
    ),
)
