"""What to tell each customer about his open orders now, in one sentence per order."""

from __future__ import annotations

from collections import Counter
from datetime import date

from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, Row, TableDefinition
from reports.marts import PUBLISHED_DAY
from reports.numbers import day
from reports.request import Language, ListName
from reports.wording import Phrase

QUERY = """
    select
        tracking.company_id,
        companies.name as company,
        tracking.sold_to_customer_id as customer_id,
        customers.customer_number,
        customers.name as customer,
        tracking.order_id,
        tracking.order_number,
        tracking.customer_reference,
        tracking.order_date,
        tracking.agent_id,
        agents.display_name as agent,
        tracking.currency_code,
        max(tracking.salesperson_id) as salesperson_id,
        count(*) as open_line_count,
        count(*) filter (where tracking.days_late > 0) as late_line_count,
        max(tracking.days_late) as days_late,
        min(tracking.promised_date) as promised_date,
        max(tracking.expected_date) as expected_date,
        max(tracking.last_told_date) as last_told_date,
        -- The first date that he knows, and whether nobody but himself named it.
        min({
            'date': notices.date_known_to_customer,
            'is_own_wish': tracking.last_told_date is null
            and tracking.first_confirmed_date is null
        }) filter (where notices.order_line_id is not null) as known_to_customer,
        bool_or(notices.order_line_id is not null) as is_notice_due,
        sum(tracking.amount_to_deliver_excl_tax) as amount_to_deliver_excl_tax,
        list({
            'waits_for': tracking.waits_for, 'expected_date': tracking.expected_date
        }) as plights
    from kpi.order_tracking as tracking
    left join kpi.customer_notices_due as notices
        on
            tracking.company_id = notices.company_id
            and tracking.order_line_id = notices.order_line_id
    left join core.dim_company as companies on tracking.company_id = companies.company_id
    left join core.dim_customer as customers on tracking.sold_to_customer_id = customers.customer_id
    left join core.dim_employee as agents on tracking.agent_id = agents.employee_id
    where tracking.as_of_date = $as_of
    group by all
"""

ORDER = Phrase("Commande {number}", "Ordine {number}", "Order {number}")
YOUR_REFERENCE = Phrase(" (votre réf. {ref})", " (vs. rif. {ref})", " (your ref. {ref})")
ONE_LINE = Phrase("1 ligne", "1 riga", "1 line")
LINES = Phrase("{count} lignes", "{count} righe", "{count} lines")
LEAVING = Phrase(
    "départ prévu le {day}", "partenza prevista il {day}", "expected to leave on {day}"
)
NO_DATE = Phrase(
    "date de départ pas encore connue", "data di partenza non ancora nota", "no date known yet"
)
KNOWN_DATE = Phrase(
    "La date qui vous avait été indiquée était le {day}.",
    "La data comunicata era il {day}.",
    "The date that you were given was {day}.",
)
ASKED_DATE = Phrase(
    "La date que vous aviez demandée était le {day}.",
    "La data da Voi richiesta era il {day}.",
    "The date you had asked for was {day}.",
)
WAITS = {
    "sales": Phrase(
        "en attente de notre confirmation", "in attesa di nostra conferma", "to be confirmed by us"
    ),
    "credit": Phrase(
        "en attente d'un accord de notre comptabilité",
        "in attesa del benestare della nostra contabilità",
        "awaiting release by our accounts department",
    ),
    "customer": Phrase(
        "en attente de votre acompte ou de la date que vous souhaitez",
        "in attesa di un Vostro acconto o della data da Voi richiesta",
        "awaiting your deposit or the date you asked for",
    ),
    "stock": Phrase("en attente d'approvisionnement", "in attesa di merce", "awaiting supply"),
    "promised_date": Phrase("à date convenue", "a data concordata", "scheduled"),
    "warehouse": Phrase("en préparation", "in preparazione", "in preparation"),
}


def sentence(order: Row, language: Language) -> str:
    """What to tell the customer: what leaves when, why not sooner, which date he had."""
    told = ORDER[language].format(number=order["order_number"] or order["order_id"])
    if order["customer_reference"]:
        told += YOUR_REFERENCE[language].format(ref=order["customer_reference"])
    alike = Counter((line["waits_for"], line["expected_date"]) for line in order["plights"])
    parts = [
        _part(count, waits_for, expected, language)
        for (waits_for, expected), count in sorted(
            alike.items(), key=lambda plight: (plight[0][1] or date.max, plight[0][0])
        )
    ]
    told = wording.headed(told, "; ".join(parts), language) + "."
    if order["is_notice_due"]:
        known = order["known_to_customer"]
        phrase = ASKED_DATE if known["is_own_wish"] else KNOWN_DATE
        told += " " + phrase[language].format(day=day(known["date"], language))
    return told


def _part(count: int, waits_for: str, expected: date | None, language: Language) -> str:
    lines = ONE_LINE[language] if count == 1 else LINES[language].format(count=count)
    waits = WAITS[waits_for][language] if waits_for in WAITS else waits_for
    leaves = (
        LEAVING[language].format(day=day(expected, language)) if expected else NO_DATE[language]
    )
    return f"{lines} {waits}, {leaves}"


ORDER_STATUS = ListDefinition(
    name=ListName.ORDER_STATUS,
    title=Phrase("Où en sont les commandes", "Stato degli ordini", "Order status"),
    days=PUBLISHED_DAY,
    tables=(
        TableDefinition(
            title=Phrase("Commandes", "Ordini", "Orders"),
            query=QUERY,
            order="is_notice_due desc, company, customer, order_date, order_number, order_id",
            columns=(
                Column("company", heading=wording.COMPANY, width=18),
                Column("customer_number", width=12),
                Column("customer", heading=wording.CUSTOMER, width=26, is_printed=True),
                Column("order_number", width=13),
                Column("customer_reference", width=14),
                Column("order_date", Kind.DATE),
                Column("is_notice_due", Kind.YES_NO, width=9, is_printed=True),
                Column(
                    "sentence",
                    width=70,
                    heading=Phrase(
                        "À dire au client", "Da dire al cliente", "To tell the customer"
                    ),
                    compose=sentence,
                    is_printed=True,
                ),
                Column("open_line_count", Kind.COUNT, width=8, is_totalled=True),
                Column("late_line_count", Kind.COUNT, width=8, is_totalled=True),
                Column("promised_date", Kind.DATE),
                Column("expected_date", Kind.DATE),
                Column("days_late", Kind.DAYS_LATE, width=8, is_printed=True),
                Column("last_told_date", Kind.DATE),
                Column("currency_code", width=8),
                Column(
                    "amount_to_deliver_excl_tax",
                    Kind.MONEY,
                    width=14,
                    is_totalled=True,
                    is_printed=True,
                ),
                Column("agent", heading=wording.AGENT, width=18),
            ),
            breakdowns=(
                Breakdown(
                    Phrase("Par société", "Per società", "By company"),
                    by=("company", "is_notice_due", "currency_code"),
                    measures=("open_line_count", "late_line_count", "amount_to_deliver_excl_tax"),
                ),
            ),
            agents=("agent_id", "salesperson_id"),
            selection=("is_notice_due", "days_late"),
            selection_name=Phrase(
                "les clients à informer d'abord, puis les plus en retard",
                "prima i clienti da avvisare, poi i più in ritardo",
                "customers to be told first, then those that are latest",
            ),
        ),
    ),
)
