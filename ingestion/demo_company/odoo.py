"""The ERP: Odoo's tables in a real PostgreSQL, filled and moved on from the company's life.

`sql/odoo/*.sql` are views of the life as Odoo keeps it at the instant `t`. Creating fills the
tables from them; advancing compares the views at two instants and applies what differs, so that
only rows that really changed are touched.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from ingestion.declarations import Column, Table, system
from ingestion.demo_company.life import SQL, instant
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
    """Create the views of schema `odoo` over the life."""
    for script in sorted((SQL / "odoo").glob("*.sql")):
        connection.execute(script.read_text(encoding="utf-8"))


def set_instant(connection: duckdb.DuckDBPyConnection, until: date) -> None:
    """Let the views show the end of a day."""
    connection.execute("set variable t = ?", [instant(until)])


def fill(
    connection: duckdb.DuckDBPyConnection, database: str, progress: Callable[[str], None]
) -> int:
    """Create every declared table in the empty database and fill it; gives the number of rows."""
    _attach(connection, database)
    tables = _tables(connection)
    _execute(connection, *(_create_table(connection, table) for table in tables))
    connection.execute("call pg_clear_cache()")
    rows = 0
    for table in tables:
        inserted = connection.execute(f"insert into erp.{table.name} {_projected(connection, table)}").fetchone()
        rows += inserted[0] if inserted else 0
    progress("Odoo: keys")
    _execute(connection, *(_primary_key(table) for table in tables), "analyze")
    connection.execute("detach erp")
    return rows


def move_on(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    before: date,
    after: date,
    progress: Callable[[str], None],
) -> dict[str, int]:
    """Apply to the database what changed between the ends of two days, in one transaction.

    Returns:
        Rows added, changed and deleted.
    """
    _attach(connection, database)
    tables = _tables(connection)
    counts = {"added": 0, "changed": 0, "deleted": 0}
    for table in tables:
        set_instant(connection, before)
        connection.execute(f"create temp table before_{table.name} as {_projected(connection, table)}")
    connection.execute("begin")
    for table in tables:
        set_instant(connection, after)
        connection.execute(f"create temp table after_{table.name} as {_projected(connection, table)}")
        _apply_difference(connection, table, counts)
        connection.execute(f"drop table before_{table.name}")
        connection.execute(f"drop table after_{table.name}")
    connection.execute("commit")
    progress("Odoo: committed")
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
    fresh, gone = _count(connection, "fresh"), _count(connection, "gone")
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
    both = connection.execute(
        f"select count(*) from (select {key} from fresh intersect from gone)"
    ).fetchone()
    changed = both[0] if both else 0
    counts["added"] += fresh - changed
    counts["changed"] += changed
    counts["deleted"] += gone - changed
    connection.execute("drop table fresh")
    connection.execute("drop table gone")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """The declared tables that the company's Odoo has: some come with modules not installed."""
    return [table for table in system("odoo").tables if _columns(connection, table)]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    found = connection.execute(f"select count(*) from {table}").fetchone()
    return int(found[0]) if found else 0


def _attach(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    connection.execute(f"attach {quoted_text(database)} as erp (type postgres)")


def _execute(connection: duckdb.DuckDBPyConnection, *statements: str) -> None:
    script = quoted_text(";\n".join(statements))
    connection.execute(f"call postgres_execute('erp', {script})")


def _columns(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    """Columns of a table as Odoo 17 has them, with their types in PostgreSQL.

    The views say which of the declared columns this version has; a name that only a view knows
    is one that the declaration reads under another name.
    """
    declared = {column.name: column for column in table.columns}
    views = connection.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'odoo' and table_name = ? order by ordinal_position",
        [table.name],
    ).fetchall()
    return {
        name: _postgres_type(declared[name]) if name in declared else _FROM_DUCKDB[duckdb_type]
        for name, duckdb_type in views
    }


def _postgres_type(column: Column) -> str:
    if column.is_json:
        return "jsonb"
    if column.data_type.startswith("decimal"):
        return "numeric"
    return _POSTGRES_TYPES[column.data_type]


def _create_table(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in _columns(connection, table).items())
    return f"create table {table.name} ({columns})"


def _primary_key(table: Table) -> str:
    return f"alter table {table.name} add primary key ({', '.join(table.key)})"


def _projected(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """The rows of a table at the instant, in types that PostgreSQL takes as they are."""
    columns = ", ".join(
        f"cast({name} as {_TO_DUCKDB.get(kind, kind)}) as {name}"
        for name, kind in _columns(connection, table).items()
    )
    return f"select {columns} from odoo.{table.name}"
