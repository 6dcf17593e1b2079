"""What must hold of Salesforce, by its API or its Data Export.

Picklists belong to each organisation: their values are told when new, never refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import NEVER, Reference, RowRule, Rule, given, holds, in_order, not_negative
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}

CONDITIONS: Mapping[str, tuple[RowRule, ...]] = {
    "account": (given("Name"),),
    "user": (given("Username"),),
    "case": (
        given("CaseNumber", "Status", "CreatedDate"),
        holds(
            "closed_has_date",
            "a closed case says when it was closed",
            "not IsClosed or ClosedDate is not null",
            severity="warning",
        ),
        in_order("CreatedDate", "ClosedDate"),
        in_order("CreatedDate", "First_Response__c"),
        not_negative("Cost__c", severity="warning"),
    ),
    "casehistory": (given("CaseId", "Field", "CreatedDate"),),
    "task": (
        given("CreatedDate"),
        not_negative("CallDurationInSeconds"),
    ),
}

# What the reading or exporting user may not see is left out, and so are deleted records.
REFERENCES = (
    Reference("case", "AccountId", "account", "Id", threshold=NEVER),
    Reference("case", "OwnerId", "user", "Id", threshold=NEVER),
    Reference("casehistory", "CaseId", "case", "Id", threshold=NEVER),
    Reference("task", "AccountId", "account", "Id", threshold=NEVER),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of one table."""
    return CONDITIONS.get(manifest.table, ())
