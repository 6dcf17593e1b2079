"""The landing zone: one folder per load of a table, from which raw can be rebuilt.

    landing/<source>/<table>/<load_id>/
        rows.parquet        the rows read, typed as declared
        keys.parquet        key and cursor of every row that the source held at that instant
        rejected.parquet    rows that could not be read as declared, if any
        quarantined.parquet rows that broke a rule, if any
        manifest.json       what was read, when, by which window, and the verdict
        base.parquet        in place of rows.parquet: see below

    landing/<source>/<table>/parts/     an unfinished first read (ingestion/transports/parts.py)
    landing/.ledger/<load_id>/          which batches a load merged (ingestion/ledger.py)
    landing/.ledger/horizon.json        how far back all loads are kept (ingestion/horizon.py)

A folder is written under another name and renamed when complete, so a batch exists whole or
not at all. Deletes are what raw holds and `keys.parquet` lacks.

What was landed stays as it was, with two exceptions. Batches older than the time machine's horizon
are folded into one, the base: every row that was current after the last of them, and the hash that
raw knows it by. And the erasure of a person blanks what tells who it was (ingestion/erasure.py).
"""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ingestion.declarations import Table, system
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.transports.base import Extraction, Problem

MANIFEST = "manifest.json"
BASE = "base.parquet"
QUARANTINED = "quarantined.parquet"
REJECTED = "rejected.parquet"
Verdict = Literal["pending", "accepted", "held_back", "refused"]
"""held_back: nothing is wrong with it, but with another table of its source in the same load. Like
a refused batch it is never merged, by no later run either."""


class CheckResult(BaseModel):
    """What one rule said about one batch."""

    model_config = ConfigDict(frozen=True)

    rule: str
    """The rule, in words."""
    severity: str
    """batch, row or warning."""
    passed: bool
    rows_checked: int
    rows_failed: int
    examples: tuple[str, ...] = ()
    """Up to twenty keys of rows that broke the rule."""
    message: str = ""
    accepted_because: str = ""
    """The reason for which a person let it through."""


class Manifest(BaseModel):
    """What one batch is; the loader trusts this and nothing else."""

    model_config = ConfigDict(frozen=True)

    load_id: int
    run_id: str
    source_id: str
    system: str
    table: str
    extracted_at: datetime
    rows: int
    """Rows in rows.parquet."""
    source_rows: int
    """Rows that the source held for the whole table."""
    rejected_rows: int
    keys_unknown: int = 0
    """Rejected rows whose key cannot be read; an absent key then proves no delete."""
    totals: dict[str, str]
    """The source's own sums over the rows read."""
    cursor_from: str | None
    cursor_to: str | None
    schema_hash: str
    missing_columns: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    verdict: Verdict = "pending"
    quarantined_rows: int = 0
    checks: tuple[CheckResult, ...] = ()
    folded: bool = False
    """A base: it stands for all batches of its table up to this load."""


