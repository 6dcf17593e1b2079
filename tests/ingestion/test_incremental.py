"""Whatever a source goes through and whatever befalls a night: raw holds what the source holds.

Random histories of one table, driven by hypothesis: rows are added, changed, deleted, brought back
and given another key, with stamps of now, of long ago (committed late), of the watermark itself, of
the future (a clock that is wrong) or none. Nights go well, are lost before or after their batches
were landed, are merged twice, or read some days again. After each that was merged, raw equals what
one whole read gives, and so do the landing zone's replay and the ledger in the end.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from data_quality.reconciliation import reconcile
from ingestion.config import MariadbSource, PostgresSource, RestSource, Source, SqliteSource
from ingestion.declarations import System, system
from ingestion.engine import connect, quoted_text
from ingestion.errors import WarehouseError
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import Batch, CheckResult, decide
from ingestion.ledger import merge, positions
from ingestion.read_again import ReadAgain
from ingestion.replay import replay
from tests.fuzzing import CASES
from tests.ingestion.batches import a_run
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.postgres_server import Server
from tests.ingestion.rest_server import SECRET, Record, Salesforce, SObject, serving

RATES = system("odoo").table("res_currency_rate")
FIRST_NIGHT = datetime(2026, 1, 1, 2)  # noqa: DTZ001  sources stamp without a zone
KEYS = st.integers(1, 6)
AMOUNTS = st.integers(1, 99)
STAMPS = ("now", "now", "long ago", "watermark", "future", "none")

Row = tuple[int, Decimal, datetime | None]
"""Key, amount, and when it changed."""


class Place(ABC):
    """A database with the one table, whose content a test decides."""

    may_lack_stamps = True

    @property
    @abstractmethod
    def source(self) -> Source:
        """How it is read."""

    @abstractmethod
    def hold(self, rows: Sequence[Row]) -> None:
        """Hold these rows and no others."""


class Sqlite(Place):
    def __init__(self, folder: Path) -> None:
        self.path = folder / "erp.sqlite"
        with sqlite3.connect(self.path) as database:
            database.execute(
                "create table res_currency_rate (id integer, name date, rate numeric, "
                "currency_id integer, company_id integer, write_date timestamp)"
            )

    @property
    def source(self) -> Source:
        return SqliteSource.model_validate(
            {"system": "odoo", "transport": "sqlite", "path": self.path}
        )

    def hold(self, rows: Sequence[Row]) -> None:
        with sqlite3.connect(self.path) as database:
            database.execute("delete from res_currency_rate")
            database.executemany(
                "insert into res_currency_rate values (?, '2026-01-01', ?, 1, 1, ?)",
                [(key, str(rate), stamp and stamp.isoformat(" ")) for key, rate, stamp in rows],
            )


class OnServer(Place):
    def __init__(self, server: Server | MariadbServer, instant: str) -> None:
        self.server = server
        server.execute(
            "drop table if exists res_currency_rate",
            "create table res_currency_rate (id int primary key, name date, rate numeric(18, 4), "
            f"currency_id int, company_id int, write_date {instant})",
        )

    @property
    def source(self) -> PostgresSource | MariadbSource:
        return self.server.source()

    def hold(self, rows: Sequence[Row]) -> None:
        values = ", ".join(
            f"({key}, '2026-01-01', {rate}, 1, 1, {quoted_text(str(stamp)) if stamp else 'null'})"
            for key, rate, stamp in rows
        )
        added = [f"insert into res_currency_rate values {values}"] if rows else []
        self.server.execute("delete from res_currency_rate", *added)


class Rest(Place):
    """An API that keeps some deleted rows, marked, and forgets others for good."""

    may_lack_stamps = False

    def __init__(self, org: Salesforce) -> None:
        self.org = org
        self.records: dict[int, Record] = {}

    @property
    def source(self) -> RestSource:
        return self.org.source()

    def hold(self, rows: Sequence[Row]) -> None:
        held = {
            key: {"id": key, "name": date(2026, 1, 1), "rate": rate, "write_date": stamp}
            for key, rate, stamp in rows
        }
        marked = {key: {**record, "IsDeleted": True} for key, record in self.records.items()}
        self.records = {**{key: record for key, record in marked.items() if key % 2}, **held}
        self.org.objects = [SObject.of(RATES, "res_currency_rate", [*self.records.values()])]


class History(RuleBasedStateMachine):
    """One source, its nights, and a second installation that only ever reads it whole."""

    def __init__(self, place: Place, folder: Path) -> None:
        super().__init__()
        self.place = place
        self.home, self.whole = Home(folder / "home"), Home(folder / "whole")
        self.rows: dict[int, tuple[Decimal, datetime | None]] = {}
        self.stamps_of: dict[int, set[datetime | None]] = {}
        self.nights = 0
        self.is_loaded = False
        """Nothing has changed since the last night that was merged."""

    @initialize(amounts=st.lists(AMOUNTS, min_size=1, max_size=6))
    def begin(self, amounts: list[int]) -> None:
        for key, amount in enumerate(amounts, start=1):
            self.write(key, amount, "now")
        self.merge_a_night()

    @rule(key=KEYS, amount=AMOUNTS, stamp=st.sampled_from(STAMPS))
    def write(self, key: int, amount: int, stamp: str) -> None:
        """Add a row, change it, or bring it back after it was deleted."""
        self.rows[key] = (Decimal(amount), self._stamp(key, stamp))
        self.is_loaded = False

    @rule(key=KEYS)
    def delete(self, key: int) -> None:
        self.is_loaded = self.is_loaded and key not in self.rows
        self.rows.pop(key, None)

    @rule(key=KEYS, other=KEYS, stamp=st.sampled_from(STAMPS))
    def give_another_key(self, key: int, other: int, stamp: str) -> None:
        if key in self.rows:
            amount, _ = self.rows.pop(key)
            self.write(other, int(amount), stamp)

    @rule()
    def merge_a_night(self) -> None:
        self._night()

    @rule(first=st.integers(-40, 0), days=st.integers(0, 40), is_named=st.booleans())
    def read_some_days_again(self, first: int, days: int, is_named: bool) -> None:
        day = (FIRST_NIGHT + timedelta(days=first)).date()
        names = ("erp.res_currency_rate",) if is_named else ()
        self._night(ReadAgain(names=names, first_day=day, last_day=day + timedelta(days=days)))

    @rule()
    def read_everything_again(self) -> None:
        self._night(ReadAgain())

    @rule(is_accepted=st.booleans())
    def lose_a_night(self, is_accepted: bool) -> None:
        """It dies before anything is merged, or its batch is refused."""
        self._land(accepted=is_accepted)

    @precondition(lambda self: self.nights > 1)
    @rule()
    def merge_a_night_twice(self) -> None:
        batch = self._land()
        for _ in range(2):
            self._merge(batch)
        self.is_loaded = True

    @rule()
    def merge_two_nights_in_the_wrong_order(self) -> None:
        early, late = self._land(), self._land()
        self._merge(late)
        with pytest.raises(WarehouseError, match="is newer and merged"):
            self._merge(early)
        self.is_loaded = True

    @invariant()
    def raw_is_what_the_source_holds(self) -> None:
        if self.is_loaded:
            expected = sorted((key, *row) for key, row in self.rows.items())
            assert current(self.home) == expected

    def teardown(self) -> None:
        """One whole read, and the landing zone alone, give the same."""
        if not self.nights:
            return
        self._night()
        self._merge(self._land(home=self.whole), self.whole)
        assert current(self.home) == current(self.whole)
        again = Home(self.home.root / "again")
        assert replay(self.home, again).different == ()
        assert versions(again) == versions(self.home)

    @property
    def _tonight(self) -> datetime:
        return FIRST_NIGHT + timedelta(days=self.nights)

    def _stamp(self, key: int, kind: str) -> datetime | None:
        """A stamp that the row never had: a change that leaves it as it was cannot be seen."""
        if kind == "none" and not self.place.may_lack_stamps:
            kind = "now"
        watermark = max((at for _, at in self.rows.values() if at), default=FIRST_NIGHT)
        stamp: datetime | None = {
            "now": self._tonight - timedelta(hours=5),
            "long ago": FIRST_NIGHT - timedelta(days=30),
            "watermark": min(watermark, self._tonight),
            "future": self._tonight + timedelta(days=3),
            "none": None,
        }[kind]
        known = self.stamps_of.setdefault(key, set())
        while stamp and stamp in known:
            stamp += timedelta(microseconds=1)
        known.add(stamp)
        return stamp

    def _night(self, again: ReadAgain | None = None) -> None:
        self._merge(self._land(again))
        self.is_loaded = True

    def _land(
        self, again: ReadAgain | None = None, *, home: Home | None = None, accepted: bool = True
    ) -> Batch:
        home = home or self.home
        self.nights += 1
        load_id = int(f"{self._tonight:%Y%m%d%H%M%S}000")
        self.place.hold([(key, *row) for key, row in self.rows.items()])
        request = LandingRequest(
            home, "erp", self.place.source, load_id, f"run-{load_id}", positions(home), again
        )
        (batch,) = land(request)
        return decide(home, batch, accepted=accepted, checks=())

    def _merge(self, batch: Batch, home: Home | None = None) -> None:
        def gate(
            connection: duckdb.DuckDBPyConnection, merged: list[Batch]
        ) -> list[tuple[str, CheckResult]]:
            assert not [r for r in reconcile(connection, merged) if r.rows_failed]
            return []

        load_id = batch.manifest.load_id
        run = a_run(load_id, as_of=date(2026, 1, 1))
        merge(home or self.home, run, [batch], gate)


def current(home: Home) -> list[tuple[object, ...]]:
    return _asked(
        home,
        "select id, rate, write_date from raw.odoo__res_currency_rate "
        "where _to_load is null order by all",
    )


def versions(home: Home) -> list[tuple[object, ...]]:
    return _asked(home, "from raw.odoo__res_currency_rate order by all")


def _asked(home: Home, query: str) -> list[tuple[object, ...]]:
    with connect(home.warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(autouse=True)
def one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the one table is declared: a warehouse of all of them would take longer to make."""
    declared = {"odoo": System("odoo", "", (RATES,))}
    monkeypatch.setattr("ingestion.ledger.systems", lambda: declared)
    monkeypatch.setattr("ingestion.declarations.systems", lambda: declared)
    monkeypatch.setattr("ingestion.extract.tables_of", lambda _: (RATES,))


