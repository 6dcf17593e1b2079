"""Rows that are kept out of the warehouse now: which, by which rule, and in which file they lie.

A row that was set apart stays so until a later load reads it again, and is told no more when it is
gone from its source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_quality.suites.derived import key_text
from ingestion.declarations import is_declared
from ingestion.engine import connect
from ingestion.home import Home
from ingestion.horizon import still_apart
from ingestion.landing import QUARANTINED, REJECTED, Batch, batches

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
        if manifest.folded:  # it stands for those before
            by_table.pop(batch.name, None)
        if manifest.verdict == "accepted" and is_declared(manifest.system, manifest.table):
            by_table.setdefault(batch.name, []).append(batch)
    return [
        found
        for name in sorted(by_table)
        for found in (*_unreadable(by_table[name]), *_broken(by_table[name]))
    ]


def _unreadable(loads: Sequence[Batch]) -> Iterator[SetApart]:
    """Rows that could not be read, told by their places."""
    place = "file || ' line ' || line"
    # A line of an incremental read is a number in its answer: another night has the same.
    found = _by_rule(loads, REJECTED, "code", "(file, line, key)", place)
    for code, rows, places, files in found:
        rule = f"every row can be read: {code.replace('_', ' ')}"
        yield SetApart(loads[-1].name, rule, rows, places, files)


def _broken(loads: Sequence[Batch]) -> Iterator[SetApart]:
    """Rows that broke a rule when they were last read, told by their keys."""
    key = key_text(loads[-1].table)
    for reason, rows, keys, files in _by_rule(loads, QUARANTINED, "_reason", key, key):
        yield SetApart(loads[-1].name, reason, rows, keys, files)


def _by_rule(
    loads: Sequence[Batch], name: str, rule: str, row: str, shown: str
) -> Iterator[tuple[str, int, tuple[str, ...], tuple[Path, ...]]]:
    """Of the rows apart in files of a name: rule, number, some as they are shown, and the files."""
    apart = still_apart(loads, name)
    if apart is None:
        return
    table = loads[-1].folder.parent
    with connect(reach=[table]) as connection:
        found = connection.execute(
            f"""
            select
                {rule}, count(distinct {row}), list(distinct {shown} order by {shown}),
                list(distinct load order by load desc)
            from ({apart}) group by 1 order by 1
            """
        ).fetchall()
    for said, rows, examples, in_loads in found:
        files = tuple(table / str(load) / name for load in in_loads)
        yield said, rows, tuple(examples[:MOST_EXAMPLES]), files
