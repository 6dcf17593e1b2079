"""Rows on their way into a batch."""

from __future__ import annotations

from pathlib import Path

from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.landing import REJECTED
from ingestion.transports.casting import Formats, value
from ingestion.transports.staged_rows import StagedRows

ORDERS = Table("sheets", "orders", "", (Column("id", "bigint"),), key=("id",))


def written(text: str, into: Path) -> int:
    """Stage one row and write it; rows that were kept out."""
    with connect() as connection:
        values = [value(column, Formats()) for column in ORDERS.columns]
        rows = StagedRows(connection, ORDERS, values)
        read = f"select 1 as _row, null as _fault, null as _source_text, '{text}' as id"
        rows.add("orders.csv", read)
        return rows.write(into).rejected_rows


def test_a_second_attempt_leaves_nothing_of_what_the_first_one_kept_out(tmp_path: Path) -> None:
    assert written("one", tmp_path) == 1
    assert (tmp_path / REJECTED).exists()
    assert written("1", tmp_path) == 0
    assert not (tmp_path / REJECTED).exists()
