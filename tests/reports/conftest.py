"""A company with a few customers, among them some whose names mean harm."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.reports.marts import AS_OF, MONTH_END, make_marts, open_item, reminder

FORMULA = '=HYPERLINK("http://x","y")'
NAMES = {
    "c1": "Société Générale d'Équipement",
    "c2": "Ελληνικά Λιπάσματα",
    "c3": "Завод «Прогресс»",
    "c4": FORMULA,
    "c5": '#link("http://x")[*bold*] $x$ @ref',
    "c6": "Comune di Torino",
    "c7": "Maria Bianchi",
}
CLASSES = {"c6": "public", "c7": "consumer"}


def rows() -> dict[str, list[dict[str, Any]]]:
    """A row or two of each mart."""
    return {
        "core.dim_company": [
            {
                "company_id": "FR",
                "name": "Dupont SA",
                "currency_code": "EUR",
                "country_code": "FR",
                "company_number": "1",
            },
            {
                "company_id": "IT",
                "name": "Rossi Srl",
                "currency_code": "EUR",
                "country_code": "IT",
                "company_number": "2",
            },
        ],
        "core.dim_customer": [
            {
                "customer_id": key,
                "name": name,
                "customer_number": key.upper(),
                "language_code": {"c1": "fr", "c2": "en", "c3": "it", "c6": "it", "c7": "it"}.get(
                    key
                ),
                "country_code": "FR",
                "city": "Lyon",
                "postal_code": "69001",
                "customer_class": CLASSES.get(key, "private"),
                "salesperson_id": "s2" if key == "c5" else "s1",
            }
            for key, name in NAMES.items()
        ],
        "core.dim_employee": [
            {"employee_id": "a1", "display_name": "Agent 7f3a"},
            {"employee_id": "s1", "display_name": "Sales 99b2"},
            {"employee_id": "s2", "display_name": "Sales 4d1c"},
            {"employee_id": "unknown", "display_name": "unknown"},
        ],
        "core.fct_documents": [
            {
                "document_id": f"d{n}",
                "document_number": f"F{n}",
                "agent_id": "a1" if n == 1 else "unknown",
                "salesperson_id": "unknown" if n == 5 else "s1",
                "document_date": date(2026, 4, 1),
            }
            for n in range(1, 8)
        ],
        "kpi.open_items": [
            open_item(1, "c1", "1000.10", 20),
            open_item(2, "c2", "0.20", 200),
            open_item(3, "c3", "2000.35", None),
            open_item(4, "c4", "10.00", 5),
            open_item(5, "c5", "33.33", 5, disputed_amount=Decimal("3.33")),
            open_item(
                6,
                "c1",
                "-50.00",
                None,
                item_type="payment",
                document_id=None,
                aging_bucket="unapplied_cash",
            ),
            open_item(
                7,
                "c1",
                "70.00",
                3,
                company_id="IT",
                currency_code="USD",
                company_open_amount=Decimal("60.00"),
                receivable_amount=Decimal("70.00"),
                disputed_amount=Decimal("14.00"),
            ),
            open_item(8, "c1", "999.00", 3, as_of_date=MONTH_END, is_latest=False),
        ],
        "kpi.dunning_worklist": [
            reminder(1, "c1", 1, "email"),
            reminder(2, "c1", 4, "registered_letter"),
            reminder(3, "c3", 3, "letter", indemnity_amount=Decimal(0)),
            reminder(
                4,
                "c3",
                3,
                "letter",
                company_disputed_amount_incl_tax=Decimal("20"),
                company_claimed_amount_incl_tax=Decimal("80"),
            ),
            reminder(
                5, "c4", 2, "telephone", company_payer_unapplied_amount_incl_tax=Decimal("-7.50")
            ),
            reminder(
                6,
                "c2",
                1,
                "email",
                worklist_status="excluded",
                exclusion_reason="insolvent",
                company_claimed_amount_incl_tax=Decimal("5000"),
                indemnity_amount=Decimal(0),
                indemnity_currency_code=None,
                next_level=None,
                next_channel=None,
            ),
            reminder(
                7,
                "c1",
                2,
                "letter",
                company_id="IT",
                company_open_amount_incl_tax=Decimal("60"),
                company_disputed_amount_incl_tax=Decimal("12"),
                company_claimed_amount_incl_tax=Decimal("48"),
            ),
            reminder(8, "c1", 2, "letter", company_id="IT", indemnity_currency_code="GBP"),
            *(
                reminder(
                    number,
                    customer,
                    2,
                    "letter",
                    company_id="IT",
                    customer_class=CLASSES.get(customer, "private"),
                )
                for number, customer in ((9, "c3"), (10, "c6"), (11, "c7"))
            ),
        ],
        "kpi.order_tracking": [
            {
                "company_id": "FR",
                "as_of_date": AS_OF,
                "order_line_id": f"l{n}",
                "order_id": f"o{order}",
                "order_number": f"S{order}",
                "customer_reference": "PO 9" if order == 1 else None,
                "sold_to_customer_id": "c1",
                "agent_id": "a1",
                "salesperson_id": "s1",
                "waits_for": waits,
                "expected_date": expected,
                "first_confirmed_date": None if order == 3 else date(2026, 6, 25),
                "days_late": late,
                "amount_to_deliver_excl_tax": Decimal("10.005"),
                "currency_code": "EUR",
            }
            for n, order, waits, expected, late in (
                (1, 1, "stock", date(2026, 7, 12), 5),
                (2, 1, "stock", date(2026, 7, 12), 5),
                (3, 1, "warehouse", date(2026, 7, 2), None),
                (4, 1, "stock", None, 9),
                (5, 2, "promised_date", date(2026, 7, 20), 50),
                (6, 2, "promised_date", date(2026, 7, 20), 50),
                (7, 3, "warehouse", date(2026, 7, 3), None),
            )
        ],
        "kpi.customer_notices_due": [
            {
                "company_id": "FR",
                "as_of_date": AS_OF,
                "order_line_id": "l1",
                "order_id": "o1",
                "date_known_to_customer": date(2026, 6, 25),
            },
            {
                "company_id": "FR",
                "as_of_date": AS_OF,
                "order_line_id": "l7",
                "order_id": "o3",
                "date_known_to_customer": date(2026, 6, 29),
            },
        ],
        "kpi.customer_activity": [
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "customer_id": "c1",
                "activity_status": "at_risk",
                "habit_basis": "own",
                "habit_interval_days": Decimal("20.00"),
                "silent_days": 45,
                "next_order_expected_on": date(2026, 6, 5),
                "net_sales_12_months_excl_tax": Decimal("1200"),
                "probability_alive": Decimal("0.6"),
                "sales_at_stake_excl_tax": Decimal("480"),
                "currency_code": "EUR",
            },
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "customer_id": "c2",
                "activity_status": "regular",
                "currency_code": "EUR",
            },
        ],
        "kpi.customer_overview": [
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "customer_id": "c1",
                "next_action": "win_back",
            }
        ],
        "core.fct_claims": [
            {
                "claim_id": "k1",
                "company_id": "FR",
                "claim_number": "R1",
                "customer_id": "c1",
                "claim_reason": "late_delivery",
                "status": "new",
                "owner_id": "a1",
                "opened_on": date(2026, 5, 1),
                "is_open": True,
                "open_age_days": 60,
                "channel": "email",
            },
            {
                "claim_id": "k2",
                "company_id": "FR",
                "customer_id": "c1",
                "owner_id": "a1",
                "is_open": False,
                "status": "closed",
            },
        ],
        "kpi.workload_balance": [
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "team": "North",
                "employee_id": "a1",
                "open_items": 7,
                "open_minutes": Decimal("120.50"),
                "load_share": Decimal("0.4"),
                "can_take_over": True,
            },
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "team": "unknown",
                "employee_id": "unknown",
                "open_items": 2,
            },
        ],
        "kpi.staffing_weekly": [
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "week_start": date(2026, 7, 6),
                "team": "North",
                "breakdown": "team",
                "measure_kind": "forecast",
                "workload_minutes": Decimal("900"),
            }
        ],
        "kpi.document_backlog_daily": [
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "document_kind": "order",
                "status": "to_validate",
                "channel": "email",
                "currency_code": "EUR",
                "closing_documents": 3,
                "closing_amount_excl_tax": Decimal("12.30"),
            }
        ],
        "core.dim_product": [{"product_id": "p1", "product_code": "A-1", "name": "Pump"}],
        "kpi.stock_coverage": [
            {
                "as_of_date": AS_OF,
                "company_id": "FR",
                "product_id": "p1",
                "site": f"Site {n}.",
                "first_day_short": date(2026, 7, n),
                "currency_code": "EUR",
                "amount_at_risk_excl_tax": Decimal("10"),
            }
            for n in range(1, 13)
        ],
        "meta.company_books": [
            {"company_id": "FR", "name": "Dupont SA", "last_bank_entry_on": date(2026, 6, 26)},
            {"company_id": "IT", "name": "Rossi Srl"},
        ],
        "meta.freshness": [
            {
                "source_id": "erp",
                "table_name": "t",
                "last_load_id": 1,
                "last_extracted_at": "2026-07-01 02:00:00",
            },
            {
                "source_id": "crm",
                "table_name": "t",
                "last_load_id": 0,
                "last_extracted_at": "2026-06-28 02:00:00",
            },
        ],
    }


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Marts of a small company."""
    return make_marts(tmp_path_factory.mktemp("marts") / "marts.duckdb", rows())
