"""What is older than the horizon is one version of each row, in landing and raw alike."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_quality.reconciliation import reconcile
from data_quality.set_apart import set_apart
from ingestion import horizon as horizon_module
from ingestion.config import Limits
from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.errors import ConfigurationError, WarehouseError
from ingestion.home import Home
from ingestion.horizon import Horizon, horizon, shorten, shorten_when_due
from ingestion.landing import CheckResult, decide, read_batch
from ingestion.ledger import merge, positions, prepare_warehouse
from ingestion.replay import replay
from orchestration.rebuild import rebuild_marts
from tests.fuzzing import CASES, fuzz, fuzzed
from tests.ingestion.batches import LOAD, a_run, a_shop, know, landed, write_rows
from tests.ingestion.test_replay import everything

PEOPLE = Table(
    system="shop",
    name="people",
    description="Customers.",
    columns=(Column("id", "bigint"), Column("name", "string")),
    key=("id",),
)
APART = replace(PEOPLE, columns=(*PEOPLE.columns, Column("_reason", "string")))
"""How its rows lie apart."""
UNREADABLE = replace(
    PEOPLE,
    columns=tuple(
        Column(name, "bigint" if name == "line" else "string")
        for name in ("file", "line", "code", "key", "row")
    ),
)
RULE = CheckResult(rule="a rule", severity="row", passed=True, rows_checked=2, rows_failed=0)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Night:
    """What one source holds and gives in one night, and what becomes of it."""

    held: dict[int, str]
    read: set[int] | None = None
    """The keys whose rows lie in the window; all of them when none are said."""
    apart: set[int] = field(default_factory=set)
    """The keys of rows that break a rule."""
    fate: Literal["merged", "lost", "refused"] = "merged"


Nights = Sequence[dict[str, Night]]


@pytest.fixture(autouse=True, scope="module")
def shop() -> Iterator[None]:
    with a_shop(PEOPLE):
        yield


def live(home: Home, nights: Nights, first: int = 0) -> Home:
    """Land and merge the nights, from the one of that number on."""
    for number, by_source in enumerate(nights, start=first):
        load = LOAD + number
        merged = []
        for source_id, night in by_source.items():
            rows = {
                key: {"id": key, "name": name}
                for key, name in night.held.items()
                if night.read is None or key in night.read
            }
            keys = [{"id": key} for key in night.held]
            batch = landed(
                home,
                list(rows.values()),
                keys=keys,
                table=PEOPLE,
                load_id=load,
                source_id=source_id,
            )
            if apart := [rows[key] for key in sorted(night.apart & rows.keys())]:
                told = [{**row, "_reason": "a rule"} for row in apart]
                write_rows(batch.folder / "quarantined.parquet", APART, told)
            batch = decide(
                home,
                batch,
                accepted=night.fate != "refused",
                checks=(RULE,),
                quarantined_rows=len(apart),
            )
            if night.fate == "merged":
                merged.append(batch)
        merge(home, a_run(load), merged, lambda _c, _b: [("shop", RULE)])
    return home


def a_copy(home: Home, name: str) -> Home:
    shutil.copytree(home.root, home.root.with_name(name))
    return Home(home.root.with_name(name))


def replayed(home: Home) -> Home:
    into = Home(home.root / "rebuild")
    shutil.rmtree(into.root, ignore_errors=True)
    replay(home, into)
    return into


def versions(home: Home) -> list[Row]:
    with connect(home.warehouse, read_only=True) as connection:
        return connection.execute(
            "select source_id, id, name, _row_hash, _from_load, _to_load, _deleted "
            "from raw.shop__people order by all"
        ).fetchall()


def last_loads(home: Home, load: int) -> dict[str, int]:
    """The last load of each source up to one, by the ledger."""
    with connect(home.warehouse, read_only=True) as connection:
        query = "select source_id, max(load_id) from control.loads where load_id <= ? group by all"
        return dict(connection.execute(query, [load]).fetchall())


def as_hidden(rows: Sequence[Row], last: dict[str, int], load: int) -> list[Row]:
    """What is left of the versions when those that were over by a load are forgotten."""
    return sorted(
        (*row[:4], max(row[4], last.get(row[0], 0)), *row[5:])
        for row in rows
        if row[5] is None or row[5] > load
    )


def by_order(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=str)


KEYS = st.integers(1, 3)
A_NIGHT = st.builds(
    Night,
    held=st.dictionaries(KEYS, st.sampled_from(["Anna", "Bruno"])),
    read=st.none() | st.sets(KEYS),
    apart=st.sets(KEYS, max_size=1),
    fate=st.sampled_from(["merged", "merged", "merged", "lost", "refused"]),
)
BY_SOURCE = st.fixed_dictionaries({"a": A_NIGHT}, optional={"b": A_NIGHT})


@fuzz
@fuzzed(4)
@given(st.lists(BY_SOURCE, min_size=2, max_size=4), BY_SOURCE, st.integers(0, 3), st.integers(0, 4))
def test_nothing_but_what_was_over_is_forgotten(
    before: Nights, after: dict[str, Night], first: int, second: int
) -> None:
    with TemporaryDirectory() as folder:
        whole = live(Home(Path(folder) / "whole"), before)
        short = a_copy(whole, "short")
        assert_hidden(short, whole, shorten(short, LOAD + first))
        for home in (whole, short):
            live(home, [after], first=len(before))
        assert_hidden(short, whole, horizon(short))
        assert_hidden(short, whole, shorten(short, LOAD + second))


def assert_hidden(short: Home, whole: Home, reached: Horizon | None) -> None:
    """One holds what the other holds, but for what the horizon hides; so does its landing."""
    assert reached
    last = last_loads(whole, reached.load_id)
    hidden = as_hidden(versions(whole), last, reached.load_id)
    assert by_order(versions(short)) == by_order(hidden)
    assert everything(replayed(short)) == everything(short)


ANNA, BRUNO, CARLA = "Anna", "Bruno", "Carla"
LIFE: Nights = [
    {"a": Night({1: ANNA, 2: BRUNO, 4: ANNA}), "b": Night({1: ANNA})},
    {"a": Night({1: ANNA, 2: BRUNO, 3: CARLA, 4: CARLA}, read={2, 3, 4}, apart={3, 4})},
    {"a": Night({1: ANNA, 3: CARLA, 4: CARLA}, read=set()), "b": Night({}, fate="refused")},
    {"a": Night({}, fate="lost")},
    {"a": Night({1: BRUNO, 3: CARLA, 4: CARLA}, read={1}), "b": Night({1: CARLA})},
]
"""A row set apart for good and one of which raw has an older version, a delete, a refusal, a batch
that no run merged, a change."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return live(Home(tmp_path_factory.mktemp("life") / "home"), LIFE)


