"""How often orders are entered wrongly."""

from __future__ import annotations

import pandas as pd

from tests.oracle.claims import claims
from tests.oracle.credit_notes import REISSUED_WITHIN, billed_again
from tests.oracle.documents import billed_quantities, documents, invoices, order_lines, sales
from tests.oracle.events import events
from tests.oracle.oracle import Oracle
from tests.oracle.people import people
from tests.oracle.sources import Sources, seed
from tests.oracle.spans import month_of

_GROUP = ["company_id", "month_start", "channel", "team"]
_MATURE_AFTER = pd.Timedelta(days=60)


def order_entry_errors_monthly(sources: Sources) -> pd.DataFrame:
    """Orders entered by hand and their distinct errors, for each type and for all."""
    orders = documents(sources)
    by_hand = {row["channel"] for row in seed("channels") if row["is_hand_entered"] == "true"}
    orders = orders[(orders["document_type"] == "order") & orders["channel"].isin(by_hand)]
    orders = orders.assign(month_start=month_of(orders["entered_date"]))
    entered = orders.groupby(_GROUP).agg(
        entered_orders=("document_id", "size"), entered_lines=("line_count", "sum")
    )
    types = [row["error_type"] for row in seed("entry_error_types")]
    found = entered.reset_index().merge(pd.Series(["all", *types], name="error_type"), how="cross")
    errors = _errors(sources).merge(orders[["document_id", *_GROUP]], on="document_id")
    errors = pd.concat([errors, errors.assign(error_type="all")])
    key = [*_GROUP, "error_type"]
    for certainty, column in (
        ("confirmed", "confirmed_errors"),
        ("probable", "probable_errors"),
        ("customer_change", "customer_changes"),
    ):
        counts = errors[errors["certainty"] == certainty].groupby(key).size()
        found = found.join(counts.rename(column), on=key)
    own = errors[errors["certainty"] != "customer_change"]
    confirmed = own[own["certainty"] == "confirmed"]
    for column, numbers in (
        ("orders_with_confirmed_errors", confirmed.groupby(key)["document_id"].nunique()),
        ("orders_with_errors", own.groupby(key)["document_id"].nunique()),
        ("cost_amount", own.groupby(key)["cost"].sum()),
    ):
        found = found.join(numbers.rename(column), on=key)
    numbers = found.columns.difference(key)
    found[numbers] = found[numbers].fillna(0).astype("int64")
    rates = {
        "confirmed_error_rate": found["orders_with_confirmed_errors"] / found["entered_orders"],
        "error_rate": found["orders_with_errors"] / found["entered_orders"],
        "confirmed_errors_per_line": found["confirmed_errors"]
        / found["entered_lines"].where(found["entered_lines"] > 0),
    }
    for column, rate in rates.items():
        found[column] = (rate * 1_000_000).round()
    ended = found["month_start"] + pd.offsets.MonthEnd(0)
    return found.assign(currency_code="EUR", is_immature=sources.day - ended < _MATURE_AFTER)


def _errors(sources: Sources) -> pd.DataFrame:
    """Distinct errors: what tells of one without a type is that of a typed one on its order."""
    typed = _logged(sources)
    untyped = pd.concat([_claimed(sources), _reinvoiced(sources), _changed(sources)])
    known = set(typed["document_id"])
    rest = untyped[~untyped["document_id"].isin(known)]
    # A change of the order names no line, and is that of a line which another signal names.
    named = set(rest.loc[rest["line"].notna(), "document_id"])
    rest = rest[rest["line"].notna() | ~rest["document_id"].isin(named)]
    rest = rest.sort_values("certainty").drop_duplicates(["document_id", "line"])
    return pd.concat([typed, rest.assign(error_type="other", cost=0)], ignore_index=True)


def _logged(sources: Sources) -> pd.DataFrame:
    rows = sources.table("sheets__order_entry_errors")
    rows = rows[sources.happened(rows["detected_at"])]
    numbers = sales(sources).query("is_order").set_index("name")["id"]
    number = rows["order_number"].map(numbers)
    rows = rows.assign(document_id="erp/sale.order/" + number.astype("Int64").astype(str))
    rows["cost"] = rows["cost_amount"].fillna(0)
    assert not rows.duplicated(["document_id", "error_type"]).any()
    return rows[number.notna()][["document_id", "error_type", "certainty", "cost"]]


def _claimed(sources: Sources) -> pd.DataFrame:
    """Claims about the entry of an order, on the line of the product that they name."""
    cases = sources.table("salesforce__case").set_index("Id")
    rows = claims(sources)
    rows = rows[rows["claim_reason"] == "order_entry"]
    numbers = sales(sources).query("is_order").set_index("name")["id"]
    order = rows["claim"].map(cases["Order_Reference__c"]).map(numbers)
    codes = sources.table("odoo__product_product").set_index("id")["default_code"]
    lines = order_lines(sources)
    lines = lines.assign(code=lines["product_id"].map(codes)).drop_duplicates(["order_id", "code"])
    line_of = lines.set_index(["order_id", "code"])["id"]
    wanted = pd.MultiIndex.from_arrays([order, rows["claim"].map(cases["Product_Code__c"])])
    return pd.DataFrame(
        {
            "document_id": "erp/sale.order/" + order.astype("Int64").astype(str),
            "line": line_of.reindex(wanted).to_numpy(),
            "certainty": "confirmed",
        }
    )


def _reinvoiced(sources: Sources) -> pd.DataFrame:
    """Lines credited, and invoiced again soon after."""
    again = billed_again(sources)
    rows = billed_quantities(sources)
    rows = rows[rows["order_line_id"].isin(again)]
    rows = rows.assign(date=rows["move_id"].map(invoices(sources)["date"]))
    credited = rows[rows["document_type"] == "credit_note"]
    both = credited.merge(rows[rows["document_type"] == "invoice"], on="order_line_id")
    late = (both["date_y"] >= both["date_x"]) & (both["date_y"] <= both["date_x"] + REISSUED_WITHIN)
    found = both[late].drop_duplicates("order_line_id")
    return pd.DataFrame(
        {
            "document_id": "erp/sale.order/" + found["order_id_x"].astype(str),
            "line": found["order_line_id"],
            "certainty": "probable",
        }
    )


def _changed(sources: Sources) -> pd.DataFrame:
    """Orders of which somebody changed the value after they were valid."""
    rows = events(sources)
    persons = set(people(sources).query("not is_robot")["employee_id"])
    rows = rows[(rows["event_type"] == "price_changed") & rows["employee_id"].isin(persons)]
    sale = rows["document_id"].str.rsplit("/").str[-1].astype("int64")
    after = rows["at"] > sale.map(sales(sources)["confirmed_at"])
    return rows.loc[after, ["document_id"]].assign(line=pd.NA, certainty="probable")


ORACLES = {
    "order_entry_errors_monthly": Oracle(
        order_entry_errors_monthly,
        [*_GROUP, "error_type"],
        statistics=["confirmed_error_rate", "error_rate", "confirmed_errors_per_line"],
    ),
}
