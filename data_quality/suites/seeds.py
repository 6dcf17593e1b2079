"""Codes that the mapping seeds know, with those that the user added to them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from data_quality.rules import NEVER, RowRule, holds
from ingestion.engine import quoted_name, quoted_text
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


def claim_reasons(system: str) -> frozenset[str]:
    """Reasons of claims that are translated for a system, or for any."""
    return frozenset().union(
        *(mapped_codes("claim_reason_map", "source_reason", system=s) for s in ("any", system))
    )


def translated(column: str, seed: str, codes: Iterable[str], or_else: str = "false") -> RowRule:
    """A value of a house's own is one that a mapping seed translates; others are told by name.

    Args:
        column: column that holds it, in letters of any size.
        seed: name of the seed.
        codes: what the seed translates.
        or_else: condition under which the value is understood all the same.

    """
    listed = ", ".join(quoted_text(code) for code in sorted(codes))
    return holds(
        f"{column}_known",
        f"{column} is one that {seed} translates",
        f"lower(trim({quoted_name(column)})) in ({listed}) or {or_else}",
        severity="warning",
        threshold=NEVER,
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
