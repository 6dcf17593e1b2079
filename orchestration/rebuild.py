"""`adv rebuild`: a warehouse once more, from the landing zone alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.replay import Replayed, replay
from orchestration.lock import run_lock


def rebuild(home: Home, *, replace: bool = False) -> Replayed:
    """Build the warehouse beside its place and, when it is complete, put it there.

    Args:
        home: the installation.
        replace: also where there is a warehouse, which is kept under another name.

    Raises:
        WarehouseError: there is a warehouse and `replace` is not said, or nothing to build from.
        BusyError: another run holds the lock for too long.

    """
    with run_lock(home, "a rebuild of the warehouse"):
        if home.warehouse.exists() and not replace:
            raise WarehouseError(
                f"{home.warehouse} exists and was left as it is; `adv rebuild --replace` puts "
                f"another in its place and keeps it as {replaced(home).name}."
            )
        beside = Home(home.root / "rebuild")
        shutil.rmtree(beside.root, ignore_errors=True)
        replayed = replay(home, beside)
        for suffix in ("", ".wal"):
            # A log without its file would be applied to the next one of that name.
            former = Path(f"{home.warehouse}{suffix}")
            if former.exists():
                former.replace(f"{replaced(home)}{suffix}")
        beside.warehouse.replace(home.warehouse)
        shutil.rmtree(beside.root)
    return replayed


def replaced(home: Home) -> Path:
    """Where the warehouse is kept that a rebuild replaced."""
    return home.warehouse.with_name("warehouse.replaced.duckdb")
