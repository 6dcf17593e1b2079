"""Five marts by pandas, from Parquet: each a function of the folder that its tables lie in.

Written as one who knows pandas writes it: only the columns that are needed, whole columns at a
time, amounts as floating-point numbers and rounded, since decimals would be Python objects.
`marts.py` says what they are for, and compares what they give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

ROUNDED = {"amount": 4, "rate": 6}
"""Decimal places."""


def read(folder: Path, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of a table; decimals as floating-point numbers, texts as categories."""
    table = pyarrow.parquet.read_table(folder / f"{name}.parquet", columns=list(columns))
    schema = pa.schema(
        field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field
        for field in table.schema
    )
    frame: pd.DataFrame = table.cast(schema).to_pandas(
        date_as_object=False,
        strings_to_categorical=True,
        types_mapper={pa.bool_(): pd.BooleanDtype()}.get,
    )
    return frame


def looked_up(folder: Path, keys: pd.Series, name: str, key: str, column: str) -> pd.Series:
    """What a dimension has for every key."""
    dimension = read(folder, name, (key, column))
    values: pd.Series = keys.map(dimension.set_index(key)[column].astype(object))
    return values.astype("category")


def month_of(days: pd.Series) -> pd.Series:
    """First day of each day's month."""
    months: pd.Series = days.dt.to_period("M").dt.to_timestamp()
    return months


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """A proportion; none of nothing."""
    return (numerator / denominator.where(denominator != 0)).round(ROUNDED["rate"])


def as_of_date(folder: Path) -> pd.Timestamp:
    """The day that the marts are as of."""
    day: pd.Timestamp = read(folder, "current_run", ["as_of_date"])["as_of_date"].iloc[0]
    return day


def aging(folder: Path) -> pd.DataFrame:
    """Open receivables by how late they are."""
    keys = ["as_of_date", "is_latest", "company_id", "customer_id"]
    keys += ["currency_code", "account_role", "aging_bucket"]
    amounts = ["open_amount", "company_open_amount", "disputed_amount"]
    items = read(folder, "open_items", [*keys, *amounts, "days_late"])
    groups = items.groupby(keys, dropna=False, observed=True, sort=False)
    answer = groups[amounts].sum().round(ROUNDED["amount"])
    answer["item_count"] = groups.size()
    answer["max_days_late"] = groups["days_late"].max()
    return answer.reset_index()


def document_volume_daily(folder: Path) -> pd.DataFrame:
    """What happened to documents, by day."""
    keys = ["company_id", "document_kind", "channel", "team"]
    happened = ["created_date", "validated_date", "sent_date", "closed_date", "cancelled_date"]
    measures = ["line_count", "company_amount_excl_tax"]
    documents = read(folder, "fct_documents", [*keys, *happened, "shipped_date", *measures])
    closed = documents["closed_date"].fillna(documents["shipped_date"])
    documents["closed_date"] = closed.where(documents["cancelled_date"].isna())
    last = as_of_date(folder)
    parts = []
    for date in happened:
        activity = date.removesuffix("_date")
        groups = documents[documents[date] <= last].groupby(
            [*keys, date], dropna=False, observed=True, sort=False
        )
        part = pd.DataFrame({f"{activity}_documents": groups.size()})
        if activity in ("created", "validated"):
            sums = groups[measures].sum()
            part[f"{activity}_lines"] = sums["line_count"]
            part[f"{activity}_amount_excl_tax"] = sums["company_amount_excl_tax"].round(
                ROUNDED["amount"]
            )
        parts.append(part.reset_index().rename(columns={date: "activity_date"}))
    answer = (
        pd.concat(parts)
        .groupby([*keys, "activity_date"], dropna=False, observed=True, sort=False)
        .sum()
        .reset_index()
    )
    answer["currency_code"] = looked_up(
        folder, answer["company_id"], "dim_company", "company_id", "currency_code"
    )
    return answer