@dataclass(frozen=True)
class Batch:
    """A landed batch: its folder and what its manifest says."""

    folder: Path
    manifest: Manifest

    @property
    def table(self) -> Table:
        """The declaration of the table that was read."""
        return system(self.manifest.system).table(self.manifest.table)

    @property
    def rows(self) -> Path:
        """The file of its rows."""
        return self.folder / (BASE if self.manifest.folded else "rows.parquet")

    @property
    def name(self) -> str:
        """Source and table, as people say it."""
        return f"{self.manifest.source_id}.{self.manifest.table}"

    def merges_like(self, other: Batch) -> bool:
        """Whether both change the same in raw, since they are the same to the last byte."""
        mine, others = self.manifest, other.manifest
        return (
            not (mine.folded or others.folded)
            and (mine.schema_hash, mine.keys_unknown) == (others.schema_hash, others.keys_unknown)
            and all(
                same_bytes(self.folder / name, other.folder / name)
                for name in ("rows.parquet", "keys.parquet", QUARANTINED)
            )
        )

    @property
    def told(self) -> str:
        """The same, and the load that read it."""
        return f"{self.name} of load {self.manifest.load_id}"


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files hold the same, or neither exists."""
    if not (one.exists() and other.exists()):
        return one.exists() == other.exists()
    return filecmp.cmp(one, other, shallow=False)


def new_load_id(after: int = 0) -> int:
    """A load's identifier: the present instant (UTC) as yyyymmddhhmmssmmm, above `after`.

    It grows even when the machine's clock is set back.
    """
    now = datetime.now(UTC)
    return max(int(now.strftime("%Y%m%d%H%M%S") + f"{now.microsecond // 1000:03d}"), after + 1)


def known_at(load_id: int) -> datetime:
    """The instant (UTC) that a load identifier stands for."""
    text = str(load_id)
    instant = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return instant.replace(microsecond=int(text[14:17]) * 1000)


def schema_hash(table: Table) -> str:
    """Changes when what is read of a table, or how, does: it is then read in full again."""
    declared = repr((table.columns, table.key, table.cursor, table.where, table.relation))
    return hashlib.sha256(declared.encode()).hexdigest()[:16]


@contextmanager
def landing_folder(home: Home, source_id: str, table: Table, load_id: int) -> Iterator[Path]:
    """A folder to extract into; those that earlier runs left unfinished are discarded."""
    folder = home.landing / source_id / table.name / f"{load_id}.partial"
    for unfinished in folder.parent.glob("*.partial"):
        shutil.rmtree(unfinished)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def complete(
    folder: Path,
    table: Table,
    extraction: Extraction,
    *,
    source_id: str,
    run_id: str,
    load_id: int,
    cursor_from: str | None,
) -> Batch:
    """Turn an extracted folder into a batch that awaits its verdict."""
    now = datetime.now(UTC)
    # A load is dated ahead after one that was read while the clock was.
    latest = min(now, known_at(load_id))
    manifest = Manifest(
        load_id=load_id,
        run_id=run_id,
        source_id=source_id,
        system=table.system,
        table=table.name,
        extracted_at=now,
        rows=extraction.rows,
        source_rows=extraction.source_rows,
        rejected_rows=extraction.rejected_rows,
        keys_unknown=extraction.keys_unknown,
        totals=extraction.totals,
        cursor_from=cursor_from,
        cursor_to=_not_beyond(latest, table, extraction.cursor_to),
        schema_hash=schema_hash(table),
        missing_columns=extraction.missing_columns,
        problems=tuple(extraction.problems),
    )
    write_manifest(folder, manifest)
    final = folder.with_name(str(load_id))
    shutil.rmtree(final, ignore_errors=True)
    folder.rename(final)
    if extraction.leftovers:
        shutil.rmtree(extraction.leftovers, ignore_errors=True)
    return Batch(final, manifest)


def decide(
    home: Home,
    batch: Batch,
    *,
    accepted: bool,
    checks: tuple[CheckResult, ...],
    quarantined_rows: int = 0,
    held_back: bool = False,
) -> Batch:
    """Record the verdict; a refused batch moves to quarantine, out of the loader's reach.

    Args:
        home: the installation.
        batch: what was landed.
        accepted: its rules let it through.
        checks: what they found.
        quarantined_rows: rows set apart.
        held_back: let through, but not to be merged without a refused table of its source.

    """
    verdict: Verdict = "held_back" if held_back else "accepted"
    manifest = batch.manifest.model_copy(
        update={
            "verdict": verdict if accepted else "refused",
            "checks": checks,
            "quarantined_rows": quarantined_rows,
        }
    )
    write_manifest(batch.folder, manifest)
    if accepted:
        return Batch(batch.folder, manifest)
    refused = home.quarantine / batch.folder.relative_to(home.landing)
    refused.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(refused, ignore_errors=True)
    batch.folder.rename(refused)
    return Batch(refused, manifest)


def read_batch(folder: Path) -> Batch | None:
    """The batch in a folder, if there is one.

    Raises:
        WarehouseError: its manifest is damaged.

    """
    manifest = folder / MANIFEST
    if not manifest.exists():
        return None
    try:
        return Batch(folder, Manifest.model_validate_json(manifest.read_bytes()))
    except ValidationError as error:
        raise WarehouseError(
            f"{manifest} is damaged ({error.error_count()} faults). Bring the folder back from a "
            "backup or, if its load was not merged, remove it."
        ) from None


def batches(root: Path, load_id: int | None = None) -> list[Batch]:
    """The complete batches under a landing or quarantine folder, oldest first."""
    pattern = f"*/*/{load_id or '*'}/{MANIFEST}"
    folders = (path.parent for path in root.glob(pattern) if path.parent.suffix != ".partial")
    found = [batch for folder in folders if (batch := read_batch(folder))]
    return sorted(found, key=lambda batch: (batch.manifest.load_id, batch.name))


def merged_batch(home: Home, source_id: str, table: Table, load_id: int) -> Batch | None:
    """The batch of a table that a load merged; None when it is there no longer."""
    folder = home.landing / source_id / table.name / str(load_id)
    return read_batch(folder) if (folder / "keys.parquet").exists() else None


def _not_beyond(latest: datetime, table: Table, cursor: str | None) -> str | None:
    """The watermark, never in the future: one row stamped wrongly would hide all later changes."""
    if cursor is None or table.cursor is None:
        return cursor
    if table.column(table.cursor).data_type != "timestamp":
        return cursor
    return min(cursor, latest.replace(tzinfo=None).isoformat(sep=" "))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a batch's manifest in place, in one step."""
    target = folder / MANIFEST
    temporary = target.with_suffix(".tmp")
    temporary.write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    temporary.replace(target)
