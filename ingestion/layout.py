"""The layout of ADV_HOME, numbered, so that a version of the product can change it.

A newer product brings an older home up to date when it first takes the lock, step by step; an older
product leaves a newer home alone. The tables of the warehouse are no part of it: they are made what
is declared before every load (ingestion/raw_tables.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ingestion.errors import LayoutError
from ingestion.home import Home

OTHERS = 0o027
"""What nobody but owner and group may do with a file, and the group neither but to read it."""


def bring_up_to_date(home: Home) -> None:
    """Take the steps that lead from the home's layout to this product's; the caller holds the lock.

    Raises:
        LayoutError: a newer product has written there, or nobody can tell which one has.

    """
    found = layout_of(home)
    if found > LAYOUT:
        raise LayoutError(
            f"{home.root} has layout {found}, and this version of the product knows those up to "
            f"{LAYOUT}. Use the newer version that wrote it; nothing was changed."
        )
    for number, step in enumerate(STEPS[found:], start=found + 1):
        step(home)
        _write(home.layout, number)


def layout_of(home: Home) -> int:
    """Number of the home's layout; 0 before layouts were numbered, and for a new home.

    Raises:
        LayoutError: the file that says so is damaged.

    """
    if not home.layout.exists():
        return 0
    try:
        return int(json.loads(home.layout.read_bytes())["layout"])
    except (ValueError, TypeError, KeyError):
        raise LayoutError(
            f"{home.layout} is damaged. Remove it: every step from the oldest layout on is then "
            "taken again, which is safe."
        ) from None


def _write(path: Path, number: int) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"layout": number}), encoding="ascii")
    temporary.replace(path)


def _close_to_others(home: Home) -> None:
    """Layout 1: what a night wrote before files were kept from everybody but owner and group."""
    areas = (home.landing, home.quarantine, home.refusals, home.acceptances, home.data_docs)
    for area in (*areas, home.warehouse, home.published, home.dagster, home.dbt):
        for path in (area, *area.rglob("*")):
            if path.exists() and not path.is_symlink():
                path.chmod(path.stat().st_mode & ~OTHERS)


STEPS: tuple[Callable[[Home], None], ...] = (_close_to_others,)
"""Each leads to the layout of its number, and is safe to repeat: it may be killed in the middle."""

LAYOUT = len(STEPS)
