"""Landing a source: what is read again, what goes on, and what becomes of a failure."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_quality.reconciliation import reconcile
from ingestion.declarations import system
from ingestion.engine import connect
from ingestion.errors import SourceError, UnfinishedReadError, WarehouseError
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import Batch, CheckResult, batches, decide, new_load_id, schema_hash
from ingestion.ledger import Position, merge, positions
from ingestion.read_again import ReadAgain
from ingestion.transports.parts import Parts
from ingestion.transports.postgres import PostgresSession
from tests.ingestion.batches import LOAD, a_run
from tests.ingestion.postgres_server import Server

LOAD_NOW = new_load_id()
"""A watermark is never later than its load."""
RATES = system("odoo").table("res_currency_rate")
COMPANIES = system("odoo").table("res_company")


@pytest.fixture
def request_(home: Home, server: Server, monkeypatch: pytest.MonkeyPatch) -> LandingRequest:
    """A source with one table, of three parts and a half."""
    monkeypatch.setattr("ingestion.extract.tables_of", lambda _: (RATES,))
    server.execute(
        "drop table if exists res_currency_rate",
        "create table res_currency_rate (id int primary key, name date, rate numeric, "
        "currency_id int, company_id int, write_date timestamp)",
        "insert into res_currency_rate select i, date '2020-01-01' + i, i + 0.00000001, 1, 1, "
        "timestamp '2020-01-01' from generate_series(1, 35) as i",
    )
    source = server.source(part_rows=10)
    return LandingRequest(home, "erp", source, load_id=LOAD, run_id="run", positions={})


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Loses the source after so many parts."""
    keep = Parts.keep

    def lose_after(kept: int) -> None:
        def keep_some(parts: Parts, read: Callable[[Path], int], key: tuple[str, ...]) -> None:
            if parts.progress.parts == kept:
                raise SourceError("the connection is lost")
            keep(parts, read, key)

        monkeypatch.setattr(Parts, "keep", keep_some)

    return lose_after


def parts_of(home: Home) -> list[str]:
    return [path.name for path in home.landing.glob("erp/*/parts/part_*.parquet")]


def merged_rates(home: Home, batch: Batch) -> list[tuple[int, Decimal]]:
    """Rates in raw after both gates would have let the batch through."""
    accepted = decide(home, batch, accepted=True, checks=())

    def reconciled(
        connection: duckdb.DuckDBPyConnection, merged: list[Batch]
    ) -> list[tuple[str, CheckResult]]:
        results = reconcile(connection, merged)
        assert {"rows_merged", "same_rows", "control_totals"} <= {r.code for r in results}
        assert not [result for result in results if result.rows_failed]
        return []

    merge(home, a_run(batch.manifest.load_id), [accepted], reconciled)
    connection = connect(home.warehouse, read_only=True)
    rows = connection.execute(
        "select id, rate from raw.odoo__res_currency_rate where _to_load is null order by id"
    ).fetchall()
    connection.close()
    return rows


def test_a_read_that_broke_off_ends_in_the_same_raw(
    server: Server, request_: LandingRequest, losing: Callable[[int], None]
) -> None:
    losing(2)
    with pytest.raises(UnfinishedReadError, match="20 rows are kept"):
        list(land(request_))
    assert len(parts_of(request_.home)) == 2
    assert batches(request_.home.landing) == []
    server.execute(
        "update res_currency_rate set rate = 0.5, write_date = now() at time zone 'UTC' "
        "where id = 5",
        "delete from res_currency_rate where id in (6, 36)",
    )
    losing(9)
    (batch,) = land(replace(request_, load_id=LOAD + 1))
    assert (batch.manifest.rows, batch.manifest.source_rows) == (34, 34)
    expected = {i: Decimal(i) + Decimal("0.00000001") for i in range(1, 36) if i != 6}
    assert dict(merged_rates(request_.home, batch)) == {**expected, 5: Decimal("0.5")}


def test_a_complete_batch_leaves_no_parts(request_: LandingRequest) -> None:
    (batch,) = land(request_)
    assert batch.manifest.rows == 35
    assert [path.name for path in batch.folder.parent.iterdir()] == [str(LOAD)]


def test_what_a_killed_run_left_half_landed_is_removed(request_: LandingRequest) -> None:
    half = request_.home.landing / "erp" / RATES.name / f"{LOAD - 1}.partial"
    half.mkdir(parents=True)
    (half / "rows.parquet").write_bytes(b"PAR1")
    list(land(request_))
    assert not half.exists()


