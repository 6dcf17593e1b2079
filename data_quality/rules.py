"""What a rule is, how much of a table may break it, and the few shapes that most rules have."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ingestion.config import Limits
from ingestion.engine import quoted_name, quoted_text
from ingestion.transports.base import Severity

BATCH = "{batch}"
"""Stands, in a rule's SQL, for the rows that are checked."""

NEVER = 1.0
"""Threshold of a rule that may be broken by every row: it tells, and refuses nothing."""

UNLIMITED = 2**62


Acceptability = Literal["never", "once", "lasting"]
"""Whether a person may let through what a rule refuses: never; once, since the rule compares with
what was there before; or as long as not more of the table breaks it."""


@dataclass(frozen=True)
class RowRule:
    """A condition that each row keeps on its own, so that a broken row can be set apart."""

    code: str
    """Short and stable, unique within the table; configuration names the rule by it."""
    name: str
    """The rule in words: what holds of a good row."""
    holds: Mapping[str, str]
    """SQL conditions by what they are about, usually a column; as in a CHECK, NULL holds."""
    severity: Severity = "row"
    """row: a broken row is quarantined; warning: it is let in and told; batch: all is refused."""
    threshold: float | None = None
    """Share of the table's rows that may break it; by default the one in the limits."""

    @property
    def acceptable(self) -> Acceptability:
        """Rows beyond the limit may be set apart, or told, all the same."""
        return "never" if self.severity == "batch" else "lasting"

    @property
    def condition(self) -> str:
        """All conditions as one, TRUE for a good row."""
        parts = " and ".join(f"({condition})" for condition in self.holds.values())
        return f"coalesce({parts}, true)"


@dataclass(frozen=True)
class QueryRule:
    """A condition on a table as a whole, or between tables: a query that finds what breaks it."""

    code: str
    name: str
    broken: str
    """Query for what breaks the rule: `example` names it, `n` is how many rows it stands for."""
    checked: str = f"select count(*) from {BATCH}"
    """Query for how many rows were looked at."""
    severity: Severity = "batch"
    threshold: float | None = 0.0
    """Share of the rows checked that may break it; None: the one in the limits."""
    unit: str = "rows"
    """What is counted."""
    acceptable: Acceptability = "never"
    """Whether a person may let through what breaks it."""
    needs: tuple[str, ...] = ()
    """Tables (`schema.table`) that must exist for the question to make sense."""


Rule = RowRule | QueryRule


@dataclass(frozen=True)
class Reference:
    """A column that names a row of another table of the same source."""

    table: str
    column: str
    to_table: str
    to_column: str = "id"
    threshold: float | None = None
    """Share of the referring rows that may point nowhere; beyond it the load is refused."""
    only_if_given: bool = False
    """The source may not hold the other table at all; it is then not asked."""


def allowed_rows(limits: Limits, table: str, rule: Rule, *, table_rows: int, read_rows: int) -> int:
    """How many rows may break the rule before the batch is refused.

    The share is of the whole table, since a nightly delta is so small that one bad row in
    it would always be too many; but a pattern in the rows read is refused whatever the
    table's size.
    """
    share = limits.by_rule.get(f"{table}.{rule.code}", rule.threshold)
    if share is None:
        share = limits.share
    if share >= NEVER:
        return sys.maxsize
    allowed = int(share * table_rows)
    if rule.severity == "batch" or share >= limits.systematic_share:
        return allowed
    pattern = max(limits.systematic_rows - 1, int(limits.systematic_share * read_rows))
    return min(allowed, pattern)


def given(*columns: str, severity: Severity = "row", threshold: float | None = None) -> RowRule:
    """The columns are never empty."""
    return RowRule(
        f"{_slug(columns)}_given",
        f"{_words(columns)} {_is(columns)} given",
        {column: f"{quoted_name(column)} is not null" for column in columns},
        severity,
        threshold,
    )


def known(
    column: str,
    codes: Iterable[str],
    *,
    severity: Severity = "warning",
    threshold: float | None = None,
) -> RowRule:
    """The column holds a code that the mappings know; others become `unknown` downstream."""
    ordered = sorted(set(codes))
    return RowRule(
        f"{column}_known",
        f"{column} is one of {', '.join(ordered)}",
        {column: f"{quoted_name(column)} in ({', '.join(quoted_text(c) for c in ordered)})"},
        severity,
        threshold,
    )


def between(low: str, high: str, *columns: str, severity: Severity = "row") -> RowRule:
    """The numbers lie in a range, both ends included."""
    return RowRule(
        f"{_slug(columns)}_in_range",
        f"{_words(columns)} {_lies(columns)} between {low} and {high}",
        {column: f"{quoted_name(column)} between {low} and {high}" for column in columns},
        severity,
    )


def not_negative(*columns: str, severity: Severity = "row") -> RowRule:
    """The numbers are zero or more."""
    return RowRule(
        f"{_slug(columns)}_not_negative",
        f"{_words(columns)} {_is(columns)} not negative",
        {column: f"{quoted_name(column)} >= 0" for column in columns},
        severity,
    )


def adds_up(total: str, *parts: str, tolerance: str = "0.02", when: str = "true") -> RowRule:
    """An amount is the sum of its parts, but for rounding."""
    terms = " + ".join(quoted_name(part) for part in parts)
    return RowRule(
        f"{total}_adds_up",
        f"{total} is {' plus '.join(parts)}",
        {total: f"not ({when}) or abs({quoted_name(total)} - ({terms})) <= {tolerance}"},
    )


def in_order(first: str, then: str, *, severity: Severity = "warning") -> RowRule:
    """One date is not after another."""
    return RowRule(
        f"{first}_before_{then}",
        f"{first} is not after {then}",
        {first: f"{quoted_name(first)} <= {quoted_name(then)}"},
        severity,
    )


def holds(
    code: str,
    name: str,
    condition: str,
    *,
    severity: Severity = "row",
    threshold: float | None = None,
) -> RowRule:
    """Any other condition on a row."""
    return RowRule(code, name, {code: condition}, severity, threshold)


def _slug(columns: tuple[str, ...]) -> str:
    return "_".join(columns[:2]) + (f"_and_{len(columns) - 2}_more" if len(columns) > 2 else "")


def _words(columns: tuple[str, ...]) -> str:
    if len(columns) == 1:
        return columns[0]
    return f"{', '.join(columns[:-1])} and {columns[-1]}"


def _is(columns: tuple[str, ...]) -> str:
    return "is" if len(columns) == 1 else "are"


def _lies(columns: tuple[str, ...]) -> str:
    return "lies" if len(columns) == 1 else "lie"
