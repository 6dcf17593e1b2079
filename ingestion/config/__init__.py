"""The sources file, `ADV_HOME/config/sources.yaml`: typed, with errors that say where.

Secrets are never written in it, only referenced as `${NAME_OF_ENVIRONMENT_VARIABLE}`. A transport's
settings are a class in `sources.py`; what a setting means is said there and nowhere else.
"""

from ingestion.config.connection import LOOPBACK, Connection
from ingestion.config.limits import Limits, PublicationLimits, Retention
from ingestion.config.settings import duration, secret
from ingestion.config.sources import (
    DatabaseSource,
    FecSource,
    FileSource,
    PostgresSource,
    RestSource,
    Source,
    SqliteSource,
)
from ingestion.config.sources_file import Sources, read_sources

__all__ = [
    "LOOPBACK",
    "Connection",
    "DatabaseSource",
    "FecSource",
    "FileSource",
    "Limits",
    "PostgresSource",
    "PublicationLimits",
    "RestSource",
    "Retention",
    "Source",
    "Sources",
    "SqliteSource",
    "duration",
    "read_sources",
    "secret",
]
