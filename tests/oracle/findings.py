"""Where a model is known to be wrong: the oracle can be told to err alike, one finding at a time.

Each entry says what is wrong, with the rule that it breaks. The test holds the models to the
oracle that errs as listed, so that nothing else may differ. Once a model is mended, its marts
differ from that oracle: the entry then leaves, with the branches that ask for it.
"""

from __future__ import annotations

DUE_STAYS_WITH_FIRST_DELIVERY = "due_stays_with_first_delivery"
CLOSING_CANCELS_FREIGHT = "closing_cancels_freight"
ROWS_OF_NOTHING = "rows_of_nothing"

FINDINGS: dict[str, str] = {
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
}
