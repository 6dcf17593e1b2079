"""How fast the published file answers what people ask a BI tool, alone and twenty at once.

    python -m benchmarks.questions --home /somewhere --times 20

The home has had a night. `questions.yaml` has the questions; all are asked in turn on one read-only
connection that stays open, as a BI tool has it, again and again. Ten of them are also asked, a few
times, without the marts, of facts and intermediate tables; the answers must be the same. Then
twenty clients ask all of them, each beginning with another, as fast as they are answered: threads
of one process with a cursor each, as the pool of a BI server. An answer counts from asking until
its last row is in Python's hands.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ingestion.engine import connect, one_row, quoted_text
from ingestion.home import Home

CLIENTS = 20
WITHOUT = 3
"""How often facts are asked at most; some of their answers take half a minute."""
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """Something that a person wants to know."""

    asks: str
    sql: str
    """On the published tables."""
    without: str | None = None
    """On facts and intermediate tables alone."""


def questions() -> list[Question]:
    """All of them."""
    file = Path(__file__).with_suffix(".yaml")
    return [Question(**told) for told in yaml.safe_load(file.read_text(encoding="utf-8"))]


def opened(home: Home) -> duckdb.DuckDBPyConnection:
    """What is published, read-only; beside it the warehouse, for questions without marts."""
    connection = connect(home.marts, read_only=True)
    connection.execute(f"attach {quoted_text(str(home.warehouse))} as warehouse (read_only)")
    return connection


def named(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Who and what questions name: the busiest customer and salesperson, an open order."""
    (day,) = one_row(connection, "select as_of_date from meta.refresh")
    busiest = "group by 1 order by count(*) desc, 1 limit 1"
    customer, reference = one_row(
        connection,
        "select sold_to_customer_id, coalesce(min(customer_reference), '') "
        f"from core.fct_documents where document_type = 'order' {busiest}",
    )
    (number,) = one_row(connection, "select max(order_number) from kpi.order_tracking")
    (salesperson,) = one_row(
        connection,
        "select customer.salesperson_id from core.dim_customer as customer "
        "left join kpi.dunning_worklist as work on customer.customer_id = work.customer_id "
        "and work.worklist_status = 'remind' "
        "group by 1 order by count(work.open_item_id) desc, 1 limit 1",
    )
    return {
        "day": day,
        "customer": customer,
        "reference": reference,
        "number": number,
        "salesperson": salesperson,
    }


def answer(
    connection: duckdb.DuckDBPyConnection, sql: str, names: Mapping[str, object]
) -> list[Row]:
    """All rows."""
    used = {name: value for name, value in names.items() if f"${name}" in sql}
    return connection.execute(sql, used).fetchall()


def timed(
    connection: duckdb.DuckDBPyConnection, sql: str, names: Mapping[str, object]
) -> tuple[float, list[Row]]:
    """Milliseconds that an answer takes, and the answer."""
    began = time.perf_counter()
    rows = answer(connection, sql, names)
    return 1000 * (time.perf_counter() - began), rows


def main() -> None:
    """Ask, compare, and print a line for each question and for all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    connection = opened(Home(given.home.resolve()))
    names = named(connection)
    print("| question | rows | median | p95 | most | without marts, median |")
    print("|---|---|---|---|---|---|")
    alone: list[float] = []
    for clock, line in _one_client(connection, names, given.times):
        print(line)
        alone += clock
    print(f"| **all, one client** | | {_told(alone)} | |")
    print(f"| **all, {CLIENTS} clients at once** | | {_told(_crowd(connection, names))} | |")


def _one_client(
    connection: duckdb.DuckDBPyConnection, names: Mapping[str, object], times: int
) -> Iterator[tuple[list[float], str]]:
    """What every question took, and its line in the table.

    Raises:
        AssertionError: facts and marts do not say the same.

    """
    asked = questions()
    taken: dict[str, list[float]] = {question.asks: [] for question in asked}
    without: dict[str, list[float]] = {question.asks: [] for question in asked}
    counts = {}
    for turn in range(times):
        for question in asked:
            milliseconds, rows = timed(connection, question.sql, names)
            taken[question.asks].append(milliseconds)
            counts[question.asks] = len(rows)
            if question.without and turn < WITHOUT:
                milliseconds, same = timed(connection, question.without, names)
                without[question.asks].append(milliseconds)
                assert rows == same, question.asks
    for asks, clock in taken.items():
        beside = f"{statistics.median(without[asks]):,.0f} ms" if without[asks] else ""
        yield clock, f"| {asks} | {counts[asks]:,} | {_told(clock)} | {beside} |"


def _crowd(connection: duckdb.DuckDBPyConnection, names: Mapping[str, object]) -> list[float]:
    """What each answer took, of many clients who ask all questions at the same time."""
    asked = questions()

    def client(first: int) -> list[float]:
        cursor = connection.cursor()
        in_turn = asked[first:] + asked[:first]
        return [timed(cursor, question.sql, names)[0] for question in in_turn]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [
            milliseconds for clock in pool.map(client, range(CLIENTS)) for milliseconds in clock
        ]


def _told(clock: Sequence[float]) -> str:
    ordered = sorted(clock)
    parts = (statistics.median(ordered), ordered[math.ceil(0.95 * len(ordered)) - 1], ordered[-1])
    return " | ".join(f"{milliseconds:,.0f} ms" for milliseconds in parts)


if __name__ == "__main__":
    main()
