"""Gate 2: raw after the merge is what the source holds, and its rows refer to rows that exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from data_quality.acceptances import refuse, standing_refusals
from data_quality.reconciliation import reconcile
from data_quality.results import RuleResult
from data_quality.validator import Validator
from ingestion.engine import connect
from ingestion.errors import RefusedBatchError
from ingestion.home import Home
from ingestion.landing import Batch, CheckResult, decide
from ingestion.ledger import CurrentRun, merge
from tests.data_quality.landed import LOAD, landed, orders

STAMP = "timestamp '2026-03-02' as write_date"

Merge = Callable[..., dict[tuple[str, str], RuleResult]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def gate(home: Home) -> Callable[..., tuple[RuleResult, ...]]:
    """Reconciles and refuses, as a run does."""

    def check(connection: Any, batches: list[Batch]) -> tuple[RuleResult, ...]:
        results = reconcile(connection, batches)
        refuse(home, LOAD, "load", results)
        return results

    return check


def acceptable(home: Home) -> dict[str, bool]:
    """Whether a person may let through what was refused, by rule."""
    return {refusal.code: refusal.may_be_accepted for refusal in standing_refusals(home, 0)}


@pytest.fixture
def merged(home: Home, validator: Validator) -> Merge:
    """Validates and merges batches, and gives what gate 2 then says, by table and code."""

    def merge_all(
        *batches: Batch, tamper: str = "", check: Callable[..., Any] = reconcile
    ) -> dict[tuple[str, str], RuleResult]:
        decided = []
        for batch in batches:
            verdict = validator.validate(batch)
            assert verdict.accepted, verdict.message
            decided.append(
                decide(
                    home,
                    batch,
                    accepted=True,
                    checks=verdict.checks,
                    quarantined_rows=verdict.quarantined_rows,
                )
            )
        found: list[RuleResult] = []

        def ask(connection: Any, merged_batches: list[Batch]) -> list[tuple[str, CheckResult]]:
            if tamper:
                connection.execute(tamper)
            found.extend(check(connection, merged_batches))
            return [(result.subject, result.as_check()) for result in found]

        load = max(batch.manifest.load_id for batch in batches)
        run = CurrentRun("run", date(2026, 11, 20), load, datetime(2026, 11, 21, tzinfo=UTC))
        merge(home, run, decided, ask)
        return {(result.subject, result.code): result for result in found}

    return merge_all


def order_lines(*order_ids: int) -> str:
    return " union all ".join(
        f"select {number} as id, {order} as order_id, {STAMP}"
        for number, order in enumerate(order_ids, 1)
    )


def test_a_merge_that_brought_everything_passes(home: Home, merged: Merge) -> None:
    results = merged(
        landed(home.landing, "odoo.sale_order", orders(50), totals={"amount_total": "6000"}),
        landed(home.landing, "odoo.sale_order_line", order_lines(1, 2, 50)),
    )

    for code in ("rows_merged", "same_rows", "control_totals"):
        assert results["erp.sale_order", code].passed
    assert results["erp.sale_order", "rows_merged"].rows_checked == 50
    assert results["erp.sale_order_line", "order_id_exists"].rows_checked == 3
    assert results["erp.sale_order_line", "order_id_exists"].passed


def test_a_quarantined_row_completes_the_sum(home: Home, merged: Merge) -> None:
    spoiled = "case when id = 7 then 121 else amount_total end as amount_total"
    batch = landed(
        home.landing, "odoo.sale_order", orders(2000, spoiled), totals={"amount_total": "240001"}
    )

    results = merged(batch)

    assert results["erp.sale_order", "control_totals"].passed
    assert results["erp.sale_order", "same_rows"].passed
    assert results["erp.sale_order", "rows_merged"].rows_checked == 1999


def test_a_row_set_apart_by_an_earlier_load_is_not_missed_in_the_next(
    home: Home, merged: Merge
) -> None:
    spoiled = "case when id = 7 then 121 else amount_total end as amount_total"
    merged(landed(home.landing, "odoo.sale_order", orders(2000, spoiled)))

    results = merged(
        landed(
            home.landing,
            "odoo.sale_order",
            orders(3),
            keys="select range as id from range(1, 2001)",
            load_id=LOAD + 1,
        )
    )

    assert results["erp.sale_order", "same_rows"].passed


@pytest.mark.parametrize(
    ("tamper", "code", "example"),
    [
        ("delete from raw.odoo__sale_order where id = 9", "rows_merged", "9"),
        ("delete from raw.odoo__sale_order where id = 9", "same_rows", "missing 9"),
        (
            "update raw.odoo__sale_order set id = 99 where id = 9",
            "same_rows",
            "missing 9",
        ),
        (
            "update raw.odoo__sale_order set amount_total = 121 where id = 9",
            "control_totals",
            "amount_total (source 6000, raw 6001.0000)",
        ),
    ],
)
def test_raw_that_differs_from_the_source_is_found(
    home: Home, merged: Merge, tamper: str, code: str, example: str
) -> None:
    batch = landed(home.landing, "odoo.sale_order", orders(50), totals={"amount_total": "6000"})

    result = merged(batch, tamper=tamper)["erp.sale_order", code]

    assert result.refuses
    assert result.examples[0] == example


def test_raw_that_holds_more_than_the_source_is_found(home: Home, merged: Merge) -> None:
    batch = landed(home.landing, "odoo.sale_order", orders(50))
    one_more = """
        insert into raw.odoo__sale_order
        select * replace (99 as id) from raw.odoo__sale_order limit 1
    """

    assert merged(batch, tamper=one_more)["erp.sale_order", "same_rows"].examples == (
        "too much 99",
    )


def test_a_row_whose_key_became_unreadable_stays_without_refusing_the_load(
    home: Home, merged: Merge
) -> None:
    merged(landed(home.landing, "odoo.sale_order", orders(50)))
    batch = landed(home.landing, "odoo.sale_order", orders(49), load_id=LOAD + 1)
    manifest = batch.manifest.model_copy(update={"keys_unknown": 1})

    results = merged(Batch(batch.folder, manifest))

    assert results["erp.sale_order", "same_rows"].passed
    with connect(home.warehouse, read_only=True) as connection:
        current = "select count(*) from raw.odoo__sale_order where _to_load is null"
        assert connection.execute(current).fetchone() == (50,)


def test_a_refused_load_leaves_raw_and_ledger_as_they_were(home: Home, merged: Merge) -> None:
    batch = landed(home.landing, "odoo.sale_order", orders(50), totals={"amount_total": "6000"})

    with pytest.raises(RefusedBatchError, match=r"erp.sale_order: every accepted row is current"):
        merged(batch, tamper="delete from raw.odoo__sale_order where id = 9", check=gate(home))

    with connect(home.warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) from raw.odoo__sale_order").fetchone() == (0,)
        assert connection.execute("select count(*) from control.loads").fetchone() == (0,)
    assert not acceptable(home)["rows_merged"]


def test_a_few_orphans_are_told(home: Home, merged: Merge) -> None:
    lines = f"""
        select range as id, if(range = 5, 777, 1) as order_id, {STAMP} from range(1, 2001)
    """
    results = merged(
        landed(home.landing, "odoo.sale_order", orders(1)),
        landed(home.landing, "odoo.sale_order_line", lines),
    )

    orphans = results["erp.sale_order_line", "order_id_exists"]
    assert (orphans.severity, orphans.refuses) == ("warning", False)
    assert orphans.examples == ("5 (777)",)


def test_many_orphans_refuse_the_load(home: Home, merged: Merge) -> None:
    with pytest.raises(RefusedBatchError, match="every order_id is a row of sale_order"):
        merged(
            landed(home.landing, "odoo.sale_order", orders(1)),
            landed(home.landing, "odoo.sale_order_line", order_lines(1, 2, 3)),
            check=gate(home),
        )
    assert acceptable(home)["order_id_exists"]


def test_rows_of_another_source_are_no_parents(home: Home, merged: Merge) -> None:
    results = merged(
        landed(home.landing, "odoo.sale_order", orders(3), source_id="other"),
        landed(home.landing, "odoo.sale_order_line", order_lines(1, 2, 3)),
    )

    assert results["erp.sale_order_line", "order_id_exists"].rows_failed == 3


def test_a_table_that_the_user_does_not_give_is_not_referred_to(home: Home, merged: Merge) -> None:
    entries = """
        select 'L1' as ledger_entry_id, 'IT' as company_id, 'VE' as journal_code,
            '1' as entry_number, 1 as line_number, date '2026-03-02' as entry_date,
            '1500' as account_code, 0 as debit, 0 as credit
    """

    results = merged(landed(home.landing, "contract.ledger_entries", entries))

    assert results["erp.ledger_entries", "company_id_exists"].rows_checked == 0
