"""What is over is removed in time; what a person may still accept, and what is in use, is not."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_quality.acceptances import record_refusals, standing_refusals
from data_quality.results import RuleResult
from ingestion.config import Retention
from ingestion.engine import connect
from ingestion.home import Home
from ingestion.landing import batches, decide, known_at
from orchestration.lock import run_lock
from orchestration.upkeep import clean, tidy_up
from tests.ingestion.batches import LOAD, accepted, landed

RETENTION = Retention(quarantine_days=30, refusals_days=60, logs_days=10, replaced_days=7)
FRANCE = [{"id": 1, "code": "FR"}]
SHRANK = RuleResult(
    subject="erp.res_country",
    code="shrank",
    rule="the table holds about as many rows",
    severity="batch",
    rows_checked=1,
    rows_failed=1,
    refuses=True,
)


def days_after(load: int, days: int) -> datetime:
    return known_at(load) + timedelta(days=days, minutes=1)


def refuse(home: Home, load: int) -> None:
    """A load that refused the countries."""
    decide(home, landed(home, FRANCE, load_id=load), accepted=False, checks=())
    record_refusals(home, load, "landing", [SHRANK])


def merged(home: Home, load: int) -> None:
    """A publication that says that the countries of a load were merged."""
    folder = home.published / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with connect(folder / "marts.duckdb") as marts:
        marts.execute("create schema if not exists meta")
        marts.execute(
            "create or replace table meta.freshness as select 'erp' as source_id, "
            f"'res_country' as table_name, {load}::bigint as last_load_id"
        )
    (folder / "published.json").write_text(f'{{"known_load": {load}}}')
    (home.published / "current").symlink_to("run")
    home.marts.symlink_to("current/marts.duckdb")


def test_a_refused_batch_goes_when_it_was_made_good_long_ago(home: Home) -> None:
    refuse(home, LOAD)
    merged(home, LOAD + 1)
    assert clean(home, RETENTION, days_after(LOAD, 29)) == {}
    assert clean(home, RETENTION, days_after(LOAD, 30)) == {"refused batches": 1}
    assert batches(home.quarantine) == []
    assert clean(home, RETENTION, days_after(LOAD, 60)) == {"records of refusals": 1}


def test_what_a_person_may_still_accept_stays_however_old_it_is(home: Home) -> None:
    refuse(home, LOAD)
    refuse(home, LOAD + 1)
    years_later = days_after(LOAD, 3000)
    assert clean(home, RETENTION, years_later) == {"refused batches": 1, "records of refusals": 1}
    assert [batch.manifest.load_id for batch in batches(home.quarantine)] == [LOAD + 1]
    assert [refusal.load_id for refusal in standing_refusals(home, 0)] == [LOAD + 1]


def test_logs_go_when_nobody_wrote_to_them_for_long(home: Home) -> None:
    logs = home.dagster / "storage" / "run" / "compute_logs"
    logs.mkdir(parents=True)
    for name, days in (("old.out", 11), ("new.out", 9)):
        (logs / name).touch()
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(logs / name, (then, then))
    assert clean(home, RETENTION, datetime.now(UTC)) == {"logs": 1}
    assert [path.name for path in logs.iterdir()] == ["new.out"]
    clean(home, RETENTION, datetime.now(UTC) + timedelta(days=11))
    clean(home, RETENTION, datetime.now(UTC) + timedelta(days=22))
    clean(home, RETENTION, datetime.now(UTC) + timedelta(days=33))
    assert list((home.dagster / "storage").iterdir()) == []


def test_a_warehouse_put_aside_is_kept_for_a_while_whatever_its_age(home: Home) -> None:
    home.root.mkdir()
    aside = home.root / "warehouse.replaced.duckdb"
    aside.touch()
    os.utime(aside, (0, 0))
    assert clean(home, RETENTION, datetime.now(UTC) + timedelta(days=6)) == {}
    later = datetime.now(UTC) + timedelta(days=8)
    assert clean(home, RETENTION, later) == {"replaced warehouses": 1}
    assert not aside.exists()


def test_what_killed_runs_and_rebuilds_left_is_removed_and_batches_are_not(home: Home) -> None:
    batch = accepted(home, FRANCE)
    left = [
        batch.folder.with_name("1.partial"),
        home.kept_ledger / "1.partial",
        home.quarantine / "erp" / "res_country" / "1.partial",
        home.root / "rebuild",
        home.root / "time_machine" / "published",
    ]
    for folder in left:
        folder.mkdir(parents=True)
    (home.root / "time_machine" / "warehouse.duckdb").touch()
    parsed = home.root / "time_machine" / "dbt"
    parsed.mkdir()
    assert clean(home, RETENTION, datetime.now(UTC)) == {"unfinished folders": 3}
    assert not any(folder.exists() for folder in left)
    assert not (home.root / "time_machine" / "warehouse.duckdb").exists()
    assert parsed.exists()
    assert [found.manifest.load_id for found in batches(home.landing)] == [LOAD]


def test_marts_of_an_earlier_day_that_are_being_built_are_left_alone(home: Home) -> None:
    beside = Home(home.root / "time_machine")
    with run_lock(beside, "a rebuild"):
        beside.warehouse.touch()
        clean(home, RETENTION, datetime.now(UTC))
        assert beside.warehouse.exists()


@pytest.mark.parametrize("half", ["manifest.json", "rows.parquet"])
def test_a_batch_whose_removal_was_interrupted_is_no_batch(
    home: Home, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(home, LOAD)
    merged(home, LOAD + 1)

    def interrupted(folder: Path) -> None:
        (folder / half).unlink()
        raise OSError("killed")

    monkeypatch.setattr("shutil.rmtree", interrupted)
    with pytest.raises(OSError, match="killed"):
        clean(home, RETENTION, days_after(LOAD, 31))
    assert batches(home.quarantine) == []


def test_what_goes_wrong_there_is_told_and_undoes_nothing(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(home, LOAD)
    (home.refusals / f"{LOAD}.jsonl").write_text("torn")
    tidy_up(home, RETENTION)
    assert "Published, but what is over could not be removed" in caplog.text
    assert "is damaged" in caplog.text
