"""What must hold of the sheets that a team keeps by hand.

People type them: a row that makes no sense is set apart, a word that is not in the product's
lists is let in and told.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import (
    NEVER,
    Reference,
    RowRule,
    Rule,
    between,
    given,
    holds,
    in_order,
    known,
    not_negative,
)
from data_quality.suites.contract import WORDS
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {
    "standard_times": frozenset({"channel"}),
    "absences": frozenset({"reason"}),
    "kpi_targets": frozenset({"company", "team"}),
    "credit_limits": frozenset({"company"}),
    "account_roles": frozenset({"company"}),
}

SHEET_WORDS = frozenset(
    {
        *("account_role", "certainty", "channel", "detected_by", "error_type", "limit_kind"),
        *("message_type", "question", "reason", "result", "topic"),
    }
)
"""Columns of sheets that hold the contract's words."""

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "order_entry_errors": (
        given("order_number", "detected_at"),
        in_order("detected_at", "corrected_at"),
        not_negative("cost_amount", severity="warning"),
    ),
    "survey_invitations": (given("survey", "invited_at"),),
    "survey_responses": (
        given("survey", "question", "score", "answered_at"),
        holds(
            "score_on_scale",
            "a score lies on its scale",
            "score between scale_minimum and scale_maximum",
        ),
    ),
    "information_lookups": (given("occurred_at"), not_negative("minutes")),
    "standard_times": (
        given("minutes"),
        not_negative("minutes"),
        in_order("valid_from", "valid_to", severity="row"),
    ),
    "absences": (between("0", "24", "hours"),),
    "kpi_targets": (given("target_value"), in_order("valid_from", "valid_to", severity="row")),
    "payment_promises": (
        given("promised_date", "made_on"),
        not_negative("amount"),
        in_order("made_on", "promised_date"),
    ),
    "disputes": (
        given("opened_on"),
        not_negative("amount"),
        in_order("opened_on", "closed_on", severity="row"),
    ),
    "credit_limits": (
        given("amount"),
        not_negative("amount"),
        in_order("valid_from", "valid_to", severity="row"),
    ),
    "account_roles": (given("account_role"), in_order("valid_from", "valid_to", severity="row")),
    "dunning_actions": (given("action_date"), not_negative("amount")),
    "inbound_messages": (given("received_at"), in_order("received_at", "resolved_at")),
}

REFERENCES = (
    Reference(
        "survey_responses",
        "invitation_reference",
        "survey_invitations",
        "reference",
        threshold=NEVER,
    ),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one sheet."""
    table = "interactions" if manifest.table == "information_lookups" else manifest.table
    words = (
        known(column, listed.split(), threshold=NEVER)
        for (entity, column), listed in WORDS.items()
        if entity == table and column in SHEET_WORDS
    )
    return (*words, *CONDITIONS.get(manifest.table, ()))
