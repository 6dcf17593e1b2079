"""Dagster's consolidated SQLite event log, on connections that stay open.

Dagster opens a connection for every event and waits for the disk at every commit. A night
writes thousands of events, none of which the business depends on: with pooled connections and
`synchronous = normal`, which in WAL mode still never corrupts, they cost a third. And it asks for
every event, by a connection of its own, whether a table is there that has always been.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import sqlalchemy as db
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS


class TunedSqliteEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """The event log that `dagster.yaml` names."""

    @cached_property
    def _engine(self) -> db.Engine:
        engine = db.create_engine(
            self._conn_string,
            pool_size=4,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )

        @db.event.listens_for(engine, "connect")
        def _relax(connection: Any, _record: Any) -> None:
            connection.execute("pragma synchronous = normal")

        return engine

    @cached_property
    def _seen_tables(self) -> set[str]:
        return set()

    def has_table(self, table_name: str) -> bool:
        """Whether a table exists; one that does is looked for once."""
        if table_name not in self._seen_tables and super().has_table(table_name):
            self._seen_tables.add(table_name)
        return table_name in self._seen_tables

    def delete_events(self, run_id: str) -> None:
        """Delete what a run logged and what its checks found, which Dagster would keep."""
        super().delete_events(run_id)
        checks = AssetCheckExecutionsTable
        with self._connect() as connection:
            connection.execute(checks.delete().where(checks.c.run_id == run_id))

    @contextmanager
    def _connect(self) -> Iterator[db.Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection
