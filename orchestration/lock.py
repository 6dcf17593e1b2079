"""One run at a time, whoever starts it: a kernel lock on `ADV_HOME`.

The kernel frees the lock when its holder dies, however it dies; nobody cleans up by hand.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.errors import BusyError
from ingestion.home import Home
from ingestion.layout import bring_up_to_date

log = logging.getLogger("adv.lock")

WAIT_SECONDS = 30 * 60
ALL_BUT_OWNER = 0o077


@contextmanager
def run_lock(home: Home, holder: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock; wait while another run does, and say who.

    Whoever holds it finds the folders laid out as this version of the product knows them. What is
    written meanwhile, DuckDB's logs and spills included, is its owner's alone: a publication is
    opened to its readers when it is put in force.

    Raises:
        BusyError: the other run did not end in time.
        LayoutError: a newer version of the product has written there.

    """
    home.root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        _acquire(home, descriptor, wait_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{holder} (process {os.getpid()})".encode(), 0)
        before = os.umask(ALL_BUT_OWNER)
        try:
            bring_up_to_date(home)
            yield
        finally:
            os.umask(before)
    finally:
        os.close(descriptor)


def holder_of(home: Home) -> str | None:
    """Who holds the lock now, or nothing."""
    if not home.lock_file.exists():
        return None
    descriptor = os.open(home.lock_file, os.O_RDONLY)  # readers ask, too
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _name(descriptor)
    finally:
        os.close(descriptor)
    return None


def _acquire(home: Home, descriptor: int, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            other = _name(descriptor)
        if time.monotonic() >= deadline:
            raise BusyError(f"{home.root} is in use by {other}; try again when it has ended.")
        if not told:
            log.warning("waiting for %s, which uses %s", other, home.root)
            told = True
        time.sleep(0.5)


def _name(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode(errors="replace") or "another run"
