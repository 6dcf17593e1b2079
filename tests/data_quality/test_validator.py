"""Gate 1: which rule refuses a batch, sets a row apart, or only tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_quality import validator as validator_module
from data_quality.results import RuleResult, Verdict
from data_quality.rules import holds
from data_quality.validator import Validator
from ingestion.config import FecSource, Limits
from ingestion.engine import connect
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import Batch
from ingestion.transports.base import Problem
from tests.data_quality.landed import LOAD, landed, orders, read, write
from tests.real_data import real_data

BROKEN_TOTAL = "case when id = 7 then 121 else amount_total end as amount_total"


def broken(verdict: Verdict) -> dict[str, RuleResult]:
    return {result.code: result for result in verdict.results if not result.passed}


def test_a_good_batch_is_accepted_whole(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50), totals={"amount_total": "6000.00"})

    verdict = validator.validate(batch, previous_rows=50)

    assert verdict.outcome == "accepted"
    assert broken(verdict) == {}
    assert verdict.quarantined_rows == 0
    assert not (batch.folder / "quarantined.parquet").exists()
    assert {check.rows_checked for check in verdict.checks if "key" in check.rule} == {50}


def test_a_folder_may_have_any_name(tmp_path: Path, validator: Validator) -> None:
    root = tmp_path / "d'avant: 100 % {sûr}"

    assert validator.validate(landed(root, "odoo.sale_order", orders(5))).accepted


def test_a_rule_that_cannot_be_evaluated_is_a_defect_and_not_a_pass(
    tmp_path: Path, validator: Validator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_rule = holds("typo", "a rule with a typo", "no_such_column = 1")
    monkeypatch.setattr(validator_module, "rules_for", lambda *_: (broken_rule,))

    with pytest.raises(RuntimeError, match="a rule cannot be evaluated"):
        validator.validate(landed(tmp_path, "odoo.sale_order", orders(5)))


def test_an_empty_delta_is_accepted(tmp_path: Path, validator: Validator) -> None:
    batch = landed(
        tmp_path,
        "odoo.sale_order",
        orders(0),
        keys="select range as id from range(500)",
        totals={"amount_total": "0"},
    )

    assert validator.validate(batch, previous_rows=500).accepted


def test_a_duplicate_key_refuses_the_batch_and_is_named(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50, "if(id = 9, 8, id) as id"))

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert broken(verdict)["key_unique"].examples == ("8",)
    assert broken(verdict)["key_unique"].rows_failed == 2
    assert verdict.message == "erp.sale_order: no two rows share a key: broken by 2 of 50 rows: 8"


def test_a_null_key_refuses_the_batch(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(5000, "nullif(id, 9) as id"))

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert [code for code, result in broken(verdict).items() if result.refuses] == ["key_given"]


def test_an_empty_part_of_a_key_that_means_all_is_no_fault(
    tmp_path: Path, validator: Validator
) -> None:
    targets = """
        select 'otif' as kpi, null as team, 0.95 as target_value, date '2026-01-01' as valid_from
    """

    assert validator.validate(landed(tmp_path, "sheets.kpi_targets", targets)).accepted


def test_a_wrong_control_total_refuses_the_batch(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50), totals={"amount_total": "6000.01"})

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert broken(verdict)["control_totals"].examples == (
        "amount_total (source 6000.01, landed 6000.0000)",
    )


def test_a_missing_column_refuses_the_batch_and_nothing_else_is_asked(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50))
    rewrite(batch, "select * exclude (state) from {file}")

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert [result.code for result in verdict.results] == ["schema"]
    assert verdict.results[0].examples == ("state (declared VARCHAR, landed nothing)",)


def test_a_column_of_another_type_refuses_the_batch(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50))
    rewrite(batch, "select * replace (amount_total::double as amount_total) from {file}")

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert verdict.results[0].examples == ("amount_total (declared DECIMAL(18,4), landed DOUBLE)",)


def test_a_status_never_seen_is_told_and_let_in(tmp_path: Path, validator: Validator) -> None:
    batch = landed(
        tmp_path,
        "odoo.sale_order",
        orders(5000, "case when id = 5 then 'on_hold' else state end as state"),
    )

    verdict = validator.validate(batch)

    assert verdict.outcome == "accepted"
    assert broken(verdict)["state_known"].severity == "warning"
    assert broken(verdict)["state_known"].examples == ("5",)


def test_a_status_that_many_rows_have_and_nobody_knows_refuses_the_batch(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(5000, "'on_hold' as state"))

    assert validator.validate(batch).outcome == "refused"


def test_a_status_that_the_user_has_mapped_is_known(
    tmp_path: Path, validator: Validator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "document_status_map.csv").write_text(
        "system,source_type,source_status,document_type,status,is_open,is_terminal\n"
        "odoo,sale.order,on_hold,order,blocked,true,false\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("ADV_HOME", str(tmp_path))
    batch = landed(tmp_path, "odoo.sale_order", orders(5000, "'on_hold' as state"))

    assert validator.validate(batch).outcome == "accepted"


def test_one_bad_row_in_ten_thousand_is_set_apart_with_its_reason(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(10_000, BROKEN_TOTAL))

    verdict = validator.validate(batch)

    assert verdict.outcome == "accepted with rows quarantined"
    assert verdict.quarantined_rows == 1
    ((key, rule, reason, row),) = read(
        batch.folder / "quarantined.parquet", "select id, _rule, _reason, _row from {file}"
    )
    assert (key, rule) == (7, "amount_total_adds_up")
    assert reason == "amount_total is amount_untaxed plus amount_tax"
    assert json.loads(row)["name"] == "S7"


def test_one_bad_row_in_ten_refuses_the_batch(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(10, BROKEN_TOTAL))

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert verdict.quarantined_rows == 0
    assert verdict.message == (
        "erp.sale_order: amount_total is amount_untaxed plus amount_tax: broken by 1 of 10 rows: 7"
    )


def test_a_row_that_breaks_two_rules_is_one_quarantined_row(
    tmp_path: Path, validator: Validator
) -> None:
    spoiled = f"{BROKEN_TOTAL}, case when id = 7 then null else state end as state"
    batch = landed(tmp_path, "odoo.sale_order", orders(10_000, spoiled))

    assert validator.validate(batch).quarantined_rows == 1
    assert len(read(batch.folder / "quarantined.parquet")) == 2


def test_a_broken_date_is_set_apart_and_its_column_named(
    tmp_path: Path, validator: Validator
) -> None:
    typed = "case when id = 3 then timestamp '0202-03-02' else date_order end as date_order"
    batch = landed(tmp_path, "odoo.sale_order", orders(10_000, typed))

    verdict = validator.validate(batch)

    assert verdict.outcome == "accepted with rows quarantined"
    assert broken(verdict)["dates_plausible"].examples == ("3",)
    assert broken(verdict)["dates_plausible"].detail == "date_order 1"


def test_one_bad_row_in_a_small_delta_of_a_large_table_is_set_apart(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(
        tmp_path,
        "odoo.sale_order",
        orders(10, BROKEN_TOTAL),
        keys="select range as id from range(60000)",
    )

    assert validator.validate(batch).outcome == "accepted with rows quarantined"


def test_a_pattern_in_a_delta_refuses_it_however_large_the_table(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(
        tmp_path,
        "odoo.sale_order",
        orders(200, "amount_total + 1 as amount_total"),
        keys="select range as id from range(1000000)",
    )

    assert validator.validate(batch).outcome == "refused"


@pytest.mark.parametrize(
    ("previous", "now", "accepted"),
    [
        (1000, 500, True),
        (1000, 499, False),
        (1000, 10_000, True),
        (1000, 10_001, False),
        (99, 3, True),
        (5, 0, False),
        (0, 0, True),
        (None, 100_000, True),
    ],
)
def test_a_table_that_shrinks_or_grows_beyond_habit_is_refused(
    tmp_path: Path, validator: Validator, previous: int | None, now: int, accepted: bool
) -> None:
    batch = landed(
        tmp_path, "odoo.sale_order", orders(0), keys=f"select range as id from range({now})"
    )

    verdict = validator.validate(batch, previous)

    assert verdict.accepted is accepted
    if not accepted:
        (result,) = broken(verdict).values()
        assert result.code in ("row_count_emptied", "row_count_shrank", "row_count_grew")
        assert result.examples == (f"held {previous:,}, now {now:,}",)


def test_habit_can_be_configured(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(0))

    assert validator.validate(batch, 5, Limits(may_be_emptied=True)).accepted


def test_the_threshold_of_one_rule_can_be_configured(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(10, BROKEN_TOTAL))
    limits = Limits(by_rule={"sale_order.amount_total_adds_up": 0.2})

    assert validator.validate(batch, limits=limits).outcome == "accepted with rows quarantined"


def test_a_batch_with_fewer_rows_than_were_read_is_refused(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50))
    rewrite(batch, "select * from {file} where id <> 4")

    assert broken(validator.validate(batch))["rows_complete"].examples == ("50 read, 49 landed",)


def test_a_row_that_is_not_among_the_keys_refuses_the_batch(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(
        tmp_path, "odoo.sale_order", orders(50), keys="select range as id from range(1, 50)"
    )

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert broken(verdict)["key_listed"].examples == ("50",)


def test_a_damaged_file_refuses_the_batch(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(50))
    rows = batch.folder / "rows.parquet"
    rows.write_bytes(rows.read_bytes()[:200])

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert [result.code for result in verdict.results] == ["unreadable"]


def test_a_table_that_could_not_be_read_is_refused_in_the_transports_words(
    tmp_path: Path, validator: Validator
) -> None:
    problem = Problem("batch", "unreadable", "table sale_order lacks the column(s) state")
    batch = landed(tmp_path, "odoo.sale_order", orders(0), problems=(problem,))
    (batch.folder / "rows.parquet").unlink()

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert "lacks the column(s) state" in verdict.message


def test_what_the_transport_found_odd_is_told(tmp_path: Path, validator: Validator) -> None:
    problem = Problem("warning", "decimal_point", "amounts with a point", "books.txt", 12, "Debit")
    batch = landed(tmp_path, "odoo.sale_order", orders(5), problems=(problem,))

    verdict = validator.validate(batch)

    assert verdict.outcome == "accepted"
    assert broken(verdict)["decimal_point"].examples == ("books.txt line 12 Debit",)


@pytest.mark.parametrize(("good", "accepted"), [(9_999, True), (9, False)])
def test_unreadable_rows_count_like_rows_that_break_a_rule(
    tmp_path: Path, validator: Validator, good: int, accepted: bool
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(good), source_rows=good + 1, rejected_rows=1)
    with connect() as connection:
        write(
            connection,
            "select 12 as line, 'date_order' as field, 'bad_date' as code, '' as message, "
            "'12' as key, '' as row, 'orders.csv' as file",
            batch.folder / "rejected.parquet",
        )

    verdict = validator.validate(batch)

    assert verdict.accepted is accepted
    assert broken(verdict)["bad_date"].examples == ("orders.csv line 12 date_order",)
    assert broken(verdict)["bad_date"].rows_checked == good + 1


def test_at_most_twenty_examples_are_kept(tmp_path: Path, validator: Validator) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(100, "amount_total + 1 as amount_total"))

    assert len(broken(validator.validate(batch))["amount_total_adds_up"].examples) == 20


def test_examples_do_not_name_people(tmp_path: Path, validator: Validator) -> None:
    absences = """
        select 'marie.durand' as agent_login, date '2026-03-02' as absence_date,
            'sick' as reason, 30 as hours
    """

    verdict = validator.validate(landed(tmp_path, "sheets.absences", absences))

    (example,) = broken(verdict)["hours_in_range"].examples
    assert "durand" not in verdict.message
    assert example.startswith("#") and example.endswith("/2026-03-02/sick")


def test_an_accounting_file_that_does_not_balance_is_refused(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "fec.entries", books(credit="119.99"))

    verdict = validator.validate(batch)

    assert verdict.outcome == "refused"
    assert broken(verdict)["books_balance"].examples == (
        "123456789/2026-12-31 (debit 120.0000, credit 119.9900)",
    )


def test_an_accounting_file_whose_unreadable_lines_were_set_apart_need_not_balance(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(
        tmp_path, "fec.entries", books(credit="119.99"), source_rows=5000, rejected_rows=1
    )
    with connect() as connection:
        write(
            connection,
            "select 3 as line, null as field, 'truncated' as code, '' as message, "
            "null as key, '' as row, 'books.txt' as file",
            batch.folder / "rejected.parquet",
        )

    assert validator.validate(batch).accepted


def test_an_odd_voucher_date_does_not_take_a_line_out_of_the_books(
    tmp_path: Path, validator: Validator
) -> None:
    odd = f"select *, date '1900-01-01' as PieceDate from ({books(credit='120.00')})"

    verdict = validator.validate(landed(tmp_path, "fec.entries", odd))

    assert verdict.outcome == "accepted"
    assert broken(verdict)["other_dates_plausible"].detail == "PieceDate 2"


def test_real_accounting_files_are_accepted_whole(tmp_path: Path, validator: Validator) -> None:
    files = real_data("fec")
    request = LandingRequest(
        home=Home(tmp_path),
        source_id="books",
        source=FecSource(system="fec", transport="fec", path=files),
        load_id=LOAD,
        run_id="run",
        positions={},
    )
    (batch,) = land(request)

    verdict = validator.validate(batch)

    assert verdict.outcome == "accepted"
    assert {r.rows_checked for r in verdict.results if r.code == "key_unique"} == {5422 + 10756}


def test_a_contract_row_must_speak_the_contracts_words(
    tmp_path: Path, validator: Validator
) -> None:
    rates = """
        select 'EUR' as from_currency_code, 'USD' as to_currency_code,
            date '2026-01-01' + cast(range as integer) as rate_date, 1.1 as rate
        from range(5000)
        union all
        select 'euro', 'USD', date '2026-01-01', 1.1
    """

    verdict = validator.validate(landed(tmp_path, "contract.exchange_rates", rates))

    assert verdict.outcome == "accepted with rows quarantined"
    assert broken(verdict)["currency_code"].examples == ("euro/USD/2026-01-01",)


def test_the_metadata_shown_beside_a_check_are_plain_values(
    tmp_path: Path, validator: Validator
) -> None:
    batch = landed(tmp_path, "odoo.sale_order", orders(10_000, BROKEN_TOTAL))

    metadata = validator.validate(batch).metadata

    assert metadata["verdict"] == "accepted with rows quarantined"
    assert metadata["rows quarantined"] == 1
    assert metadata["amount_total is amount_untaxed plus amount_tax"] == (
        "broken by 1 of 10,000 rows: 7"
    )
    assert all(isinstance(value, str | int | float) for value in metadata.values())


def books(credit: str) -> str:
    return f"""
        select '123456789' as siren, date '2026-12-31' as fiscal_year_end, range as line_number,
            'VE' as JournalCode, 'F1' as EcritureNum, date '2026-03-02' as EcritureDate,
            '411000' as CompteNum, if(range = 1, 120, 0) as Debit,
            if(range = 2, {credit}, 0) as Credit
        from range(1, 3)
    """


def rewrite(batch: Batch, query: str) -> None:
    rows = batch.folder / "rows.parquet"
    spoiled = rows.with_suffix(".new")
    with connect() as connection:
        write(connection, query.replace("{file}", f"read_parquet('{rows}')"), spoiled)
    spoiled.replace(rows)
