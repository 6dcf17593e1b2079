"""First reads in parts: the same rows as one read, whatever happens in between."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.declarations import Column, Table
from ingestion.engine import connect, quoted_text
from ingestion.errors import SourceError, UnfinishedReadError
from ingestion.home import PROJECT
from ingestion.landing import batches
from ingestion.transports.base import Extraction, Window
from ingestion.transports.parts import PROGRESS, KeyRanges, Parts, Progress
from ingestion.transports.postgres import PostgresTransport
from tests.ingestion.postgres_server import Server

N = 10
ID = Column("id", "bigint")
AMOUNT = Column("amount", "decimal(18,4)")
WRITTEN = Column("write_date", "timestamp")

LONG_AGO = "timestamp '2020-01-01'"
NOW = "now() at time zone 'UTC'"

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Place:
    """A table at the source and where it lands."""

    server: Server
    root: Path
    table: Table

    @property
    def parts(self) -> Path:
        return self.root / "erp" / self.table.name / "parts"

    def read(
        self, load: int = 1, window: Window | None = None, part_rows: int = N
    ) -> tuple[Extraction, Rows, Rows]:
        """What was read, its rows and the source's keys."""
        into = self.root / "erp" / self.table.name / f"{load}.partial"
        into.mkdir(parents=True, exist_ok=True)
        with PostgresTransport(self.server.source(part_rows=part_rows)).session() as session:
            extraction = session.extract(self.table, window or Window(), into)
        return extraction, content(into / "rows.parquet"), content(into / "keys.parquet")

    def held(self) -> Rows:
        """The rows that the source holds now, by one read."""
        other = replace(self, root=self.root / "whole")
        return other.read(part_rows=1_000_000)[1]

    def progress(self) -> Progress:
        return Progress.model_validate_json((self.parts / PROGRESS).read_text("utf-8"))


def content(path: Path) -> Rows:
    return connect().execute(f"select * from read_parquet('{path}') order by all").fetchall()


def orders(rows: int) -> str:
    return (
        f"insert into orders select i, 0.01 + i::numeric * 1000000, {LONG_AGO} "
        f"from generate_series(1, {rows}) as i"
    )


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Place:
    """A table of three parts and a half."""
    server.execute(
        "drop table if exists orders",
        "create table orders (id int primary key, amount numeric, write_date timestamp)",
        orders(35),
    )
    table = Table("odoo", "orders", "", (ID, AMOUNT, WRITTEN), ("id",), cursor="write_date")
    return Place(server, tmp_path, table)


