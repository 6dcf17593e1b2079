"""The ERP: Odoo's tables in a real PostgreSQL, filled and moved on from the company's life.

`sql/odoo/*.sql` are views of the life as Odoo keeps it at the instant `t`. Creating fills the
tables from them; advancing compares the views at two instants and applies what differs, so that
only rows that really changed are touched.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ingestion.declarations import Column, Table, system
from ingestion.demo_company.life import SQL, instant
from ingestion.demo_company.variables import set_variable
from ingestion.engine import quoted_text

if TYPE_CHECKING:
    import duckdb

_POSTGRES_TYPES = {
    "bigint": "integer",
    "string": "varchar",
    "date": "date",
    "timestamp": "timestamp without time zone",
    "boolean": "boolean",
    "double": "double precision",
}
_FROM_DUCKDB = {"INTEGER": "integer", "BIGINT": "integer", "VARCHAR": "varchar"}
_TO_DUCKDB = {
    "numeric": "decimal(18, 4)",
    "jsonb": "varchar",
    "double precision": "double",
    "timestamp without time zone": "timestamp",
}


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views of schema `odoo` over the life; `set_instant` must have been called."""
    for script in sorted((SQL / "odoo").glob("*.sql")):
        connection.execute(script.read_text(encoding="utf-8"))


def set_instant(connection: duckdb.DuckDBPyConnection, until: date) -> None:
    """Let the views show the end of a day."""
    set_variable(connection, "t", instant(until))
    connection.execute((SQL / "now.sql").read_text(encoding="utf-8"))


def fill(connection: duckdb.DuckDBPyConnection, database: str, until: date) -> int:
    """Create Odoo's tables in the empty database as the views show them, at the end of a day.

    Returns:
        Number of rows.
    """
    _attach(connection, database)
    columns = _columns(connection)
    tables = [table for table in system("odoo").tables if table.name in columns]
    _execute(
        connection,
        *(_create_table(table, columns[table.name]) for table in tables),
        "create schema demo",
        "create table demo.state (until date)",
        f"insert into demo.state values ('{until}')",
    )
    connection.execute("call pg_clear_cache()")
    rows = 0
    for table in tables:
        projected = _projected(table, columns[table.name])
        rows += _number(connection, f"insert into erp.{table.name} {projected}")
    _execute(connection, *(_primary_key(table) for table in tables), "analyze")
    connection.execute("detach erp")
    return rows


def move_on(connection: duckdb.DuckDBPyConnection, database: str, until: date) -> dict[str, int]:
    """Apply to the database what changes until the end of a day, in one transaction.

    The day that the database shows lies in the database, so a move that was interrupted after
    its commit is not applied twice.

    Returns:
        Rows added, changed and deleted.
    """
    _attach(connection, database)
    found = connection.execute("select until from erp.demo.state").fetchone()
    assert found  # `fill` wrote it
    columns = _columns(connection)
    tables = [table for table in system("odoo").tables if table.name in columns]
    for name, day in (("before", found[0]), ("after", until)):
        set_instant(connection, day)
        for table in tables:
            projected = _projected(table, columns[table.name])
            connection.execute(f"create temp table {name}_{table.name} as {projected}")
    counts = {"added": 0, "changed": 0, "deleted": 0}
    connection.execute("begin")
    for table in tables:
        _apply_difference(connection, table, counts)
    _execute(connection, f"update demo.state set until = '{until}'")
    connection.execute("commit")
    for table in tables:
        connection.execute(f"drop table before_{table.name}")
        connection.execute(f"drop table after_{table.name}")
    connection.execute("detach erp")
    return counts


def _apply_difference(
    connection: duckdb.DuckDBPyConnection, table: Table, counts: dict[str, int]
) -> None:
    key = ", ".join(table.key)
    stale = f"stale_{table.name}"
    connection.execute(
        f"create temp table fresh as from after_{table.name} except from before_{table.name}"
    )
    connection.execute(
        f"create temp table gone as select {key} from (from before_{table.name}"
        f" except from after_{table.name})"
    )
    fresh = _number(connection, "select count(*) from fresh")
    gone = _number(connection, "select count(*) from gone")
    if gone:
        # Rows that changed are taken out with those that vanished, and come in again.
        columns = ", ".join(f"{name} integer" for name in table.key)
        _execute(connection, f"create table {stale} ({columns})")
        connection.execute("call pg_clear_cache()")
        connection.execute(f"insert into erp.{stale} from gone")
        same = " and ".join(f"{table.name}.{name} = {stale}.{name}" for name in table.key)
        _execute(
            connection,
            f"delete from {table.name} using {stale} where {same}",
            f"drop table {stale}",
        )
    if fresh:
        connection.execute(f"insert into erp.{table.name} from fresh")
    changed = _number(
        connection, f"select count(*) from (select {key} from fresh intersect from gone)"
    )
    counts["added"] += fresh - changed
    counts["changed"] += changed
    counts["deleted"] += gone - changed
    connection.execute("drop table fresh")
    connection.execute("drop table gone")


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _attach(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    connection.execute(f"attach {quoted_text(database)} as erp (type postgres)")


def _execute(connection: duckdb.DuckDBPyConnection, *statements: str) -> None:
    script = quoted_text(";\n".join(statements))
    connection.execute(f"call postgres_execute('erp', {script})")


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Columns of each table as Odoo 17 has them, with their types in PostgreSQL.

    The views say which of the declared tables and columns this version has with its modules; a
    name that only a view knows is one that the declaration reads under another name.
    """
    declared = {
        (table.name, column.name): _postgres_type(column)
        for table in system("odoo").tables
        for column in table.columns
    }
    views = connection.execute(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = 'odoo' order by ordinal_position"
    ).fetchall()
    columns: dict[str, dict[str, str]] = {}
    for table, name, duckdb_type in views:
        kind = declared.get((table, name)) or _FROM_DUCKDB.get(duckdb_type, duckdb_type)
        columns.setdefault(table, {})[name] = kind
    return columns


def _postgres_type(column: Column) -> str:
    if column.is_json:
        return "jsonb"
    if column.data_type.startswith("decimal"):
        return "numeric"
    return _POSTGRES_TYPES[column.data_type]


def _create_table(table: Table, columns: dict[str, str]) -> str:
    listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"create table {table.name} ({listed})"


def _primary_key(table: Table) -> str:
    return f"alter table {table.name} add primary key ({', '.join(table.key)})"


def _projected(table: Table, columns: dict[str, str]) -> str:
    """The rows of a table at the instant, in types that PostgreSQL takes as they are."""
    listed = ", ".join(
        f"cast({name} as {_TO_DUCKDB.get(kind, kind)}) as {name}" for name, kind in columns.items()
    )
    return f"select {listed} from odoo.{table.name}"
