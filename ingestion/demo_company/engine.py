"""DuckDB as the generator: its packaged PostgreSQL extension, random draws and working time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import SourceError

if TYPE_CHECKING:
    import duckdb

SQL = Path(__file__).parent / "sql"


def _packaged_extension(name: str) -> Path:
    spec = find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise SourceError(f"The package duckdb-extension-{name.replace('_', '-')} is missing.")
    return next(Path(spec.origin).parent.rglob(f"{name}.duckdb_extension"))


def load_postgres_extension(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckDB's PostgreSQL client from its package, never from the network."""
    _load(connection, "postgres_scanner")


def load_excel_extension(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckDB's Excel writer from its package, never from the network."""
    _load(connection, "excel")


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    path = str(_packaged_extension(name)).replace("'", "''")
    connection.execute(f"LOAD '{path}'")
