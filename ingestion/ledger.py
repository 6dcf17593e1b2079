"""Raw in the warehouse, and the ledger of what was merged into it.

`raw.<system>__<table>` keeps every version of every row: a version lives from the load that
brought it (`_from_load`) until the load that replaced or deleted it (`_to_load`). The ledger,
schema `control`, moves in the same transaction, so raw and watermark can never disagree.

After each load its rows of the ledger are copied beside the batches, `landing/.ledger/<load_id>/`:
which batches were merged, and by which run. With them the landing zone gives raw and ledger again
(ingestion/replay.py), should the warehouse be lost.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

import yaml

from ingestion.declarations import STAGING, Table, systems
from ingestion.engine import connect, one_row, quoted_name, quoted_text
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.kept_ledger import keep_ledger
from ingestion.landing import (
    QUARANTINED,
    Batch,
    CheckResult,
    known_at,
    merged_batch,
    schema_hash,
)
from ingestion.pseudonyms import FOLDER_OF_OWNER_ONLY, OWNER_ONLY, pseudonym_key
from ingestion.raw_tables import assert_holds, changed_types, existing_columns, prepare_raw

if TYPE_CHECKING:
    import duckdb

CONTROL = STAGING / "_control__sources.yml"


@dataclass(frozen=True)
class Position:
    """How far a table of a source has been merged."""

    load_id: int
    cursor_to: str | None
    schema_hash: str
    rows: int
    """Rows current in raw after that load."""


@dataclass(frozen=True)
class Merged:
    """What one batch changed in raw."""

    batch: Batch
    added: int
    changed: int
    deleted: int
    current: int
    """Rows current afterwards."""


@dataclass(frozen=True)
class CurrentRun:
    """The run that is being built; the models read it from `control.current_run`."""

    run_id: str
    as_of_date: date
    known_load: int
    started_at: datetime
    only: tuple[str, ...] = ()
    """The sources that it reads, where it was not asked for all of them."""

    def reads(self, source_id: str) -> bool:
        """Whether the run was asked to read the source; one that it leaves out stays as it was."""
        return not self.only or source_id in self.only


Gate = Callable[["duckdb.DuckDBPyConnection", list[Batch]], Iterable[tuple[str, CheckResult]]]
"""Looks at the merged but uncommitted raw and says, by `source.table`, what it found; raises to
roll everything back."""


def prepare_warehouse(home: Home) -> None:
    """Make every raw and control table what is declared; safe to repeat.

    The file holds names and the installation's secret: it is readable by its owner only. The caller
    holds the lock, so what a run that was killed spilled to the disk is nobody's, and is removed.

    Raises:
        WarehouseError: a column's declared type cannot hold what raw holds.

    """
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(f"{home.warehouse}.tmp", ignore_errors=True)
    key = pseudonym_key(home)
    _prepare(home, key)
    home.warehouse.chmod(OWNER_ONLY)
    for folder in (home.landing, home.quarantine):  # rows as they were, people's names included
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(FOLDER_OF_OWNER_ONLY)


def _prepare(home: Home, key: str) -> None:
    connection = connect(home.warehouse, reach=[home.landing])
    try:
        connection.execute("begin")
        connection.execute("create schema if not exists raw")
        connection.execute("create schema if not exists control")
        existing = existing_columns(connection)
        for system in systems().values():
            for table in system.tables:
                prepare_raw(connection, table, existing.get(table.raw_name))
        _prepare_control(connection)
        _keep_key(connection, key)
        connection.execute("commit")
    finally:
        connection.close()


def _prepare_control(connection: duckdb.DuckDBPyConnection) -> None:
    existing = existing_columns(connection, "control")
    for name, columns in _control_tables().items():
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create table if not exists control.{name} ({declared})")
        # A table made by an older version may lack some.
        for column in columns.keys() - existing.get(name, columns).keys():
            connection.execute(f"alter table control.{name} add column {column} {columns[column]}")


def _keep_key(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Models read the secret from here: compiled SQL and views must not show it."""
    found = connection.execute("select pseudonym_key from control.installation").fetchall()
    if not found:
        connection.execute("insert into control.installation (pseudonym_key) values (?)", [key])
    elif found != [(key,)]:
        connection.execute("update control.installation set pseudonym_key = ?", [key])


def positions(home: Home) -> dict[tuple[str, str], Position]:
    """The last merged load of every (source, table); empty before the first run."""
    if not home.warehouse.exists():
        return {}
    connection = connect(home.warehouse, read_only=True, reach=())
    try:
        rows = connection.execute(
            """
            select source_id, table_name, load_id, cursor_to, schema_hash, rows_current
            from (
                select *, row_number() over (
                    partition by source_id, table_name order by load_id desc
                ) as newest
                from control.loads
            )
            where newest = 1
            """
        ).fetchall()
    finally:
        connection.close()
    return {(row[0], row[1]): Position(row[2], row[3], row[4], row[5]) for row in rows}


