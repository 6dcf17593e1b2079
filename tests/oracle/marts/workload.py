"""Documents that come in, are dealt with and wait."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import documents, is_in_hand, stays
from tests.oracle.messages import inbound_orders
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources

_VOLUME_KEY = ["company_id", "activity_date", "document_kind", "channel", "team"]
_BACKLOG_KEY = ["company_id", "as_of_date", "document_kind", "status", "channel"]


def document_volume_daily(sources: Sources) -> pd.DataFrame:
    """Documents created, validated, sent, closed and cancelled on each day."""
    rows = documents(sources)
    closed = rows[rows["closed_date"].notna() & rows["cancelled_date"].isna()]
    parts = [
        _on_day(rows, "entered_date", "created", with_value=True),
        _on_day(rows, "validated_date", "validated", with_value=True),
        _on_day(rows, "sent_date", "sent"),
        _on_day(closed, "closed_date", "closed"),
        _on_day(rows, "cancelled_date", "cancelled"),
    ]
    joined = pd.concat(parts).fillna(0).groupby(_VOLUME_KEY, as_index=False).sum()
    return joined.assign(currency_code="EUR")


def _on_day(rows: pd.DataFrame, day: str, what: str, *, with_value: bool = False) -> pd.DataFrame:
    counted = rows[rows[day].notna()].assign(activity_date=rows[day])
    grouped = counted.groupby(_VOLUME_KEY)
    found = grouped.size().rename(f"{what}_documents").to_frame()
    if with_value:
        found[f"{what}_lines"] = grouped["line_count"].sum()
        found[f"{what}_amount_excl_tax"] = grouped["company_amount"].sum()
    return found.reset_index()


def document_backlog_daily(sources: Sources) -> pd.DataFrame:
    """Documents in hand at each day's end, and how they came and went since the day before."""
    rows = documents(sources).set_index("document_id")
    ends = stays(sources)
    ends = ends.assign(day=sources.local_day(ends["from_at"]))
    # What stands at a day's end is the last status reached on the day.
    ends = ends.sort_values(["document_id", "from_at"]).drop_duplicates(
        ["document_id", "day"], keep="last"
    )
    for column in ("company_id", "document_type", "document_kind", "channel", "company_amount"):
        ends[column] = ends["document_id"].map(rows[column])
    held = [
        is_in_hand(kind, status)
        for kind, status in zip(ends["document_type"], ends["status"], strict=True)
    ]
    ends["status"] = ends["status"].where(held)
    ends = pd.concat([ends, inbound_orders(sources)], ignore_index=True)
    ends = ends.sort_values(["document_id", "day"])
    ends["before"] = ends.groupby("document_id")["status"].shift()
    # A document that left a status and came back to it on one day did move (docs/DECISIONS.md).
    moves = ends[ends["status"].notna() | ends["before"].notna()]
    return _rolled_forward(sources, moves)


def _rolled_forward(sources: Sources, moves: pd.DataFrame) -> pd.DataFrame:
    """Count moves by day, and carry what is in hand from day to day."""
    came = moves[moves["status"].notna()]
    went = moves[moves["before"].notna()].assign(status=moves["before"])
    parts = {
        "entered_documents": came[came["before"].isna()],
        "moved_in_documents": came[came["before"].notna()],
        "moved_out_documents": went[moves.loc[went.index, "status"].notna()],
        "left_documents": went[moves.loc[went.index, "status"].isna()],
    }
    group = ["company_id", "document_kind", "status", "channel"]
    counts = pd.concat(
        [
            rows.groupby([*group, "day"]).size().rename("value").reset_index().assign(what=what)
            for what, rows in parts.items()
        ]
        + [
            rows.assign(value=sign * rows["company_amount"])
            .groupby([*group, "day"])["value"]
            .sum()
            .reset_index()
            .assign(what="amount")
            for sign, rows in ((1, came), (-1, went))
        ]
    )
    wide = counts.pivot_table(
        index=[*group, "day"], columns="what", values="value", aggfunc="sum", fill_value=0
    ).reindex(columns=[*parts, "amount"], fill_value=0)
    found = []
    for names, rows in wide.groupby(level=group):
        days = pd.date_range(rows.index.get_level_values("day").min(), sources.day)
        daily = rows.droplevel(group).reindex(days, fill_value=0).astype("int64")
        change = (
            daily["entered_documents"]
            + daily["moved_in_documents"]
            - daily["moved_out_documents"]
            - daily["left_documents"]
        )
        daily["closing_documents"] = change.cumsum()
        daily["opening_documents"] = daily["closing_documents"] - change
        daily["closing_amount_excl_tax"] = daily.pop("amount").cumsum()
        moved = daily[list(parts)].any(axis=1)
        kept = daily[moved | (daily["closing_documents"] > 0)]
        found.append(
            kept.rename_axis("as_of_date")
            .reset_index()
            .assign(**dict(zip(group, names, strict=True)))
        )
    return pd.concat(found, ignore_index=True).assign(currency_code="EUR")


ORACLES = {
    "document_volume_daily": Oracle(
        document_volume_daily,
        ["company_id", "activity_date", "document_kind", "channel", "team"],
    ),
    "document_backlog_daily": Oracle(
        document_backlog_daily,
        ["company_id", "as_of_date", "document_kind", "status", "channel"],
    ),
}
