"""Dagster's web server and daemon, on loopback."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from ingestion.config import read_sources
from ingestion.home import PROJECT, Home
from ingestion.ledger import prepare_warehouse
from orchestration.dbt_runner import prepare_manifest
from orchestration.instance import open_instance
from orchestration.lock import run_lock

LOOPBACK = "127.0.0.1"


def serve(home: Home, port: int) -> NoReturn:
    """Become Dagster, which runs both until it is stopped: a signal to this process reaches it.

    The instance and the manifest are made first: two processes that create an empty instance
    at once break it for good.

    Raises:
        ConfigurationError: the sources file is missing or wrong.

    """
    sources = read_sources(home.sources_file)
    with run_lock(home, "the start of the user interface"):
        open_instance(home).dispose()
        prepare_warehouse(home)
        prepare_manifest(home, sources.systems)
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "--workspace", str(PROJECT / "workspace.yaml")),
        *("--host", LOOPBACK, "--port", str(port)),
    ]
    # Dagster takes SIGTERM for SIGINT, which is ignored in what a shell starts in the background.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(home.root)
    os.execve(command[0], command, {**os.environ, "PYTHONWARNINGS": "ignore"})  # noqa: S606
