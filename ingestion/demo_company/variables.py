"""DuckDB's session variables, which the SQL of the demo company reads with `getvariable`."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ingestion.engine import quoted_text

if TYPE_CHECKING:
    import duckdb


def set_variable(connection: duckdb.DuckDBPyConnection, name: str, value: Any) -> None:
    """Set a variable to a number, text, day, instant, or list of such.

    Written as a literal: a bound parameter makes DuckDB import pandas, which costs a second.
    """
    connection.execute(f"set variable {name} = {literal(value)}")


def literal(value: Any) -> str:
    """A value as SQL."""
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if value is None:
        return "null"
    if isinstance(value, str):
        return quoted_text(value)
    if isinstance(value, float):
        return f"{value!r}::double"
    return str(value)
