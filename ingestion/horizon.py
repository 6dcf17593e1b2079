"""How far back the time machine reaches: what is older is remembered as one version of each row.

The horizon is a load. Up to it, every table's batches are folded into the last of them, its base,
and raw forgets each version that was over by then. A row that was current is dated by the base, in
raw too: so all that the warehouse knows of that time began together, and no row seems to be older
than what it refers to.

`landing/.ledger/horizon.json` is written first. From then on a replay forgets what the horizon
hides, however much of the landing zone has been folded: whatever a crash leaves behind, raw comes
back as it will be in the end, and the next call finishes the work.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from ingestion.declarations import Table, is_declared, system
from ingestion.engine import connect, one_row, put_parquet, quoted_name, quoted_text
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.kept_ledger import KEPT, keep_ledger, kept_loads, kept_rows
from ingestion.landing import (
    BASE,
    QUARANTINED,
    REJECTED,
    Batch,
    known_at,
    read_batch,
    write_manifest,
)
from ingestion.ledger import merge_batch
from ingestion.measures import MEASURES
from ingestion.raw_tables import prepare_raw

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("adv.horizon")

STRIDE = timedelta(days=30)
"""A base holds every row of its table, so it is not written anew each night."""


class Horizon(BaseModel):
    """The oldest load that the time machine reaches."""

    model_config = ConfigDict(frozen=True)

    load_id: int
    finished: bool = False
    """Everything older has been folded."""


@dataclass(frozen=True)
class _Base:
    source_id: str
    table: str
    load_id: int
    rows: int


def horizon(home: Home) -> Horizon | None:
    """The horizon, or nothing while everything is kept.

    Raises:
        WarehouseError: its file is damaged.

    """
    file = _file(home)
    if not file.exists():
        return None
    try:
        return Horizon.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise WarehouseError(
            f"{file} is damaged ({error.error_count()} faults); bring it back from a backup."
        ) from None


def shorten_when_due(home: Home, history_days: int | None, load_id: int) -> Horizon | None:
    """Move the horizon when it lies well behind what is to be kept, or finish moving it.

    Args:
        home: the installation, whose lock the caller holds.
        history_days: days to keep before the present load; all where none are said.
        load_id: the present load.

    Returns:
        The new horizon; None when nothing was due.

    """
    before = horizon(home)
    if before and not before.finished:
        return shorten(home, before.load_id)
    loads = [int(folder.name) for folder in kept_loads(home)]
    if history_days is None or not loads:
        return None
    oldest_kept = known_at(load_id) - timedelta(days=history_days)
    hidden = [load for load in loads if known_at(load) <= oldest_kept]
    since = before.load_id if before else loads[0]
    if not hidden or known_at(hidden[-1]) - known_at(since) < STRIDE:
        return None
    return shorten(home, hidden[-1])


def shorten(home: Home, before_load: int) -> Horizon | None:
    """Let the time machine reach back to the newest load up to `before_load`, and no further.

    Safe to repeat, and to interrupt at any point.

    Args:
        home: the installation, whose lock the caller holds.
        before_load: what was over by this load is forgotten.

    Returns:
        The horizon; None when there is no load so old.

    Raises:
        WarehouseError: a batch is missing, or holds values that its declaration no longer can.

    """
    with connect(home.warehouse, reach=[home.landing]) as connection:
        keep_ledger(connection, home)
    before = horizon(home)
    loads = [int(folder.name) for folder in kept_loads(home) if int(folder.name) <= before_load]
    if not loads or (before and before.finished and before.load_id >= loads[-1]):
        return before
    new = Horizon(load_id=max(loads[-1], before.load_id if before else 0))
    _write(home, new)
    with connect(home.warehouse, reach=[home.landing]) as connection:
        connection.execute("begin")
        forget(connection, new.load_id)
        connection.execute("commit")
    _fold_tables(home, new.load_id)
    finished = new.model_copy(update={"finished": True})
    _write(home, finished)
    log.info("the time machine reaches back to load %d", finished.load_id)
    return finished


def forget(connection: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Let raw and ledger forget what was over by a load; the caller's transaction goes on."""
    for source_id, system_name, table, last in connection.execute(
        "select source_id, system, table_name, max(load_id) from control.loads "
        "where load_id <= ? group by all",
        [load_id],
    ).fetchall():
        if not is_declared(system_name, table):
            continue
        raw = f"raw.{quoted_name(f'{system_name}__{table}')}"
        source = f"source_id = {quoted_text(source_id)}"
        connection.execute(f"delete from {raw} where {source} and _to_load <= {load_id}")
        connection.execute(
            f"update {raw} set _from_load = {last} where {source} and _from_load < {last}"
        )
        of_table = f"{source} and table_name = {quoted_text(table)}"
        connection.execute(f"delete from control.loads where {of_table} and load_id < {last}")
        rows = f"(select count(*) from {raw} where {source} and _from_load = {last})"
        connection.execute(
            f"update control.loads set {_counted(rows)} where {of_table} and load_id = {last}"
        )
    connection.execute("delete from control.checks where load_id <= ?", [load_id])
    connection.execute("delete from control.runs where known_load < ?", [load_id])
    for measured in MEASURES:
        connection.execute(
            f"delete from control.{measured} where began_at < ?",
            [known_at(load_id).replace(tzinfo=None)],
        )


