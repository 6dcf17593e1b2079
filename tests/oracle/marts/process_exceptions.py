"""Process exceptions: what went, or goes, another way than it should, rule by rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from tests.oracle.documents import (
    billed_quantities,
    documents,
    invoices,
    logged_changes,
    order_ends,
    order_lines,
    robots,
    sales,
    share,
    shipped_lines,
    stays,
    told,
    transfers,
)
from tests.oracle.expectations import completed_on
from tests.oracle.lines import agents, parts
from tests.oracle.lines import booked_lines as goods_booked
from tests.oracle.marts.order_tracking import tellings
from tests.oracle.oracle import Oracle
from tests.oracle.order_book import booked_lines, movements
from tests.oracle.sources import UNIT, Sources, derived, seed
from tests.oracle.working_time import working_days

_HISTORY_MONTHS = 12


def process_exceptions(sources: Sources) -> pd.DataFrame:
    """Exceptions that are open, and those cleared in the last months."""
    rules = {row["rule"]: row for row in seed("process_exception_rules")}
    found = []
    for name, rule in rules.items():
        if rule["is_active"] != "true":
            continue
        limit = int(rule["threshold"]) if rule["threshold"] else 0
        if rule["status"]:
            rows = _stuck(sources, rule["document_type"], rule["status"], limit)
        else:
            rows = _RULES[name](sources, limit)
        found.append(
            rows.assign(
                rule=name,
                **{c: rule[c] for c in ("label_fr", "label_it", "label_en", "severity")},
                owner_function=rule["owner_function"],
            )
        )
    rows = pd.concat([part for part in found if len(part)], ignore_index=True)
    for column in ("first_seen_on", "cleared_on"):
        rows[column] = rows[column].astype("datetime64[us]")
    rows["cleared_on"] = rows["cleared_on"].where(rows["cleared_on"] <= sources.day)
    since = sources.day - pd.DateOffset(months=_HISTORY_MONTHS)
    kept = rows["cleared_on"].isna() | (rows["cleared_on"] > since)
    rows = rows[kept & (rows["first_seen_on"] <= sources.day)].copy()
    if "message" not in rows:
        rows["message"] = None
    return _described(sources, rows)


def _described(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """Whose the document is, and what is at stake."""
    subject = _subjects(sources).reindex(rows["document_id"]).reset_index(drop=True)
    rows = rows.reset_index(drop=True)
    owner = rows.get("owner_id", pd.Series(None, rows.index, dtype=object))
    for column in ("agent_id", "salesperson_id"):
        owner = owner.fillna(subject[column].where(subject[column] != "unknown"))
    last = rows["cleared_on"].fillna(sources.day)
    amount = rows["amount"].astype("Int64").fillna(subject["company_amount"].astype("Int64"))
    return rows.assign(
        company_id=rows.get("company_id", subject["company_id"]).fillna(subject["company_id"]),
        as_of_date=sources.day,
        subject_id=rows["message"].fillna(rows["document_id"]),
        inbound_message_id=rows["message"],
        is_open=rows["cleared_on"].isna(),
        age_days=(last - rows["first_seen_on"]).dt.days,
        owner_id=owner.fillna("unknown"),
        team=subject["team"].fillna("unknown"),
        document_type=subject["document_type"],
        document_number=subject["number"],
        customer_id=subject["customer"].fillna(rows["customer"]).fillna("unknown"),
        currency_code="EUR",
        amount_at_stake_excl_tax=amount.fillna(0),
    )


@derived
def _subjects(sources: Sources) -> pd.DataFrame:
    """Documents with number, customer, agent and salesperson; by identifier."""
    rows = documents(sources).set_index("document_id")
    number = rows.index.str.rsplit("/").str[-1].astype("int64")
    rows["key"] = number
    sale, transfer, move = sales(sources), transfers(sources), invoices(sources)
    robot = robots(sources)
    of_sale = rows["document_type"].isin(["quote", "order"])
    of_move = rows["document_type"].isin(["invoice", "deposit_invoice", "credit_note"])
    billed = billed_quantities(sources).drop_duplicates("move_id").set_index("move_id")
    order = (
        rows["key"].map(transfer["sale_id"]).where(~of_move, rows["key"].map(billed["order_id"]))
    )
    order = rows["key"].where(of_sale, order)
    parts = [(of_sale, sale), (of_move, move), (~of_sale & ~of_move, transfer)]
    for column in ("name", "partner_id", "create_uid", "user_id", "invoice_user_id"):
        values = pd.Series(None, rows.index, dtype=object)
        for own, table in parts:
            if column in table:
                values = values.where(~own, rows["key"].map(table[column]))
        rows[column] = values
    rows["number"] = rows["name"]
    buyer = order.map(sale["partner_id"]).fillna(rows["partner_id"])
    rows["customer"] = _named("erp/res.partner/", buyer)
    by = rows["create_uid"].where(~rows["create_uid"].isin(robot))
    # Who picks owns a transfer; one that nobody has begun, who entered it.
    worker = rows["user_id"].where(~of_sale & ~of_move).fillna(by)
    rows["agent_id"] = _named("erp/res.users/", by.where(of_move, worker))
    rows["agent_id"] = rows["agent_id"].where(~of_sale, rows["key"].map(agents(sources)))
    seller = rows["invoice_user_id"].where(of_move, order.map(sale["user_id"]))
    rows["salesperson_id"] = _named("erp/res.users/", seller)
    return rows


def _named(prefix: str, numbers: pd.Series) -> pd.Series:
    return (prefix + numbers.astype("Int64").astype(str)).where(numbers.notna())


def _beyond(sources: Sources, company_ids: pd.Series, days: pd.Series, limit: int) -> pd.Series:
    """First day on which more working days than tolerated have passed since days."""
    found = pd.Series(pd.NaT, days.index, dtype="datetime64[us]")
    for number, is_open in working_days(sources).items():
        own = (company_ids == f"erp/res.company/{number}") & days.notna()
        open_days = is_open.index[is_open].to_numpy()
        passed = np.searchsorted(open_days, days[own].to_numpy(), side="right")
        found[own] = open_days[passed + limit]
    return found


def _broken(rows: pd.DataFrame) -> pd.DataFrame:
    """Only what was broken at the end of the first day."""
    return rows[~(rows["cleared_on"] <= rows["first_seen_on"])]


def _frame(index: pd.Index, **columns: object) -> pd.DataFrame:
    """Exceptions with what they have in common; the document's value is at stake by default."""
    rows = pd.DataFrame(columns, index)
    for column in ("amount", "customer", "message"):
        if column not in rows:
            rows[column] = pd.Series(None, index, dtype=object)
    return rows


