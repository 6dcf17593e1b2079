"""The work of sales administration: each step of each thing, when it came up and was done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from tests.oracle.claims import claim_stretches, claims
from tests.oracle.documents import (
    billed_quantities,
    invoices,
    logged_changes,
    order_lines,
    robots,
    sales,
    shipped_lines,
    told,
    transfers,
)
from tests.oracle.messages import inbound_messages
from tests.oracle.order_book import price_reductions
from tests.oracle.people import described, logins
from tests.oracle.receivables import instalments_of_invoices, open_stretches, receivable_lines
from tests.oracle.sources import Sources, code_map, derived, translated
from tests.oracle.spans import month_of
from tests.oracle.working_time import clocks

_LAPSE = pd.Timedelta(days=30)
_DAY = pd.Timedelta(days=1)
_COLUMNS = ["item", "document_type", "event_type", "company", "channel", "team", "owner"]
_COLUMNS += [
    "is_arrival_known",
    "arrived_at",
    "done_at",
    "withdrawn_at",
    "withdrawn_on",
    "by_robot",
]


@derived
def work_items(sources: Sources) -> pd.DataFrame:
    """One row per piece of work that came up by the as-of date."""
    parts = [
        _entries(sources),
        _requests(sources),
        _acknowledgements(sources),
        _validations(sources),
        _invoices(sources),
        _to_invoice(sources),
        _credits(sources),
        _to_credit(sources),
        _answers(sources),
        _handlings(sources),
        _reminders(sources),
    ]
    rows = pd.concat([part.reindex(columns=_COLUMNS) for part in parts], ignore_index=True)
    for column in ("arrived_at", "done_at", "withdrawn_at", "withdrawn_on"):
        rows[column] = rows[column].astype("datetime64[us]")
    for column in ("arrived", "done"):
        rows[f"{column}_on"] = sources.local_day(rows[f"{column}_at"])
    rows["withdrawn_on"] = rows["withdrawn_on"].fillna(sources.local_day(rows["withdrawn_at"]))
    rows["by_robot"] = rows["by_robot"].eq(True)
    rows["is_arrival_known"] = rows["is_arrival_known"].ne(False)
    rows["owner"] = rows["owner"].fillna("unknown")
    rows["team"] = rows["team"].fillna("unknown")
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    end = rows["done_at"].fillna(rows["withdrawn_at"])
    end = end.where(rows["done_on"].notna() | rows["withdrawn_on"].notna(), sources.ends_at)
    for number, clock in clocks(sources).items():
        own = (rows["company"] == number) & rows["is_arrival_known"]
        minutes = clock.minutes(rows.loc[own, "arrived_at"], end[own])
        rows.loc[own, "minutes"] = minutes
    return rows


def _employee(users: pd.Series) -> pd.Series:
    """Employees by number of user; empty for none."""
    known = "erp/res.users/" + users.astype("Int64").astype(str)
    return known.where(users.notna())


@derived
def _agents(sources: Sources) -> pd.Series:
    """Who has each sale: the person that entered it, else the one that confirmed it."""
    rows = sales(sources)
    log = logged_changes(sources)
    log = log[(log["model"] == "sale.order") & (log["new_value_char"] == "Sales Order")]
    users = sources.table("odoo__mail_message").set_index("id")["create_uid"]
    log = log.assign(user=log["mail_message_id"].map(users))
    confirmer = rows["id"].map(log.groupby("res_id")["user"].first())
    confirmer = confirmer.where(~confirmer.isin(robots(sources)))
    return _employee(rows["create_uid"].where(~rows["by_machine"], confirmer))


def _confirmed_by_robot(sources: Sources) -> pd.Series:
    log = logged_changes(sources)
    log = log[(log["model"] == "sale.order") & (log["new_value_char"] == "Sales Order")]
    users = sources.table("odoo__mail_message").set_index("id")["create_uid"]
    user = log["mail_message_id"].map(users)
    return user.isin(robots(sources)).groupby(log["res_id"]).first()


def _of_sales(sources: Sources, rows: pd.DataFrame, kind: str, step: str) -> pd.DataFrame:
    return rows.assign(
        item=f"{kind}/{step}/" + rows["id"].astype(str),
        document_type=kind,
        event_type=step,
        company=rows["company_id"].astype(int),
        owner=rows["id"].map(_agents(sources)),
    )


def _entries(sources: Sources) -> pd.DataFrame:
    """Sales entered from a request; the order of an accepted offer is not entered again."""
    messages = inbound_messages(sources).groupby("sale")["received_at"].min()
    rows = sales(sources)
    received = rows["id"].map(messages).fillna(rows["create_date"].where(rows["by_machine"]))
    rows = rows.assign(
        is_arrival_known=received.notna(),
        arrived_at=received.fillna(rows["create_date"]),
        done_at=rows["create_date"],
        by_robot=rows["by_machine"],
    )
    offers, orders = rows[rows["is_quote"]], rows[~rows["is_quote"] & rows["is_order"]]
    return pd.concat(
        [
            _of_sales(sources, offers, "quote", "created"),
            _of_sales(sources, orders, "order", "created"),
        ]
    )


def _requests(sources: Sources) -> pd.DataFrame:
    """Requests without a document, which are dropped after a month."""
    rows = inbound_messages(sources)
    waits = ~rows["sale"].isin(sales(sources).index)
    rows = rows[waits]
    rows = rows[rows["message_type"].isin(["order", "quote_request"])].copy()
    noted = sources.table("sheets__inbound_messages")
    numbers = pd.Series(noted["customer_number"].to_numpy(), "sheet/" + noted["reference"])
    partners = sources.table("odoo__res_partner")
    partners = partners[partners["ref"].notna()].drop_duplicates("ref").set_index("ref")
    partner = rows["message_id"].map(numbers).map(partners["id"])
    served = _last_served(sources)
    lapses_on = sources.local_day(rows["received_at"]) + _LAPSE
    return rows.assign(
        item="request/" + rows["message_id"],
        document_type=rows["message_type"].replace("quote_request", "quote"),
        event_type="created",
        team=partner.map(served["team"]),
        owner=partner.map(served["owner"]),
        arrived_at=rows["received_at"],
        withdrawn_on=lapses_on.where(lapses_on <= sources.day),
    )


def _last_served(sources: Sources) -> pd.DataFrame:
    """Team and agent of the last quote or order of each customer that a person has."""
    rows = sales(sources)
    rows = rows.assign(owner=_agents(sources))
    rows["at"] = rows["order_began_at"].where(rows["is_order"], rows["create_date"])
    rows = rows[rows["owner"].notna()].sort_values("at", kind="stable")
    return rows.drop_duplicates("partner_id", keep="last").set_index("partner_id")


def _acknowledgements(sources: Sources) -> pd.DataFrame:
    rows = sales(sources)
    rows = rows[rows["is_order"]]
    sent = told(sources, "sale.order", "Order acknowledgement ")
    messages = sources.table("odoo__mail_message")
    messages = messages[messages["subject"].fillna("").str.startswith("Order acknowledgement ")]
    sender = messages.sort_values("date").groupby("res_id")["create_uid"].first()
    done_at = rows["id"].map(sent)
    rows = rows.assign(
        arrived_at=rows["order_began_at"],
        done_at=done_at,
        by_robot=done_at.notna() & rows["id"].map(sender).isin(robots(sources)),
        withdrawn_at=rows["cancelled_at"].where(done_at.isna()),
    )
    return _of_sales(sources, rows, "order", "acknowledged")


def _validations(sources: Sources) -> pd.DataFrame:
    rows = sales(sources)
    rows = rows[rows["is_order"]]
    rows = rows.assign(
        arrived_at=rows["order_began_at"],
        done_at=rows["confirmed_at"],
        by_robot=rows["id"].map(_confirmed_by_robot(sources)),
        withdrawn_at=rows["cancelled_at"].where(rows["confirmed_at"].isna()),
    )
    return _of_sales(sources, rows, "order", "status_changed")


@derived
def _shipments(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, int]]]:
    """When how much of each order line had left; services leave with the first shipment."""
    return _moved(sources, is_return=False)


def _moved(sources: Sources, *, is_return: bool) -> dict[int, list[tuple[pd.Timestamp, int]]]:
    rows = shipped_lines(sources)
    rows = rows[(rows["is_return"] == is_return) & rows["done_at"].notna()]
    rows = rows[rows["sale_line_id"].notna()].sort_values("done_at")
    found: dict[int, list[tuple[pd.Timestamp, int]]] = {}
    for line, at, quantity in zip(
        rows["sale_line_id"], rows["done_at"], rows["quantity"], strict=True
    ):
        before = found.setdefault(int(line), [])
        before.append((at, int(quantity) + (before[-1][1] if before else 0)))
    if not is_return:
        lines = order_lines(sources)
        lines = lines[~lines["is_goods"]]
        out = transfers(sources)
        out = out[~out["is_return"] & out["done_at"].notna()].groupby("sale_id")["done_at"].min()
        for line in lines.itertuples():
            if line.order_id in out.index:
                found[int(line.id)] = [(out[line.order_id], int(line.product_uom_qty))]
    return found


def _reached(moves: list[tuple[pd.Timestamp, int]], quantity: int) -> pd.Timestamp | NaTType:
    """When more than a quantity had moved."""
    return next((at for at, total in moves if total > quantity), pd.NaT)


@derived
def _billed_so_far(sources: Sources) -> pd.DataFrame:
    """Lines of issued invoices and credit notes with what those before them had billed."""
    rows = billed_quantities(sources)
    rows = rows[rows["rejected_at"].isna()]
    dates = rows["move_id"].map(invoices(sources)["date"])
    rows = rows.assign(date=dates)
    rows = rows[~rows["move_id"].isin(price_reductions(sources))]
    # The earlier invoice bills the earlier shipment.
    rows = rows.sort_values(["date", "move_id"])
    by = rows.groupby(["order_line_id", "document_type"])["quantity"]
    return rows.assign(before=by.cumsum() - rows["quantity"])


def _since(sources: Sources, kind: str, moves: dict[int, list[Any]]) -> pd.Series:
    """Since when what each invoice bills, or credit note credits, had left or come back."""
    rows = _billed_so_far(sources)
    goods = order_lines(sources).query("is_goods").index
    rows = rows[(rows["document_type"] == kind) & rows["order_line_id"].isin(goods)]
    at = [
        _reached(moves.get(int(line), []), before)
        for line, before in zip(rows["order_line_id"], rows["before"], strict=True)
    ]
    since: pd.Series = pd.Series(at, rows["move_id"], dtype="datetime64[us]").groupby(level=0).min()
    return since


def _posted(sources: Sources, kind: str, since: pd.Series) -> pd.DataFrame:
    rows = invoices(sources)
    rows = rows[rows["document_type"] == kind]
    arrived = rows["id"].map(since)
    # What is invoiced before it leaves had not been waiting.
    arrived = arrived.where(~(arrived > rows["posted_at"]))
    return rows.assign(
        item=f"{kind}/" + rows["id"].astype(str),
        document_type=kind,
        event_type="status_changed",
        company=rows["company_id"].astype(int),
        owner=_employee(rows["create_uid"]),
        is_arrival_known=arrived.notna(),
        arrived_at=arrived.fillna(rows["create_date"]),
        done_at=rows["posted_at"],
    )


def _invoices(sources: Sources) -> pd.DataFrame:
    """Invoices that were written; until then, the order waits for its invoice."""
    rows = _posted(sources, "invoice", _since(sources, "invoice", _shipments(sources)))
    return rows[rows["done_at"].notna()]


def _to_invoice(sources: Sources) -> pd.DataFrame:
    """Orders of which something left that nobody invoiced."""
    billed = _billed_so_far(sources)
    quantities = billed.groupby(["document_type", "order_line_id"])["quantity"].sum()
    invoiced = quantities.get("invoice", pd.Series(dtype="int64"))
    credited = quantities.get("credit_note", pd.Series(dtype="int64"))
    returned = _moved(sources, is_return=True)
    lines = order_lines(sources).set_index("id")["order_id"]
    waits: dict[int, pd.Timestamp | NaTType] = {}
    for line, moves in _shipments(sources).items():
        back = returned[line][-1][1] if line in returned else 0
        done = int(invoiced.get(line, 0))
        left = moves[-1][1] - back - done + min(int(credited.get(line, 0)), back)
        if left > 0 and line in lines.index:
            order, since = int(lines[line]), _reached(moves, moves[-1][1] - left)
            waits[order] = min(waits.get(order, pd.Timestamp.max), since)
    rows = sales(sources)
    rows = rows[rows["id"].isin(list(waits))]
    rows = _of_sales(sources, rows, "order", "invoiced")
    return rows.assign(
        document_type="invoice",
        event_type="status_changed",
        arrived_at=rows["id"].map(waits),
    )


def _credits(sources: Sources) -> pd.DataFrame:
    """Credit notes; the draft of one for a return that waits is the same work as the return."""
    since = _since(sources, "credit_note", _moved(sources, is_return=True))
    rows = _posted(sources, "credit_note", since)
    lines = shipped_lines(sources)
    awaiting = lines.loc[lines["picking_id"].isin(_to_credit(sources)["id"]), "sale_line_id"]
    links = sources.table("odoo__sale_order_line_invoice_rel")
    links = links[links["order_line_id"].isin(awaiting)]
    moves = sources.table("odoo__account_move_line").set_index("id")["move_id"]
    drafts = links["invoice_line_id"].map(moves)
    return rows[rows["done_at"].notna() | ~rows["id"].isin(drafts)]


def _to_credit(sources: Sources) -> pd.DataFrame:
    """Returns of goods that were invoiced, of which nothing was credited."""
    billed = _billed_so_far(sources)
    credited = billed[billed["document_type"] == "credit_note"]["order_line_id"]
    invoiced = billed[billed["document_type"] == "invoice"]["order_line_id"]
    lines = shipped_lines(sources)
    lines = lines[lines["is_return"] & lines["done_at"].notna()]
    lines = lines[lines["sale_line_id"].isin(invoiced)]
    done = lines.loc[lines["sale_line_id"].isin(credited), "picking_id"]
    rows = transfers(sources)
    rows = rows[rows["id"].isin(lines["picking_id"]) & ~rows["id"].isin(done)]
    return rows.assign(
        item="return/" + rows["id"].astype(str),
        document_type="credit_note",
        event_type="status_changed",
        company=rows["company_id"].astype(int),
        owner=_employee(rows["user_id"]),
        arrived_at=rows["done_at"],
        done_at=pd.NaT,
    )


@derived
def _claims(sources: Sources) -> pd.DataFrame:
    """Claims with their agent, and the team of their delivery, else of the agent."""
    cases = sources.table("salesforce__case").set_index("Id")
    users = sources.table("salesforce__user").set_index("Id")["Username"]
    rows = claims(sources)
    owner = rows["claim"].map(cases["OwnerId"]).map(users).str.lower().map(logins(sources))
    out = transfers(sources).drop_duplicates("name").set_index("name")["team"]
    team = rows["claim"].map(cases["Delivery_Reference__c"]).map(out)
    own = described(sources, owner.fillna("unknown"), rows["opened_on"])["team"]
    answered = rows["claim"].map(cases["First_Response__c"])
    return rows.assign(
        company=rows["company_id"].str.rsplit("/").str[-1].astype(int),
        document_type="claim",
        owner=owner,
        team=team.fillna(own),
        arrived_at=rows["opened_at"],
        answered_at=answered.where(sources.happened(answered)),
    )


def _answers(sources: Sources) -> pd.DataFrame:
    rows = _claims(sources)
    item = "answer/" + rows["claim"]
    return rows.assign(item=item, event_type="responded", done_at=rows["answered_at"])


def _handlings(sources: Sources) -> pd.DataFrame:
    """A claim is handled when it is resolved for good, as far as is known."""
    rows = _claims(sources)
    last = claim_stretches(sources).groupby("claim").tail(1).set_index("claim")["ended_at"]
    item = "claim/" + rows["claim"]
    return rows.assign(item=item, event_type="opened", done_at=rows["claim"].map(last))


def _reminders(sources: Sources) -> pd.DataFrame:
    """Instalments that were open when their due date had ended."""
    lines = receivable_lines(sources)
    moves = invoices(sources)
    rows = lines[(lines["part"] == "instalment") & (lines["balance"] > 0)]
    rows = rows[rows["move_id"].isin(moves.index)]
    stretches = open_stretches(sources)
    stretches = stretches[stretches["item"].isin(rows["id"].astype(str))]
    stretches = stretches.assign(line=stretches["item"].astype("int64"))
    due = stretches["line"].map(rows["date_maturity"])
    late = stretches[(stretches["open_amount"] > 0) & ~(stretches["until"] <= due)]
    late = late[np.maximum(late["since"], due[late.index] + _DAY) <= sources.day]
    ended = late.sort_values("since").groupby("line")["until"].agg(lambda until: until.iloc[-1])
    rows = rows[rows["id"].isin(late["line"])].copy()
    insolvent = _insolvent_since(sources)
    reminders = _first_reminders(sources)
    # Before a company's first month with a reminder, no source tells of any.
    began = month_of(rows["id"].map(reminders).groupby(rows["company_id"]).min())
    rows = rows[rows["date_maturity"] >= rows["company_id"].map(began)]
    excuses = [rows["partner_id"].map(insolvent), _disputed_on(sources, rows)]
    excused_on = pd.concat(excuses, axis=1).min(axis=1)
    # Who is excused when the item falls overdue need not be reminded at all.
    rows = rows[~(excused_on <= rows["date_maturity"])]
    arrived_on, reminded_on = rows["date_maturity"] + _DAY, rows["id"].map(reminders)
    # Money that was followed by a reminder had come back.
    ends = [rows["id"].map(ended).where(reminded_on.isna()), excused_on[rows.index]]
    withdrawn_on = pd.concat(ends, axis=1).min(axis=1)
    withdrawn_on = np.maximum(withdrawn_on, arrived_on).where(withdrawn_on <= sources.day)
    withdrawn_on = withdrawn_on.where(~(reminded_on <= withdrawn_on))
    done_on = reminded_on.where(withdrawn_on.isna())
    return rows.assign(
        item="instalment/" + rows["id"].astype(str),
        document_type="instalment",
        event_type="reminded",
        company=rows["company_id"].astype(int),
        channel="generated",
        team=rows["move_id"].map(moves["team"]),
        arrived_at=sources.midnight(arrived_on),
        done_at=sources.midnight(done_on),
        withdrawn_at=sources.midnight(withdrawn_on),
    )


def _first_reminders(sources: Sources) -> pd.Series:
    """Day of the first reminder of each instalment, by letter, e-mail or telephone."""
    sent = sources.table("odoo__credit_control_line")
    sent = sent[(sent["state"] == "sent") & (sent["date_sent"] <= sources.day)]
    called = sources.table("sheets__dunning_actions")
    called = called[(called["result"] != "failed") & (called["action_date"] <= sources.day)]
    first = {number: of[0] for number, of in instalments_of_invoices(sources).items() if of}
    days = pd.concat(
        [
            pd.Series(sent["date_sent"].to_numpy(), sent["move_line_id"]),
            pd.Series(called["action_date"].to_numpy(), called["invoice_number"].map(first)),
        ]
    )
    found: pd.Series = days.groupby(level=0).min()
    return found


def _insolvent_since(sources: Sources) -> pd.Series:
    """Day on which customers got the tag of insolvency, the last change of their record."""
    tags = sources.table("odoo__res_partner_category").set_index("id")["name"].map(translated)
    meanings = code_map("customer_tag_map", "odoo", "tag", "meaning")
    insolvent = tags.index[tags.str.lower().map(meanings) == "insolvent"]
    links = sources.table("odoo__res_partner_res_partner_category_rel")
    links = links[links["category_id"].isin(insolvent)]
    partners = sources.table("odoo__res_partner").set_index("id")["write_date"]
    days = sources.local_day(links["partner_id"].map(partners))
    return pd.Series(days.to_numpy(), links["partner_id"])


def _disputed_on(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """Day of each instalment's first dispute that was not over when it fell overdue."""
    disputes = sources.table("sheets__disputes")
    disputes = disputes[disputes["opened_on"] <= sources.day]
    lines = instalments_of_invoices(sources)
    line = disputes["invoice_number"].map(lambda number: lines.get(number, []))
    disputes = disputes.assign(line=line).explode("line").dropna(subset="line")
    overdue_on = disputes["line"].map(rows["date_maturity"]) + _DAY
    disputes = disputes[disputes["closed_on"].isna() | (disputes["closed_on"] > overdue_on)]
    found: pd.Series = rows["id"].map(disputes.groupby("line")["opened_on"].min())
    return found