def bases(home: Home, load_id: int) -> dict[tuple[str, str], int]:
    """The load of each (source, table) that has a base, up to a load."""
    found: dict[tuple[str, str], int] = {}
    for manifest in home.landing.glob("*/*/*/manifest.json"):
        folder = manifest.parent
        if _is_hidden(folder, load_id) and (batch := read_batch(folder)) and batch.manifest.folded:
            table = (folder.parent.parent.name, folder.parent.name)
            found[table] = max(batch.manifest.load_id, found.get(table, 0))
    return found


def still_apart(loads: Sequence[Batch], name: str) -> str | None:
    """SQL for the rows of a table that are kept out now, as they lie apart, with their `load`.

    A row lies apart while its source holds it, until a later batch reads it. One whose key cannot
    be read cannot be told from others: only the newest batch tells of those.

    Args:
        loads: the table's batches, oldest first; a base may be the first of them.
        name: the file where rows lie apart: `quarantined.parquet` or `rejected.parquet`.

    Returns:
        The query; None where no batch has such a file.

    """
    apart, rejected = (
        [batch.folder / file for batch in loads if (batch.folder / file).exists()]
        for file in (name, REJECTED)
    )
    if not apart:
        return None
    newest, names = loads[-1], [quoted_name(column) for column in loads[-1].table.key]
    if name == REJECTED:  # its keys are text
        text = "a.key"
        same = f"a.key = concat_ws('/', {', '.join(f'r.{column}' for column in names)})"
    else:
        text = f"concat_ws('/', {', '.join(f'a.{column}' for column in names)})"
        same = " and ".join(f"a.{column} is not distinct from r.{column}" for column in names)
    # Where keys cannot be read, one that is absent proves nothing.
    held = f"exists (select 1 from {_files([newest.folder / 'keys.parquet'])} as r where {same})"
    held = "true" if newest.manifest.keys_unknown else held
    if name == REJECTED:
        held = f"if(a.key is null, a.load = {newest.manifest.load_id}, {held})"
    read = [(f"select {', '.join(names)}", [batch.rows for batch in loads], same)]
    if rejected:
        read.append(("select key", rejected, f"r.key = {text}"))
    unread = " and ".join(
        f"not exists (select 1 from ({found}, {_LOAD} as load from {_files(files)}) as r "
        f"where r.load > a.load and {is_same})"
        for found, files, is_same in read
    )
    lying = f"select * exclude (filename), {_LOAD} as load from {_files(apart)}"
    return f"select * from ({lying}) as a where {held} and {unread}"


