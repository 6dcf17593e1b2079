"""A plugin of dbt's adapter for DuckDB: confines the database that dbt opens, as all others are."""

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from ingestion.engine import CLOSED, confine
from ingestion.home import DBT_PROJECT


class Plugin(BasePlugin):
    """Named in `profiles.yml`, with the folder of the state; dbt looks for it by this name."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the folder over."""
        self._state = Path(plugin_config["state"])

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Open the database with nothing that could be loaded by itself."""
        config.update(CLOSED)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Leave it the state and the seeds, before anything is attached or run."""
        is_open = conn.execute("select current_setting('enable_external_access')").fetchone()
        # dbt may come back to a database that this process still has open, and confined.
        if is_open == (True,):
            # Publications may lie on another disk, behind a link that leads out of the state.
            confine(conn, [self._state, self._state / "published", DBT_PROJECT / "seeds"])
