"""What must hold of a HubSpot account.

Categories, stages and sources belong to each account: values are told when new, never refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import NEVER, Reference, RowRule, Rule, given, in_order, not_negative
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
    return CONDITIONS.get(manifest.table, ())
