"""The dashboards for Superset fit the published marts, by the contracts; without Superset.

Every published table is made empty, as its contract declares it. DuckDB then binds what the data
sets and charts would ask; a column that a mart no longer has is an error here, not on a screen.
"""

from __future__ import annotations

import re
import runpy
from collections import Counter
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import pytest
import yaml

from dashboards.superset.bundle import ASSETS, asset_files, bundle
from ingestion.home import DBT_PROJECT

Asset = dict[str, Any]


@cache
def assets(part: str) -> list[Asset]:
    return [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in asset_files()
        if path.relative_to(ASSETS).parts[0] == part
    ]


def by_uuid(part: str) -> dict[str, Asset]:
    return {asset["uuid"]: asset for asset in assets(part)}


each_dataset = pytest.mark.parametrize(
    "dataset", assets("datasets"), ids=lambda dataset: dataset["table_name"]
)
each_chart = pytest.mark.parametrize(
    "chart", assets("charts"), ids=lambda chart: chart["slice_name"]
)
each_dashboard = pytest.mark.parametrize(
    "dashboard", assets("dashboards"), ids=lambda dashboard: dashboard["dashboard_title"]
)


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    for schema in ("core", "kpi", "meta"):
        connection.execute(f"create schema {schema}")
        for file in (DBT_PROJECT / "models" / schema).rglob("*.yml"):
            for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
                columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
                connection.execute(f"create table {schema}.{model['name']} ({columns})")
    yield connection
    connection.close()


def query(dataset: Asset) -> str:
    """What Superset reads for a data set: its query, or its table."""
    return dataset.get("sql") or f"select * from {dataset['schema']}.{dataset['table_name']}"


def expressions(dataset: Asset) -> dict[str, str]:
    """Calculated columns and metrics, by name."""
    return {
        **{c["column_name"]: c["expression"] for c in dataset["columns"] if "expression" in c},
        **{m["metric_name"]: m["expression"] for m in dataset["metrics"]},
    }


def named_by(chart: Asset) -> Iterator[str]:
    """Every column and metric that a chart names."""
    params = chart["params"]
    for key in ("metric", "x_axis", "timeseries_limit_metric", "x_axis_sort"):
        yield from [params[key]] if key in params else []
    for key in ("metrics", "metrics_b", "groupby", "groupby_b", "all_columns"):
        yield from params.get(key, [])
    for key in ("adhoc_filters", "adhoc_filters_b"):
        yield from (condition["subject"] for condition in params.get(key, []))
    yield from (yaml.safe_load(order)[0] for order in params.get("order_by_cols", []))
    yield from params.get("column_config", {})


def charts_of(dashboard: Asset) -> list[str]:
    return [
        item["meta"]["uuid"]
        for item in dashboard["position"].values()
        if isinstance(item, dict) and item["type"] == "CHART"
    ]


@each_dataset
def test_a_data_set_has_exactly_the_columns_of_its_mart(
    marts: duckdb.DuckDBPyConnection, dataset: Asset
) -> None:
    described = marts.execute(f"describe {query(dataset)}").fetchall()
    declared = {
        column["column_name"]: column["type"].replace(", ", ",")
        for column in dataset["columns"]
        if "expression" not in column
    }
    assert {str(name): str(kind) for name, kind, *_ in described} == declared


@each_dataset
def test_a_data_set_computes_what_the_mart_has(
    marts: duckdb.DuckDBPyConnection, dataset: Asset
) -> None:
    for expression in expressions(dataset).values():
        marts.execute(f"select {expression} from ({query(dataset)})")


@each_dataset
def test_a_data_set_calls_nothing_by_the_name_of_a_column(dataset: Asset) -> None:
    names = [c["column_name"] for c in dataset["columns"]]
    names += [m["metric_name"] for m in dataset["metrics"]]
    assert [name for name, times in Counter(names).items() if times > 1] == []


@each_dataset
def test_a_data_set_leaves_the_business_rules_to_dbt(dataset: Asset) -> None:
    assert not re.search(r"\b(where|group|case|sum|count|left)\b", dataset.get("sql", ""))


@each_dataset
def test_a_data_set_adds_up_before_it_divides(dataset: Asset) -> None:
    assert not [e for e in expressions(dataset).values() if re.search(r"\bavg\(", e)]


