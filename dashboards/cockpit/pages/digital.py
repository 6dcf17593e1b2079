"""How orders reach us, and how many need no hands."""

from __future__ import annotations

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.pages.shared import TEAM
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.wording import Phrase

MATURITY = """
    select
        maturity.*, companies.name as company,
        case when maturity.is_electronic then maturity.counted_documents else 0 end
            as electronic_documents
    from kpi.digital_maturity_monthly as maturity
    left join core.dim_company as companies on maturity.company_id = companies.company_id
    where maturity.month_start <= $as_of
"""

DIGITAL = Page(
    name="digital",
    title=Phrase("Maturité numérique", "Maturità digitale", "Digital maturity"),
    lead=Phrase(
        "Par où arrivent les commandes, et combien passent sans qu'on y touche.",
        "Da dove arrivano gli ordini, e quanti passano senza intervento.",
        "How orders reach us, and how many pass untouched.",
    ),
    has_months=True,
    filters=(TEAM, Filter(Column("channel", Kind.CODE))),
    blocks=(
        Figures({"electronic_share": "digital/channels", "touchless_rate": "digital/channels"}),
        Chart(
            name="by_channel",
            title=Phrase("Commandes par canal", "Ordini per canale", "Orders by channel"),
            query=f"{MATURITY} and maturity.document_type = 'order' "
            "and maturity.channel <> 'generated'",
            x=Column("month_start", Kind.MONTH),
            series=Column("channel", Kind.CODE),
            y=Column("counted_documents", Kind.COUNT),
            form=Form.COLUMNS,
        ),
        Chart(
            name="electronic",
            title=Phrase(
                "Part électronique par équipe",
                "Quota elettronica per squadra",
                "Electronic share by team",
            ),
            query=f"{MATURITY} and maturity.document_type = 'order'",
            x=Column("month_start", Kind.MONTH),
            series=Column("team"),
            y=Column(
                "electronic_documents",
                Kind.SHARE,
                heading=Phrase("Part des commandes", "Quota degli ordini", "Share of the orders"),
            ),
            over="counted_documents",
            form=Form.LINES,
        ),
        Table(
            "channels",
            TableDefinition(
                title=Phrase(
                    "Documents du mois par canal",
                    "Documenti del mese per canale",
                    "Documents of the month by channel",
                ),
                query=f"{MATURITY} and maturity.month_start = date_trunc('month', $as_of)",
                order="document_type, counted_documents desc nulls last, company, team, channel",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("team", is_printed=True),
                    Column("document_type", Kind.CODE, is_printed=True),
                    Column("channel", Kind.CODE, is_printed=True),
                    Column("counted_documents", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("counted_lines", Kind.COUNT, is_totalled=True),
                    Column("channel_share", Kind.SHARE, is_printed=True),
                    Column("judged_orders", Kind.COUNT, is_totalled=True),
                    Column("touchless_orders", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("touchless_share", Kind.SHARE, is_printed=True),
                ),
                has_customers=False,
            ),
            lines=15,
            filters=(Filter(Column("document_type", Kind.CODE)),),
        ),
    ),
)
