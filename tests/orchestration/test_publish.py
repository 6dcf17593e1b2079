"""A publication is complete, this run's own and checked, or it does not happen."""

from __future__ import annotations

import errno
import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingestion.config import Retention
from ingestion.engine import connect
from ingestion.erasure import Erasure, record
from ingestion.errors import PublicationError, WarehouseError
from ingestion.home import Home
from ingestion.ledger import CurrentRun
from orchestration import publish
from orchestration.assets import marts
from orchestration.dbt_runner import publication_before
from orchestration.lock import run_lock
from orchestration.query import query_marts
from tests.conftest import UNDISPUTED

AS_OF = date(2026, 1, 1)


def a_run(number: int = 1) -> CurrentRun:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    return CurrentRun(f"run-{number}", AS_OF, 20260101000000000 + number, started)


@pytest.fixture
def home(home: Home) -> Home:
    """An installation whose dbt project has one mart."""
    nodes = {
        f"model.adv.{schema}_{name}": {"schema": schema, "alias": name, "resource_type": "model"}
        for schema, name in [("kpi", "aging"), ("meta", "runs")]
    }
    home.dbt.mkdir(parents=True)
    (home.dbt / "manifest.json").write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return home


def build(home: Home, run: CurrentRun, *, checked: bool = True, leave_out: str = "") -> None:
    """Build what dbt would build."""
    folder = publish.begin(home, run.run_id)
    connection = connect(folder / "marts.duckdb")
    connection.execute("create schema kpi; create schema meta")
    if leave_out != "kpi.aging":
        connection.execute("create table kpi.aging as select ? as run_id", [run.run_id])
    connection.execute(
        "create table meta.runs as select ? as run_id, ?::date as as_of_date, "
        "now()::timestamp as known_at, ? as known_load",
        [run.run_id, run.as_of_date, run.known_load],
    )
    connection.close()
    if checked:
        publish.mark_checked(home, run.run_id)


def published(home: Home, number: int, keep: int = 7, only: tuple[str, ...] = ()) -> None:
    build(home, a_run(number))
    publish.publish(home, replace(a_run(number), only=only), keep, UNDISPUTED)


def seen(home: Home) -> object:
    """What a reader who opens the file now sees."""
    return query_marts(home, "select run_id from kpi.aging")[1][0][0]


def test_a_publication_is_seen_through_one_unchanging_path(home: Home) -> None:
    published(home, 1)
    assert seen(home) == "run-1"
    published(home, 2)
    assert seen(home) == "run-2"


def crash_after(file: Path, statement: str) -> None:
    """Commit a statement and die before it is in the file itself."""
    code = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); "
        "c.execute(\"set checkpoint_threshold = '1GB'\"); c.execute(sys.argv[2]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(file), statement], check=True)
    assert Path(f"{file}.wal").exists()


def test_a_published_file_holds_everything_by_itself(home: Home) -> None:
    build(home, a_run())
    marts = home.published / "run-1" / "marts.duckdb"
    crash_after(marts, "insert into kpi.aging values ('also')")
    publish.publish(home, a_run(), keep=7, lock=UNDISPUTED)
    assert not Path(f"{marts}.wal").exists()
    assert query_marts(home, "select count(*) from kpi.aging")[1] == [(2,)]