@each_chart
def test_a_chart_names_columns_and_metrics_of_its_data_set(chart: Asset) -> None:
    dataset = by_uuid("datasets")[chart["dataset_uuid"]]
    known = {c["column_name"] for c in dataset["columns"]} | set(expressions(dataset))
    assert set(named_by(chart)) - known == set()


@each_dataset
def test_a_metric_is_shown_by_a_chart(dataset: Asset) -> None:
    charts = [chart for chart in assets("charts") if chart["dataset_uuid"] == dataset["uuid"]]
    shown = {name for chart in charts for name in named_by(chart)}
    assert {metric["metric_name"] for metric in dataset["metrics"]} - shown == set()


@each_chart
def test_a_chart_is_on_a_dashboard(chart: Asset) -> None:
    assert chart["uuid"] in {uuid for d in assets("dashboards") for uuid in charts_of(d)}


@each_chart
def test_a_chart_is_of_one_kind(chart: Asset) -> None:
    assert chart["viz_type"] == chart["params"]["viz_type"]


@each_dashboard
def test_a_dashboard_shows_charts_that_exist(dashboard: Asset) -> None:
    assert set(charts_of(dashboard)) - set(by_uuid("charts")) == set()


@each_dashboard
def test_a_dashboard_hangs_together(dashboard: Asset) -> None:
    items = {key: i for key, i in dashboard["position"].items() if isinstance(i, dict)}
    children = [child for item in items.values() for child in item.get("children", [])]
    assert sorted(children) == sorted(set(items) - {"ROOT_ID", "HEADER_ID"})


@each_dashboard
def test_a_dashboard_gives_each_chart_a_number_of_its_own(dashboard: Asset) -> None:
    items = [i for i in dashboard["position"].values() if isinstance(i, dict)]
    numbers = [i["meta"]["chartId"] for i in items if i["type"] == "CHART"]
    assert len(numbers) == len(set(numbers))


@each_dashboard
def test_a_dashboard_filters_by_columns_that_exist(dashboard: Asset) -> None:
    for native_filter in dashboard["metadata"]["native_filter_configuration"]:
        for target in native_filter["targets"]:
            columns = by_uuid("datasets")[target["datasetUuid"]]["columns"]
            assert target["column"]["name"] in {c["column_name"] for c in columns}


@each_dashboard
def test_a_dashboard_tells_for_which_day_it_is(dashboard: Asset) -> None:
    shown = [by_uuid("charts")[uuid]["slice_name"] for uuid in charts_of(dashboard)]
    assert "As of" in shown


def test_no_two_assets_share_an_identifier() -> None:
    parts = ("databases", "datasets", "charts", "dashboards")
    uuids = [asset["uuid"] for part in parts for asset in assets(part)]
    assert len(uuids) == len(set(uuids))


def test_the_titles_are_those_that_the_documentation_names() -> None:
    assert {d["dashboard_title"] for d in assets("dashboards")} == {
        "Receivables",
        "Service and workload",
    }


def test_a_browser_is_sent_to_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret_key").touch()
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    settings = runpy.run_path(str(ASSETS / "superset_config.py"))
    allowed = settings["TALISMAN_CONFIG"]["content_security_policy"]
    assert allowed["default-src"] == ["'self'"]
    assert not re.search(r"\w\.\w|\*", str(allowed)), "no host"


def test_the_archive_opens_the_published_file_by_the_link_and_read_only(tmp_path: Path) -> None:
    (tmp_path / "publication.duckdb").touch()
    link = tmp_path / "marts.duckdb"
    link.symlink_to("publication.duckdb")

    with ZipFile(BytesIO(bundle(link))) as archive:
        database = yaml.safe_load(archive.read("adv/databases/adv_marts.yaml"))

    assert database["sqlalchemy_uri"] == f"duckdb:///{link}"
    connection = database["extra"]["engine_params"]["connect_args"]
    assert connection["read_only"] is True
    assert connection["config"]["enable_external_access"] is False


def test_the_archive_holds_every_asset() -> None:
    with ZipFile(BytesIO(bundle(Path("marts.duckdb")))) as archive:
        names = set(archive.namelist())
    assert names == {str(Path("adv") / path.relative_to(ASSETS)) for path in asset_files()}
