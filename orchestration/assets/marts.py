"""Stages 3 to 5: dbt builds the marts, checks judge them, one rename publishes them."""

import json
import logging
import time
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from data_quality.acceptances import record_refusals
from ingestion.config import Retention
from ingestion.engine import connect
from ingestion.errors import AdvError
from ingestion.home import DBT_PROJECT, Home
from ingestion.horizon import shorten_when_due
from orchestration import dbt_runner, news, publish
from orchestration.assets import explained
from orchestration.dbt_runner import NodeResult
from orchestration.measures import PUBLICATION, RECONCILED, SECONDS, keep_measures
from orchestration.notify import tell_publication
from orchestration.resources import Nightly
from orchestration.seeds import load_seeds
from orchestration.upkeep import tidy_up

if TYPE_CHECKING:
    from data_quality.results import RuleResult

log = logging.getLogger("adv.marts")

TESTS = "dbt_tests"
TAKEN_OVER = "taken over from run"


def marts_assets(home: Home) -> dg.AssetsDefinition:
    """One asset per dbt model, with one check that gathers the model's tests."""
    manifest = json.loads(dbt_runner.manifest_file(home).read_text(encoding="utf-8"))
    models = _models_in_build_order(manifest)
    tests = _tests_by_model(manifest, models)
    specs = [_spec(node, manifest) for node in models.values()]
    checks = [
        dg.AssetCheckSpec(TESTS, asset=_key(models[model]), description="dbt tests of the model.")
        for model in tests
    ]

    @dg.multi_asset(name="dbt", specs=specs, check_specs=checks, required_resource_keys={"nightly"})
    def dbt(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        nightly: Nightly = context.resources.nightly
        publish.discard_unfinished(nightly.home)
        publish.begin(nightly.home, nightly.run.run_id)
        try:
            load_seeds(nightly.home)
            keep_measures(context.instance, nightly)
            built, taken_over = _build(nightly)
        except AdvError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        results = {result.unique_id: result for result in built}
        for unique_id, node in models.items():
            result = results.get(unique_id)
            if result and not result.failed:
                yield dg.MaterializeResult(
                    asset_key=_key(node), metadata={"seconds": round(result.seconds, 3)}
                )
            elif node["resource_type"] == "seed" or taken_over:
                yield dg.MaterializeResult(asset_key=_key(node), metadata=taken_over)
        for model, names in tests.items():
            found = [results[name] for name in names if name in results]
            yield _checked(_key(models[model]), found, taken_over)
        failed = [result for result in results.values() if result.failed]
        if failed:
            raise dg.Failure(_in_words(failed), allow_retries=False)
        log.info("dbt: %d models and tests", len(results))

    return dbt


def _build(nightly: Nightly) -> tuple[list[NodeResult], dict[str, str]]:
    """Build what is new; of which run the other tables are, where they are taken over."""
    home, run = nightly.home, nightly.run
    if nightly.target == "spark":
        from orchestration import spark_build

        # Of DuckDB's own tables nothing is said by what Spark builds beside them.
        news.remember(home, None)
        return spark_build.build(home, nightly.sources.spark), {}
    in_force, made_of = publish.marts_in_force(home), news.ingredients(home, run.as_of_date)
    before = in_force.parent.name if in_force else ""
    is_same = news.last_build(home) == news.Build(before, made_of)
    news.remember(home, None)
    if is_same:
        log.info("nothing new: core and kpi are those of run %s", before)
        publish.take_over(home, run.run_id)
    built = dbt_runner.build(home, "meta" if is_same else None)
    if not any(result.failed for result in built):
        news.remember(home, news.Build(run.run_id, made_of))
    return built, {TAKEN_OVER: before} if is_same else {}


def publication_asset(home: Home) -> dg.AssetsDefinition:
    """What readers see."""
    manifest = json.loads(dbt_runner.manifest_file(home).read_text(encoding="utf-8"))
    marts = [
        _key(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in publish.PUBLISHED_SCHEMAS
    ]

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                PUBLICATION,
                deps=marts,
                group_name="publication",
                description="The marts that BI tools read, as DuckDB file and Parquet.",
                kinds={"duckdb", "parquet"},
                owners=["team:data-engineering"],
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                RECONCILED,
                asset=PUBLICATION,
                description="The marts agree with each other and with the ledger.",
            )
        ],
        required_resource_keys={"nightly"},
    )
    def publish_marts(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        nightly: Nightly = context.resources.nightly
        began = time.monotonic()
        results = _check_marts(nightly)
        refused = [result.message for result in results if result.refuses]
        check = dg.AssetCheckResult(
            asset_key=PUBLICATION,
            check_name=RECONCILED,
            passed=not refused,
            metadata={
                SECONDS: round(time.monotonic() - began, 3),
                "rules checked": len(results),
                **{f"{r.subject}: {r.rule}": r.finding for r in results if not r.passed},
            },
        )
        if refused:
            yield check
            raise dg.Failure("Refused. " + "\n".join(refused), allow_retries=False)
        try:
            publication = publish.publish(
                nightly.home, nightly.run, nightly.sources.keep_publications, nightly.lock
            )
        except AdvError as error:
            yield check
            raise dg.Failure(str(error), allow_retries=False) from error
        log.info("published %s, as of %s", publication.run_id, publication.as_of_date)
        tell_publication(publication)
        tidy_up(nightly.home, nightly.sources.retention)
        forget_what_is_too_old(nightly.home, nightly.sources.retention, nightly.run.known_load)
        yield dg.MaterializeResult(
            asset_key=PUBLICATION,
            metadata={
                "as_of_date": publication.as_of_date.isoformat(),
                "known_at": publication.known_at.isoformat(),
                "tables": publication.tables,
                "dagster/row_count": publication.rows,
                "bytes": (publication.folder / dbt_runner.MARTS_FILE).stat().st_size,
                "path": dg.MetadataValue.path(str(publication.folder)),
            },
            check_results=[check],
        )

    return publish_marts


def forget_what_is_too_old(home: Home, retention: Retention, load_id: int) -> None:
    """Move the horizon of the time machine; whatever fails here, the publication stands."""
    days = retention.history_days
    try:
        shorten_when_due(home, days, load_id)
    except Exception as error:
        log.warning("what is older than %s days could not be folded: %s", days, error)


def _check_marts(nightly: Nightly) -> tuple["RuleResult", ...]:
    """Judge the marts, and let `publish` know when nothing refuses them."""
    from data_quality.marts import check_marts
    from data_quality.publication import compare_with_publication

    marts = nightly.home.published / nightly.run.run_id / dbt_runner.MARTS_FILE
    if not marts.exists():
        return ()
    connection = connect(marts, read_only=True, reach=[nightly.home.published])
    try:
        results = check_marts(connection)
        if in_force := publish.marts_in_force(nightly.home):
            limits = nightly.sources.publication
            results += compare_with_publication(connection, in_force, limits)
    finally:
        connection.close()
    results = nightly.acceptances.applied(results)
    record_refusals(nightly.home, nightly.run.known_load, "marts", results)
    for result in results:
        if result.message and not result.refuses:
            log.warning("%s", result.message)
    if not any(result.refuses for result in results):
        publish.mark_checked(nightly.home, nightly.run.run_id)
    return results


def _models_in_build_order(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models and seeds, parents first: Dagster wants their results in that order."""
    models = {
        unique_id: node
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }
    parents = {
        unique_id: [p for p in node["depends_on"].get("nodes", ()) if p in models]
        for unique_id, node in models.items()
    }
    return {unique_id: models[unique_id] for unique_id in TopologicalSorter(parents).static_order()}


def _spec(node: dict[str, Any], manifest: dict[str, Any]) -> dg.AssetSpec:
    layer = node["schema"]
    return dg.AssetSpec(
        _key(node),
        deps=[_parent_key(manifest, parent) for parent in node["depends_on"].get("nodes", ())],
        group_name=layer,
        description=node["description"] or f"{node['name']}, see {Path(node['path']).as_posix()}",
        kinds={"dbt", "duckdb"},
        owners=["team:data-engineering"],
        metadata={
            **explained.columns(
                (column["name"], column["data_type"] or "", column["description"])
                for column in node["columns"].values()
            ),
            **explained.files(
                {
                    "how it is made": DBT_PROJECT / node["original_file_path"],
                    "what is declared of it": DBT_PROJECT
                    / (node["patch_path"] or "").partition("://")[2],
                }
            ),
        },
    )


def _key(node: dict[str, Any]) -> dg.AssetKey:
    return dg.AssetKey([node["schema"], node["name"]])


def _parent_key(manifest: dict[str, Any], unique_id: str) -> dg.AssetKey:
    if unique_id in manifest["sources"]:
        source = manifest["sources"][unique_id]
        return dg.AssetKey([source["schema"], source["identifier"]])
    return _key(manifest["nodes"][unique_id])


def _tests_by_model(
    manifest: dict[str, Any], models: dict[str, dict[str, Any]]
) -> dict[str, list[str]]:
    """Tests by the model that declares them, or by the last model that they read."""
    found: dict[str, list[str]] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "test":
            continue
        read = [parent for parent in node["depends_on"]["nodes"] if parent in models]
        owner = node.get("attached_node") or (read[-1] if read else None)
        if owner in models:
            found.setdefault(owner, []).append(unique_id)
    return found


def _checked(
    asset: dg.AssetKey, results: list[NodeResult], taken_over: dict[str, str]
) -> dg.AssetCheckResult:
    failed = [result for result in results if result.failed]
    warned = [result for result in results if result.status == "warn"]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=TESTS,
        passed=not failed and not warned,
        severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
        metadata={
            "tests": len(results),
            # What is tested there is not tested again: nothing about it is new.
            **({} if results else taken_over),
            **{_name(result): result.message for result in [*failed, *warned]},
        },
    )


def _name(result: NodeResult) -> str:
    return result.unique_id.split(".")[2]


def _in_words(failed: list[NodeResult]) -> str:
    causes = [result for result in failed if result.status != "skipped"] or failed
    return "dbt failed: " + "; ".join(
        f"{_name(result)}: {result.message.strip()[:500]}" for result in causes[:10]
    )
