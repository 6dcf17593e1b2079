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

from pydantic import BaseModel, ConfigDict, ValidationError

from data_quality.results import RuleResult
from ingestion.errors import ConfigurationError, RefusedBatchError, WarehouseError
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
    rows_checked: int
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
    rows_checked: int
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
        if not result.refuses or result.acceptable == "never":
            return result
        for entry in reversed(self.entries):
            if (
                (entry.subject, entry.code) == (result.subject, result.code)
                and _is_as_accepted(result, entry)
                and (result.acceptable == "lasting" or not self._is_used_up(entry))
            ):
                return replace(result, refuses=False, accepted_because=entry.reason)
        return result

    def _is_used_up(self, entry: Acceptance) -> bool:
        return self.merged.get(entry.subject, self.published) >= entry.load_id


def _is_as_accepted(result: RuleResult, entry: Acceptance) -> bool:
    """No more rows break the rule than were accepted and, of rows, no greater share of those read.

    The number alone would let every row of a small nightly delta pass, once many of a first read
    were accepted.
    """
    more = math.ceil(entry.rows_failed * MARGIN)
    if result.rows_failed > entry.rows_failed + more:
        return False
    if result.acceptable == "once":
        return True
    return result.rows_failed * entry.rows_checked <= result.rows_checked * (
        entry.rows_failed + more
    )


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
            rows_checked=result.rows_checked,
            rows_failed=result.rows_failed,
            message=result.message,
            may_be_accepted=result.acceptable != "never",
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


def standing_refusals(
    home: Home, published_load: int, merged: Mapping[str, int] | None = None
) -> list[Refusal]:
    """What was refused last and has not been made good since.

    Args:
        home: the installation.
        published_load: the last load that was published, 0 before the first.
        merged: the last load merged of each table. A load may be published without a table that it
            refused at landing, which stands until the table is merged.

    """
    loads = merged or {}
    found: dict[str, list[Refusal]] = {}
    files = sorted(home.refusals.glob("*.jsonl"), key=lambda path: int(path.stem), reverse=True)
    for path in files:
        if int(path.stem) < published_load and not loads:
            break
        # A step that is tried again refuses again.
        newest = [
            refusal
            for refusal in dict.fromkeys(_read(path, Refusal))
            if refusal.subject not in found
            and refusal.load_id
            > (loads.get(refusal.subject, 0) if refusal.stage == "landing" else published_load)
        ]
        for refusal in newest:
            found.setdefault(refusal.subject, []).append(refusal)
    return [refusal for refusals in found.values() for refusal in refusals]


def last_refused_load(home: Home) -> int:
    """The newest load of which something was refused, 0 where nothing ever was."""
    return max((int(path.stem) for path in home.refusals.glob("*.jsonl")), default=0)


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
            rows_checked=refusal.rows_checked,
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
    try:
        return [kind.model_validate_json(line) for line in path.read_bytes().splitlines()]
    except ValidationError as error:
        raise WarehouseError(
            f"{path} is damaged ({error.error_count()} faults); mend or remove the line."
        ) from None


def _append(path: Path, entries: Iterable[BaseModel]) -> None:
    """Add lines, all or none: a torn one would stop every later run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    lines = "".join(f"{entry.model_dump_json()}\n" for entry in entries)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(before + lines.encode())
    temporary.replace(path)
