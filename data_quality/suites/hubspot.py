"""What must hold of a HubSpot account.

Categories, stages and sources belong to each account: values are told when new, never refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import NEVER, Reference, RowRule, Rule, given, in_order, not_negative
from data_quality.suites.seeds import claim_reasons, mapped_codes, translated
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "ticket": (
        given("createdate", "hs_pipeline_stage"),
        in_order("createdate", "closed_date"),
        in_order("createdate", "first_agent_reply_date"),
        not_negative("cost", severity="warning"),
    ),
    "stage": (given("label"),),
}

# Archived companies and tickets are left out.
REFERENCES = (
    Reference("ticket", "company_id", "company", "id", threshold=NEVER),
    Reference("ticket", "hubspot_owner_id", "owner", "id", threshold=NEVER),
    Reference("ticket_change", "ticket_id", "ticket", "id", threshold=NEVER),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    return (*_translated(manifest.table), *CONDITIONS.get(manifest.table, ()))


def _translated(table: str) -> tuple[Rule, ...]:
    if table == "ticket":
        channels = mapped_codes("channel_map", "source_channel", system="hubspot")
        return (
            translated("hs_ticket_category", "claim_reason_map", claim_reasons("hubspot")),
            translated("source_type", "channel_map", channels),
        )
    if table == "stage":
        labels = mapped_codes("claim_status_map", "source_status", system="hubspot")
        understood = "coalesce(ticketState in ('OPEN', 'CLOSED'), false)"
        return (translated("label", "claim_status_map", labels, or_else=understood),)
    return ()
