"""Where the demo company's ERP runs."""

from __future__ import annotations

from pathlib import Path

from ingestion.embedded_postgres import (
    embedded_postgres,
    remove_embedded_postgres,
    stop_embedded_postgres,
)


def postgres_directory(demo: Path) -> Path:
    """Data directory of the demo company's PostgreSQL."""
    return demo / "postgres"


def running(demo: Path) -> str:
    """Connection string (libpq) of the demo company's database; starts the server if needed."""
    return embedded_postgres(postgres_directory(demo))


def stop(demo: Path) -> None:
    """Stop the demo company's PostgreSQL; does nothing when it is not running."""
    stop_embedded_postgres(postgres_directory(demo))


def remove(demo: Path) -> None:
    """Stop the demo company's PostgreSQL and delete its data."""
    remove_embedded_postgres(postgres_directory(demo))