def last_load(home: Home) -> int:
    """The newest load that the warehouse knows, 0 before the first."""
    return max((position.load_id for position in positions(home).values()), default=0)


def merge(home: Home, run: CurrentRun, batches: Iterable[Batch], gate: Gate) -> list[Merged]:
    """Merge all batches of a run in one transaction, and move the ledger with them.

    A batch that was merged before changes nothing. `gate` looks at the result before it is
    committed.

    Raises:
        WarehouseError: a batch was not accepted, or is older than what raw holds.
        RefusedBatchError: raised by `gate`; nothing is kept.

    """
    accepted = list(batches)
    for batch in accepted:
        if batch.manifest.verdict != "accepted":
            raise WarehouseError(
                f"{batch.name}: the batch is {batch.manifest.verdict}, not accepted"
            )
    prepare_warehouse(home)
    before = positions(home)
    connection = connect(home.warehouse, reach=[home.landing])
    try:
        connection.execute("begin")
        merged = []
        for batch in accepted:
            position = before.get((batch.manifest.source_id, batch.manifest.table))
            if position and position.load_id == batch.manifest.load_id:
                continue
            if position and position.load_id > batch.manifest.load_id:
                raise WarehouseError(f"{batch.name}: load {position.load_id} is newer and merged")
            if position and _was_merged(home, batch, position):
                merged.append(Merged(batch, 0, 0, 0, position.rows))
            else:
                merged.append(merge_batch(connection, batch))
        checks = gate(connection, [item.batch for item in merged])
        _record(connection, run, merged)
        _record_checks(connection, run, checks)
        connection.execute("commit")
        keep_ledger(connection, home, run.known_load)
    finally:
        connection.close()  # closing without a commit rolls back
    return merged


def _was_merged(home: Home, batch: Batch, position: Position) -> bool:
    """Whether it is what was merged last of its table, and would change nothing once more."""
    manifest = batch.manifest
    last = merged_batch(home, manifest.source_id, batch.table, position.load_id)
    return last is not None and batch.merges_like(last)


def merge_batch(connection: duckdb.DuckDBPyConnection, batch: Batch) -> Merged:
    """Merge one batch into raw; the caller has begun a transaction and ends it."""
    table = batch.table
    source = quoted_text(batch.manifest.source_id)
    load = batch.manifest.load_id
    target = f"raw.{quoted_name(table.raw_name)}"
    keys = quoted_text(str(batch.folder / "keys.parquet"))
    incoming, known = _incoming(connection, batch)
    columns = ", ".join(map(quoted_name, known))
    current = f"r.source_id = {source} and r._to_load is null"
    insert_into = f"""
        insert into {target} (source_id, {columns}, _row_hash, _from_load, _to_load, _deleted)
        select {source}, {columns}, _row_hash, {load}, null, false from
        """
    (holds_any,) = one_row(
        connection, f"select exists (select 1 from {target} as r where {current})"
    )
    if not holds_any:
        # Straight from the batch: what a transaction puts aside it keeps on disk until its end.
        added = _affected(connection, f"{insert_into} {incoming}")
        return Merged(batch, added=added, changed=0, deleted=0, current=added)
    connection.execute(
        f"""
        create or replace temp table fresh as
        select i.*, r.source_id is not null as replaces
        from {incoming} as i
        left join {target} as r on {current} and {_same_key(table, "i", "r")}
        where r.source_id is null or r._row_hash <> i._row_hash
        """
    )
    changed = _affected(
        connection,
        f"""
        update {target} as r set _to_load = {load}
        where {current} and exists (
            select 1 from fresh as f where f.replaces and {_same_key(table, "f", "r")}
        )
        """,
    )
    deleted = 0
    if not batch.manifest.keys_unknown:
        deleted = _affected(
            connection,
            f"""
            update {target} as r set _to_load = {load}, _deleted = true
            where {current} and not exists (
                select 1 from read_parquet({keys}) as k where {_same_key(table, "k", "r")}
            )
            """,
        )
    inserted = _affected(connection, f"{insert_into} fresh")
    (now,) = one_row(connection, f"select count(*) from {target} as r where {current}")
    return Merged(batch, added=inserted - changed, changed=changed, deleted=deleted, current=now)


def _incoming(connection: duckdb.DuckDBPyConnection, batch: Batch) -> tuple[str, list[str]]:
    """A query for the rows of a batch, each with its hash, and their columns that raw has."""
    landed, known = _landed_columns(connection, batch)
    read = ", ".join(map(quoted_name, landed))
    rows = f"read_parquet({quoted_text(str(batch.rows))})"
    if batch.manifest.folded:
        # A base holds what was let in, and the hashes of rows that were landed under other
        # declarations.
        return f"(select {read}, _row_hash from {rows})", known
    bad_keys = batch.folder / QUARANTINED
    good = (
        f"where not exists (select 1 from read_parquet({quoted_text(str(bad_keys))}) as q "
        f"where {_same_key(batch.table, 'q', 'r')})"
        if bad_keys.exists()
        else ""
    )
    hashed = "md5(to_json(r)::varchar) as _row_hash"
    return f"(select {read}, {hashed} from (select {read} from {rows}) as r {good})", known


