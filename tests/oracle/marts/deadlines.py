"""How the department keeps its own deadlines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources, seed
from tests.oracle.spans import month_of
from tests.oracle.work import work_items

_KEY = ["company_id", "month_start", "task", "team"]
_OUTCOMES = ["met", "late", "open_late", "not_yet_due", "withdrawn", "by_robot", "unmeasured"]


def deadline_compliance_monthly(sources: Sources) -> pd.DataFrame:
    """Outcome of each piece of work that a deadline is set for, by the month it came up in."""
    deadlines = pd.DataFrame(row for row in seed("work_deadlines") if row["company_id"] == "all")
    deadlines["deadline_minutes"] = deadlines["working_minutes"].astype(int)
    columns = ["task", "document_type", "event_type", "deadline_minutes"]
    rows = work_items(sources).merge(deadlines[columns], on=["document_type", "event_type"])
    rows["month_start"] = month_of(rows["arrived_on"])
    is_done, is_given_up = rows["done_on"].notna(), rows["withdrawn_on"].notna()
    in_time = rows["minutes"] <= rows["deadline_minutes"]
    rows["outcome"] = np.select(
        [
            rows["by_robot"],
            rows["minutes"].isna(),
            is_done & in_time,
            is_given_up & in_time,
            is_done | is_given_up,
            in_time,
        ],
        ["by_robot", "unmeasured", "met", "withdrawn", "late", "not_yet_due"],
        default="open_late",
    )
    counts = rows.groupby([*_KEY, "deadline_minutes", "outcome"]).size().unstack(fill_value=0)
    found = counts.reindex(columns=_OUTCOMES, fill_value=0).add_suffix("_items")
    found["items"] = found.sum(axis=1)
    found = found.reset_index()
    waited = rows[is_done & ~rows["outcome"].isin(["by_robot", "unmeasured"])]
    waits = waited.groupby(_KEY)["minutes"].agg(["sum", "size"])
    found = found.join(waits.set_axis(["waited_minutes", "waited_items"], axis=1), on=_KEY)
    found["waited_minutes"] = (found["waited_minutes"].fillna(0) * 100).round()
    found["waited_items"] = found["waited_items"].fillna(0)
    due = found["met_items"] + found["late_items"] + found["open_late_items"]
    share = (found["met_items"] / due.where(due > 0) * 1_000_000).round()
    # The team's sheet sets no targets for deadlines.
    assert not sources.table("sheets__kpi_targets")["kpi"].str.startswith("deadline").any()
    return found.assign(
        as_of_date=sources.day, due_items=due, compliance_share=share, target_share=np.nan
    )


ORACLES = {
    "deadline_compliance_monthly": Oracle(
        deadline_compliance_monthly, ["as_of_date", *_KEY], statistics=["compliance_share"]
    ),
}
