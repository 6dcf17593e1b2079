"""What a refused table does to the run: it holds it, unless its source may go stale."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import dagster as dg
import pytest

from ingestion.config import FileSource, Sources
from ingestion.home import Home
from ingestion.landing import batches
from ingestion.ledger import CurrentRun
from orchestration.assets.landing import landing_assets
from orchestration.resources import Nightly
from tests.ingestion.batches import LOAD


def land(
    home: Home, folder: Path, on_refusal: Literal["hold", "publish_stale"]
) -> dg.ExecuteInProcessResult:
    """Land a source whose one table has a key twice."""
    folder.mkdir()
    (folder / "products.csv").write_text("product_id,name\nA,Alpha\nA,Alpha again\n")
    source = FileSource(
        system="contract",
        transport="files",
        path=folder,
        tables={"products": "products.csv"},
        on_refusal=on_refusal,
    )
    run = CurrentRun("run", date(2026, 1, 1), LOAD, datetime.now(UTC))
    nightly = Nightly(home, Sources(sources={"small": source}), run, full_refresh=False)
    return dg.materialize(
        [landing_assets("small", source)],
        resources={"nightly": dg.ResourceDefinition.hardcoded_resource(nightly)},
        raise_on_error=False,
    )


@pytest.mark.parametrize(("on_refusal", "goes_on"), [("hold", False), ("publish_stale", True)])
def test_only_a_source_that_may_go_stale_lets_the_run_go_on(
    home: Home, tmp_path: Path, on_refusal: Literal["hold", "publish_stale"], goes_on: bool
) -> None:
    result = land(home, tmp_path / "exports", on_refusal)
    assert result.success is goes_on
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    (refused,) = batches(home.quarantine)
    assert refused.manifest.verdict == "refused"
