"""What a person may let through, for how long, and what never passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.acceptances import (
    Acceptances,
    accept,
    acceptances,
    record_refusals,
    standing_refusals,
)
from data_quality.results import RuleResult
from data_quality.rules import Acceptability
from data_quality.validator import Validator
from ingestion.errors import ConfigurationError, WarehouseError
from ingestion.home import Home
from tests.data_quality.landed import landed

LOAD = 20260602020000000


def refused(
    subject: str = "erp.sale_order",
    code: str = "row_count_shrank",
    rows_failed: int = 810,
    rows_checked: int = 906,
    acceptable: Acceptability = "once",
) -> RuleResult:
    return RuleResult(
        subject=subject,
        code=code,
        rule="the source holds about as many rows as at the load before",
        severity="batch",
        rows_checked=rows_checked,
        rows_failed=rows_failed,
        refuses=True,
        acceptable=acceptable,
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation whose last load refused three things."""
    home = Home(tmp_path)
    record_refusals(home, LOAD, "landing", [refused(), refused("erp.partner", acceptable="never")])
    record_refusals(home, LOAD, "marts", [refused("kpi.aging", "rows_as_usual")])
    return home


def accepted(home: Home, name: str, reason: str = "the branch was sold") -> None:
    accept(home, name, reason, standing_refusals(home, 0))


def test_what_the_newest_load_refused_stands_until_a_later_one_is_published(home: Home) -> None:
    subjects = ["erp.sale_order", "erp.partner", "kpi.aging"]
    assert [refusal.subject for refusal in standing_refusals(home, 0)] == subjects
    # A load may be published without the source that it refused.
    at_landing = ["erp.sale_order", "erp.partner"]
    assert [refusal.subject for refusal in standing_refusals(home, LOAD)] == at_landing
    assert standing_refusals(home, LOAD + 1) == []
    merged = {"erp.sale_order": LOAD + 1, "erp.partner": LOAD - 1}
    later = standing_refusals(home, LOAD + 1, merged)
    assert [refusal.subject for refusal in later] == ["erp.partner"]


def test_an_accepted_result_no_longer_refuses_and_says_why(home: Home) -> None:
    accepted(home, "erp.sale_order")
    (result,) = Acceptances(acceptances(home)).applied([refused()])
    assert not result.refuses
    assert result.message.endswith("(accepted: the branch was sold)")
    assert result.as_check().accepted_because == "the branch was sold"


@pytest.mark.parametrize(
    "other",
    [
        refused(rows_failed=892),
        refused(code="key_unique"),
        refused(subject="erp.sale_order_line"),
        refused(acceptable="never"),
    ],
    ids=["a tenth more and one", "another rule", "another table", "what is never accepted"],
)
def test_only_what_was_accepted_passes(home: Home, other: RuleResult) -> None:
    accepted(home, "erp.sale_order")
    given = Acceptances(acceptances(home))
    assert given.applied([other])[0].refuses
    assert not given.applied([refused(rows_failed=891)])[0].refuses


def test_what_is_accepted_once_is_used_up_by_the_load_that_merges_it(home: Home) -> None:
    accepted(home, "erp.sale_order")
    given = acceptances(home)
    before = Acceptances(given, merged={"erp.sale_order": LOAD - 1})
    after = Acceptances(given, merged={"erp.sale_order": LOAD + 1})
    assert not before.applied([refused()])[0].refuses
    assert after.applied([refused()])[0].refuses


def test_many_rows_of_a_first_read_do_not_excuse_all_rows_of_a_later_one(home: Home) -> None:
    code = "total_adds_up"
    first = refused("erp.sale_order_line", code, 5_000, 400_000, acceptable="lasting")
    record_refusals(home, LOAD, "landing", [first])
    accepted(home, "erp.sale_order_line")
    given = Acceptances(acceptances(home))
    a_delta = refused("erp.sale_order_line", code, 300, 300, acceptable="lasting")
    as_before = refused("erp.sale_order_line", code, 4, 300, acceptable="lasting")
    assert given.applied([a_delta])[0].refuses
    assert not given.applied([as_before])[0].refuses


def test_a_line_that_is_torn_is_named(home: Home) -> None:
    accepted(home, "erp.sale_order")
    home.acceptances.write_bytes(home.acceptances.read_bytes()[:-20])
    with pytest.raises(WarehouseError, match=f"{home.acceptances} is damaged"):
        acceptances(home)


def test_rows_set_apart_stay_accepted_as_long_as_they_are_no_more(home: Home) -> None:
    broken = refused("erp.sale_order_line", "total_adds_up", 30, acceptable="lasting")
    record_refusals(home, LOAD, "landing", [broken])
    accepted(home, "erp.sale_order_line")
    given = Acceptances(acceptances(home), merged={"erp.sale_order_line": LOAD + 5})
    assert not given.applied([broken])[0].refuses


def test_all_refusals_of_the_marts_are_accepted_by_one_name(home: Home) -> None:
    accepted(home, "marts")
    assert [entry.subject for entry in acceptances(home)] == ["kpi.aging"]


def test_a_source_with_something_that_cannot_be_right_is_not_accepted(home: Home) -> None:
    with pytest.raises(ConfigurationError, match=r"mend the source: erp\.partner"):
        accepted(home, "erp")
    assert acceptances(home) == ()


def test_a_name_of_which_nothing_is_refused_is_said_to_be_wrong(home: Home) -> None:
    with pytest.raises(ConfigurationError, match=r"Nothing is refused about 'erp\.sale'"):
        accepted(home, "erp.sale")


def test_a_table_that_shrank_is_let_in_when_that_was_accepted(
    tmp_path: Path, validator: Validator
) -> None:
    home = Home(tmp_path / "home")
    batch = landed(
        tmp_path,
        "odoo.sale_order",
        "select range as id from range(0)",
        keys="select range as id from range(400)",
    )
    verdict = validator.validate(batch, 1_000)
    assert not verdict.accepted

    record_refusals(home, batch.manifest.load_id, "landing", verdict.results)
    accepted(home, "erp.sale_order")
    again = validator.validate(batch, 1_000, acceptances=Acceptances(acceptances(home)))
    assert again.accepted
