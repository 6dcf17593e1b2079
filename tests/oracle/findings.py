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
SETTLING_HIDES_POSTING = "settling_hides_posting"
LATE_DEPOSIT_REOPENS_ORDER = "late_deposit_reopens_order"
DRAFT_CREDIT_COUNTS_TWICE = "draft_credit_counts_twice"
INSOLVENT_NEVER_REMINDED = "insolvent_never_reminded"
LATER_CONFIRMATION_REOPENS_REQUEST = "later_confirmation_reopens_request"
LATER_POSTING_IS_NO_WORK = "later_posting_is_no_work"
PRICE_REDUCTION_TAKES_GOODS = "price_reduction_takes_goods"
ABSENT_TAKE_NO_BREAKS = "absent_take_no_breaks"
DISPUTES_ARE_REMINDED = "disputes_are_reminded"

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
    SETTLING_HIDES_POSTING: (
        "An invoice or credit note that is settled the instant it is posted counts as settled by"
        " derivation only, and nobody posted it, although the log names who did; only what is"
        " derived is nobody's work."
    ),
    LATE_DEPOSIT_REOPENS_ORDER: (
        "A deposit paid after its order was invoiced brings an event by which the order waits"
        " again; an order that is invoiced has ended, and its states say so."
    ),
    DRAFT_CREDIT_COUNTS_TWICE: (
        "A credit note that is drafted for goods that came back is work beside the return that"
        " waits for it; a piece of work is one step of one thing."
    ),
    LATER_CONFIRMATION_REOPENS_REQUEST: (
        "A request whose offer was confirmed after the as-of date is restated as still to be"
        " entered, beside the quote that it was entered as; nothing dated after the date counts."
    ),
    LATER_POSTING_IS_NO_WORK: (
        "Goods whose invoice is dated by the as-of date and posted after it are restated as neither"
        " invoiced nor to be invoiced, and are no work at all; the task ends when the invoice is"
        " posted."
    ),
    PRICE_REDUCTION_TAKES_GOODS: (
        "A price correction or commercial gesture on a line of which goods came back counts as"
        " their credit note, and the return waits for none any more; a price reduction takes no"
        " quantity back."
    ),
    ABSENT_TAKE_NO_BREAKS: (
        "workload_balance takes breaks and meetings as a share of the time that is left after"
        " absences, staffing_weekly of the paid time, as the constant says; one agent's capacity"
        " differs between the two."
    ),
    INSOLVENT_NEVER_REMINDED: (
        "What customers who are insolvent today owed before, reminded or not, is no work on any"
        " past day; only an item insolvent before the deadline needed no reminder."
    ),
    DISPUTES_ARE_REMINDED: (
        "An unpaid instalment that is disputed goes on waiting for its reminder until it is paid,"
        " and misses the deadline; an item disputed before the deadline needed none."
    ),
    ROWS_OF_NOTHING: (
        "order_book_daily has rows in which nothing is open and nothing moved: lines already"
        " delivered that are cancelled, and returns of what was invoiced."
    ),
}
