"""A small company as it is published, and an installation that publishes it."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ingestion.engine import connect
from ingestion.home import Home
from tests.reports.conftest import rows as rows_of_lists
from tests.reports.marts import AS_OF, contracts, make_marts, open_item, seed

Row = dict[str, Any]
LONG_NAME = "Société " + "Internationale de Robinetterie et de Raccords " * 8 + "Nuñez & Söhne"
MANY = 10_000
KPIS = {
    "open_receivables": ("as_of", "1000.00", None),
    "overdue_receivables": ("as_of", "400.00", None),
    "overdue_share": ("as_of", "400.00", "1000.00"),
    "orders_entered": ("day", "12", None),
    "open_claims": ("as_of", "1", None),
    "customer_notices_due": ("as_of", "2", None),
}
"""Period, numerator and denominator of a few KPIs on the last day; halves of them a week before."""


def rows() -> dict[str, list[Row]]:
    """A row or two of the marts that matter most."""
    found: dict[str, list[Row]] = rows_of_lists()
    found["meta.refresh"] = [
        {"run_id": "r1", "as_of_date": AS_OF, "known_at": "2026-07-01 02:00:00"}
    ]
    found["core.dim_customer"].append(
        {"customer_id": "c9", "name": LONG_NAME, "customer_number": "C9", "salesperson_id": "s2"}
    )
    found["core.dim_channel"] = [dict(row) for row in seed("channels")]
    found["core.dim_document_status"] = [
        {"document_status_id": f"{n}", **row} for n, row in enumerate(seed("document_statuses"))
    ]
    found["kpi.catalogue"] = [
        {**row, "company_id": company} for row in seed("kpi_catalogue") for company in ("FR", "IT")
    ]
    found["kpi.kpi_daily"] = list(_kpis())
    found["kpi.aging"] = [
        {
            "as_of_date": AS_OF,
            "is_latest": True,
            "company_id": company,
            "aging_bucket": bucket,
            "company_open_amount": Decimal(amount),
        }
        for company in ("FR", "IT")
        for bucket, amount in (("not_due", "600.00"), ("days_1_30", "400.00"))
    ]
    found["kpi.dso_monthly"] = [
        {
            "company_id": "FR",
            "month_start": month,
            "receivable_scope": "with_bills_and_factored",
            "dso_simple_days": Decimal(days),
        }
        for month, days in ((date(2026, 4, 1), 48), (date(2026, 5, 1), 51), (date(2026, 6, 1), 55))
    ]
    found["kpi.customer_timeline"] = [
        {
            "event_id": f"e{n}",
            "company_id": "FR",
            "customer_id": "c1",
            "event_type": "order",
            "occurred_on": AS_OF - timedelta(days=n),
        }
        for n in range(30)
    ]
    found["kpi.open_items"].append(open_item(9, "c9", "5000.00", 40))
    return found


def _kpis() -> Iterable[Row]:
    for kpi, (period, numerator, denominator) in KPIS.items():
        for company in ("FR", "IT"):
            for day, share in ((AS_OF, 1), (AS_OF - timedelta(days=7), Decimal("0.5"))):
                top = Decimal(numerator) * share
                bottom = None if denominator is None else Decimal(denominator)
                yield {
                    "kpi": kpi,
                    "company_id": company,
                    "date_day": day,
                    "period": period,
                    "dimension": "all",
                    "dimension_value": "all",
                    "numerator": top,
                    "denominator": bottom,
                    "n": 1,
                    "kpi_value": top if bottom is None else top / bottom,
                }


def empty() -> dict[str, list[Row]]:
    """Nothing but the day of a publication."""
    return {"meta.refresh": rows()["meta.refresh"]}


@cache
def _made(is_empty: bool) -> Path:
    """Marts of the company, or without any row: made once, since it takes longer than to copy."""
    folder = Path(mkdtemp(prefix="adv-cockpit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_marts(folder / "marts.duckdb", empty() if is_empty else rows(), contracts())


def publish(home: Home, run: str, *changes: str, is_empty: bool = False) -> Path:
    """Put the company's marts in force, as a run does: by one rename; changed by some SQL."""
    folder = home.published / run
    folder.mkdir(parents=True)
    file = Path(shutil.copyfile(_made(is_empty), folder / "marts.duckdb"))
    if changes:
        with connect(file) as marts:
            for change in changes:
                marts.execute(change)
    put_in_force(home, run)
    return folder


def put_in_force(home: Home, run: str) -> None:
    """Turn the link of the publication in force to another."""
    for link, target in ((home.published / "current", run), (home.marts, "current/marts.duckdb")):
        temporary = link.with_suffix(".new")
        temporary.symlink_to(target)
        temporary.replace(link)


MANY_ITEMS = f"""
    insert into kpi.open_items
    select items.* replace (items.open_item_id || '-' || number as open_item_id)
    from kpi.open_items as items
    cross join range({MANY}) as numbers(number)
    where items.open_item_id = 'i1'
"""
"""A change: ten thousand more open items of one customer."""


def configure(home: Home, cockpit: str = "") -> Path:
    """A sources file with sheets, in whose folder the cockpit notes; where that is."""
    sheets = home.root / "sheets"
    sheets.mkdir(parents=True, exist_ok=True)
    home.sources_file.parent.mkdir(parents=True, exist_ok=True)
    home.sources_file.write_text(
        f"as_of_date: {AS_OF}\n{cockpit}\n"
        f"sources:\n  sheets: {{system: sheets, transport: files, path: {sheets}}}\n",
        encoding="utf-8",
    )
    return sheets


SIGN_IN = """
cockpit:
  sign_in: {header: X-User}
  people:
    boss: {role: manager}
    agent: {role: agent}
    anna: {role: salesperson, salesperson: Sales 99b2}
    bruno: {role: salesperson, salesperson: s2}
    ghost: {role: salesperson, salesperson: nobody}
"""
"""A sign-in with one of each role; customer c5 and c9 belong to s2, the others to s1."""
