"""What an installation keeps no longer, removed at the end of a night that was published.

Publications are bounded where they are made (orchestration/publish.py), Dagster's runs where a run
begins (orchestration/instance.py).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data_quality.acceptances import Refusal, standing_refusals
from ingestion.config import Retention
from ingestion.home import Home
from ingestion.landing import known_at
from orchestration import publish
from orchestration.query import merged_loads
from orchestration.rebuild import discard_scratch

log = logging.getLogger("adv.upkeep")


def tidy_up(home: Home, retention: Retention) -> None:
    """Clean up after a publication, which stands whatever becomes of that; the log tells."""
    try:
        removed = clean(home, retention, datetime.now(UTC))
    except Exception as error:
        log.warning("Published, but what is over could not be removed: %s", error)
        return
    if removed:
        log.info("removed %s", ", ".join(f"{count} {what}" for what, count in removed.items()))


def clean(home: Home, retention: Retention, now: datetime) -> dict[str, int]:
    """Remove what was kept for long enough; the caller holds the lock.

    Returns:
        how many there were of each kind, in words, without those of which there were none.

    """
    standing = standing_refusals(home, publish.last_published_load(home), merged_loads(home))

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    found: dict[str, Iterable[Path]] = {
        "refused batches": _refused(home, before(retention.quarantine_days), standing),
        "records of refusals": _refusals(home, before(retention.refusals_days), standing),
        "logs": _logs(home, before(retention.logs_days).timestamp()),
        "replaced warehouses": _replaced(home, before(retention.replaced_days).timestamp()),
        "unfinished folders": _unfinished(home),
    }
    removed = {what: sum(map(_remove, paths)) for what, paths in found.items()}
    discard_scratch(home)
    return {what: count for what, count in removed.items() if count}


def _refused(home: Home, before: datetime, standing: Iterable[Refusal]) -> list[Path]:
    """Refused batches of loads before an instant, but for what a person may still accept."""
    kept = {(refusal.subject, refusal.load_id) for refusal in standing}
    return [
        folder
        for folder in home.quarantine.glob("*/*/*")
        if _is_before(folder.name, before)
        and (f"{folder.parts[-3]}.{folder.parts[-2]}", int(folder.name)) not in kept
    ]


def _refusals(home: Home, before: datetime, standing: Iterable[Refusal]) -> list[Path]:
    kept = {refusal.load_id for refusal in standing}
    return [
        path
        for path in home.refusals.glob("*.jsonl")
        if _is_before(path.stem, before) and int(path.stem) not in kept
    ]


def _is_before(load: str, instant: datetime) -> bool:
    return load.isdigit() and known_at(int(load)) < instant.astimezone(UTC)


def _logs(home: Home, before: float) -> Iterator[Path]:
    """What runs, schedules and sensors wrote, and was not written to since."""
    # What lies in a folder comes before it; emptied now, the folder itself is old the next time.
    storage = home.dagster / "storage"
    for folder, _, names in os.walk(storage, topdown=False):
        for path in (Path(folder, name) for name in names):
            with suppress(FileNotFoundError):  # the user interface writes there without the lock
                if path.lstat().st_mtime < before:
                    yield path
        with suppress(OSError):  # not empty, or gone
            if Path(folder) != storage and Path(folder).lstat().st_mtime < before:
                Path(folder).rmdir()


def _replaced(home: Home, before: float) -> list[Path]:
    """The warehouse that was put aside; its name is as old as that."""
    files = (Path(f"{home.replaced_warehouse}{suffix}") for suffix in ("", ".wal"))
    return [path for path in files if path.exists() and path.stat().st_ctime < before]


def _unfinished(home: Home) -> list[Path]:
    """Batches that runs left when they were killed; no run but the present one goes on."""
    found = [root.glob("*/*/*.partial") for root in (home.landing, home.quarantine)]
    return [path for paths in (*found, home.kept_ledger.glob("*.partial")) for path in paths]


def _remove(path: Path) -> bool:
    """Remove a file, or a folder whole: half of a batch would be taken for a batch."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return True
    if path.suffix != ".partial":
        path = path.replace(path.with_name(f"{path.name}.partial"))
    shutil.rmtree(path)
    return True
