"""Claims, which are the CRM's cases, and when each was open."""

from __future__ import annotations

import pandas as pd
from pandas.api.typing import NaTType

from tests.oracle.sources import Sources, code_map, derived

_DONE = {"resolved", "closed"}


@derived
def claims(sources: Sources) -> pd.DataFrame:
    """One row per claim received by the as-of date, by the case's identifier."""
    rows = sources.table("salesforce__case")
    rows = rows[sources.happened(rows["CreatedDate"])].set_index("Id", drop=False)
    reasons = code_map("claim_reason_map", "any", "source_reason", "reason")
    channels = code_map("channel_map", "salesforce", "source_channel", "channel")
    company = rows["Company__c"].map(sources.company_names).astype("Int64")
    return pd.DataFrame(
        {
            "claim": rows["Id"],
            "company_id": "erp/res.company/" + company.astype(str),
            "claim_reason": rows["Reason"].str.lower().map(reasons).fillna("unknown"),
            "channel": rows["Origin"].str.lower().map(channels).fillna("unknown"),
            "opened_at": rows["CreatedDate"],
            "opened_on": sources.local_day(rows["CreatedDate"]),
        }
    )


@derived
def claim_stretches(sources: Sources) -> pd.DataFrame:
    """One row per claim and time it was open: number, opened_on, ended_on (empty while open)."""
    statuses = code_map("claim_status_map", "salesforce", "source_status", "status")
    history = sources.table("salesforce__casehistory")
    history = history[(history["Field"] == "Status") & sources.happened(history["CreatedDate"])]
    history = history.sort_values(["CreatedDate", "Id"])
    changes: dict[str, list[tuple[pd.Timestamp, bool]]] = {}
    for case, at, status in zip(
        history["CaseId"], history["CreatedDate"], history["NewValue"], strict=True
    ):
        is_done = statuses.get(status.lower(), "unknown") in _DONE
        changes.setdefault(case, []).append((at, is_done))
    found: list[tuple[str, int, pd.Timestamp, pd.Timestamp | NaTType]] = []
    for claim in claims(sources).itertuples():
        number, opened_at = 1, claim.opened_at
        for at, is_done in changes.get(claim.claim, []):
            if is_done and opened_at is not None:
                found.append((claim.claim, number, opened_at, at))
                opened_at = None
            elif not is_done and opened_at is None:
                number, opened_at = number + 1, at
        if opened_at is not None:
            found.append((claim.claim, number, opened_at, pd.NaT))
    rows = pd.DataFrame(found, columns=["claim", "number", "opened_at", "ended_at"])
    for column in ("opened", "ended"):
        instants = rows[f"{column}_at"].astype("datetime64[us]")
        rows[f"{column}_on"] = sources.local_day(instants)
    return rows
