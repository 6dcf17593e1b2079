"""Rows of the contract in a warehouse of the compiled project, without any extraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from ingestion.declarations import system

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
