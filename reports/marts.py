"""The marts that a list is made from, and what can be said of their age."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.engine import connect, one_row, quoted_text
from ingestion.errors import NothingPublishedError, WarehouseError

if TYPE_CHECKING:
    import duckdb

FRESHNESS = """
    with freshness as (
        from meta.freshness
        -- Marts of an earlier version lack it.
        union all by name select null::decimal as fresh_within_hours where false
    )
    select
        source_id as source, source_system as system, count(*) as tables,
        sum(rows_current) as rows_held,
        sum(last_rows_extracted) as last_read,
        sum(last_rows_quarantined) as quarantined,
        date_trunc('second', min(last_extracted_at)) as read_at_utc,
        round(date_diff('minute', min(last_extracted_at), timestamp '{now}') / 60, 1) as hours_ago,
        case
            when max(last_extracted_at)
                < timestamp '{now}' - to_seconds(max(fresh_within_hours)::double * 3600) then 'late'
            when bool_or(is_stale) then 'stale'
            when min(last_load_id) < (select max(known_load) from meta.runs) then 'not read' else ''
        end as state
    from freshness
    group by source_id, source_system
    order by source_id
"""

PUBLISHED_DAY = "select as_of_date from meta.runs order by known_load desc nulls last limit 1"
"""Query for the as-of date of the marts, which for many marts is the only one."""
SALESPERSON = "coalesce(nullif(documents.salesperson_id, 'unknown'), customers.salesperson_id)"
"""Whose an item is: the salesperson of its document, else of its customer."""


@dataclass(frozen=True)
class OldSource:
    """A source whose newest reading is older than it should be."""

    source: str
    read_at: datetime
    """Oldest last reading of its tables (UTC)."""


@dataclass(frozen=True)
class Books:
    """Up to which day the books of a company speak."""

    company: str
    last_bank_entry: date | None


@dataclass(frozen=True)
class Provenance:
    """What a reader must know before he believes a list."""

    as_of: date
    known_at: datetime
    """Instant (UTC) up to which the sources were known."""
    books: tuple[Books, ...]
    old_sources: tuple[OldSource, ...]


@contextmanager
def open_marts(marts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to published marts, which sees them and nothing else.

    No other file, no network, no extension; and whoever asks may not lift the bounds of memory
    and threads.

    Raises:
        NothingPublishedError: there are none yet.

    """
    if not marts.exists():
        raise NothingPublishedError
    # The link of the publication in force may turn to another while the list is made.
    connection = connect(marts.resolve(), read_only=True, reach=())
    try:
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


@contextmanager
def read_marts(marts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, for the questions of a list, which published marts have an answer to.

    Raises:
        NothingPublishedError: there are none yet.
        WarehouseError: the file holds other marts, or none.

    """
    import duckdb

    try:
        with open_marts(marts) as connection:
            yield connection
    except duckdb.Error as error:
        told = str(error).strip().partition("\n")[0]
        raise WarehouseError(
            f"{marts} holds no marts that this version makes lists of: {told} A run publishes such."
        ) from error


def freshness_by_source() -> str:
    """A query: one row per source, how old its readings are now, and what is wrong with that.

    `late` is older than it may be, `stale` could not be read or was refused; `not read` was left
    out by the last run, as was asked.
    """
    return FRESHNESS.format(now=datetime.now(UTC).replace(tzinfo=None))


def published_day(connection: duckdb.DuckDBPyConnection) -> date:
    """The as-of date of the marts."""
    (day,) = one_row(connection, PUBLISHED_DAY)
    assert isinstance(day, date)
    return day


def provenance(
    connection: duckdb.DuckDBPyConnection, as_of: date, companies: tuple[str, ...] = ()
) -> Provenance:
    """How old the marts and the books behind them are; of some companies, where any are named."""
    (known_at,) = one_row(
        connection, "select known_at from meta.runs order by known_load desc nulls last limit 1"
    )
    named = ", ".join(quoted_text(company) for company in companies)
    chosen = f"company_id in ({named})" if companies else "true"
    books = connection.execute(
        "select name, last_bank_entry_on from meta.company_books "
        f"where {chosen} order by name, company_id"
    ).fetchall()
    old = connection.execute(
        f"select source, read_at_utc from ({freshness_by_source()}) where state <> '' order by 1"
    ).fetchall()
    return Provenance(
        as_of, known_at, tuple(Books(*row) for row in books), tuple(OldSource(*row) for row in old)
    )


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    as_of: date,
    condition: str,
    order: str,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query on a day, those that satisfy a condition.

    The day is written into the query: handing DuckDB a parameter makes it load pandas, which takes
    longer than most lists.
    """
    told = query.replace("$as_of", f"date '{as_of}'")
    return rows_from(connection, f"({told})", condition, order)


def rows_from(
    connection: duckdb.DuckDBPyConnection, source: str, condition: str, order: str, window: str = ""
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a table, or of a query in brackets, those that satisfy a condition.

    Of these all, or those in a window such as `limit 100 offset 200`.
    """
    result = connection.execute(
        f"select list.* from {source} as list where {condition} order by {order} {window}"
    )
    return [column[0] for column in result.description or ()], result.fetchall()
