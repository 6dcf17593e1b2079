"""Backup and restore of an installation: all that cannot be made again.

    backup.json            every file by its name, with the checksum of what it held
    objects/ab/abcdef…     what files held, each under its checksum

The warehouse is no part of it: the landing zone gives it again (`adv rebuild`). A backup adds what
its folder lacks, puts another `backup.json` in place of the one before, and only then removes what
that no longer names. So a backup that is killed leaves the one before, and what was erased from the
installation leaves its backup with the next one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ingestion.errors import BackupError, ConfigurationError, LayoutError
from ingestion.home import Home
from ingestion.kept_ledger import kept_loads
from ingestion.layout import LAYOUT, layout_of
from ingestion.pseudonyms import FOLDER_OF_OWNER_ONLY, OWNER_ONLY
from orchestration import publish
from orchestration.lock import run_lock

INVENTORY = "backup.json"
OBJECTS = "objects"
STAGED = "staged.json"
"""In the folder of a restore, once all is there: the inventory of the backup that it is of."""
UNFINISHED = (".partial", ".tmp", ".new")
"""Endings of what is being written, or was when a run was killed."""
CHUNK = 1 << 20


class KeptFile(BaseModel):
    """A file as it was when it was backed up."""

    model_config = ConfigDict(frozen=True)

    checksum: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of what it held, in hexadecimal."""
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970: a file of the same size, time and mode is not read again."""
    mode: int
    """Who may read and write it."""


class Inventory(BaseModel):
    """What a backup holds."""

    model_config = ConfigDict(frozen=True)

    made_at: datetime
    layout: int
    """Layout of the home that it was made from."""
    last_load: int
    """The newest load in the landing zone, 0 before the first."""
    in_force: str | None = Field(pattern=r"^[\w-]+$")
    """The run whose publication was in force."""
    files: dict[str, KeptFile]
    """By path under ADV_HOME."""

    @field_validator("files")
    @classmethod
    def _lie_under_home(cls, value: dict[str, KeptFile]) -> dict[str, KeptFile]:
        for name in value:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise ValueError(f"{name!r} leads out of ADV_HOME")
        return value


@dataclass(frozen=True)
class BackedUp:
    """What a backup did."""

    files: int
    """Files that it holds now."""
    bytes_added: int
    objects_removed: int
    """What files of the backup before held, and none does now."""


def back_up(home: Home, folder: Path) -> BackedUp:
    """Bring a backup up to date, or make it; no run goes on meanwhile.

    Args:
        home: the installation.
        folder: of the backup; a new or an empty one, or that of a backup before.

    Raises:
        ConfigurationError: the folder holds something else, or lies within the installation.
        BackupError: the backup knows newer loads than the installation, is damaged, or there is
            no room.
        BusyError: a run holds the lock for too long.

    """
    folder = folder.resolve()
    _assert_is_apart(home, folder)
    with run_lock(home, "a backup"):
        before = read_inventory(folder) if (folder / INVENTORY).exists() else None
        loads = [int(path.name) for path in kept_loads(home)]
        last_load = loads[-1] if loads else 0
        if before and before.last_load > last_load:
            raise BackupError(
                f"{folder} holds load {before.last_load}, and {home.root} none later than "
                f"{last_load}: it is the backup of another installation, or this one has lost "
                "something. Nothing was changed; name another folder."
            )
        try:
            return _bring_up_to_date(home, folder, before, last_load)
        except (OSError, sqlite3.Error) as error:
            raise BackupError(f"{folder} stays as it was before this backup: {error}") from error


def _assert_is_apart(home: Home, folder: Path) -> None:
    if folder.is_relative_to(home.root) or home.root.is_relative_to(folder):
        raise ConfigurationError(f"{folder} and {home.root} must lie apart.")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder.")
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if held - {INVENTORY, OBJECTS, f"{INVENTORY}.new"}:
        raise ConfigurationError(f"{folder} holds something else; name a new folder.")


def _bring_up_to_date(
    home: Home, folder: Path, before: Inventory | None, last_load: int
) -> BackedUp:
    objects = folder / OBJECTS
    for made in (folder, objects):  # people's names, and the secret behind pseudonyms
        made.mkdir(mode=FOLDER_OF_OWNER_ONLY, parents=True, exist_ok=True)
        made.chmod(FOLDER_OF_OWNER_ONLY)
    known = before.files if before else {}
    files, added = {}, 0
    for name, path in chain(_files(home), _databases(home, objects / "snapshot")):
        kept = known.get(name)
        if kept is None or not _is_as_kept(path, kept, objects):
            kept, bytes_added = _keep(path, objects)
            added += bytes_added
        files[name] = kept
    inventory = Inventory(
        made_at=datetime.now(UTC),
        layout=layout_of(home),
        last_load=last_load,
        in_force=publish.current_run_id(home),
        files=files,
    )
    for shard in (*objects.iterdir(), objects):
        publish.sync_folder(shard)
    _write_inventory(folder / INVENTORY, inventory)
    return BackedUp(len(files), added, _remove_others(objects, inventory))


def _files(home: Home) -> Iterator[tuple[str, Path]]:
    """All that cannot be made again, but for Dagster's databases."""
    areas = [home.layout, home.sources_file.parent, home.landing, home.quarantine]
    areas += [home.refusals, home.acceptances, home.erasures]
    if run_id := publish.current_run_id(home):
        areas.append(home.published / run_id)
    for area in areas:
        for path in sorted((area, *area.rglob("*"))):
            name = path.relative_to(home.root)
            unfinished = any(part.endswith(UNFINISHED) for part in name.parts)
            unfinished |= area == home.landing and name.parts[3:4] == ("parts",)
            if path.is_file() and not unfinished:
                yield name.as_posix(), path


