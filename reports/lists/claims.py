"""Open claims: how old they are, who has them, what comes next."""

from __future__ import annotations

from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, Row, TableDefinition
from reports.marts import PUBLISHED_DAY
from reports.request import Language, ListName
from reports.wording import Phrase

QUERY = """
    select
        claims.*,
        companies.name as company,
        companies.currency_code,
        customers.customer_number,
        customers.name as customer,
        coalesce(documents.document_number, claims.document_reference) as document_number,
        owners.display_name as owner
    from core.fct_claims as claims
    left join core.dim_company as companies on claims.company_id = companies.company_id
    left join core.dim_customer as customers on claims.customer_id = customers.customer_id
    left join core.fct_documents as documents on claims.document_id = documents.document_id
    left join core.dim_employee as owners on claims.owner_id = owners.employee_id
    where claims.is_open and claims.opened_on <= $as_of
"""

ANSWER = Phrase("Répondre au client", "Rispondere al cliente", "Answer the customer")
ASK = Phrase(
    "Attendre ou relancer le client",
    "Attendere o sollecitare il cliente",
    "Await or chase the customer",
)
SOLVE = Phrase("Trouver une solution", "Trovare una soluzione", "Find a solution")
ASSIGN = Phrase("Désigner un responsable", "Nominare un responsabile", "Give it to somebody")


def next_step(claim: Row, language: Language) -> str:
    """What its status says that is to be done."""
    if claim["owner_id"] == "unknown":
        return ASSIGN[language]
    if claim["first_response_on"] is None:
        return ANSWER[language]
    return (ASK if claim["status"] == "waiting_customer" else SOLVE)[language]


CLAIMS = ListDefinition(
    name=ListName.CLAIMS,
    title=Phrase("Réclamations ouvertes", "Reclami aperti", "Open claims"),
    days=PUBLISHED_DAY,
    tables=(
        TableDefinition(
            title=Phrase("Réclamations", "Reclami", "Claims"),
            query=QUERY,
            order="open_age_days desc, company, customer, claim_id",
            columns=(
                Column("company", heading=wording.COMPANY, width=18),
                Column("claim_number", width=14, is_printed=True),
                Column("customer_number", width=12),
                Column("customer", heading=wording.CUSTOMER, width=28, is_printed=True),
                Column("opened_on", Kind.DATE, is_printed=True),
                Column("open_age_days", Kind.DAYS_LATE, width=9, is_printed=True),
                Column("status", Kind.CODE, width=18, codes="claim_status", is_printed=True),
                Column("claim_reason", Kind.CODE, width=24, is_printed=True),
                Column("priority", width=10),
                Column("channel", Kind.CODE, width=12, codes="claim_channel"),
                Column("owner", heading=wording.OWNER, width=18, is_printed=True),
                Column(
                    "next_step",
                    width=26,
                    heading=Phrase("À faire", "Da fare", "To do"),
                    compose=next_step,
                    is_printed=True,
                ),
                Column("first_response_on", Kind.DATE),
                Column("reopened_count", Kind.COUNT, width=9),
                Column("document_number", width=16),
                Column("carrier", width=14),
                Column("currency_code", width=8),
                Column("cost_amount", Kind.MONEY, width=12, is_totalled=True),
            ),
            breakdowns=(
                Breakdown(
                    Phrase("Par motif", "Per motivo", "By reason"),
                    by=("company", "claim_reason"),
                    measures=(),
                ),
                Breakdown(
                    Phrase("Par responsable", "Per responsabile", "By owner"),
                    by=("company", "owner", "next_step"),
                    measures=(),
                ),
            ),
            agents=("owner_id",),
            selection=("open_age_days",),
            selection_name=Phrase("les plus anciennes", "i più vecchi", "the oldest"),
        ),
    ),
)
