"""The cockpit follows each refresh, and says in words when there is nothing to read."""

from __future__ import annotations

import shutil
from pathlib import Path
from queue import Queue
from threading import Thread

import duckdb
import pytest

from dashboards.cockpit import server
from dashboards.cockpit.app import Cockpit
from dashboards.cockpit.publication import Publications
from ingestion.config import read_sources
from ingestion.errors import NothingPublishedError, WarehouseError
from ingestion.home import Home
from tests.dashboards.cockpit import company
from tests.dashboards.cockpit.conftest import Ask


def test_nothing_published_is_said_in_words(home: Home, ask: Ask) -> None:
    company.configure(home)
    client = ask(home)
    answer = client.get("/fr/today")
    assert answer.status_code == 503
    assert "Rien n&#39;est encore publié" in answer.text
    assert client.get("/publication").text == ""
    company.publish(home, "first")
    assert client.get("/fr/today").status_code == 200


def test_each_request_sees_the_publication_in_force(home: Home, ask: Ask) -> None:
    company.configure(home)
    company.publish(home, "first")
    client = ask(home)
    assert "1,000.10" in client.get("/en/receivables/open_items").text
    first = home.published / "first"
    company.publish(
        home, "second", "update kpi.open_items set open_amount = 777 where open_item_id = 'i1'"
    )
    shutil.rmtree(first)  # as publications are pruned
    text = client.get("/en/receivables/open_items").text
    assert "777.00" in text
    assert 'data-publication="second"' in text
    assert client.get("/publication").text == "second"
    company.publish(home, "third", is_empty=True)
    company.put_in_force(home, "second")  # a rollback
    assert "777.00" in client.get("/en/receivables/open_items").text


def test_a_request_keeps_the_publication_that_it_began_with(home: Home) -> None:
    company.publish(home, "first")
    publications = Publications(home.marts)
    with publications.read() as reading:
        company.publish(home, "second", is_empty=True)
        with publications.read() as later:
            assert later.marts.identifier == "second"
        found = reading.connection.execute("select count(*) from kpi.open_items").fetchone()
        assert found is not None
        assert found[0] > 0
    assert len(publications._open) == 1
    publications.close()


def test_a_damaged_publication_is_said_in_words(home: Home, ask: Ask) -> None:
    company.configure(home)
    folder = company.publish(home, "first")
    (folder / "marts.duckdb").write_bytes(b"no database" * 1000)
    answer = ask(home).get("/it/today")
    assert answer.status_code == 503
    assert "I numeri non possono essere letti" in answer.text


def test_marts_that_lack_a_table_are_said_in_words(home: Home, ask: Ask) -> None:
    company.configure(home)
    company.publish(home, "first", "drop table kpi.open_items")
    client = ask(home)
    assert client.get("/en/receivables").status_code == 503
    assert client.get("/en/claims").status_code == 200


def test_a_link_that_dangles_for_a_moment_is_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.publish(home, "first")
    company.publish(home, "second")
    publications = Publications(home.marts)
    resolve = Path.resolve
    seen: list[Path] = []

    def late(path: Path, strict: bool = False) -> Path:
        if path == home.marts and not seen:
            seen.append(path)
            return home.published / "gone" / "marts.duckdb"
        return resolve(path, strict)

    monkeypatch.setattr(Path, "resolve", late)
    with publications.read() as reading:
        assert reading.marts.identifier == "second"
    publications.close()


def test_a_query_is_flattened_once_for_all_readers(home: Home) -> None:
    company.publish(home, "first")
    publications = Publications(home.marts)
    query = "select open_item_id, open_amount from kpi.open_items"
    with publications.read() as reading:
        name = reading.flat(query)
    with publications.read() as later:
        assert later.flat(query) == name
        kept = later.connection.execute(f"select * from {name} order by all").fetchall()
        assert kept == later.connection.execute(f"{query} order by all").fetchall()
        assert kept
    publications.close()


def test_what_is_published_cannot_be_written_to(home: Home) -> None:
    company.publish(home, "first")
    publications = Publications(home.marts)
    with publications.read() as reading, pytest.raises(duckdb.Error, match="read-only"):
        reading.connection.execute("delete from kpi.open_items")
    publications.close()


def test_each_publication_is_prepared_before_anybody_asks(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOOKS_EVERY_SECONDS", 0.01)
    company.configure(home)
    cockpit = Cockpit(home, lambda: read_sources(home.sources_file))
    prepared: Queue[str | None] = Queue()
    prepare = cockpit.prepare

    def noted() -> None:
        prepare()
        prepared.put(cockpit.publications.identifier())

    monkeypatch.setattr(cockpit, "prepare", noted)
    with server.following(cockpit):
        company.publish(home, "first")
        assert prepared.get(timeout=30) == "first"
        with cockpit.publications.read() as reading:
            assert reading.marts.flattened
        company.publish(home, "second")
        assert prepared.get(timeout=30) == "second"
    assert prepared.empty()
    cockpit.publications.close()


def test_readers_and_refreshes_do_not_disturb_each_other(home: Home) -> None:
    for run in ("a", "b", "c"):
        company.publish(home, run)
    publications = Publications(home.marts)
    faults: list[BaseException] = []
    is_over: list[bool] = []

    def read() -> None:
        while not is_over:
            try:
                with publications.read() as reading:
                    reading.connection.execute("select count(*) from kpi.open_items").fetchall()
            except (NothingPublishedError, WarehouseError) as error:
                faults.append(error)

    readers = [Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(30):
        company.put_in_force(home, "abc"[turn % 3])
    is_over.append(True)
    for reader in readers:
        reader.join()
    publications.close()
    assert not faults
