"""What must hold of Italian electronic invoices.

The exchange system checks most of this and rejects what breaks it; files that it never saw, and
programs that write files for its archive only, are another matter.
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
    given,
    holds,
    known,
)
from data_quality.suites.seeds import mapped_codes
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

SALES = ("TD01", "TD02", "TD03", "TD04", "TD05", "TD06", "TD24", "TD25", "TD26", "TD27")
OF_PURCHASES = (
    *("TD16", "TD17", "TD18", "TD19", "TD20"),
    *("TD21", "TD22", "TD23", "TD28", "TD29"),
)
"""Papers by which a buyer accounts for a purchase; the models leave them out."""
EURO, CENTS = "1.00", "0.05"
"""By how much sums may differ: the exchange system lets a euro pass, programs round cents."""
GENERAL = "DatiGenerali_DatiGeneraliDocumento_"

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "FatturaElettronicaBody": (
        given(f"{GENERAL}TipoDocumento", f"{GENERAL}Data", f"{GENERAL}Numero"),
        given(
            "CedentePrestatore_DatiAnagrafici_IdFiscaleIVA_IdPaese",
            "CedentePrestatore_DatiAnagrafici_IdFiscaleIVA_IdCodice",
        ),
        known(f"{GENERAL}TipoDocumento", (*SALES, *OF_PURCHASES), threshold=NEVER),
        holds(
            "is_a_sale",
            "a document is one of sales, and no self-invoice of a purchase; others are left out",
            f"{GENERAL}TipoDocumento not in {OF_PURCHASES}",
            severity="warning",
            threshold=NEVER,
        ),
        holds(
            "in_euro",
            "amounts are in euro: the format has no rate to convert others by",
            f"{GENERAL}Divisa = 'EUR'",
            threshold=NEVER,
        ),
        holds(
            "total_is_sum",
            "the total of a document is its taxable amounts, their VAT and the rounding",
            f"abs({GENERAL}ImportoTotaleDocumento - Somma_DatiRiepilogo_ImponibileImporto "
            f"- Somma_DatiRiepilogo_Imposta - coalesce({GENERAL}Arrotondamento, 0)) <= {CENTS}",
            severity="warning",
            threshold=NEVER,
        ),
        holds(
            "instalments_within_total",
            "instalments come to the total at most",
            "abs(Somma_DettaglioPagamento_ImportoPagamento) <= "
            f"abs(Somma_DatiRiepilogo_ImponibileImporto + Somma_DatiRiepilogo_Imposta) + {EURO}",
            severity="warning",
            threshold=NEVER,
        ),
    ),
    "DettaglioLinee": (
        given("NumeroLinea", "PrezzoTotale", "AliquotaIVA"),
        holds(
            "quantity_plausible",
            "quantities are below a thousand million",
            "abs(Quantita) < 1e9",
        ),
    ),
    "DatiRiepilogo": (
        given("ImponibileImporto", "Imposta", "AliquotaIVA"),
        # Never set apart: without one of its summaries, a document would come to less.
        holds(
            "lines_make_taxable",
            "the lines of a rate, contributions to pension funds and the rounding are its taxable "
            "amount",
            "abs(ImponibileImporto - Somma_DettaglioLinee_PrezzoTotale "
            "- Somma_DatiCassaPrevidenziale_ImportoContributoCassa "
            f"- coalesce(Arrotondamento, 0)) <= {EURO}",
            severity="warning",
            threshold=NEVER,
        ),
        known("EsigibilitaIVA", ("I", "D", "S"), threshold=NEVER),
        holds(
            "tax_is_of_rate",
            "the tax is the taxable amount times its rate",
            f"abs(Imposta - ImponibileImporto * AliquotaIVA / 100) <= {CENTS}",
            severity="warning",
            threshold=NEVER,
        ),
    ),
    "DettaglioPagamento": (
        given("ImportoPagamento"),
        holds(
            "due_date_given",
            "an instalment says when it is due; without that it is due at once",
            "coalesce(DataScadenzaPagamento, "
            "DataRiferimentoTerminiPagamento + GiorniTerminiPagamento::integer) is not null",
            severity="warning",
            threshold=NEVER,
        ),
    ),
    "DatiDDT": (given("NumeroDDT", "DataDDT"),),
    "Notifiche": (
        given("NomeFile"),
        known("EsitoCommittente_Esito", ("EC01", "EC02"), threshold=NEVER),
    ),
}

BODY = "FatturaElettronicaBody"
REFERENCES = tuple(
    Reference(table, "File", BODY, "File")
    for table in (
        "DettaglioLinee",
        "DatiRiepilogo",
        "DatiRitenuta",
        "DettaglioPagamento",
        "DatiDocumentiCorrelati",
        "DatiDDT",
    )
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    return (*CONDITIONS.get(manifest.table, ()), *_methods(manifest.table), *_numbers(manifest))


def _methods(table: str) -> tuple[Rule, ...]:
    if table != "DettaglioPagamento":
        return ()
    codes = mapped_codes("payment_method_map", "source_method", system="fatturapa")
    return (known("ModalitaPagamento", {code.upper() for code in codes}, threshold=NEVER),)


def _numbers(manifest: Manifest) -> tuple[Rule, ...]:
    if manifest.table != BODY:
        return ()
    return (
        QueryRule(
            "issued_once",
            "a number is issued once a year; of several files with it, one counts",
            f"""
            select any_value({GENERAL}Numero) as example, count(*) - 1 as n
            from {BATCH}
            group by
                CedentePrestatore_DatiAnagrafici_IdFiscaleIVA_IdCodice, {GENERAL}TipoDocumento,
                {GENERAL}Numero, year({GENERAL}Data)
            having count(*) > 1
            """,
            severity="warning",
            threshold=NEVER,
        ),
    )
