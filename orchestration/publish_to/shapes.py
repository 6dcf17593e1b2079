"""What the tables look like in the marts and at the server, and what makes the latter the former.

No statement rewrites rows that a reader may still see: a column of another type is dropped and
added anew, since a table that is rewritten is empty to whoever began to read before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.engine import quoted_name, quoted_text
from ingestion.errors import ServerError

if TYPE_CHECKING:
    import duckdb

TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TIMESTAMP": "timestamp without time zone",
    "TINYINT": "smallint",
    "VARCHAR": "text",
}
"""PostgreSQL's names of the marts' types, as its catalogue has them, but for decimals."""
DECIMAL = re.compile(r"DECIMAL(\([0-9]+,[0-9]+\))")

PRIMARY_KEYS = {
    ("core", "dim_aging_bucket"): "aging_bucket",
    ("core", "dim_channel"): "channel",
    ("core", "dim_claim_reason"): "claim_reason",
    ("core", "dim_company"): "company_id",
    ("core", "dim_customer"): "customer_id",
    ("core", "dim_date"): "date_id",
    ("core", "dim_day"): "date_day",
    ("core", "dim_document_status"): "document_status_id",
    ("core", "dim_employee"): "employee_id",
    ("core", "dim_entry_error_type"): "error_type",
    ("core", "dim_product"): "product_id",
}
"""Of the dimensions, by which BI tools find what to join. Facts are read whole, and an index would
be written with every row of every refresh."""

TableName = tuple[str, str]
"""Schema and table."""


@dataclass(frozen=True)
class Shape:
    """A table without its rows."""

    types: Mapping[str, str] = field(default_factory=dict)
    """PostgreSQL's type of each column."""
    comment: str = ""
    column_comments: Mapping[str, str] = field(default_factory=dict)


Shapes = Mapping[TableName, Shape]


def shapes_of_marts(
    connection: duckdb.DuckDBPyConnection, catalogue: str, schemas: Iterable[str]
) -> Shapes:
    """The tables of a DuckDB catalogue, with the types that the server gives them.

    Raises:
        ServerError: a column is of a type that the server is not given.

    """
    rows = connection.execute(
        "select c.schema_name, c.table_name, t.comment, column_name, data_type, c.comment "
        "from duckdb_columns() as c join duckdb_tables() as t using (database_oid, table_oid) "
        "where c.database_name = ? and list_contains(?, c.schema_name) order by column_index",
        [catalogue, list(schemas)],
    )
    return gathered(
        (schema, table, comment, column, _type(f"{schema}.{table}.{column}", kind), told)
        for schema, table, comment, column, kind, told in rows.fetchall()
    )


def gathered(rows: Iterable[Sequence[str | None]]) -> Shapes:
    """The tables of rows that tell a column each: its table, and its name, type and comment."""
    found: dict[TableName, tuple[str, dict[str, str], dict[str, str]]] = {}
    for schema, table, comment, column, kind, told in rows:
        types, comments = found.setdefault((str(schema), str(table)), (comment or "", {}, {}))[1:]
        types[str(column)] = str(kind)
        if told:
            comments[str(column)] = told
    return {name: Shape(types, comment, told) for name, (comment, types, told) in found.items()}


def _type(column: str, kind: str) -> str:
    decimal = DECIMAL.fullmatch(kind)
    found = f"numeric{decimal[1]}" if decimal else TYPES.get(kind)
    if found is None:
        raise ServerError(
            f"{column} is of the type {kind}, which a server is not given: cast it in its model."
        )
    return found


def made(name: TableName, shape: Shape, reader_role: str) -> str:
    """Statements that make a table, for the readers to read."""
    columns = [f"{quoted_name(column)} {kind}" for column, kind in shape.types.items()]
    if name in PRIMARY_KEYS:
        columns.append(f"primary key ({quoted_name(PRIMARY_KEYS[name])})")
    return (
        f"create table {relation(name)} ({', '.join(columns)}); "
        f"grant select on {relation(name)} to {quoted_name(reader_role)}; "
        f"{commented(name, Shape(), shape)}"
    )


def altered(name: TableName, before: Shape, after: Shape) -> str:
    """Statement that gives an emptied table the columns of another shape; none where it has them.

    It waits for all who read the table, and they for it, until the transaction ends.
    """
    dropped = [column for column in before.types if not _is_kept(column, before, after)]
    added = [column for column in after.types if not _is_kept(column, before, after)]
    actions = [f"drop column {quoted_name(column)}" for column in dropped]
    actions += [f"add column {quoted_name(column)} {after.types[column]}" for column in added]
    if PRIMARY_KEYS.get(name) in added:
        actions.append(f"add primary key ({quoted_name(PRIMARY_KEYS[name])})")
    return f"alter table {relation(name)} {', '.join(actions)}" if actions else ""


def commented(name: TableName, before: Shape, after: Shape) -> str:
    """Statements that tell of a table and its columns what has not been told yet."""
    statements = []
    if after.comment != before.comment:
        statements.append(f"comment on table {relation(name)} is {quoted_text(after.comment)}")
    for column in after.types:
        told = after.column_comments.get(column, "")
        known = before.column_comments.get(column, "") if _is_kept(column, before, after) else ""
        if told != known:
            at = f"{relation(name)}.{quoted_name(column)}"
            statements.append(f"comment on column {at} is {quoted_text(told)}")
    return "; ".join(statements)


def relation(name: TableName) -> str:
    """SQL of a table's name."""
    return f"{quoted_name(name[0])}.{quoted_name(name[1])}"


def _is_kept(column: str, before: Shape, after: Shape) -> bool:
    return column in before.types and before.types[column] == after.types.get(column)
