"""The cockpit follows each refresh, and says in words when there is nothing to read."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Thread

import pytest

from dashboards.cockpit.publication import Publications
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