def _databases(home: Home, snapshot: Path) -> Iterator[tuple[str, Path]]:
    """Dagster's databases, each as it is at one instant: its daemon may write meanwhile."""
    for path in sorted(home.dagster.rglob("*.db")):
        snapshot.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(snapshot)) as copy:
            source.backup(copy)
        snapshot.chmod(path.stat().st_mode)
        yield path.relative_to(home.root).as_posix(), snapshot
        snapshot.unlink()


def _is_as_kept(path: Path, kept: KeptFile, objects: Path) -> bool:
    state, held = path.stat(), _object(objects, kept.checksum)
    now = (state.st_size, state.st_mtime_ns, state.st_mode & 0o777)
    same = now == (kept.size, kept.modified, kept.mode)
    return same and held.exists() and held.stat().st_size == kept.size


def _keep(path: Path, objects: Path) -> tuple[KeptFile, int]:
    """Keep what a file holds, unless that is kept already; tells the bytes added, too."""
    state = path.stat()
    incoming = objects / "incoming"
    checksum, size = _copy(path, incoming)
    incoming.chmod(OWNER_ONLY)
    held = _object(objects, checksum)
    is_new = not held.exists()
    held.parent.mkdir(mode=FOLDER_OF_OWNER_ONLY, exist_ok=True)
    incoming.replace(held)
    kept = KeptFile(
        checksum=checksum, size=size, modified=state.st_mtime_ns, mode=state.st_mode & 0o777
    )
    return kept, size if is_new else 0


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy to the disk; checksum and number of the bytes that were copied."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(CHUNK):
            digest.update(chunk)
            size += written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    return digest.hexdigest(), size


def _object(objects: Path, checksum: str) -> Path:
    return objects / checksum[:2] / checksum


def _write_inventory(target: Path, inventory: Inventory) -> None:
    """In one step, and after all that is on the disk already."""
    incoming = target.with_name(f"{INVENTORY}.new")
    incoming.write_text(inventory.model_dump_json(), encoding="utf-8")
    incoming.chmod(OWNER_ONLY)
    with incoming.open("rb") as file:
        os.fsync(file.fileno())
    incoming.replace(target)
    publish.sync_folder(target.parent)


