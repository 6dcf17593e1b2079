"""What was done to documents, and by whom, as Odoo's log tells it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.documents import (
    credit_holds,
    documents,
    invoices,
    logged_changes,
    sales,
    stays,
    transfers,
)
from tests.oracle.sources import Sources, derived

_SENT = {
    "Order acknowledgement ": "acknowledged",
    "Quotation ": "sent",
    "Invoice ": "sent",
    "Delivery date changed ": "customer_informed",
}
_FIELDS = {
    "commitment_date": "date_changed",
    "amount_total": "price_changed",
    "credit_hold": "credit_hold",
}


@derived
def events(sources: Sources) -> pd.DataFrame:
    """One row per event: document_id, event_type, at, employee_id, is_derived."""
    found = pd.concat([_created(sources), _told(sources), _fields(sources), _statuses(sources)])
    found = found[["document_id", "event_type", "at", "user", "is_derived"]].reset_index(drop=True)
    known = "erp/res.users/" + found["user"].astype("Int64").astype(str)
    found["employee_id"] = known.where(found["user"].notna(), "unknown")
    document = documents(sources).set_index("document_id")
    for column in ("company_id", "document_kind"):
        found[column] = found["document_id"].map(document[column])
    found["day"] = sources.local_day(found["at"])
    return found


@derived
def _log(sources: Sources) -> pd.DataFrame:
    """Logged changes with the user who made them and the document that they are of."""
    rows = logged_changes(sources)
    users = sources.table("odoo__mail_message").set_index("id")["create_uid"]
    rows = rows.assign(user=rows["mail_message_id"].map(users))
    return rows.assign(document_id=_document_at(sources, rows["model"], rows["res_id"], rows["at"]))


def _document_at(sources: Sources, model: pd.Series, number: pd.Series, at: pd.Series) -> pd.Series:
    """The document that a record stood for.

    A sale is a quote until it is an order, a transfer to a customer a preparation.
    """
    sale = sales(sources)
    began = number.map(sale["order_began_at"]).where(number.map(sale["is_order"]).eq(True))
    is_return = number.map(transfers(sources)["is_return"]).eq(True)
    kinds = np.select(
        [
            (model == "sale.order") & number.map(sale["is_quote"]).eq(True) & ~(at >= began),
            model == "sale.order",
            (model == "stock.picking") & ~is_return,
        ],
        ["sale.quotation", "sale.order", "stock.preparation"],
        default=model.to_numpy(),
    )
    return "erp/" + pd.Series(kinds, number.index) + "/" + number.astype(str)


@derived
def done_by(sources: Sources) -> pd.Series:
    """Who logged the end of each transfer, by its number."""
    log = _log(sources)
    rows = log[(log["model"] == "stock.picking") & (log["new_value_char"] == "Done")]
    users: pd.Series = rows.groupby("res_id")["user"].last()
    return users


def _created(sources: Sources) -> pd.DataFrame:
    """Each document's beginning; an accepted offer became an order by whoever confirmed it."""
    rows = documents(sources)[["document_id", "entered_at"]].copy()
    number = rows["document_id"].str.rsplit("/").str[-1].astype("int64")
    of = rows["document_id"].str.split("/").str[1]
    made_by = {
        "sale.quotation": sales(sources)["create_uid"],
        "sale.order": _order_creators(sources),
        "stock.preparation": transfers(sources)["create_uid"],
        "stock.picking": _transfer_creators(sources),
        "account.move": invoices(sources)["create_uid"],
    }
    rows["user"] = pd.NA
    for kind, users in made_by.items():
        rows.loc[of == kind, "user"] = number[of == kind].map(users)
    rows = rows.rename(columns={"entered_at": "at"})
    return rows.assign(event_type="created", is_derived=False)


def _order_creators(sources: Sources) -> pd.Series:
    rows = sales(sources)
    log = _log(sources)
    confirmed = log[(log["model"] == "sale.order") & (log["new_value_char"] == "Sales Order")]
    users = rows["id"].map(confirmed.groupby("res_id")["user"].first())
    return users.where(rows["is_quote"], rows["create_uid"])


def _transfer_creators(sources: Sources) -> pd.Series:
    """A delivery note comes from whoever shipped, a return from whoever announced it."""
    rows = transfers(sources)
    return rows["create_uid"].where(rows["is_return"], rows["id"].map(done_by(sources)))


def _told(sources: Sources) -> pd.DataFrame:
    """Messages that went out to customers."""
    rows = sources.table("odoo__mail_message")
    rows = rows[(rows["message_type"] == "comment") & sources.happened(rows["date"])].copy()
    rows["event_type"] = None
    for subject, what in _SENT.items():
        rows.loc[rows["subject"].str.startswith(subject), "event_type"] = what
    rows["document_id"] = _document_at(sources, rows["model"], rows["res_id"], rows["date"])
    rows = rows.rename(columns={"date": "at", "create_uid": "user"})
    return rows.assign(is_derived=False)


def _fields(sources: Sources) -> pd.DataFrame:
    rows = _log(sources)
    rows = rows[rows["field"].isin(_FIELDS)].copy()
    holds = rows["new_value_integer"].eq(1).map({True: "credit_blocked", False: "credit_released"})
    rows["event_type"] = rows["field"].map(_FIELDS).where(rows["field"] != "credit_hold", holds)
    return rows.assign(is_derived=False)


def _shippers(sources: Sources) -> pd.Series:
    """Who logged the end of the transfer by which an order left, by document and instant."""
    rows = transfers(sources)
    rows = rows[~rows["is_return"] & rows["done_at"].notna() & rows["sale_id"].notna()]
    rows = pd.DataFrame(
        {
            "document_id": "erp/sale.order/" + rows["sale_id"].astype(str),
            "at": rows["done_at"],
            "user": rows["id"].map(done_by(sources)),
        }
    )
    return rows.drop_duplicates(["document_id", "at"]).set_index(["document_id", "at"])["user"]


def _statuses(sources: Sources) -> pd.DataFrame:
    """Changes of status: those logged, and those that only the dates of other things tell of."""
    log = _log(sources)
    key = ["document_id", "at"]
    # Confirming an offer ends the offer and makes the order valid.
    logged = log[log["field"] == "state"][[*key, "user"]]
    sale = sales(sources)
    accepted = sale[sale["is_quote"] & sale["is_order"]]
    ended = pd.DataFrame(
        {
            "document_id": "erp/sale.quotation/" + accepted["id"].astype(str),
            "at": accepted["confirmed_at"],
            "user": _order_creators(sources)[accepted.index],
        }
    )
    logged = pd.concat([logged, ended]).drop_duplicates(key)
    steps = stays(sources).rename(columns={"from_at": "at"})
    steps["number"] = steps.groupby("document_id").cumcount()
    steps = steps[steps["number"] > 0][[*key, "status"]]
    both = steps.merge(logged, on=key, how="outer", indicator=True)
    both["is_derived"] = both["_merge"] == "left_only"
    # Who shipped stands on the change, also where all was invoiced before and the order is done.
    index = pd.MultiIndex.from_frame(both.loc[both["is_derived"], key])
    both.loc[both["is_derived"], "user"] = _shippers(sources).reindex(index).to_numpy()
    held = pd.DataFrame(
        [
            (f"erp/sale.order/{order}", at)
            for order, changes in credit_holds(sources).items()
            for at, _ in changes
        ],
        columns=key,
    )
    # Blocking and releasing are events of their own.
    both = both.merge(held.assign(is_hold=True), on=key, how="left")
    both = both[~(both["is_hold"].eq(True) & both["is_derived"])]
    return both.assign(event_type="status_changed")
