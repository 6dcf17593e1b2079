"""What a refused table does to the run: it holds it, unless its source may go stale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import dagster as dg
import pytest

from data_quality.acceptances import Acceptances
from data_quality.set_apart import set_apart
from ingestion.config import FileSource, Limits, Sources
from ingestion.engine import connect
from ingestion.errors import SourceError, WarehouseError
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import Batch, batches
from ingestion.ledger import CurrentRun, merge, positions
from orchestration.assets.landing import landing_assets
from orchestration.assets.raw import raw_assets
from orchestration.resources import Nightly
from tests.conftest import UNDISPUTED
from tests.ingestion.batches import LOAD
from tests.orchestration.conftest import SMALL_COMPANY

OnRefusal = Literal["hold", "publish_stale"]
RIGHT = (SMALL_COMPANY / "products.csv").read_text()
WRONG = RIGHT + RIGHT.splitlines()[1] + "\n"
CUSTOMERS = (SMALL_COMPANY / "customers.csv").read_text()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two attempts."""
    monkeypatch.setattr("orchestration.assets.landing.RETRIES", dg.RetryPolicy(max_retries=1))


def a_source(folder: Path, on_refusal: OnRefusal, products: str = WRONG) -> FileSource:
    """A source of two tables, one of which has a key twice."""
    folder.mkdir(exist_ok=True)
    (folder / "products.csv").write_text(products)
    (folder / "customers.csv").write_text(CUSTOMERS)
    return FileSource(
        system="contract",
        transport="files",
        path=folder,
        tables={"products": "products.csv", "customers": "customers.csv"},
        on_refusal=on_refusal,
    )


def run(
    home: Home,
    sources: dict[str, FileSource],
    load: int = LOAD,
    *,
    load_too: bool = False,
    only: tuple[str, ...] = (),
) -> dg.ExecuteInProcessResult:
    """Land the sources, and merge what may be merged."""
    started = CurrentRun("run", date(2026, 1, 1), load, datetime.now(UTC), only)
    configured = Sources.model_validate({"sources": sources})
    accepted = Acceptances()
    nightly = Nightly(home, configured, started, None, positions(home), accepted, UNDISPUTED)
    landing = [landing_assets(name, source) for name, source in sources.items()]
    return dg.materialize(
        [*landing, raw_assets(configured)] if load_too else landing,
        resources={"nightly": dg.ResourceDefinition.hardcoded_resource(nightly)},
        raise_on_error=False,
    )


def verdicts(root: Path) -> dict[str, str]:
    return {batch.name: batch.manifest.verdict for batch in batches(root)}


def merged(home: Home) -> dict[str, int]:
    """The last load of each table."""
    return {f"{source}.{table}": p.load_id for (source, table), p in positions(home).items()}


@pytest.mark.parametrize(("on_refusal", "goes_on"), [("hold", False), ("publish_stale", True)])
def test_only_a_source_that_may_go_stale_lets_the_run_go_on(
    home: Home, tmp_path: Path, on_refusal: OnRefusal, goes_on: bool
) -> None:
    result = run(home, {"small": a_source(tmp_path / "exports", on_refusal)})
    assert result.success is goes_on
    passed = {
        check.asset_key.path[-1]: check.passed for check in result.get_asset_check_evaluations()
    }
    assert passed == {"products": False, "customers": True}
    assert verdicts(home.quarantine) == {"small.products": "refused"}


@pytest.mark.parametrize("on_refusal", ["hold", "publish_stale"])
def test_a_refused_table_holds_back_the_others_of_its_source(
    home: Home, tmp_path: Path, on_refusal: OnRefusal
) -> None:
    run(home, {"small": a_source(tmp_path / "exports", on_refusal)})
    assert verdicts(home.landing) == {"small.customers": "held_back"}
    (held_back,) = batches(home.landing)
    started = CurrentRun("other", date(2026, 1, 1), LOAD + 1, datetime.now(UTC))
    with pytest.raises(WarehouseError, match="held_back"):
        merge(home, started, [held_back], lambda *_: [])


