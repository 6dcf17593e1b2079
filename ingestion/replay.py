"""Raw and its ledger once more, from the landing zone alone.

Up to the horizon there may be both a base and what it was made of, where folding was interrupted:
the base counts, and what it stands for is left out.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.declarations import is_declared
from ingestion.engine import connect, one_row, quoted_name, write_whole
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.horizon import bases, forget, horizon
from ingestion.kept_ledger import keep_ledger, kept_loads, kept_rows
from ingestion.landing import Batch, batches, read_batch
from ingestion.ledger import Merged, insert, load_row, merge_batch, prepare_warehouse
from ingestion.measures import take_along
from ingestion.raw_tables import existing_columns

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("adv.replay")


@dataclass(frozen=True)
class Replayed:
    """What a replay of the landing zone did."""

    loads: int
    batches: int
    rows: int
    """Versions of rows in raw."""
    last_load: int
    never_merged: tuple[str, ...]
    """Batches that were accepted, but whose run was refused or killed before they were merged."""
    undeclared: tuple[str, ...]
    """Batches of tables that are no longer declared."""
    different: tuple[str, ...]
    """Batches that changed other rows than the ledger says they once did."""


def replay_beside(home: Home) -> tuple[Home, Replayed]:
    """The warehouse once more, beside the present one and ready to take its place.

    What only the present one knows comes along, where it can still be read: loads that a crash
    kept from being copied beside their batches, and what runs came to.

    Raises:
        WarehouseError: nothing to replay, or a batch is missing, or there is no room.

    """
    beside = Home(home.rebuild)
    shutil.rmtree(beside.root, ignore_errors=True)
    complete_kept_ledger(home)
    replayed = replay(home, beside)
    _while_it_can_be_read(home, lambda former: take_along(former, beside))
    write_whole(beside.warehouse)
    return beside, replayed


def complete_kept_ledger(home: Home) -> None:
    """Copy what a crash kept from being copied beside its batches, if the warehouse can tell it."""

    def keep(former: Home) -> None:
        with connect(former.warehouse, reach=[former.landing]) as connection:
            keep_ledger(connection, former)

    _while_it_can_be_read(home, keep)


def _while_it_can_be_read(home: Home, ask: Callable[[Home], None]) -> None:
    """A warehouse that is lost or damaged, or of an older version, tells nothing."""
    import duckdb

    if not home.warehouse.exists():
        return
    try:
        ask(home)
    except (WarehouseError, duckdb.Error) as error:
        log.warning("%s cannot be read: %s", home.warehouse, str(error).splitlines()[0])


def replay(home: Home, into: Home, through: int | None = None) -> Replayed:
    """Merge every batch of a landing zone that was once merged, load by load, in the same order.

    Args:
        home: whose batches and kept ledger are read.
        into: whose warehouse, which must be new, then holds the raw and the ledger that the other
            held.
        through: the last load to merge, not before the horizon; all where none is said.

    Raises:
        WarehouseError: there is a warehouse already, nothing to replay, or a batch is missing.

    """
    if into.warehouse.exists():
        raise WarehouseError(f"{into.warehouse} exists; a replay needs a new warehouse.")
    kept = [folder for folder in kept_loads(home) if not through or int(folder.name) <= through]
    if not kept:
        raise WarehouseError(
            f"{home.landing} has no record of any load; there is nothing to replay."
        )
    prepare_warehouse(into)
    reach = horizon(home)
    begin_at = bases(home, reach.load_id) if reach else {}
    merged: list[Merged] = []
    undeclared: list[str] = []
    different: list[str] = []
    connection = connect(into.warehouse, reach=[home.landing])
    try:
        for folder in kept:
            connection.execute("begin")
            found, unknown = kept_batches(connection, home, folder, begin_at)
            items = [merge_batch(connection, batch) for batch in found]
            _restore_ledger(connection, folder, items)
            if not reach or reach.finished or int(folder.name) > reach.load_id:
                different += _different(connection, folder, unknown)
            connection.execute("commit")
            merged += items
            undeclared += unknown
        if reach:
            connection.execute("begin")
            forget(connection, reach.load_id)
            connection.execute("commit")
        rows = sum(_count(connection, name) for name in existing_columns(connection))
    finally:
        connection.close()
    replayed = {item.batch.folder for item in merged}
    return Replayed(
        loads=len(kept),
        batches=len(merged),
        rows=rows,
        last_load=int(kept[-1].name),
        never_merged=tuple(
            batch.told
            for batch in batches(home.landing)
            if batch.manifest.verdict == "accepted"
            and (not through or batch.manifest.load_id <= through)
            and (not reach or batch.manifest.load_id > reach.load_id)
            and batch.folder not in replayed
            and batch.told not in undeclared
        ),
        undeclared=tuple(undeclared),
        different=tuple(different),
    )


def _count(connection: duckdb.DuckDBPyConnection, raw_name: str) -> int:
    return int(one_row(connection, f"select count(*) from raw.{quoted_name(raw_name)}")[0])


def kept_batches(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    folder: Path,
    begin_at: Mapping[tuple[str, str], int],
) -> tuple[list[Batch], list[str]]:
    """The batches that a load merged; apart from them those of tables that nobody declares now."""
    found, undeclared = [], []
    for source_id, table in connection.execute(
        f"select source_id, table_name from {kept_rows(folder, 'loads')} order by all"
    ).fetchall():
        if int(folder.name) < begin_at.get((source_id, table), 0):
            continue
        batch = read_batch(home.landing / source_id / table / folder.name)
        if batch is None:
            raise WarehouseError(
                f"{source_id}.{table} of load {folder.name} was merged and is no longer in "
                f"{home.landing}; bring its folder back from a backup."
            )
        if is_declared(batch.manifest.system, batch.manifest.table):
            found.append(batch)
        else:
            undeclared.append(batch.told)
    return found, undeclared


def _restore_ledger(
    connection: duckdb.DuckDBPyConnection, folder: Path, merged: Iterable[Merged]
) -> None:
    """Write the ledger of a replayed load: counted now, dated then."""
    merged_then = f"select min(merged_at) from {kept_rows(folder, 'loads')}"
    (when,) = connection.execute(merged_then).fetchone() or (None,)
    insert(connection, "loads", [load_row(item, when) for item in merged])
    for name in ("runs", "checks"):
        connection.execute(
            f"insert into control.{name} by name select * from {kept_rows(folder, name)}"
        )
    connection.execute("delete from control.current_run")
    connection.execute(
        "insert into control.current_run by name "
        "select run_id, as_of_date, known_at, known_load from control.runs "
        "order by known_load desc, loaded_at desc limit 1"
    )


def _different(
    connection: duckdb.DuckDBPyConnection, folder: Path, undeclared: Collection[str]
) -> list[str]:
    """The batches of a load for which the ledger says something else now than it did."""
    kept = kept_rows(folder, "loads")
    columns = ", ".join(row[0] for row in connection.execute(f"describe from {kept}").fetchall())
    told = "source_id || '.' || table_name || ' of load ' || load_id"
    found = connection.execute(
        f"""
        select {told} from (
            select {columns} from {kept}
            except select {columns} from control.loads where load_id = {folder.name}
        ) order by 1
        """
    ).fetchall()
    return [name for (name,) in found if name not in undeclared]
