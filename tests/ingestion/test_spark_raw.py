"""Raw on a cluster of Spark is what raw is on DuckDB, whatever the loads were."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.declarations import Column
from ingestion.engine import connect
from ingestion.errors import SparkError
from ingestion.home import Home
from ingestion.horizon import shorten
from ingestion.landing import read_batch, write_manifest
from ingestion.ledger import prepare_warehouse
from ingestion.spark.raw import create_raw
from ingestion.spark.session import spark_session
from ingestion.spark.storage import Workspace
from tests.fuzzing import fuzz, fuzzed
from tests.ingestion.batches import LOAD, a_shop, know
from tests.ingestion.test_horizon import BY_SOURCE, LIFE, PEOPLE, Night, Nights, live, replayed
from tests.spark_cluster import Cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VERSION = "source_id, id, name, _from_load, _to_load, _deleted"


@pytest.fixture(autouse=True, scope="module")
def shop() -> Iterator[None]:
    with a_shop(PEOPLE):
        yield


@pytest.fixture(scope="module")
def session(
    spark_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkSession]:
    tables = tmp_path_factory.mktemp("tables")
    with spark_session(spark_cluster.settings, tables.as_uri()) as found:
        yield found


def on_spark(session: SparkSession, home: Home, elsewhere: str | None = None) -> list[Any]:
    session.sql("drop schema if exists raw cascade")
    create_raw(session, home, Workspace(home.spark, elsewhere), [PEOPLE], threads=1)
    return sorted(map(tuple, session.sql(f"select {VERSION} from raw.shop__people").collect()))


def on_duckdb(home: Home) -> list[Any]:
    with connect(home.warehouse, read_only=True) as connection:
        return sorted(connection.execute(f"select {VERSION} from raw.shop__people").fetchall())


def by_text(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=str)


@pytest.mark.parametrize("horizon", [None, 0, 1, 2, 4])
def test_every_version_is_told_as_far_back_as_the_time_machine_reaches(
    home: Home, session: SparkSession, horizon: int | None
) -> None:
    live(home, LIFE)
    if horizon is not None:
        shorten(home, LOAD + horizon)
    assert by_text(on_spark(session, home)) == by_text(on_duckdb(home))


@fuzz
@fuzzed(4)
@given(st.lists(BY_SOURCE, min_size=1, max_size=6))
def test_whatever_the_loads_were(session: SparkSession, nights: Nights) -> None:
    with TemporaryDirectory() as folder:
        home = live(Home(Path(folder) / "home"), nights)
        assert by_text(on_spark(session, home)) == by_text(on_duckdb(home))


def test_a_key_that_cannot_be_read_proves_no_delete(home: Home, session: SparkSession) -> None:
    nights: Nights = [
        {"a": Night({1: "Anna", 2: "Bruno", 3: "Carla"})},
        {"a": Night({1: "Anna"}, read=set())},
        {"a": Night({1: "Anna", 2: "Bruno"}, read=set())},
    ]
    live(home, nights)
    batch = read_batch(home.landing / "a" / "people" / str(LOAD + 1))
    assert batch
    write_manifest(batch.folder, batch.manifest.model_copy(update={"keys_unknown": 1}))
    found = on_spark(session, home)
    assert by_text(found) == by_text(on_duckdb(replayed(home)))
    assert [row[1] for row in found if row[4] is not None] == [3]


def test_a_new_column_makes_versions_of_what_is_read_again(
    home: Home, session: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(home, LIFE[:2])
    wider = replace(PEOPLE, columns=(*PEOPLE.columns, Column("town", "string")))
    know(monkeypatch, wider)
    monkeypatch.setattr("tests.ingestion.test_horizon.PEOPLE", wider)
    prepare_warehouse(home)
    live(home, [{"a": Night({1: "Anna", 2: "Bruno", 4: "Dora"})}], first=2)
    session.sql("drop schema if exists raw cascade")
    create_raw(session, home, Workspace(home.spark), [wider], threads=1)
    found = session.sql(f"select {VERSION}, town from raw.shop__people").collect()
    with connect(home.warehouse, read_only=True) as connection:
        rows = connection.execute(f"select {VERSION}, town from raw.shop__people").fetchall()
    assert by_text(list(map(tuple, found))) == by_text(rows)


def test_a_base_of_an_earlier_declaration_is_refused(
    home: Home, session: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(home, LIFE)
    wider = replace(PEOPLE, columns=(*PEOPLE.columns, Column("town", "string")))
    know(monkeypatch, wider)
    prepare_warehouse(home)
    shorten(home, LOAD + 2)
    with pytest.raises(SparkError, match="landed under an earlier declaration"):
        create_raw(session, home, Workspace(home.spark), [wider], threads=1)


def test_what_nobody_read_is_an_empty_table(home: Home, session: SparkSession) -> None:
    prepare_warehouse(home)
    assert on_spark(session, home) == []


def test_batches_are_copied_to_where_the_workers_are(
    home: Home, session: SparkSession, tmp_path: Path
) -> None:
    live(home, LIFE)
    elsewhere = tmp_path / "elsewhere"
    told = on_spark(session, home, elsewhere.as_uri())
    shutil.rmtree(home.landing)
    rows = session.sql(f"select {VERSION} from raw.shop__people").collect()
    assert by_text(list(map(tuple, rows))) == by_text(told) == by_text(on_duckdb(home))
