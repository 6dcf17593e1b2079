"""What must hold of Sage 100's tables.

Sage itself keeps most of this; what breaks it comes from imports and from programs that write
to the database beside it. Numbers refer to rows by Sage's own keys (a customer's code, an
article's reference), not by `cbMarq`.
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
    known,
)
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

DOCUMENT_TYPES = ("0", "1", "2", "3", "4", "5", "6", "7")
PURCHASE_TYPES = ("11", "12")

PLAUSIBLE = "quantities are below a thousand million"

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "P_DOSSIER": (given("D_RaisonSoc"),),
    "F_COMPTET": (given("CT_Num"), known("CT_ControlEnc", ("0", "1", "2"), threshold=NEVER)),
    "F_COLLABORATEUR": (given("CO_No"),),
    "F_ARTICLE": (
        given("AR_Ref"),
        known("AR_SuiviStock", ("0", "1", "2", "3", "4", "5"), threshold=NEVER),
    ),
    "F_DOCENTETE": (
        given("DO_Type", "DO_Piece", "DO_Date", "DO_Tiers"),
        known("DO_Type", DOCUMENT_TYPES),
        known("DO_Statut", ("0", "1", "2"), threshold=NEVER),
    ),
    "F_DOCLIGNE": (
        given("DO_Type", "DO_Piece", "DL_Qte", "DL_MontantHT"),
        known("DO_Type", (*DOCUMENT_TYPES, *PURCHASE_TYPES)),
        holds("quantity_plausible", PLAUSIBLE, "abs(DL_Qte) < 1e9"),
        holds(
            "quantity_or_no_amount",
            "a line with an amount has a quantity",
            "DL_MontantHT = 0 or DL_Qte <> 0",
            severity="warning",
        ),
    ),
    "F_DOCREGL": (given("DR_No", "DO_Type", "DO_Piece"),),
    "F_CREGLEMENT": (given("RG_No", "RG_Date", "RG_Montant"),),
    "F_REGLECH": (given("RG_No", "DR_No", "RC_Montant"),),
    "F_ECRITUREC": (
        given("EC_No", "JO_Num", "JM_Date", "CG_Num", "EC_Sens", "EC_Montant"),
        known("EC_Sens", ("0", "1")),
    ),
}

REFERENCES = (
    Reference("F_DOCENTETE", "DO_Tiers", "F_COMPTET", "CT_Num"),
    Reference("F_DOCLIGNE", "AR_Ref", "F_ARTICLE", "AR_Ref"),
    Reference("F_REGLECH", "RG_No", "F_CREGLEMENT", "RG_No"),
    Reference("F_REGLECH", "DR_No", "F_DOCREGL", "DR_No"),
    Reference("F_CREGLEMENT", "CT_NumPayeur", "F_COMPTET", "CT_Num"),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    return CONDITIONS.get(manifest.table, ())
