"""A small SuiteCRM in a database of MariaDB, and the user who reads it."""

from __future__ import annotations

import re
from pathlib import Path

from ingestion.home import PROJECT
from tests.ingestion.mariadb_server import MariadbServer

PAGE = PROJECT / "docs" / "connectors" / "suitecrm.md"
TABLES = Path(__file__).parent.parent / "data" / "suitecrm.sql"


def create_suitecrm(server: MariadbServer) -> None:
    """Make the small SuiteCRM, and the user that its page describes."""
    (statements,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    server.execute(
        "create or replace database suitecrm character set utf8mb4",
        "use suitecrm",
        TABLES.read_text(encoding="utf-8"),
        "drop user if exists adv_reader",
        statements,
    )
