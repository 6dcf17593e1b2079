"""Who has how much to do, who can take over, what waits, and what the coming weeks bring."""

from __future__ import annotations

from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, TableDefinition
from reports.marts import PUBLISHED_DAY
from reports.request import ListName
from reports.wording import Phrase

BALANCE = """
    select
        balance.*,
        companies.name as company,
        employees.display_name as agent
    from kpi.workload_balance as balance
    left join core.dim_company as companies on balance.company_id = companies.company_id
    left join core.dim_employee as employees on balance.employee_id = employees.employee_id
    where balance.as_of_date = $as_of
"""
STAFFING = """
    select staffing.*, companies.name as company
    from kpi.staffing_weekly as staffing
    left join core.dim_company as companies on staffing.company_id = companies.company_id
    where
        staffing.as_of_date = $as_of and staffing.breakdown = 'team'
        and staffing.measure_kind in ('to_date', 'forecast')
"""
BACKLOG = """
    select backlog.*, companies.name as company
    from kpi.document_backlog_daily as backlog
    left join core.dim_company as companies on backlog.company_id = companies.company_id
    where backlog.as_of_date = $as_of and backlog.closing_documents > 0
"""

WORKLOAD = ListDefinition(
    name=ListName.WORKLOAD,
    title=Phrase("Charge de travail", "Carico di lavoro", "Workload"),
    days=PUBLISHED_DAY,
    tables=(
        TableDefinition(
            title=Phrase("Personnes", "Persone", "People"),
            query=BALANCE,
            order="company, team, spare_minutes_both_weeks nulls last, employee_id",
            columns=(
                Column("company", heading=wording.COMPANY, width=20, is_printed=True),
                Column("team", width=16, is_printed=True),
                Column("agent", heading=wording.AGENT, width=20, is_printed=True),
                Column("open_items", Kind.COUNT, is_totalled=True, is_printed=True),
                Column("open_minutes", Kind.COUNT, is_totalled=True, is_printed=True),
                Column("oldest_arrived_on", Kind.DATE, is_printed=True),
                Column("capacity_minutes_this_week", Kind.COUNT, is_totalled=True, is_printed=True),
                Column("capacity_minutes_next_week", Kind.COUNT, is_totalled=True, is_printed=True),
                Column("load_share", Kind.SHARE, width=10, is_printed=True),
                Column("spare_minutes_this_week", Kind.COUNT, is_printed=True),
                Column("spare_minutes_both_weeks", Kind.COUNT, is_printed=True),
                Column("is_overloaded", Kind.YES_NO, width=11, is_printed=True),
                Column("can_take_over", Kind.YES_NO, width=11, is_printed=True),
                Column("untimed_items", Kind.COUNT, is_totalled=True),
            ),
            breakdowns=(
                Breakdown(
                    Phrase("Par équipe", "Per squadra", "By team"),
                    by=("company", "team"),
                    measures=(
                        "open_minutes",
                        "capacity_minutes_this_week",
                        "capacity_minutes_next_week",
                    ),
                ),
            ),
            agents=("employee_id",),
            has_customers=False,
        ),
        TableDefinition(
            title=Phrase("Semaines", "Settimane", "Weeks"),
            query=STAFFING,
            order="company, team, week_start, measure_kind desc",
            columns=(
                Column("company", heading=wording.COMPANY, width=20, is_printed=True),
                Column("team", width=16, is_printed=True),
                Column("week_start", Kind.DATE, is_printed=True),
                Column("measure_kind", Kind.CODE, width=16, is_printed=True),
                Column("working_days", Kind.COUNT, width=9),
                Column("workload_minutes", Kind.COUNT, is_printed=True),
                Column("workload_minutes_low", Kind.COUNT),
                Column("workload_minutes_high", Kind.COUNT),
                Column("required_minutes", Kind.COUNT, is_printed=True),
                Column("capacity_minutes", Kind.COUNT, is_printed=True),
                Column("load_share", Kind.SHARE, width=10, is_printed=True),
                Column("fte_needed", Kind.DECIMAL, width=10, is_printed=True),
                Column("fte_contracted", Kind.DECIMAL, width=10, is_printed=True),
                Column("fte_gap", Kind.DECIMAL, width=10, is_printed=True),
                Column("backtest_error_share", Kind.SHARE, width=10),
            ),
            has_customers=False,
        ),
        TableDefinition(
            title=Phrase("Documents en cours", "Documenti in corso", "Documents in hand"),
            query=BACKLOG,
            order="company, document_kind, closing_documents desc, status, channel",
            columns=(
                Column("company", heading=wording.COMPANY, width=20, is_printed=True),
                Column("document_kind", Kind.CODE, width=22, is_printed=True),
                Column("status", Kind.CODE, width=18, codes="document_status", is_printed=True),
                Column("channel", Kind.CODE, width=14, is_printed=True),
                Column(
                    "closing_documents", Kind.COUNT, is_totalled=True, width=12, is_printed=True
                ),
                Column("entered_documents", Kind.COUNT, is_totalled=True, width=12),
                Column("left_documents", Kind.COUNT, is_totalled=True, width=12),
                Column("currency_code", width=8, is_printed=True),
                Column(
                    "closing_amount_excl_tax",
                    Kind.MONEY,
                    is_totalled=True,
                    width=16,
                    is_printed=True,
                ),
            ),
            has_customers=False,
        ),
    ),
)
