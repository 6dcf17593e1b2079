"""Quotes, orders, preparations, deliveries, returns and invoices, as Odoo's tables tell of them.

A sale of Odoo is a quote, an order or both; a transfer to a customer is a preparation and, once
done, a delivery note (docs/DECISIONS.md, "From sources to the contract"). Statuses of the past
follow the log; where it is silent, the dates of what happened.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.sources import RATE_UNIT, Sources, code_map, derived, translated

IN_HAND = {"draft", "to_validate", "blocked", "waiting", "in_preparation", "part_shipped"}
"""Statuses in which sales administration still has something to do, for every document type."""

IN_HAND_TOO = {("order", "shipped"), ("quote", "invoiced"), ("quote", "shipped")}
"""An order that left is still to be invoiced."""

TERMINAL = {"settled", "closed_short", "cancelled", "rejected", "expired"}
"""Statuses that end every document; others end some, see `ends`."""


def ends(document_type: str, status: str) -> bool:
    """Whether a document of the type can go no further from the status."""
    shipped_is_all = document_type in ("preparation", "delivery_note", "return")
    return (
        status in TERMINAL
        or (status == "shipped" and shipped_is_all)
        or (status == "invoiced" and document_type == "order")
    )


def is_in_hand(document_type: str, status: str) -> bool:
    """Whether sales administration still has work to do on it; a posted invoice awaits money."""
    return status in IN_HAND or (document_type, status) in IN_HAND_TOO


@derived
def logged_changes(sources: Sources) -> pd.DataFrame:
    """Changes of tracked fields up to the as-of date: model, res_id, field, at, old and new."""
    found = all_logged_changes(sources)
    return found[sources.happened(found["at"])]


@derived
def all_logged_changes(sources: Sources) -> pd.DataFrame:
    """The same after the as-of date too: for values before a change."""
    values = sources.table("odoo__mail_tracking_value")
    messages = sources.table("odoo__mail_message")[["id", "model", "res_id", "date"]]
    fields = sources.table("odoo__ir_model_fields")[["id", "name"]]
    found = values.merge(messages, left_on="mail_message_id", right_on="id", suffixes=("", "_m"))
    found = found.merge(fields, left_on="field_id", right_on="id", suffixes=("", "_f"))
    return found.rename(columns={"name": "field", "date": "at"}).sort_values(["at", "id"])


def changed(sources: Sources, model: str, field: str, new: str, which: str = "first") -> pd.Series:
    """When a record's field first, or last, took a value: instants by record."""
    return _when(logged_changes(sources), model, field, new, which)


def ever_changed(sources: Sources, model: str, field: str, new: str) -> pd.Series:
    """The same, after the as-of date too: what is dated before it may be posted after."""
    return _when(all_logged_changes(sources), model, field, new, "first")


def _when(log: pd.DataFrame, model: str, field: str, new: str, which: str) -> pd.Series:
    rows = log[(log["model"] == model) & (log["field"] == field) & (log["new_value_char"] == new)]
    instants: pd.Series = rows.groupby("res_id")["at"].agg("min" if which == "first" else "max")
    return instants


def told(sources: Sources, model: str, subject: str) -> pd.Series:
    """When a message with such a subject first went out to the customer: instants by record."""
    messages = sources.table("odoo__mail_message")
    rows = messages[
        (messages["model"] == model)
        & (messages["message_type"] == "comment")
        & messages["subject"].fillna("").str.startswith(subject)
        & sources.happened(messages["date"])
    ]
    instants: pd.Series = rows.groupby("res_id")["date"].min()
    return instants


@derived
def credit_holds(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, bool]]]:
    """Credit holds (True) and releases (False) of each sale, in order."""
    log = logged_changes(sources)
    rows = log[(log["model"] == "sale.order") & (log["field"] == "credit_hold")]
    holds: dict[int, list[tuple[pd.Timestamp, bool]]] = {}
    for row in rows.itertuples():
        holds.setdefault(int(row.res_id), []).append((row.at, row.new_value_integer == 1))
    return holds


@derived
def robots(sources: Sources) -> set[int]:
    """Users that are machines, told by their login."""
    starts = tuple(
        row[: row.index("%")] if "%" in row else row
        for row in code_map("employee_role_map", "odoo", "pattern", "role")
        if code_map("employee_role_map", "odoo", "pattern", "role")[row] == "technical"
        and not row.startswith("%")
    )
    users = sources.table("odoo__res_users")
    login = users["login"].str.lower()
    is_robot = login.str.startswith(starts) | login.str.contains(".robot", regex=False)
    return set(users.loc[is_robot, "id"])


