"""Questions to the published marts, on a read-only connection of their own."""

from __future__ import annotations

from ingestion.home import Home
from reports.marts import open_marts


def query_marts(
    home: Home, query: str, most: int | None = None
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Column names and rows of a query; not more than `most` rows, where that is given.

    The query sees the marts and nothing else: no other file, no network, no extension.

    Raises:
        NothingPublishedError: nothing has been published yet.

    """
    with open_marts(home.marts) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description or ()]
        return names, result.fetchall() if most is None else result.fetchmany(most)


def merged_loads(home: Home) -> dict[str, int]:
    """The last load merged of each source table, by what is published."""
    if not home.marts.exists():
        return {}
    query = "select source_id || '.' || table_name, last_load_id from meta.freshness"
    return {str(table): int(str(load)) for table, load in query_marts(home, query)[1]}
