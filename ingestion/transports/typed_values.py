"""Values that a database gives in types of its own, made the declared type.

A type that a database has chosen says what its values are, so nothing is guessed and nothing is
lost: a time of day does not vanish from a date, nor a fraction from a whole number. A value that
does not fit stops the read, and is named.
"""

from __future__ import annotations

from typing import Literal

from ingestion.declarations import Column
from ingestion.engine import quoted_text
from ingestion.errors import SourceError
from ingestion.transports.casting import Formats, value

Family = Literal[
    "text", "digits", "whole", "exact", "approximate", "day", "moment", "truth", "other"
]
"""What a database's type holds; `exact` are decimals, `digits` decimals written as text, and
`approximate` floating-point numbers."""

LONGEST_VALUE_SHOWN = 60


def as_declared(column: Column, sql: str, family: Family) -> str:
    """SQL, in DuckDB, that gives a value of the declared type or stops.

    Args:
        column: its declaration.
        sql: the value as the database gave it; DuckDB's SQL, too.
        family: what its type holds.

    Raises:
        SourceError: no value of that type can be one of the declared type.

    """
    kind = column.data_type
    if family in ("text", "digits") and kind == "string":
        typed = sql
    elif family == "digits" and kind.startswith("decimal"):
        # A pattern for each value, as text of any kind needs, would cost as much as reading it.
        read = f"try_cast({sql} as {kind})"
        # DuckDB would take an underscore between digits.
        fits = f"{read} is not null and not contains({sql}, '_')"
        typed = _checked(column, sql, fits, "a number", read)
    elif family in ("text", "digits"):
        typed = _read_strictly(column, sql)
    else:
        typed = _converted(column, sql, family)
    for nothing in column.empty:
        literal = quoted_text(nothing)
        typed = f"nullif({typed}, {literal if kind == 'string' else f'cast({literal} as {kind})'})"
    return typed


def in_words(error: Exception) -> str:
    """What DuckDB found wrong, without the statement that it repeats."""
    return str(error).strip().partition("\nLINE ")[0].strip()[:500]


def _converted(column: Column, sql: str, family: Family) -> str:
    kind = "varchar" if column.data_type == "string" else column.data_type
    cast = f"cast({sql} as {kind})"
    match kind.partition("(")[0], family:
        case (
            ("varchar", "whole" | "exact" | "approximate" | "day" | "moment" | "truth")
            | ("bigint", "whole" | "truth")
            | ("decimal" | "double", "whole" | "exact" | "approximate")
            | ("date", "day")
            | ("timestamp", "day" | "moment")
            | ("boolean", "truth")
        ):
            return cast
        case "bigint", "exact" | "approximate":
            return _checked(column, sql, f"{sql} = trunc({sql})", "a whole number", cast)
        case "date", "moment":
            at_midnight = f"{sql} = date_trunc('day', {sql})"
            return _checked(column, sql, at_midnight, "a date without a time of day", cast)
        case "boolean", "whole" | "exact":
            return _checked(column, sql, f"{sql} in (0, 1)", "true or false", cast)
    raise SourceError(
        f"column {column.name}: the database's type holds {family} values, which cannot be read "
        f"as {column.data_type}"
    )


def _read_strictly(column: Column, sql: str) -> str:
    read = value(column, Formats(has_empty_text=True))
    typed = read.cast(f"trim({sql})")
    return _checked(column, sql, f"{typed} is not null", read.expected, typed)


def _checked(column: Column, sql: str, fits: str, expected: str, typed: str) -> str:
    shown = f"left(cast({sql} as varchar), {LONGEST_VALUE_SHOWN})"
    told = f"{quoted_text(f'column {column.name}: ')} || {shown} || "
    told += quoted_text(f" is not {expected}")
    return f"case when {sql} is null or ({fits}) then {typed} else error({told}) end"
