"""What customers complain about, how long it takes, and which claims wait."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page
from dashboards.cockpit.pages.shared import CLAIMS as OPEN_CLAIMS
from reports.definition import Column, Kind
from reports.wording import Phrase

DAYS = """
    select daily.*, date_trunc('month', date_day)::date as month_start
    from kpi.claims_daily as daily
    where daily.date_day <= $as_of
"""

CLAIMS = Page(
    name="claims",
    title=Phrase("Réclamations", "Reclami", "Claims"),
    lead=Phrase(
        "Ce qui attend une réponse, et de quoi les clients se plaignent.",
        "Ciò che aspetta una risposta, e di che cosa si lamentano i clienti.",
        "What awaits an answer, and what customers complain about.",
    ),
    has_months=True,
    filters=(Filter(Column("claim_reason", Kind.CODE)),),
    blocks=(
        Figures(
            {
                "open_claims": "claims/claims",
                "claim_resolution_days": "claims/claims",
                "claims_per_1000_lines": "claims/claims",
                "credited_amount": "orders/documents?document_kind=credit_note",
            }
        ),
        Chart(
            name="open_by_day",
            title=Phrase("Réclamations ouvertes", "Reclami aperti", "Open claims"),
            query=f"select daily.*, companies.name as company from ({DAYS}) as daily "
            "left join core.dim_company as companies on daily.company_id = companies.company_id",
            x=Column("date_day", Kind.DATE),
            series=Column("company"),
            y=Column("closing_count", Kind.COUNT),
            form=Form.LINES,
        ),
        Chart(
            name="flow",
            title=Phrase("Reçues et closes", "Ricevuti e chiusi", "Received and closed"),
            query=f"""
                select company_id, claim_reason, month_start, 'opened' as line,
                    opened_count as claims
                from ({DAYS})
                union all
                select company_id, claim_reason, month_start, 'closed' as line,
                    closed_count as claims
                from ({DAYS})
            """,
            x=Column("month_start", Kind.MONTH),
            series=Column("line", Kind.CODE, heading=Phrase("Mesure", "Misura", "Measure")),
            y=Column("claims", Kind.COUNT, heading=Phrase("Réclamations", "Reclami", "Claims")),
            form=Form.LINES,
        ),
        Chart(
            name="reasons",
            title=Phrase(
                "Motifs des douze derniers mois",
                "Motivi degli ultimi dodici mesi",
                "Reasons of the last twelve months",
            ),
            query=f"select * from ({DAYS}) where date_day > $as_of - interval 12 month",
            x=Column("claim_reason", Kind.CODE),
            y=Column("opened_count", Kind.COUNT),
            form=Form.BARS,
            order="2 desc nulls last, 1",
        ),
        replace(OPEN_CLAIMS, lines=20),
    ),
)
