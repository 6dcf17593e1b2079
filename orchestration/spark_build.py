"""The marts, built on Spark: what DuckDB would build them from, and what it publishes of them.

Spark reads landing itself. What is small comes from the warehouse as Parquet: seeds with the
installation's overrides, the ledger, and of the publication in force what marts compare with. Spark
writes every table as Parquet; DuckDB then fills `marts.duckdb` from those of the marts by the same
models, so that types, comments and constraints are what they always are.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import SparkSettings
from ingestion.declarations import Table, systems
from ingestion.engine import connect, copy_to_parquet, quoted_name, quoted_text
from ingestion.home import Home
from ingestion.pseudonyms import FOLDER_OF_OWNER_ONLY
from ingestion.spark.raw import create_raw
from ingestion.spark.session import spark_session
from ingestion.spark.storage import INPUTS, TABLES, Workspace
from orchestration import dbt_runner
from orchestration.dbt_runner import NodeResult
from orchestration.publish import PUBLISHED_SCHEMAS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger("adv.spark")

PREVIOUS = "previous"
COMPARED_WITH = ("meta.publications", "meta.postings", "kpi.as_of_differences")
"""What marts read of the publication in force: dbt_project/macros/published.sql."""


def build(home: Home, settings: SparkSettings) -> list[NodeResult]:
    """Build and test models on Spark, and put the marts where DuckDB would have built them.

    A failing node does not raise: the caller sees all results and decides.

    Raises:
        ConfigurationError: Spark or Java is not installed.
        SparkError: the cluster cannot be reached, or raw cannot be told there.

    """
    from orchestration import spark_adapter

    spark_adapter.put_in_place()
    workspace = Workspace(home.spark, settings.storage)
    _empty(home.spark)
    try:
        with spark_session(settings, workspace.tables) as session:
            workspace.begin(session)
            began = time.monotonic()
            _bring_inputs(session, home, workspace)
            create_raw(session, home, workspace, _raw_tables(home), settings.threads)
            log.info("Spark: raw from landing in %.1f s", time.monotonic() - began)
            built = dbt_runner.build(home, target="spark", threads=settings.threads)
            _tell_seconds(built)
            if any(result.failed for result in built):
                return built
            for schema in PUBLISHED_SCHEMAS:
                workspace.fetched(session, schema)
        return [*built, *dbt_runner.fill_marts(home, home.spark / TABLES, PUBLISHED_SCHEMAS)]
    finally:
        shutil.rmtree(home.spark, ignore_errors=True)


def _tell_seconds(built: list[NodeResult]) -> None:
    """Log what a reader needs who gives Spark other settings."""
    for kind in ("model", "test"):
        seconds = [node.seconds for node in built if node.unique_id.startswith(f"{kind}.")]
        log.info("Spark: %d %ss in %.1f s of its threads", len(seconds), kind, sum(seconds))


def _empty(folder: Path) -> None:
    """Rows as they were lie there, people's names included."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=FOLDER_OF_OWNER_ONLY)


def _bring_inputs(session: SparkSession, home: Home, workspace: Workspace) -> None:
    """Seeds and the ledger from the warehouse, and what marts compare with, as tables of Spark."""
    before = dbt_runner.publication_before(home) / dbt_runner.MARTS_FILE
    with connect(home.warehouse, read_only=True, reach=[home.root, home.published]) as connection:
        connection.execute(f"attach {quoted_text(str(before.resolve()))} as previous (read_only)")
        tables = connection.execute(
            """
            select database_name, schema_name, table_name,
                string_agg(
                    '`' || column_name || '` ' || replace(data_type, 'VARCHAR', 'STRING'), ', '
                    order by column_index
                )
            from duckdb_columns()
            where database_name <> 'previous' and schema_name in ('seeds', 'control')
                or database_name = 'previous'
                    and concat_ws('.', schema_name, table_name) in $compared
            group by all
            order by all
            """,
            {"compared": list(COMPARED_WITH)},
        ).fetchall()
        for database, schema, table, columns in tables:
            # Spark has one level of names less: see dbt_project/macros/published.sql.
            is_former = database == PREVIOUS
            into, name = (PREVIOUS, f"{schema}__{table}") if is_former else (schema, table)
            file = workspace.local / INPUTS / into / name / "rows.parquet"
            file.parent.mkdir(parents=True)
            parts = ".".join(quoted_name(part) for part in (database, schema, table))
            copy_to_parquet(connection, f"select * from {parts}", file)
            uri = workspace.reached(session, file, workspace.local / INPUTS, INPUTS)
            session.sql(f"create schema if not exists {into}")
            session.sql(
                f"create table {into}.`{name}` ({columns}) using parquet "
                f"location '{uri.removesuffix('/rows.parquet')}'"
            )


def _raw_tables(home: Home) -> list[Table]:
    """The raw tables that any model reads."""
    manifest = json.loads(dbt_runner.manifest_file(home).read_text(encoding="utf-8"))
    read = {
        parent
        for node in manifest["nodes"].values()
        for parent in node["depends_on"].get("nodes", ())
    }
    names = {
        source["identifier"]
        for unique_id, source in manifest["sources"].items()
        if unique_id in read and source["schema"] == "raw"
    }
    tables = (table for system in systems().values() for table in system.tables)
    return [table for table in tables if table.raw_name in names]
