"""A session of Spark, whose driver this process is."""

from __future__ import annotations

import os
import shutil
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingestion.config.spark import SparkSettings
from ingestion.errors import ConfigurationError, SparkError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WAIT_SECONDS = 60
"""For the first worker; Spark itself would wait for ever."""
DEFAULTS = {
    "spark.app.name": "adv",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Hive's catalogue would outlive the run, and is one more database to keep.
    "spark.sql.catalogImplementation": "in-memory",
    # Most tables are small; where they are not, Spark splits what is skewed by itself.
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
RELIED_ON = {
    # Errors instead of NULLs, and types that are checked: as DuckDB does it.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # Instants are UTC without zone, in Parquet and in the models.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}


@contextmanager
def spark_session(settings: SparkSettings, tables: str) -> Iterator[SparkSession]:
    """A session, with no tables yet, which ends with the block.

    Args:
        settings: the cluster, and what it is told.
        tables: folder, as a URI, where tables are kept.

    Raises:
        ConfigurationError: Spark or Java is not installed.
        SparkError: the cluster cannot be reached, or has no worker.

    """
    assert_usable(settings)
    # Rows come and go by Arrow; what it does with pandas is never asked for.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(settings.master)
    told = {**DEFAULTS, **settings.settings, **RELIED_ON, "spark.sql.warehouse.dir": tables}
    for name, value in told.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise SparkError(
            f"Spark at {settings.master} did not start: {_first_line(error)}"
        ) from None
    session.sparkContext.setLogLevel("ERROR")
    try:
        _await_workers(session, settings.master)
        yield session
    finally:
        session.stop()


def assert_usable(settings: SparkSettings) -> None:
    """See to it that a session can be had, before anything is read for it.

    Raises:
        ConfigurationError: Spark or Java is not installed.
        SparkError: the cluster cannot be reached.

    """
    if not find_spec("pyspark") or not find_spec("dbt.adapters.spark"):
        raise ConfigurationError(
            "Spark is not installed: the extra `spark` brings it, "
            "`pip install 'adv-warehouse[spark]'`."
        )
    java = os.environ.get("JAVA_HOME")
    if not shutil.which(f"{java}/bin/java" if java else "java"):
        raise ConfigurationError(
            "Spark needs Java 17 or 21, and there is none at "
            f"{java or 'any place of PATH'}: install it (openjdk-17-jre-headless) or set JAVA_HOME."
        )
    _assert_reachable(settings.master)


def _assert_reachable(master: str) -> None:
    """Spark would try three times for twenty seconds, and say little."""
    if not master.startswith("spark://"):
        return
    masters = master.removeprefix("spark://").split(",")
    for address in masters:
        found = urlsplit(f"//{address}")
        try:
            socket.create_connection((found.hostname or "", found.port or 7077), timeout=5).close()
            return
        except OSError:
            continue
    raise SparkError(f"No Spark answers at {master}; is the master of the cluster running?")


def _await_workers(session: SparkSession, master: str) -> None:
    if master.startswith("local"):
        return
    scala = session.sparkContext._jsc.sc()
    until = time.monotonic() + WAIT_SECONDS
    while scala.getExecutorMemoryStatus().size() < 2:  # the driver is one of them
        if time.monotonic() > until:
            raise SparkError(
                f"{master} gave no worker within {WAIT_SECONDS} seconds; are there any, and have "
                "they the memory and the cores that `spark.settings` ask for?"
            )
        time.sleep(0.2)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
