"""Gate 1: every landed batch is looked at, before anything of it may reach the warehouse.

What is wrong with a batch as a whole refuses it. What is wrong with a row sets the row apart,
up to a share of the table beyond which the batch is refused. A warning is only told, up to the
same share. Great Expectations counts; this module decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from data_quality.acceptances import Acceptances
from data_quality.results import MOST_EXAMPLES, RuleResult, Verdict
from data_quality.rules import BATCH, QueryRule, RowRule, Rule, allowed_rows
from data_quality.suites import rules_for
from data_quality.suites.derived import key_text, schema_rule
from ingestion.config import Limits
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.landing import QUARANTINED, REJECTED, Batch
from ingestion.transports.base import Problem

if TYPE_CHECKING:
    import duckdb

    from data_quality.gx_duckdb import Session


def warm_up() -> None:
    """Import Great Expectations in the background: it takes seconds, and sources take longer."""
    threading.Thread(target=import_module, args=("data_quality.gx_duckdb",), daemon=True).start()


class Validator:
    """Validates the batches of a run; Great Expectations is started with the first one.

    Args:
        reach: folder that holds the batches, the only one that is then read and written.

    """

    def __init__(self, reach: Path | None = None) -> None:
        self._reach = [reach] if reach else None

    def __enter__(self) -> Validator:
        self._connection = connect(reach=self._reach)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @cached_property
    def _session(self) -> Session:
        from data_quality.gx_duckdb import Session

        return Session(self._reach)

    def validate(
        self,
        batch: Batch,
        previous_rows: int | None = None,
        limits: Limits | None = None,
        acceptances: Acceptances | None = None,
    ) -> Verdict:
        """Look at one batch.

        Rows that broke a rule are written beside it, to `quarantined.parquet`: the key columns,
        `_rule`, `_reason` and `_row` (the row as JSON), one line per row and rule.

        Args:
            batch: what was landed.
            previous_rows: rows of the table after the load before; empty on the first.
            limits: how much may be wrong.
            acceptances: what a person let through.

        Raises:
            RuntimeError: a rule cannot be evaluated, a defect in the rule.

        """
        limits, acceptances = limits or Limits(), acceptances or Acceptances()
        (batch.folder / QUARANTINED).unlink(missing_ok=True)
        told = acceptances.applied(_transport_results(self._connection, batch, limits))
        if any(result.refuses for result in told) and not (batch.folder / "rows.parquet").exists():
            return Verdict(batch, told)
        check = _BatchCheck(self._connection, batch, previous_rows, limits)
        results = (*told, *acceptances.applied(check.run(lambda: self._session)))
        if any(result.refuses for result in results):
            check.quarantine(most=MOST_EXAMPLES)
            return Verdict(batch, results)
        return Verdict(batch, results, check.quarantine())


class _BatchCheck:
    """The rules of one batch, and which of them it broke."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        batch: Batch,
        previous_rows: int | None,
        limits: Limits,
    ) -> None:
        self._connection = connection
        self._batch = batch
        self._limits = limits
        self._previous_rows = previous_rows
        self._rows = batch.folder / "rows.parquet"
        self._source = f"(select * from read_parquet({quoted_text(str(self._rows))}))"
        self._broken_rows: list[RowRule] = []

    def run(self, session: Callable[[], Session]) -> tuple[RuleResult, ...]:
        """Ask every rule; only the schema's when the columns are not those declared."""
        import duckdb

        schema = schema_rule(self._batch.table)
        try:
            broken = self._examples(schema)
        except duckdb.Error as error:
            return (self._unreadable(error),)
        rules: tuple[Rule, ...] = (schema,)
        if not broken:
            rules = rules_for(self._batch, self._previous_rows, self._limits)
        return self._ask(session(), rules)

    def quarantine(self, most: int | None = None) -> int:
        """Write the rows that broke a row rule, with the reason; tell how many rows they are."""
        if not self._broken_rows:
            return 0
        table = self._batch.table
        key = ", ".join(f"r.{quoted_name(name)}" for name in table.key)
        limit = f" limit {most}" if most else ""
        found = " union all ".join(
            f"(select {key}, {quoted_text(rule.code)} as _rule, "
            f"{quoted_text(rule.name)} as _reason, cast(to_json(r) as varchar) as _row "
            f"from {self._source} as r "
            f"where not {rule.condition}{limit})"
            for rule in self._broken_rows
        )
        target = quoted_text(str(self._batch.folder / QUARANTINED))
        self._connection.execute(f"copy ({found}) to {target} (format parquet)")
        names = ", ".join(quoted_name(name) for name in table.key)
        rows = f"select distinct {names} from read_parquet({target})"
        return self._count(f"select count(*) from ({rows})")

    def _ask(self, session: Session, rules: tuple[Rule, ...]) -> tuple[RuleResult, ...]:
        from data_quality.gx_duckdb import Expected

        manifest = self._batch.manifest
        read = manifest.rows + manifest.rejected_rows
        allowed = {
            rule.code: allowed_rows(
                self._limits,
                manifest.table,
                rule,
                table_rows=max(manifest.source_rows, read),
                read_rows=read,
            )
            for rule in rules
        }
        tallied = session.validate(
            f"{manifest.source_id}.{manifest.table}.{manifest.load_id}",
            self._rows,
            [
                Expected(rule.code, rule.name, rule.severity != "warning", allowed[rule.code])
                for rule in rules
            ],
            tally_query(rules),
        )
        results = []
        for rule in rules:
            checked, failed = tallied[rule.code]
            if failed and isinstance(rule, RowRule) and rule.severity == "row":
                self._broken_rows.append(rule)
            results.append(
                RuleResult(
                    subject=self._batch.name,
                    code=rule.code,
                    rule=rule.name,
                    severity=rule.severity,
                    rows_checked=checked,
                    rows_failed=failed,
                    refuses=failed > allowed[rule.code],
                    examples=self._examples(rule) if failed else (),
                    unit="rows" if isinstance(rule, RowRule) else rule.unit,
                    detail=self._detail(rule) if failed else "",
                    acceptable=rule.acceptable,
                )
            )
        return tuple(results)

    def _examples(self, rule: Rule) -> tuple[str, ...]:
        if isinstance(rule, RowRule):
            table = self._batch.table
            query = f"select {key_text(table)} as example from {BATCH} where not {rule.condition}"
        else:
            query = f"select example from ({rule.broken})"
        # Ordered, so that the same fault is told in the same words every night.
        query = f"{query.replace(BATCH, self._source)} order by example limit {MOST_EXAMPLES}"
        return tuple(str(row[0]) for row in self._connection.execute(query).fetchall())

    def _detail(self, rule: Rule) -> str:
        """Which of the rule's columns are to blame, when it looks at several."""
        if not isinstance(rule, RowRule) or len(rule.holds) < 2:
            return ""
        counts = ", ".join(
            f"count(*) filter (where not ({condition}))" for condition in rule.holds.values()
        )
        row = self._connection.execute(f"select {counts} from {self._source}").fetchone()
        failed = zip(rule.holds, cast("tuple[int, ...]", row), strict=True)
        return ", ".join(f"{name} {count:,}" for name, count in failed if count)

    def _unreadable(self, error: Exception) -> RuleResult:
        return RuleResult(
            subject=self._batch.name,
            code="unreadable",
            rule="the landed file can be read",
            severity="batch",
            rows_checked=self._batch.manifest.rows,
            rows_failed=self._batch.manifest.rows,
            refuses=True,
            detail=str(error).splitlines()[0][:200],
        )

    def _count(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0


def tally_query(rules: Iterable[Rule]) -> str:
    """One query for code, rows checked and rows failed of every rule, its row rules in one scan."""
    rules = tuple(rules)
    row_rules = [rule for rule in rules if isinstance(rule, RowRule)]
    counts = "".join(
        f", count(*) filter (where not {rule.condition}) as f{number}"
        for number, rule in enumerate(row_rules)
    )
    lines = [
        f"select {quoted_text(rule.code)} as code, checked, f{number} as failed from scanned"
        for number, rule in enumerate(row_rules)
    ]
    lines += [
        f"select {quoted_text(rule.code)}, ({rule.checked}), "
        f"(select coalesce(sum(n), 0) from ({rule.broken}))"
        for rule in rules
        if isinstance(rule, QueryRule)
    ]
    scanned = f"select count(*) as checked{counts} from {BATCH}"
    return f"with scanned as materialized ({scanned}) {' union all '.join(lines)}"


def _transport_results(
    connection: duckdb.DuckDBPyConnection, batch: Batch, limits: Limits
) -> tuple[RuleResult, ...]:
    """What the transport met while it read, as results of rules."""
    batch_problems: list[RuleResult] = []
    warnings: dict[str, list[Problem]] = {}
    for problem in batch.manifest.problems:
        if problem.severity == "batch":
            batch_problems.append(_problem_result(batch, [problem]))
        elif problem.severity == "warning":
            warnings.setdefault(problem.code, []).append(problem)
    told = [_problem_result(batch, problems) for problems in warnings.values()]
    return (*batch_problems, *_rejections(connection, batch, limits), *told)


def _problem_result(batch: Batch, problems: list[Problem]) -> RuleResult:
    first = problems[0]
    return RuleResult(
        subject=batch.name,
        code=first.code,
        rule=f"read without trouble ({first.code.replace('_', ' ')})",
        severity=first.severity,
        rows_checked=batch.manifest.rows + batch.manifest.rejected_rows,
        rows_failed=len(problems),
        refuses=first.severity == "batch",
        examples=tuple(filter(None, map(_place, problems[:MOST_EXAMPLES]))),
        detail=first.message,
    )


def _rejections(
    connection: duckdb.DuckDBPyConnection, batch: Batch, limits: Limits
) -> list[RuleResult]:
    """Rows that could not be read as declared count like rows that broke a rule."""
    manifest = batch.manifest
    if not manifest.rejected_rows:
        return []
    read = manifest.rows + manifest.rejected_rows
    rejected = quoted_text(str(batch.folder / REJECTED))
    counted = connection.execute(
        f"""
        select
            code,
            count(distinct (file, line)) as lines,
            list_slice(
                list(file || ' line ' || line || coalesce(' ' || field, '') order by file, line),
                1, {MOST_EXAMPLES}
            ) as places
        from read_parquet({rejected})
        group by code
        order by code
        """
    ).fetchall()
    results = []
    for code, lines, places in counted:
        rule = RowRule(code, f"every row can be read: {code.replace('_', ' ')}", {})
        allowed = allowed_rows(
            limits, manifest.table, rule, table_rows=max(manifest.source_rows, read), read_rows=read
        )
        results.append(
            RuleResult(
                subject=batch.name,
                code=code,
                rule=rule.name,
                severity="row",
                rows_checked=read,
                rows_failed=lines,
                refuses=lines > allowed,
                examples=tuple(places),
                acceptable=rule.acceptable,
            )
        )
    return results


def _place(problem: Problem) -> str:
    parts = (problem.file, problem.line and f"line {problem.line}", problem.field)
    return " ".join(str(part) for part in parts if part)
