"""Where a model is known to be wrong: the oracle can be told to err alike, one finding at a time.

Each entry says what is wrong, with the rule that it breaks. The test holds the models to the
oracle that errs as listed, so that nothing else may differ. Once a model is mended, its marts
differ from that oracle: the entry then leaves, with the branches that ask for it.
"""

from __future__ import annotations

CREDIT_NOTE_DELAYS_INVOICED = "credit_note_delays_invoiced"
READY_AT_ONCE_IS_WAITING = "ready_at_once_is_waiting"
LATER_ANSWER_UNDOES_EXPIRY = "later_answer_undoes_expiry"
LATER_CONFIRMATION_MAKES_ORDER = "later_confirmation_makes_order"
DISPUTE_SHARE_IS_ROUNDED = "dispute_share_is_rounded"
DUE_STAYS_WITH_FIRST_DELIVERY = "due_stays_with_first_delivery"
CLOSING_CANCELS_FREIGHT = "closing_cancels_freight"
ROWS_OF_NOTHING = "rows_of_nothing"
UNFINISHED_WAITS_COUNT = "unfinished_waits_count"
PRICE_REDUCTION_TAKES_GOODS = "price_reduction_takes_goods"
NEXT_SEASON_IS_UNKNOWN = "next_season_is_unknown"
NO_HABIT_IS_A_WEEK = "no_habit_is_a_week"
RECEIPT_IS_TOLD_AS_INSTANT = "receipt_is_told_as_instant"
BACKDATED_INVOICE_IS_AS_TODAY = "backdated_invoice_is_as_today"
ORDER_HAS_ITS_LATER_DATE = "order_has_its_later_date"
LATER_ORDER_IS_NAMED = "later_order_is_named"
CRM_GROUPS_ARE_UNKNOWN = "crm_groups_are_unknown"
NOTED_MESSAGES_ARE_NOT_RECEIPTS = "noted_messages_are_not_receipts"
ENTRIES_ARE_MONEY = "entries_are_money"
DISPUTE_RATE_IS_ROUNDED = "dispute_rate_is_rounded"
LATE_DAYS_END_AT_INSOLVENCY = "late_days_end_at_insolvency"
INTEREST_IS_ROUNDED_TWICE = "interest_is_rounded_twice"
TO_THE_CENT = "to_the_cent"

FINDINGS: dict[str, str] = {
    CREDIT_NOTE_DELAYS_INVOICED: (
        "An order counts as invoiced only when the last credit note on it was posted, weeks after"
        " its invoices; invoiced is when all that was ordered is, and a credit note invoices"
        " nothing."
    ),
    READY_AT_ONCE_IS_WAITING: (
        "An order whose transfer is ready the instant it is created stays waiting instead of"
        " in_preparation: of changes of one instant the furthest in the document's life counts."
    ),
    LATER_ANSWER_UNDOES_EXPIRY: (
        "A quote that had run out by the as-of date, and was answered after it, is restated as"
        " waiting; nothing dated after the as-of date counts."
    ),
    LATER_CONFIRMATION_MAKES_ORDER: (
        "A hand-entered draft that was confirmed after the as-of date is restated as an order; a"
        " draft is a quote until it is confirmed, and nothing dated after the date counts."
    ),
    DISPUTE_SHARE_IS_ROUNDED: (
        "A dispute over several instalments is spread by shares that are first rounded to six"
        " decimals, so that the parts do not sum to the dispute; proportions of money are rounded"
        " once, to four decimals of the amount."
    ),
    NOTED_MESSAGES_ARE_NOT_RECEIPTS: (
        "An order that came by e-mail or telephone has no received_at although the team's sheet"
        " notes its message; inbound messages are the only true source of received."
    ),
    UNFINISHED_WAITS_COUNT: (
        "The wait for stock of an order counts what has passed of it while a backorder of the"
        " order still waits; a stage that has not ended is empty."
    ),
    DUE_STAYS_WITH_FIRST_DELIVERY: (
        "A line delivered in two months, of which the first part was invoiced, keeps the first"
        " part's last legal day to invoice and counts as past due; each delivery has its own."
    ),
    CLOSING_CANCELS_FREIGHT: (
        "Freight that entered the book to invoice with the order's first shipment is cancelled"
        " when the order is closed short, although it is still invoiced, and then fulfils nothing."
    ),
    PRICE_REDUCTION_TAKES_GOODS: (
        "A price correction or commercial gesture on a line of which goods came back counts as"
        " taking back a quantity and its cost; a price reduction has neither."
    ),
    NEXT_SEASON_IS_UNKNOWN: (
        "A seasonal buyer whose next order is due after the last year that any document names has"
        " no expected date: the calendar ends there; it is the last order plus m on his own clock."
    ),
    NO_HABIT_IS_A_WEEK: (
        "Where no customer of the company has a habit yet, each is given one of 7 days with limits"
        " of 10.5 and 21, and is won back by them; 7 days is the least that a habit can be, and"
        " where there is none there are no limits."
    ),
    RECEIPT_IS_TOLD_AS_INSTANT: (
        "The timeline dates an order by the day on which it was validated, a quote by that of its"
        " entry, and gives the instant at which the request was received, often on an earlier day;"
        " day and instant are of one event."
    ),
    BACKDATED_INVOICE_IS_AS_TODAY: (
        "An invoice dated by the as-of date and entered after it is restated with the status that"
        " it has today, such as settled; nothing dated after the as-of date counts."
    ),
    ORDER_HAS_ITS_LATER_DATE: (
        "An order that was confirmed after the as-of date is restated with the date of that"
        " confirmation, which Odoo wrote over its own, and the timeline leaves it out; nothing"
        " dated after the as-of date counts."
    ),
    LATER_ORDER_IS_NAMED: (
        "A look-up about a quote that became an order after the as-of date names the order, which"
        " does not exist yet; nothing dated after the as-of date counts."
    ),
    CRM_GROUPS_ARE_UNKNOWN: (
        "Accounts that the CRM files under a parent account are heads of their own group, since"
        " nothing reads its ParentId; sales at stake are those of the group that decides."
    ),
    ROWS_OF_NOTHING: (
        "order_book_daily has rows in which nothing is open and nothing moved: lines already"
        " delivered that are cancelled, and returns of what was invoiced."
    ),
    ENTRIES_ARE_MONEY: (
        "An entry that moves an instalment to the doubtful account counts as money received that"
        " day (netting, `is_money`), so the payer looks as if he had paid early; only cash feeds"
        " payment habits."
    ),
    TO_THE_CENT: (
        "What is open of orders is rounded to the cent per payer in the exposure and per company in"
        " the cut-off, a half sometimes up and sometimes down: the cut-off misses the order book to"
        " invoice by a cent, and an amount with tax may be less than the one without. Proportions"
        " of money are rounded once, to four decimals, and then added up as decimals."
    ),
    DISPUTE_RATE_IS_ROUNDED: (
        "A disputed amount in foreign currency is converted at a rate rounded to six decimals, so"
        " that an invoice disputed as a whole may count as overdue and undisputed with a ten-"
        "thousandth; proportions of money are rounded once, to four decimals of the amount."
    ),
    LATE_DAYS_END_AT_INSOLVENCY: (
        "An instalment paid late after its payer became insolvent counts as paid on the day of the"
        " insolvency, where its interest ends: its days late, and the year for which it stays on"
        " the worklist, are not those of the payment."
    ),
    INTEREST_IS_ROUNDED_TWICE: (
        "Interest on a partly disputed item is rounded to the cent for all of it, and the"
        " undisputed share of that is rounded again; proportions of money are rounded once."
    ),
}
