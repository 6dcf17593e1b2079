"""Stage 1: one step per source lands its tables and validates them; the warehouse stays shut."""

import logging
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dagster as dg

from data_quality.acceptances import record_refusals
from ingestion.config import Source
from ingestion.declarations import declared_in
from ingestion.errors import AdvError, SourceError
from ingestion.extract import LandingRequest, land, tables_of
from ingestion.home import PROJECT, Home
from ingestion.landing import Batch, decide
from orchestration.assets import explained
from orchestration.measures import SECONDS
from orchestration.resources import Nightly

if TYPE_CHECKING:
    from data_quality.results import Verdict
    from data_quality.validator import Validator

log = logging.getLogger("adv.land")

CHECK_NAME = "validated"
CONNECTORS = PROJECT / "docs" / "connectors"
RETRIES = dg.RetryPolicy(
    max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


@dataclass(frozen=True)
class Judged:
    """A batch, what validation said of it, and how long both took."""

    batch: Batch
    verdict: "Verdict"
    read_seconds: float
    judged_seconds: float


def landing_key(source_id: str, table: str) -> dg.AssetKey:
    """Key of the asset of one source table."""
    return dg.AssetKey(["landing", source_id, table])


def landing_assets(source_id: str, source: Source) -> dg.AssetsDefinition:
    """The assets of one source: a table each, with a check that blocks unless it may go stale."""
    tables = tables_of(source)
    limit = source.fresh_within
    specs = [
        dg.AssetSpec(
            landing_key(source_id, table.name),
            group_name=f"source_{source_id}",
            description=table.description,
            kinds={source.transport, "parquet"},
            owners=["team:data-engineering"],
            metadata={
                "key": ", ".join(table.key),
                "cursor": table.cursor or "none, read in full",
                **explained.columns((c.name, c.data_type, None) for c in table.columns),
                **explained.files(
                    {
                        "what is declared of it": declared_in(table.system),
                        "what is read, and by which rights": CONNECTORS / f"{table.system}.md",
                    }
                ),
            },
            freshness_policy=dg.FreshnessPolicy.time_window(fail_window=limit) if limit else None,
        )
        for table in tables
    ]
    checks = [
        dg.AssetCheckSpec(
            CHECK_NAME,
            asset=spec.key,
            # A failed blocking check fails the step, and nothing after it would run.
            blocking=source.on_refusal == "hold",
            description="The landed batch keeps the rules of its suite. "
            "`adv docs` writes them with their last verdict as pages.",
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
        if not nightly.run.reads(source_id):
            log.info("%s is not read, as was asked", source_id)
            for table in tables:
                yield _not_asked_for(landing_key(source_id, table.name))
            return
        try:
            judged = _land_and_judge(nightly, source_id, source)
        except SourceError as error:
            if context.retry_number < RETRIES.max_retries:
                log.warning("%s could not be read and is tried again: %s", source_id, error)
                raise
            if source.on_refusal == "hold":
                raise
            log.warning("%s goes stale, since it cannot be read: %s", source_id, error)
            for table in tables:
                yield _not_landed(landing_key(source_id, table.name), str(error))
            return
        except AdvError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        except Exception as error:  # a fault of ours: it does not pass by itself
            raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from error
        for item in judged:
            yield _materialized(nightly.home, item)
        refused = [item for item in judged if not item.verdict.accepted]
        if refused and source.on_refusal == "hold":
            raise dg.Failure(
                "Refused. " + "\n".join(_told(item) for item in refused),
                metadata={item.batch.name: _told(item) for item in refused},
                allow_retries=False,
            )

    return land_source


def _land_and_judge(nightly: Nightly, source_id: str, source: Source) -> list[Judged]:
    from data_quality.validator import Validator, warm_up

    warm_up()
    request = LandingRequest(
        home=nightly.home,
        source_id=source_id,
        source=source,
        load_id=nightly.run.known_load,
        run_id=nightly.run.run_id,
        positions=nightly.positions,
        again=nightly.again,
    )
    # One table is validated while the next is being read.
    with Validator(nightly.home.landing) as validator, ThreadPoolExecutor(1) as beside:
        judging = [
            beside.submit(_validate, nightly, request, validator, batch, seconds)
            for batch, seconds in _timed(land(request))
        ]
        log.info("%s: %d tables read", source_id, len(judging))
        found = [judged.result() for judged in judging]
    verdicts = [item.verdict for item in found]
    for verdict in verdicts:
        record_refusals(nightly.home, request.load_id, "landing", verdict.results)
    refused = [verdict.batch.name for verdict in verdicts if not verdict.accepted]
    judged = [_decide(request, item, held_back=bool(refused)) for item in found]
    if refused:
        log.warning(
            "%s: refused %s; nothing of this load of the source will be merged",
            source_id,
            ", ".join(refused),
        )
    log.info(
        "%s: %s rows, %d rules checked, %d tables refused, %d rows quarantined",
        source_id,
        f"{sum(verdict.batch.manifest.rows for verdict in verdicts):,}",
        sum(len(item.verdict.results) for item in judged),
        sum(not item.verdict.accepted for item in judged),
        sum(item.verdict.quarantined_rows for item in judged),
    )
    return judged


def _timed(batches: Iterable[Batch]) -> Iterator[tuple[Batch, float]]:
    """Each batch, and the seconds that it took to read."""
    began = time.monotonic()
    for batch in batches:
        yield batch, time.monotonic() - began
        began = time.monotonic()


def _validate(
    nightly: Nightly,
    request: LandingRequest,
    validator: "Validator",
    batch: Batch,
    read_seconds: float,
) -> Judged:
    began = time.monotonic()
    position = request.positions.get((batch.manifest.source_id, batch.manifest.table))
    verdict = validator.validate(
        batch,
        position.rows if position else None,
        request.source.limits,
        nightly.acceptances,
    )
    return Judged(verdict.batch, verdict, read_seconds, time.monotonic() - began)


def _decide(request: LandingRequest, judged: Judged, *, held_back: bool) -> Judged:
    """Tables of a source belong together: with one refused, the others are held back."""
    verdict = judged.verdict
    decided = decide(
        request.home,
        verdict.batch,
        accepted=verdict.accepted,
        checks=verdict.checks,
        quarantined_rows=verdict.quarantined_rows,
        held_back=held_back,
    )
    return replace(judged, batch=decided)


def _materialized(home: Home, judged: Judged) -> dg.MaterializeResult[None]:
    manifest = judged.batch.manifest
    key = landing_key(manifest.source_id, manifest.table)
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": manifest.source_rows,
            "rows_read": manifest.rows,
            "rows_quarantined": manifest.quarantined_rows + manifest.rejected_rows,
            "window": f"{manifest.cursor_from or 'everything'} → {manifest.cursor_to or 'now'}",
            "load_id": str(manifest.load_id),
            "verdict": manifest.verdict,
            SECONDS: round(judged.read_seconds, 3),
        },
        check_results=[
            dg.AssetCheckResult(
                asset_key=key,
                check_name=CHECK_NAME,
                passed=judged.verdict.accepted,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={
                    SECONDS: round(judged.judged_seconds, 3),
                    "data docs": dg.MetadataValue.path(str(home.data_docs / "index.html")),
                    **judged.verdict.metadata,
                },
            )
        ],
    )


def _not_landed(key: dg.AssetKey, reason: str) -> dg.MaterializeResult[None]:
    """What a source that cannot be read gives: without a result, Dagster would skip the load."""
    check = dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK_NAME,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=reason,
        metadata={"reason": reason},
    )
    return dg.MaterializeResult(
        asset_key=key, metadata={"verdict": "not landed", "reason": reason}, check_results=[check]
    )


def _not_asked_for(key: dg.AssetKey) -> dg.MaterializeResult[None]:
    """What a source gives that the run leaves out, where its step is part of the run."""
    verdict = {"verdict": "not read, as was asked"}
    check = dg.AssetCheckResult(asset_key=key, check_name=CHECK_NAME, passed=True, metadata=verdict)
    return dg.MaterializeResult(asset_key=key, metadata=verdict, check_results=[check])


def _told(judged: Judged) -> str:
    return judged.verdict.message or f"{judged.batch.name}: no reason recorded"
