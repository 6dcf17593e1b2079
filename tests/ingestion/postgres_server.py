"""A PostgreSQL of the tests' own, and a way to change what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingestion.config import PostgresSource
from ingestion.embedded_postgres import embedded_postgres, stop_embedded_postgres
from ingestion.engine import connect, quoted_text


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL."""

    data: Path

    def execute(self, *statements: str) -> None:
        """Change what the server holds."""
        with self._connected() as connection:
            for statement in statements:
                connection.execute(f"call postgres_execute('pg', {quoted_text(statement)})")

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """What the server answers."""
        with self._connected() as connection:
            answer = f"select * from postgres_query('pg', {quoted_text(query)})"
            return connection.execute(answer).fetchall()

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = connect(extensions=["postgres_scanner"])
        try:
            dsn = quoted_text(embedded_postgres(self.data))
            connection.execute(f"attach {dsn} as pg (type postgres)")
            yield connection
        finally:
            connection.close()

    def source(self, **options: object) -> PostgresSource:
        """A configured source on this server."""
        settings: dict[str, object] = {
            "system": "odoo",
            "transport": "postgres",
            "embedded": self.data,
        }
        return PostgresSource.model_validate({**settings, **options})


@pytest.fixture(scope="session")
def running_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One PostgreSQL for all tests of a session."""
    data = tmp_path_factory.mktemp("postgres") / "data"
    embedded_postgres(data)
    yield Server(data)
    stop_embedded_postgres(data)


@pytest.fixture(scope="module")
def server(running_postgres: Server) -> Server:
    """It, with nothing in it: what the tests of another file left is gone."""
    running_postgres.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where pid <> pg_backend_pid() and backend_type = 'client backend'",
        "drop schema public cascade",
        "create schema public",
        "grant usage on schema public to public",
    )
    return running_postgres
