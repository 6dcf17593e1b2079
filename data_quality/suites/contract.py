"""What must hold of contract tables that users give themselves.

Nothing translates them afterwards: a word that the contract does not have is a broken row, and
so is an empty column that the contract requires (that rule follows from the declaration).
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import (
    BATCH,
    NEVER,
    QueryRule,
    Reference,
    RowRule,
    Rule,
    adds_up,
    between,
    holds,
    in_order,
    known,
    not_negative,
)
from ingestion.declarations import Table, system
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

METHODS = "transfer cheque card direct_debit lcr bor riba factor netting unknown"
STATUSES = (
    "draft to_validate blocked waiting in_preparation part_shipped shipped invoiced settled "
    "closed_short cancelled rejected expired unknown"
)

WORDS: Mapping[tuple[str, str], str] = {
    ("account_roles", "account_role"): (
        "trade bills_in_hand bills_discounted doubtful deposits unbilled factor sales tax bank "
        "write_off other"
    ),
    ("customers", "customer_class"): "private public consumer intercompany",
    ("credit_limits", "limit_kind"): "internal insured",
    ("payment_terms", "end_of_month_method"): (
        "none days_then_end_of_month end_of_month_then_days"
    ),
    ("products", "product_type"): "goods service deposit",
    ("employees", "role"): "adv_agent salesperson logistician collector manager other technical",
    ("absences", "reason"): "holiday sick training other",
    ("documents", "document_type"): (
        "quote proforma framework_order order preparation delivery_note return deposit_invoice "
        "invoice credit_note"
    ),
    ("documents", "status"): STATUSES,
    ("documents", "channel"): (
        "edi web email telephone counter field_sales portal generated manual unknown"
    ),
    ("documents", "delivery_reason"): "sale sample consignment return free",
    ("documents", "payment_method"): METHODS,
    ("documents", "cancelled_by"): "us customer",
    ("document_lines", "line_type"): "product service freight deposit discount",
    ("document_lines", "cancelled_by"): "us customer",
    ("document_events", "event_type"): (
        "created status_changed acknowledged sent customer_informed credit_blocked "
        "credit_released approved quantity_changed price_changed date_changed field_changed deleted"
    ),
    ("document_events", "origin"): "source derived",
    ("inbound_messages", "channel"): "edi email web telephone portal unknown",
    ("inbound_messages", "message_type"): "order change quote_request claim other",
    ("einvoice_events", "platform"): "sdi pdp",
    ("einvoice_events", "event_type"): "deposited delivered rejected refused in_dispute cashed",
    ("instalments", "payment_method"): METHODS,
    ("payments", "payment_method"): METHODS,
    ("payment_allocations", "allocation_kind"): (
        "cash credit_note early_payment_discount write_off exchange_difference bank_fee netting "
        "withholding deposit"
    ),
    ("dunning_actions", "channel"): "email letter telephone registered_letter",
    ("dunning_actions", "result"): "sent failed promised disputed no_answer",
    ("claims", "status"): "new in_progress waiting_customer resolved closed unknown",
    ("claims", "channel"): "email telephone web portal letter unknown",
    ("claim_events", "event_type"): (
        "opened assigned responded status_changed resolved reopened closed"
    ),
    ("interactions", "interaction_type"): "call email meeting chat task information_lookup",
    ("interactions", "direction"): "inbound outbound",
    ("interactions", "topic"): "order_status price delivery invoice product claim other",
    ("survey_invitations", "channel"): "email telephone web",
    ("survey_responses", "question"): (
        "telephone_reception order_taking_speed delivery overall recommendation"
    ),
    ("order_entry_errors", "error_type"): (
        "item quantity price discount address date customer payment_terms duplicate other"
    ),
    ("order_entry_errors", "detected_by"): "customer agent warehouse accounting system",
    ("order_entry_errors", "certainty"): "confirmed probable customer_change",
    ("entity_links", "entity_type"): "company customer document employee product",
    ("entity_links", "method"): "manual identifier reference name",
}

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "companies": (between("1", "12", "fiscal_year_start_month"),),
    "credit_limits": (not_negative("amount"),),
    "payment_terms": (
        between("0", "1000", "days"),
        between("1", "31", "day_of_month"),
        between("0", "100", "discount_percent"),
        holds("has_instalments", "a term has at least one instalment", "instalment_count >= 1"),
    ),
    "price_agreements": (not_negative("minimum_quantity"),),
    "absences": (between("0", "24", "hours"),),
    "standard_times": (not_negative("minutes"),),
    "documents": (
        adds_up("amount_incl_tax", "amount_excl_tax", "amount_tax", tolerance="0.05"),
        in_order("first_confirmed_date", "last_confirmed_date"),
        in_order("received_at", "entered_at"),
    ),
    "document_lines": (
        adds_up("amount_incl_tax", "amount_excl_tax", "amount_tax", tolerance="0.05"),
        not_negative("quantity", "cancelled_quantity", severity="warning"),
        holds(
            "discount_below_100", "a discount is at most 100 per cent", "discount_percent <= 100"
        ),
    ),
    "expected_receipts": (not_negative("quantity"),),
    "instalments": (
        holds("instalment_from_1", "instalments are numbered from 1", "instalment_number >= 1"),
        holds(
            "to_pay_within_total",
            "no more is to pay than the share of the total",
            "abs(amount_to_pay) <= abs(amount_incl_tax) + 0.02",
            severity="warning",
        ),
        in_order("issued_on", "due_date"),
    ),
    "payment_rejections": (not_negative("amount", "fee_amount"),),
    "payment_promises": (not_negative("amount"), in_order("made_on", "promised_date")),
    "disputes": (not_negative("amount"), in_order("opened_on", "closed_on", severity="row")),
    "ledger_entries": (
        holds(
            "one_side",
            "a line is on one side, debit or credit",
            "debit = 0 or credit = 0",
            severity="warning",
        ),
    ),
    "claims": (
        in_order("opened_at", "first_response_at"),
        in_order("opened_at", "closed_at", severity="row"),
    ),
    "survey_responses": (
        holds(
            "score_on_scale",
            "a score lies on its scale",
            "score between scale_minimum and scale_maximum",
        ),
    ),
    "exchange_rates": (holds("rate_positive", "a rate is above zero", "rate > 0"),),
    "entity_links": (between("0", "1", "confidence"),),
    "kpi_targets": (),
}

# A user may give some tables only: the others come from another source.
REFERENCES = tuple(
    Reference(table, column, to_table, to_column, only_if_given=True)
    for table, column, to_table, to_column in (
        ("documents", "company_id", "companies", "company_id"),
        ("documents", "sold_to_customer_id", "customers", "customer_id"),
        ("document_lines", "document_id", "documents", "document_id"),
        ("document_lines", "product_id", "products", "product_id"),
        ("document_lines", "order_line_id", "document_lines", "document_line_id"),
        ("document_events", "document_id", "documents", "document_id"),
        ("instalments", "document_id", "documents", "document_id"),
        ("instalments", "customer_id", "customers", "customer_id"),
        ("payments", "customer_id", "customers", "customer_id"),
        ("payment_allocations", "instalment_id", "instalments", "instalment_id"),
        ("payment_allocations", "payment_id", "payments", "payment_id"),
        ("payment_rejections", "payment_id", "payments", "payment_id"),
        ("dunning_actions", "instalment_id", "instalments", "instalment_id"),
        ("disputes", "instalment_id", "instalments", "instalment_id"),
        ("ledger_entries", "company_id", "companies", "company_id"),
        ("claims", "customer_id", "customers", "customer_id"),
        ("claim_events", "claim_id", "claims", "claim_id"),
        ("survey_responses", "survey_invitation_id", "survey_invitations", "survey_invitation_id"),
    )
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one contract table."""
    table = system("contract").table(manifest.table)
    words = (
        known(column, listed.split(), severity="row")
        for (entity, column), listed in WORDS.items()
        if entity == table.name
    )
    books = (_entries_balance(),) if table.name == "ledger_entries" else ()
    return (*words, *_by_name(table), *CONDITIONS.get(table.name, ()), *books)


def _by_name(table: Table) -> tuple[Rule, ...]:
    """Rules for columns that mean the same in every table."""
    names = [column.name for column in table.columns]
    currencies = {
        n: f"regexp_full_match({n}, '[A-Z]+') and length({n}) = 3"
        for n in names
        if n.endswith("currency_code")
    }
    countries = {
        n: f"regexp_full_match({n}, '[A-Z]+') and length({n}) = 2"
        for n in names
        if n == "country_code"
    }
    found: list[Rule] = []
    if currencies:
        found.append(RowRule("currency_code", "a currency has its three-letter code", currencies))
    if countries:
        found.append(RowRule("country_code", "a country has its two-letter code", countries))
    if "valid_from" in names and "valid_to" in names:
        found.append(in_order("valid_from", "valid_to", severity="row"))
    return tuple(found)


def _entries_balance() -> QueryRule:
    return QueryRule(
        "entries_balance",
        "debit equals credit within each entry",
        f"""
        select
            company_id || '/' || journal_code || '/' || entry_number as example,
            count(*) as n
        from {BATCH}
        group by company_id, journal_code, entry_number
        having sum(debit) <> sum(credit)
        """,
        severity="warning",
        threshold=NEVER,
    )
