"""Stage 2: one step merges all accepted batches of the run into raw, in one transaction."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from data_quality.acceptances import refuse
from ingestion.config import Sources
from ingestion.declarations import Table
from ingestion.errors import AdvError, RefusedBatchError
from ingestion.extract import tables_of
from ingestion.landing import Batch, CheckResult, batches
from ingestion.ledger import Merged, merge, positions
from orchestration.assets.landing import landing_key
from orchestration.resources import Nightly

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("adv.load")


def raw_key(table: Table) -> dg.AssetKey:
    """Key of the asset of one raw table, the dbt source of the same name."""
    return dg.AssetKey(["raw", table.raw_name])


def raw_assets(sources: Sources) -> dg.AssetsDefinition:
    """The raw tables of all systems in use."""
    origins: dict[str, tuple[Table, list[dg.AssetKey]]] = {}
    for source_id, source in sources.sources.items():
        for table in tables_of(source):
            _, deps = origins.setdefault(table.raw_name, (table, []))
            deps.append(landing_key(source_id, table.name))
    specs = [
        dg.AssetSpec(
            raw_key(table),
            deps=deps,
            group_name="raw",
            description=f"Every version of every row. {table.description}",
            kinds={"duckdb"},
            owners=["team:data-engineering"],
        )
        for table, deps in origins.values()
    ]

    @dg.multi_asset(name="load", specs=specs, required_resource_keys={"nightly"})
    def load(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        nightly: Nightly = context.resources.nightly
        try:
            merged = _merge(nightly)
        except AdvError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        held = _rows_held(nightly)
        by_table: dict[str, list[Merged]] = {raw_name: [] for raw_name in origins}
        for item in merged:
            by_table[item.batch.table.raw_name].append(item)
        for raw_name, items in by_table.items():
            yield dg.MaterializeResult(
                asset_key=raw_key(origins[raw_name][0]),
                metadata={
                    "dagster/row_count": held.get(raw_name, 0),
                    "rows_added": sum(item.added for item in items),
                    "rows_changed": sum(item.changed for item in items),
                    "rows_deleted": sum(item.deleted for item in items),
                },
            )

    return load


def _rows_held(nightly: Nightly) -> dict[str, int]:
    """Current rows of each raw table, those of sources included that this run did not merge."""
    held: dict[str, int] = {}
    positioned = positions(nightly.home)
    for source_id, source in nightly.sources.sources.items():
        for table in tables_of(source):
            if position := positioned.get((source_id, table.name)):
                held[table.raw_name] = held.get(table.raw_name, 0) + position.rows
    return held


def _merge(nightly: Nightly) -> list[Merged]:
    from data_quality.reconciliation import reconcile

    landed = _whole_sources(nightly, batches(nightly.home.landing, nightly.run.known_load))
    limits = {name: source.limits for name, source in nightly.sources.sources.items()}

    def gate(
        connection: "duckdb.DuckDBPyConnection", merged: list[Batch]
    ) -> Iterator[tuple[str, CheckResult]]:
        results = nightly.acceptances.applied(reconcile(connection, merged, limits))
        refuse(nightly.home, nightly.run.known_load, "load", results)
        nightly.lock.assert_held()  # the commit is next
        return ((result.subject, result.as_check()) for result in results)

    merged = merge(
        nightly.home,
        nightly.run,
        landed,
        gate=gate,
    )
    log.info(
        "raw: %s rows added, %s changed, %s deleted",
        *(f"{sum(getattr(m, name) for m in merged):,}" for name in ("added", "changed", "deleted")),
    )
    return merged


def _whole_sources(nightly: Nightly, landed: list[Batch]) -> list[Batch]:
    """The batches of the sources of which every table was accepted.

    Raises:
        RefusedBatchError: another source that was to be read lacks some, and may not go stale.

    """
    accepted = [batch for batch in landed if batch.manifest.verdict == "accepted"]
    found = {(batch.manifest.source_id, batch.manifest.table) for batch in accepted}
    held, stale = [], set()
    for source_id, source in nightly.sources.sources.items():
        if not nightly.run.reads(source_id):
            continue
        names = [table.name for table in tables_of(source)]
        missing = [f"{source_id}.{name}" for name in names if (source_id, name) not in found]
        if missing and source.on_refusal == "hold":
            held += missing
        elif missing:
            stale.add(source_id)
            log.warning(
                "%s is stale: it stays as it was, without an accepted batch for %s",
                source_id,
                ", ".join(missing),
            )
    if held:
        raise RefusedBatchError(f"No accepted batch in this run for {', '.join(held)}.")
    return [batch for batch in accepted if batch.manifest.source_id not in stale]
