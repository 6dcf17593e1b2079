"""One run at a time, whoever starts it: a lock on `ADV_HOME`.

The kernel keeps it (kernel_lock.py) or, where Dagster's storage is in PostgreSQL and the
installation may so be of several machines, that server (postgres_lock.py).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from ingestion.errors import BusyError
from ingestion.home import Home
from ingestion.layout import bring_up_to_date
from orchestration.kernel_lock import kernel_holder, kernel_lock
from orchestration.own_settings import storage_in_postgres
from orchestration.postgres_lock import postgres_lock, session_names

log = logging.getLogger("adv.lock")

WAIT_SECONDS = 30 * 60
ALL_BUT_OWNER = 0o077


class HeldLock(Protocol):
    """The lock in the hands of whoever works under it."""

    def assert_held(self) -> None:
        """See that it was not lost, before something is put in force.

        Raises:
            LockLostError: it was, and another may have begun.

        """


class Lock(HeldLock, Protocol):
    """What one process at a time has."""

    def take(self) -> bool:
        """Take it, unless another has it."""

    def holder(self) -> str | None:
        """Who has it, as far as they have said."""


@contextmanager
def run_lock(home: Home, holder: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[HeldLock]:
    """Hold the lock; wait while another run does, and say who.

    Whoever holds it finds the folders laid out as this version of the product knows them. What is
    written meanwhile, DuckDB's logs and spills included, is its owner's alone: a publication is
    opened to its readers when it is put in force.

    Raises:
        BusyError: the other run did not end in time.
        LayoutError: a newer version of the product has written there.
        ConfigurationError: the server that keeps the lock cannot be reached.
        StorageError: it failed while the other run was waited for.

    """
    home.root.mkdir(parents=True, exist_ok=True)
    with _lock(home, holder) as lock:
        _wait(home, lock, wait_seconds)
        before = os.umask(ALL_BUT_OWNER)
        try:
            bring_up_to_date(home)
            yield lock
        finally:
            os.umask(before)


def holder_of(home: Home) -> str | None:
    """Who holds the lock now, or nothing.

    Raises:
        ConfigurationError: the server that keeps the lock cannot be reached.
        StorageError: it failed.

    """
    if storage_in_postgres(home) is None:
        return kernel_holder(home)
    with _lock(home, "adv status") as lock:
        return lock.holder()


def run_name(run_id: str) -> str:
    """How a run is called by whoever waits for it."""
    return f"run {run_id}"


def names_in_lock(home: Home) -> list[str]:
    """Who holds the lock or waits for it, on any machine; told only where there may be several.

    Raises:
        ConfigurationError: the server that keeps the lock cannot be reached.

    """
    storage = storage_in_postgres(home)
    return [] if storage is None else session_names(home, storage)


def _lock(home: Home, holder: str) -> AbstractContextManager[Lock]:
    storage = storage_in_postgres(home)
    return kernel_lock(home, holder) if storage is None else postgres_lock(home, storage, holder)


def _wait(home: Home, lock: Lock, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    told = False
    while not lock.take():
        other = lock.holder() or "another run"
        if time.monotonic() >= deadline:
            raise BusyError(f"{home.root} is in use by {other}; try again when it has ended.")
        if not told:
            log.warning("waiting for %s, which uses %s", other, home.root)
            told = True
        time.sleep(0.5)
