"""ODBC drivers of this machine, by the files that they are, so that none needs registering."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import pytest

from ingestion.config import OdbcSource
from ingestion.embedded_postgres import socket_file
from tests.ingestion.postgres_server import Server


def odbc_driver(name: str) -> str:
    """File of a driver; the test is skipped, or fails, where it is not installed."""
    try:
        import_module("arrow_odbc")
        return str(next(Path("/usr/lib").rglob(f"odbc/{name}")))
    except (OSError, StopIteration):
        told = f"{name} is missing: apt-get install unixodbc odbc-postgresql libsqliteodbc"
        if os.environ.get("ADV_REQUIRE_SERVICES"):
            pytest.fail(told)
        pytest.skip(told)


def postgres_by_odbc(server: Server, **options: object) -> OdbcSource:
    """The tests' PostgreSQL, as a source that is read by ODBC."""
    connection: dict[str, object] = {
        "driver": odbc_driver("psqlodbcw.so"),
        "host": str(socket_file(server.data).parent),
        "database": "odoo",
        "user": "postgres",
    }
    connection |= options.pop("connection", {})  # type: ignore[call-overload]
    settings = {"system": "odoo", "transport": "odbc", "dialect": "postgresql", **options}
    return OdbcSource.model_validate({**settings, "connection": connection})
