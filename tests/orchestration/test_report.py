"""What a terminal shows is what the data says."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from ingestion.landing import CheckResult, decide
from orchestration.disk import disk_use
from orchestration.report import (
    age_of_publication,
    duration,
    print_quarantine,
    print_rows,
    print_status,
)
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


def disk_with(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))


def test_status_tells_what_lies_on_the_disk_and_whether_the_next_night_has_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.root.mkdir()
    home.warehouse.write_bytes(b"w" * 200_000)
    home.landing.mkdir()
    (home.landing / "rows").write_bytes(b"r" * 300_000)
    for free, is_short in ((10_000_000, False), (100_000, True)):
        disk_with(free, monkeypatch)
        output = Console(file=StringIO(), width=200)
        print_status(output, home)
        told = shown(output)
        assert re.search(r"landing 30\d\.\d kB, warehouse.duckdb 20\d\.\d kB", told), told
        assert ("make room" in told) == is_short


def test_a_night_needs_room_for_the_warehouse_and_twice_the_publication(home: Home) -> None:
    marts = home.published / "run" / "marts.duckdb"
    marts.parent.mkdir(parents=True)
    marts.write_bytes(b"m" * 100_000)
    (home.published / "current").symlink_to("run")
    home.warehouse.write_bytes(b"w" * 1_000_000)
    assert 1_200_000 < disk_use(home).needed < 1_250_000


def test_what_is_kept_out_is_listed_with_the_place_where_it_lies(home: Home) -> None:
    check = CheckResult(
        rule="no two rows share a key",
        severity="batch",
        passed=False,
        rows_checked=2,
        rows_failed=2,
    )
    batch = landed(home, [{"id": 1, "code": "FR"}])
    refused = decide(home, batch, accepted=False, checks=(check,))
    for name, is_listed in ((None, True), ("erp", True), ("erp.res_country", True), ("er", False)):
        output = Console(file=StringIO(), width=200)
        print_quarantine(output, home, name)
        assert (str(refused.folder) in shown(output)) == is_listed
        assert ("no two rows share a key" in shown(output)) == is_listed
        assert ("Nothing is kept out" in shown(output)) != is_listed