def live(history: Callable[[], History], many: int) -> None:
    run_state_machine_as_test(
        history,  # type: ignore[arg-type]  # its documentation takes functions as well as classes
        settings=settings(
            max_examples=int(os.environ.get(CASES) or many),
            stateful_step_count=15,
            deadline=None,
            derandomize=CASES not in os.environ,
            suppress_health_check=list(HealthCheck),
            # A night takes tenths of a second: fifteen steps are sooner read than shortened.
            phases=[Phase.generate],
        ),
    )


@pytest.mark.fuzz
def test_sqlite(tmp_path: Path) -> None:
    def history() -> History:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return History(Sqlite(folder), folder)

    live(history, 4)


@pytest.mark.fuzz
def test_postgres(tmp_path: Path, server: Server) -> None:
    def history() -> History:
        place = OnServer(server, "timestamp")
        return History(place, Path(tempfile.mkdtemp(dir=tmp_path)))

    live(history, 1)


@pytest.mark.fuzz
def test_mariadb(tmp_path: Path, mariadb: MariadbServer) -> None:
    def history() -> History:
        place = OnServer(mariadb, "datetime(6)")
        return History(place, Path(tempfile.mkdtemp(dir=tmp_path)))

    live(history, 1)


@pytest.mark.fuzz
def test_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_SECRET", SECRET)
    with serving(Salesforce([], page_rows=3)) as org:

        def history() -> History:
            return History(Rest(org), Path(tempfile.mkdtemp(dir=tmp_path)))

        live(history, 1)


def test_a_row_that_cannot_be_read_does_not_make_its_table_be_read_whole(tmp_path: Path) -> None:
    history = History(Sqlite(tmp_path), tmp_path)
    history.begin([1, 2])
    with sqlite3.connect(tmp_path / "erp.sqlite") as database:
        database.execute(
            "insert into res_currency_rate values (9, '2026-01-01', 'x', 1, 1, '2026-01-01')"
        )
    load_id = int(f"{FIRST_NIGHT + timedelta(days=9):%Y%m%d%H%M%S}000")
    known = positions(history.home)
    source = history.place.source
    (batch,) = land(LandingRequest(history.home, "erp", source, load_id, "run", known))
    assert (batch.manifest.rejected_rows, batch.manifest.cursor_from is None) == (1, False)