@pytest.fixture
def lived(life: Home, home: Home) -> Home:
    shutil.copytree(life.root, home.root)
    return home


def loads(home: Home, source_id: str) -> list[int]:
    """Which nights of a source the landing zone holds."""
    folder = home.landing / source_id / PEOPLE.name
    return sorted(int(batch.name) - LOAD for batch in folder.iterdir())


def test_batches_up_to_the_horizon_are_one_and_its_ledger_says_so(lived: Home) -> None:
    reached = shorten(lived, LOAD + 3)
    assert reached == Horizon(load_id=LOAD + 3, finished=True)
    assert (loads(lived, "a"), loads(lived, "b")) == ([2, 4], [0, 4])
    base = read_batch(lived.landing / "a" / "people" / str(LOAD + 2))
    assert base is not None
    assert [path.name for path in sorted(base.folder.iterdir())] == [
        "base.parquet",
        "keys.parquet",
        "manifest.json",
        "quarantined.parquet",
    ]
    with connect(lived.warehouse, read_only=True) as connection:
        assert connection.execute(
            "select source_id, load_id - ?, rows_added, rows_current from control.loads "
            "order by all",
            [LOAD],
        ).fetchall() == [
            ("a", 2, 2, 2),
            ("a", 4, 0, 2),
            ("b", 0, 1, 1),
            ("b", 4, 0, 1),
        ]


