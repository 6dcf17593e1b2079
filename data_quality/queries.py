"""Rules asked by plain SQL, of a database that is already open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_quality.results import MOST_EXAMPLES, RuleResult
from data_quality.rules import QueryRule, allowed_rows
from ingestion.config import Limits

if TYPE_CHECKING:
    import duckdb


def ask(
    connection: duckdb.DuckDBPyConnection,
    subject: str,
    rule: QueryRule,
    *,
    table: str,
    limits: Limits,
) -> RuleResult:
    """Ask one rule; examples are fetched only when something broke it.

    Args:
        connection: the open database.
        subject: what the rule is about, as people name it.
        rule: the rule.
        table: name under which configuration knows the table.
        limits: how much may be wrong.

    """
    checked, failed = _numbers(
        connection, f"select ({rule.checked}), (select coalesce(sum(n), 0) from ({rule.broken}))"
    )
    examples: tuple[str, ...] = ()
    if failed:
        query = f"select example from ({rule.broken}) order by example limit {MOST_EXAMPLES}"
        examples = tuple(str(row[0]) for row in connection.execute(query).fetchall())
    allowed = allowed_rows(limits, table, rule, table_rows=checked, read_rows=checked)
    return RuleResult(
        subject=subject,
        code=rule.code,
        rule=rule.name,
        severity=rule.severity,
        rows_checked=checked,
        rows_failed=failed,
        refuses=failed > allowed,
        examples=examples,
        unit=rule.unit,
        acceptable=rule.acceptable,
    )


def _numbers(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    row = connection.execute(query).fetchone()
    assert row is not None  # a query without FROM gives one row
    return int(row[0]), int(row[1])
