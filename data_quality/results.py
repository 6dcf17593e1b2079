"""What a rule said, and what follows for the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from data_quality.rules import Acceptability
from ingestion.landing import Batch, CheckResult
from ingestion.transports.base import Severity

MOST_EXAMPLES = 20

Outcome = Literal["accepted", "accepted with rows quarantined", "refused"]


@dataclass(frozen=True)
class RuleResult:
    """What one rule said about one table."""

    subject: str
    """The table, as people name it: `erp.sale_order`, or `kpi.aging`."""
    code: str
    rule: str
    """The rule, in words."""
    severity: Severity
    rows_checked: int
    rows_failed: int
    refuses: bool = False
    """More is wrong than the limits allow: nothing of the batch may pass."""
    examples: tuple[str, ...] = ()
    """Up to twenty keys of what broke it; nothing else of a row is ever shown."""
    unit: str = "rows"
    """What is counted."""
    detail: str = ""
    """Where it broke, when the rule looks at several columns."""
    acceptable: Acceptability = "never"
    """Whether a person may let it through."""
    accepted_because: str = ""
    """The reason for which a person did; the result then refuses nothing."""

    @property
    def passed(self) -> bool:
        """Nothing broke the rule."""
        return self.rows_failed == 0

    @property
    def finding(self) -> str:
        """How much broke the rule, and where to look; empty when nothing did."""
        if self.passed:
            return ""
        count = f"broken by {self.rows_failed:,} of {self.rows_checked:,} {self.unit}"
        where = f" ({self.detail})" if self.detail else ""
        examples = f": {', '.join(self.examples)}" if self.examples else ""
        accepted = f" (accepted: {self.accepted_because})" if self.accepted_because else ""
        return f"{count}{where}{examples}{accepted}"

    @property
    def message(self) -> str:
        """One line that tells a person what is wrong; empty when nothing is."""
        return "" if self.passed else f"{self.subject}: {self.rule}: {self.finding}"

    def as_check(self) -> CheckResult:
        """The same as the manifest keeps it, and `control.checks` after it."""
        return CheckResult(
            rule=self.rule,
            severity=self.severity,
            passed=self.passed,
            rows_checked=self.rows_checked,
            rows_failed=self.rows_failed,
            examples=self.examples,
            message=self.message,
            accepted_because=self.accepted_because,
        )


@dataclass(frozen=True)
class Verdict:
    """What becomes of a landed batch, and why."""

    batch: Batch
    results: tuple[RuleResult, ...]
    quarantined_rows: int = 0
    """Rows of an accepted batch that are kept out of raw, listed in `quarantined.parquet`."""

    @property
    def accepted(self) -> bool:
        """The batch may be merged, without its quarantined rows."""
        return not any(result.refuses for result in self.results)

    @property
    def outcome(self) -> Outcome:
        """The verdict in words."""
        if not self.accepted:
            return "refused"
        return "accepted with rows quarantined" if self.quarantined_rows else "accepted"

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """The results as the manifest keeps them."""
        return tuple(result.as_check() for result in self.results)

    @property
    def message(self) -> str:
        """What a person must know: why it was refused, else what was set apart or is odd."""
        told = [r for r in self.results if r.refuses] if not self.accepted else list(self.results)
        return "\n".join(result.message for result in told if not result.passed)

    @property
    def metadata(self) -> Mapping[str, str | int | float | bool]:
        """The numbers shown beside the check in a user interface: plain values only."""
        manifest = self.batch.manifest
        broken = {r.rule: r.finding for r in self.results if not r.passed}
        return {
            "verdict": self.outcome,
            "rows": manifest.rows,
            "rows in source": manifest.source_rows,
            "rows unreadable": manifest.rejected_rows,
            "rows quarantined": self.quarantined_rows,
            "rules checked": len(self.results),
            "rules broken": len(broken),
            **broken,
        }
