"""Great Expectations' side of a rule: one expectation per rule, one scan per table.

GX computes a metric once per batch however many expectations ask for it. All expectations of
a table therefore share one metric, the tallies of all rules, and each reads its own line: every
rule keeps its name and its verdict, and the table is read once.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import sqlalchemy
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import (
    LegacyRendererType,
    RenderedStringTemplateContent,
)
from great_expectations.render.renderer.renderer import renderer

from data_quality.rules import BATCH

METRIC = "adv.tallies"


class Tallied(NamedTuple):
    """How many rows a rule looked at, and how many broke it."""

    checked: int
    failed: int


class Tallies(TableMetricProvider):
    """Rows checked and failed of every rule of a table, by rule code."""

    metric_name = METRIC
    value_keys = ("tallies",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805, GX hands over the class
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002, the signature is GX's
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Tallied]:
        batch, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        rows = batch.compile(dialect=execution_engine.engine.dialect)
        query = metric_value_kwargs["tallies"].replace(BATCH, f"({rows})")
        # What looks like a bind parameter is SQL's or a path's own colon.
        result = execution_engine.execute_query(sqlalchemy.text(query.replace(":", "\\:")))
        return {row[0]: Tallied(int(row[1]), int(row[2])) for row in result.fetchall()}


class ExpectRuleToHold(BatchExpectation):
    """Expect no more rows to break a rule than are allowed to."""

    code: str
    """Code of the rule, its line in the tallies."""
    allowed: int = 0
    """Rows that may break it."""
    tallies: str = ""
    """Query giving code, rows checked and rows failed of every rule of the table."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("code", "allowed", "tallies")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002, GX's signature
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        tallied: Tallied = metrics[METRIC][self.code]
        return {"success": tallied.failed <= self.allowed, "result": observed(*tallied)}

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,  # noqa: ARG003, GX's signature
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG003
        **_: Any,
    ) -> list[RenderedStringTemplateContent]:
        words = {"rule": configuration.description, "allowed": configuration.kwargs["allowed"]}
        template = "$rule; at most $allowed rows may break it." if words["allowed"] else "$rule."
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={"template": template, "params": words},
            )
        ]

    @classmethod
    @renderer(renderer_type="renderer.diagnostic.observed_value")
    def _diagnostic_observed_value_renderer(
        cls,
        configuration: Any = None,  # noqa: ARG003, GX's signature
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG003
        **_: Any,
    ) -> str:
        counts = result.result
        return f"{counts['unexpected_count']:,} of {counts['element_count']:,} rows break it"


def observed(checked: int, failed: int) -> dict[str, Any]:
    """The counts, under the names that GX gives them."""
    return {
        "element_count": checked,
        "unexpected_count": failed,
        "unexpected_percent": 100 * failed / checked if checked else 0.0,
    }
