"""The marts that a cluster of Spark builds are those that DuckDB builds, to BI tools as well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.home import Home
from orchestration.publish import current_run_id
from tests.command import adv
from tests.conftest import DEMO_SYSTEMS, Parse
from tests.spark_cluster import SMALL, Cluster

SCALE = os.environ.get("ADV_SPARK_SCALE", "0.02")
"""1 for the demo company as people see it; a night on Spark takes minutes, whatever the scale."""


@pytest.fixture(scope="module")
def published(
    spark_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, parse: Parse
) -> tuple[Home, Path, Path]:
    """A company of two nights; its marts as DuckDB built them, and as the cluster did."""
    home = Home(tmp_path_factory.mktemp("company") / "home")
    parse(home, DEMO_SYSTEMS)
    done = [adv(home, "demo", "create", "--scale", SCALE), adv(home, "run")]
    done += [adv(home, "demo", "advance", "--days", "1")]
    configured = yaml.safe_load(home.sources_file.read_text(encoding="utf-8"))
    configured["spark"] = {"master": spark_cluster.master, "settings": SMALL}
    home.sources_file.write_text(yaml.safe_dump(configured), encoding="utf-8")
    done.append(adv(home, "run"))
    on_duckdb = home.published / str(current_run_id(home))
    done.append(adv(home, "run", "--target", "spark"))
    on_spark = home.published / str(current_run_id(home))
    assert [step.returncode for step in done] == [0] * len(done), done[-1].stdout + done[-1].stderr
    assert on_spark != on_duckdb
    return home, on_duckdb, on_spark


@pytest.fixture(scope="module")
def both(published: tuple[Home, Path, Path]) -> Iterator[Any]:
    _, on_duckdb, on_spark = published
    with connect() as connection:
        for name, folder in (("d", on_duckdb), ("s", on_spark)):
            file = quoted_text(str(folder / "marts.duckdb"))
            connection.execute(f"attach {file} as {name} (read_only)")
        yield connection


def test_every_row_of_core_and_kpi_is_the_same(both: Any) -> None:
    tables = both.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = 'd' and schema_name in ('core', 'kpi') order by all"
    ).fetchall()
    assert len(tables) > 80
    different = {
        f"{schema}.{table}": found
        for schema, table in tables
        if (found := _different_rows(both, f"{quoted_name(schema)}.{quoted_name(table)}"))
    }
    assert different == {}


def _different_rows(connection: Any, table: str) -> tuple[int, int] | None:
    """Rows that one of them has and the other has not."""
    found = connection.execute(
        f"""
        select
            (select count(*) from (from d.{table} except all from s.{table})),
            (select count(*) from (from s.{table} except all from d.{table}))
        """
    ).fetchone()
    return None if found == (0, 0) else found


def test_tables_columns_types_and_comments_are_the_same(both: Any) -> None:
    def described(name: str) -> list[Any]:
        found: list[Any] = both.execute(
            """
            select t.schema_name, t.table_name, t.comment, c.column_index, c.column_name,
                c.data_type, c.is_nullable, c.comment
            from duckdb_tables() as t
            inner join duckdb_columns() as c using (database_name, schema_name, table_name)
            where database_name = $name
            order by all
            """,
            {"name": name},
        ).fetchall()
        return found

    assert described("s") == described("d")


def test_what_spark_made_on_the_way_is_gone(published: tuple[Home, Path, Path]) -> None:
    home, _, on_spark = published
    assert not home.spark.exists()
    assert (on_spark / "parquet" / "kpi" / "aging.parquet").exists()


def test_without_a_cluster_nothing_begins(published: tuple[Home, Path, Path], home: Home) -> None:
    shutil.copytree(published[0].root / "config", home.root / "config")
    configured = yaml.safe_load(home.sources_file.read_text(encoding="utf-8"))
    configured["spark"]["master"] = "spark://127.0.0.1:9"
    home.sources_file.write_text(yaml.safe_dump(configured), encoding="utf-8")
    refused = adv(home, "run", "--target", "spark")
    assert refused.returncode == 1
    assert "No Spark answers at spark://127.0.0.1:9" in refused.stderr
    assert not home.landing.exists()