def test_marts_that_find_no_room_are_not_published(home: Home) -> None:
    published(home, 1)
    build(home, a_run(2))
    marts = home.published / "run-2" / "marts.duckdb"
    crash_after(marts, "insert into kpi.aging values ('also')")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limit[1]))
    try:
        with pytest.raises(WarehouseError, match="could not be written whole; is the disk full"):
            publish.publish(home, a_run(2), keep=7, lock=UNDISPUTED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert seen(home) == "run-1"


def test_a_run_is_compared_with_the_publication_in_force_when_it_began(home: Home) -> None:
    publish.begin(home, "run-1")
    before = publication_before(home) / "marts.duckdb"
    assert connect(before, read_only=True).execute("show all tables").fetchall() == []
    published(home, 1)
    publish.begin(home, "run-2")
    assert before.resolve() == home.marts.resolve()
    published(home, 2)
    published(home, 3)
    publish.rollback(home)
    publish.begin(home, "run-4")
    assert before.parent.resolve().name == "run-2"


def test_what_an_earlier_run_built_and_did_not_publish_makes_room(home: Home) -> None:
    published(home, 1)
    publish.begin(home, "run-2")
    publish.discard_unfinished(home)
    folders = {path.name for path in home.published.iterdir() if not path.is_symlink()}
    assert folders == {"run-1"}


def test_parquet_lies_beside_the_file(home: Home) -> None:
    published(home, 1)
    assert (home.published / "current" / "parquet" / "kpi" / "aging.parquet").exists()


def test_what_is_taken_over_is_one_file_with_what_is_in_force(home: Home) -> None:
    published(home, 1)
    run = a_run(2)
    folder = publish.begin(home, run.run_id)
    publish.take_over(home, run.run_id)
    with connect(folder / "marts.duckdb") as connection:
        connection.execute(
            "update meta.runs set run_id = ?, known_load = known_load + 1", ["run-2"]
        )
    publish.mark_checked(home, run.run_id)
    publish.publish(home, run, keep=7, lock=UNDISPUTED)
    one, two = (home.published / f"run-{number}" / "parquet" for number in (1, 2))
    assert (two / "kpi" / "aging.parquet").samefile(one / "kpi" / "aging.parquet")
    told = connect().execute(f"select run_id from '{two / 'meta' / 'runs.parquet'}'").fetchall()
    assert told == [("run-2",)]


def test_a_reader_keeps_what_it_opened(home: Home) -> None:
    published(home, 1)
    reader = connect(home.marts.resolve(), read_only=True)
    published(home, 2)
    assert reader.execute("select run_id from kpi.aging").fetchone() == ("run-1",)
    reader.close()


def test_the_path_of_the_marts_leads_somewhere_after_every_step(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_at(name: str) -> Callable[..., object]:
        step = getattr(Path, name)

        def taken(path: Path, *given: object, **named: object) -> object:
            result = step(path, *given, **named)
            assert home.marts.exists(), f"nowhere after {name} of {path}"
            return result

        return taken

    published(home, 1)
    build(home, a_run(2))
    for name in ("unlink", "symlink_to", "rename", "replace"):
        monkeypatch.setattr(Path, name, looked_at(name))
    publish.publish(home, a_run(2), keep=7, lock=UNDISPUTED)
    assert seen(home) == "run-2"


def test_who_found_out_where_the_marts_are_can_still_open_them_after_a_publication(
    home: Home,
) -> None:
    published(home, 1, keep=1)
    found = home.marts.resolve()
    published(home, 2, keep=1)
    connect(found, read_only=True).close()
    published(home, 3, keep=1)
    assert not found.exists()


def test_nobody_can_write_to_what_is_published(home: Home) -> None:
    published(home, 1)
    files = [path for path in (home.published / "run-1").rglob("*") if path.is_file()]
    assert {"marts.duckdb", "aging.parquet", "published.json"} <= {path.name for path in files}
    assert not [path for path in files if path.stat().st_mode & 0o222]


def test_a_publication_is_opened_to_the_group_when_it_is_put_in_force(home: Home) -> None:
    def modes(number: int) -> set[tuple[bool, int]]:
        folder = home.published / f"run-{number}"
        return {
            (path.is_dir(), path.stat().st_mode & 0o777) for path in (folder, *folder.rglob("*"))
        }

    with run_lock(home, "a run"):
        published(home, 1)
        build(home, a_run(2))
    assert home.published.stat().st_mode & 0o777 == 0o750
    assert modes(1) == {(True, 0o750), (False, 0o440)}
    assert modes(2) == {(True, 0o700), (False, 0o600)}


def test_a_publication_that_is_not_on_disk_is_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    published(home, 1)
    build(home, a_run(2))
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(publish, "_sync", no_room)
        publish.publish(home, a_run(2), keep=7, lock=UNDISPUTED)
    assert publish.last_published_load(home) == a_run(1).known_load
    assert seen(home) == "run-1"


def test_half_a_stamp_stops_no_later_run(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(path: Path, *_text: str, **_encoding: str) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    published(home, 1)
    build(home, a_run(2))
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(Path, "write_text", no_room)
        publish.publish(home, a_run(2), keep=7, lock=UNDISPUTED)
    published(home, 3)
    assert seen(home) == "run-3"
    assert publish.rollback(home) == "run-1"


def test_what_is_being_built_is_not_seen(home: Home) -> None:
    published(home, 1)
    build(home, a_run(2))
    assert seen(home) == "run-1"


def test_an_incomplete_set_of_marts_is_refused_by_name(home: Home) -> None:
    published(home, 1)
    build(home, a_run(2), leave_out="kpi.aging")
    with pytest.raises(PublicationError, match=r"kpi\.aging"):
        publish.publish(home, a_run(2), keep=7, lock=UNDISPUTED)
    assert seen(home) == "run-1"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("sum(1)", "HUGEINT"),
        ("1::ubigint", "UBIGINT"),
        ("now()", "TIMESTAMP WITH TIME ZONE"),
        ("now()::timestamp_ns", "TIMESTAMP_NS"),
        ("'{}'::json", "JSON"),
        ("uuid()", "UUID"),
        ("[1.5]::decimal(18,4)[]", "DECIMAL(18,4)[]"),
        ("{'a': 1}", "STRUCT(a INTEGER)"),
        ("'a'::enum('a')", "ENUM('a')"),
        ("interval 1 day", "INTERVAL"),
        ("'a'::blob", "BLOB"),
    ],
)
def test_a_type_that_bi_tools_cannot_read_is_refused_by_column(
    home: Home, value: str, kind: str
) -> None:
    published(home, 1)
    build(home, a_run(2))
    with connect(home.published / "run-2" / "marts.duckdb") as connection:
        connection.execute(f"create table kpi.of_our_own as select {value} as total")
    with pytest.raises(PublicationError, match=re.escape(f"kpi.of_our_own.total is {kind}")):
        publish.publish(home, a_run(2), keep=7, lock=UNDISPUTED)
    assert seen(home) == "run-1"


def test_numbers_texts_and_dates_are_published(home: Home) -> None:
    build(home, a_run())
    with connect(home.published / "run-1" / "marts.duckdb") as connection:
        connection.execute(
            "create table kpi.of_our_own as select true as a, 1 as b, 1::bigint as c, 1.5 as d, "
            "1.5::double as e, 'a' as f, date '2026-01-01' as g, timestamp '2026-01-01' as h"
        )
    publish.publish(home, a_run(), keep=7, lock=UNDISPUTED)


def test_marts_that_were_not_checked_are_refused(home: Home) -> None:
    build(home, a_run(), checked=False)
    with pytest.raises(PublicationError, match="checks"):
        publish.publish(home, a_run(), keep=7, lock=UNDISPUTED)
    assert not home.marts.exists()


def test_marts_of_another_date_are_refused(home: Home) -> None:
    build(home, a_run())
    other = CurrentRun("run-1", date(2026, 1, 2), 1, datetime.now(UTC))
    with pytest.raises(PublicationError, match="another date"):
        publish.publish(home, other, keep=7, lock=UNDISPUTED)


def test_a_run_that_built_nothing_is_told_to_run_the_whole_job(home: Home) -> None:
    with pytest.raises(PublicationError, match="whole job"):
        publish.publish(home, a_run(), keep=7, lock=UNDISPUTED)


def test_rollback_returns_to_the_publication_before(home: Home) -> None:
    for number in (1, 2):
        published(home, number)
    assert publish.rollback(home) == "run-1"
    assert seen(home) == "run-1"
    with pytest.raises(PublicationError, match="no earlier"):
        publish.rollback(home)


def test_rollback_never_returns_to_a_build_that_was_checked_but_not_published(home: Home) -> None:
    published(home, 1)
    build(home, a_run(2))
    published(home, 3)
    assert publish.rollback(home) == "run-1"


def test_rollback_before_the_first_publication_is_said_in_words(home: Home) -> None:
    with pytest.raises(PublicationError, match="no earlier"):
        publish.rollback(home)


def test_old_publications_and_failed_builds_are_cleared_away(home: Home) -> None:
    build(home, a_run(1), checked=False)
    for number in (2, 3, 4):
        published(home, number, keep=2)
    folders = {path.name for path in home.published.iterdir() if not path.is_symlink()}
    assert folders == {"run-3", "run-4"}


def test_publications_of_some_sources_do_not_push_out_those_of_the_nights(home: Home) -> None:
    for number in (1, 2):
        published(home, number, keep=2)
    for number in (3, 4, 5):
        published(home, number, keep=2, only=("erp",))
    folders = {path.name for path in home.published.iterdir() if not path.is_symlink()}
    assert folders == {"run-1", "run-2", "run-4", "run-5"}  # the last two: in force, and before it
    assert seen(home) == "run-5"
    assert publish.rollback(home) == "run-4"


def test_what_was_published_before_a_person_was_erased_goes_with_the_next(home: Home) -> None:
    for number in (1, 2, 3):
        published(home, number)
    record(
        home,
        Erasure(
            source_id="erp",
            table="res_partner",
            rows={"id": "7"},
            reason="a request",
            asked_by="somebody",
            asked_at=datetime(2026, 1, 3, tzinfo=UTC),
            known_load=a_run(3).known_load,
        ),
    )
    published(home, 4)
    published(home, 5)
    folders = {path.name for path in home.published.iterdir() if not path.is_symlink()}
    assert folders == {"run-4", "run-5"}


def test_a_publication_stands_though_history_cannot_be_shortened(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise WarehouseError("a batch is missing")

    monkeypatch.setattr(marts, "shorten_when_due", fail)
    marts.forget_what_is_too_old(home, Retention(), a_run().known_load)
    assert "1100 days could not be folded: a batch is missing" in caplog.text
