"""Where something can befall a run: a function of the product, before or after it is called."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from tests.faults.company import Company


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def lose_exports() -> None:
    """Take away the folder that is being read."""
    shutil.rmtree(_root() / "home" / "exports")


def cut_export() -> None:
    """Leave half of a file that is being read: it is being written at this moment."""
    file = _root() / "home" / "exports" / "document_lines.csv"
    os.truncate(file, file.stat().st_size // 2)


def crash_server() -> None:
    """Kill the PostgreSQL that is being read."""
    _end_server(signal.SIGKILL)


def stop_server() -> None:
    """Stop it as its administrator would, without waiting for readers."""
    _end_server(signal.SIGINT)


def _end_server(by: signal.Signals) -> None:
    pid = Company(_root()).server.data / "postmaster.pid"
    server = psutil.Process(int(pid.read_text(encoding="utf-8").splitlines()[0]))
    server.send_signal(by)
    server.wait(timeout=60)


def _root() -> Path:
    return Path(os.environ["ADV_HOME"]).parent


@dataclass(frozen=True)
class Point:
    """One instant of a run, and what happens then."""

    module: str
    function: str
    when: Literal["before", "after"]
    call: int = 1
    """Of several calls, which."""
    deed: Callable[[], None] = die


POINTS = {
    "some tables landed": Point("ingestion.extract", "complete", "after", call=3),
    "all landed, none judged": Point("orchestration.assets.landing", "decide", "before"),
    "some judged": Point("orchestration.assets.landing", "decide", "after", call=20),
    "inside the load's transaction": Point("ingestion.ledger", "_record", "before"),
    "inside it, the ledger written": Point("ingestion.ledger", "_record_checks", "after", call=35),
    "committed, ledger not copied": Point("ingestion.ledger", "keep_ledger", "before"),
    "before the seeds": Point("orchestration.assets.marts", "load_seeds", "before"),
    "dbt begins to build": Point("orchestration.dbt_runner", "_tell_errors", "before", call=500),
    "dbt builds": Point("orchestration.dbt_runner", "_tell_errors", "before", call=3_000),
    "marts built, not checked": Point("orchestration.publish", "mark_checked", "before"),
    "checked, not exported": Point("orchestration.publish", "_export_parquet", "before"),
    "exported, not on disk": Point("orchestration.publish", "_sync", "before"),
    "on disk, not in force": Point("orchestration.publish", "_mark_complete", "after"),
    "before the rename": Point("orchestration.publish", "_point", "before", call=3),
    "after the rename": Point("orchestration.publish", "_point", "after", call=3),
    "before old publications go": Point("orchestration.publish", "_prune", "before"),
}
"""Where a run is killed. `_point` is called twice for the marts in the making, then for those in
force; `_tell_errors` for each of dbt's events."""

FILES = "ingestion.transports.files.FilesSession"
POSTGRES = "ingestion.transports.postgres.PostgresSession"
SOURCE_POINTS = {
    "the folder vanishes": Point(FILES, "_read", "before", call=5, deed=lose_exports),
    "a file is cut while it is read": Point(
        "ingestion.transports.files.StagedRows", "write", "before", call=6, deed=cut_export
    ),
    "a file is cut before it is read": Point(FILES, "_read", "before", call=5, deed=cut_export),
}
SERVER_POINTS = {
    "the server crashes": Point(POSTGRES, "_copy", "before", call=9, deed=crash_server),
    "the server is stopped": Point(POSTGRES, "_totals", "before", call=4, deed=stop_server),
}
"""What befalls the source while some of its tables have been read."""
