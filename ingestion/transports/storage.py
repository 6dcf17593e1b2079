"""Folders that lie elsewhere, fetched to a private copy that is read as any folder is.

What was fetched is one state of the folder: it is listed before and after, and a file that was
written, came or went in between stops the read. The copy is gone when the session ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ingestion.config import RemoteFolder, Storage, secret
from ingestion.errors import ConfigurationError, SourceError, UnfinishedReadError
from ingestion.transports.base import Session

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from ingestion.transports.fatturapa import FatturapaTransport
    from ingestion.transports.fec import FecTransport
    from ingestion.transports.files import FilesTransport

    FolderTransport = FilesTransport | FecTransport | FatturapaTransport

STAMPS = ("ETag", "etag", "size", "mtime")
"""What changes with a file, as the storages call it."""
WRITTEN = ("LastModified", "last_modified", "updated", "mtime")
"""When a file was written, as the storages call it."""
PATIENCE_SECONDS = 60
EXTRAS = {"az": "storage-azure", "gs": "storage-google"}

Listing = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class StorageTransport:
    """Reaches the files of a folder that lies elsewhere."""

    folder: RemoteFolder
    storage: Storage
    transport: FolderTransport
    """Reads the copy."""

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Fetch the folder.

        Raises:
            ConfigurationError: what reaches the storage is not installed.
            SourceError: it cannot be reached, is empty or too large.
            UnfinishedReadError: it changed meanwhile.

        """
        with TemporaryDirectory(prefix="adv-") as private:
            # Named like the folder, since messages name it.
            copy = Path(private) / self.folder.bucket.partition(":")[0] / self.folder.prefix
            try:
                self._fetch(copy)
            except (SourceError, ConfigurationError):
                raise
            except Exception as error:  # each storage has its own
                raise SourceError(
                    f"{self.folder} cannot be read: {self._in_words(error)}"
                ) from None
            with replace(self.transport, folder=copy).session(into) as session:
                yield session

    def _fetch(self, copy: Path) -> None:
        storage = self._open()
        before = self._list(storage)
        if not before:
            raise SourceError(f"{self.folder} holds no file; is `path` right?")
        size = sum(int(file["size"]) for file in before.values())
        if size > self.storage.max_bytes:
            raise SourceError(
                f"{self.folder} holds {size:,} bytes; keep only the exports there, or raise "
                "`max_bytes`"
            )
        for name, file in before.items():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                storage.get_file(file["name"], str(target))
            except FileNotFoundError:
                raise self._changed({name}) from None
            if (written := _written_at(file)) is not None:
                # Of two exports of one year, the one that was written last is read.
                os.utime(target, (written, written))
        after = self._list(storage)
        if changed := {
            name
            for name in before.keys() | after.keys()
            if _stamp(before.get(name)) != _stamp(after.get(name))
        }:
            raise self._changed(changed)

    def _list(self, storage: AbstractFileSystem) -> Listing:
        """The files by their names below the folder; hidden ones are left out, as everywhere."""
        storage.invalidate_cache()
        root = str(PurePosixPath(_root(self.folder)))
        found = {}
        for name, file in storage.find(root, detail=True).items():
            below = name.removeprefix(root).removeprefix("/")
            if file["type"] != "file" or not below:
                continue
            parts = below.split("/")
            if name == below or {"", ".", ".."} & set(parts) or set(below) & set("\\\0"):
                raise SourceError(f"{self.folder} holds {below[:100]!r}, which leads out of it")
            if not any(part.startswith((".", "~$")) for part in parts):
                found[below] = {**file, "name": name}
        return found

    def _changed(self, names: set[str]) -> UnfinishedReadError:
        shown = ", ".join(sorted(names)[:5])
        return UnfinishedReadError(
            f"{self.folder} changed while it was fetched ({shown}); another attempt fetches it anew"
        )

    def _open(self) -> AbstractFileSystem:
        import fsspec

        given = self.storage
        password = given.password and secret(given.password)
        options: dict[str, Any]
        match self.folder.scheme:
            case "s3":
                options = {
                    "key": given.user,
                    "secret": password,
                    "endpoint_url": given.endpoint_url,
                    "config_kwargs": {
                        "connect_timeout": PATIENCE_SECONDS,
                        "read_timeout": PATIENCE_SECONDS,
                        "retries": {"total_max_attempts": 3},
                    },
                }
            case "az":
                options = {"account_name": given.user, "account_key": password, "anon": False}
            case "gs":
                options = {"token": str(given.key_file) if given.key_file else None}
            case "sftp":
                return _sftp(self.folder, given, password)
        try:
            storage: AbstractFileSystem = fsspec.filesystem(
                self.folder.scheme, skip_instance_cache=True, use_listings_cache=False, **options
            )
        except ImportError as error:
            raise _not_installed(self.folder) from error
        return storage

    def _in_words(self, error: Exception) -> str:
        told = f"{type(error).__name__}: {error}"
        password = self.storage.password and secret(self.storage.password)
        # Hidden before it is cut: half a secret would not be found.
        return (told.replace(password, "***") if password else told)[:500]


def _sftp(folder: RemoteFolder, given: Storage, password: str | None) -> AbstractFileSystem:
    """SFTP to a host that this machine knows: fsspec's own would believe any."""
    try:
        import paramiko
        from fsspec.implementations.sftp import SFTPFileSystem
    except ImportError as error:
        raise _not_installed(folder) from error

    class KnownHost(SFTPFileSystem):  # type: ignore[misc]
        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self.client.connect(self.host, **self.ssh_kwargs)
            self.client.get_transport().set_keepalive(PATIENCE_SECONDS // 4)
            self.ftp = self.client.open_sftp()
            self.ftp.get_channel().settimeout(PATIENCE_SECONDS)

    host, _, port = folder.bucket.partition(":")
    return KnownHost(
        host,
        port=int(port or 22),
        username=given.user,
        password=password,
        key_filename=str(given.key_file) if given.key_file else None,
        timeout=PATIENCE_SECONDS,
        skip_instance_cache=True,
    )


def _root(folder: RemoteFolder) -> str:
    """The folder as its storage names it."""
    return f"/{folder.prefix}" if folder.scheme == "sftp" else f"{folder.bucket}/{folder.prefix}"


def _written_at(file: Mapping[str, Any]) -> float | None:
    """When a file was written, as its storage calls that; seconds since 1970."""
    for name in WRITTEN:
        match file.get(name):
            case datetime() as at:
                return at.timestamp()
            case str() as text:
                return datetime.fromisoformat(text).timestamp()
            case int() | float() as seconds:
                return float(seconds)
    return None


def _stamp(file: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    return None if file is None else tuple(str(file.get(name)) for name in STAMPS)


def _not_installed(folder: RemoteFolder) -> ConfigurationError:
    return ConfigurationError(
        f"What reads {folder.scheme}:// is not installed: install this product with its extra "
        f"`{EXTRAS.get(folder.scheme, 'storage')}`."
    )