def test_a_source_with_a_refused_table_stays_as_a_whole_as_it_was(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stale, other = tmp_path / "stale", tmp_path / "other"
    sources = {
        "stale": a_source(stale, "publish_stale", RIGHT),
        "other": a_source(other, "hold", RIGHT),
    }
    assert run(home, sources, load_too=True).success
    a_source(stale, "publish_stale", WRONG)
    assert run(home, sources, LOAD + 1, load_too=True).success
    assert merged(home) == {
        "stale.products": LOAD,
        "stale.customers": LOAD,
        "other.products": LOAD + 1,
        "other.customers": LOAD + 1,
    }
    assert "stale is stale: it stays as it was" in caplog.text


def test_a_source_that_is_not_asked_for_stays_as_it_was_and_has_not_failed(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left_out = tmp_path / "left_out"
    sources = {
        "left_out": a_source(left_out, "hold", RIGHT),
        "asked": a_source(tmp_path / "asked", "hold", RIGHT),
    }
    assert run(home, sources, load_too=True).success
    a_source(left_out, "hold", WRONG)  # would hold a run that read it
    result = run(home, sources, LOAD + 1, load_too=True, only=("asked",))
    assert result.success
    assert merged(home) == {
        "left_out.products": LOAD,
        "left_out.customers": LOAD,
        "asked.products": LOAD + 1,
        "asked.customers": LOAD + 1,
    }
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert "stale" not in caplog.text
    assert verdicts(home.quarantine) == {}
    rows = {
        raw.asset_key.path[-1]: raw.metadata["dagster/row_count"].value
        for raw in result.asset_materializations_for_node("load")
    }
    assert rows["contract__products"] == 2 * (len(RIGHT.splitlines()) - 1)

    # The next night reads it as ever.
    assert not run(home, sources, LOAD + 2, load_too=True).success
    assert verdicts(home.quarantine) == {"left_out.products": "refused"}


def test_dagster_is_told_how_long_a_table_was_read_and_judged(home: Home, tmp_path: Path) -> None:
    result = run(home, {"erp": a_source(tmp_path / "erp", "hold", RIGHT)})
    landed = result.asset_materializations_for_node("land_erp")
    seconds = [item.metadata["seconds"].value for item in landed]
    seconds += [check.metadata["seconds"].value for check in result.get_asset_check_evaluations()]
    assert len(seconds) == 4
    assert all(isinstance(value, float) and value >= 0 for value in seconds)


def test_an_asset_shows_its_columns_and_the_files_that_declare_it(tmp_path: Path) -> None:
    spec = landing_assets("erp", a_source(tmp_path / "erp", "hold")).get_asset_spec(
        dg.AssetKey(["landing", "erp", "customers"])
    )
    columns = {column.name for column in spec.metadata["dagster/column_schema"].columns}
    assert {"customer_id", "name"} <= columns
    assert Path(spec.metadata["what is declared of it"].value).name == "_contract.yml"
    assert Path(spec.metadata["what is read, and by which rights"].value).name == "contract.md"


@pytest.mark.parametrize(("on_refusal", "goes_on"), [("hold", False), ("publish_stale", True)])
def test_a_source_out_of_reach_stops_the_run_unless_it_may_go_stale(
    home: Home,
    tmp_path: Path,
    on_refusal: OnRefusal,
    goes_on: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sources = {
        "away": a_source(tmp_path / "away", on_refusal, RIGHT),
        "other": a_source(tmp_path / "other", "hold", RIGHT),
    }
    attempts = []

    def unreachable(request: LandingRequest) -> Iterator[Batch]:
        if request.source_id == "away":
            attempts.append(request)
            raise SourceError("it cannot be reached")
        return land(request)

    monkeypatch.setattr("orchestration.assets.landing.land", unreachable)
    result = run(home, sources, load_too=True)
    assert result.success is goes_on
    assert len(attempts) == 2
    assert merged(home) == ({"other.products": LOAD, "other.customers": LOAD} if goes_on else {})
    told = [c for c in result.get_asset_check_evaluations() if c.asset_key.path[1] == "away"]
    assert [check.passed for check in told] == ([False, False] if goes_on else [])
    assert (
        "away goes stale, since it cannot be read: it cannot be reached" in caplog.text
    ) is goes_on


def test_a_row_that_was_set_apart_comes_back_once_the_options_are_mended(
    home: Home, tmp_path: Path
) -> None:
    french = RIGHT + 'saw,P3,Saw,Tools,"1.234,50",goods,true\n'
    source = a_source(tmp_path / "exports", "hold", products=french)
    lenient = source.model_copy(update={"limits": Limits(share=0.5, systematic_share=0.5)})
    run(home, {"small": lenient}, load_too=True)
    assert [(rows.subject, rows.rows) for rows in set_apart(home)] == [("small.products", 1)]

    mended = lenient.model_copy(
        update={"options": {"decimal_mark": ",", "thousands_separator": "."}}
    )
    result = run(home, {"small": mended}, load=LOAD + 1, load_too=True)
    assert result.success
    assert set_apart(home) == []
    with connect(home.warehouse, read_only=True) as warehouse:
        costs = "select standard_cost from raw.contract__products where product_id = 'saw'"
        assert warehouse.execute(costs).fetchall() == [(Decimal("1234.50"),)]
