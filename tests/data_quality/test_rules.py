"""How many rows may break a rule."""

from __future__ import annotations

import pytest

from data_quality.rules import NEVER, RowRule, adds_up, allowed_rows, given, holds, in_order, known
from ingestion.config import Limits
from ingestion.engine import connect


def allowed(rule: RowRule, table_rows: int, read_rows: int) -> int:
    return allowed_rows(Limits(), "sale_order", rule, table_rows=table_rows, read_rows=read_rows)


@pytest.mark.parametrize(
    ("table_rows", "read_rows", "expected"),
    [
        (10_000, 10_000, 10),  # one in a thousand of the table
        (999, 999, 0),  # a small table: none
        (60_000, 20, 9),  # a small delta: fewer than ten are no pattern
        (60_000, 500, 50),  # a larger one: a tenth
    ],
)
def test_rows_may_break_a_rule_up_to_a_share_of_the_table_unless_a_pattern_shows(
    table_rows: int, read_rows: int, expected: int
) -> None:
    assert allowed(given("state"), table_rows, read_rows) == expected


def test_a_rule_that_only_tells_never_refuses() -> None:
    rule = known("reason", ["price"], threshold=NEVER)
    assert allowed(rule, 0, 0) > 1_000_000_000


def test_a_batch_fault_is_never_allowed() -> None:
    assert allowed(given("id", severity="batch", threshold=0.0), 1_000_000, 1_000_000) == 0


@pytest.mark.parametrize(
    ("rule", "row", "good"),
    [
        (adds_up("total", "net", "tax"), "120 as total, 100 as net, 20.01 as tax", True),
        (adds_up("total", "net", "tax"), "120 as total, 100 as net, 21 as tax", False),
        (adds_up("total", "net", "tax"), "120 as total, 100 as net, null::int as tax", True),
        (known("state", ["open"]), "'shut' as state", False),
        (known("state", ["it's"]), "'it''s' as state", True),
        (known("state", ["open"]), "null::varchar as state", True),
        (given("state"), "null::varchar as state", False),
        (in_order("a", "b"), "date '2026-01-02' as a, date '2026-01-01' as b", False),
        (in_order("a", "b"), "date '2026-01-02' as a, null::date as b", True),
        (holds("x", "x is one", "x = 1"), "null::int as x", True),
    ],
)
def test_a_condition_that_cannot_be_told_holds(rule: RowRule, row: str, good: bool) -> None:
    with connect() as connection:
        answer = connection.execute(f"select {rule.condition} from (select {row})").fetchone()
    assert answer == (good,)