_LOAD = r"cast(regexp_extract(filename, '([0-9]+)[/\\][a-z]+\.parquet$', 1) as bigint)"
"""The load that a batch's file belongs to."""


def _files(paths: Sequence[Path]) -> str:
    """Files of a table as one relation; an older one may lack a column."""
    names = ", ".join(quoted_text(str(path)) for path in paths)
    return f"read_parquet([{names}], union_by_name = true, filename = true)"


def _fold_tables(home: Home, load_id: int) -> None:
    hidden = [folder for folder in kept_loads(home) if int(folder.name) <= load_id]
    files = ", ".join(quoted_text(str(folder / "loads.parquet")) for folder in hidden)
    with connect(reach=[home.landing]) as connection:
        merged = connection.execute(
            "select source_id, system, table_name, list(load_id order by load_id) "
            f"from read_parquet([{files}]) group by all order by all"
        ).fetchall()
        living: list[_Base] = []
        undeclared: list[tuple[str, str]] = []
        for source_id, system_name, name, loads in merged:
            if is_declared(system_name, name):
                table = system(system_name).table(name)
                living.append(_fold(home, source_id, table, loads, load_id))
            else:  # nobody knows its key any more
                undeclared.append((source_id, name))
                log.warning("%s.%s is no longer declared and is kept whole", source_id, name)
        known = {(source_id, name) for source_id, _, name, _ in merged}
        for folder in home.landing.glob("[!.]*/*"):
            if (folder.parent.name, folder.name) not in known:  # landed, and never merged
                _remove_hidden(folder, load_id)
        _fold_ledger(connection, hidden, living, undeclared)
    for left in home.kept_ledger.glob("*.partial"):
        shutil.rmtree(left)


def _fold(home: Home, source_id: str, table: Table, loads: Sequence[int], load_id: int) -> _Base:
    """Turn the last batch that the table merged by the horizon into its base."""
    folder = home.landing / source_id / table.name / str(loads[-1])
    batch = read_batch(folder)
    if batch is None:
        raise _missing(home, source_id, table.name, loads[-1])
    if not batch.manifest.folded:
        merged = _merged(home, source_id, table, loads)
        rows = _write_base(merged, folder / BASE)
        # Before it is the base: it alone tells, by then, which rows were read once more.
        _carry_set_apart(merged)
        batch = Batch(folder, batch.manifest.model_copy(update={**_NOTHING_APART, "rows": rows}))
        write_manifest(folder, batch.manifest)  # from here on it is the base
    (folder / "rows.parquet").unlink(missing_ok=True)
    _remove_hidden(folder.parent, load_id, but=folder)
    return _Base(source_id, table.name, loads[-1], batch.manifest.rows)


_NOTHING_APART: Mapping[str, object] = {
    "folded": True,
    "rejected_rows": 0,
    "quarantined_rows": 0,
    "totals": {},
    "cursor_from": None,
    "problems": (),
    "checks": (),
}
"""What the manifest of a base says in place of its last batch's."""


def _merged(home: Home, source_id: str, table: Table, loads: Sequence[int]) -> list[Batch]:
    """The batches that these loads merged, from the last base on, which stands for those before."""
    found: list[Batch] = []
    for load in reversed(loads):
        batch = read_batch(home.landing / source_id / table.name / str(load))
        if batch is None:
            raise _missing(home, source_id, table.name, load)
        found.insert(0, batch)
        if batch.manifest.folded:
            break
    return found


def _write_base(merged: Sequence[Batch], target: Path) -> int:
    """Write the rows that were current after the last of the batches; returns their number."""
    table = merged[-1].table
    columns = ", ".join(quoted_name(column.name) for column in table.columns)
    current = f"from raw.{quoted_name(table.raw_name)} where _to_load is null"
    with connect(reach=[target.parent.parent]) as connection:
        connection.execute("create schema raw")
        prepare_raw(connection, table, None)
        for batch in merged:
            merge_batch(connection, batch)
        put_parquet(connection, f"select {columns}, _row_hash {current}", target)
        return int(one_row(connection, f"select count(*) {current}")[0])


