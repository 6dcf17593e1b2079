"""Where a run can be made to die: a function of the product, before or after it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Point:
    """One instant of a run."""

    module: str
    function: str
    when: Literal["before", "after"]
    call: int = 1
    """Of several calls, which."""


POINTS = {
    "some tables landed": Point("ingestion.extract", "complete", "after", call=3),
    "all landed, none judged": Point("orchestration.assets.landing", "decide", "before"),
    "some judged": Point("orchestration.assets.landing", "decide", "after", call=20),
    "inside the load's transaction": Point("ingestion.ledger", "_record", "before"),
    "inside it, the ledger written": Point("ingestion.ledger", "_record_checks", "after", call=35),
    "committed, ledger not copied": Point("ingestion.ledger", "keep_ledger", "before"),
    "before the seeds": Point("orchestration.assets.marts", "load_seeds", "before"),
    "dbt begins to build": Point("orchestration.dbt_runner", "_tell_errors", "before", call=500),
    "dbt builds": Point("orchestration.dbt_runner", "_tell_errors", "before", call=3_000),
    "marts built, not checked": Point("orchestration.publish", "mark_checked", "before"),
    "checked, not exported": Point("orchestration.publish", "_export_parquet", "before"),
    "exported, not on disk": Point("orchestration.publish", "_sync", "before"),
    "before the rename": Point("orchestration.publish", "_point", "before", call=3),
    "after the rename": Point("orchestration.publish", "_point", "after", call=3),
    "before old publications go": Point("orchestration.publish", "_prune", "before"),
}
"""`_point` is called twice for the marts in the making, then for those in force; `_tell_errors` for
each of dbt's events."""
