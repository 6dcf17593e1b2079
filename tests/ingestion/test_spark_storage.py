"""Where workers share no file system with this machine, files go to a storage and come back."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from ingestion.config import SparkSettings
from ingestion.spark.session import spark_session
from ingestion.spark.storage import LANDING, TABLES, Workspace
from tests.spark_cluster import SMALL

DAYS = pa.table({"day": [2, 3, 5]})


@pytest.mark.usefixtures("spark_is_there")
def test_tables_are_made_in_the_storage_and_fetched_from_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "here", (tmp_path / "elsewhere").as_uri())
    landed = tmp_path / "landing" / "days" / "rows.parquet"
    landed.parent.mkdir(parents=True)
    parquet.write_table(DAYS, landed)
    settings = SparkSettings(master="local[1]", settings=SMALL)
    with spark_session(settings, workspace.tables) as session:
        workspace.begin(session)
        landed_there = workspace.reached(session, landed, tmp_path / "landing", LANDING)
        session.sql("create schema kpi")
        session.sql(
            f"create table kpi.days using parquet as select * from parquet.`{landed_there}`"
        )
        workspace.fetched(session, "kpi")
    assert landed_there.startswith((tmp_path / "elsewhere").as_uri())
    fetched = tmp_path / "here" / TABLES / "kpi.db" / "days"
    assert parquet.read_table(sorted(fetched.glob("*.parquet"))) == DAYS