def _remove_others(objects: Path, inventory: Inventory) -> int:
    """Remove what no file of the backup holds."""
    named = {kept.checksum for kept in inventory.files.values()}
    others = [path for path in objects.rglob("*") if path.is_file() and path.name not in named]
    for path in others:
        path.unlink()
    return len(others)


def read_inventory(folder: Path) -> Inventory:
    """What a backup says that it holds.

    Raises:
        BackupError: there is no backup, or what it says cannot be read.

    """
    path = folder / INVENTORY
    try:
        return Inventory.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise BackupError(f"{folder} holds no complete backup: there is no {INVENTORY}.") from None
    except ValidationError as error:
        raise BackupError(f"{path} is damaged ({error.error_count()} faults).") from None


def restore(home: Home, folder: Path) -> Inventory:
    """Put all that a backup holds where it was; `adv rebuild` and `adv run` then go on from it.

    Nothing is in its place before everything has been verified. A restore that is killed is begun
    again, or gone on with, by the same call.

    Raises:
        ConfigurationError: the installation is not empty, but for what this restore put there.
        BackupError: the backup is damaged; nothing was restored.
        LayoutError: a newer product made it.
        BusyError: somebody uses the installation.

    """
    inventory = read_inventory(folder)
    if inventory.layout > LAYOUT:
        raise LayoutError(
            f"{folder} is the backup of a home of layout {inventory.layout}, and this version of "
            f"the product knows those up to {LAYOUT}. Use the newer version that made it."
        )
    with run_lock(home, "a restore", wait_seconds=0):
        staged = Home(home.root / "restore.partial")
        if not _is_staged(staged, inventory):
            _assert_is_empty(home, staged)
            shutil.rmtree(staged.root, ignore_errors=True)
            try:
                _stage(folder, inventory, staged)
            except OSError as error:
                raise BackupError(f"Nothing was restored: {error}") from error
        _put_in_place(staged, home)
    return inventory


def _is_staged(staged: Home, inventory: Inventory) -> bool:
    """Whether a restore of this very backup was killed while it put things in their place."""
    mark = staged.root / STAGED
    return mark.exists() and mark.read_text(encoding="utf-8") == inventory.model_dump_json()


def _assert_is_empty(home: Home, staged: Home) -> None:
    ours = {home.lock_file.name, home.layout.name, staged.root.name}
    others = sorted({path.name for path in home.root.iterdir()} - ours)
    if others:
        raise ConfigurationError(
            f"{home.root} is not empty: it holds {', '.join(others)}. Restore into another "
            "ADV_HOME, or move them away."
        )


def _put_in_place(staged: Home, home: Home) -> None:
    mark = staged.root / STAGED
    # Without its configuration nothing runs in a home that is not whole yet.
    for path in sorted(staged.root.iterdir(), key=lambda path: path.name == "config"):
        if path != mark:
            path.replace(home.root / path.name)
    mark.unlink()
    staged.root.rmdir()


def _stage(folder: Path, inventory: Inventory, staged: Home) -> None:
    """Write all files beside their place, as they were, and see that they are."""
    for private in (staged.landing, staged.quarantine):
        private.mkdir(mode=FOLDER_OF_OWNER_ONLY, parents=True)
    wrong = []
    for name, kept in inventory.files.items():
        held, target = _object(folder / OBJECTS, kept.checksum), staged.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not held.exists() or _copy(held, target) != (kept.checksum, kept.size):
            wrong.append(name)
            continue
        target.chmod(kept.mode)
        os.utime(target, ns=(kept.modified, kept.modified))
    if wrong:
        raise BackupError(
            f"Nothing was restored: {len(wrong)} of {len(inventory.files)} files are missing from "
            f"{folder} or damaged there, such as {wrong[0]}."
        )
    if inventory.in_force:
        publish.put_in_force(staged, inventory.in_force)
    _write_inventory(staged.root / STAGED, inventory)