def test_a_row_set_apart_before_the_horizon_still_has_its_reason(lived: Home) -> None:
    """The source holds it and raw does not: the second gate asks why, every night."""
    shorten(lived, LOAD + 4)
    keys = [{"id": 1}, {"id": 3}, {"id": 4}]
    batch = landed(lived, [], keys=keys, table=PEOPLE, load_id=LOAD + 5, source_id="a")
    tonight = decide(lived, batch, accepted=True, checks=())

    def gate(connection: Any, merged: Any) -> list[tuple[str, CheckResult]]:
        results = reconcile(connection, merged, {"a": Limits()})
        assert results
        assert not [result.message for result in results if not result.passed]
        return []

    merge(lived, a_run(LOAD + 5), [tonight], gate)


def kept_out(home: Home) -> list[tuple[str, ...]]:
    """The keys of the rows that are told to be kept out, by table and rule."""
    return [rows.examples for rows in set_apart(home)]


@pytest.mark.parametrize("earlier", [[], [LOAD + 2]], ids=["at once", "in two steps"])
def test_a_row_is_told_to_be_kept_out_until_it_is_read_again(
    lived: Home, earlier: list[int]
) -> None:
    """Whether raw has an older version of it or not."""
    for load in (*earlier, LOAD + 4):
        assert kept_out(lived) == [("3", "4")]
        shorten(lived, load)
    assert kept_out(lived) == [("3", "4")]
    live(lived, [{"a": Night({1: BRUNO, 3: CARLA, 4: CARLA}, read={4})}], first=5)
    assert kept_out(lived) == [("3",)]
    shorten(lived, LOAD + 5)
    assert kept_out(lived) == [("3",)]


def test_a_row_that_could_not_be_read_lies_apart_until_it_can(lived: Home) -> None:
    batches = lived.landing / "a" / "people"
    for number, keys in ((1, ["1", "4", None]), (4, [None])):
        lines = [
            {"file": "people.csv", "line": 7, "code": "bad_date", "key": key, "row": "?"}
            for key in keys
        ]
        write_rows(batches / str(LOAD + number) / "rejected.parquet", UNREADABLE, lines)
    shorten(lived, LOAD + 4)
    with connect() as connection:
        file = batches / str(LOAD + 4) / "rejected.parquet"
        found = connection.execute(f"select key, row from read_parquet('{file}')").fetchall()
    assert found == [("4", "?"), (None, "?")]


def test_how_far_a_table_was_read_is_remembered(lived: Home) -> None:
    before = positions(lived)
    shorten(lived, LOAD + 4)
    assert positions(lived) == before


def test_a_table_that_nobody_declares_any_more_is_kept_whole(
    lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch)
    shorten(lived, LOAD + 4)
    know(monkeypatch, PEOPLE)
    assert loads(lived, "a") == [0, 1, 2, 3, 4]


