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
CRM_GROUPS_ARE_UNKNOWN = "crm_groups_are_unknown"
CANCELLED_AHEAD_IS_NOT_DUE = "cancelled_ahead_is_not_due"
YOUNG_QUOTES_TELL_PROMISES = "young_quotes_tell_promises"
REST_IN_PREPARATION_IS_VALIDATED = "rest_in_preparation_is_validated"
CLEARED_ON_THE_DAY_IS_LISTED = "cleared_on_the_day_is_listed"
RETURNS_CREDITED_LATE_ARE_MISSING = "returns_credited_late_are_missing"
LATER_VALIDATION_IS_TOLD = "later_validation_is_told"

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
    LATER_VALIDATION_IS_TOLD: (
        "An order that was to be validated on the as-of date, and was validated after it, bears the"
        " promise made with its validation in order_tracking; nothing dated after the as-of date"
        " counts."
    ),
}

UNSETTLED: dict[str, str] = {
    "agent_productivity_daily": "a change of status is derived here and logged there",
    "agent_productivity_monthly": "the same",
    "staffing_weekly": "the same order arrives for validation in the mart only",
    "workload_balance": "the same",
}
"""Marts that differ in a few rows of the small company, and nobody knows yet who is right."""