def service_rate_monthly(folder: Path) -> pd.DataFrame:
    """Lines promised, by month and what became of them."""
    verdicts = ("on_time", "in_full", "otif")
    weights = {"quantity": "ordered_quantity", "amount_excl_tax": "company_amount_excl_tax"}
    lines = read(
        folder,
        "int_service_verdicts",
        [
            *("company_id", "date_reference", "sold_to_customer_id", "product_id", "site"),
            *("carrier", "reference_date", "is_excluded", "owed_quantity"),
            *("first_delivery_quantity", *weights.values(), *(f"is_{v}" for v in verdicts)),
        ],
    )
    keys = {
        "company_id": lines["company_id"],
        "date_reference": lines["date_reference"],
        "month_start": month_of(lines["reference_date"]),
        "customer_segment": looked_up(
            folder, lines["sold_to_customer_id"], "dim_customer", "customer_id", "segment"
        ),
        "product_range": looked_up(
            folder, lines["product_id"], "dim_product", "product_id", "product_range"
        ),
        "site": lines["site"],
        "carrier": lines["carrier"],
    }
    judged = lines["is_in_full"].notna()
    first, owed = lines["first_delivery_quantity"], lines["owed_quantity"]
    sums: dict[str, pd.Series] = {
        "promised_lines": pd.Series(1, index=lines.index),
        "not_due_lines": lines["is_otif"].isna() & ~lines["is_excluded"],
        "excluded_lines": lines["is_excluded"],
        "owed_quantity": owed.where(judged, 0),
        "first_delivery_quantity": first.where(judged, 0),
        "backordered_lines": judged & (first < owed),
    }
    for verdict in verdicts:
        for prefix, holds in (("", lines[f"is_{verdict}"]), ("not_", ~lines[f"is_{verdict}"])):
            holds = holds.fillna(False).astype(bool)
            sums[f"{prefix}{verdict}_lines"] = holds
            for name, weight in weights.items():
                sums[f"{prefix}{verdict}_{name}"] = lines[weight].where(holds, 0)
    numbers = {name: column.astype("float64") for name, column in sums.items()}
    answer = (
        pd.DataFrame({**keys, **numbers})
        .groupby(list(keys), dropna=False, observed=True, sort=False)
        .sum()
        .round(ROUNDED["amount"])
        .reset_index()
    )
    for verdict in verdicts:
        met = answer[f"{verdict}_lines"]
        answer[f"{verdict}_rate"] = ratio(met, met + answer[f"not_{verdict}_lines"])
    answer["fill_rate"] = ratio(answer["first_delivery_quantity"], answer["owed_quantity"])
    decided = answer["in_full_lines"] + answer["not_in_full_lines"]
    answer["backorder_rate"] = ratio(answer["backordered_lines"], decided)
    answer["currency_code"] = looked_up(
        folder, answer["company_id"], "dim_company", "company_id", "currency_code"
    )
    return answer


def top_sales_monthly(folder: Path) -> pd.DataFrame:
    """Products, ranges and customers by rank of their sales."""
    lines = read(
        folder,
        "fct_invoice_lines",
        [
            *("is_revenue", "invoice_date", "company_id", "product_id", "sold_to_customer_id"),
            *("company_net_amount_excl_tax", "net_quantity", "unit", "company_net_cost"),
        ],
    )
    lines = lines[lines["is_revenue"]]
    lines["month_start"] = month_of(lines["invoice_date"])
    lines["net_sales"] = lines["company_net_amount_excl_tax"]
    lines["costed_sales"] = lines["net_sales"].where(lines["company_net_cost"].notna(), 0)
    lines["cost"] = lines["company_net_cost"].fillna(0)
    lines["product_range"] = looked_up(
        folder, lines["product_id"], "dim_product", "product_id", "product_range"
    )
    measures = ["net_sales", "net_quantity", "costed_sales", "cost"]
    levels = {"product": "product_id", "range": "product_range", "customer": "sold_to_customer_id"}
    parts = []
    for level, member in levels.items():
        groups = lines.groupby(
            ["month_start", "company_id", member], dropna=False, observed=True, sort=False
        )
        part = groups[measures].sum().round(ROUNDED["amount"])
        part["line_count"] = groups.size()
        part["unit"] = groups["unit"].first()
        part["unit_count"] = groups["unit"].nunique(dropna=False)
        part = part.reset_index().rename(columns={member: "member_id"})
        parts.append(part.assign(level=level, member_id=part["member_id"].astype("str")))
    answer = pd.concat(parts, ignore_index=True)
    standing = ["company_id", "level", "month_start"]
    answer = answer.sort_values(
        [*standing, "net_sales", "member_id"], ascending=[True, True, True, False, True]
    )
    answer["margin"] = (answer["costed_sales"] - answer["cost"]).round(ROUNDED["amount"])
    answer["positive"] = answer["net_sales"].clip(lower=0)
    groups = answer.groupby(standing, observed=True, sort=False)
    answer["sales_rank"] = groups.cumcount() + 1
    answer["quantity_rank"] = groups["net_quantity"].rank(method="min", ascending=False)
    answer["margin_rank"] = groups["margin"].rank(method="min", ascending=False)
    all_sales = groups["positive"].transform("sum").round(ROUNDED["amount"])
    cumulated = groups["positive"].cumsum().round(ROUNDED["amount"])
    sold, of_one_unit = answer["net_sales"] > 0, answer["unit_count"] == 1
    before = cumulated - answer["net_sales"]
    return pd.DataFrame(
        {
            "month_start": answer["month_start"],
            "company_id": answer["company_id"],
            "level": answer["level"],
            "sales_rank": answer["sales_rank"],
            "member_id": answer["member_id"],
            "currency_code": looked_up(
                folder, answer["company_id"], "dim_company", "company_id", "currency_code"
            ),
            "line_count": answer["line_count"],
            "net_sales_excl_tax": answer["net_sales"],
            "net_quantity": answer["net_quantity"].where(of_one_unit),
            "unit": answer["unit"].where(of_one_unit),
            "cost_method": "unit_cost_at_shipment",
            "costed_sales_excl_tax": answer["costed_sales"],
            "cost_excl_tax": answer["cost"],
            "margin_excl_tax": answer["margin"],
            "margin_rate": ratio(answer["margin"], answer["costed_sales"]),
            "quantity_rank": answer["quantity_rank"].where(of_one_unit),
            "margin_rank": answer["margin_rank"],
            "positive_sales_excl_tax": all_sales,
            "cumulated_sales_excl_tax": cumulated,
            "sales_share": ratio(answer["net_sales"], all_sales).where(sold),
            "cumulated_share": ratio(cumulated, all_sales).where(sold),
            "abc_class": np.select(
                [~sold, before < all_sales * 0.8, before < all_sales * 0.95],
                ["none", "A", "B"],
                "C",
            ),
        }
    )