def _stuck(sources: Sources, document_type: str, status: str, limit: int) -> pd.DataFrame:
    kinds = documents(sources).set_index("document_id")
    rows = stays(sources)
    rows = rows[
        (rows["status"] == status)
        & (rows["document_id"].map(kinds["document_type"]) == document_type)
    ]
    start, end = (sources.local_day(rows[column]) for column in ("from_at", "until_at"))
    company = rows["document_id"].map(kinds["company_id"])
    found = _frame(
        rows.index,
        document_id=rows["document_id"],
        first_seen_on=_beyond(sources, company, start, limit),
        cleared_on=end,
    )
    return _broken(found)


# Messages ---------------------------------------------------------------------------------------


@derived
def _order_messages(sources: Sources) -> pd.DataFrame:
    """Orders received: with the error of each, when it was cleared, and the document."""
    edi = sources.table("odoo__edi_exchange_record")
    edi = edi[edi["direction"] == "input"]
    noted = sources.table("sheets__inbound_messages")
    noted = noted[noted["message_type"] == "order"]
    by_name = sources.table("odoo__sale_order").set_index("name")["id"]
    partners = sources.table("odoo__res_partner").dropna(subset=["ref"]).set_index("ref")["id"]
    done = edi["exchange_error"].notna() & (edi["edi_exchange_state"] == "input_processed")
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "message": "erp/edi.exchange.record/" + edi["id"].astype(str),
                    "company": edi["company_id"],
                    "received_at": edi["exchanged_on"],
                    "is_error": edi["exchange_error"].notna(),
                    "resolved_at": edi["write_date"].where(done),
                    "sale": edi["res_id"],
                }
            ),
            pd.DataFrame(
                {
                    "message": "sheets/inbound.message/" + noted["reference"],
                    "company": noted["company"].map(sources.company_names),
                    "received_at": noted["received_at"],
                    "is_error": noted["is_error"].fillna(False),
                    "resolved_at": noted["resolved_at"],
                    "sale": noted["order_number"].map(by_name),
                    "partner": noted["customer_number"].map(partners),
                }
            ),
        ],
        ignore_index=True,
    )
    rows = rows[sources.happened(rows["received_at"])].copy()
    sale = sales(sources)
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(int).astype(str)
    rows["received_on"] = sources.local_day(rows["received_at"])
    rows["entered_on"] = sources.local_day(rows["sale"].map(sale["create_date"]))
    rows["resolved_on"] = sources.local_day(rows["resolved_at"])
    is_order = rows["sale"].map(sale["is_order"])
    number = rows["sale"].astype("Int64").astype(str)
    as_order, as_quote = "erp/sale.order/" + number, "erp/sale.quotation/" + number
    rows["document_id"] = as_order.where(is_order.eq(True), as_quote).where(is_order.notna())
    rows["customer"] = _named("erp/res.partner/", rows["partner"])
    return rows