def _landed_columns(
    connection: duckdb.DuckDBPyConnection, batch: Batch
) -> tuple[list[str], list[str]]:
    """The columns that a batch holds, which its rows are known by, and those still declared.

    Both are the declared ones, but for a batch that was landed under an earlier declaration.
    """
    table = batch.table
    declared = [column.name for column in table.columns]
    if batch.manifest.schema_hash == schema_hash(table) and not batch.manifest.folded:
        return declared, declared
    rows = f"read_parquet({quoted_text(str(batch.rows))})"
    described = connection.execute(f"describe select * from {rows}").fetchall()
    landed = {str(row[0]): str(row[1]) for row in described}
    for column in changed_types(connection, table, landed):
        assert_holds(connection, rows, batch.told, table, landed, column)
    known = [name for name in declared if name in landed]
    return (known if batch.manifest.folded else list(landed)), known


def _same_key(table: Table, left: str, right: str) -> str:
    # A key column may be empty (an optional channel, say), and NULL must then equal NULL.
    return " and ".join(
        f"{left}.{quoted_name(name)} is not distinct from {right}.{quoted_name(name)}"
        for name in table.key
    )


def _record(
    connection: duckdb.DuckDBPyConnection, run: CurrentRun, merged: Iterable[Merged]
) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    items = list(merged)
    insert(connection, "loads", [load_row(item, now) for item in items])
    for item in items:
        _record_checks(connection, run, ((item.batch.name, c) for c in item.batch.manifest.checks))
    run_row = {
        "run_id": run.run_id,
        "as_of_date": run.as_of_date,
        "known_at": known_at(run.known_load).replace(tzinfo=None),
        "known_load": run.known_load,
    }
    connection.execute("delete from control.current_run")
    insert(connection, "current_run", [run_row])
    connection.execute("delete from control.runs where run_id = ?", [run.run_id])
    started = run.started_at.astimezone(UTC).replace(tzinfo=None)
    told = {"started_at": started, "loaded_at": now, "only_sources": ",".join(run.only) or None}
    insert(connection, "runs", [{**run_row, **told}])


def load_row(item: Merged, now: datetime | None) -> dict[str, object]:
    """What the ledger says of a merged batch."""
    manifest = item.batch.manifest
    return {
        "load_id": manifest.load_id,
        "run_id": manifest.run_id,
        "source_id": manifest.source_id,
        "system": manifest.system,
        "table_name": manifest.table,
        "extracted_at": manifest.extracted_at.astimezone(UTC).replace(tzinfo=None),
        "merged_at": now,
        "rows_extracted": manifest.rows + manifest.rejected_rows,
        "rows_quarantined": manifest.quarantined_rows + manifest.rejected_rows,
        "rows_added": item.added,
        "rows_changed": item.changed,
        "rows_deleted": item.deleted,
        "rows_current": item.current,
        "cursor_from": manifest.cursor_from,
        "cursor_to": manifest.cursor_to,
        "schema_hash": manifest.schema_hash,
    }


def _record_checks(
    connection: duckdb.DuckDBPyConnection,
    run: CurrentRun,
    checks: Iterable[tuple[str, CheckResult]],
) -> None:
    rows: list[dict[str, object]] = []
    for subject, check in checks:
        source_id, _, table = subject.partition(".")
        rows.append(
            {
                "run_id": run.run_id,
                "load_id": run.known_load,
                "source_id": source_id,
                "table_name": table,
                "rule": check.rule,
                "severity": check.severity,
                "passed": check.passed,
                "rows_checked": check.rows_checked,
                "rows_failed": check.rows_failed,
                "examples": json.dumps(check.examples),
                "accepted_because": check.accepted_because,
            }
        )
    insert(connection, "checks", rows)


def insert(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, object]]
) -> None:
    """All rows in one statement: DuckDB takes as long for one row as for a hundred."""
    if not rows:
        return
    columns = ", ".join(rows[0])
    places = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
    values = [value for row in rows for value in row.values()]
    connection.execute(f"insert into control.{name} ({columns}) values {places}", values)


@cache
def _control_tables() -> dict[str, dict[str, str]]:
    """Columns and their types by table."""
    (source,) = yaml.safe_load(CONTROL.read_text(encoding="utf-8"))["sources"]
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in source["tables"]
    }


def _affected(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    return int(one_row(connection, statement)[0])