@derived
def teams(sources: Sources) -> dict[int, str]:
    """Names of sales teams."""
    rows = sources.table("odoo__crm_team")
    return {
        int(number): str(translated(name))
        for number, name in zip(rows["id"], rows["name"], strict=True)
    }


@derived
def sales(sources: Sources) -> pd.DataFrame:
    """Odoo's sales that existed by the as-of date, with what their log says; by identifier."""
    rows = sources.table("odoo__sale_order").set_index("id", drop=False)
    rows = rows[sources.happened(rows["create_date"])].copy()
    names = sources.table("odoo__utm_source").set_index("id")["name"]
    channels = code_map("channel_map", "odoo", "source_channel", "channel")
    rows["channel"] = rows["utm_source_id"].map(names).str.lower().map(channels).fillna("unknown")
    rows["team"] = rows["team_id"].map(teams(sources)).fillna("unknown")
    rows["sent_offer_at"] = changed(sources, "sale.order", "state", "Quotation Sent")
    rows["confirmed_at"] = changed(sources, "sale.order", "state", "Sales Order")
    rows["cancelled_at"] = changed(sources, "sale.order", "state", "Cancelled", "last")
    rows["by_machine"] = rows["create_uid"].isin(robots(sources))
    sent, confirmed = rows["sent_offer_at"].notna(), rows["confirmed_at"].notna()
    held = rows["id"].isin(credit_holds(sources))
    # From a machine, or held for credit: an order from its first day (docs/DECISIONS.md).
    at_once = rows["by_machine"] | held
    rows["is_quote"] = sent | ~(at_once | confirmed)
    rows["order_began_at"] = rows["confirmed_at"].where(rows["is_quote"], rows["create_date"])
    rows["is_order"] = (at_once | confirmed) & rows["order_began_at"].notna()
    return rows


@derived
def order_lines(sources: Sources) -> pd.DataFrame:
    """Lines of sales without deposits, sections and notes; amounts in company currency beside."""
    rows = sources.table("odoo__sale_order_line")
    rows = rows[~rows["is_downpayment"].fillna(False) & rows["display_type"].isna()].copy()
    kinds = _product_kinds(sources)
    rows["is_goods"] = ~rows["is_delivery"].fillna(False) & (
        rows["product_id"].map(kinds) != "service"
    )
    sale = sales(sources)
    rows = rows[rows["order_id"].isin(sale.index)]
    rows["currency_rate"] = rows["order_id"].map(sale["currency_rate"])
    rows["company_amount"] = [
        in_company_currency(amount, rate)
        for amount, rate in zip(rows["price_subtotal"], rows["currency_rate"], strict=True)
    ]
    return rows.set_index("id", drop=False)


def _product_kinds(sources: Sources) -> pd.Series:
    variants = sources.table("odoo__product_product").set_index("id")["product_tmpl_id"]
    kinds = sources.table("odoo__product_template").set_index("id")["type"]
    return variants.map(kinds)


def share(amount: int, part: int, whole: int) -> int:
    """Amount * part / whole, rounded once, half away from zero, to a ten-thousandth."""
    if whole == 0:
        return 0
    product, whole = int(amount) * int(part), int(whole)
    quotient, rest = divmod(abs(product), abs(whole))
    rounded = quotient + (2 * rest >= abs(whole))
    return rounded if (product >= 0) == (whole > 0) else -rounded


def in_company_currency(amount: int, rate: int, part: int = 1, whole: int = 1) -> int:
    """Part of an amount by Odoo's rate, which is foreign units for one of the company's."""
    return share(amount, RATE_UNIT * int(part), int(whole) * int(rate))


@derived
def transfers(sources: Sources) -> pd.DataFrame:
    """Transfers to and from customers that existed by the as-of date; by identifier."""
    rows = sources.table("odoo__stock_picking").set_index("id", drop=False)
    rows = rows[sources.happened(rows["create_date"])].copy()
    kinds = sources.table("odoo__stock_picking_type").set_index("id")["code"]
    rows["is_return"] = rows["picking_type_id"].map(kinds) == "incoming"
    rows["ready_at"] = changed(sources, "stock.picking", "state", "Ready")
    rows["done_at"] = rows["date_done"].where(sources.happened(rows["date_done"]))
    rows["cancelled_at"] = changed(sources, "stock.picking", "state", "Cancelled", "last")
    sale = sales(sources)
    rows["team"] = rows["sale_id"].map(sale["team"]).fillna("unknown")
    by_machine = rows["create_uid"].isin(robots(sources))
    own = pd.Series(np.where(by_machine, "unknown", "manual"), index=rows.index)
    # What follows from an order is generated; a sample has no order before it.
    rows["channel"] = own.where(rows["sale_id"].isna(), "generated")
    return rows