def _messages(rows: pd.DataFrame, seen: pd.Series, end: pd.Series) -> pd.DataFrame:
    found = _frame(
        rows.index,
        document_id=rows["document_id"],
        message=rows["message"],
        company_id=rows["company_id"],
        customer=rows["customer"],
        first_seen_on=seen,
        cleared_on=end,
    )
    return _broken(found)


def _message_not_entered(sources: Sources, limit: int) -> pd.DataFrame:
    rows = _order_messages(sources)
    seen = _beyond(sources, rows["company_id"], rows["received_on"], limit)
    return _messages(rows, seen, rows["entered_on"])


def _message_in_error(sources: Sources, _: int) -> pd.DataFrame:
    rows = _order_messages(sources)
    rows = rows[rows["is_error"]]
    # Nothing is tolerated, not even on the day, unless the offices are closed.
    before = rows["received_on"] - pd.Timedelta(days=1)
    seen = _beyond(sources, rows["company_id"], before, 0)
    return _messages(rows, seen, rows["resolved_on"])


# Orders that go out -----------------------------------------------------------------------------


def _order_id(numbers: pd.Series) -> pd.Series:
    return "erp/sale.order/" + numbers.astype("int64").astype(str)


@derived
def _shipments(sources: Sources) -> pd.DataFrame:
    rows = transfers(sources)
    rows = rows[~rows["is_return"] & rows["done_at"].notna() & rows["sale_id"].notna()]
    return rows.sort_values("done_at")


def _shipped_before(sources: Sources, milestone: pd.Series) -> pd.DataFrame:
    """Orders whose first goods left before a milestone, until it was reached."""
    first = _shipments(sources).drop_duplicates("sale_id")
    found = _frame(
        first.index,
        document_id=_order_id(first["sale_id"]),
        first_seen_on=sources.local_day(first["done_at"]),
        cleared_on=sources.local_day(first["sale_id"].map(milestone)),
    )
    return _broken(found)


def _shipped_before_validation(sources: Sources, _: int) -> pd.DataFrame:
    return _shipped_before(sources, sales(sources)["confirmed_at"])


def _shipped_unacknowledged(sources: Sources, _: int) -> pd.DataFrame:
    return _shipped_before(sources, told(sources, "sale.order", "Order acknowledgement"))


