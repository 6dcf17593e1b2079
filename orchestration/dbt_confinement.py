"""A plugin of dbt's adapter for DuckDB: confines the database that dbt opens, as all others are.

It also completes the paths of the profile by the folder of the state. dbt parses the whole project
again when its profile changes, and so for every place where an installation could lie.
"""

import os
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from ingestion.engine import CLOSED, confine
from ingestion.home import DBT_PROJECT


class Plugin(BasePlugin):
    """Named in `profiles.yml`; dbt looks for it by this name."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:  # noqa: ARG002
        """Take over where the state lies."""
        self._state = Path(os.environ.get("ADV_STATE_FOLDER", "."))

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Find the databases, and open them with nothing that could be loaded by itself."""
        for database in (creds, *(creds.attach or ())):
            if database.path != ":memory:":
                database.path = str(self._state / database.path)
        config.update(CLOSED)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Leave it the state and the seeds, before anything is attached or run."""
        is_open = conn.execute("select current_setting('enable_external_access')").fetchone()
        # dbt may come back to a database that this process still has open, and confined.
        if is_open == (True,):
            # Publications may lie on another disk, behind a link that leads out of the state.
            confine(conn, [self._state, self._state / "published", DBT_PROJECT / "seeds"])
