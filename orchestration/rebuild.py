"""`adv rebuild`: from the landing zone alone, a lost warehouse, or the marts of an earlier day."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingestion import erasure
from ingestion.engine import connect, one_row, quoted_text, write_whole
from ingestion.errors import BusyError, ConfigurationError, WarehouseError
from ingestion.home import Home
from ingestion.horizon import horizon
from ingestion.kept_ledger import KeptRun, run_for
from ingestion.landing import known_at
from ingestion.replay import Replayed, replay, replay_beside
from orchestration import dbt_runner, publish
from orchestration.lock import run_lock
from orchestration.seeds import load_seeds


@dataclass(frozen=True)
class RebuiltMarts:
    """The marts of an earlier day."""

    file: Path
    as_of_date: date
    known_by: KeptRun
    """The run whose knowledge they hold: of that day, or of the nearest one before it that was
    published or, where nothing is in force that could tell, that reached the warehouse."""
    tables: int
    replayed: Replayed


def rebuild(home: Home, *, replace: bool = False) -> Replayed:
    """Build the warehouse beside its place and, when it is complete, put it there.

    Args:
        home: the installation.
        replace: also where there is a warehouse, which is kept under another name.

    Raises:
        WarehouseError: there is a warehouse and `replace` is not said, or nothing to build from.
        BusyError: another run holds the lock for too long.
        LockLostError: the lock was lost meanwhile; the warehouse was left as it is.

    """
    with run_lock(home, "a rebuild of the warehouse") as lock:
        if home.warehouse.exists() and not replace:
            raise WarehouseError(
                f"{home.warehouse} exists and was left as it is; `adv rebuild --replace` puts "
                f"another in its place and keeps it as {home.replaced_warehouse.name}."
            )
        erasure.finish(home)
        beside, replayed = replay_beside(home)
        lock.assert_held()
        Path(f"{home.replaced_warehouse}.wal").unlink(missing_ok=True)
        for suffix in ("", ".wal"):
            # A log without its file would be applied to the next one of that name.
            former = Path(f"{home.warehouse}{suffix}")
            if former.exists():
                former.replace(f"{home.replaced_warehouse}{suffix}")
        beside.warehouse.replace(home.warehouse)
        shutil.rmtree(beside.root)
    return replayed


def rebuild_marts(home: Home, day: date, into: Path) -> RebuiltMarts:
    """Build the marts that were published for a day once more: what was known then, and no more.

    Today's models and seeds build them, so they are row for row those of that day as long as
    neither has changed, but for persons who were erased since, and for histories from before the
    horizon. Warehouse and publications are left alone; a run waits for the replay alone.

    Args:
        home: the installation.
        day: as-of date.
        into: the DuckDB file to make.

    Raises:
        ConfigurationError: the file exists, no run knew anything by that day, or what it knew is
            beyond the horizon.
        WarehouseError: a batch is missing from the landing zone, or dbt failed.
        PublicationError: there is no room for the marts.
        BusyError: the marts of another day are being rebuilt, or a run does not end.

    """
    if into.exists():
        raise ConfigurationError(f"{into} exists and was left as it is; name another file.")
    if not into.parent.is_dir():
        raise ConfigurationError(f"{into.parent} is no folder to make {into.name} in.")
    known_by = _published_for(home, day) or run_for(home, day)
    reach = horizon(home)
    if reach and (known_by is None or known_by.known_load < reach.load_id):
        raise ConfigurationError(
            f"What was known for {day} is no longer kept: the time machine reaches back to "
            f"{known_at(reach.load_id):%Y-%m-%d %H:%M} (UTC). A longer `retention.history_days` "
            "in sources.yaml keeps more from now on; a backup may hold what was before."
        )
    if known_by is None:
        raise ConfigurationError(f"{home.landing} holds no load of a run for {day} or before.")
    beside = time_machine(home)
    with run_lock(beside, f"a rebuild of the marts of {day}", wait_seconds=0):
        try:
            # Landing stays as it is meanwhile, and without the persons who are to be erased.
            with run_lock(home, f"the replay for the marts of {day}"):
                erasure.finish(home)
                replayed = _replay_beside(home, beside, day, known_by)
            marts = _build(beside)
            tables = _restore_differences(home, marts, known_by)
            write_whole(marts)
            shutil.move(marts, into)
        finally:
            discard(beside)
    return RebuiltMarts(into, day, known_by, tables, replayed)


def discard_scratch(home: Home) -> None:
    """Remove what rebuilds that were killed left; the caller holds the lock on `home`."""
    shutil.rmtree(home.rebuild, ignore_errors=True)
    beside = time_machine(home)
    if not beside.root.exists():
        return
    try:
        with run_lock(beside, "the removal of what is left of a rebuild", wait_seconds=0):
            discard(beside)
    except BusyError:
        return  # somebody rebuilds the marts of a day just now


def discard(beside: Home) -> None:
    """Remove what a rebuild built; what dbt parsed stays, since the next time needs it too."""
    for suffix in ("", ".wal"):
        Path(f"{beside.warehouse}{suffix}").unlink(missing_ok=True)
    shutil.rmtree(f"{beside.warehouse}.tmp", ignore_errors=True)  # what a killed one spilled
    shutil.rmtree(beside.published, ignore_errors=True)


def time_machine(home: Home) -> Home:
    """Where the marts of earlier days are made."""
    return Home(home.root / "time_machine", installation=home.root)


def _published_for(home: Home, day: date) -> KeptRun | None:
    """The run that was published for a day, or for the nearest before it, by what is in force.

    Others may have reached the warehouse for that day and been held, or failed.
    """
    marts = publish.marts_in_force(home)
    if marts is None:
        return None
    with connect(marts, read_only=True, reach=()) as connection:
        row = connection.execute(
            "select run_id, as_of_date, known_load from meta.publications "
            "where as_of_date <= ? order by as_of_date desc limit 1",
            [day],
        ).fetchone()
    return KeptRun(*row) if row else None


def _replay_beside(home: Home, beside: Home, day: date, known_by: KeptRun) -> Replayed:
    """A warehouse that knows what the run knew and speaks of the day."""
    config = beside.root / "config"
    if not config.is_symlink():
        # Overrides of seeds, and the secret behind pseudonyms.
        config.symlink_to(home.root / "config")
    beside.warehouse.unlink(missing_ok=True)
    replayed = replay(home, beside, through=known_by.known_load)
    with connect(beside.warehouse, reach=()) as connection:
        connection.execute("update control.current_run set as_of_date = ?", [day])
        systems = connection.execute("select distinct system from control.loads").fetchall()
    dbt_runner.take_over_manifest(beside, home)
    dbt_runner.prepare_manifest(beside, {name for (name,) in systems})
    return replayed


def _build(beside: Home) -> Path:
    folder = publish.begin(beside, "marts")
    load_seeds(beside)
    dbt_runner.invoke(beside, ["run", "--no-write-json"])
    return folder / dbt_runner.MARTS_FILE


def _restore_differences(home: Home, marts: Path, known_by: KeptRun) -> int:
    """Take over what publications once said of each other; returns the number of tables.

    It is no function of the sources: the publication in force has kept it.
    """
    kept = publish.marts_in_force(home)
    with connect(marts, reach=[home.published]) as connection:
        if kept:
            connection.execute(f"attach {quoted_text(str(kept))} as in_force (read_only)")
            for table in ("kpi.as_of_differences", "meta.publications"):
                connection.execute(f"delete from {table}")
                connection.execute(
                    f"insert into {table} by name "
                    f"select * from in_force.{table} where known_load <= ?",
                    [known_by.known_load],
                )
        counted = one_row(
            connection, "select count(*) from duckdb_tables() where database_name <> 'in_force'"
        )
    return int(counted[0])