def _shipped_while_blocked(sources: Sources, _: int) -> pd.DataFrame:
    rows = stays(sources)
    rows = rows[
        rows["document_id"].str.startswith("erp/sale.order/") & (rows["status"] == "blocked")
    ]
    out = _shipments(sources)
    out = out.assign(document_id=_order_id(out["sale_id"]))[["document_id", "done_at"]]
    both = rows.merge(out, on="document_id")
    both = both[(both["done_at"] >= both["from_at"]) & ~(both["done_at"] >= both["until_at"])]
    both = both.drop_duplicates(["document_id", "from_at"])
    found = _frame(
        both.index,
        document_id=both["document_id"],
        first_seen_on=sources.local_day(both["done_at"]),
        cleared_on=sources.local_day(both["until_at"]),
    )
    return _broken(found)


# Delivered, invoiced, returned, credited ----------------------------------------------------------


def _delivered_not_invoiced(sources: Sources, limit: int) -> pd.DataFrame:
    """Orders with something in the book to invoice past its last legal day."""
    order_of = order_lines(sources)["order_id"].to_dict()
    late: list[tuple[int, int, pd.Timestamp, pd.Timestamp | NaTType, int]] = []
    until: dict[int, pd.Timestamp] = {}
    for move in reversed(movements(sources)):
        if move.book != "to_invoice":
            continue
        if move.after > 0 and move.due_after is not None:
            since = max(move.day, move.due_after + pd.Timedelta(days=limit + 1))
            end = until.get(move.line, pd.NaT)
            if not end <= since:
                late.append((order_of[move.line], move.line, since, end, move.value_after))
        until[move.line] = move.day
    return _spells(sources, late)


def _spells(
    sources: Sources, found: list[tuple[int, int, pd.Timestamp, pd.Timestamp | NaTType, int]]
) -> pd.DataFrame:
    """Stretches of days in which something of an order was wrong, and what it was worth at last.

    Of each line, that is: order, line, since, until, value.
    """
    after = sources.day + pd.Timedelta(days=1)
    rows = pd.DataFrame(found, columns=["order", "line", "since", "until", "value"])
    rows["until"] = rows["until"].astype("datetime64[us]").fillna(after)
    rows = rows.sort_values(["order", "since"])
    ends = rows.groupby("order")["until"].cummax()
    starts = rows["since"] > ends.groupby(rows["order"]).shift()
    spell = starts.groupby(rows["order"]).cumsum()
    keys = [rows["order"], spell.rename("spell")]
    spells = rows.groupby(keys).agg(since=("since", "min"), until=("until", "max"))
    spells["value"] = rows.groupby([*keys, "line"])["value"].last().groupby(level=[0, 1]).sum()
    spells = spells.reset_index()
    return _frame(
        spells.index,
        document_id=_order_id(spells["order"]),
        first_seen_on=spells["since"],
        cleared_on=spells["until"].where(spells["until"] < after),
        amount=spells["value"],
    )


@derived
def _quantities(sources: Sources) -> pd.DataFrame:
    """What of each line of goods had left, come back, been invoiced and credited, by day."""
    out = shipped_lines(sources)
    out = out[out["done_at"].notna() & out["sale_line_id"].notna()]
    moved = pd.DataFrame(
        {
            "line": out["sale_line_id"].astype("int64"),
            "day": sources.local_day(out["done_at"]),
            "what": np.where(out["is_return"], "returned", "shipped"),
            "quantity": out["quantity"],
        }
    )
    booked = booked_lines(sources)
    billed = pd.DataFrame(
        {
            "line": booked["order_line_id"],
            "day": booked["date"],
            "what": booked["document_type"].map({"invoice": "invoiced", "credit_note": "credited"}),
            "quantity": booked["quantity"],
        }
    )
    rows = pd.concat([moved, billed]).dropna(subset=["what"])
    rows["quantity"] = rows["quantity"].astype("int64")
    goods = order_lines(sources)
    rows = rows[rows["line"].isin(goods.index[goods["is_goods"]])]
    wide = rows.pivot_table(
        index=["line", "day"], columns="what", values="quantity", aggfunc="sum", fill_value=0
    )
    columns = ["shipped", "returned", "invoiced", "credited"]
    wide = wide.reindex(columns=columns, fill_value=0).groupby(level="line").cumsum()
    wide = wide.reset_index().sort_values(["line", "day"])
    wide["until"] = wide.groupby("line")["day"].shift(-1)
    for column in ("order_id", "product_uom_qty", "company_amount"):
        wide[column] = wide["line"].map(goods[column])
    return wide


