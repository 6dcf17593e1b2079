"""Rows of the contract in a warehouse of the compiled project, without any extraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from ingestion.declarations import system
from ingestion.engine import quoted_name

AS_OF_DATE = date(2025, 3, 31)
LOAD = 20250401010000000


def fill(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Make raw hold exactly these rows of the contract, by table; what a row lacks is NULL."""
    declared = system("contract")
    assert not tables.keys() - {table.name for table in declared.tables}
    for table in declared.tables:
        raw = f"warehouse.raw.{table.raw_name}"
        connection.execute(f"truncate {raw}")
        names = [column.name for column in table.columns]
        rows = [
            ["s", *(row.get(name) for name in names), str(number), LOAD, None, False]
            for number, row in enumerate(tables.get(table.name, ()))
        ]
        for row in tables.get(table.name, ()):
            assert not row.keys() - set(names), (table.name, row.keys() - set(names))
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(f"insert into {raw} values ({marks})", rows)


def add_versions_that_are_over(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every row of raw a past: what it said before it changed, and a row that was deleted."""
    for table in system("contract").tables:
        raw = f"warehouse.raw.{table.raw_name}"
        changed = ", ".join(
            f"{quoted_name(column.name)} + 1 as {quoted_name(column.name)}"
            for column in table.columns
            if column.data_type.startswith("decimal") and column.name not in table.key
        )
        deleted = ", ".join(
            f"'gone ' || {quoted_name(name)} as {quoted_name(name)}"
            for name in table.key
            if table.column(name).data_type == "string"
        )
        for replaced in filter(None, (changed, deleted)):
            connection.execute(
                f"insert into {raw} select * replace ({replaced}, 'over' as _row_hash, "
                f"{LOAD - 2} as _from_load, {LOAD - 1} as _to_load, true as _deleted) "
                f"from {raw} where _to_load is null"
            )
