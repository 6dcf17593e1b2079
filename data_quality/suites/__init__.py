"""The suites: which rules each table of each system must keep.

`derived` says what follows from a table's declaration alone; one module per system adds what
is known of the product: its codes, its amounts, its dates, which rows refer to which.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Protocol, cast

from data_quality.rules import Reference, Rule
from data_quality.suites.derived import derived_rules
from ingestion.config import Limits
from ingestion.landing import Batch, Manifest


class Suite(Protocol):
    """What the module of a system offers."""

    REFERENCES: tuple[Reference, ...]
    """Which column names a row of which other table."""
    EMPTY_KEY_PARTS: Mapping[str, frozenset[str]]
    """Key columns, by table, that may be empty: an empty team, say, means all teams."""

    def rules(self, manifest: Manifest, /) -> tuple[Rule, ...]:
        """The rules written for the table that was read."""


class NoSuite:
    """Of a system about which nothing is known beyond its declaration."""

    REFERENCES: tuple[Reference, ...] = ()
    EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = MappingProxyType({})

    def rules(self, _manifest: Manifest, /) -> tuple[Rule, ...]:
        """None."""
        return ()


def suite(system: str) -> Suite:
    """The suite of a system; an empty one, while nobody has written any."""
    if find_spec(f"{__name__}.{system}") is None:
        return NoSuite()
    return cast(Suite, import_module(f"{__name__}.{system}"))


def rules_for(batch: Batch, previous_rows: int | None, limits: Limits) -> tuple[Rule, ...]:
    """Every rule that a landed batch must keep.

    Args:
        batch: what was landed.
        previous_rows: rows of the table after the load before; empty on the first.
        limits: how much may be wrong.

    """
    written = suite(batch.manifest.system)
    may_be_empty = written.EMPTY_KEY_PARTS.get(batch.manifest.table, frozenset())
    return (
        *derived_rules(batch, previous_rows, limits, may_be_empty),
        *written.rules(batch.manifest),
    )
