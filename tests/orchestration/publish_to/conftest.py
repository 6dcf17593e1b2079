"""A few ready-made marts, and a database of a real PostgreSQL that they are copied into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from ingestion.config import PostgresServer
from ingestion.embedded_postgres import socket_file
from ingestion.engine import connect, quoted_text
from ingestion.home import Home
from orchestration.publish import put_in_force
from orchestration.publish_to.postgres import Copied, publish_to_postgres
from tests.ingestion.postgres_server import Server
from tests.orchestration.conftest import MARK

PASSWORD = f"{MARK}'s \\pass word"
VARIABLE = "ADV_SERVER_PASSWORD"
ASKING = "local marts publisher,power_bi scram-sha-256\n"

MARTS = """
    create schema core;
    create schema kpi;
    create schema meta;
    create table core.dim_customer as
        select 'C' || i as customer_id, 'Café № ' || i as name from range(100) as r (i);
    comment on table core.dim_customer is 'One row per customer.';
    comment on column core.dim_customer.name is 'The customer''s name.';
    create table kpi.aging as
        select
            date '{day}' as as_of_date, 'C' || i as customer_id,
            (99999999999999.9999 - i)::decimal(18, 4) as amount, i % 2 = 0 as is_late, i as items
        from range(100) as r (i);
    create table meta.runs as
        select
            '{run_id}' as run_id, date '{day}' as as_of_date,
            timestamp '2026-06-01 00:12:30.123456' as known_at, {load}::bigint as known_load
        union all
        select 'failed', null, null, null;
"""
"""`as_of_date` tells in each table of which publication its rows are."""


@dataclass(frozen=True)
class Published:
    """An installation with publications, and the server that it copies them to."""

    home: Home
    database: Server
    server: PostgresServer

    def publish_files(self, day: int, *changes: str) -> str:
        """Put marts of a day in June in force, changed by SQL; returns their run."""
        run_id = f"run-{day}-{len(list(self.home.published.glob('*')))}"
        folder = self.home.published / run_id
        folder.mkdir(parents=True)
        with connect(folder / "marts.duckdb") as marts:
            marts.execute(MARTS.format(run_id=run_id, day=f"2026-06-{day:02}", load=day))
            for change in changes:
                marts.execute(change)
        put_in_force(self.home, run_id)
        return run_id

    def publish(self, day: int, *changes: str) -> Copied:
        """Put marts in force, and bring the server to them."""
        self.publish_files(day, *changes)
        return publish_to_postgres(self.home, self.server)

    def connected(self, user: str = "power_bi", **options: Any) -> Any:
        """A connection of somebody's."""
        given = {"host": str(socket_file(self.database.data).parent), "password": PASSWORD}
        return psycopg2.connect(dbname="marts", user=user, **{**given, **options})

    def ask(self, query: str, user: str = "power_bi") -> list[tuple[Any, ...]]:
        """What the server answers to a reader."""
        connection = self.connected(user)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())
        finally:
            connection.close()


def administer(server: Server, *statements: str, database: str = "odoo") -> None:
    """Statements of the administrator's, each by itself."""
    host = str(socket_file(server.data).parent)
    connection = psycopg2.connect(host=host, dbname=database, user="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


@pytest.fixture(scope="session")
def guarded(running_postgres: Server) -> Server:
    """The server of all tests, with the roles and the database that docs/bi/server.md names."""
    rules = running_postgres.data / "pg_hba.conf"
    rules.write_text(ASKING + rules.read_text())
    password = quoted_text(PASSWORD)
    administer(
        running_postgres,
        f"create role publisher login password {password}",
        "create role bi_reader nologin",
        f"create role power_bi login password {password} in role bi_reader",
        "create database marts owner publisher encoding 'UTF8' template template0",
        "revoke all on database marts from public",
        "grant connect on database marts to bi_reader",
        "select pg_reload_conf()",
    )
    return running_postgres


@pytest.fixture
def published(guarded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    """An installation that has not published yet, and an empty database."""
    administer(guarded, "drop schema if exists core, kpi, meta, house cascade", database="marts")
    monkeypatch.setenv(VARIABLE, PASSWORD)
    settings = PostgresServer(
        host=str(socket_file(guarded.data).parent),
        database="marts",
        user="publisher",
        password=f"${{{VARIABLE}}}",
        reader_role="bi_reader",
    )
    return Published(Home(tmp_path / "home"), guarded, settings)
