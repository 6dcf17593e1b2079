"""Why something was credited, and which order lines were invoiced a second time."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import billed_quantities, shipped_lines
from tests.oracle.sources import Sources, derived, seed

REISSUED_WITHIN = pd.Timedelta(days=30)


@derived
def billed_again(sources: Sources) -> pd.Index:
    """Lines of which more was invoiced than left, and nothing came back."""
    billed = billed_quantities(sources)
    billed = billed[(billed["document_type"] == "invoice") & billed["rejected_at"].isna()]
    invoiced = billed.groupby("order_line_id")["quantity"].sum()
    moves = shipped_lines(sources)
    moves = moves[moves["done_at"].notna()].groupby(["sale_line_id", "is_return"])["quantity"]
    moved = moves.sum().unstack(fill_value=0).reindex(columns=[False, True], fill_value=0)
    moved = moved.reindex(invoiced.index, fill_value=0)
    return invoiced.index[(invoiced > moved[False]) & (moved[True] == 0)]


def reason_of_text(text: str | None) -> str:
    """Reason of a credit note by the longest text of the seed that its reference contains."""
    written = text.lower() if isinstance(text, str) else ""
    found = [row for row in seed("credit_note_reason_map") if row["source_text"] in written]
    if not found:
        return "unknown"
    return max(found, key=lambda row: len(row["source_text"]))["credit_note_reason"]
