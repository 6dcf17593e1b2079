"""The sources file, `ADV_HOME/config/sources.yaml`: typed, with errors that say where.

Secrets are never written in it, only referenced as `${NAME_OF_ENVIRONMENT_VARIABLE}`. A transport's
settings are a class in `sources.py`; what a setting means is said there and nowhere else.
"""

from ingestion.config.connection import LOOPBACK, Connection, MariadbConnection
from ingestion.config.limits import Limits, PublicationLimits, Retention
from ingestion.config.odbc import OdbcConnection
from ingestion.config.publish_to import PostgresServer, PublishTo
from ingestion.config.reports import DigestDelivery, ListDelivery, ReportSettings, addresses
from ingestion.config.settings import duration, secret
from ingestion.config.sources import (
    DatabaseSource,
    DuckdbSource,
    FatturapaSource,
    FecSource,
    FileSource,
    FolderSource,
    MariadbSource,
    OdbcSource,
    PostgresSource,
    RestSource,
    Source,
    SqliteSource,
)
from ingestion.config.sources_file import Sources, read_sources
from ingestion.config.spark import SparkSettings
from ingestion.config.storage import RemoteFolder, Storage

__all__ = [
    "LOOPBACK",
    "Connection",
    "DatabaseSource",
    "DigestDelivery",
    "DuckdbSource",
    "FatturapaSource",
    "FecSource",
    "FileSource",
    "FolderSource",
    "Limits",
    "ListDelivery",
    "MariadbConnection",
    "MariadbSource",
    "OdbcConnection",
    "OdbcSource",
    "PostgresServer",
    "PostgresSource",
    "PublicationLimits",
    "PublishTo",
    "RemoteFolder",
    "ReportSettings",
    "RestSource",
    "Retention",
    "Source",
    "Sources",
    "SparkSettings",
    "SqliteSource",
    "Storage",
    "addresses",
    "duration",
    "read_sources",
    "secret",
]
