"""Warehouses to compare with: the marts of one home, built for several as-of dates.

An earlier date over the same raw tables is *restated*: today's knowledge of what had happened by
then. It is built by the models themselves, into folders of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from ingestion.engine import connect
from ingestion.home import Home
from orchestration.dbt_runner import MARTS_FILE, invoke
from orchestration.publish import begin


def as_of_date(home: Home) -> date:
    """The day that the home's raw tables and last run speak of."""
    connection = connect(home.warehouse, read_only=True)
    try:
        row = connection.execute("select as_of_date from control.current_run").fetchone()
    finally:
        connection.close()
    assert row is not None, "the home has never run"
    day: date = row[0]
    return day


def copy_of(home: Home, root: Path) -> Home:
    """A copy that holds what the models need, so that the home itself is never written."""
    copy = Home(root)
    for folder in (copy.root, copy.dbt, copy.published):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(home.warehouse, copy.warehouse)
    shutil.copy2(home.dbt / "systems.txt", copy.dbt / "systems.txt")
    return copy


def restate(home: Home, day: date, marts: Iterable[str] = ()) -> Path:
    """Build a home's marts for another day; returns the file that holds them.

    Only for a home made for this: its intermediate tables speak of that day afterwards.

    Args:
        home: whose raw tables are read.
        day: as-of date.
        marts: the marts wanted; all where none are named.
    """
    folder = begin(home, f"oracle-{day}")
    connection = connect(home.warehouse)
    try:
        connection.execute("update control.current_run set as_of_date = ?", [day])
    finally:
        connection.close()
    wanted = [f"+{mart}" for mart in marts] or ["+path:models/kpi"]
    invoke(home, ["run", "--no-write-json", "--select", *wanted])
    return folder / MARTS_FILE
