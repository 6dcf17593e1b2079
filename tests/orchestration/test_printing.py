"""What a terminal shows is what the data says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ingestion.engine import connect
from ingestion.home import Home
from ingestion.landing import CheckResult, decide
from orchestration.cli import app
from orchestration.disk import disk_use
from orchestration.printing import (
    age_of_publication,
    late_sources,
    print_quarantine,
    print_rows,
    print_status,
)
from tests.ingestion.batches import landed

BRACKETS = "Bolt [new] [/old]"


def shown(output: Console) -> str:
    assert isinstance(output.file, StringIO)
    return output.file.getvalue()


def published(home: Home, policies: str) -> None:
    """Marts that know a source read an hour ago, and one read two days ago."""
    folder = home.published / "r1"
    folder.mkdir(parents=True)
    with connect(folder / "marts.duckdb") as marts:
        marts.execute("create schema meta")
        marts.execute(
            "create table meta.runs as select 1::bigint as known_load, "
            "date '2026-05-31' as as_of_date, now()::timestamp as known_at, "
            "now()::timestamp as started_at"
        )
        marts.execute(
            f"""
            create table meta.freshness as
            select
                source_id, 'fec' as source_system, 't' as table_name, 1::bigint as last_load_id,
                (now() at time zone 'UTC') - to_hours(age) as last_extracted_at,
                1 as last_rows_extracted, 0 as last_rows_quarantined, 1 as rows_current,
                false as is_stale {policies}
            from (values ('erp', 1), ('sheets', 48)) as source (source_id, age)
            """
        )
    load = datetime.now(UTC).strftime("%Y%m%d%H%M%S000")
    (folder / "published.json").write_text(json.dumps({"run_id": "r1", "known_load": load}))
    (home.published / "current").symlink_to("r1")
    home.marts.symlink_to("current/marts.duckdb")


@pytest.mark.parametrize(
    ("hours", "late", "code"), [("null", (), 0), ("49", (), 0), ("47", ("sheets",), 1)]
)
def test_a_source_is_late_once_its_reading_is_older_than_its_policy(
    hours: str, late: tuple[str, ...], code: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(home, f", {hours}::decimal(18, 2) as fresh_within_hours")
    assert late_sources(home) == late
    monkeypatch.setenv("ADV_HOME", str(home.root))
    status = CliRunner().invoke(app, ["status", "--max-age", "26h"])
    assert status.exit_code == code
    assert ("late" in status.output) == bool(late)


@pytest.mark.parametrize(("only", "code"), [("null", 0), ("'erp'", 1)])
def test_a_run_that_read_some_sources_makes_the_publication_no_younger(
    only: str, code: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(home, policies="")
    with connect(home.published / "r1" / "marts.duckdb") as marts:
        marts.execute(
            f"create or replace table meta.runs as select *, {only}::varchar as only_sources "
            "from meta.runs"
        )
    monkeypatch.setenv("ADV_HOME", str(home.root))
    assert CliRunner().invoke(app, ["status", "--max-age", "26h"]).exit_code == code


def test_marts_of_an_earlier_version_know_no_policy(home: Home) -> None:
    published(home, policies="")
    assert late_sources(home) == ()


def test_before_the_first_publication_nothing_is_old_or_late(home: Home) -> None:
    assert age_of_publication(home) is None
    assert late_sources(home) == ()


@pytest.mark.parametrize(
    ("known", "began", "age"),
    [
        (timedelta(hours=2), timedelta(hours=1), timedelta(hours=2)),
        # Loads are still dated ahead of a clock that was set back; the run that read them is not.
        (timedelta(days=-365), timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=-365), timedelta(days=-365), timedelta(days=-365)),
    ],
    ids=["as a rule", "after the clock was set back", "no run since the clock was set back"],
)
def test_the_age_of_a_publication_is_that_of_what_it_knows(
    home: Home, known: timedelta, began: timedelta, age: timedelta
) -> None:
    folder = home.published / "run-1"
    folder.mkdir(parents=True)
    (home.published / "current").symlink_to("run-1")
    home.marts.symlink_to("current/marts.duckdb")
    now = datetime.now(UTC).replace(tzinfo=None)
    with connect(folder / "marts.duckdb") as connection:
        connection.execute("create schema meta")
        connection.execute(
            "create table meta.runs as "
            "select 1 as known_load, ?::timestamp as known_at, ?::timestamp as started_at",
            [now - known, now - began],
        )
    found = age_of_publication(home)
    assert found is not None
    assert timedelta() <= found - age < timedelta(minutes=1)


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
