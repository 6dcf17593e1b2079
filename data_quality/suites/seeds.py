"""Codes that the mapping seeds know, with those that the user added to them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ingestion.errors import ConfigurationError
from ingestion.home import DBT_PROJECT, Home


def mapped_codes(seed: str, column: str, **where: str) -> frozenset[str]:
    """Source codes that a mapping seed, or its override in `ADV_HOME/config`, translates.

    A combined code such as `sale:partial` knows its first part.

    Args:
        seed: name of the seed.
        column: column that holds the source's code.
        where: values that other columns of the seed must have.

    Raises:
        ConfigurationError: the override is not UTF-8.

    """
    files = (DBT_PROJECT / "seeds" / f"{seed}.csv", _override(seed))
    return frozenset(
        code.split(":")[0]
        for file in files
        for row in _rows(file)
        # An override with other columns is refused when it is loaded.
        if (code := row.get(column)) and all(row.get(n) == value for n, value in where.items())
    )


def _override(seed: str) -> Path:
    return Home.from_environment().sources_file.with_name(f"{seed}.csv")


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if file.exists():
        with file.open(encoding="utf-8-sig", newline="") as lines:
            try:
                yield from csv.DictReader(lines)
            except UnicodeDecodeError:
                raise ConfigurationError(f"{file}: not UTF-8; save it as CSV UTF-8.") from None
