"""Looks at this process every few milliseconds: what it is doing, for whom, with how much memory.

A sample asks two questions of every thread that is at work.

- *Stage*: which step of the night the thread is in, by the function of ours that it is inside of.
- *Owner*: whose code it is in. Time inside a query is DuckDB's; otherwise the innermost frame of
  Dagster, dbt, Great Expectations or this project owns it, imports included.
"""

from __future__ import annotations

import linecache
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from types import FrameType

import psutil

INTERVAL = 0.02

STAGES = {
    ("ingestion/extract.py", "land"): "extraction",
    ("orchestration/assets/landing.py", "_judge"): "validation",
    ("data_quality/reconciliation.py", "gate"): "validation",
    ("data_quality/marts.py", "check_marts"): "validation",
    ("ingestion/ledger.py", "merge"): "load",
    ("orchestration/dbt_runner.py", "build"): "dbt build",
    ("orchestration/seeds.py", "load_seeds"): "dbt build",
    ("dbt/task/runnable.py", "call_runner"): "dbt build",
    ("orchestration/publish.py", "publish"): "publication",
}
OWNERS = {
    "/site-packages/dagster": "Dagster",
    "/site-packages/dbt": "dbt",
    "/site-packages/great_expectations/": "Great Expectations",
    "/ingestion/": "this project",
    "/data_quality/": "this project",
    "/orchestration/": "this project",
    "/dbt_project/": "this project",
}
QUERIES = (
    "/dbt/adapters/duckdb/",
    "/duckdb_engine/",
    "/ingestion/",
    "/data_quality/",
    "/orchestration/",
)
WAITING = ("/threading.py", "/queue.py", "/selectors.py", "/multiprocessing/", "/benchmarks/")
ELSEWHERE = "orchestration"


@dataclass
class Sampler:
    """Samples until the block ends."""

    stages: Counter[str] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)
    memory: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Highest resident bytes seen in a stage."""
    seconds: float = 0.0

    def __enter__(self) -> Sampler:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.seconds = time.perf_counter() - self._began

    def _sample(self) -> None:
        process = psutil.Process()
        mine = threading.get_ident()
        while not self._done.wait(INTERVAL):
            found = [_judged(f) for name, f in sys._current_frames().items() if name != mine]
            at_work = [item for item in found if item]
            stage = _foremost([stage for stage, _ in at_work])
            self.stages[stage] += 1
            self.memory[stage] = max(self.memory[stage], process.memory_info().rss)
            for _, owner in at_work:
                self.owners[owner] += 1


def _foremost(stages: list[str]) -> str:
    """The stage of the instant: a thread that waits for dbt's workers is in dbt's stage."""
    return next((stage for stage in stages if stage != ELSEWHERE), ELSEWHERE)


def _judged(frame: FrameType) -> tuple[str, str] | None:
    """Stage and owner of a thread, nothing for one that waits."""
    path = frame.f_code.co_filename
    if any(part in path for part in WAITING):
        return None
    return _stage(frame), "DuckDB" if _in_query(frame) else _owner(frame)


def _in_query(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    if not any(part in path for part in QUERIES):
        return False
    line = linecache.getline(path, frame.f_lineno)
    return any(call in line for call in (".execute(", ".fetch", ".commit(", ".close("))


def _stage(frame: FrameType | None) -> str:
    while frame:
        code = frame.f_code
        for (path, function), stage in STAGES.items():
            if code.co_name == function and code.co_filename.endswith(path):
                return stage
        frame = frame.f_back
    return ELSEWHERE


def _owner(frame: FrameType | None) -> str:
    while frame:
        path = frame.f_code.co_filename
        for part, owner in OWNERS.items():
            if part in path:
                return owner
        frame = frame.f_back
    return "Python"
