"""What was refused, and what a person let through all the same, with the reason.

    refusals/<load_id>.jsonl    every refusal of a load, whichever gate it met
    acceptances.jsonl           every acceptance: what, how much of it, why, by whom and when

Only what may be right can be accepted: a table that shrank, rows beyond a limit, a mart that
moved beyond its habit. A duplicate key or a wrong control total never is.
"""

from __future__ import annotations

import getpass
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from data_quality.results import RuleResult
from ingestion.errors import ConfigurationError, RefusedBatchError
from ingestion.home import Home

Stage = Literal["landing", "load", "marts"]

MARTS = "marts"
"""Names all refusals of the marts at once."""

MARGIN = 0.1
"""The source lives on until the next run: a tenth more is still what was accepted."""


class Refusal(BaseModel):
    """A rule by which a gate refused something."""

    model_config = ConfigDict(frozen=True)

    load_id: int
    stage: Stage
    subject: str
    """The table, as people name it: `erp.sale_order`, or `kpi.aging`."""
    code: str
    rows_failed: int
    message: str
    may_be_accepted: bool

    def is_about(self, name: str) -> bool:
        """The name is that of the table, of its source, or stands for all marts."""
        return (
            self.subject == name
            or self.subject.startswith(f"{name}.")
            or (name == MARTS and self.stage == "marts")
        )


class Acceptance(BaseModel):
    """What a person let through."""

    model_config = ConfigDict(frozen=True)

    load_id: int
    """The load in which it was refused."""
    subject: str
    code: str
    rows_failed: int
    reason: str
    accepted_by: str
    accepted_at: datetime


@dataclass(frozen=True)
class Acceptances:
    """The acceptances on record, against what was loaded or published since."""

    entries: Sequence[Acceptance] = ()
    merged: Mapping[str, int] = field(default_factory=dict)
    """The last load merged of each source table, by its name: it uses up what was accepted once."""
    published: int = 0
    """The last load published, which does so for marts."""

    def applied(self, results: Iterable[RuleResult]) -> tuple[RuleResult, ...]:
        """The results, of which those that were accepted no longer refuse."""
        return tuple(self._applied(result) for result in results)

    def _applied(self, result: RuleResult) -> RuleResult:
        if not result.refuses or result.acceptance == "never":
            return result
        for entry in reversed(self.entries):
            if (
                (entry.subject, entry.code) == (result.subject, result.code)
                and result.rows_failed - entry.rows_failed <= math.ceil(entry.rows_failed * MARGIN)
                and (result.acceptance == "lasting" or not self._is_used_up(entry))
            ):
                return replace(result, refuses=False, accepted_because=entry.reason)
        return result

    def _is_used_up(self, entry: Acceptance) -> bool:
        return self.merged.get(entry.subject, self.published) >= entry.load_id


def acceptances(home: Home) -> tuple[Acceptance, ...]:
    """Every acceptance of an installation, oldest first."""
    return tuple(_read(home.acceptances, Acceptance))


def record_refusals(home: Home, load_id: int, stage: Stage, results: Iterable[RuleResult]) -> None:
    """Keep what a gate refused, for `adv status` and `adv accept`."""
    refused = [
        Refusal(
            load_id=load_id,
            stage=stage,
            subject=result.subject,
            code=result.code,
            rows_failed=result.rows_failed,
            message=result.message,
            may_be_accepted=result.acceptance != "never",
        )
        for result in results
        if result.refuses
    ]
    if refused:
        _append(home.refusals / f"{load_id}.jsonl", refused)


def refuse(home: Home, load_id: int, stage: Stage, results: Iterable[RuleResult]) -> None:
    """Stop a run when any result refuses, and keep what does.

    Raises:
        RefusedBatchError: names the rules, how many rows and which.

    """
    refused = [result for result in results if result.refuses]
    if refused:
        record_refusals(home, load_id, stage, refused)
        raise RefusedBatchError("\n".join(result.message for result in refused))


def standing_refusals(home: Home, published_load: int) -> list[Refusal]:
    """What the newest load refused, unless a later one was published.

    Args:
        home: the installation.
        published_load: the last load of the publication in force, 0 before the first.

    """
    files = [path for path in home.refusals.glob("*.jsonl") if int(path.stem) >= published_load]
    newest = max(files, key=lambda path: int(path.stem), default=None)
    # A step that is tried again refuses again.
    return list(dict.fromkeys(_read(newest, Refusal))) if newest else []


def accept(home: Home, name: str, reason: str, standing: Iterable[Refusal]) -> list[Acceptance]:
    """Let through, from the next run on, what is refused about a table, a source or the marts.

    Raises:
        ConfigurationError: nothing is refused there, or something that no reason makes right.

    """
    found = [refusal for refusal in standing if refusal.is_about(name)]
    if not found:
        raise ConfigurationError(f"Nothing is refused about {name!r}; `adv accept` lists what is.")
    wrong = [refusal.message for refusal in found if not refusal.may_be_accepted]
    if wrong:
        raise ConfigurationError(
            "Nothing was accepted, since this cannot be right; mend the source: " + "\n".join(wrong)
        )
    now = datetime.now(UTC)
    accepted = [
        Acceptance(
            load_id=refusal.load_id,
            subject=refusal.subject,
            code=refusal.code,
            rows_failed=refusal.rows_failed,
            reason=reason,
            accepted_by=getpass.getuser(),
            accepted_at=now,
        )
        for refusal in found
    ]
    _append(home.acceptances, accepted)
    return accepted


Entry = TypeVar("Entry", bound=BaseModel)


def _read(path: Path, kind: type[Entry]) -> list[Entry]:
    if not path.exists():
        return []
    return [kind.model_validate_json(line) for line in path.read_text("utf-8").splitlines()]


def _append(path: Path, entries: Iterable[BaseModel]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{entry.model_dump_json()}\n" for entry in entries)
