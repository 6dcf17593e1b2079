"""The tables of schema `raw`: created as declared, and altered when the declaration changes.

A new column is added, empty for what was read before. A new type is taken over when every value
that the table holds survives the way there and back; otherwise nothing is altered and the error
says what to do, since history cannot be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ingestion.declarations import Table
from ingestion.engine import one_row, quoted_name
from ingestion.errors import WarehouseError

if TYPE_CHECKING:
    import duckdb


def existing_columns(
    connection: duckdb.DuckDBPyConnection, schema: str = "raw"
) -> dict[str, dict[str, str]]:
    """Name and type of the columns of every table that exists."""
    found: dict[str, dict[str, str]] = {}
    for table, column, data_type in connection.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = ?",
        [schema],
    ).fetchall():
        found.setdefault(table, {})[column] = data_type
    return found


def prepare_raw(
    connection: duckdb.DuckDBPyConnection, table: Table, existing: Mapping[str, str] | None
) -> None:
    """Make the raw table what is declared.

    Args:
        connection: the warehouse, in a transaction.
        table: the declaration.
        existing: name and type of the columns that the table has; none while it does not exist.

    Raises:
        WarehouseError: a column's new type cannot hold what the old one holds.

    """
    name = f"raw.{quoted_name(table.raw_name)}"
    if existing is None:
        columns = ", ".join(f"{quoted_name(c.name)} {c.data_type}" for c in table.columns)
        connection.execute(
            f"create table {name} (source_id varchar not null, {columns}, "
            "_row_hash varchar not null, _from_load bigint not null, _to_load bigint, "
            "_deleted boolean not null)"
        )
        return
    for column in table.columns:
        if column.name not in existing:
            connection.execute(
                f"alter table {name} add column {quoted_name(column.name)} {column.data_type}"
            )
    for changed in changed_types(connection, table, existing):
        assert_holds(connection, name, f"raw.{table.raw_name}", table, existing, changed)
        connection.execute(
            f"alter table {name} alter column {quoted_name(changed)} "
            f"set data type {table.column(changed).data_type}"
        )


def changed_types(
    connection: duckdb.DuckDBPyConnection, table: Table, existing: Mapping[str, str]
) -> list[str]:
    """Columns that exist with another type than the declared one."""
    return [
        column.name
        for column in table.columns
        if column.name in existing
        and existing[column.name] != _engine_type(connection, column.data_type)
    ]


def assert_holds(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    told_as: str,
    table: Table,
    existing: Mapping[str, str],
    column: str,
) -> None:
    """See to it that a column's declared type holds every value of a relation that has the old one.

    Raises:
        WarehouseError: some value would be lost or changed.

    """
    name, old, new = quoted_name(column), existing[column], table.column(column).data_type
    key = ", ".join(quoted_name(part) for part in table.key)
    row = one_row(
        connection,
        f"""
        select count(*), min(concat_ws('/', {key})) from {relation}
        where {name} is distinct from try_cast(try_cast({name} as {new}) as {old})
        """,
    )
    if row[0]:
        raise WarehouseError(
            f"{told_as}: {column} is {old} there and declared as {new} now, which cannot hold "
            f"{row[0]:,} of its values as they are, such as that of row {row[1]}. Declare a type "
            "that holds both, as string does, or declare the new one as another column."
        )


def _engine_type(connection: duckdb.DuckDBPyConnection, declared: str) -> str:
    """DuckDB's own name of a declared type."""
    if declared not in _ENGINE_TYPES:
        row = connection.execute(f"select typeof(cast(null as {declared}))").fetchone()
        assert row is not None
        _ENGINE_TYPES[declared] = str(row[0]).replace('"', "")
    return _ENGINE_TYPES[declared]


_ENGINE_TYPES: dict[str, str] = {}
