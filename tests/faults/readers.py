"""Readers of every kind, while one publication after the other is put in force."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb

from ingestion.engine import connect, quoted_text
from ingestion.home import Home
from ingestion.ledger import CurrentRun
from orchestration import publish
from orchestration.query import query_marts
from tests.conftest import UNDISPUTED

ROWS = 20_000
BOTH = "(select run_number from {left} union all select run_number from {right})"
ONE_REFRESH = f"select min(run_number), max(run_number), count(*) from {BOTH}"
"""Two tables, whose rows all carry the number of their run."""
SLOW = "select min(run_number), max(run_number), sum(a.range % 7) from {left}, range(3000) as a"
TABLES = {"left": "core.fct_documents", "right": "kpi.aging"}


@dataclass
class Told:
    """What readers got."""

    answers: int = 0
    newest: set[int] = field(default_factory=set)
    """The refreshes that were seen."""
    troubles: list[str] = field(default_factory=list)
    """Errors, and answers out of two refreshes."""


def read_through_refreshes(root: Path, readers: int, refreshes: int, keep: int = 2) -> Told:
    """Publish again and again, with so many clients, each a process, that ask all the while."""
    home = Home(root / "home")
    _install(home)
    _refresh(home, 1, keep)
    context = multiprocessing.get_context("spawn")
    over, answers = context.Event(), context.Queue()
    kinds = [KINDS[number % len(KINDS)] for number in range(readers)]
    clients = [context.Process(target=_client, args=(k, home, over, answers)) for k in kinds]
    for client in clients:
        client.start()
    for _ in clients:
        assert answers.get(timeout=300) == "ready"
    for number in range(2, refreshes + 2):
        _refresh(home, number, keep)
        time.sleep(0.3)
    over.set()
    told = Told()
    for _ in clients:
        kind, seen, trouble = answers.get(timeout=300)
        told.answers += len(seen)
        told.newest |= set(seen)
        if trouble:
            told.troubles.append(f"{kind}: {trouble}")
    for client in clients:
        client.join()
    return told


def _client(kind: str, home: Home, over: Event, answers: Any) -> None:
    seen: list[int] = []
    trouble = ""
    try:
        ask = READERS[kind](home)
        seen.append(ask())
        answers.put("ready")
        while not over.is_set():
            seen.append(ask())
        if kind in SEES_NEW and ask() != _in_force(home):
            trouble = "the newest refresh was not seen"
    except Exception as error:
        answers.put("ready")
        trouble = f"{type(error).__name__}: {error}"
    answers.put((kind, seen, trouble))


def _in_force(home: Home) -> int:
    return int(str(publish.current_run_id(home)).removeprefix("run-"))


def _one(row: Any) -> int:
    """The refresh that an answer comes from.

    Raises:
        AssertionError: it comes from two.

    """
    least, most, *_ = row
    assert least == most, f"rows of the refreshes {least} and {most} in one answer"
    return int(least)


Ask = Callable[[], int]


def _opening_anew(home: Home) -> Ask:
    """As most BI tools do at a refresh of their own."""

    def ask() -> int:
        with duckdb.connect(str(home.marts), read_only=True) as connection:
            return _one(connection.execute(ONE_REFRESH.format(**TABLES)).fetchone())

    return ask


def _by_the_command(home: Home) -> Ask:
    return lambda: _one(query_marts(home, ONE_REFRESH.format(**TABLES))[1][0])


def _staying_connected(home: Home) -> Ask:
    connection = duckdb.connect(str(home.marts), read_only=True)
    first = _one(connection.execute(ONE_REFRESH.format(**TABLES)).fetchone())

    def ask() -> int:
        found = _one(connection.execute(ONE_REFRESH.format(**TABLES)).fetchone())
        assert found == first, "an open connection changed what it shows"
        return found

    return ask


def _staying_and_opening(home: Home) -> Ask:
    """A second connection of the same process sees the new data beside the old."""
    stays = _staying_connected(home)
    opens = _opening_anew(home)

    def ask() -> int:
        stays()
        return opens()

    return ask


def _attaching(home: Home) -> Ask:
    connection = duckdb.connect()

    def ask() -> int:
        connection.execute(f"attach {quoted_text(str(home.marts))} as marts (read_only)")
        tables = {side: f"marts.{name}" for side, name in TABLES.items()}
        found = _one(connection.execute(ONE_REFRESH.format(**tables)).fetchone())
        connection.execute("detach marts")
        return found

    return ask


def _slowly(home: Home) -> Ask:
    """A long query ends on the refresh that it began with."""

    def ask() -> int:
        with duckdb.connect(str(home.marts), read_only=True) as connection:
            connection.execute("set threads = 1; set enable_progress_bar = false")
            return _one(connection.execute(SLOW.format(**TABLES)).fetchone())

    return ask


def _parquet(home: Home) -> Ask:
    """The link is followed once for each query, as the documentation says."""

    def ask() -> int:
        folder = (home.published / "current").resolve() / "parquet"
        tables = {
            side: quoted_text(str(folder / f"{name.replace('.', '/')}.parquet"))
            for side, name in TABLES.items()
        }
        with connect() as connection:
            return _one(connection.execute(ONE_REFRESH.format(**tables)).fetchone())

    return ask


READERS: dict[str, Callable[[Home], Ask]] = {
    "opens the file for each query": _opening_anew,
    "adv sql": _by_the_command,
    "stays connected": _staying_connected,
    "stays connected, and opens the file anew": _staying_and_opening,
    "attaches the file for each query": _attaching,
    "asks what takes long": _slowly,
    "reads Parquet": _parquet,
}
KINDS = tuple(READERS)
SEES_NEW = set(KINDS) - {"stays connected"}


def _install(home: Home) -> None:
    """An installation whose dbt project has two marts."""
    names = [*(name.split(".") for name in TABLES.values()), ["meta", "runs"]]
    nodes = {
        f"model.adv.{name}": {"schema": schema, "alias": name, "resource_type": "model"}
        for schema, name in names
    }
    home.dbt.mkdir(parents=True)
    (home.dbt / "manifest.json").write_text(json.dumps({"nodes": nodes}), encoding="utf-8")


def _refresh(home: Home, number: int, keep: int) -> None:
    run = CurrentRun(
        f"run-{number}", date(2026, 1, 1), 20260101000000000 + number, datetime.now(UTC)
    )
    folder = publish.begin(home, run.run_id)
    with connect(folder / "marts.duckdb") as connection:
        connection.execute("create schema core; create schema kpi; create schema meta")
        for table in TABLES.values():
            connection.execute(
                f"create table {table} as select {number} as run_number, range as id "
                f"from range({ROWS})"
            )
        connection.execute(
            "create table meta.runs as select ? as run_id, ?::date as as_of_date, "
            "now()::timestamp as known_at, ? as known_load",
            [run.run_id, run.as_of_date, run.known_load],
        )
    publish.mark_checked(home, run.run_id)
    publish.publish(home, run, keep, UNDISPUTED)
