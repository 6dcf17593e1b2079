"""Where a model is known to be wrong: the oracle can be told to err alike, one finding at a time.

Each entry says what is wrong, with the rule that it breaks. The test holds the models to the
oracle that errs as listed, so that nothing else may differ. Once a model is mended, its marts
differ from that oracle: the entry then leaves, with the branches that ask for it.
"""

from __future__ import annotations

SETTLING_HIDES_POSTING = "settling_hides_posting"
DRAFT_CREDIT_COUNTS_TWICE = "draft_credit_counts_twice"
INSOLVENT_NEVER_REMINDED = "insolvent_never_reminded"
LATER_POSTING_IS_NO_WORK = "later_posting_is_no_work"
ABSENT_TAKE_NO_BREAKS = "absent_take_no_breaks"
DISPUTES_ARE_REMINDED = "disputes_are_reminded"
NEXT_SEASON_IS_UNKNOWN = "next_season_is_unknown"
NO_HABIT_IS_A_WEEK = "no_habit_is_a_week"
RECEIPT_IS_TOLD_AS_INSTANT = "receipt_is_told_as_instant"
BACKDATED_INVOICE_IS_AS_TODAY = "backdated_invoice_is_as_today"
ORDER_HAS_ITS_LATER_DATE = "order_has_its_later_date"

FINDINGS: dict[str, str] = {
    SETTLING_HIDES_POSTING: (
        "An invoice or credit note that is settled the instant it is posted counts as settled by"
        " derivation only, and nobody posted it, although the log names who did; only what is"
        " derived is nobody's work."
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
    BACKDATED_INVOICE_IS_AS_TODAY: (
        "An invoice dated by the as-of date and entered after it is restated with the status that"
        " it has today, such as settled; nothing dated after the as-of date counts."
    ),
    ORDER_HAS_ITS_LATER_DATE: (
        "An order that was confirmed after the as-of date is restated with the date of that"
        " confirmation, which Odoo wrote over its own, and the timeline leaves it out; nothing"
        " dated after the as-of date counts."
    ),
}

UNSETTLED: dict[str, str] = {
    "agent_productivity_daily": "a change of status is derived here and logged there",
    "agent_productivity_monthly": "the same",
    "staffing_weekly": "the same order arrives for validation in the mart only",
    "workload_balance": "the same",
}
"""Marts that differ in a few rows of the small company, and nobody knows yet who is right."""
