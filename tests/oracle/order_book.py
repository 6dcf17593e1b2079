"""What moved in the order book: for each order line, what was open after each thing happened.

To deliver: a line enters when its order is validated and leaves by deliveries, or cancelled when
its order is cancelled or closed short. To invoice: it enters when goods leave as a sale (freight
and services with the order's first shipment) and leaves by invoices; what comes back is no longer
to be invoiced, and what is credited for it was not invoiced after all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tests.oracle.credit_notes import reason_of_text
from tests.oracle.documents import (
    all_logged_changes,
    billing_types,
    invoice_lines,
    order_lines,
    order_steps,
    sales,
    share,
    shipped_lines,
    transfers,
)
from tests.oracle.sources import Sources, derived

_BEGINNING = pd.Timestamp("1970-01-01")


@dataclass
class Movement:
    """What one thing that happened did to a line in a book."""

    book: str
    line: int
    day: pd.Timestamp
    kind: str
    """new, amended, fulfilled or cancelled."""
    before: int
    after: int
    value_before: int
    value_after: int
    due_before: pd.Timestamp | None
    due_after: pd.Timestamp | None


@derived
def promises(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, pd.Timestamp]]]:
    """Promised days of each order: since when (the beginning of time first), and which."""
    log = all_logged_changes(sources)
    log = log[(log["model"] == "sale.order") & (log["field"] == "commitment_date")]
    old = sources.local_day(log["old_value_datetime"].astype("datetime64[us]"))
    new = sources.local_day(log["new_value_datetime"].astype("datetime64[us]"))
    found: dict[int, list[tuple[pd.Timestamp, pd.Timestamp]]] = {}
    for order, at, before, after in zip(log["res_id"], log["at"], old, new, strict=True):
        if order not in found:
            found[order] = [(_BEGINNING, before)]
        if at < sources.ends_at:
            found[order].append((at, after))
    rows = sales(sources)
    today = sources.local_day(rows["commitment_date"])
    for order, day in zip(today.index, today, strict=True):
        found.setdefault(order, [(_BEGINNING, day)])
    return found


def invoice_due(country: str, shipped_on: pd.Timestamp) -> pd.Timestamp:
    """Last legal day to invoice a delivery: the 15th of the next month in Italy, else month end."""
    next_month = shipped_on + pd.offsets.MonthBegin(1)
    if country == "IT":
        return next_month + pd.Timedelta(days=14)
    return next_month - pd.Timedelta(days=1)


@derived
def movements(sources: Sources) -> list[Movement]:
    """All movements of both books up to the as-of date."""
    happenings = _happenings(sources)
    found: list[Movement] = []
    sale = sales(sources)
    confirmed = sale["confirmed_at"].to_dict()
    country = sale["company_id"].map(sources.countries).to_dict()
    columns = ["id", "order_id", "product_uom_qty", "is_goods", "company_amount"]
    for row in order_lines(sources)[columns].itertuples(index=False):
        if pd.notna(confirmed[row.order_id]):
            line = _Line(row, country[row.order_id])
            own = [
                *happenings.get(("line", row.id), []),
                *happenings.get(("order", row.order_id), []),
            ]
            # Books are kept by day; within one, what comes is entered before what goes.
            for day, _, what, details in sorted(own, key=lambda entry: entry[:2]):
                line.take(day, what, details)
            found += line.movements
    return found


_RANK = {
    "confirmed": 0,
    "promised": 1,
    "shipped": 2,
    "first shipment": 2,
    "returned": 3,
    "invoiced": 4,
    "credited": 3,
    "closed": 5,
}


@derived
def _happenings(sources: Sources) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
    """What happened to lines and to whole orders: (day, rank, what, details)."""
    found: dict[tuple[str, int], list[tuple[Any, ...]]] = {}

    def add(of: str, number: int, at: pd.Timestamp, what: str, details: Any = None) -> None:
        enter(of, number, sources.day_of(at), what, details)

    def enter(of: str, number: int, day: pd.Timestamp, what: str, details: Any) -> None:
        found.setdefault((of, int(number)), []).append((day, _RANK[what], what, details))

    for order in sales(sources).itertuples():
        if pd.notna(order.confirmed_at):
            add("order", order.id, order.confirmed_at, "confirmed")
    for number, changes in promises(sources).items():
        for at, day in changes:
            add("order", number, at, "promised", day)
    for number, steps in order_steps(sources).items():
        for at, status in steps:
            if status in ("cancelled", "closed_short"):
                add("order", number, at, "closed")
    out = transfers(sources)
    first = out[~out["is_return"] & out["done_at"].notna()].groupby("sale_id")["done_at"].min()
    for number, at in first.items():
        add("order", number, at, "first shipment")
    parts = shipped_lines(sources)
    parts = parts[parts["done_at"].notna() & parts["sale_line_id"].notna()]
    for row in parts.itertuples():
        what = "returned" if row.is_return else "shipped"
        add("line", row.sale_line_id, row.done_at, what, row.quantity)
    whole = reversals(sources)
    for row in booked_lines(sources).itertuples():
        if row.document_type == "invoice":
            enter("line", row.order_line_id, row.date, "invoiced", row.quantity)
        elif row.document_type == "credit_note":
            details = (row.quantity, row.move_id in whole)
            enter("line", row.order_line_id, row.date, "credited", details)
    return found


@derived
def booked_lines(sources: Sources) -> pd.DataFrame:
    """Lines of issued invoices and credit notes dated by the as-of date, whenever posted.

    Price reductions are left out: they have no quantity.
    """
    links = sources.table("odoo__sale_order_line_invoice_rel")
    lines = invoice_lines(sources).set_index("id")
    moves = sources.table("odoo__account_move").set_index("id")
    rows = links.assign(
        move_id=links["invoice_line_id"].map(lines["move_id"]),
        quantity=links["invoice_line_id"].map(lines["quantity"]),
    )
    rows["document_type"] = rows["move_id"].map(billing_types(sources))
    rows["date"] = rows["move_id"].map(moves["date"])
    issued = (rows["move_id"].map(moves["state"]) == "posted") & (
        rows["move_id"].map(moves["l10n_it_edi_state"]).fillna("") != "rejected"
    )
    issued &= ~rows["move_id"].isin(price_reductions(sources))
    return rows[issued & (rows["date"] <= sources.day)]


@derived
def reversals(sources: Sources) -> set[int]:
    """Credit notes that take back the whole invoice that they correct."""
    moves = sources.table("odoo__account_move").set_index("id")
    credit = moves[moves["reversed_entry_id"].notna()]
    corrected = credit["reversed_entry_id"].map(moves["amount_total"])
    return set(credit.index[credit["amount_total"] == corrected])


@derived
def price_reductions(sources: Sources) -> pd.Index:
    """Credit notes that take back money and no goods, by what is written on them."""
    moves = sources.table("odoo__account_move").set_index("id")
    reason = moves["ref"].map(reason_of_text)
    reduces = reason.isin(["price", "commercial"]) & ~moves.index.isin(list(reversals(sources)))
    is_credit = moves.index.to_series().map(billing_types(sources)) == "credit_note"
    return moves.index[reduces & is_credit]


class _Line:
    """An order line and what of it is still to be delivered and to be invoiced."""

    def __init__(self, row: Any, country: str) -> None:
        self._row, self._country = row, country
        self.movements: list[Movement] = []
        self._booked = self._closed = self._order_ships = False
        self._promise: pd.Timestamp | None = None
        self._shipped = self._returned = self._invoiced = 0
        self._credited = self._taken_back = 0
        self._deliveries: list[tuple[pd.Timestamp, int]] = []
        self._books: dict[str, tuple[int, pd.Timestamp | None]] = {
            "to_deliver": (0, None),
            "to_invoice": (0, None),
        }

    def take(self, day: pd.Timestamp, what: str, details: Any) -> None:
        """Let something happen, and note what it did to both books."""
        kinds = {"to_deliver": "amended", "to_invoice": "amended"}
        if what == "confirmed":
            self._booked = True
            kinds["to_deliver"] = "new"
        elif what == "promised":
            self._promise = None if pd.isna(details) else details
        elif what == "closed":
            self._closed = True
            kinds["to_deliver"] = "cancelled"
        elif what == "first shipment":
            self._order_ships = True
            kinds["to_invoice"] = "new"
            if not self._row.is_goods:
                self._deliveries.append((day, self._row.product_uom_qty))
        elif what == "shipped":
            self._shipped += details
            self._deliveries.append((day, details))
            kinds = {"to_deliver": "fulfilled", "to_invoice": "new"}
        elif what == "returned":
            self._returned += details
        elif what == "invoiced":
            self._invoiced += details
            kinds["to_invoice"] = "fulfilled"
        else:
            quantity, is_whole = details
            self._credited += quantity
            self._taken_back += quantity if is_whole else 0
        if self._booked:
            self._note(day, "to_deliver", kinds["to_deliver"], self._to_deliver(), self._promise)
            to_invoice = self._to_invoice()
            self._note(day, "to_invoice", kinds["to_invoice"], to_invoice, self._due(to_invoice))

    def _to_deliver(self) -> int:
        if not self._row.is_goods or self._closed:
            return 0
        return max(0, self._row.product_uom_qty - self._shipped)

    def _to_invoice(self) -> int:
        done = self._shipped
        if not self._row.is_goods:
            done = self._row.product_uom_qty if self._order_ships else 0
        reopened = max(self._taken_back, min(self._credited, self._returned))
        return max(0, done - self._returned - self._invoiced + reopened)

    def _due(self, to_invoice: int) -> pd.Timestamp | None:
        """Due day of the oldest delivery that is not invoiced yet."""
        if to_invoice == 0:
            return None
        left = sum(quantity for _, quantity in self._deliveries) - to_invoice
        for day, quantity in self._deliveries:
            if left < quantity:
                return invoice_due(self._country, day)
            left -= quantity
        return None

    def _note(
        self, day: pd.Timestamp, book: str, kind: str, after: int, due: pd.Timestamp | None
    ) -> None:
        before, due_before = self._books[book]
        if after == 0:
            due = None
        if (before, due_before) == (after, due):
            return
        self._books[book] = (after, due)
        self.movements.append(
            Movement(
                book,
                self._row.id,
                day,
                kind,
                before,
                after,
                self._value(before),
                self._value(after),
                due_before,
                due,
            )
        )

    def _value(self, quantity: int) -> int:
        row = self._row
        return share(row.company_amount, quantity, row.product_uom_qty)
