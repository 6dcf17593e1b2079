"""Small marts in the shapes that the dbt project promises, filled with a few rows by hand.

Tables are created from the contracts: a list that asked for a column that none promises would
fail here, and so would a row that names one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingestion.engine import connect, quoted_name
from ingestion.home import DBT_PROJECT

AS_OF, MONTH_END = date(2026, 6, 30), date(2026, 5, 31)
TABLES = (
    *("core.dim_aging_bucket", "core.dim_channel", "core.dim_claim_reason", "core.dim_company"),
    *("core.dim_customer", "core.dim_document_status", "core.dim_employee", "core.fct_claims"),
    *("core.dim_product", "kpi.service_failures_monthly", "kpi.stock_coverage"),
    *("core.fct_documents", "kpi.customer_activity", "kpi.customer_notices_due"),
    *("kpi.customer_overview", "kpi.document_backlog_daily", "kpi.dunning_worklist"),
    *("kpi.glossary", "kpi.open_items", "kpi.order_tracking", "kpi.staffing_weekly"),
    *("kpi.workload_balance", "meta.company_books", "meta.freshness", "meta.runs"),
)
FILLERS = {"string": "", "date": AS_OF, "timestamp": "2026-07-01 02:00:00", "boolean": False}
Rows = Mapping[str, Iterable[Mapping[str, Any]]]


@cache
def contracts() -> dict[str, dict[str, tuple[str, bool]]]:
    """By table, its columns: declared type, and whether it may be empty."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for schema in ("core", "kpi", "meta"):
        for file in sorted((DBT_PROJECT / "models" / schema).rglob("*.yml")):
            declared = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            for model in declared.get("models", ()):
                found[f"{schema}.{model['name']}"] = {
                    column["name"]: (column["data_type"], not column.get("constraints"))
                    for column in model["columns"]
                    if "data_type" in column
                }
    return found


def make_marts(file: Path, rows: Rows, tables: Iterable[str] = TABLES) -> Path:
    """Marts with these rows; what must not be empty and is not given, is filled in."""
    with connect(file) as marts:
        for schema in ("core", "kpi", "meta"):
            marts.execute(f"create schema {schema}")
        for table in tables:
            columns = contracts()[table]
            shape = ", ".join(
                f"{quoted_name(name)} {'varchar' if declared == 'string' else declared}"
                + ("" if optional else " not null")
                for name, (declared, optional) in columns.items()
            )
            marts.execute(f"create table {table} ({shape})")
            for row in (*seeded(table), *rows.get(table, ())):
                assert set(row) <= set(columns), (table, set(row) - set(columns))
                values = [row.get(name, filler(*column)) for name, column in columns.items()]
                marks = ", ".join("?" for _ in values)
                marts.execute(f"insert into {table} values ({marks})", values)
    return file


def filler(declared: str, optional: bool) -> Any:
    return None if optional else FILLERS.get(declared, 0)


@cache
def seeded(table: str) -> tuple[Mapping[str, Any], ...]:
    """Rows that every installation has."""
    if table == "core.dim_aging_bucket":
        buckets = [dict(row) for row in seed("aging_buckets")]
        for order, name in enumerate(("unapplied_cash", "unapplied_credit"), 7):
            labels = {f"label_{language}": f"{name} {language}" for language in ("fr", "it", "en")}
            buckets.append({"aging_bucket": name, "sort_order": str(order), **labels})
        return tuple(buckets)
    if table == "core.dim_claim_reason":
        return tuple(seed("claim_reasons"))
    if table == "kpi.glossary":
        return tuple(
            {"schema_name": "kpi", "mart": "any", "column_name": row.pop("term"), **row}
            for row in seed("glossary_labels")
        )
    if table == "meta.runs":
        return (
            {
                "run_id": "r1",
                "as_of_date": AS_OF,
                "known_at": "2026-07-01 02:00:00",
                "known_load": 1,
            },
        )
    return ()


def seed(name: str) -> list[dict[str, str]]:
    with (DBT_PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def open_item(
    number: int, customer: str, amount: str, days_late: int | None, **more: Any
) -> dict[str, Any]:
    """An open invoice of the company FR, in euros unless more is said."""
    return {
        "as_of_date": AS_OF,
        "is_latest": True,
        "open_item_id": f"i{number}",
        "item_type": "invoice",
        "account_role": "trade",
        "company_id": "FR",
        "customer_id": customer,
        "document_id": f"d{number}",
        "currency_code": "EUR",
        "open_amount": Decimal(amount),
        "company_open_amount": Decimal(amount),
        "company_overdue_amount": Decimal(amount) if days_late else Decimal(0),
        "original_amount": Decimal(amount),
        "days_late": days_late,
        "due_date": date(2026, 6, 1),
        "issued_on": date(2026, 5, 2),
        "aging_bucket": "not_due"
        if not days_late
        else "days_1_30"
        if days_late <= 30
        else "over_120_days",
        **more,
    }


def reminder(number: int, customer: str, level: int, channel: str, **more: Any) -> dict[str, Any]:
    """An invoice of 100 euros to be reminded of, with interest and indemnity."""
    return {
        "as_of_date": AS_OF,
        "company_id": "FR",
        "customer_id": customer,
        "open_item_id": f"i{number}",
        "document_id": f"d{number}",
        "document_number": f"F{number}",
        "customer_class": "private",
        "item_state": "open",
        "worklist_status": "remind",
        "due_date": date(2026, 5, 1),
        "days_late": 60,
        "currency_code": "EUR",
        "company_open_amount_incl_tax": Decimal("100.00"),
        "company_claimed_amount_incl_tax": Decimal("100.00"),
        "next_level": level,
        "next_channel": channel,
        "next_action_on": AS_OF,
        "legal_rate_percent": Decimal("12.15"),
        "company_interest_on_open_amount": Decimal("2.0000"),
        "indemnity_amount": Decimal("40"),
        "indemnity_currency_code": "EUR",
        "priority_rank": number,
        **more,
    }
