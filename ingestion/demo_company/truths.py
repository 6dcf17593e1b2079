"""What was planted in the company, for tests that check that the warehouse finds it.

The pipeline never reads this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.demo_company.reference import (
    DECLINING_RANGES,
    GROWING_RANGES,
    OVERLOADED_TEAM,
)

if TYPE_CHECKING:
    import duckdb

_LISTS = {
    "leaving_customers": """
        select number as customer, leaves_on as last_order_before
        from life.customer where persona = 'leaving' and leaves_on <= getvariable('until')
    """,
    "slipping_customers": """
        select number as customer, slips_from as pays_later_since
        from life.customer where persona = 'slipping' and slips_from <= getvariable('until')
    """,
    "punctual_customers": "select number as customer from life.customer where persona = 'punctual'",
    "seasonal_customers": "select number as customer from life.customer where persona = 'seasonal'",
    "public_customers": "select number as customer from life.customer where is_public",
    "won_back_customers": """
        select number as customer, away_from, away_until
        from life.customer where persona = 'won_back' and away_until <= getvariable('until')
    """,
    "insolvent_customers": """
        select number as customer, insolvent_on as since
        from life.customer where insolvent_on <= getvariable('until')
    """,
    "customers_paid_for_by_another": """
        select customer.number as customer, head.number as payer
        from life.payer
        inner join life.customer using (c)
        inner join life.customer as head on payer.payer = head.c
    """,
    "missing_ledger_entries": """
        select name as entry, kind, debit.amount
        from files.missing_entry
        inner join (
            select mk, sum(greatest(balance, 0)) as amount from life.entry_line group by mk
        ) as debit using (mk)
    """,
    "backdated_invoices": """
        select name as invoice, date, posted_at
        from life.invoice inner join life.move_number using (mk)
        where happened(posted_at) and date < local_time(posted_at)::date
    """,
    "rejected_einvoices": """
        select name as invoice
        from now.einvoice
        inner join life.invoice using (ik)
        inner join life.move_number using (mk)
        where state = 'rejected'
    """,
    "deleted_quotes": """
        select name as quote, deleted_at
        from life.sale inner join life.sale_number using (k) where happened(deleted_at)
    """,
    "accounts_without_number": """
        select Id as account from salesforce.account where AccountNumber is null
    """,
    "entry_errors_by_type": """
        select error_type, certainty, count(*) as errors
        from sheets.order_entry_errors group by error_type, certainty
    """,
}
_COUNTS = {
    "bounced_payments": "select count(*) from life.payment where happened(bounced_at)",
    "held_orders": """
        select count(*) from life.sale where happened(held_at) and not happened(deleted_at)
    """,
    "samples": "select count(*) from life.picking where kind = 'sample' and happened(done_at)",
    "deposits": "select count(*) from life.invoice where kind = 'deposit' and happened(posted_at)",
    "split_payment_invoices": """
        select count(*)
        from life.invoice where is_public and kind = 'invoice' and happened(posted_at)
    """,
    "early_payment_discounts": """
        select count(*) from life.payment where discount > 0 and happened(born_at)
    """,
    "disputes": "select count(*) from sheets.disputes",
}


def write_truths(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write what is planted and has happened by the instant set."""
    truths: dict[str, Any] = {name: _rows(connection, query) for name, query in _LISTS.items()}
    truths["declining_ranges"] = [
        {"range": name, "since": "2025-03-01"} for name in DECLINING_RANGES
    ]
    truths["growing_ranges"] = [{"range": name} for name in GROWING_RANGES]
    truths["loss_leader"] = _rows(
        connection, "select code as product from life.product where is_loss_leader"
    )
    truths["overloaded_team"] = {"team": OVERLOADED_TEAM, "since": "2025-11-01"}
    truths["counts"] = {name: _number(connection, query) for name, query in _COUNTS.items()}
    text = json.dumps(truths, indent=2, ensure_ascii=False, default=str)
    target.write_text(text + "\n", encoding="utf-8")


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = connection.execute(f"select * from ({query}) order by all")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0
