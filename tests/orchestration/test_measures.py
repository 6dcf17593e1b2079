"""What runs took and came to is copied out of Dagster, whoever started them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg
import pytest
from dagster._core.storage.tags import SCHEDULE_NAME_TAG
from dagster._core.test_utils import create_run_for_test

from data_quality.acceptances import Acceptances
from ingestion.config import Sources
from ingestion.engine import connect
from ingestion.home import Home
from ingestion.ledger import CurrentRun, prepare_warehouse
from orchestration.instance import COMMAND_LINE_TAG, PROCESS_IS_GONE
from orchestration.measures import (
    IN_FORCE,
    ON_POSTGRES,
    PUBLICATION,
    PUBLISHING_TO_POSTGRES,
    RECONCILED,
    SECONDS,
    keep_measures,
)
from orchestration.resources import AS_OF_TAG, Nightly
from tests.conftest import UNDISPUTED

SOURCES = Sources.model_validate(
    {
        "sources": {
            "small": {"system": "fec", "transport": "fec", "path": "x", "fresh_within": "90m"},
            "other": {"system": "fec", "transport": "fec", "path": "x"},
        }
    }
)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def nightly(home: Home, instance: dg.DagsterInstance) -> Nightly:
    """A run that is about to build the marts."""
    prepare_warehouse(home)
    run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    current = CurrentRun(run.run_id, date(2026, 5, 31), 1, datetime.now(UTC))
    return Nightly(home, SOURCES, current, None, {}, Acceptances((), {}, 0), UNDISPUTED)


def night(instance: dg.DagsterInstance, *, broken: str = "", **tags: str) -> str:
    """A run with the steps of a night, of which one may be broken; returns its id."""

    def step(name: str, made: dg.AssetKey, *needed: dg.AssetKey) -> dg.AssetsDefinition:
        @dg.multi_asset(name=name, specs=[dg.AssetSpec(made, deps=needed)])
        def execute() -> None:
            if name == broken:
                raise dg.Failure(f"{name} is broken", allow_retries=False)

        return execute

    @dg.multi_asset(
        specs=[dg.AssetSpec(PUBLICATION, deps=["kpi"])],
        check_specs=[dg.AssetCheckSpec(RECONCILED, asset=PUBLICATION)],
    )
    def publish() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        check = dg.AssetCheckResult(
            asset_key=PUBLICATION,
            check_name=RECONCILED,
            passed=broken != "check",
            metadata={SECONDS: 0.001},
        )
        if broken in ("check", "publish"):
            yield check
            raise dg.Failure("no", allow_retries=False)
        yield dg.MaterializeResult(
            asset_key=PUBLICATION,
            metadata={"dagster/row_count": 7, "bytes": 4096},
            check_results=[check],
        )

    @dg.multi_asset(
        specs=[dg.AssetSpec("list", deps=[PUBLICATION])],
        check_specs=[dg.AssetCheckSpec("delivered", asset="list")],
    )
    def a_list() -> Iterator[dg.MaterializeResult[None]]:
        check = dg.AssetCheckResult(asset_key="list", check_name="delivered", passed=False)
        yield dg.MaterializeResult(asset_key="list", check_results=[check])

    landing, raw, kpi = dg.AssetKey("landing"), dg.AssetKey("raw"), dg.AssetKey("kpi")
    steps = [step("land_small", landing), step("load", raw, landing), step("dbt", kpi, raw)]
    copy = [copied(broken)] if broken.startswith("server") else []
    assets = [*steps, publish, *copy, a_list]
    result = dg.materialize(assets, instance=instance, tags=tags, raise_on_error=False)
    return result.run_id


def copied(broken: str) -> dg.AssetsDefinition:
    """The step that brings a server to the publication, or cannot."""

    @dg.multi_asset(
        name=PUBLISHING_TO_POSTGRES,
        specs=[dg.AssetSpec(ON_POSTGRES, deps=[PUBLICATION], skippable=True)],
        check_specs=[dg.AssetCheckSpec(IN_FORCE, asset=ON_POSTGRES)],
    )
    def execute() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        gone = broken == "server is gone"
        if not gone:
            yield dg.MaterializeResult(asset_key=ON_POSTGRES)
        yield dg.AssetCheckResult(
            asset_key=ON_POSTGRES, check_name=IN_FORCE, passed=not gone, description=broken
        )

    return execute


def of_an_earlier_version(instance: dg.DagsterInstance) -> str:
    """A night whose steps told less, and one of which is no longer known; returns its id."""

    @dg.asset
    def forgotten() -> None:
        """A step that there is no more."""

    @dg.multi_asset(
        specs=[dg.AssetSpec(PUBLICATION, deps=[forgotten])],
        check_specs=[dg.AssetCheckSpec(RECONCILED, asset=PUBLICATION)],
    )
    def publish() -> Iterator[dg.MaterializeResult[None]]:
        check = dg.AssetCheckResult(asset_key=PUBLICATION, check_name=RECONCILED, passed=True)
        yield dg.MaterializeResult(
            asset_key=PUBLICATION, metadata={"dagster/row_count": 7}, check_results=[check]
        )

    return dg.materialize([forgotten, publish], instance=instance).run_id


def rows(home: Home, query: str) -> list[tuple[object, ...]]:
    with connect(home.warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()


def stages(home: Home, run_id: str) -> list[tuple[object, ...]]:
    return rows(
        home,
        "select stage, source_id, outcome, reason from control.measured_stages "
        f"where run_id = '{run_id}' order by began_at, stage",
    )


def test_a_night_is_told_stage_by_stage_with_what_it_published(
    instance: dg.DagsterInstance, nightly: Nightly
) -> None:
    run_id = night(instance, **{SCHEDULE_NAME_TAG: "every_night", AS_OF_TAG: "2026-05-30"})
    keep_measures(instance, nightly)
    assert stages(nightly.home, run_id) == [
        ("land", "small", "success", ""),
        ("load", "", "success", ""),
        ("build", "", "success", ""),
        ("check", "", "success", ""),
        ("publish", "", "success", ""),
    ]
    assert rows(
        nightly.home,
        "select as_of_date, started_by, outcome, reason, published_rows, published_bytes "
        f"from control.measured_runs where run_id = '{run_id}'",
    ) == [(date(2026, 5, 30), "schedule", "success", "", 7, 4096)]
    assert rows(
        nightly.home,
        "select count(*) from control.measured_stages where seconds >= 0 and began_at is not null",
    ) == [(5,)]
    assert rows(nightly.home, "select * from control.freshness_policies") == [("small", 1.5)]


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ("server holds it", ("publish_to_postgres", "", "success", "")),
        ("server is gone", ("publish_to_postgres", "", "failure", "server is gone")),
    ],
)
def test_what_becomes_of_the_copy_is_a_stage_and_takes_nothing_from_the_publication(
    instance: dg.DagsterInstance, nightly: Nightly, server: str, told: tuple[str, ...]
) -> None:
    run_id = night(instance, broken=server)
    keep_measures(instance, nightly)
    assert stages(nightly.home, run_id)[-2:] == [("publish", "", "success", ""), told]
    assert rows(
        nightly.home,
        f"select outcome, published_rows from control.measured_runs where run_id = '{run_id}'",
    ) == [("success", 7)]


@pytest.mark.parametrize(
    ("broken", "last", "reason"),
    [
        ("load", ("load", "", "failure", "load is broken"), "load: load is broken"),
        ("check", ("check", "", "failure", "no"), "publish: no"),
        ("publish", ("publish", "", "failure", "no"), "publish: no"),
    ],
)
def test_a_run_that_failed_is_told_with_the_stage_and_the_reason(
    broken: str,
    last: tuple[str, ...],
    reason: str,
    instance: dg.DagsterInstance,
    nightly: Nightly,
) -> None:
    run_id = night(instance, broken=broken)
    keep_measures(instance, nightly)
    assert stages(nightly.home, run_id)[-1] == last
    assert rows(
        nightly.home,
        "select outcome, reason, seconds >= 0, published_rows from control.measured_runs "
        f"where run_id = '{run_id}'",
    ) == [("failure", reason, True, None)]


def test_a_run_that_was_killed_is_told_and_nobody_knows_how_long_it_took(
    instance: dg.DagsterInstance, nightly: Nightly
) -> None:
    run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    instance.add_run_tags(run.run_id, {COMMAND_LINE_TAG: run.run_id})
    instance.report_run_failed(run, message=PROCESS_IS_GONE)
    keep_measures(instance, nightly)
    assert rows(
        nightly.home,
        "select started_by, outcome, reason, seconds from control.measured_runs "
        f"where run_id = '{run.run_id}'",
    ) == [("command_line", "failure", PROCESS_IS_GONE, None)]


def test_the_present_run_is_running_until_the_next_one_tells_how_it_ended(
    instance: dg.DagsterInstance, nightly: Nightly
) -> None:
    present = f"from control.measured_runs where run_id = '{nightly.run.run_id}'"
    for _ in range(2):
        keep_measures(instance, nightly)
        assert rows(nightly.home, f"select outcome {present}") == [("running",)]

    run = instance.get_run_by_id(nightly.run.run_id)
    assert run is not None
    instance.report_run_failed(run)
    keep_measures(instance, nightly)
    assert rows(nightly.home, f"select outcome {present}") == [("failure",)]


def test_a_run_of_the_command_line_repeated_in_the_user_interface_is_a_persons(
    instance: dg.DagsterInstance, nightly: Nightly
) -> None:
    run_id = night(instance, **{COMMAND_LINE_TAG: "the run before", AS_OF_TAG: "2026-05-30"})
    keep_measures(instance, nightly)
    assert rows(
        nightly.home,
        f"select started_by from control.measured_runs where run_id = '{run_id}'",
    ) == [("user_interface",)]


def test_what_is_on_record_stays_when_dagster_has_forgotten_it(
    instance: dg.DagsterInstance, nightly: Nightly
) -> None:
    run_id = night(instance)
    keep_measures(instance, nightly)
    instance.delete_run(run_id)
    keep_measures(instance, nightly)
    assert len(stages(nightly.home, run_id)) == 5


def test_runs_of_an_earlier_version_are_told_as_far_as_they_told(
    instance: dg.DagsterInstance, nightly: Nightly
) -> None:
    run_id = of_an_earlier_version(instance)
    keep_measures(instance, nightly)
    assert stages(nightly.home, run_id) == [("publish", "", "success", "")]
    assert rows(
        nightly.home,
        "select outcome, published_rows, published_bytes from control.measured_runs "
        f"where run_id = '{run_id}'",
    ) == [("success", 7, None)]
