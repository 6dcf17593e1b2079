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
NOTED_MESSAGES_ARE_NOT_RECEIPTS = "noted_messages_are_not_receipts"
CANCELLED_AHEAD_IS_NOT_DUE = "cancelled_ahead_is_not_due"
YOUNG_QUOTES_TELL_PROMISES = "young_quotes_tell_promises"
REST_IN_PREPARATION_IS_VALIDATED = "rest_in_preparation_is_validated"
CLEARED_ON_THE_DAY_IS_LISTED = "cleared_on_the_day_is_listed"
RETURNS_CREDITED_LATE_ARE_MISSING = "returns_credited_late_are_missing"

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
    ROWS_OF_NOTHING: (
        "order_book_daily has rows in which nothing is open and nothing moved: lines already"
        " delivered that are cancelled, and returns of what was invoiced."
    ),
    CANCELLED_AHEAD_IS_NOT_DUE: (
        "A line that the customer cancelled before its date counts as not due until the date has"
        " passed; not due is what is not decided yet, and it is excluded from the day it is"
        " cancelled."
    ),
    YOUNG_QUOTES_TELL_PROMISES: (
        "The days after which a quote's goods are usually promised are those of all quotes won in"
        " the last 425 days; such quotes are the ripe ones, and of the young ones only those"
        " decided quickly are won yet, so that the day comes too early."
    ),
    REST_IN_PREPARATION_IS_VALIDATED: (
        "A line none of which has left, and whose goods are being prepared, is at the stage"
        " validated once another line of its order has left: order_tracking takes the order's"
        " status, part shipped, for the line's."
    ),
    CLEARED_ON_THE_DAY_IS_LISTED: (
        "process_exceptions lists messages that were entered, or cleared of their error, on the"
        " day they are first seen, and sales below cost on orders that ended on their first day;"
        " first seen is the first day at whose end the rule was broken."
    ),
    RETURNS_CREDITED_LATE_ARE_MISSING: (
        "Of the returns not credited in time, process_exceptions lists none that was credited"
        " since, although exceptions stay listed for twelve months; and it counts from the return"
        " where the goods were invoiced only later, when there was nothing to credit yet."
    ),
}
