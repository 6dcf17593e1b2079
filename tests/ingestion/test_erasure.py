"""What tells who a person was is blanked wherever it lies, and stays blank; the rest stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion import erasure, extract
from ingestion.config import FileSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect, quoted_text
from ingestion.erasure import ERASED, Erasure, Found
from ingestion.errors import ConfigurationError, WarehouseError
from ingestion.extract import LandingRequest
from ingestion.home import Home
from ingestion.horizon import shorten
from ingestion.landing import Batch, decide
from ingestion.ledger import merge, prepare_warehouse
from ingestion.measures import MeasuredRun, measured_runs, record_measures
from ingestion.replay import replay
from ingestion.transports.base import Extraction, Problem, Window
from tests.ingestion.batches import LOAD, a_run, a_shop, know, landed, write_rows
from tests.ingestion.test_replay import everything

PEOPLE = Table(
    system="shop",
    name="people",
    description="Customers.",
    columns=(
        Column("id", "bigint"),
        Column("number", "string"),
        Column("name", "string", personal="name"),
        Column("city", "string", personal="address"),
        Column("agent", "string", personal="agent"),
        Column("amount", "decimal(18,4)"),
    ),
    key=("id",),
)
ANNA = {"id": 1, "number": "C1", "name": "Anna", "city": "Turin", "agent": "bea", "amount": 10}
CARLO = {"id": 2, "number": "C2", "name": "Carlo", "city": "Rome", "agent": "bea", "amount": 20}
NOBODY = {**ANNA, "name": ERASED, "city": None}


@pytest.fixture(autouse=True, scope="module")
def shop() -> Iterator[None]:
    with a_shop(PEOPLE):
        yield


def land(home: Home, number: int, rows: Sequence[dict[str, Any]]) -> Batch:
    """Land rows of a source that holds Anna and Carlo."""
    keys = [{"id": 1}, {"id": 2}]
    return landed(home, rows, keys=keys, table=PEOPLE, load_id=LOAD + number)


def night(home: Home, number: int, rows: Sequence[dict[str, Any]]) -> None:
    batch = decide(home, land(home, number, rows), accepted=True, checks=())
    merge(home, a_run(LOAD + number), [batch], lambda _c, _b: [])


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Anna moves, then changes nothing but the amount; Carlo stays as he is."""
    home = Home(tmp_path_factory.mktemp("life") / "home")
    night(home, 0, [{**ANNA, "city": "Milan"}, CARLO])
    night(home, 1, [ANNA])
    night(home, 2, [{**ANNA, "amount": 11}])
    return home


@pytest.fixture
def lived(life: Home, home: Home) -> Home:
    shutil.copytree(life.root, home.root)
    return home


def asked(*arguments: str, table: Table = PEOPLE) -> Erasure:
    return Erasure(
        source_id="erp",
        table=table.name,
        rows=erasure.chosen(table, arguments),
        reason="a request",
        asked_by="somebody",
        asked_at=datetime(2026, 11, 20, tzinfo=UTC),
        known_load=LOAD + 2,
    )


def erase(home: Home, *arguments: str) -> None:
    erasure.record(home, asked(*arguments))
    assert erasure.finish(home) == 1


def versions(home: Home) -> list[tuple[object, ...]]:
    with connect(home.warehouse, read_only=True) as connection:
        return connection.execute(
            "select id, name, city, agent, amount::int, _from_load - ?, _to_load - ? "
            "from raw.shop__people order by all",
            [LOAD, LOAD],
        ).fetchall()


def assert_replays(home: Home) -> None:
    into = Home(home.root / "again")
    done = replay(home, into)
    assert done.different == ()
    assert everything(into) == everything(home)


def test_versions_that_differed_by_what_is_erased_are_one(lived: Home) -> None:
    erase(lived, "1")
    assert versions(lived) == [
        (1, ERASED, None, "bea", 10, 0, 2),
        (1, ERASED, None, "bea", 11, 2, None),
        (2, "Carlo", "Rome", "bea", 20, 0, None),
    ]
    assert_replays(lived)


def test_rows_are_chosen_by_another_column_too(lived: Home) -> None:
    erase(lived, "number=C2")
    assert versions(lived)[-1] == (2, ERASED, None, "bea", 20, 0, None)


def test_nothing_of_the_person_is_left_in_any_byte(lived: Home) -> None:
    lived.replaced_warehouse.write_bytes(b"Anna, before a rebuild")
    erase(lived, "1")
    for path in lived.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Anna" not in content, path
            assert b"Milan" not in content, path
    assert not lived.replaced_warehouse.exists()