@derived
def shipped_lines(sources: Sources) -> pd.DataFrame:
    """Lines of transfers, with the order line that they serve and its price."""
    rows = sources.table("odoo__stock_move")
    rows = rows[rows["picking_id"].isin(transfers(sources).index)].copy()
    transfer = transfers(sources)
    for column in ("done_at", "is_return"):
        rows[column] = rows["picking_id"].map(transfer[column])
    lines = order_lines(sources)
    served = lines.reindex(rows["sale_line_id"])
    rows["units"] = rows["quantity"].where(rows["done_at"].notna(), rows["product_uom_qty"])
    rows["company_amount"] = [
        0 if pd.isna(total) else in_company_currency(total, rate, part, whole)
        for total, rate, part, whole in zip(
            served["price_subtotal"],
            served["currency_rate"],
            rows["units"],
            served["product_uom_qty"],
            strict=True,
        )
    ]
    return rows


@derived
def invoices(sources: Sources) -> pd.DataFrame:
    """Invoices, deposit invoices and credit notes entered by the as-of date; by identifier."""
    rows = sources.table("odoo__account_move").set_index("id", drop=False)
    rows = rows[
        rows["move_type"].isin(["out_invoice", "out_refund"])
        & sources.happened(rows["create_date"])
    ].copy()
    rows["document_type"] = rows["id"].map(billing_types(sources))
    rows["team"] = rows["team_id"].map(teams(sources)).fillna("unknown")
    rows["channel"] = "generated"
    rows["posted_at"] = changed(sources, "account.move", "state", "Posted")
    rows["sent_at"] = told(sources, "account.move", "Invoice ")
    # Only the e-invoice's present state is known; that it was rejected shows in when it changed.
    rejected = (rows["l10n_it_edi_state"] == "rejected") & sources.happened(rows["write_date"])
    rows["rejected_at"] = rows["write_date"].where(rejected)
    rows["settled_at"] = _settled_at(sources, rows)
    sign = np.where(rows["move_type"] == "out_refund", -1, 1)
    rows["company_amount"] = (rows["amount_untaxed_signed"] * sign).astype("int64")
    return rows


@derived
def billing_types(sources: Sources) -> pd.Series:
    """Whether a move is an invoice, a deposit invoice (it bills nothing else) or a credit note."""
    lines = invoice_lines(sources)
    only_deposits = lines.groupby("move_id")["is_downpayment"].all()
    kinds = (
        sources.table("odoo__account_move").set_index("id")["move_type"].loc[only_deposits.index]
    )
    types = np.where(only_deposits, "deposit_invoice", "invoice")
    return pd.Series(types, kinds.index).where(kinds != "out_refund", "credit_note")


@derived
def invoice_lines(sources: Sources) -> pd.DataFrame:
    """Product, service and deposit lines of invoices and credit notes."""
    rows = sources.table("odoo__account_move_line")
    moves = sources.table("odoo__account_move")
    billing = moves.loc[moves["move_type"].isin(["out_invoice", "out_refund"]), "id"]
    return rows[(rows["display_type"] == "product") & rows["move_id"].isin(billing)]


def _settled_at(sources: Sources, moves: pd.DataFrame) -> pd.Series:
    """When matches had taken the last of it: the instant of the last match, not before posting."""
    lines = sources.table("odoo__account_move_line")
    owed = lines[(lines["display_type"] == "payment_term") & lines["move_id"].isin(moves.index)]
    owed = owed[["id", "move_id", "amount_currency"]]
    matches = sources.table("odoo__account_partial_reconcile")
    sides = pd.concat(
        [
            matches[["debit_move_id", "debit_amount_currency", "create_date"]].set_axis(
                ["line", "amount", "at"], axis=1
            ),
            matches[["credit_move_id", "credit_amount_currency", "create_date"]].set_axis(
                ["line", "amount", "at"], axis=1
            ),
        ]
    )
    sides = sides[sources.happened(sides["at"])]
    matched = sides.merge(owed, left_on="line", right_on="id")
    taken = matched.groupby("move_id")["amount"].sum()
    last = matched.groupby("move_id")["at"].max()
    total = owed.groupby("move_id")["amount_currency"].sum().abs()
    done = last[taken == total.reindex(taken.index)]
    settled = moves["id"].map(done)
    posted = moves["posted_at"]
    return settled.where(settled.isna() | (settled >= posted), posted)