BOOKS = ["company_id", "book", "document_type", "customer_segment", "product_range", "site"]
FLOWS = ["new", "amended", "fulfilled", "cancelled"]
STATES = ["past_due", "blocked"]


def order_book_daily(folder: Path) -> pd.DataFrame:
    """What is to deliver and to invoice at the end of every day, and what moved."""
    last = as_of_date(folder)
    moves = read(
        folder,
        "int_order_book_movements",
        [
            *("company_id", "book", "document_type", "site", "sold_to_customer_id", "product_id"),
            *("order_id", "occurred_on", "next_occurred_on", "movement", "open_quantity"),
            *("company_open_amount_excl_tax", "due_date", "previous_open_quantity"),
            *("previous_company_open_amount_excl_tax", "previous_due_date"),
        ],
    )
    moves["customer_segment"] = looked_up(
        folder, moves["sold_to_customer_id"], "dim_customer", "customer_id", "segment"
    )
    moves["product_range"] = looked_up(
        folder, moves["product_id"], "dim_product", "product_id", "product_range"
    )
    moves["promised_month"] = month_of(moves["due_date"])
    moves["amount"] = moves["company_open_amount_excl_tax"]
    deltas = pd.concat([*_changes(moves), *_states(folder, moves, last)], ignore_index=True)
    deltas["movement"] = deltas["movement"].astype(pd.CategoricalDtype([*FLOWS, *STATES]))
    # Groups get a number: what they are is looked up again at the end.
    groups = deltas.groupby([*BOOKS, "promised_month"], dropna=False, observed=True, sort=False)
    deltas["group"] = groups.ngroup()
    names = deltas.drop_duplicates("group").set_index("group")[[*BOOKS, "promised_month"]]
    sums = deltas.groupby(["group", "occurred_on", "movement"], observed=True)[["lines", "amount"]]
    days = pd.DataFrame(sums.sum().unstack("movement", fill_value=0)).round(ROUNDED["amount"])
    answer = _every_day(days, last)
    answer[names.columns] = names.loc[answer["group"]].to_numpy()
    answer["currency_code"] = looked_up(
        folder,
        answer["company_id"].astype("category"),
        "dim_company",
        "company_id",
        "currency_code",
    )
    return answer.drop(columns="group")


def _delta(
    frame: pd.DataFrame,
    month: str,
    day: str,
    movement: str | pd.Series,
    lines: pd.Series | int,
    amount: pd.Series | np.ndarray,
) -> pd.DataFrame:
    """Something leaving where it was, or arriving where it is."""
    delta = frame[BOOKS].copy()
    delta["promised_month"], delta["occurred_on"] = frame[month], frame[day]
    delta["movement"], delta["lines"], delta["amount"] = movement, lines, amount
    return delta