@pytest.fixture
def interrupted(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Reads two parts, then loses the source."""

    def interrupt(load: int = 1, window: Window | None = None) -> None:
        keep = Parts.keep

        def keep_two(parts: Parts, read: Callable[[Path], int], next_key: tuple[str, ...]) -> None:
            if parts.progress.parts == 2:
                raise SourceError("the connection is lost")
            keep(parts, read, next_key)

        with monkeypatch.context() as patched:
            patched.setattr(Parts, "keep", keep_two)
            with pytest.raises(UnfinishedReadError, match=r"20 rows are kept.*goes on after them"):
                place.read(load, window)

    return interrupt


@pytest.mark.parametrize(
    ("rows", "parts"),
    [(0, 0), (1, 0), (N - 1, 0), (N, 0), (N + 1, 1), (2 * N, 1), (2 * N + 1, 2)],
)
def test_parts_give_the_same_as_one_read(place: Place, rows: int, parts: int) -> None:
    place.server.execute("truncate orders", orders(rows))
    extraction, read, keys = place.read()
    assert (extraction.rows, extraction.source_rows) == (rows, rows)
    assert read == place.held()
    assert [key for key, _ in keys] == list(range(1, rows + 1))
    assert place.parts.exists() == bool(parts)
    assert len(list(place.parts.glob("part_*.parquet"))) == parts


def test_amounts_are_exact_to_the_cent(place: Place) -> None:
    extraction, read, _ = place.read()
    total = sum(Decimal(str(row[1])) for row in read)
    assert total == Decimal("630000000.35")
    assert Decimal(extraction.totals["amount"]) == total
    assert extraction.cursor_to == "2020-01-01 00:00:00"


def test_a_key_of_several_columns_is_followed_in_the_order_of_its_index(
    server: Server, tmp_path: Path
) -> None:
    server.execute(
        'create table prices (line int, "List" text, write_date timestamp, '
        'primary key ("List", line))',
        f"insert into prices select i % 7 - 3, 'l' || i % 6, {LONG_AGO} "
        "from generate_series(1, 42) as i",
    )
    columns = (Column("line", "bigint"), Column("List", "string"), WRITTEN)
    table = Table("odoo", "prices", "", columns, ("line", "List"), cursor="write_date")
    place = Place(server, tmp_path, table)
    _, read, _ = place.read()
    assert len(read) == 42
    assert read == place.held()
    assert place.progress().next_key == ("l5", "2")


def test_text_keys_follow_the_order_of_the_source(server: Server, tmp_path: Path) -> None:
    server.execute(
        "create table codes (code text primary key, write_date timestamp)",
        f"insert into codes select c, {LONG_AGO} from unnest(array['', 'a', 'A', 'é', 'z', '10', "
        "'9', 'o''hara', 'O\"Hara', 'a b', 'a\\b', '%']) as c",
    )
    table = Table(
        "odoo", "codes", "", (Column("code", "string"), WRITTEN), ("code",), cursor="write_date"
    )
    place = Place(server, tmp_path, table)
    _, read, _ = place.read(part_rows=1)
    assert len(read) == 12
    assert read == place.held()
    assert place.progress().parts == 11


def test_rows_that_nobody_needs_are_in_no_part(place: Place) -> None:
    needed = replace(place, table=replace(place.table, where="id > 15 or id = 3"))
    extraction, read, _ = needed.read()
    assert [row[0] for row in read] == [3, *range(16, 36)]
    assert extraction.source_rows == 21


def test_a_range_of_keys_is_found_through_the_index(server: Server) -> None:
    server.execute(
        "create table indexed (a bigint, b text, filler text, primary key (a, b))",
        "insert into indexed select i, 'k', repeat('x', 200) from generate_series(1, 20000) as i",
        "analyze indexed",
        "create function explained(query text) returns setof text language plpgsql "
        "as 'begin return query execute ''explain '' || query; end'",
    )
    ranges = KeyRanges("indexed", ("a", "b"), about=0, now="")
    beyond = ranges.first_key_after(("500", "k"), 100)
    between = " and ".join(ranges.between(("500", "k"), ("600", "k")))
    for query in (beyond, f"select * from indexed where {between}"):
        answer = server.ask(f"select * from explained({quoted_text(query)}) as plan")
        plan = "\n".join(str(row[0]) for row in answer)
        assert "Index Cond: " in plan
        assert "Sort" not in plan
        assert "Seq Scan" not in plan


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("alter table orders drop constraint orders_pkey", id="no primary key"),
        pytest.param(
            "alter table orders drop constraint orders_pkey, add primary key (id, amount)",
            id="another primary key",
        ),
    ],
)
def test_a_table_whose_key_may_be_empty_or_slow_is_read_whole(place: Place, change: str) -> None:
    place.server.execute(change)
    _, read, _ = place.read()
    assert len(read) == 35
    assert not place.parts.exists()


def test_a_table_without_a_cursor_is_read_whole(place: Place) -> None:
    uncertain = replace(place, table=replace(place.table, cursor=None))
    assert uncertain.read()[0].rows == 35
    assert not place.parts.exists()


def test_progress_is_told_part_by_part(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.server.execute("analyze orders")
    with caplog.at_level(logging.INFO, "adv.extract"):
        place.read()
    assert caplog.messages == [
        "erp.orders: 10 of about 35 rows",
        "erp.orders: 20 of about 35 rows",
        "erp.orders: 30 of about 35 rows",
    ]


def test_an_interrupted_read_goes_on_after_the_last_whole_part(
    place: Place, interrupted: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(load=1)
    first = (place.parts / "part_00001.parquet").stat().st_mtime_ns
    with caplog.at_level(logging.INFO, "adv.extract"):
        extraction, read, _ = place.read(load=2)
    assert caplog.messages[0] == "erp.orders: goes on after 20 rows read earlier"
    assert (place.parts / "part_00001.parquet").stat().st_mtime_ns == first
    assert read == place.held()
    assert (extraction.rows, extraction.source_rows) == (35, 35)


def test_rows_inserted_changed_and_deleted_in_between_are_right(
    place: Place, interrupted: Callable[..., None]
) -> None:
    place.server.execute("delete from orders where id in (4, 14)")
    interrupted()
    place.server.execute(
        f"insert into orders values (4, 4.04, {NOW}), (36, 36.36, {NOW})",
        f"update orders set amount = amount + 0.01, write_date = {NOW} where id in (5, 15, 30)",
        "delete from orders where id in (6, 16, 31)",
        f"update orders set id = 7000, write_date = {NOW} where id = 7",
    )
    extraction, read, keys = place.read(load=2)
    assert read == place.held()
    assert [key for key, *_ in keys] == [row[0] for row in read]
    assert Decimal(extraction.totals["amount"]) == sum(Decimal(str(row[1])) for row in read)


def test_a_change_that_was_committed_late_is_seen(
    place: Place, interrupted: Callable[..., None]
) -> None:
    interrupted()
    place.server.execute(
        f"update orders set amount = 5.55, write_date = {NOW} - interval '14 minutes' where id = 5"
    )
    assert place.read(load=2)[1] == place.held()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize(
    ("cursor_type", "stamp"),
    [
        pytest.param("timestamp", NOW, id="stamps in UTC"),
        pytest.param("timestamp", "localtimestamp", id="stamps in local time"),
        pytest.param("timestamptz", "now()", id="stamps with their zone"),
    ],
)
def test_changes_are_seen_whatever_the_time_zone_of_the_source(
    place: Place, interrupted: Callable[..., None], zone: str, cursor_type: str, stamp: str
) -> None:
    place.server.execute(
        f"alter table orders alter column write_date type {cursor_type}",
        f"alter role postgres set timezone = '{zone}'",
    )
    try:
        interrupted()
        place.server.execute(f"update orders set amount = 5.55, write_date = {stamp} where id = 5")
        assert place.read(load=2)[1] == place.held()
    finally:
        place.server.execute("alter role postgres reset timezone")


def test_a_change_between_the_second_and_the_third_attempt_is_seen(
    place: Place, interrupted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(load=1)
    place.server.execute(f"update orders set amount = 1, write_date = {NOW} where id = 1")

    def lost(*_: object) -> None:
        raise SourceError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr("ingestion.transports.postgres.PostgresSession._put_together", lost)
        with pytest.raises(UnfinishedReadError, match="30 rows are kept"):
            place.read(load=2)
    place.server.execute(f"update orders set amount = 25, write_date = {NOW} where id = 25")
    _, read, _ = place.read(load=3)
    assert read == place.held()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            "update orders set amount = amount + 0.01 where id = 5",
            r"amount: 630000000.3500 read, 630000000.3600 at the source",
            id="an amount",
        ),
        pytest.param(
            f"update orders set id = 0 where id = 5; insert into orders values (-1, 0, {LONG_AGO})",
            r"rows: 34 read, 36 at the source",
            id="a key",
        ),
    ],
)
def test_a_change_that_the_cursor_does_not_show_starts_the_read_afresh(
    place: Place, interrupted: Callable[..., None], change: str, words: str
) -> None:
    interrupted()
    place.server.execute(*change.split("; "))
    with pytest.raises(UnfinishedReadError, match=words) as caught:
        place.read(load=2)
    assert "the next attempt starts afresh" in str(caught.value)
    assert not place.parts.exists()
    _, read, _ = place.read(load=2)
    assert read == place.held()


def test_a_lost_connection_is_an_unfinished_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Parts.keep

    def keep_and_lose(parts: Parts, read: Callable[[Path], int], key: tuple[str, ...]) -> None:
        keep(parts, read, key)
        place.server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and state = 'idle in transaction'"
        )

    with monkeypatch.context() as patched:
        patched.setattr(Parts, "keep", keep_and_lose)
        with pytest.raises(UnfinishedReadError, match="10 rows are kept"):
            place.read()
    assert place.read(load=2)[1] == place.held()


def test_an_attempt_that_gets_no_further_is_a_plain_failure(
    place: Place, interrupted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted()

    def lost(*_: object) -> None:
        raise SourceError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(Parts, "keep", lost)
        with pytest.raises(SourceError) as caught:
            place.read(load=2)
    assert not isinstance(caught.value, UnfinishedReadError)
    assert place.progress().parts == 2


KILLED = """
import sys
from pathlib import Path
from ingestion.config import PostgresSource
from ingestion.transports.base import Window
from ingestion.transports.postgres import PostgresTransport
from tests.ingestion.transports.test_parts import SLOW

source = PostgresSource(system="odoo", transport="postgres", embedded=sys.argv[1], part_rows=10)
into = Path(sys.argv[2])
into.mkdir(parents=True)
with PostgresTransport(source).session() as session:
    session.extract(SLOW, Window(), into)
"""
_SLEEP = "pg_sleep((select seconds from pace where id > 20))::text"
SLOW = Table(
    "odoo",
    "slow_orders",
    "",
    (ID, AMOUNT, WRITTEN, Column("slept", "string", alternatives=(("id", _SLEEP),))),
    ("id",),
    cursor="write_date",
)
"""A table whose third part takes for ever while `pace` says so."""


def test_a_killed_process_leaves_whole_parts_to_go_on_from(server: Server, tmp_path: Path) -> None:
    server.execute(
        "create table pace (seconds int)",
        "insert into pace values (600)",
        "create table slow_orders (id int primary key, amount numeric, write_date timestamp)",
        f"insert into slow_orders select i, i + 0.01, {LONG_AGO} from generate_series(1, 35) as i",
    )
    place = Place(server, tmp_path, SLOW)
    into = tmp_path / "erp" / "slow_orders" / "0.partial"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(server.data), str(into)], cwd=PROJECT
    )
    try:
        deadline = time.monotonic() + 60
        while len(list(place.parts.glob("part_*.parquet"))) < 2 or place.progress().parts < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    server.execute(
        "update pace set seconds = 0",
        f"update slow_orders set amount = 5.55, write_date = {NOW} where id = 5",
        "delete from slow_orders where id = 6",
    )
    extraction, read, _ = place.read()
    assert (place.progress().parts, extraction.rows) == (3, 34)
    assert read == place.held()
    assert not list(place.parts.glob("*.tmp"))


def test_another_declaration_discards_the_parts_and_is_told(
    place: Place, interrupted: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    interrupted()
    place.server.execute("alter table orders add column note text default 'n'")
    noted = replace(place.table, columns=(*place.table.columns, Column("note", "string")))
    changed = replace(place, table=noted)
    _, read, _ = changed.read(load=2)
    assert "thrown away: the declaration of the table has changed" in caplog.text
    assert read == changed.held()


def test_another_condition_discards_the_parts(
    place: Place, interrupted: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    interrupted()
    other = replace(place, table=replace(place.table, where="id <> 3"))
    assert other.read(load=2)[0].rows == 34
    assert "thrown away: the declaration of the table has changed" in caplog.text


@pytest.mark.parametrize(
    ("file", "left"),
    [("progress.json", "{"), ("part_00002.parquet", "PAR1"), ("part_00001.parquet", None)],
)
def test_damaged_parts_are_discarded(
    place: Place, interrupted: Callable[..., None], file: str, left: str | None
) -> None:
    interrupted()
    (place.parts / file).unlink()
    if left is not None:
        (place.parts / file).write_text(left)
    _, read, _ = place.read(load=2)
    assert read == place.held()


def test_a_full_refresh_uses_no_parts_of_another_load(
    place: Place, interrupted: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(load=1)
    place.server.execute("update orders set amount = 5.55 where id = 5")
    _, read, _ = place.read(load=2, window=Window(full_refresh=2))
    assert "thrown away: another database, query or full refresh" in caplog.text
    assert read == place.held()


def test_a_full_refresh_that_is_tried_again_goes_on(
    place: Place, interrupted: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    again = Window(full_refresh=2)
    interrupted(load=2, window=again)
    with caplog.at_level(logging.INFO, "adv.extract"):
        _, read, _ = place.read(load=2, window=again)
    assert caplog.messages[0] == "erp.orders: goes on after 20 rows read earlier"
    assert read == place.held()


def test_parts_are_no_batch(place: Place, interrupted: Callable[..., None]) -> None:
    interrupted()
    assert batches(place.root) == []