def _lines_with(sources: Sources, excess: pd.Series, limit: int) -> pd.DataFrame:
    """Orders in which a quantity was above 0 for longer than tolerated."""
    rows = _quantities(sources).assign(excess=excess)
    rows = rows[rows["excess"] > 0]
    # Days on end are one stretch of the line, which the limit counts from its start.
    follows = rows["day"] == rows.groupby("line")["until"].shift()
    stretch = (~follows).groupby(rows["line"]).cumsum()
    grouped = rows.groupby([rows["line"], stretch.rename("stretch")])
    found = []
    for _, own in grouped:
        last = own.iloc[-1]
        since = own["day"].iloc[0] + pd.Timedelta(days=limit)
        value = share(last["company_amount"], last["excess"], last["product_uom_qty"])
        if not last["until"] <= since:
            found.append((last["order_id"], last["line"], since, last["until"], value))
    return _spells(sources, found)


def _invoiced_not_delivered(sources: Sources, limit: int) -> pd.DataFrame:
    rows = _quantities(sources)
    excess = (rows["invoiced"] - rows["credited"]).where(rows["shipped"] == 0, 0)
    return _lines_with(sources, excess, limit)


def _invoiced_more_than_delivered(sources: Sources, limit: int) -> pd.DataFrame:
    rows = _quantities(sources)
    excess = rows["invoiced"] - rows["credited"] - rows["shipped"]
    return _lines_with(sources, excess.where(rows["shipped"] > 0, 0), limit)


def _returned_not_credited(sources: Sources, limit: int) -> pd.DataFrame:
    rows = _quantities(sources)
    kept = rows["shipped"] - rows["returned"]
    excess = np.minimum(
        rows["returned"] - rows["credited"], rows["invoiced"] - rows["credited"] - kept
    )
    return _lines_with(sources, excess, limit + 1)


# What nobody approved -----------------------------------------------------------------------------


def _until_over(sources: Sources, order: pd.Series) -> pd.Series:
    """Day on which nothing could be done about an order any more."""
    over: pd.Series = sources.local_day(order.map(order_ends(sources)).astype("datetime64[us]"))
    return over


def _price_lowered(sources: Sources, _: int) -> pd.DataFrame:
    log = logged_changes(sources)
    log = log[(log["model"] == "sale.order") & (log["field"] == "amount_total")]
    log = log[log["new_value_float"] < log["old_value_float"]]
    log = log[log["res_id"].isin(sales(sources).index)]
    actors = sources.table("odoo__mail_message").set_index("id")["create_uid"]
    given, left = (
        (amount * UNIT).round().astype("int64")
        for amount in (log["old_value_float"] - log["new_value_float"], log["new_value_float"])
    )
    # Odoo logs the total with tax: what was given of it is given of the net value alike.
    value = documents(sources).set_index("document_id")["company_amount"]
    net = _order_id(log["res_id"]).map(value)
    found = _frame(
        log.index,
        document_id=_order_id(log["res_id"]),
        first_seen_on=sources.local_day(log["at"]),
        cleared_on=_until_over(sources, log["res_id"]),
        owner_id=_named("erp/res.users/", log["mail_message_id"].map(actors)),
        amount=[share(*parts) for parts in zip(net, given, left, strict=True)],
    )
    return _broken(found)