def _changes(moves: pd.DataFrame) -> list[pd.DataFrame]:
    """What is new, amended, fulfilled, cancelled; a new promise moves a line to another month."""
    moves["previous_month"] = month_of(moves["previous_due_date"])
    is_open, was_open = moves["open_quantity"] > 0, moves["previous_open_quantity"] > 0
    month, previous = moves["promised_month"], moves["previous_month"]
    other_month = (month != previous) & ~(month.isna() & previous.isna())
    shifted = (is_open & was_open & other_month).astype("int64")
    before = moves["previous_company_open_amount_excl_tax"]
    stays = np.fmin(moves["amount"], before)
    there, left = shifted == 1, moves[was_open]
    again = moves[there]
    return [
        _delta(
            *(moves, "promised_month", "occurred_on", moves["movement"]),
            *(is_open * (1 - shifted), moves["amount"] - shifted * stays),
        ),
        _delta(
            *(left, "previous_month", "occurred_on", left["movement"]),
            *(shifted[was_open] - 1, (shifted * stays - before)[was_open]),
        ),
        _delta(again, "promised_month", "occurred_on", "amended", 1, stays[there]),
        _delta(again, "previous_month", "occurred_on", "amended", -1, -stays[there]),
    ]


def _states(folder: Path, moves: pd.DataFrame, last: pd.Timestamp) -> list[pd.DataFrame]:
    """What comes to be late or blocked, and no longer is."""
    until = moves["next_occurred_on"]
    stays = moves[(moves["open_quantity"] > 0) & (until.isna() | (until > moves["occurred_on"]))]
    late = stays[stays["due_date"].notna()].copy()
    late["from"] = np.maximum(late["occurred_on"], late["due_date"] + pd.Timedelta(days=1))
    late["to"] = late["next_occurred_on"]
    states = read(
        folder, "int_document_states", ["document_id", "status", "valid_from", "valid_to"]
    )
    blocked = stays[stays["book"] == "to_deliver"].merge(
        states[states["status"] == "blocked"].astype({"document_id": stays["order_id"].dtype}),
        left_on="order_id",
        right_on="document_id",
    )
    blocked["from"] = blocked[["occurred_on", "valid_from"]].max(axis=1)
    blocked["to"] = blocked[["next_occurred_on", "valid_to"]].min(axis=1)
    deltas = []
    for state, frame in (("past_due", late), ("blocked", blocked)):
        frame = frame[
            (frame["from"] <= last) & (frame["to"].isna() | (frame["from"] < frame["to"]))
        ]
        over = frame[frame["to"] <= last]
        deltas += [
            _delta(frame, "promised_month", "from", state, 1, frame["amount"]),
            _delta(over, "promised_month", "to", state, -1, -over["amount"]),
        ]
    return deltas


def _every_day(days: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """States last until the next change; what moved belongs to its own day."""
    running = days.groupby(level="group").cumsum().round(ROUNDED["amount"])
    occurred = days.index.get_level_values("occurred_on").to_series(index=days.index)
    following = occurred.groupby(level="group").shift(-1).fillna(last + pd.Timedelta(days=1))
    closing = {
        measure: pd.DataFrame(running[measure])[FLOWS].sum(axis=1).round(ROUNDED["amount"])
        for measure in ("lines", "amount")
    }
    is_open = (closing["lines"] != 0) | (closing["amount"] != 0)
    moved = (days.loc[:, (slice(None), FLOWS)] != 0).any(axis=1)
    lengths = np.where(is_open, (following - occurred).dt.days, moved.astype("int64"))
    rows = np.repeat(np.arange(len(days)), lengths)
    offsets = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    first = offsets == 0
    answer = pd.DataFrame(
        {
            "group": days.index.get_level_values("group").to_numpy()[rows],
            "as_of_date": occurred.to_numpy()[rows] + offsets.astype("timedelta64[D]"),
        }
    )
    for measure, suffix in (("lines", "lines"), ("amount", "amount_excl_tax")):
        flows = days[measure][FLOWS].to_numpy()[rows] * first[:, None]
        closes = closing[measure].to_numpy()[rows]
        answer[f"opening_{suffix}"] = (closes - flows.sum(axis=1)).round(ROUNDED["amount"])
        for position, flow in enumerate(FLOWS):
            sign = -1 if flow in ("fulfilled", "cancelled") else 1
            answer[f"{flow}_{suffix}"] = sign * flows[:, position]
        answer[f"closing_{suffix}"] = closes
        for state in STATES:
            answer[f"{state}_{suffix}"] = running[measure][state].to_numpy()[rows]
    return answer


MARTS: dict[str, Callable[[Path], pd.DataFrame]] = {
    mart.__name__: mart
    for mart in (
        *(aging, document_volume_daily, order_book_daily),
        *(service_rate_monthly, top_sales_monthly),
    )
}
