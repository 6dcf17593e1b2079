"""Two databases of Dolibarr: its own demo of long ago, and a small company in today's schema."""

from __future__ import annotations

import re
from pathlib import Path

from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.postgres_server import Server
from tests.real_data import real_data

TODAY = Path(__file__).parent.parent / "data" / "dolibarr_today.sql"
DUMP = ("dolibarr", "mysqldump_dolibarr_3.5.0.sql")
AS_POSTGRES = {
    r"\bdatetime\b": "timestamp",
    r"\bdouble\b(\(\d+,\d+\))?": "double precision",
    r" on update current_timestamp": "",
}
"""What Dolibarr's installer changes, too, of the statements that are written for MySQL."""


def restore_dump(server: MariadbServer, database: str) -> None:
    """Fill a database of MariaDB from the dump of Dolibarr's demo."""
    _fill(server, database, real_data(*DUMP).read_text(encoding="utf-8"))


def create_today(server: MariadbServer, database: str) -> None:
    """Make the small company in a database of MariaDB."""
    _fill(server, database, TODAY.read_text(encoding="utf-8"))


def create_today_in_postgres(server: Server) -> None:
    """Make the small company in PostgreSQL."""
    statements = TODAY.read_text(encoding="utf-8")
    for pattern, written in AS_POSTGRES.items():
        statements = re.sub(pattern, written, statements)
    server.execute(statements)


def _fill(server: MariadbServer, database: str, statements: str) -> None:
    server.execute(
        f"create database {database} character set utf8mb4",
        f"use {database}",
        "set time_zone = '+00:00'",
        statements,
    )
