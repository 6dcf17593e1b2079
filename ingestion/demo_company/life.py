"""The company's life: everything that ever happens to it, as tables with the instant of each event.

Every draw is a hash of the seed and of a key that never changes, and an order brings its whole
future with it. So a life that is told further only adds rows: what had happened by any earlier
instant stays the same, numbers and identifiers included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.demo_company.reference import (
    FRENCH_NAME,
    FRENCH_SIREN,
    ITALIAN_NAME,
    ITALIAN_TAX_CODE,
    write_reference,
)
from ingestion.demo_company.variables import set_variable
from ingestion.demo_company.workdays import write_calendar
from ingestion.engine import connect, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

START = date(2023, 7, 1)
"""The company's first day."""
SQL = Path(__file__).parent / "sql"
_MEMORY = "2500MB"
_END_OF_DAY = time(22)
"""UTC hour by which the day's last event has happened, in summer and in winter."""


@dataclass(frozen=True)
class Plan:
    """What a company is generated from; equal plans give equal companies."""

    scale: float
    """1 is about 20,000 orders in three years."""
    seed: int
    until: date
    """Last day that has happened."""

    @property
    def customers(self) -> int:
        """Number of customers: at least fifty, so that every part is played."""
        return max(50, round(400 * self.scale))

    @property
    def sparseness(self) -> float:
        """How much rarer than at scale 1 a customer orders, where fifty are too many."""
        return self.customers / (400 * self.scale)

    @property
    def products(self) -> int:
        """Number of products: it grows more slowly than the number of customers."""
        return max(96, min(8000, round(800 * math.sqrt(self.scale))))


def instant(until: date) -> datetime:
    """The instant (UTC) at which a day is over."""
    return datetime.combine(until, _END_OF_DAY)


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the file that holds the life."""
    connection = connect(extensions=["postgres_scanner", "excel"])
    try:
        # Attached under another name: a file called life.duckdb would hide the schema `life`.
        connection.execute(f"attach {quoted_text(str(file))} as company")
        connection.execute("use company")
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        spill = quoted_text(str(file.with_suffix(".spill")))
        connection.execute(f"set temp_directory = {spill}")
        yield connection
    finally:
        connection.close()


def tell(
    connection: duckdb.DuckDBPyConnection, plan: Plan, progress: Callable[[str], None]
) -> None:
    """Fill schema `life` with everything that orders placed until the plan's last day bring."""
    connection.execute("create schema life")
    variables: dict[str, Any] = {
        "seed": plan.seed,
        "customers": plan.customers,
        "products": plan.products,
        "sparseness": plan.sparseness,
        "start": START,
        "until": plan.until,
        "t": instant(plan.until),
        "french_name": FRENCH_NAME,
        "italian_name": ITALIAN_NAME,
        "french_siren": FRENCH_SIREN,
        "italian_tax_code": ITALIAN_TAX_CODE,
    }
    for name, value in variables.items():
        set_variable(connection, name, value)
    connection.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
    write_reference(connection)
    write_calendar(connection, START, plan.until)
    for script in sorted((SQL / "life").glob("*.sql")):
        progress(script.stem[3:].replace("_", " "))
        connection.execute(script.read_text(encoding="utf-8"))
