"""Puts files in their places in one step, so that nobody ever opens half of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from ingestion.errors import ConfigurationError, StorageError

OWNER_WRITES_GROUP_READS = 0o640


def put_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place and move it there: nobody sees half of it.

    It may be read by its owner and the group, since it names customers.

    Raises:
        ConfigurationError: there is no such folder.
        StorageError: it cannot be written there.

    """
    check_folder(target)
    # Formats go by the ending, which the temporary name keeps.
    temporary = target.with_name(f".{uuid4().hex}{target.suffix}")
    try:
        write(temporary)
        temporary.chmod(OWNER_WRITES_GROUP_READS)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> Path:
    """The folder, made if it is missing.

    Raises:
        StorageError: it cannot be made.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror or error}.") from error
    return folder


def set_aside(file: Path, folder: Path) -> Path:
    """Move a file to a folder on its disk; where it lies now: under its name, numbered if taken.

    Raises:
        StorageError: it cannot be moved.

    """
    target, number = folder / file.name, 1
    while target.exists():
        number += 1
        target = folder / f"{file.stem} ({number}){file.suffix}"
    try:
        return file.rename(target)
    except OSError as error:
        raise StorageError(f"{file} cannot be moved: {error.strerror or error}.") from error


def check_folder(target: Path) -> None:
    """See that a file has a folder to be put in.

    Raises:
        ConfigurationError: there is no such folder.

    """
    if not target.parent.is_dir():
        raise ConfigurationError(f"{target} cannot be written: there is no folder {target.parent}.")
