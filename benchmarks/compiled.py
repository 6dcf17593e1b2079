"""The dbt project as SQL that runs without dbt: compiled once, then executed bare in DuckDB.

Two uses: a benchmark tells what dbt adds to the time of its own SQL, and property tests build the
models for many small companies in the time that dbt needs for one.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb

from ingestion.engine import quoted_name, quoted_text
from ingestion.home import DBT_PROJECT, Home
from orchestration import dbt_runner


@dataclass(frozen=True)
class CompiledModel:
    """One model: where it goes and what makes it."""

    unique_id: str
    name: str
    relation: str
    """Qualified and quoted name."""
    materialized: str
    """table or view."""
    sql: str
    python: Path | None
    """File of a Python model, which has no SQL."""
    references: Mapping[str, str]
    """Relation behind each name that a Python model may ask for."""
    config: Mapping[str, Any]
    """What the model is configured with, which a Python model may ask for too."""


@dataclass(frozen=True)
class CompiledTest:
    """One data test: rows that it returns are failures."""

    name: str
    sql: str
    models: frozenset[str]
    """Unique ids of the models that it reads."""


@dataclass(frozen=True)
class CompiledProject:
    """The models in an order in which they can be built, and the tests on them."""

    models: tuple[CompiledModel, ...]
    tests: tuple[CompiledTest, ...]

    def build(self, connection: duckdb.DuckDBPyConnection) -> Iterator[CompiledModel]:
        """Build model after model; each is given back when it is done."""
        schemas = {model.relation.rpartition(".")[0] for model in self.models}
        for schema in sorted(schemas):
            connection.execute(f"create schema if not exists {schema}")
        for model in self.models:
            if model.python is None:
                connection.execute(
                    f"create or replace {model.materialized} {model.relation} as {model.sql}"
                )
            else:
                frame = _module(model.python).model(_Dbt(connection, model), connection)
                connection.register("_frame", frame)
                connection.execute(
                    f"create or replace table {model.relation} as select * from _frame"
                )
                connection.unregister("_frame")
            yield model

    def failures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
        """First rows of every test that fails, by its name."""
        found = {}
        for test in self.tests:
            rows = connection.execute(f"select * from ({test.sql}) limit 5").fetchall()
            if rows:
                found[test.name] = rows
        return found


def compiled(home: Home) -> CompiledProject:
    """Compile the project for the systems that the home is prepared for."""
    results = dbt_runner.invoke(home, ["compile", "--no-write-json"])
    nodes = {result.node.unique_id: result.node for result in results}
    models = {
        unique_id: _model(node, nodes)
        for unique_id, node in nodes.items()
        if str(node.resource_type) == "model"
    }
    parents = {key: set(nodes[key].depends_on.nodes) & models.keys() for key in models}
    order = TopologicalSorter(parents).static_order()
    tests = (
        CompiledTest(node.name, node.compiled_code, frozenset(node.depends_on.nodes))
        for node in nodes.values()
        if str(node.resource_type) == "test" and str(node.config.severity).upper() == "ERROR"
    )
    return CompiledProject(tuple(models[key] for key in order), tuple(tests))


def copy_prepared(connection: duckdb.DuckDBPyConnection, home: Home, database: str) -> None:
    """Copy what models read, seeds and raw tables, from a prepared home into a database."""
    connection.execute(f"attach {quoted_text(str(home.warehouse))} as prepared (read_only)")
    connection.execute(f"copy from database prepared to {quoted_name(database)}")
    connection.execute("detach prepared")


def _model(node: Any, nodes: Mapping[str, Any]) -> CompiledModel:
    is_python = str(node.language) == "python"
    parents = [nodes[key] for key in node.depends_on.nodes if key in nodes]
    return CompiledModel(
        unique_id=node.unique_id,
        name=node.name,
        relation=node.relation_name,
        materialized=node.config.materialized,
        sql="" if is_python else node.compiled_code,
        python=DBT_PROJECT / node.original_file_path if is_python else None,
        references={parent.name: parent.relation_name for parent in parents},
        config=node.config.to_dict(),
    )


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Config:
    """What a Python model asks of its configuration."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __call__(self, **_: object) -> None:
        """Settings are dbt's business."""

    def get(self, name: str, default: object = None) -> object:
        """One setting."""
        return self._values.get(name, default)


class _Dbt:
    """What a Python model is given in place of dbt."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, model: CompiledModel) -> None:
        self.config = _Config(model.config)
        self._connection = connection
        self._references = model.references

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        """The relation behind another model."""
        return self._connection.query(f"select * from {self._references[name]}")

    def source(self, schema: str, name: str) -> duckdb.DuckDBPyRelation:
        """A table of the pipeline itself."""
        return self._connection.query(f"select * from warehouse.{schema}.{name}")
