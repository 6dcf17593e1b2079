"""What a company's system held at the end of a day: its life, cut off there.

Rows come to be on a day and are changed by what happens later: a milestone is filled in, a status
moves on, a day of confirmation is written over that of entry. All of that is taken back here, and
nothing else; a company whose life is only longer must not differ on that day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from tests.dbt_project.random_company import Row

CAME_TO_BE = {
    "documents": "entered_at",
    "document_events": "occurred_at",
    "instalments": "issued_on",
    "payments": "payment_date",
    "payment_allocations": "effective_date",
    "payment_rejections": "rejected_on",
    "ledger_entries": "entry_date",
    "claims": "opened_at",
    "claim_events": "occurred_at",
}
"""When a row of a table came to be; lines came with their document, all else was there."""

MILESTONES = {
    "documents": ("validated_at", "shipped_at", "cancelled_at", "closed_at", "sent_at"),
    "payments": ("cleared_on",),
    "claims": ("resolved_at",),
}
"""Columns that are filled in when something happens."""

CLAIM_STATUSES = {"opened": "in_progress", "resolved": "resolved", "reopened": "in_progress"}


def cut_off(tables: dict[str, list[Row]], day: date) -> dict[str, list[Row]]:
    """The same tables as they were at the end of a day."""
    kept = {
        name: [
            _then(row, name, day) for row in rows if not _is_later(row, CAME_TO_BE.get(name), day)
        ]
        for name, rows in tables.items()
    }
    there = {row["document_id"] for row in kept.get("documents", ())}
    kept["document_lines"] = [
        r for r in kept.get("document_lines", ()) if r["document_id"] in there
    ]
    _take_back(kept, "documents", "document_events", "document_id", lambda row: row["to_status"])
    _take_back(
        kept, "claims", "claim_events", "claim_id", lambda r: CLAIM_STATUSES[r["event_type"]]
    )
    return kept


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _is_later(row: Row, column: str | None, day: date) -> bool:
    value = row.get(column) if column else None
    return value is not None and _day(value) > day


def _then(row: Row, table: str, day: date) -> Row:
    """A row without what happened to it later."""
    later = [name for name in MILESTONES.get(table, ()) if _is_later(row, name, day)]
    row = row | dict.fromkeys(later)
    if "cancelled_at" in later:
        row["cancelled_by"] = None
    if "closed_at" in later:
        row["reason"] = None
    if "validated_at" in later and row["document_type"] == "order":
        row["document_date"] = _day(row["entered_at"])
    return row


def _take_back(
    tables: dict[str, list[Row]], name: str, events: str, key: str, status: Callable[[Row], str]
) -> None:
    """Give rows the status that their last event left them in."""
    last = {row[key]: status(row) for row in sorted(tables.get(events, ()), key=_occurred_at)}
    for row in tables.get(name, ()):
        row["status"] = last.get(row[key], row["status"])


def _occurred_at(row: Row) -> datetime:
    found: datetime = row["occurred_at"]
    return found
