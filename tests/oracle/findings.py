"""Where a model is known to be wrong: the oracle can be told to err alike, one finding at a time.

Each entry says what is wrong, with the rule that it breaks. The test holds the models to the
oracle that errs as listed, so that nothing else may differ. Once a model is mended, its marts
differ from that oracle: the entry then leaves, with the branches that ask for it.
"""

from __future__ import annotations

ENTRIES_ARE_MONEY = "entries_are_money"
DISPUTE_RATE_IS_ROUNDED = "dispute_rate_is_rounded"
LATE_DAYS_END_AT_INSOLVENCY = "late_days_end_at_insolvency"
INTEREST_IS_ROUNDED_TWICE = "interest_is_rounded_twice"
TO_THE_CENT = "to_the_cent"
SETTLING_HIDES_POSTING = "settling_hides_posting"
LATE_DEPOSIT_REOPENS_ORDER = "late_deposit_reopens_order"
DRAFT_CREDIT_COUNTS_TWICE = "draft_credit_counts_twice"
INSOLVENT_NEVER_REMINDED = "insolvent_never_reminded"
LATER_POSTING_IS_NO_WORK = "later_posting_is_no_work"
PRICE_REDUCTION_TAKES_GOODS = "price_reduction_takes_goods"
ABSENT_TAKE_NO_BREAKS = "absent_take_no_breaks"
DISPUTES_ARE_REMINDED = "disputes_are_reminded"
NEXT_SEASON_IS_UNKNOWN = "next_season_is_unknown"
NO_HABIT_IS_A_WEEK = "no_habit_is_a_week"
RECEIPT_IS_TOLD_AS_INSTANT = "receipt_is_told_as_instant"
CRM_GROUPS_ARE_UNKNOWN = "crm_groups_are_unknown"
CANCELLED_AHEAD_IS_NOT_DUE = "cancelled_ahead_is_not_due"
YOUNG_QUOTES_TELL_PROMISES = "young_quotes_tell_promises"
REST_IN_PREPARATION_IS_VALIDATED = "rest_in_preparation_is_validated"
CLEARED_ON_THE_DAY_IS_LISTED = "cleared_on_the_day_is_listed"
RETURNS_CREDITED_LATE_ARE_MISSING = "returns_credited_late_are_missing"
BACKDATED_INVOICE_IS_AS_TODAY = "backdated_invoice_is_as_today"
ORDER_HAS_ITS_LATER_DATE = "order_has_its_later_date"
LATER_VALIDATION_IS_TOLD = "later_validation_is_told"
UNDECIDED_DEBIT_IS_NO_PART = "undecided_debit_is_no_part"
CREDIT_RELEASE_NEVER_LASTS = "credit_release_never_lasts"
PAUSES_ARE_WAITS = "pauses_are_waits"
UNPAID_SINCE_POSTING = "unpaid_since_posting"
CLOSED_SHORT_IS_NOT_INVOICED = "closed_short_is_not_invoiced"

FINDINGS: dict[str, str] = {
    ENTRIES_ARE_MONEY: (
        "An entry that moves an instalment to the doubtful account counts as money received that"
        " day (netting, `is_money`), so the payer looks as if he had paid early; only cash feeds"
        " payment habits."
    ),
    TO_THE_CENT: (
        "What is open of orders is valued in floating point in the exposure and the cut-off, and"
        " rounded to the cent per payer or company: the cut-off misses the order book to invoice by"
        " a cent, an amount with tax may be less than the one without, and a half depends on the"
        " order of additions. Proportions of money are rounded once, to four decimals, and then"
        " added up as decimals."
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
    LATER_POSTING_IS_NO_WORK: (
        "Goods whose invoice is dated by the as-of date and posted after it are restated as neither"
        " invoiced nor to be invoiced, and are no work at all; the task ends when the invoice is"
        " posted."
    ),
    PRICE_REDUCTION_TAKES_GOODS: (
        "A price correction or commercial gesture on a line of which goods came back counts as"
        " taking back a quantity and its cost; a price reduction has neither."
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
    CRM_GROUPS_ARE_UNKNOWN: (
        "Accounts that the CRM files under a parent account are heads of their own group, since"
        " nothing reads its ParentId; sales at stake are those of the group that decides."
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
    BACKDATED_INVOICE_IS_AS_TODAY: (
        "An invoice dated by the as-of date and entered after it is restated with the status that"
        " it has today, such as settled; nothing dated after the as-of date counts."
    ),
    ORDER_HAS_ITS_LATER_DATE: (
        "An order that was confirmed after the as-of date is restated with the date of that"
        " confirmation, which Odoo wrote over its own, and the timeline leaves it out; nothing"
        " dated after the as-of date counts."
    ),
    LATER_VALIDATION_IS_TOLD: (
        "An order that was to be validated on the as-of date, and was validated after it, bears the"
        " date of its validation and the promise made with it in order_tracking; nothing dated"
        " after the as-of date counts."
    ),
    UNDECIDED_DEBIT_IS_NO_PART: (
        "An instalment whose direct debit may still come back ends the stage payment of its"
        " invoice and is no part of its days: the invoice counts as wholly paid with its other"
        " instalments, or, having no other, as neither paid nor waiting; direct debits count as"
        " paid once their bounce period has passed, and the stage lasts until all are paid."
    ),
    CREDIT_RELEASE_NEVER_LASTS: (
        "The stage credit_release is there only once the order was released, so that it does not"
        " last in an order that credit blocks on the as-of date, but does a month later in the"
        " same month; it begins with the validation or the block, and lasts until the release."
    ),
    PAUSES_ARE_WAITS: (
        "An order that waited more than once counts at every month end from its first wait to its"
        " last as waiting, and the minutes in between as waited: one approved between two blocks,"
        " or with a second preparation that waited for goods; a wait is the time in the status."
    ),
    UNPAID_SINCE_POSTING: (
        "The days for which an invoice had been unpaid at a month's end count from the day it was"
        " posted, those until it is paid from its date; both are days of the stage payment, which"
        " counts from the invoice date."
    ),
    CLOSED_SHORT_IS_NOT_INVOICED: (
        "The stages invoicing and order_to_invoice of an order that was closed short last no longer"
        " from then on, although what has left of it is not invoiced yet; once it is, they have"
        " ended with all of their minutes. Only what was given up does not last."
    ),
}

UNSETTLED: dict[str, str] = {
    "agent_productivity_daily": "a change of status is derived here and logged there",
    "agent_productivity_monthly": "the same",
    "staffing_weekly": "the same order arrives for validation in the mart only",
    "workload_balance": "the same",
}
"""Marts that differ in a few rows of the small company, and nobody knows yet who is right."""
