"""Compares marts of one date with their oracles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from ingestion.engine import connect
from ingestion.home import Home
from tests.oracle.comparison import Difference, compare
from tests.oracle.marts import REGISTRY
from tests.oracle.sources import Sources


def checked(home: Home, day: date, marts_file: Path, marts: Iterable[str]) -> Iterator[Difference]:
    """What differs in each mart.

    Args:
        home: whose raw tables are read.
        day: as-of date of the marts.
        marts_file: where they lie.
        marts: which of them.
    """
    connection = connect(home.warehouse, read_only=True)
    try:
        sources = Sources(connection, day)
        for mart in marts:
            oracle = REGISTRY[mart]
            yield compare(
                mart,
                oracle.key,
                marts_file,
                sources.once(oracle.function),
                oracle.statistics,
                ignored=oracle.ignored,
                rows=oracle.rows,
                fitted=oracle.fitted,
                implied=oracle.implied,
            )
    finally:
        connection.close()
