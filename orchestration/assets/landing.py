"""Stage 1: one step per source lands its tables and validates them; the warehouse stays shut."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import dagster as dg

from ingestion.config import Source
from ingestion.errors import AdvError, SourceError
from ingestion.extract import LandingRequest, land, tables_of
from ingestion.landing import Batch
from ingestion.ledger import positions
from orchestration.resources import Nightly

log = logging.getLogger("adv.land")

CHECK_NAME = "validated"
RETRIES = dg.RetryPolicy(
    max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def landing_key(source_id: str, table: str) -> dg.AssetKey:
    """Key of the asset of one source table."""
    return dg.AssetKey(["landing", source_id, table])


def landing_assets(source_id: str, source: Source) -> dg.AssetsDefinition:
    """The assets of one source: a table each, with a blocking check each."""
    tables = tables_of(source)
    specs = [
        dg.AssetSpec(
            landing_key(source_id, table.name),
            group_name=f"source_{source_id}",
            description=table.description,
            kinds={source.transport, "parquet"},
            owners=["team:data-engineering"],
            metadata={"key": ", ".join(table.key), "cursor": table.cursor or "none, read in full"},
        )
        for table in tables
    ]
    checks = [
        dg.AssetCheckSpec(
            CHECK_NAME,
            asset=spec.key,
            blocking=True,
            description="The landed batch keeps the rules of its suite.",
        )
        for spec in specs
    ]

    @dg.multi_asset(
        name=f"land_{source_id}",
        specs=specs,
        check_specs=checks,
        required_resource_keys={"nightly"},
        retry_policy=RETRIES,
    )
    def land_source(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        nightly: Nightly = context.resources.nightly
        try:
            judged = _land_and_judge(nightly, source_id, source)
        except SourceError:
            raise  # may pass: Dagster tries again
        except AdvError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        for batch in judged:
            yield _materialized(batch)
        refused = [batch for batch in judged if batch.manifest.verdict == "refused"]
        if refused and source.on_refusal == "hold":
            raise dg.Failure(
                "Refused: " + "; ".join(_why(batch) for batch in refused),
                metadata={batch.name: _why(batch) for batch in refused},
                allow_retries=False,
            )

    return land_source


def _land_and_judge(nightly: Nightly, source_id: str, source: Source) -> list[Batch]:
    from data_quality.validator import judge

    request = LandingRequest(
        home=nightly.home,
        source_id=source_id,
        source=source,
        load_id=nightly.run.known_load,
        run_id=nightly.run.run_id,
        positions=positions(nightly.home),
        full_refresh=nightly.full_refresh,
    )
    landed = list(land(request))
    log.info(
        "%s: %d tables read, %s rows",
        source_id,
        len(landed),
        f"{sum(batch.manifest.rows for batch in landed):,}",
    )
    return judge(nightly.home, landed, request.positions)


def _materialized(batch: Batch) -> dg.MaterializeResult[None]:
    manifest = batch.manifest
    failed = [check for check in manifest.checks if not check.passed]
    return dg.MaterializeResult(
        asset_key=landing_key(manifest.source_id, manifest.table),
        metadata={
            "dagster/row_count": manifest.source_rows,
            "rows_read": manifest.rows,
            "rows_quarantined": manifest.quarantined_rows + manifest.rejected_rows,
            "window": f"{manifest.cursor_from or 'everything'} → {manifest.cursor_to or 'now'}",
            "load_id": str(manifest.load_id),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=CHECK_NAME,
                passed=manifest.verdict == "accepted",
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={
                    "rules": len(manifest.checks),
                    "rules_failed": len(failed),
                    **{
                        check.rule: f"{check.rows_failed:,} of {check.rows_checked:,} rows"
                        + (f"; {check.message}" if check.message else "")
                        + (f"; e.g. {', '.join(check.examples[:5])}" if check.examples else "")
                        for check in failed
                    },
                },
            )
        ],
    )


def _why(batch: Batch) -> str:
    reasons = [
        f"{check.rule}: {check.message or f'{check.rows_failed:,} rows'}"
        for check in batch.manifest.checks
        if not check.passed and check.severity != "warning"
    ]
    return f"{batch.name} ({'; '.join(reasons) or 'no reason recorded'})"
