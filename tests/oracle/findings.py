"""Where a model is known to be wrong: the oracle can be told to err alike, one finding at a time.

Each entry says what is wrong, with the rule that it breaks. The test holds the models to the
oracle that errs as listed, so that nothing else may differ. Once a model is mended, its marts
differ from that oracle: the entry then leaves, with the branches that ask for it.
"""

from __future__ import annotations

NEXT_SEASON_IS_UNKNOWN = "next_season_is_unknown"
NO_HABIT_IS_A_WEEK = "no_habit_is_a_week"
RECEIPT_IS_TOLD_AS_INSTANT = "receipt_is_told_as_instant"
BACKDATED_INVOICE_IS_AS_TODAY = "backdated_invoice_is_as_today"
ORDER_HAS_ITS_LATER_DATE = "order_has_its_later_date"

FINDINGS: dict[str, str] = {
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
