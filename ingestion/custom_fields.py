"""Fields of a house's own: columns that no system declares, carried to the dimensions as JSON.

A table that declares the column `custom_fields` takes them. A source names them in `sources.yaml`;
they are read as text, and land as one JSON object, empty where none of them has a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingestion.config import Source
from ingestion.declarations import CUSTOM_FIELDS, Column, Table
from ingestion.engine import connect, copy_to_parquet, quoted_name, quoted_text


def as_asked(source: Source, table: Table) -> Table:
    """The table as the source is asked for it: with its custom fields, each a column."""
    if not table.takes_custom_fields:
        return table
    declared = tuple(column for column in table.columns if column.name != CUSTOM_FIELDS)
    custom = tuple(Column(name, "string") for name in _names(source, table))
    return replace(table, columns=declared + custom)


def fold(source: Source, table: Table, folder: Path) -> None:
    """Make of the custom fields that were read the one column that is declared."""
    if not table.takes_custom_fields:
        return
    rows = folder / "rows.parquet"
    folded = rows.with_suffix(".folded")
    columns = ", ".join(
        f"{_as_json(_names(source, table))} as {quoted_name(CUSTOM_FIELDS)}"
        if column.name == CUSTOM_FIELDS
        else quoted_name(column.name)
        for column in table.columns
    )
    with connect(reach=[folder]) as connection:
        read = f"read_parquet({quoted_text(str(rows))})"
        copy_to_parquet(connection, f"select {columns} from {read}", folded)
    folded.replace(rows)


def _names(source: Source, table: Table) -> Sequence[str]:
    return source.custom_fields.get(table.name, ())


def _as_json(names: Sequence[str]) -> str:
    """SQL of a JSON object without the fields that are empty; NULL when all are."""
    if not names:
        return "cast(null as varchar)"
    pairs = ", ".join(f"{quoted_text(name)}, {quoted_name(name)}" for name in names)
    return f"nullif(json_merge_patch('{{}}', json_object({pairs}))::varchar, '{{}}')"
