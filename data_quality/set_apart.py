"""Rows that are kept out of the warehouse now: which, by which rule, and in which file they lie.

A row that was set apart stays so until a later load reads it again, and is told no more when it is
gone from its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_quality.suites.derived import key_text, same_key
from data_quality.validator import QUARANTINED
from ingestion.declarations import is_declared
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.home import Home
from ingestion.landing import Batch, batches

REJECTED = "rejected.parquet"
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class SetApart:
    """Rows of a table that one rule keeps out."""

    subject: str
    """The table, as people name it: `erp.sale_order`."""
    rule: str
    """The rule, in words."""
    rows: int
    examples: tuple[str, ...]
    """Some of their keys or, where a row cannot be read, of their places in the source's files."""
    files: tuple[Path, ...]
    """Where they lie whole, the newest first."""


def set_apart(home: Home) -> list[SetApart]:
    """What is kept out of an installation's warehouse, by table and rule."""
    by_table: dict[str, list[Batch]] = {}
    for batch in batches(home.landing):
        manifest = batch.manifest
        if manifest.verdict == "accepted" and is_declared(manifest.system, manifest.table):
            by_table.setdefault(batch.name, []).append(batch)
    return [
        found
        for name in sorted(by_table)
        for found in (*_unreadable(by_table[name][-1]), *_broken(by_table[name]))
    ]


def _unreadable(newest: Batch) -> list[SetApart]:
    """Of files, which are read whole every time; of SQLite, those of its newest load."""
    file = newest.folder / REJECTED
    if not file.exists():
        return []
    with connect(reach=[newest.folder]) as connection:
        found = connection.execute(
            f"""
            select
                code, count(distinct (file, line)),
                list(distinct file || ' line ' || line order by file || ' line ' || line)
            from read_parquet({quoted_text(str(file))}) group by code order by code
            """
        ).fetchall()
    return [
        SetApart(
            newest.name,
            f"every row can be read: {code.replace('_', ' ')}",
            rows,
            tuple(places[:MOST_EXAMPLES]),
            (file,),
        )
        for code, rows, places in found
    ]


def _broken(loads: Sequence[Batch]) -> list[SetApart]:
    """Rows that broke a rule when they were last read, and that the source still holds."""
    apart = [batch.folder / QUARANTINED for batch in loads]
    apart = [file for file in apart if file.exists()]
    if not apart:
        return []
    newest = loads[-1]
    table = newest.table
    read = [batch.rows for batch in loads]
    key = ", ".join(quoted_name(name) for name in table.key)
    held = _files([newest.folder / "keys.parquet"])
    # Where keys cannot be read, one that is absent proves nothing.
    is_held = f"exists (from {held} as k where {same_key(table, 'k', 'a')})"
    is_held = "true" if newest.manifest.keys_unknown else is_held
    with connect(reach=[newest.folder.parent]) as connection:
        found = connection.execute(
            f"""
            with apart as (select {key}, _reason, {_LOAD} as load from {_files(apart)}),
            read as (select {key}, {_LOAD} as load from {_files(read)})
            select
                _reason, count(distinct {key_text(table)}),
                list(distinct {key_text(table)} order by {key_text(table)}),
                list(distinct load order by load desc)
            from apart as a
            where {is_held} and not exists (
                from read as r where r.load > a.load and {same_key(table, "r", "a")}
            )
            group by _reason order by _reason
            """
        ).fetchall()
    return [
        SetApart(
            newest.name,
            reason,
            rows,
            tuple(keys[:MOST_EXAMPLES]),
            tuple(newest.folder.with_name(str(load)) / QUARANTINED for load in found_in),
        )
        for reason, rows, keys, found_in in found
    ]


_LOAD = r"cast(regexp_extract(filename, '([0-9]+)[/\\][a-z]+\.parquet$', 1) as bigint)"
"""The load that a batch's file belongs to."""


def _files(paths: Sequence[Path]) -> str:
    """Files of a table as one relation; an older one may lack a column."""
    names = ", ".join(quoted_text(str(path)) for path in paths)
    return f"read_parquet([{names}], union_by_name = true, filename = true)"
