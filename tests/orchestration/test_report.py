"""What a terminal shows is what the data says."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from ingestion.landing import CheckResult, decide
from orchestration.report import age_of_publication, duration, print_rows, print_status
from tests.ingestion.batches import landed

BRACKETS = "Bolt [new] [/old]"


def shown(output: Console) -> str:
    assert isinstance(output.file, StringIO)
    return output.file.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90m", timedelta(minutes=90)), ("26h", timedelta(hours=26)), ("2d", timedelta(days=2))],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


def test_what_is_no_duration_is_said(home: Home) -> None:
    with pytest.raises(ConfigurationError, match="'26' is no duration such as 26h"):
        duration("26")
    assert age_of_publication(home) is None


def test_brackets_in_a_result_are_shown_as_they_are() -> None:
    output = Console(file=StringIO(), width=200)
    print_rows(output, ["name"], [(BRACKETS,)])
    assert BRACKETS in shown(output)


def test_what_would_give_a_terminal_orders_is_shown_instead() -> None:
    output = Console(file=StringIO(), width=200)
    print_rows(output, ["na\x1b[2Jme"], [("\x1b]0;title\x07[red]Dupont\x9b1A\r",)])
    assert r"na\x1b[2Jme" in shown(output)
    assert r"\x1b]0;title\x07[red]Dupont\x9b1A\x0d" in shown(output)


def test_brackets_in_the_reason_of_a_refusal_are_shown_as_they_are(home: Home) -> None:
    check = CheckResult(
        rule="code is known",
        severity="batch",
        passed=False,
        rows_checked=1,
        rows_failed=1,
        examples=(BRACKETS,),
    )
    decide(home, landed(home, [{"id": 1, "code": "FR"}]), accepted=False, checks=(check,))
    output = Console(file=StringIO(), width=200)
    print_status(output, home)
    assert BRACKETS in shown(output)


def test_a_refusal_that_a_later_load_made_good_is_only_counted(home: Home) -> None:
    rows = [{"id": 1, "code": "FR"}]
    refused = decide(home, landed(home, rows), accepted=False, checks=())
    later = refused.manifest.load_id + 1
    decide(home, landed(home, rows, load_id=later), accepted=True, checks=())
    output = Console(file=StringIO(), width=200)
    print_status(output, home)
    assert "1 older refusal(s)" in shown(output)
    assert refused.name not in shown(output)