def test_a_base_is_blanked_and_knows_its_rows_by_their_new_hash(lived: Home) -> None:
    shorten(lived, LOAD + 2)
    erase(lived, "1")
    assert_replays(lived)
    before = versions(lived)
    night(lived, 3, [{**NOBODY, "amount": 11}])
    assert versions(lived) == before


def test_what_was_set_apart_or_refused_is_blanked(lived: Home) -> None:
    batch = land(lived, 3, [ANNA, CARLO])
    set_apart(batch, [ANNA, CARLO])
    refused = decide(lived, batch, accepted=False, checks=())
    erase(lived, "1")
    rows = [json.loads(text) for text in column(refused, "quarantined", "_row")]
    assert [(row["name"], row.get("city")) for row in rows] == [(ERASED, None), ("Carlo", "Rome")]
    assert sorted(column(refused, "rows", "name")) == [ERASED, "Carlo"]


def test_a_row_that_could_not_be_read_is_blanked_with_what_was_said_of_it(lived: Home) -> None:
    batch = land(lived, 3, [])
    with connect() as connection:
        connection.execute(
            "copy (select *, 'p.csv' as file from (values "
            "(7, 'amount', 'bad_number', '''Anna'' is no number', '1', '1;C1;Turin;Anna'), "
            "(8, 'amount', 'bad_number', '''x'' is no number', '2', '2;C2;Rome;x'), "
            "(9, 'id', 'bad_number', '''1a'' is no number', null, '1a;C1;Turin;Anna')) "
            "as t (line, field, code, message, key, row)) "
            f"to {quoted_text(str(batch.folder / 'rejected.parquet'))} (format parquet)"
        )
    problems = tuple(
        Problem("row", "bad_number", f"'{word}' is no number", "p.csv", line)
        for line, word in ((7, "Anna"), (8, "x"))
    )
    manifest = batch.manifest.model_copy(update={"problems": problems})
    refused = decide(lived, Batch(batch.folder, manifest), accepted=False, checks=())
    erase(lived, "1")
    assert column(refused, "rejected", "row") == [ERASED, "2;C2;Rome;x", ERASED]
    assert column(refused, "rejected", "message") == [ERASED, "'x' is no number", ERASED]
    told = (refused.folder / "manifest.json").read_text(encoding="utf-8")
    assert "Anna" not in told
    assert "'x' is no number" in told


class Source:
    """A source that holds both of them, as they are."""

    @contextmanager
    def session(self, folder: Path) -> Iterator[Source]:
        """Opens nothing."""
        del folder
        yield self

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:
        """Reads the table whole."""
        del window
        write_rows(into / "rows.parquet", table, [{**ANNA, "amount": 11}, CARLO])
        write_rows(into / "keys.parquet", table, [{"id": 1}, {"id": 2}])
        return Extraction(rows=2, source_rows=2)


