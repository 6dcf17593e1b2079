"""Great Expectations' Data Docs, built on request from the verdicts that batches carry.

The pages show rules and counts only: no key, no value, nothing of a row, so they can be shown
to anybody. Importing this module imports Great Expectations.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from data_quality.gx_duckdb import quiet_context  # isort: skip, sets GX up before it is imported

from great_expectations.core import (
    ExpectationSuite,
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    RunIdentifier,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from data_quality.expectations import observed
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.landing import Batch, CheckResult, batches

SITE = "adv"


def last_batches(home: Home) -> list[Batch]:
    """The newest batch of every table that has a verdict, refused ones included."""
    decided = [b for b in batches(home.landing) if b.manifest.verdict != "pending"]
    by_load = sorted([*decided, *batches(home.quarantine)], key=lambda b: b.manifest.load_id)
    newest = {batch.name: batch for batch in by_load}
    return [newest[name] for name in sorted(newest)]


def build(decided: Iterable[Batch], into: Path) -> Path:
    """Write the site, one page per batch, and say where it begins.

    Args:
        decided: batches with their verdicts.
        into: folder for the HTML; an older site in it is replaced.

    Raises:
        WarehouseError: no batch was ever validated.

    """
    pages = list(decided)
    if not pages:
        raise WarehouseError("Nothing was validated yet: there are no data docs to build.")
    context = quiet_context()
    for name in list(context.config.data_docs_sites or {}):
        context.delete_data_docs_site(name)
    context.add_data_docs_site(
        SITE,
        {
            "class_name": "SiteBuilder",
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(into),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    for batch in pages:
        result = _suite_result(batch)
        context.suites.add(
            ExpectationSuite(
                name=batch.name,
                expectations=[
                    one.expectation_config for one in result.results if one.expectation_config
                ],
            )
        )
        context.validation_results_store.set(key=_key(batch), value=result)
    context.build_data_docs(site_names=[SITE])
    return into / "index.html"


def _key(batch: Batch) -> ValidationResultIdentifier:
    manifest = batch.manifest
    return ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name=batch.name),
        run_id=RunIdentifier(run_name=manifest.run_id, run_time=manifest.extracted_at),
        batch_identifier=str(manifest.load_id),
    )


def _suite_result(batch: Batch) -> ExpectationSuiteValidationResult:
    manifest = batch.manifest
    results = [_rule_result(number, check) for number, check in enumerate(manifest.checks)]
    held = sum(bool(result.success) for result in results)
    return ExpectationSuiteValidationResult(
        success=manifest.verdict != "refused",
        results=results,
        suite_name=batch.name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": held,
            "unsuccessful_expectations": len(results) - held,
            "success_percent": 100 * held / len(results) if results else 100.0,
        },
        meta={
            "run_id": {"run_name": manifest.run_id, "run_time": manifest.extracted_at.isoformat()},
            "active_batch_definition": {
                "datasource_name": manifest.source_id,
                "data_asset_name": manifest.table,
            },
        },
    )


def _rule_result(number: int, check: CheckResult) -> ExpectationValidationResult:
    return ExpectationValidationResult(
        success=check.passed,
        expectation_config=ExpectationConfiguration(
            type="expect_rule_to_hold",
            kwargs={"code": f"{number:03d}", "allowed": 0},
            description=check.rule,
            severity=FailureSeverity.WARNING
            if check.severity == "warning"
            else FailureSeverity.CRITICAL,
        ),
        result=observed(check.rows_checked, check.rows_failed),
    )