@derived
def documents(sources: Sources) -> pd.DataFrame:
    """One row per document that existed by the as-of date, as it stood then."""
    found = pd.concat(
        [
            _quotes(sources),
            _orders(sources),
            _preparations(sources),
            _delivery_notes(sources),
            _returns(sources),
            _invoices(sources),
        ],
        ignore_index=True,
    )
    for column in ("entered_at", "validated_at", "sent_at", "closed_at", "cancelled_at"):
        found[column.replace("_at", "_date")] = sources.local_day(found[column])
    found["company_id"] = "erp/res.company/" + found["company"].astype(str)
    return found


_NEVER: Any = pd.NaT
"""An instant that never came; `assign` takes it, which its stub does not know."""

_COLUMNS = [
    "document_id",
    "company",
    "document_type",
    "document_kind",
    "channel",
    "team",
    "company_amount",
    "line_count",
    "entered_at",
    "validated_at",
    "sent_at",
]


def _sale_documents(sources: Sources, rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    every = sources.table("odoo__sale_order_line")
    counts = every[every["display_type"].isna()].groupby("order_id").size()
    rate = rows["currency_rate"]
    amounts = [in_company_currency(a, r) for a, r in zip(rows["amount_untaxed"], rate, strict=True)]
    return rows.assign(
        company=rows["company_id"].astype(int),
        document_type=kind,
        document_kind=kind,
        company_amount=amounts,
        line_count=rows["id"].map(counts).fillna(0).astype(int),
    )


def _quotes(sources: Sources) -> pd.DataFrame:
    sale = sales(sources)
    rows = _sale_documents(sources, sale[sale["is_quote"]], "quote")
    accepted = rows["confirmed_at"].notna()
    lost_at = rows["cancelled_at"].where(~accepted)
    rows = rows.assign(
        document_id="erp/sale.quotation/" + rows["id"].astype(str),
        entered_at=rows["create_date"],
        validated_at=_NEVER,
        sent_at=rows["sent_offer_at"],
        cancelled_at=lost_at,
        closed_at=rows["confirmed_at"].fillna(lost_at).fillna(_expired_at(sources, rows)),
    )
    return rows[[*_COLUMNS, "closed_at", "cancelled_at"]]


def _expired_at(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """A sent offer nobody answered ran out at the end of its last day."""
    instants = sources.midnight(rows["validity_date"] + pd.Timedelta(days=1))
    answered = rows["confirmed_at"].notna() | rows["cancelled_at"].notna()
    ran_out = rows["sent_offer_at"].notna() & ~answered
    return instants.where(ran_out & sources.happened(instants))


def _orders(sources: Sources) -> pd.DataFrame:
    sale = sales(sources)
    rows = _sale_documents(sources, sale[sale["is_order"]], "order")
    last = order_ends(sources)
    rows = rows.assign(
        document_id="erp/sale.order/" + rows["id"].astype(str),
        entered_at=rows["order_began_at"],
        validated_at=rows["confirmed_at"],
        sent_at=told(sources, "sale.order", "Order acknowledgement").reindex(rows.index),
        closed_at=last.reindex(rows.index),
    )
    return rows[[*_COLUMNS, "closed_at", "cancelled_at"]]


def _transfer_documents(sources: Sources, rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    lines = shipped_lines(sources)
    grouped = lines.groupby("picking_id")
    is_rest = (kind == "preparation") & rows["backorder_id"].notna()
    return rows.assign(
        company=rows["company_id"].astype(int),
        document_type=kind,
        document_kind=np.where(is_rest, "backorder", kind),
        company_amount=rows["id"].map(grouped["company_amount"].sum()).fillna(0).astype(int),
        line_count=rows["id"].map(grouped.size()).fillna(0).astype(int),
        sent_at=_NEVER,
    )


def _preparations(sources: Sources) -> pd.DataFrame:
    rows = transfers(sources)
    rows = _transfer_documents(sources, rows[~rows["is_return"]], "preparation")
    rows = rows.assign(
        document_id="erp/stock.preparation/" + rows["id"].astype(str),
        entered_at=rows["create_date"],
        validated_at=rows["ready_at"],
        closed_at=rows["done_at"].fillna(rows["cancelled_at"]),
    )
    return rows[[*_COLUMNS, "closed_at", "cancelled_at"]]


def _delivery_notes(sources: Sources) -> pd.DataFrame:
    rows = transfers(sources)
    shipped = rows[~rows["is_return"] & rows["done_at"].notna()]
    rows = _transfer_documents(sources, shipped, "delivery_note")
    rows = rows.assign(
        document_id="erp/stock.picking/" + rows["id"].astype(str),
        entered_at=rows["done_at"],
        validated_at=rows["done_at"],
        closed_at=rows["done_at"],
        cancelled_at=_NEVER,
    )
    return rows[[*_COLUMNS, "closed_at", "cancelled_at"]]


def _returns(sources: Sources) -> pd.DataFrame:
    rows = transfers(sources)
    rows = _transfer_documents(sources, rows[rows["is_return"]], "return")
    rows = rows.assign(
        document_id="erp/stock.picking/" + rows["id"].astype(str),
        entered_at=rows["create_date"],
        validated_at=rows["done_at"],
        closed_at=rows["done_at"].fillna(rows["cancelled_at"]),
    )
    return rows[[*_COLUMNS, "closed_at", "cancelled_at"]]


def _invoices(sources: Sources) -> pd.DataFrame:
    rows = invoices(sources)
    counts = invoice_lines(sources).groupby("move_id").size()
    rows = rows.assign(
        document_id="erp/account.move/" + rows["id"].astype(str),
        company=rows["company_id"].astype(int),
        document_kind=rows["document_type"],
        line_count=rows["id"].map(counts).fillna(0).astype(int),
        entered_at=rows["create_date"],
        validated_at=rows["posted_at"],
        closed_at=rows["settled_at"].fillna(rows["rejected_at"]),
        cancelled_at=_NEVER,
    )
    return rows[[*_COLUMNS, "closed_at", "cancelled_at"]]


# Statuses ---------------------------------------------------------------------------------------


@derived
def stays(sources: Sources) -> pd.DataFrame:
    """One row per document and stay in a status: from_at, and until_at where it was left."""
    steps: list[tuple[str, pd.Timestamp, str]] = []
    for sale in sales(sources).itertuples():
        if sale.is_quote:
            steps += _quote_steps(sale)
    expiry = _expired_at(sources, sales(sources))
    steps += [
        (f"erp/sale.quotation/{number}", at, "expired") for number, at in expiry.dropna().items()
    ]
    for number, order in order_steps(sources).items():
        steps += [(f"erp/sale.order/{number}", at, status) for at, status in order]
    for transfer in transfers(sources).itertuples():
        steps += _transfer_steps(transfer)
    for move in invoices(sources).itertuples():
        steps += _invoice_steps(move)
    frame = pd.DataFrame(steps, columns=["document_id", "from_at", "status"])
    frame["from_at"] = frame["from_at"].astype("datetime64[us]")
    # Of several changes at one instant only the last stands: the furthest in the document's life.
    frame = frame.drop_duplicates(["document_id", "from_at"], keep="last")
    frame["until_at"] = frame.groupby("document_id")["from_at"].shift(-1)
    return frame


def _quote_steps(sale: Any) -> list[tuple[str, pd.Timestamp, str]]:
    name = f"erp/sale.quotation/{sale.id}"
    steps = [(name, sale.create_date, "draft"), (name, sale.sent_offer_at, "waiting")]
    if pd.notna(sale.confirmed_at):
        steps.append((name, sale.confirmed_at, "settled"))
    else:
        steps.append((name, sale.cancelled_at, "cancelled"))
    return [step for step in steps if pd.notna(step[1])]


def _transfer_steps(transfer: Any) -> list[tuple[str, pd.Timestamp, str]]:
    name = f"erp/stock.picking/{transfer.id}"
    if transfer.is_return:
        steps = [(name, transfer.create_date, "waiting"), (name, transfer.done_at, "settled")]
    else:
        work = f"erp/stock.preparation/{transfer.id}"
        steps = [
            (work, transfer.create_date, "waiting"),
            (work, transfer.ready_at, "in_preparation"),
            (work, transfer.done_at, "shipped"),
            (work, transfer.cancelled_at, "cancelled"),
            (name, transfer.done_at, "shipped"),
        ]
    return [step for step in steps if pd.notna(step[1])]


def _invoice_steps(move: Any) -> list[tuple[str, pd.Timestamp, str]]:
    name = f"erp/account.move/{move.id}"
    steps = [
        (name, move.create_date, "draft"),
        (name, move.posted_at, "invoiced"),
        (name, move.rejected_at, "rejected"),
        (name, move.settled_at, "settled"),
    ]
    return [step for step in steps if pd.notna(step[1])]


@derived
def order_steps(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, str]]]:
    """Statuses of each order with the instants at which they were reached, in order."""
    happenings = _order_happenings(sources)
    lines = order_lines(sources)
    columns = ("order_id", "id", "product_uom_qty", "is_goods")
    wanted: dict[int, list[tuple[int, int, bool]]] = {}
    for order, *line in zip(*(lines[column].tolist() for column in columns), strict=True):
        wanted.setdefault(order, []).append(tuple(line))
    found: dict[int, list[tuple[pd.Timestamp, str]]] = {}
    for sale in sales(sources).itertuples():
        if sale.is_order:
            life = _OrderLife(wanted.get(int(sale.id), []))
            found[int(sale.id)] = life.tell(sale, happenings.get(int(sale.id), []))
    return found


@derived
def order_ends(sources: Sources) -> pd.Series:
    """When an order reached a status that ends it, by identifier."""
    ended = {
        number: steps[-1][0]
        for number, steps in order_steps(sources).items()
        if ends("order", steps[-1][1])
    }
    return pd.Series(ended, dtype="datetime64[us]")


@derived
def _order_happenings(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, str, Any]]]:
    """What happened around each order, besides its own log: (instant, what, details)."""
    happenings: dict[int, list[tuple[pd.Timestamp, str, Any]]] = {}

    def add(order: int, at: pd.Timestamp, what: str, details: Any) -> None:
        if pd.notna(at):
            happenings.setdefault(int(order), []).append((at, what, details))

    outgoing = transfers(sources)
    outgoing = outgoing[~outgoing["is_return"] & outgoing["sale_id"].notna()]
    lines = shipped_lines(sources)
    parts: dict[int, list[tuple[int, int]]] = {}
    columns = ("picking_id", "sale_line_id", "quantity")
    served = lines[lines["sale_line_id"].notna()]
    for transfer, *part in zip(*(served[column].tolist() for column in columns), strict=True):
        parts.setdefault(transfer, []).append(tuple(part))
    for row in outgoing.itertuples():
        add(row.sale_id, row.create_date, "asked", row.id)
        add(row.sale_id, row.ready_at, "ready", row.id)
        add(row.sale_id, row.cancelled_at, "dropped", row.id)
        add(row.sale_id, row.done_at, "shipped", (row.id, parts.get(int(row.id), [])))
    came_back = lines[lines["is_return"] & lines["done_at"].notna() & lines["sale_line_id"].notna()]
    order_of = order_lines(sources)["order_id"]
    for row in came_back.itertuples():
        add(order_of[row.sale_line_id], row.done_at, "returned", (row.sale_line_id, row.quantity))
    billed = billed_quantities(sources)
    for row in billed[billed["document_type"] == "invoice"].itertuples():
        add(row.order_id, row.posted_at, "invoiced", (row.order_line_id, row.quantity))
    for row in billed[billed["document_type"] == "credit_note"].itertuples():
        add(row.order_id, row.posted_at, "credited", (row.order_line_id, row.quantity))
    for row in deposits(sources).itertuples():
        add(row.order_id, row.posted_at, "deposit asked", row.move_id)
        add(row.order_id, row.settled_at, "deposit paid", row.move_id)
    for order, changes in credit_holds(sources).items():
        for at, held in changes:
            add(order, at, "held" if held else "released", None)
    return happenings


