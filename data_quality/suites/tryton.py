"""What must hold of Tryton's tables.

Tryton itself keeps most of this; what breaks it comes from imports, modules of one's own and
hand-written SQL. Codes that it does not know come from such modules: they are let in, become
`unknown` downstream and are told, until the mapping seeds translate them.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import (
    NEVER,
    Reference,
    RowRule,
    Rule,
    adds_up,
    given,
    holds,
    known,
    not_negative,
)
from data_quality.suites.seeds import claim_reasons, mapped_codes, translated
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

DOCUMENT_STATES = {
    "sale_sale": ("sale.sale", "draft quotation confirmed processing done cancelled"),
    "stock_shipment_out": (
        "stock.shipment.out",
        "draft waiting assigned picked packed shipped done cancelled",
    ),
    "stock_shipment_out_return": ("stock.shipment.out.return", "draft received done cancelled"),
    "account_invoice": ("account.invoice", "draft validated posted paid cancelled"),
}

CODES = {
    ("sale_sale", "shipment_state"): ("none", "waiting", "partially shipped", "sent", "exception"),
    ("sale_sale", "invoice_state"): (
        *("none", "pending", "awaiting payment"),
        *("partially paid", "paid", "exception"),
    ),
    ("sale_line", "type"): ("line", "subtotal", "title", "comment"),
    ("account_invoice_line", "type"): ("line", "subtotal", "title", "comment"),
    ("stock_move", "state"): ("staging", "draft", "assigned", "done", "cancelled"),
    ("stock_location", "type"): (
        *("warehouse", "storage", "view", "lost_found"),
        *("supplier", "customer", "production", "drop", "rental"),
    ),
    ("product_template", "type"): ("goods", "assets", "service"),
    ("account_journal", "type"): (
        *("general", "revenue", "expense", "cash"),
        *("situation", "write-off", "statement", "asset", "commission"),
    ),
    ("account_move", "state"): ("draft", "posted"),
    ("account_payment", "kind"): ("payable", "receivable"),
    ("account_dunning", "state"): ("draft", "waiting", "done", "final"),
}

POSTED = "state in ('posted', 'paid')"

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "company_company": (given("party", "currency"),),
    "currency_currency_rate": (
        given("currency", "rate"),
        holds("rate_positive", "a rate is above zero", "rate > 0"),
    ),
    "sale_sale": (
        given("state", "party", "company", "currency"),
        adds_up("total_amount_cache", "untaxed_amount_cache", "tax_amount_cache"),
        holds(
            "confirmed_has_number",
            "a sale that was confirmed has a number and a date",
            "state not in ('confirmed', 'processing', 'done') "
            "or (number is not null and sale_date is not null)",
        ),
    ),
    "sale_line": (
        given("sale"),
        holds(
            "quantity_plausible",
            "quantities are below a thousand million",
            "abs(quantity) < 1e9",
        ),
    ),
    "stock_shipment_out": (
        given("state", "customer", "company"),
        holds(
            "done_has_date",
            "a shipment that is done says when",
            "state <> 'done' or effective_date is not null",
        ),
    ),
    "stock_shipment_out_return": (given("state", "customer", "company"),),
    "stock_move": (
        given("product", "state", "from_location", "to_location"),
        not_negative("quantity", "internal_quantity"),
        holds("quantity_plausible", "quantities are below a thousand million", "quantity < 1e9"),
    ),
    "account_move": (given("journal", "date", "company", "state"),),
    "account_move_line": (
        given("move", "account"),
        holds("one_side", "a line is on one side, debit or credit", "debit = 0 or credit = 0"),
    ),
    "account_invoice": (
        given("state", "party", "company", "currency"),
        adds_up("total_amount_cache", "untaxed_amount_cache", "tax_amount_cache"),
        holds(
            "posted_is_booked",
            "a posted invoice has its number, date, entry and amount",
            f"not ({POSTED}) or (number is not null and invoice_date is not null "
            "and move is not null and total_amount_cache is not null)",
        ),
    ),
    "account_invoice_line": (given("invoice"),),
    "account_payment": (given("company", "amount", "state"), not_negative("amount")),
    "account_dunning": (given("line", "level", "state"),),
    "sale_complaint": (given("state", "date", "company"),),
}

REFERENCES = (
    Reference("company_company", "party", "party_party"),
    Reference("company_company", "currency", "currency_currency"),
    Reference("company_employee", "party", "party_party"),
    Reference("product_product", "template", "product_template"),
    Reference("sale_sale", "party", "party_party"),
    Reference("sale_sale", "company", "company_company"),
    Reference("sale_sale", "currency", "currency_currency"),
    Reference("sale_line", "sale", "sale_sale"),
    Reference("sale_line", "product", "product_product"),
    Reference("stock_shipment_out", "customer", "party_party"),
    Reference("stock_move", "product", "product_product"),
    Reference("stock_move", "from_location", "stock_location"),
    Reference("stock_move", "to_location", "stock_location"),
    Reference("account_move", "journal", "account_journal"),
    Reference("account_move_line", "move", "account_move"),
    Reference("account_move_line", "account", "account_account"),
    Reference("account_move_line", "party", "party_party"),
    Reference("account_invoice", "party", "party_party"),
    Reference("account_invoice", "move", "account_move"),
    Reference("account_invoice_line", "invoice", "account_invoice"),
    Reference("account_invoice_line", "product", "product_product"),
    Reference("account_dunning", "line", "account_move_line"),
    Reference("account_dunning", "level", "account_dunning_level"),
    Reference("sale_complaint", "type", "sale_complaint_type"),
    Reference("sale_complaint_action", "complaint", "sale_complaint"),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    table = manifest.table
    return (*_document_state(table), *_mapped(table), *_codes(table), *CONDITIONS.get(table, ()))


def _document_state(table: str) -> tuple[Rule, ...]:
    if table not in DOCUMENT_STATES:
        return ()
    model, codes = DOCUMENT_STATES[table]
    mapped = mapped_codes(
        "document_status_map", "source_status", system="tryton", source_type=model
    )
    return (known("state", {*codes.split(), *mapped}),)


def _mapped(table: str) -> tuple[Rule, ...]:
    """What the claim maps lack is told by name: each house has reasons of its own."""
    if table == "sale_complaint":
        return (known("state", mapped_codes("claim_status_map", "source_status", system="tryton")),)
    if table == "sale_complaint_type":
        return (translated("name", "claim_reason_map", claim_reasons("tryton")),)
    return ()


def _codes(table: str) -> tuple[Rule, ...]:
    # Only a document's own state decides what it counts as; of the others, any share may be new.
    return tuple(
        known(column, codes, threshold=None if column == "state" else NEVER)
        for (name, column), codes in CODES.items()
        if name == table
    )
