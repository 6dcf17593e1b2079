"""Raw on Spark: every version of every row, from the batches of the landing zone alone.

A version begins with the load that read it, unless it says the same as the version before it. It
ends with the load that read another, or that missed its key among those of the source. That is what
`ingestion/ledger.py` does batch by batch; here one query does it for all batches of a table.

Of `_row_hash` there is none: rows are compared by what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.declarations import Column, Table
from ingestion.engine import connect, one_row, quoted_name, quoted_text
from ingestion.errors import SparkError
from ingestion.home import Home
from ingestion.horizon import bases, horizon
from ingestion.kept_ledger import kept_loads
from ingestion.landing import QUARANTINED, Batch, schema_hash
from ingestion.replay import kept_batches
from ingestion.spark.storage import LANDING, Workspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class _Read:
    """Files that were landed under one declaration, and so hold the same columns."""

    batches: tuple[Batch, ...]
    columns: tuple[str, ...]


def create_raw(
    session: SparkSession, home: Home, workspace: Workspace, tables: Iterable[Table], threads: int
) -> None:
    """Create tables of schema `raw` as DuckDB holds them; empty where nothing was read.

    Args:
        session: the session.
        home: the installation whose landing zone is read.
        workspace: where workers find files.
        tables: the tables.
        threads: how many are created at a time.

    Raises:
        SparkError: rows of a base were landed under an earlier declaration.
        WarehouseError: a batch that was merged is missing.

    """
    session.sql("create schema if not exists raw")
    landed, reach = _merged_batches(home), horizon(home)

    def create(table: Table) -> None:
        queries = [
            _versions(session, home, workspace, table, batches, reach.load_id if reach else 0)
            for batches in landed.get(table.raw_name, {}).values()
        ]
        query = " union all ".join(queries or [_nothing(table)])
        # No view: Spark would ask each file for its columns whenever a model names it.
        session.sql(f"create table raw.{_name(table.raw_name)} using parquet as {query}")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(create, tables))


def _merged_batches(home: Home) -> dict[str, dict[str, list[Batch]]]:
    """The batches by raw table and source, oldest first."""
    reach = horizon(home)
    begin_at = bases(home, reach.load_id) if reach else {}
    found: dict[str, dict[str, list[Batch]]] = {}
    with connect(reach=[home.landing]) as connection:
        for folder in kept_loads(home):
            for batch in kept_batches(connection, home, folder, begin_at)[0]:
                of_table = found.setdefault(batch.table.raw_name, {})
                of_table.setdefault(batch.manifest.source_id, []).append(batch)
    return found


def _nothing(table: Table) -> str:
    columns = ", ".join(f"cast(null as {c.data_type}) as {_name(c.name)}" for c in table.columns)
    return (
        f"select cast(null as string) as source_id, {columns}, cast(null as bigint) as _from_load, "
        "cast(null as bigint) as _to_load, cast(null as boolean) as _deleted where 1 = 0"
    )


def _versions(
    session: SparkSession,
    home: Home,
    workspace: Workspace,
    table: Table,
    batches: Sequence[Batch],
    horizon_load: int,
) -> str:
    """SQL for the rows that raw holds of one source."""
    for batch in batches:
        _assert_read_alike(home, batch)

    def reached(batch: Batch, file: Path) -> tuple[int, str]:
        return batch.manifest.load_id, workspace.reached(session, file, home.landing, LANDING)

    rows = [
        _files([reached(batch, batch.rows) for batch in read.batches], _landed(table, read.columns))
        for read in _by_declaration(session, table, batches)
    ]
    apart = [
        reached(batch, batch.folder / QUARANTINED)
        for batch in batches
        # A base holds what was let in: the versions that lie apart beside it are others.
        if not batch.manifest.folded and (batch.folder / QUARANTINED).exists()
    ]
    key = [_name(name) for name in table.key]
    read = " union all ".join(rows)
    if apart:
        same = _same([*key, "_load"], "q", "r")
        read = (
            f"select r.* from ({read}) as r "
            f"left anti join ({_files(apart, ', '.join(key))}) as q on {same}"
        )
    source = quoted_text(batches[0].manifest.source_id)
    columns = ", ".join(_name(column.name) for column in table.columns)
    if len(batches) == 1:
        return (
            f"select {source} as source_id, {columns}, _load as _from_load, "
            f"cast(null as bigint) as _to_load, false as _deleted from ({read})"
        )
    told = [batch for batch in batches if not batch.manifest.keys_unknown]
    keys = _files([reached(b, b.folder / "keys.parquet") for b in told], ", ".join(key))
    hidden = [b.manifest.load_id for b in batches if b.manifest.load_id <= horizon_load]
    return _history(
        source=source,
        columns=columns,
        key=key,
        read=read,
        keys=keys,
        told_loads=[batch.manifest.load_id for batch in told],
        horizon_load=horizon_load,
        oldest_load=hidden[-1] if hidden else 0,
    )


def _history(
    *,
    source: str,
    columns: str,
    key: Sequence[str],
    read: str,
    keys: str,
    told_loads: Sequence[int],
    horizon_load: int,
    oldest_load: int,
) -> str:
    """SQL that makes versions of the rows read and of the keys that each load told.

    Loads that told all keys are numbered. The loads in a row that told a key are a stretch; what
    was read in or before it is gone with the load after its last.
    """
    by_key = ", ".join(key)
    by_load = f"partition by {by_key} order by _load"
    loads = f"array({', '.join(f'{load}L' for load in told_loads)})"
    return f"""
        (with read as (
            select *, size(filter({loads}, l -> l <= _load)) as _number from ({read})
        ),
        told as (
            select {by_key}, array_position({loads}, _load) as _number from ({keys})
        ),
        placed as (
            select
                *, _number - row_number() over (partition by {by_key} order by _number) as stretch
            from told
        ),
        stretches as (
            select {by_key}, min(_number) as first_number, max(_number) as last_number
            from placed
            group by {by_key}, stretch
        ),
        ended as (
            select
                read.*,
                try_element_at(
                    {loads}, cast(coalesce(stretches.last_number, read._number) + 1 as int)
                ) as gone
            from read
            left join stretches
                on {_same(key, "stretches", "read")}
                and read._number + 1 between stretches.first_number and stretches.last_number
        ),
        followed as (
            select
                *,
                lag(_said) over ({by_load}) as said_before,
                lag(gone) over ({by_load}) as gone_before
            from ended
        ),
        versions as (
            select *, lead(_load) over ({by_load}) as replaced
            from followed
            where said_before is null or _said <> said_before or gone_before < _load
        )
        select
            {source} as source_id, {columns}, greatest(_load, {oldest_load}L) as _from_load,
            least(replaced, gone) as _to_load,
            gone is not null and (replaced is null or gone < replaced) as _deleted
        from versions
        where least(replaced, gone) is null or least(replaced, gone) > {horizon_load}L)
    """


def _by_declaration(session: SparkSession, table: Table, batches: Sequence[Batch]) -> list[_Read]:
    """The batches in groups that hold the same columns."""
    groups: dict[tuple[str, bool], list[Batch]] = {}
    for batch in batches:
        groups.setdefault((batch.manifest.schema_hash, batch.manifest.folded), []).append(batch)
    declared = tuple(column.name for column in table.columns)
    found = []
    for (declaration, folded), group in groups.items():
        if declaration == schema_hash(table) and not folded:
            columns = declared
        else:
            files = session.read.parquet(Workspace.uri(group[0].rows))
            columns = tuple(name for name in files.columns if name != "_row_hash")
        found.append(_Read(tuple(group), columns))
    return found


def _landed(table: Table, landed: Sequence[str]) -> str:
    """The declared columns of landed files, and all that a row of them says."""
    declared = ", ".join(_typed(column, landed) for column in table.columns)
    said = ", ".join(_name(name) for name in landed)
    return f"{declared}, to_json(struct({said}), map('ignoreNullFields', 'false')) as _said"


def _typed(column: Column, landed: Sequence[str]) -> str:
    value = _name(column.name) if column.name in landed else "null"
    return f"cast({value} as {column.data_type}) as {_name(column.name)}"


def _files(files: Sequence[tuple[int, str]], columns: str) -> str:
    """SQL for files of one layout, each row with the load that its file belongs to."""
    paths = [uri for _, uri in files]
    if len(paths) > 1:
        # They differ in the load alone: `.../erp/sale_order/{1,2}/rows.parquet`.
        head, _, name = paths[0].rsplit("/", 2)
        loads = ",".join(str(load) for load, _ in files)
        paths = [f"{head}/{{{loads}}}/{name}"]
    load = "cast(regexp_extract(_metadata.file_path, '/([0-9]+)/[a-z]+[.]parquet$', 1) as bigint)"
    return f"select {columns}, {load} as _load from parquet.`{paths[0]}`"


def _assert_read_alike(home: Home, batch: Batch) -> None:
    """See to it that a base's rows are known by what they say now.

    Raises:
        SparkError: DuckDB knows some by what an earlier declaration said of them.

    """
    if not batch.manifest.folded:
        return
    with connect(reach=[home.landing]) as connection:
        rows = f"read_parquet({quoted_text(str(batch.rows))})"
        found = [row[0] for row in connection.execute(f"describe from {rows}").fetchall()]
        said = ", ".join(
            f"{quoted_name(name)} := {quoted_name(name)}" for name in found if name != "_row_hash"
        )
        (other,) = one_row(
            connection,
            f"select count(*) from {rows} where _row_hash <> md5(to_json(struct_pack({said})))",
        )
    if other:
        raise SparkError(
            f"{batch.told}: {other:,} of its rows were landed under an earlier declaration and "
            "folded since. Their versions cannot be told on Spark; build on DuckDB."
        )


def _same(names: Sequence[str], left: str, right: str) -> str:
    # A key column may be empty (an optional channel, say), and NULL must then equal NULL.
    return " and ".join(f"{left}.{name} <=> {right}.{name}" for name in names)


def _name(value: str) -> str:
    return "`" + value.replace("`", "``") + "`"
