"""The copy of the ledger that lies beside the batches, `landing/.ledger/<load_id>/`.

A landing zone alone does not tell which of its batches reached the warehouse: a run may have been
refused or killed between the two. The copy does, and by which run, for which day.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.engine import connect, put_parquet, quoted_text
from ingestion.home import Home

if TYPE_CHECKING:
    import duckdb

KEPT = {"runs": "known_load", "loads": "load_id", "checks": "load_id"}
"""The tables of the ledger that are copied beside the batches, and the load in their rows."""


def keep_ledger(
    connection: duckdb.DuckDBPyConnection, home: Home, load_id: int | None = None
) -> None:
    """Copy the ledger's rows of a load beside its batches, and of any load that has no copy yet.

    It follows the commit: what a crash keeps from being copied, the next load makes good.
    """
    known = connection.execute("select distinct known_load from control.runs").fetchall()
    kept = {folder.name for folder in kept_loads(home)}
    missing_ones = {row[0] for row in known if str(row[0]) not in kept}
    for missing in sorted(missing_ones | ({load_id} if load_id else set())):
        folder = home.kept_ledger / f"{missing}.partial"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, column in KEPT.items():
            target = quoted_text(str(folder / f"{name}.parquet"))
            connection.execute(
                f"copy (select * from control.{name} where {column} = {missing}) "
                f"to {target} (format parquet)"
            )
        final = folder.with_name(str(missing))
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)


def recount(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Let the copies say what a ledger made from the same batches counts, now that they changed."""
    counts = ", ".join(
        f"coalesce(c.{name}, k.{name}) as {name}"
        for name in ("rows_added", "rows_changed", "rows_deleted", "rows_current")
    )
    for folder in kept_loads(home):
        put_parquet(
            connection,
            f"select k.* replace ({counts}) from {kept_rows(folder, 'loads')} as k "
            "left join control.loads as c on k.load_id = c.load_id "
            "and k.source_id = c.source_id and k.table_name = c.table_name",
            folder / "loads.parquet",
        )


@dataclass(frozen=True)
class KeptRun:
    """A run that reached the warehouse: the day it spoke of, and the last load it knew."""

    run_id: str
    as_of_date: date
    known_load: int


def run_for(home: Home, day: date) -> KeptRun | None:
    """The last run that spoke of a day or, where none did, of the nearest day before it."""
    folders = kept_loads(home)
    if not folders:
        return None
    files = ", ".join(quoted_text(str(folder / "runs.parquet")) for folder in folders)
    with connect(reach=[home.landing]) as connection:
        row = connection.execute(
            f"""
            select run_id, as_of_date, known_load
            from read_parquet([{files}])
            where as_of_date <= ?
            order by as_of_date desc, known_load desc, loaded_at desc
            limit 1
            """,
            [day],
        ).fetchone()
    return KeptRun(*row) if row else None


def kept_loads(home: Home) -> list[Path]:
    """The copies of the ledger, oldest load first."""
    found = [path for path in home.kept_ledger.glob("*") if path.name.isdigit()]
    return sorted(found, key=lambda path: int(path.name))


def kept_rows(folder: Path, name: str) -> str:
    """A table of the copied ledger, as SQL."""
    return f"read_parquet({quoted_text(str(folder / f'{name}.parquet'))})"