def _negative_margin(sources: Sources, _: int) -> pd.DataFrame:
    lines, sale = order_lines(sources), sales(sources)
    cost = (lines["purchase_price"] * lines["product_uom_qty"]).astype(float) / UNIT
    loss = (cost - lines["company_amount"].astype(float)).round()
    booked = lines["order_id"].map(sale["confirmed_at"])
    sold = lines["is_goods"] & booked.notna() & (loss > 0)
    losses = loss[sold].astype("int64").groupby(lines.loc[sold, "order_id"]).sum()
    order = pd.Series(losses.index, losses.index)
    found = _frame(
        losses.index,
        document_id=_order_id(order),
        first_seen_on=sources.local_day(sale["confirmed_at"]).reindex(losses.index),
        cleared_on=_until_over(sources, order),
        amount=losses,
    )
    return _broken(found)


def _by_who_entered(sources: Sources, log: pd.DataFrame) -> pd.DataFrame:
    """Changes of orders made by the person who entered the order."""
    sale = sales(sources)
    actors = sources.table("odoo__mail_message").set_index("id")["create_uid"]
    actor = log["mail_message_id"].map(actors)
    own = (actor == log["res_id"].map(sale["create_uid"])) & ~actor.isin(robots(sources))
    log = log[own].drop_duplicates("res_id")
    found = _frame(
        log.index,
        document_id=_order_id(log["res_id"]),
        first_seen_on=sources.local_day(log["at"]),
        cleared_on=_until_over(sources, log["res_id"]),
        owner_id=_named("erp/res.users/", actor.reindex(log.index)),
    )
    return _broken(found)


def _same_person_approves(sources: Sources, _: int) -> pd.DataFrame:
    log = logged_changes(sources)
    released = (log["field"] == "credit_hold") & (log["new_value_integer"] == 0)
    return _by_who_entered(sources, log[(log["model"] == "sale.order") & released])


def _same_person_validates(sources: Sources, limit: int) -> pd.DataFrame:
    log = logged_changes(sources)
    done = (log["field"] == "state") & (log["new_value_char"] == "Sales Order")
    log = log[(log["model"] == "sale.order") & done]
    value = documents(sources).set_index("document_id")["company_amount"]
    large = _order_id(log["res_id"]).map(value) > limit * UNIT
    return _by_who_entered(sources, log[large])


def _duplicates(sources: Sources, limit: int) -> pd.DataFrame:
    rows = sales(sources)
    rows = rows[rows["is_order"] & rows["client_order_ref"].notna()]
    rows = rows.rename_axis(None).sort_values(["order_began_at", "id"])
    same = rows.groupby(["company_id", "partner_id", "client_order_ref"])
    before, dropped = same["order_began_at"].shift(), same["cancelled_at"].shift()
    day = sources.local_day(rows["order_began_at"])
    near = (day - sources.local_day(before)).dt.days <= limit
    rows = rows[before.notna() & near & ~(dropped < rows["order_began_at"])]
    found = _frame(
        rows.index,
        document_id=_order_id(rows["id"]),
        first_seen_on=day.reindex(rows.index),
        cleared_on=_until_over(sources, rows["id"]),
    )
    return _broken(found)


# Invoices, and what customers are told ------------------------------------------------------------


def _einvoice_not_resent(sources: Sources, limit: int) -> pd.DataFrame:
    rows = invoices(sources)
    rows = rows[rows["rejected_at"].notna()]
    return _frame(
        rows.index,
        document_id="erp/account.move/" + rows["id"].astype(str),
        first_seen_on=sources.local_day(rows["rejected_at"]) + pd.Timedelta(days=limit + 1),
        cleared_on=pd.Series(pd.NaT, rows.index, dtype="datetime64[us]"),
    )


