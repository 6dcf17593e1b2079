"""Great Expectations on DuckDB: the SQL dialect that it lacks, and one session over Parquet.

Importing this module imports Great Expectations, which takes seconds: do it where a batch is
validated and nowhere else.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Read when Great Expectations is imported: a nightly job reports to nobody.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb_engine
import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from sqlalchemy.dialects import registry

from data_quality.expectations import ExpectRuleToHold, Tallied
from ingestion.engine import memory_limit, quoted_text

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context import EphemeralDataContext

DIALECT = "adv_duckdb"


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
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
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
    """One GX context with one datasource, an in-memory DuckDB, for all tables of a run."""

    def __init__(self) -> None:
        self._context = quiet_context()
        self._source = self._context.data_sources.add_sql(
            "landing",
            connection_string=f"{DIALECT}:///:memory:",
            kwargs={"connect_args": {"config": _engine_settings()}},
        )

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
        query = f"SELECT * FROM read_parquet({quoted_text(str(rows))})"
        asset = self._source.add_query_asset(name, query=query.replace(":", "\\:"))
        suite = gx.ExpectationSuite(
            name=name,
            expectations=[
                ExpectRuleToHold(
                    code=rule.code,
                    allowed=rule.allowed,
                    tallies=tallies,
                    severity="critical" if rule.critical else "warning",
                    description=rule.rule,
                )
                for rule in expected
            ],
        )
        try:
            batch = asset.add_batch_definition_whole_table("landed").get_batch()
            return _observed(name, batch.validate(suite))
        finally:
            self._source.delete_asset(name)


def _observed(name: str, result: ExpectationSuiteValidationResult) -> dict[str, Tallied]:
    found = {}
    for one in result.results:
        if not one.result:
            raise RuntimeError(f"{name}: a rule cannot be evaluated: {one.exception_info}")
        tallied = Tallied(one.result["element_count"], one.result["unexpected_count"])
        found[one.expectation_config.kwargs["code"]] = tallied
    return found


def _engine_settings() -> dict[str, str]:
    # An in-memory DuckDB would otherwise spill into the working directory.
    return {"memory_limit": memory_limit(), "temp_directory": tempfile.gettempdir()}
