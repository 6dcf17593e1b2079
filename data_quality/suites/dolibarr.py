"""What must hold of Dolibarr's tables.

Dolibarr has few constraints in its database: modules, imports and hand-written SQL leave rows that
its own pages would not. Codes that it does not know come from modules of one's own: they are let
in, become `unknown` downstream and are told, until the mapping seeds translate them.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import NEVER, Reference, RowRule, Rule, given, holds, known
from data_quality.suites.seeds import claim_reasons, mapped_codes, translated
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

DOCUMENT_KINDS = {
    "llx_propal": "propal",
    "llx_commande": "commande",
    "llx_expedition": "expedition",
    "llx_facture": "facture",
}

CODES = {
    ("llx_facture", "type"): ("0", "1", "2", "3", "4", "5"),
    ("llx_facture", "close_code"): (
        *("discount_vat", "badcustomer", "bankcharge", "withholdingtax"),
        *("abandon", "other", "replaced"),
    ),
    ("llx_commande_fournisseur", "fk_statut"): ("0", "1", "2", "3", "4", "5", "6", "7", "9"),
    ("llx_product", "fk_product_type"): ("0", "1"),
}

NO_CHANNEL = (
    *("src_camp_mail", "src_camp_fax", "src_wom"),
    *("src_partner", "src_employee", "src_sponsoring"),
)
"""Dolibarr's own reasons of an order that name none of the channels."""

QUANTITY_PLAUSIBLE = holds(
    "quantity_plausible", "quantities are below a thousand million", "abs(qty) < 1e9"
)

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "llx_const": (given("name", "entity"),),
    "llx_societe": (given("nom", "entity"),),
    "llx_product": (given("ref", "entity"),),
    "llx_propal": (given("entity", "fk_soc", "fk_statut"),),
    "llx_propaldet": (given("fk_propal"), QUANTITY_PLAUSIBLE),
    "llx_commande": (
        given("entity", "fk_soc", "fk_statut"),
        holds(
            "validated_has_date",
            "an order that is worked on says when it was validated",
            "fk_statut in (-1, 0) or date_valid is not null",
            severity="warning",
        ),
    ),
    "llx_commandedet": (given("fk_commande"), QUANTITY_PLAUSIBLE),
    "llx_expedition": (given("entity", "fk_soc", "fk_statut"),),
    "llx_expeditiondet": (given("fk_expedition"), QUANTITY_PLAUSIBLE),
    "llx_facture": (
        given("entity", "fk_soc", "type", "fk_statut", "total_ht", "total_ttc"),
        holds(
            "issued_has_date",
            "an invoice that was issued has a date",
            "fk_statut = 0 or datef is not null",
        ),
        holds(
            "credit_note_negative",
            "a credit note's total is not above zero",
            "type <> 2 or total_ttc <= 0",
            severity="warning",
        ),
    ),
    "llx_facturedet": (given("fk_facture"), QUANTITY_PLAUSIBLE),
    "llx_paiement": (given("entity", "datep", "amount"),),
    "llx_paiement_facture": (given("fk_paiement", "fk_facture", "amount"),),
    "llx_accounting_bookkeeping": (
        given("entity", "doc_date", "numero_compte", "code_journal", "piece_num"),
        holds("one_side", "a line is on one side, debit or credit", "debit = 0 or credit = 0"),
    ),
    "llx_ticket": (given("datec", "entity"),),
    "llx_multicurrency_rate": (holds("rate_positive", "a rate is above zero", "rate > 0"),),
}

REFERENCES = (
    Reference("llx_propal", "fk_soc", "llx_societe", "rowid"),
    Reference("llx_propaldet", "fk_propal", "llx_propal", "rowid"),
    Reference("llx_commande", "fk_soc", "llx_societe", "rowid"),
    Reference("llx_commandedet", "fk_commande", "llx_commande", "rowid"),
    Reference("llx_commandedet", "fk_product", "llx_product", "rowid"),
    Reference("llx_expedition", "fk_soc", "llx_societe", "rowid"),
    Reference("llx_expeditiondet", "fk_expedition", "llx_expedition", "rowid"),
    Reference("llx_expeditiondet", "fk_elementdet", "llx_commandedet", "rowid"),
    Reference("llx_facture", "fk_soc", "llx_societe", "rowid"),
    Reference("llx_facturedet", "fk_facture", "llx_facture", "rowid"),
    Reference("llx_facturedet", "fk_product", "llx_product", "rowid"),
    Reference("llx_paiement_facture", "fk_paiement", "llx_paiement", "rowid"),
    Reference("llx_paiement_facture", "fk_facture", "llx_facture", "rowid"),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    table = manifest.table
    return (
        *_document_state(table),
        *_ticket_state(table),
        *_translated(table),
        *_codes(table),
        *CONDITIONS.get(table, ()),
    )


def _document_state(table: str) -> tuple[Rule, ...]:
    if table not in DOCUMENT_KINDS:
        return ()
    kind = DOCUMENT_KINDS[table]
    mapped = mapped_codes(
        "document_status_map", "source_status", system="dolibarr", source_type=kind
    )
    return (known("fk_statut", mapped),)


def _ticket_state(table: str) -> tuple[Rule, ...]:
    if table != "llx_ticket":
        return ()
    return (
        known("fk_statut", mapped_codes("claim_status_map", "source_status", system="dolibarr")),
    )


def _translated(table: str) -> tuple[Rule, ...]:
    # Codes that a house adds to.
    if table == "llx_c_input_reason":
        channels = mapped_codes("channel_map", "source_channel", system="dolibarr")
        return (translated("code", "channel_map", {*channels, *NO_CHANNEL}),)
    if table == "llx_ticket":
        return (translated("type_code", "claim_reason_map", claim_reasons("dolibarr")),)
    return ()


def _codes(table: str) -> tuple[Rule, ...]:
    # Only a document's own state decides what it counts as; of the others, any share may be new.
    return tuple(
        known(column, codes, threshold=NEVER)
        for (name, column), codes in CODES.items()
        if name == table
    )