def test_a_connection_lost_in_the_middle_of_a_table_is_tried_again(
    server: Server, request_: LandingRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = PostgresSession._copy

    def lose_it(session: PostgresSession, query: str, target: Path) -> int:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where state = 'idle in transaction'"
        )
        return copy(session, query, target)

    monkeypatch.setattr(PostgresSession, "_copy", lose_it)
    with pytest.raises(UnfinishedReadError, match=r"erp.res_currency_rate: .*reading failed"):
        list(land(request_))
    assert batches(request_.home.landing) == []
    monkeypatch.setattr(PostgresSession, "_copy", copy)
    (batch,) = land(request_)
    assert batch.manifest.rows == 35


def test_a_query_that_fails_is_a_batch_that_says_why_and_the_other_tables_are_read(
    request_: LandingRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(RATES, name="broken", relation="res_currency_rate", where="1 / (id - id) = 1")
    monkeypatch.setattr("ingestion.extract.tables_of", lambda _: (broken, RATES))
    failed, read = land(request_)
    (problem,) = failed.manifest.problems
    assert problem.code == "unreadable"
    assert "division by zero" in problem.message
    assert (read.manifest.rows, read.manifest.problems) == (35, ())


def test_an_attempt_that_gets_no_further_is_a_batch_that_says_why(
    request_: LandingRequest, losing: Callable[[int], None]
) -> None:
    losing(2)
    with pytest.raises(UnfinishedReadError):
        list(land(request_))
    (batch,) = land(replace(request_, load_id=LOAD + 1))
    assert [(p.code, p.message) for p in batch.manifest.problems] == [
        ("unreadable", "the connection is lost")
    ]
    assert len(parts_of(request_.home)) == 2


def test_a_full_refresh_starts_afresh(
    server: Server, request_: LandingRequest, losing: Callable[[int], None]
) -> None:
    losing(2)
    with pytest.raises(UnfinishedReadError):
        list(land(request_))
    server.execute("update res_currency_rate set rate = rate + 1 where id = 5")
    losing(9)
    (batch,) = land(replace(request_, load_id=LOAD + 1, again=ReadAgain()))
    assert batch.manifest.totals["rate"] == "631.00000035"
    assert merged_rates(request_.home, batch)[4] == (5, Decimal("6.00000001"))


def next_night(request: LandingRequest, server: Server, *statements: str) -> LandingRequest:
    """The load after one that was merged, of a source that changed meanwhile."""
    server.execute(
        "update res_currency_rate set write_date = now() at time zone 'UTC' where id = 35"
    )
    (batch,) = land(request)
    merged_rates(request.home, batch)
    server.execute(*statements)
    return replace(request, load_id=LOAD_NOW + 1, positions=positions(request.home))


def test_a_night_reads_only_its_window(server: Server, request_: LandingRequest) -> None:
    gone = "delete from res_currency_rate where id = 7"
    (batch,) = land(next_night(replace(request_, load_id=LOAD_NOW), server, gone))
    assert (batch.manifest.rows, batch.manifest.source_rows) == (1, 34)
    assert batch.manifest.cursor_from is not None
    assert len(merged_rates(request_.home, batch)) == 34


@pytest.mark.parametrize("stamp", ["10000-01-01 00:00:00", "0001-01-01 00:10:00"])
def test_a_watermark_that_no_calendar_has_reads_everything(
    request_: LandingRequest, stamp: str
) -> None:
    position = Position(LOAD, stamp, schema_hash(RATES), rows=35)
    known = {("erp", RATES.name): position}
    (batch,) = land(replace(request_, load_id=LOAD + 1, positions=known))
    assert (batch.manifest.rows, batch.manifest.problems) == (35, ())


def test_a_read_goes_on_whatever_way_the_server_writes_dates(
    server: Server, request_: LandingRequest, losing: Callable[[int], None]
) -> None:
    server.execute("alter role all set datestyle = 'German'")
    try:
        losing(2)
        with pytest.raises(UnfinishedReadError):
            list(land(request_))
        losing(9)
        (batch,) = land(replace(request_, load_id=LOAD + 1))
    finally:
        server.execute("alter role all reset datestyle")
    assert batch.manifest.rows == 35


def test_rows_committed_after_their_window_has_passed_are_read(
    server: Server, request_: LandingRequest, caplog: pytest.LogCaptureFixture
) -> None:
    late = (
        "insert into res_currency_rate select i, date '2020-01-01' + i, i, 1, 1, "
        "timestamp '2020-01-01' from generate_series(98, 99) as i"
    )
    (batch,) = land(next_night(replace(request_, load_id=LOAD_NOW), server, late))
    assert (batch.manifest.rows, batch.manifest.cursor_from) == (37, None)
    assert "erp.res_currency_rate is read whole: 2 new or changed row(s) are older" in caplog.text
    assert merged_rates(request_.home, batch)[-1] == (99, Decimal(99))


def test_a_change_committed_after_its_window_has_passed_is_read(
    server: Server, request_: LandingRequest, caplog: pytest.LogCaptureFixture
) -> None:
    late = "update res_currency_rate set rate = 7, write_date = timestamp '2020-01-02' where id = 3"
    (batch,) = land(next_night(replace(request_, load_id=LOAD_NOW), server, late))
    assert "1 new or changed row(s) are older" in caplog.text
    assert merged_rates(request_.home, batch)[2] == (3, Decimal(7))


def test_a_backfill_reads_its_days_beside_the_window(
    server: Server, request_: LandingRequest
) -> None:
    unstamped = "update res_currency_rate set rate = 7 where id < 4"
    night = next_night(replace(request_, load_id=LOAD_NOW), server, unstamped)
    again = ReadAgain(first_day=date(2020, 1, 1), last_day=date(2020, 1, 1))
    (batch,) = land(replace(night, again=again))
    assert batch.manifest.cursor_from is not None
    watermark = night.positions["erp", RATES.name].cursor_to
    assert watermark is not None and str(batch.manifest.cursor_to) >= watermark
    assert [rate for _, rate in merged_rates(request_.home, batch)[:4]] == [
        7,
        7,
        7,
        4 + Decimal("1e-8"),
    ]


def test_other_days_than_those_asked_for_are_left_alone(
    server: Server, request_: LandingRequest
) -> None:
    night = next_night(replace(request_, load_id=LOAD_NOW), server)
    (batch,) = land(replace(night, again=ReadAgain(first_day=date(2020, 1, 2))))
    assert batch.manifest.rows == 1


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ("add column company_registry text default 'R'", {"R"}),
        ("drop column fiscalyear_last_month", {None}),
    ],
)
def test_an_optional_column_that_comes_or_goes_is_read_for_every_row(
    server: Server,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    after: set[str | None],
) -> None:
    monkeypatch.setattr("ingestion.extract.tables_of", lambda _: (COMPANIES,))
    server.execute(
        "drop table if exists res_company",
        "create table res_company (id int primary key, name text, partner_id int, "
        "currency_id int, fiscalyear_last_month text, create_date timestamp, write_date timestamp)",
        "insert into res_company select i, 'C', 1, 1, '12', timestamp '2020-01-01', "
        "timestamp '2020-01-01' + i * interval '1 day' from generate_series(1, 3) as i",
    )
    request = LandingRequest(home, "erp", server.source(), LOAD, "run", positions={})
    (first,) = land(request)
    merge(home, a_run(LOAD), [decide(home, first, accepted=True, checks=())], lambda *_: [])
    request = replace(request, load_id=LOAD + 1, positions=positions(home))
    server.execute(f"alter table res_company {change}")
    (second,) = land(request)
    assert (second.manifest.rows, second.manifest.cursor_from) == (3, None)
    column = change.split()[2]
    found = connect().execute(f"select {column} from '{second.folder}/rows.parquet'").fetchall()
    assert {value for (value,) in found} == after


