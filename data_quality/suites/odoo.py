"""What must hold of Odoo's tables, versions 16 to 18.

Odoo itself keeps most of this; what breaks it comes from imports, add-ons and hand-written SQL.
Codes that Odoo does not know come from add-ons: they are let in, become `unknown` downstream
and are told, until the mapping seeds translate them.
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
    in_order,
    known,
    not_negative,
)
from data_quality.suites.seeds import mapped_codes
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

DOCUMENT_STATES = {
    "sale_order": ("sale.order", "draft sent sale done cancel"),
    "stock_picking": ("stock.picking", "draft waiting confirmed assigned done cancel"),
    "account_move": ("account.move", "draft posted cancel"),
}

CODES = {
    ("res_partner", "type"): "contact invoice delivery other private followup ref_company",
    ("hr_contract", "state"): "draft open close cancel",
    ("product_template", "type"): "consu service product combo",
    ("account_payment_term_line", "value"): "balance percent fixed",
    ("account_payment_term_line", "delay_type"): (
        "days_after days_after_end_of_month days_after_end_of_next_month days_end_of_month_on_the"
    ),
    ("sale_order", "invoice_status"): "upselling invoiced no",
    ("sale_order_line", "display_type"): "line_section line_subsection line_note",
    ("stock_location", "usage"): "supplier view internal customer inventory production transit",
    ("stock_picking_type", "code"): (
        "incoming outgoing internal mrp_operation repair_operation dropship"
    ),
    ("stock_move", "state"): "draft waiting confirmed partially_available assigned done cancel",
    ("purchase_order", "state"): "draft sent purchase done cancel",
    ("purchase_order_line", "state"): "draft sent purchase done cancel",
    ("account_account", "account_type"): (
        "asset_receivable asset_cash asset_current asset_non_current asset_prepayments "
        "asset_fixed liability_payable liability_credit_card liability_current "
        "liability_non_current equity equity_unaffected income income_other expense "
        "expense_depreciation expense_direct_cost expense_other off_balance"
    ),
    ("account_journal", "type"): "sale purchase cash bank credit general",
    ("account_move", "move_type"): (
        "entry out_invoice out_refund in_invoice in_refund out_receipt in_receipt"
    ),
    ("account_move", "payment_state"): (
        "not_paid in_payment paid partial reversed blocked invoicing_legacy"
    ),
    ("account_move", "l10n_it_edi_state"): (
        "being_sent processing rejected forwarded forward_failed forward_attempt "
        "requires_user_signature accepted_by_pa_partner rejected_by_pa_partner "
        "accepted_by_pa_partner_after_expiry"
    ),
    ("account_move_line", "parent_state"): "draft posted cancel",
    ("account_move_line", "display_type"): (
        "product cogs tax discount rounding payment_term line_section line_subsection line_note "
        "epd non_deductible_product non_deductible_product_total non_deductible_tax"
    ),
    ("account_payment", "payment_type"): "inbound outbound",
    ("account_payment", "partner_type"): "customer supplier",
    ("payment_return", "state"): "draft imported done cancelled",
    ("credit_control_line", "channel"): "letter email phone",
    ("credit_control_line", "state"): "draft ignored to_be_sent queued sent email_error error",
    ("helpdesk_ticket", "priority"): "0 1 2 3",
    ("edi_exchange_record", "direction"): "input output",
    ("edi_exchange_record", "edi_exchange_state"): (
        "new validate_error output_pending output_error_on_send output_sent "
        "output_sent_and_processed output_sent_and_error input_pending input_received "
        "input_receive_error input_processed input_processed_error"
    ),
    ("mail_message", "message_type"): (
        "email comment email_outgoing notification user_notification auto_comment out_of_office"
    ),
    ("product_pricelist_item", "applied_on"): (
        "3_global 2_product_category 1_product 0_product_variant"
    ),
    ("product_pricelist_item", "compute_price"): "fixed percentage formula",
}
CODES_WITH_SPACES = {
    ("sale_order", "invoice_status"): ("to invoice",),
    ("purchase_order", "state"): ("to approve",),
    ("purchase_order_line", "state"): ("to approve",),
}

INVOICES = "move_type in ('out_invoice', 'out_refund')"

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "res_company": (given("name", "currency_id"),),
    "res_currency_rate": (
        given("name", "currency_id"),
        holds("rate_positive", "a rate is above zero", "rate > 0"),
    ),
    "sale_order": (
        given("state", "partner_id", "company_id", "currency_id"),
        adds_up("amount_total", "amount_untaxed", "amount_tax"),
        holds("currency_rate_positive", "the currency rate is above zero", "currency_rate > 0"),
    ),
    "sale_order_line": (
        given("order_id"),
        adds_up("price_total", "price_subtotal", "price_tax"),
        holds("discount_below_100", "a discount is at most 100 per cent", "discount <= 100"),
        holds(
            "quantity_plausible",
            "quantities are below a thousand million",
            "abs(product_uom_qty) < 1e9 and abs(qty_delivered) < 1e9 and abs(qty_invoiced) < 1e9",
        ),
    ),
    "stock_picking": (
        given("state", "picking_type_id"),
        holds(
            "done_has_date",
            "a transfer that is done says when",
            "state <> 'done' or date_done is not null",
        ),
    ),
    "stock_move": (
        given("product_id", "state"),
        holds(
            "quantity_plausible",
            "quantities are below a thousand million",
            "abs(product_uom_qty) < 1e9 and abs(quantity) < 1e9",
        ),
        not_negative("product_uom_qty", "quantity", severity="warning"),
    ),
    "account_move": (
        given("state", "move_type", "journal_id", "date"),
        adds_up("amount_total", "amount_untaxed", "amount_tax", when=INVOICES),
        holds(
            "posted_has_date",
            "a posted invoice has its date and number",
            f"not ({INVOICES} and state = 'posted') "
            "or (invoice_date is not null and name is not null)",
        ),
        holds(
            "residual_within_total",
            "no more is open than was invoiced",
            f"not ({INVOICES}) or abs(amount_residual) <= abs(amount_total) + 0.02",
            severity="warning",
        ),
    ),
    "account_move_line": (
        given("move_id"),
        holds("one_side", "a line is on one side, debit or credit", "debit = 0 or credit = 0"),
        holds(
            "balance_is_debit_less_credit",
            "balance is debit less credit",
            "abs(balance - (debit - credit)) <= 0.005",
        ),
        holds(
            "amount_has_account",
            "a line with an amount has an account",
            "balance = 0 or account_id is not null",
        ),
    ),
    "account_payment": (
        given("payment_type"),
        not_negative("amount"),
    ),
    "account_partial_reconcile": (
        given("debit_move_id", "credit_move_id", "amount"),
        not_negative("amount", "debit_amount_currency", "credit_amount_currency"),
    ),
    "payment_return_line": (given("return_id"), not_negative("amount", "expense_amount")),
    "credit_control_line": (given("date", "partner_id"),),
    "helpdesk_ticket": (given("company_id", "create_date"),),
    "hr_contract": (in_order("date_start", "date_end"),),
    "product_pricelist_item": (in_order("date_start", "date_end"),),
    "account_payment_term": (
        holds(
            "discount_in_range",
            "an early-payment discount lies between 0 and 100 per cent",
            "discount_percentage between 0 and 100",
        ),
    ),
    "mail_tracking_value": (given("mail_message_id", "field_id"),),
}

REFERENCES = (
    Reference("res_users", "partner_id", "res_partner"),
    Reference("product_product", "product_tmpl_id", "product_template"),
    Reference("product_template", "categ_id", "product_category"),
    Reference("account_payment_term_line", "payment_id", "account_payment_term"),
    Reference("sale_order", "partner_id", "res_partner"),
    Reference("sale_order", "company_id", "res_company"),
    Reference("sale_order", "currency_id", "res_currency"),
    Reference("sale_order_line", "order_id", "sale_order"),
    Reference("sale_order_line", "product_id", "product_product"),
    Reference("sale_order_line_invoice_rel", "order_line_id", "sale_order_line"),
    Reference("sale_order_line_invoice_rel", "invoice_line_id", "account_move_line"),
    Reference("stock_picking", "picking_type_id", "stock_picking_type"),
    Reference("stock_picking", "sale_id", "sale_order"),
    Reference("stock_move", "picking_id", "stock_picking"),
    Reference("stock_move", "product_id", "product_product"),
    Reference("stock_move", "sale_line_id", "sale_order_line"),
    Reference("stock_quant", "product_id", "product_product"),
    Reference("purchase_order_line", "order_id", "purchase_order"),
    Reference("account_move", "partner_id", "res_partner"),
    Reference("account_move", "journal_id", "account_journal"),
    Reference("account_move", "company_id", "res_company"),
    Reference("account_move_line", "move_id", "account_move"),
    Reference("account_move_line", "account_id", "account_account"),
    Reference("account_payment", "move_id", "account_move"),
    Reference("account_partial_reconcile", "debit_move_id", "account_move_line"),
    Reference("account_partial_reconcile", "credit_move_id", "account_move_line"),
    Reference("payment_return_line", "return_id", "payment_return"),
    Reference("credit_control_line", "move_line_id", "account_move_line"),
    Reference("helpdesk_ticket", "stage_id", "helpdesk_ticket_stage"),
    Reference("mail_tracking_value", "mail_message_id", "mail_message"),
    Reference("product_pricelist_item", "pricelist_id", "product_pricelist"),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    table = manifest.table
    return (*_document_state(table), *_codes(table), *CONDITIONS.get(table, ()))


def _document_state(table: str) -> tuple[Rule, ...]:
    if table not in DOCUMENT_STATES:
        return ()
    model, codes = DOCUMENT_STATES[table]
    mapped = mapped_codes("document_status_map", "source_status", system="odoo", source_type=model)
    return (known("state", {*codes.split(), *mapped}),)


def _codes(table: str) -> tuple[Rule, ...]:
    # Only a document's own state decides what it counts as; of the others, any share may be new.
    return tuple(
        known(
            column,
            (*codes.split(), *CODES_WITH_SPACES.get((name, column), ())),
            threshold=None if column in ("state", "move_type", "account_type") else NEVER,
        )
        for (name, column), codes in CODES.items()
        if name == table
    )
