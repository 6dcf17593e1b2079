"""What needs hands now."""

from __future__ import annotations

from dataclasses import replace

from dashboards.cockpit.blocks import Figures, Page, Table
from dashboards.cockpit.pages.shared import CLAIMS, EXCEPTIONS, ORDERS, REMINDERS, TEAM
from reports.wording import Phrase


def _narrowed(table: Table, name: str, title: Phrase, where: str) -> Table:
    """Of a table, the rows that wait for somebody."""
    definition = replace(
        table.definition,
        title=title,
        query=f"select * from ({table.definition.query}) where {where}",
    )
    return replace(table, name=name, definition=definition, lines=8)


TODAY = Page(
    name="today",
    title=Phrase("Aujourd'hui", "Oggi", "Today"),
    lead=Phrase(
        "Ce qui attend quelqu'un maintenant.",
        "Ciò che aspetta qualcuno adesso.",
        "What waits for somebody now.",
    ),
    filters=(TEAM,),
    blocks=(
        Figures(
            {
                "customer_notices_due": "today/to_tell",
                "open_process_exceptions": "today/exceptions",
                "late_order_lines_share": "orders/orders",
                "overdue_receivables": "receivables/open_items",
                "open_claims": "today/unanswered",
                "order_lines_at_risk_of_shortage": "products/shortages",
            }
        ),
        _narrowed(
            ORDERS,
            "to_tell",
            Phrase("Clients à prévenir", "Clienti da avvisare", "Customers to be told"),
            "is_notice_due",
        ),
        replace(EXCEPTIONS, lines=8),
        replace(
            _narrowed(
                REMINDERS,
                "due_reminders",
                Phrase("Relances à faire", "Solleciti da fare", "Reminders to make"),
                "worklist_status = 'remind'",
            ),
            can_be_reminded=False,
        ),
        _narrowed(
            CLAIMS,
            "unanswered",
            Phrase(
                "Réclamations sans réponse ni responsable",
                "Reclami senza risposta o responsabile",
                "Claims without an answer or an owner",
            ),
            "first_response_on is null or owner_id = 'unknown'",
        ),
    ),
)