@pytest.mark.parametrize(
    "changed",
    [
        {"key": ("id", "name")},
        {"cursor": None},
        {"where": "id > 0"},
        {"relation": "rates"},
        {"columns": (replace(RATES.columns[0], empty=("0",)), *RATES.columns[1:])},
        {"columns": (replace(RATES.columns[0], optional=True), *RATES.columns[1:])},
        {"columns": (replace(RATES.columns[0], alternatives=(("a", "b"),)), *RATES.columns[1:])},
    ],
)
def test_a_table_that_is_declared_otherwise_is_another_one(changed: dict[str, Any]) -> None:
    assert schema_hash(replace(RATES, **changed)) != schema_hash(RATES)


def test_a_table_that_is_only_described_otherwise_is_the_same() -> None:
    assert schema_hash(replace(RATES, description="Rates.")) == schema_hash(RATES)


def test_a_table_whose_last_batch_is_gone_is_read_whole(
    server: Server, request_: LandingRequest
) -> None:
    again = next_night(replace(request_, load_id=LOAD_NOW), server)
    shutil.rmtree(request_.home.landing)
    (batch,) = land(again)
    assert (batch.manifest.rows, batch.manifest.cursor_from) == (35, None)


def test_a_load_that_was_merged_is_never_read_again(request_: LandingRequest) -> None:
    merged = {("erp", RATES.name): Position(LOAD, None, "", 35)}
    with pytest.raises(WarehouseError, match="Start a new run"):
        list(land(replace(request_, positions=merged)))
    assert not batches(request_.home.landing)