def _carry_set_apart(merged: Sequence[Batch]) -> None:
    """Put what is still apart beside the last of the batches; the other rows are forgotten.

    It alone holds the version that was not let in, and the second gate asks every night why the
    source holds rows that raw does not.
    """
    base = merged[-1].folder
    for name in (QUARANTINED, REJECTED):
        with connect(reach=[base.parent]) as connection:
            apart = still_apart(merged, name)
            if apart and connection.execute(f"{apart} limit 1").fetchone():
                # Once each, though a call that was killed had carried them before.
                query = f"select distinct * exclude (load) from ({apart}) order by all"
                put_parquet(connection, query, base / name)
            else:
                (base / name).unlink(missing_ok=True)


def _fold_ledger(
    connection: duckdb.DuckDBPyConnection,
    hidden: Sequence[Path],
    living: Sequence[_Base],
    undeclared: Sequence[tuple[str, str]],
) -> None:
    """Let the copies of the ledger tell of the bases, of the horizon's own run, and no more."""
    connection.execute(
        "create temp table living (source_id varchar, table_name varchar, load_id bigint, n bigint)"
    )
    for base in living:
        values = [base.source_id, base.table, base.load_id, base.rows]
        connection.execute("insert into living values (?, ?, ?, ?)", values)
    for pair in undeclared:
        connection.execute("insert into living values (?, ?, null, null)", pair)
    joined = (
        "{} as k inner join living as b on k.source_id = b.source_id "
        "and k.table_name = b.table_name and k.load_id = coalesce(b.load_id, k.load_id)"
    )
    for folder in hidden:
        loads = joined.format(kept_rows(folder, "loads"))
        if folder != hidden[-1] and not connection.execute(f"select 1 from {loads}").fetchone():
            _remove(folder)
            continue
        counts = ", ".join(
            f"if(b.n is null, k.{name}, {value}) as {name}" for name, value in _COUNTS.items()
        )
        content = {
            "loads": f"select k.* replace ({counts.format(rows='b.n')}) from {loads}",
            "checks": f"select * from {kept_rows(folder, 'checks')} where false",
            "runs": f"select * from {kept_rows(folder, 'runs')} where {folder == hidden[-1]}",
        }
        assert content.keys() == KEPT.keys()
        for name, query in content.items():
            put_parquet(connection, query, folder / f"{name}.parquet")


_COUNTS = {
    "rows_extracted": "{rows}",
    "rows_quarantined": "0",
    "rows_added": "{rows}",
    "rows_changed": "0",
    "rows_deleted": "0",
    "rows_current": "{rows}",
    "cursor_from": "null",
}
"""What the ledger says of a base."""


def _counted(rows: str) -> str:
    return ", ".join(f"{name} = {value}" for name, value in _COUNTS.items()).format(rows=rows)


def _remove_hidden(folder: Path, load_id: int, but: Path | None = None) -> None:
    """Remove a table's batches up to the horizon: folded, or never merged."""
    for batch in folder.iterdir():
        if _is_hidden(batch, load_id) and batch != but:
            _remove(batch)


def _remove(folder: Path) -> None:
    """Remove a folder that counts as a whole or not at all."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    folder.rename(partial)
    shutil.rmtree(partial)


def _is_hidden(folder: Path, load_id: int) -> bool:
    return folder.name.isdigit() and int(folder.name) <= load_id


def _missing(home: Home, source_id: str, table: str, load: int) -> WarehouseError:
    return WarehouseError(
        f"{source_id}.{table} of load {load} was merged and is no longer in {home.landing}; "
        "bring its folder back from a backup."
    )


def _file(home: Home) -> Path:
    return home.kept_ledger / "horizon.json"


def _write(home: Home, new: Horizon) -> None:
    temporary = _file(home).with_suffix(".tmp")
    temporary.write_text(new.model_dump_json(), encoding="utf-8")
    temporary.replace(_file(home))