def test_rows_read_under_an_earlier_declaration_keep_the_hash_that_raw_knows(
    lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wider = replace(PEOPLE, columns=(*PEOPLE.columns, Column("code", "string")))
    know(monkeypatch, wider)
    prepare_warehouse(lived)
    shorten(lived, LOAD + 4)
    assert versions(replayed(lived)) == versions(lived)


class KilledError(Exception):
    """Stands for the end of the process."""


def killed_at(step: int, call: Callable[[], object], within: str | None = None) -> bool:
    """Run a call until its module, or one function, comes to its n-th line; whether it did."""
    left = step

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != horizon_module.__file__:
            return None
        if event == "line" and within in (None, frame.f_code.co_name):
            left -= 1
            if left == 0:
                raise KilledError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KilledError:
        return True
    finally:
        sys.settrace(before)
    return False


EVERY = 400 // int(os.environ.get(CASES) or 6) or 1
"""Lines from one kill to the next."""


@fuzz
def test_a_kill_at_any_line_loses_nothing_and_the_next_call_finishes(lived: Home) -> None:
    there = a_copy(lived, "there")
    shorten(there, LOAD + 3)
    shorten(there, LOAD + 4)
    files, hidden = written(there), everything(there)
    shorten(lived, LOAD + 3)
    whole = everything(lived)
    killed = 0
    for step in range(1, 10_000, EVERY):
        home = a_copy(lived, f"killed_{step}")
        if not killed_at(step, partial(shorten, home, LOAD + 4)):
            break
        killed += 1
        begun = horizon(home) != horizon(lived)
        assert everything(replayed(home)) == (hidden if begun else whole)
        shorten(home, LOAD + 4)
        assert everything(home) == everything(replayed(home)) == hidden
        shutil.rmtree(home.root / "rebuild")
        assert written(home) == files
        shutil.rmtree(home.root)
    assert killed > 3


def test_a_kill_at_any_line_of_a_fold_keeps_what_is_current_and_what_is_apart(
    home: Home,
) -> None:
    nights = [
        Night({4: BRUNO}),
        Night({1: ANNA, 2: BRUNO, 4: ANNA}, apart={2, 4}),
        Night({1: CARLA, 2: BRUNO, 3: CARLA, 4: ANNA}, read={1, 2, 3}, apart={1, 3}),
    ]
    live(home, [{"a": night} for night in nights])
    for step in range(1, 100):
        killed = a_copy(home, f"killed_{step}")
        if not killed_at(step, partial(shorten, killed, LOAD + 2), within="_fold"):
            break
        rows = [(key, name) for _, key, name, *_ in versions(replayed(killed))]
        assert rows == [(1, ANNA), (2, BRUNO), (4, BRUNO)]
        shorten(killed, LOAD + 2)
        assert kept_out(killed) == [("1", "3", "4")]
        with connect() as connection:
            file = killed.landing / "a" / "people" / str(LOAD + 2) / "quarantined.parquet"
            assert connection.execute(f"select id from '{file}'").fetchall() == [(1,), (3,), (4,)]
    assert step > 5


def written(home: Home) -> list[str]:
    return sorted(str(path.relative_to(home.root)) for path in home.root.rglob("*"))


DAY, MONTH = 10**9, 10**11
NIGHTLY: Nights = [{"a": Night({1: ANNA})}]


def test_the_horizon_moves_only_when_it_lies_well_behind(home: Home) -> None:
    for month, day in ((0, 0), (0, 10), (0, 20), (1, 5)):
        live(home, NIGHTLY, first=month * MONTH + day * DAY)
    in_march = LOAD + 2 * MONTH + 10 * DAY
    assert shorten_when_due(home, None, in_march) is None
    assert shorten_when_due(home, 60, in_march) is None  # the second night is not a month old then
    hidden = Horizon(load_id=LOAD + MONTH + 5 * DAY, finished=True)
    assert shorten_when_due(home, 30, in_march) == hidden
    assert shorten_when_due(home, 30, in_march + 10 * DAY) is None


def test_an_interrupted_fold_is_finished_even_when_everything_shall_be_kept_now(
    lived: Home,
) -> None:
    assert killed_at(60, lambda: shorten(lived, LOAD + 4))
    begun = horizon(lived)
    assert begun
    assert not begun.finished
    assert shorten_when_due(lived, None, LOAD + 5) == Horizon(load_id=LOAD + 4, finished=True)


def test_a_day_beyond_the_horizon_is_refused_with_how_far_back_it_reaches(lived: Home) -> None:
    shorten(lived, LOAD + 4)
    with pytest.raises(ConfigurationError, match=r"reaches back to 2026-01-01 00:00 \(UTC\)"):
        rebuild_marts(lived, date(2025, 12, 31), lived.root / "then.duckdb")


def test_a_damaged_horizon_is_named(lived: Home) -> None:
    shorten(lived, LOAD + 4)
    file = lived.kept_ledger / "horizon.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(WarehouseError, match=r"horizon\.json is damaged"):
        replayed(lived)


def test_a_batch_that_is_missing_stops_the_fold_and_nothing_is_lost(lived: Home) -> None:
    missing = lived.landing / "a" / "people" / str(LOAD + 1)
    missing.rename(lived.root / "elsewhere")
    with pytest.raises(WarehouseError, match=rf"a\.people of load {LOAD + 1} was merged"):
        shorten(lived, LOAD + 4)
    assert loads(lived, "a") == [0, 2, 3, 4]
    (lived.root / "elsewhere").rename(missing)
    shorten(lived, LOAD + 4)
    assert everything(replayed(lived)) == everything(lived)
