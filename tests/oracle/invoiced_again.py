"""Order lines that were invoiced a second time."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import billed_quantities, shipped_lines
from tests.oracle.sources import Sources, derived

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
