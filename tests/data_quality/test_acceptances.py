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
from data_quality.rules import Acceptance
from data_quality.validator import Validator
from ingestion.errors import ConfigurationError
from ingestion.home import Home
from tests.data_quality.landed import landed

LOAD = 20260602020000000


def refused(
    subject: str = "erp.sale_order",
    code: str = "row_count_usual",
    rows_failed: int = 810,
    acceptance: Acceptance = "once",
) -> RuleResult:
    return RuleResult(
        subject=subject,
        code=code,
        rule="the source holds about as many rows as at the load before",
        severity="batch",
        rows_checked=906,
        rows_failed=rows_failed,
        refuses=True,
        acceptance=acceptance,
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation whose last load refused three things."""
    home = Home(tmp_path)
    record_refusals(home, LOAD, "landing", [refused(), refused("erp.partner", acceptance="never")])
    record_refusals(home, LOAD, "marts", [refused("kpi.aging", "rows_as_usual")])
    return home


def accepted(home: Home, name: str, reason: str = "the branch was sold") -> None:
    accept(home, name, reason, standing_refusals(home, 0))


def test_what_the_newest_load_refused_stands_until_a_later_one_is_published(home: Home) -> None:
    record_refusals(home, LOAD - 1, "load", [refused("crm.case")])
    subjects = ["erp.sale_order", "erp.partner", "kpi.aging"]
    assert [refusal.subject for refusal in standing_refusals(home, 0)] == subjects
    # A load may be published without the source that it refused.
    assert [refusal.subject for refusal in standing_refusals(home, LOAD)] == subjects
    assert standing_refusals(home, LOAD + 1) == []


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
        refused(acceptance="never"),
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


def test_rows_set_apart_stay_accepted_as_long_as_they_are_no_more(home: Home) -> None:
    broken = refused("erp.sale_order_line", "total_adds_up", 30, acceptance="lasting")
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
