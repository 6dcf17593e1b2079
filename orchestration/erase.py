"""`adv erase`: a person is erased from landing, warehouse and publications."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion import erasure
from ingestion.declarations import Table
from ingestion.erasure import Erasure, Found
from ingestion.home import Home
from ingestion.kept_ledger import kept_loads
from orchestration import publish
from orchestration.lock import run_lock
from orchestration.rebuild import discard, time_machine


@dataclass(frozen=True)
class Person:
    """What is kept about the person of some rows."""

    table: str
    """Source and table."""
    rows: str
    """How the rows were chosen, in words."""
    columns: tuple[str, ...]
    """The columns that are blanked."""
    found: tuple[Found, ...]
    publications: int
    """Publications and builds besides the one in force."""


def look(home: Home, name: str, arguments: Sequence[str]) -> Person:
    """Where rows of a person are kept; changes nothing.

    Args:
        home: the installation.
        name: source and table, such as `erp.res_partner`.
        arguments: the key of a row, or `column=value`s that choose rows.

    Raises:
        ConfigurationError: there is no such table, column or row.

    """
    table, asked = asked_for(home, name, arguments, reason="")
    return _person(home, table, asked)


def erase(home: Home, name: str, arguments: Sequence[str], reason: str) -> Person:
    """Erase who the person is; returns where rows of it were found.

    Landing, quarantine and warehouse are without it afterwards. The publication in force stays
    until the next run replaces it; all others are dropped.

    Args:
        home: the installation.
        name: source and table, such as `erp.res_partner`.
        arguments: the key of a row, or `column=value`s that choose rows.
        reason: kept with the request.

    Raises:
        ConfigurationError: there is no such table, column or row; nothing was changed.
        WarehouseError: the warehouse cannot be built again; the next run or call goes on.
        BusyError: another run holds the lock for too long.

    """
    beside = time_machine(home)
    # Whoever rebuilds the marts of an earlier day reads landing: not while it is rewritten.
    with run_lock(home, "an erasure"), run_lock(beside, "an erasure", wait_seconds=0):
        table, asked = asked_for(home, name, arguments, reason)
        person = _person(home, table, asked)
        erasure.record(home, asked)
        publish.drop(publish.others(home))
        discard(beside)
        erasure.finish(home)
    return person


def asked_for(
    home: Home, name: str, arguments: Sequence[str], reason: str
) -> tuple[Table, Erasure]:
    """The request that a person's words make, and the table that it is about."""
    source_id, table = erasure.table_of(home, name)
    loads = [int(folder.name) for folder in kept_loads(home)]
    asked = Erasure(
        source_id=source_id,
        table=table.name,
        rows=erasure.chosen(table, arguments),
        reason=reason,
        asked_by=getpass.getuser(),
        asked_at=datetime.now(UTC),
        known_load=max([publish.last_published_load(home), *loads]),
    )
    return table, asked


def _person(home: Home, table: Table, asked: Erasure) -> Person:
    return Person(
        table=f"{asked.source_id}.{table.name}",
        rows=_in_words(asked.rows),
        columns=tuple(column.name for column in erasure.blankable(table)),
        found=tuple(erasure.look(home, table, asked)),
        publications=len(publish.others(home)),
    )


def _in_words(rows: Mapping[str, str]) -> str:
    return " and ".join(f"{name} {value}" for name, value in rows.items())
