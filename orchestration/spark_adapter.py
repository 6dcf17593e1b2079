"""dbt's adapter for Spark as this product needs it: put in its place before dbt looks for it.

dbt-spark turns ANSI mode off and submits Python models to Databricks only. Here the session that
the driver has opened keeps its mode, and Python models run in this process, as on DuckDB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dbt.adapters.spark
import pyarrow as pa
from dbt.adapters.base.impl import PythonJobHelper
from dbt.adapters.base.meta import available
from dbt.adapters.base.plugin import AdapterPlugin
from dbt.adapters.spark.connections import SparkCredentials
from dbt.adapters.spark.impl import SparkAdapter as BaseAdapter
from dbt.include import spark
from pyspark.sql import SparkSession

from orchestration.spark_ctes import worked_out_once


class PythonModel(PythonJobHelper):
    """Runs a Python model, whose table is small, and leaves its rows to SQL as a temporary view."""

    def __init__(self, parsed_model: dict[str, Any], credential: SparkCredentials) -> None:  # noqa: ARG002
        self._view = f"{parsed_model['alias']}__frame"

    def submit(self, compiled_code: str) -> None:
        """Run the model."""
        session = SparkSession.builder.getOrCreate()
        scope: dict[str, Any] = {}
        exec(compiled_code, scope)  # noqa: S102  a model of the project
        frame = scope["model"](scope["dbtObj"](session.table), session)
        rows = pa.Table.from_pandas(frame, preserve_index=False)
        session.createDataFrame(rows).createOrReplaceTempView(self._view)


class SparkAdapter(BaseAdapter):
    """The adapter, which submits Python models to this process; dbt goes by the class's name."""

    @property
    def default_python_submission_method(self) -> str:
        """The only one that there is."""
        return "session"

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        """How models are submitted."""
        return {"session": PythonModel}

    @available
    def worked_out_once(self, sql: str, prefix: str) -> tuple[str, list[str]]:
        """See `orchestration/spark_ctes.py`."""
        return worked_out_once(SparkSession.builder.getOrCreate(), sql, prefix)

    @available
    def forget(self, views: list[str]) -> None:
        """Let go of what was worked out."""
        for view in views:
            SparkSession.builder.getOrCreate().catalog.dropTempView(view)


@dataclass
class SessionCredentials(SparkCredentials):
    """The profile, without the settings that would be forced upon the session."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server_side_parameters = {}


def put_in_place() -> None:
    """Let dbt find this adapter under the name of its own."""
    dbt.adapters.spark.Plugin = AdapterPlugin(
        adapter=SparkAdapter,  # type: ignore[arg-type]
        credentials=SessionCredentials,
        include_path=spark.PACKAGE_PATH,
    )