def _invoice_not_sent(sources: Sources, limit: int) -> pd.DataFrame:
    rows = invoices(sources)
    rows = rows[
        rows["document_type"].isin(["invoice", "deposit_invoice", "credit_note"])
        & rows["posted_at"].notna()
        & rows["rejected_at"].isna()
    ]
    company = "erp/res.company/" + rows["company_id"].astype(str)
    end = rows[["sent_at", "settled_at"]].min(axis=1)
    found = _frame(
        rows.index,
        document_id="erp/account.move/" + rows["id"].astype(str),
        first_seen_on=_beyond(sources, company, sources.local_day(rows["posted_at"]), limit),
        cleared_on=sources.local_day(end),
    )
    return _broken(found)


def _customer_not_told(sources: Sources, limit: int) -> pd.DataFrame:
    """Orders whose customer knew a day that had passed: until he was told another, or no more."""
    rows = _known_days(sources)
    seen = _beyond(sources, rows["company_id"], rows["day"], limit)
    rows["since"] = seen.where(seen > rows["since"], rows["since"]).where(seen.notna())
    rows = rows[(rows["since"] <= sources.day) & ~(rows["until"] <= rows["since"])].copy()
    left = rows.reset_index(names="case").merge(
        parts(sources)[["line", "quantity", "day"]], "left", "line", suffixes=("", "_left")
    )
    gone = left[~(left["day_left"] >= left["until"])].groupby("case")["quantity"].sum()
    gone = gone.reindex(rows.index, fill_value=0)
    rows["value"] = [
        share(amount, ordered - int(out), ordered)
        for amount, ordered, out in zip(rows["amount"], rows["ordered"], gone, strict=True)
    ]
    cases = rows.groupby(["order", "since"])
    found = cases.agg(until=("until", "max"), value=("value", "sum")).reset_index()
    lasts = cases["until"].apply(lambda days: days.isna().any()).to_numpy()
    return _frame(
        found.index,
        document_id=_order_id(found["order"]),
        first_seen_on=found["since"],
        cleared_on=found["until"].mask(lasts),
        amount=found["value"],
    )


def _known_days(sources: Sources) -> pd.DataFrame:
    """What customers knew of each line while it was open: since, until and day."""
    rows = goods_booked(sources)
    ends = completed_on(sources).fillna(rows["given_up_on"])
    told = tellings(sources)
    found = []
    for line, ended in zip(rows.itertuples(), ends, strict=True):
        known = [(line.booked_on, line.first_confirmed), *told.get(int(line.order), [])]
        changes = [*(since for since, _ in known[1:]), pd.NaT]
        for (since, day), change in zip(known, changes, strict=True):
            until = change if pd.isna(ended) or change < ended else ended
            about = (line.order, line.line, line.company_id, line.amount, line.ordered)
            found.append((*about, max(since, line.booked_on), until, day))
    columns = ["order", "line", "company_id", "amount", "ordered", "since", "until", "day"]
    known_days = pd.DataFrame(found, columns=columns)
    for column in ("since", "until", "day"):
        known_days[column] = known_days[column].astype("datetime64[us]")
    return known_days


_RULES: dict[str, Callable[[Sources, int], pd.DataFrame]] = {
    "message_not_entered": _message_not_entered,
    "message_in_error": _message_in_error,
    "shipped_before_validation": _shipped_before_validation,
    "shipped_unacknowledged": _shipped_unacknowledged,
    "shipped_while_blocked": _shipped_while_blocked,
    "delivered_not_invoiced": _delivered_not_invoiced,
    "invoiced_not_delivered": _invoiced_not_delivered,
    "invoiced_more_than_delivered": _invoiced_more_than_delivered,
    "returned_not_credited": _returned_not_credited,
    "price_lowered_unapproved": _price_lowered,
    "negative_margin_unapproved": _negative_margin,
    "same_person_enters_and_approves": _same_person_approves,
    "same_person_enters_and_validates": _same_person_validates,
    "duplicate_customer_reference": _duplicates,
    "einvoice_not_resent": _einvoice_not_resent,
    "invoice_not_sent": _invoice_not_sent,
    "customer_not_told": _customer_not_told,
}

ORACLES = {
    "process_exceptions": Oracle(process_exceptions, ["rule", "subject_id", "first_seen_on"]),
}
