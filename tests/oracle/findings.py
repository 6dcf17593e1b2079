"""Where a model is known to be wrong: the oracle can be told to err alike, one finding at a time.

Each entry says what is wrong, with the rule that it breaks. The test holds the models to the
oracle that errs as listed, so that nothing else may differ. Once a model is mended, its marts
differ from that oracle: the entry then leaves, with the branches that ask for it.
"""

from __future__ import annotations

UNDECIDED_DEBIT_IS_NO_PART = "undecided_debit_is_no_part"
CREDIT_RELEASE_NEVER_LASTS = "credit_release_never_lasts"
PAUSES_ARE_WAITS = "pauses_are_waits"
UNPAID_SINCE_POSTING = "unpaid_since_posting"
CLOSED_SHORT_IS_NOT_INVOICED = "closed_short_is_not_invoiced"

FINDINGS: dict[str, str] = {
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
