"""The models: their unit tests, and the rules of the project that dbt itself does not keep."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.engine import connect
from ingestion.errors import WarehouseError
from ingestion.home import DBT_PROJECT, Home
from orchestration import dbt_runner
from orchestration.dbt_runner import NodeResult

CLOCK = re.compile(
    r"\b(current_date|current_timestamp|now\(\)|get_current_timestamp|today\(\))", re.I
)


def models(manifest: dict[str, Any], *layers: str) -> list[dict[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [node for node in found if not layers or node["schema"] in layers]


def test_every_unit_test_of_the_models_passes(built_home: Home) -> None:
    result = dbt_runner.invoke(
        built_home, ["test", "--select", "test_type:unit", "--no-write-json"], must_succeed=False
    )
    told = [f"{item.node.name}: {item.message}" for item in result if str(item.status) != "pass"]
    assert not told, "\n".join(told)
    assert len(result.results) > 50


def test_a_contract_column_that_staging_forgets_is_named(built_home: Home) -> None:
    forgetful = "with final as (select 'x' as source_id) {{ conform('companies') }}"
    with pytest.raises(
        WarehouseError, match=r'"final" does not have a column named "source_system"'
    ):
        dbt_runner.invoke(built_home, ["show", "--inline", forgetful, "--no-write-json"])


def test_everything_builds_on_a_warehouse_without_a_row(built_home: Home) -> None:
    connection = connect(built_home.published / "empty" / "marts.duckdb", read_only=True)
    rows = connection.execute("select count(*) from core.fct_order_lines").fetchone()
    assert rows == (0,)


def test_a_night_builds_models_and_their_tests_and_nothing_else(
    build_results: list[NodeResult],
) -> None:
    assert {result.unique_id.partition(".")[0] for result in build_results} == {"model", "test"}


@pytest.mark.parametrize("layer", ["core", "kpi", "meta", "intermediate", "staging"])
def test_every_model_is_described(manifest: dict[str, Any], layer: str) -> None:
    assert [m["name"] for m in models(manifest, layer) if not m["description"]] == []


def test_every_published_column_is_described_and_typed(manifest: dict[str, Any]) -> None:
    bare = [
        f"{model['name']}.{column['name']}"
        for model in models(manifest, "core", "kpi")
        for column in model["columns"].values()
        if not column["description"] or not column["data_type"]
    ]
    assert bare == []


def test_core_and_kpi_are_under_contract(manifest: dict[str, Any]) -> None:
    loose = [m["name"] for m in models(manifest, "core", "kpi") if not m["contract"]["enforced"]]
    assert loose == []


def test_staging_reads_raw_and_nothing_later(manifest: dict[str, Any]) -> None:
    wrong = [
        (model["name"], parent)
        for model in models(manifest, "staging")
        for parent in model["depends_on"]["nodes"]
        if parent.startswith("model.") and manifest["nodes"][parent]["schema"] != "staging"
    ]
    assert wrong == []


def test_no_model_reads_the_clock() -> None:
    read = [
        path.name
        for folder in ("models", "macros")
        for path in (DBT_PROJECT / folder).rglob("*.sql")
        if CLOCK.search(path.read_text(encoding="utf-8"))
    ]
    assert read == []


def test_no_mart_stores_money_as_a_float(built_home: Home) -> None:
    connection = connect(built_home.published / "empty" / "marts.duckdb", read_only=True)
    floats = connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema in ('core', 'kpi') and data_type in ('DOUBLE', 'FLOAT') "
        "and (column_name like '%amount%' or column_name like '%price%' "
        "or column_name like '%cost%')"
    ).fetchall()
    assert floats == []


def test_only_the_systems_that_sources_run_are_built(tmp_path: Path) -> None:
    home = Home(tmp_path)
    dbt_runner.prepare_manifest(home, {"contract", "fec"})
    parsed = json.loads(dbt_runner.manifest_file(home).read_text(encoding="utf-8"))
    assert {Path(m["path"]).parts[1] for m in models(parsed, "staging")} == {"fec"}
    known = {path.name for path in (DBT_PROJECT / "models" / "staging").iterdir() if path.is_dir()}
    assert {s["source_name"] for s in parsed["sources"].values()} - {"control"} == known


def test_no_staging_model_selects_what_it_says_it_lacks() -> None:
    both = []
    for path in (DBT_PROJECT / "models" / "staging").rglob("stg_*.sql"):
        text = path.read_text(encoding="utf-8")
        _, _, end = text.rpartition("final as (")
        selected, _, conformed = end.partition("{{ conform(")
        lacks = re.findall(r"'(\w+)'", conformed.partition("lacks=[")[2])
        both += [(path.stem, name) for name in lacks if re.search(rf"\bas {name}\b", selected)]
    assert both == []


def test_bi_tools_find_a_comment_on_every_published_table_and_column(built_home: Home) -> None:
    with connect(built_home.published / "empty" / "marts.duckdb", read_only=True) as connection:
        bare = connection.execute(
            "select table_name from duckdb_tables() where coalesce(comment, '') = '' union all "
            "select table_name || '.' || column_name from duckdb_columns() "
            "where not internal and coalesce(comment, '') = ''"
        ).fetchall()
    assert bare == []


def test_the_published_file_is_written_for_older_drivers(built_home: Home) -> None:
    file = built_home.published / "empty" / "marts.duckdb"
    # Bytes 12 to 20 of a DuckDB file are its storage version, 64 from DuckDB 0.10 to 1.1.
    assert int.from_bytes(file.read_bytes()[12:20], "little") == 64


def test_every_reader_of_the_marts_has_an_owner_and_reads_published_tables(
    manifest: dict[str, Any],
) -> None:
    exposures = manifest["exposures"].values()
    assert exposures
    for exposure in exposures:
        assert exposure["owner"]["name"], exposure["name"]
        read = [manifest["nodes"][node]["schema"] for node in exposure["depends_on"]["nodes"]]
        assert read, exposure["name"]
        assert set(read) <= {"core", "kpi", "meta"}, exposure["name"]
