"""What must hold of SuiteCRM's tables.

Lists of values belong to each house, which edits them: what no map translates is told, never
refused. Whatever names a row that was deleted names nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import (
    NEVER,
    Reference,
    RowRule,
    Rule,
    given,
    holds,
    in_order,
    not_negative,
)
from data_quality.suites.seeds import claim_reasons, mapped_codes, translated
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "accounts": (given("name"),),
    "users": (given("user_name"),),
    "cases": (given("date_entered"), in_order("date_entered", "date_modified")),
    "cases_audit": (given("parent_id", "field_name", "date_created"),),
    "aop_case_updates": (given("case_id", "date_entered"),),
    "calls": (
        given("date_start", severity="warning"),
        not_negative("duration_hours", "duration_minutes"),
    ),
    "meetings": (
        given("date_start", severity="warning"),
        not_negative("duration_hours", "duration_minutes"),
    ),
    "aos_quotes": (
        given("number", "date_entered"),
        holds(
            "total_amount_adds_up",
            "total_amount is subtotal_amount plus shipping_amount plus tax_amount",
            "abs(total_amount - subtotal_amount - tax_amount - coalesce(shipping_amount, 0)) < .05",
            severity="warning",
        ),
        in_order("date_entered", "date_modified"),
    ),
    "aos_quotes_audit": (given("parent_id", "field_name", "date_created"),),
    "aos_products_quotes": (
        given("parent_id", "product_total_price"),
        not_negative("product_qty", severity="warning"),
    ),
    "currencies": (
        given("iso4217"),
        holds("rate_positive", "a rate is above zero", "conversion_rate > 0"),
    ),
}

REFERENCES = (
    Reference("accounts", "parent_id", "accounts", threshold=NEVER),
    Reference("accounts_cstm", "id_c", "accounts", threshold=NEVER),
    Reference("cases", "account_id", "accounts", threshold=NEVER),
    Reference("cases", "assigned_user_id", "users", threshold=NEVER),
    Reference("cases_audit", "parent_id", "cases", threshold=NEVER),
    Reference("aop_case_updates", "case_id", "cases", threshold=NEVER),
    Reference("accounts_contacts", "account_id", "accounts", threshold=NEVER),
    Reference("accounts_opportunities", "account_id", "accounts", threshold=NEVER),
    Reference("aos_quotes", "billing_account_id", "accounts", threshold=NEVER),
    Reference("aos_quotes_audit", "parent_id", "aos_quotes", threshold=NEVER),
    Reference("aos_products_quotes", "parent_id", "aos_quotes", threshold=NEVER),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    return (*_translated(manifest.table), *CONDITIONS.get(manifest.table, ()))


def _translated(table: str) -> tuple[Rule, ...]:
    """Values that decide what a row counts as are told by name where no map knows them."""
    if table == "cases":
        statuses = mapped_codes("claim_status_map", "source_status", system="suitecrm")
        return (
            translated(
                "status",
                "claim_status_map",
                statuses,
                or_else="regexp_matches(lower(status), '^(open|closed)')",
            ),
            translated("type", "claim_reason_map", claim_reasons("suitecrm")),
        )
    if table == "aos_quotes":
        stages = mapped_codes("document_status_map", "source_status", system="suitecrm")
        return (translated("stage", "document_status_map", stages),)
    return ()