def test_what_the_source_goes_on_saying_is_blanked_before_anything_looks_at_it(
    lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(lived, "1")
    before = versions(lived)
    monkeypatch.setattr(extract, "transport_for", lambda _: Source())
    monkeypatch.setattr(extract, "tables_of", lambda _: (PEOPLE,))
    source = FileSource(system="sheets", transport="files", path=lived.root)
    request = LandingRequest(lived, "erp", source, LOAD + 3, "run", positions={})
    (batch,) = extract.land(request)
    assert column(batch, "rows", "name") == [ERASED, "Carlo"]
    accepted = decide(lived, batch, accepted=True, checks=())
    merge(lived, a_run(LOAD + 3), [accepted], lambda _c, _b: [])
    assert versions(lived) == before


def test_an_unfinished_first_read_begins_afresh(lived: Home) -> None:
    parts = lived.landing / "erp" / "people" / "parts"
    parts.mkdir()
    write_rows(parts / "part_00001.parquet", PEOPLE, [ANNA])
    erase(lived, "1")
    assert not parts.exists()


def test_a_request_that_was_interrupted_is_finished_by_the_next_call(
    lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    erasure.record(lived, asked("1"))
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "replay_beside", killed)
        with pytest.raises(KeyboardInterrupt):
            erasure.finish(lived)
    assert ("Anna", "Milan") in {row[1:3] for row in versions(lived)}
    assert erasure.finish(lived) == 1
    assert "Anna" not in {row[1] for row in versions(lived)}
    assert erasure.finish(lived) == 0


def test_before_anything_was_merged_a_request_is_finished_too(home: Home) -> None:
    prepare_warehouse(home)
    refused = decide(home, land(home, 0, [ANNA, CARLO]), accepted=False, checks=())
    erase(home, "1")
    assert sorted(column(refused, "rows", "name")) == [ERASED, "Carlo"]
    night(home, 1, [CARLO])
    assert versions(home) == [(2, "Carlo", "Rome", "bea", 20, 1, None)]


def test_what_only_the_warehouse_knows_stays(lived: Home) -> None:
    shutil.rmtree(lived.kept_ledger / str(LOAD + 2))  # as a kill after the commit leaves it
    ran = MeasuredRun("r", None, "schedule", None, 12.5, "success", "", 7, 4096)
    record_measures(lived, [ran], [], {})
    erase(lived, "1")
    assert versions(lived)[1] == (1, ERASED, None, "bea", 11, 2, None)
    assert measured_runs(lived) == {"r"}


def test_rows_that_could_not_be_read_are_chosen_by_whole_words(lived: Home) -> None:
    batch = land(lived, 3, [])
    with connect() as connection:
        connection.execute(
            "copy (select 7 as line, 'amount' as field, 'bad_number' as code, 'x' as message, "
            "key, row, 'p.csv' as file from (values ('1', '1;C1;Anna'), ('7', '7;C10;Dora')) "
            "as t (key, row)) "
            f"to {quoted_text(str(batch.folder / 'rejected.parquet'))} (format parquet)"
        )
    refused = decide(lived, batch, accepted=False, checks=())
    erase(lived, "number=C1")
    assert column(refused, "rejected", "row") == [ERASED, "7;C10;Dora"]


def test_erasing_twice_is_recorded_once(lived: Home) -> None:
    erase(lived, "1")
    before = versions(lived)
    erase(lived, "1")
    assert versions(lived) == before
    assert len(erasure.erasures(lived)) == 1
    assert "Anna" not in lived.erasures.read_text(encoding="utf-8")


def test_it_is_told_where_a_person_is_before_anything_is_changed(lived: Home) -> None:
    before = everything(lived)
    assert erasure.look(lived, PEOPLE, asked("1")) == [
        Found("landing", files=3, rows=3),
        Found("quarantine", files=0, rows=0),
        Found("warehouse", files=1, rows=3),
    ]
    assert everything(lived) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("1", "2"), "The key of people is id"),
        (("C1=", "2"), "The key of people is id"),
        (("nummer=C1",), "has no column 'nummer'"),
        (("name=Anna",), "name is personal itself"),
        (("agent=bea",), "agent is personal itself"),
    ],
)
def test_rows_that_cannot_be_chosen_so_are_refused(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        asked(*arguments)


def test_a_person_whom_nobody_knows_is_no_typing_error_left_unsaid(lived: Home) -> None:
    with pytest.raises(ConfigurationError, match=r"No row of erp\.people has number C9"):
        erasure.look(lived, PEOPLE, asked("number=C9"))


@pytest.mark.parametrize("name", ["erp", "erp.persons", "crm.people"])
def test_a_table_of_which_nothing_was_read_is_named(lived: Home, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Nothing was ever read of '{name}'"):
        erasure.table_of(lived, name)


def test_a_table_without_anything_to_blank_is_named(
    lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = tuple(
        replace(c, personal=None) if c.personal != "agent" else c for c in PEOPLE.columns
    )
    know(monkeypatch, replace(PEOPLE, columns=columns))
    with pytest.raises(ConfigurationError, match=r"erp\.people has no column that tells who"):
        erasure.table_of(lived, "erp.people")


def test_a_batch_older_than_the_column_that_is_to_choose_is_named(
    lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wider = replace(PEOPLE, columns=(*PEOPLE.columns, Column("code", "string")))
    know(monkeypatch, wider)
    with pytest.raises(WarehouseError, match="was landed before code was declared"):
        erasure.look(lived, wider, asked("code=1", table=wider))


def test_a_damaged_line_is_named(lived: Home) -> None:
    lived.erasures.write_text("{}\n", encoding="utf-8")
    with pytest.raises(WarehouseError, match=r"erasures\.jsonl is damaged"):
        erasure.erasures(lived)


def set_apart(batch: Batch, rows: Sequence[dict[str, Any]]) -> None:
    """Set rows apart as the validator does: key, rule, reason and the row as JSON."""
    source = quoted_text(str(batch.folder / "rows.parquet"))
    target = quoted_text(str(batch.folder / "quarantined.parquet"))
    keys = ", ".join(str(row["id"]) for row in rows)
    with connect() as connection:
        connection.execute(
            "copy (select id, 'a_rule' as _rule, 'a rule' as _reason, to_json(r)::varchar as _row "
            f"from read_parquet({source}) as r where id in ({keys}) order by id) "
            f"to {target} (format parquet)"
        )


def column(batch: Batch, file: str, name: str) -> list[Any]:
    path = quoted_text(str(batch.folder / f"{file}.parquet"))
    with connect() as connection:
        order = "line" if file == "rejected" else "id"
        query = f'select "{name}" from read_parquet({path}) order by {order}'
        return [value for (value,) in connection.execute(query).fetchall()]
