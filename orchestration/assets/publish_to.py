"""Stage 6, where servers are configured: they get a copy of what has been published."""

import logging
from collections.abc import Iterator

import dagster as dg

from ingestion.config import PublishTo
from orchestration.measures import IN_FORCE, ON_POSTGRES, PUBLICATION, PUBLISHING_TO_POSTGRES
from orchestration.notify import tell_behind
from orchestration.publish_to.postgres import publish_to_postgres
from orchestration.resources import Nightly

log = logging.getLogger("adv.publish_to")


def postgres_asset(publish_to: PublishTo) -> dg.AssetsDefinition:
    """What readers of the PostgreSQL server see.

    The publication stands whatever becomes of its copy: a server that cannot be brought to it fails
    a check and nothing else.
    """
    server = publish_to.postgres

    @dg.multi_asset(
        name=PUBLISHING_TO_POSTGRES,
        specs=[
            dg.AssetSpec(
                ON_POSTGRES,
                deps=[PUBLICATION],
                group_name="publication",
                description=f"The marts that BI tools read at {server.name}.",
                kinds={"postgres"},
                owners=["team:data-engineering"],
                skippable=True,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                IN_FORCE,
                asset=ON_POSTGRES,
                description="The server holds the publication in force.",
            )
        ],
        required_resource_keys={"nightly"},
    )
    def publish_marts_to_postgres(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        nightly: Nightly = context.resources.nightly
        try:
            nightly.lock.assert_held()
            copied = publish_to_postgres(nightly.home, server)
        except Exception as error:
            log.warning("published, but not to the server: %s", error)
            tell_behind(nightly.home, server.name, str(error))
            yield dg.AssetCheckResult(
                asset_key=ON_POSTGRES, check_name=IN_FORCE, passed=False, description=str(error)
            )
            return
        log.info("%s: %d tables, %s rows", server.name, copied.tables, f"{copied.rows:,}")
        yield dg.MaterializeResult(
            asset_key=ON_POSTGRES,
            metadata={
                "run_id": copied.run_id,
                "tables": copied.tables,
                "dagster/row_count": copied.rows,
                "seconds": round(copied.seconds, 3),
            },
            check_results=[
                dg.AssetCheckResult(asset_key=ON_POSTGRES, check_name=IN_FORCE, passed=True)
            ],
        )

    return publish_marts_to_postgres
