"""The lock of an installation on one machine: the kernel's, on a file in `ADV_HOME`.

The kernel frees it when its holder dies, however it dies; nobody cleans up by hand.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ingestion.home import Home


@dataclass(frozen=True)
class KernelLock:
    """A flock on an open file, which holds the name of whoever has it."""

    descriptor: int
    name: str
    """By which others are told of this process."""

    def take(self) -> bool:
        """Take it, unless another has it."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, self.name.encode(), 0)
        return True

    def holder(self) -> str | None:
        """Who says that they have it."""
        return _name(self.descriptor)

    def assert_held(self) -> None:
        """The kernel takes it from nobody who lives."""


@contextmanager
def kernel_lock(home: Home, holder: str) -> Iterator[KernelLock]:
    """The lock, to be taken; freed at the end."""
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        yield KernelLock(descriptor, f"{holder} (process {os.getpid()})")
    finally:
        os.close(descriptor)


def kernel_holder(home: Home) -> str | None:
    """Who has the lock now; readers ask, too."""
    if not home.lock_file.exists():
        return None
    descriptor = os.open(home.lock_file, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _name(descriptor) or "another run"
    finally:
        os.close(descriptor)
    return None


def _name(descriptor: int) -> str | None:
    return os.pread(descriptor, 200, 0).decode(errors="replace") or None
