"""Great Expectations on DuckDB: the SQL dialect that it lacks, and one session over Parquet.

Importing this module imports Great Expectations, which takes seconds: do it where a batch is
validated and nowhere else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

# Read when Great Expectations is imported: a nightly job reports to nobody.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb_engine
import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy.dialects import registry

from data_quality.expectations import ExpectRuleToHold, Tallied
from ingestion.engine import CLOSED, confinement, memory_limit, quoted_text, spill_folder

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )

DIALECT = "adv_duckdb"
VIEW = "landed_batch"


class ReadOnlyDuckDBDialect(duckdb_engine.Dialect):
    """DuckDB for readers that close their connection before they fetch, as GX does.

    Closing rolls back, and DuckDB's rollback drops the pending result. Nothing is written
    here, so no transaction is needed: without one, results stay readable.
    """

    name = DIALECT
    supports_statement_cache = False

    def do_begin(self, connection: Any) -> None:
        """Nothing to begin."""

    def do_commit(self, connection: Any) -> None:
        """Nothing to commit."""

    def do_rollback(self, connection: Any) -> None:
        """Nothing to undo."""

    @classmethod
    def import_dbapi(cls) -> Any:
        """duckdb-engine's, under the name that SQLAlchemy 2 asks for."""
        return duckdb_engine.DBAPI


registry.register(DIALECT, __name__, ReadOnlyDuckDBDialect.__name__)


def quiet_context() -> EphemeralDataContext:
    """A GX context that lives in memory and keeps silent."""
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        # The second sets a level of its own, and tells of every temporary folder.
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@dataclass(frozen=True)
class Expected:
    """One rule as Great Expectations is asked about it."""

    code: str
    rule: str
    critical: bool
    allowed: int


class Session:
    """One GX context with one datasource and one asset, for all tables of a run.

    The asset is a view in an in-memory DuckDB, pointed at each batch in turn: every asset
    added or removed would make GX write its whole configuration anew.
    """

    def __init__(self, reach: Iterable[Path] | None = None) -> None:
        self._context = quiet_context()
        settings = {
            "memory_limit": memory_limit(),
            "temp_directory": str(spill_folder()),
            **CLOSED,
        }
        source = self._context.data_sources.add_sql(
            "landing", connection_string=f"{DIALECT}:///:memory:?{urlencode(settings)}"
        )
        self._engine = source.get_execution_engine().engine
        if reach is not None:
            with self._engine.connect() as connection:
                for statement in confinement(reach):
                    connection.exec_driver_sql(statement)
        asset = source.add_query_asset("batch", query=f"SELECT * FROM {VIEW}")
        self._batch = asset.add_batch_definition_whole_table("landed")

    def validate(
        self, name: str, rows: Path, expected: Sequence[Expected], tallies: str
    ) -> Mapping[str, Tallied]:
        """Ask all of a table's rules in one scan.

        Args:
            name: the table, for messages.
            rows: Parquet file with the batch.
            expected: the rules.
            tallies: query giving code, rows checked and rows failed of every rule.

        Returns:
            What GX observed, by rule code.

        Raises:
            RuntimeError: GX could not evaluate a rule, a defect in the rule's SQL.

        """
        self._point_at(rows)
        suite = gx.ExpectationSuite(
            name=name,
            expectations=[
                ExpectRuleToHold(
                    code=rule.code,
                    allowed=rule.allowed,
                    tallies=tallies,
                    severity=FailureSeverity.CRITICAL if rule.critical else FailureSeverity.WARNING,
                    description=rule.rule,
                )
                for rule in expected
            ],
        )
        return _observed(name, self._batch.get_batch().validate(suite))

    def _point_at(self, rows: Path) -> None:
        source = f"read_parquet({quoted_text(str(rows))})"
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"create or replace view {VIEW} as select * from {source}")


def _observed(name: str, result: ExpectationSuiteValidationResult) -> dict[str, Tallied]:
    found = {}
    for one in result.results:
        if not one.result or one.expectation_config is None:
            raise RuntimeError(f"{name}: a rule cannot be evaluated: {one.exception_info}")
        tallied = Tallied(one.result["element_count"], one.result["unexpected_count"])
        found[one.expectation_config.kwargs["code"]] = tallied
    return found