@derived
def billed_quantities(sources: Sources) -> pd.DataFrame:
    """Posted invoice and credit note lines with the order lines that they bill."""
    links = sources.table("odoo__sale_order_line_invoice_rel")
    lines = invoice_lines(sources).set_index("id")
    moves = invoices(sources)
    rows = links.assign(
        move_id=links["invoice_line_id"].map(lines["move_id"]),
        quantity=links["invoice_line_id"].map(lines["quantity"]),
    )
    rows = rows[rows["move_id"].isin(moves.index)].copy()
    for column in ("document_type", "posted_at", "rejected_at", "reversed_entry_id", "settled_at"):
        rows[column] = rows["move_id"].map(moves[column])
    all_lines = sources.table("odoo__sale_order_line").set_index("id")["order_id"]
    rows["order_id"] = rows["order_line_id"].map(all_lines)
    return rows[rows["posted_at"].notna()]


@derived
def deposits(sources: Sources) -> pd.DataFrame:
    """Deposit invoices of orders: when each was asked for and paid."""
    rows = billed_quantities(sources)
    return rows[rows["document_type"] == "deposit_invoice"].drop_duplicates("move_id")


class _OrderLife:
    """Tells an order's status after each thing that happened to it."""

    def __init__(self, lines: list[tuple[int, int, bool]]) -> None:
        self.goods = {line: quantity for line, quantity, is_goods in lines if is_goods}
        self.billable = {line: quantity for line, quantity, _ in lines}
        self.shipped = dict.fromkeys(self.goods, 0)
        self.returned: Counter[int] = Counter()
        self.invoiced: Counter[int] = Counter()
        self.credited: Counter[int] = Counter()
        self.open_transfers: set[int] = set()
        self.ready: set[int] = set()
        self.deposits: set[int] = set()
        self.held = False
        self.confirmed = False
        self.cancelled = False

    def tell(self, sale: Any, happenings: list[tuple[Any, str, Any]]) -> list[tuple[Any, str]]:
        own = [(sale.confirmed_at, "confirmed", None), (sale.cancelled_at, "cancelled", None)]
        everything = [*happenings, *(entry for entry in own if pd.notna(entry[0]))]
        steps: list[tuple[Any, str]] = []
        if pd.isna(sale.confirmed_at) or sale.order_began_at < sale.confirmed_at:
            steps.append((sale.order_began_at, "to_validate"))
        everything.sort(key=lambda entry: entry[0])
        for at, together in groupby(everything, key=lambda entry: entry[0]):
            for _, what, details in together:
                self._take(what, details)
            status = self._status()
            if steps and steps[-1][0] == at:
                steps.pop()
            if not steps or steps[-1][1] != status:
                steps.append((at, status))
            if ends("order", status):
                break
        return steps

    def _take(self, what: str, details: Any) -> None:
        if what in ("held", "released"):
            self.held = what == "held"
        elif what == "confirmed":
            self.confirmed = True
        elif what == "cancelled":
            self.cancelled = True
        elif what == "deposit asked":
            self.deposits.add(details)
        elif what == "deposit paid":
            self.deposits.discard(details)
        elif what == "asked":
            self.open_transfers.add(details)
        elif what == "ready":
            self.ready.add(details)
        elif what == "dropped":
            self.open_transfers.discard(details)
        elif what == "shipped":
            transfer, parts = details
            self.open_transfers.discard(transfer)
            for line, quantity in parts:
                self.shipped[line] = self.shipped.get(line, 0) + quantity
        else:
            line, quantity = details
            counts = {
                "returned": self.returned,
                "invoiced": self.invoiced,
                "credited": self.credited,
            }
            counts[what][line] += quantity

    def _status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if self.held:
            return "blocked"
        if not self.confirmed:
            return "to_validate"
        progress = self._progress()
        # Once its goods are picked it was let go without the deposit (docs/DECISIONS.md).
        return "blocked" if self.deposits and progress == "waiting" else progress

    def _to_invoice(self, line: int, ordered: int) -> int:
        """What has left and is neither back nor invoiced; services are due as ordered."""
        credited_back = min(self.credited[line], self.returned[line])
        return ordered - self.returned[line] - self.invoiced[line] + credited_back

    def _progress(self) -> str:
        if all(self.shipped[line] >= wanted for line, wanted in self.goods.items()):
            billed = all(self._to_invoice(line, n) <= 0 for line, n in self.billable.items())
            return "invoiced" if billed else "shipped"
        started = any(self.shipped.values())
        if not self.open_transfers:
            return "closed_short" if started else "waiting"
        if started:
            return "part_shipped"
        return "in_preparation" if self.open_transfers & self.ready else "waiting"


def document_status(sources: Sources) -> pd.Series:
    """Canonical status of each document on the as-of date."""
    rows = stays(sources)
    status: pd.Series = rows[rows["until_at"].isna()].set_index("document_id")["status"]
    return status
