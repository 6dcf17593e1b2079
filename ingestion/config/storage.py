"""Folders that lie elsewhere: an object storage, or a server that is reached by SFTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from ingestion.config.connection import LOOPBACK
from ingestion.config.settings import SecretReference, Settings


class RemoteFolder(Settings):
    """`scheme://bucket/prefix`; of SFTP, `sftp://host:port/folder`."""

    scheme: Literal["s3", "az", "gs", "sftp"]
    bucket: str = Field(pattern=r"^[A-Za-z0-9._-]+(:\d{1,5})?$")
    """Bucket, container, or host."""
    prefix: str = ""

    @field_validator("prefix")
    @classmethod
    def _is_a_folder(cls, prefix: str) -> str:
        if ".." in prefix.split("/") or set(prefix) & set("?#*[]\\\0"):
            raise ValueError("names one folder, without `..`, patterns and queries")
        return prefix.strip("/")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}"


def _remote(path: object) -> object:
    if not isinstance(path, str) or "://" not in path:
        return path
    found = urlsplit(path)
    if "@" in found.netloc:
        raise ValueError("holds no user and no password: those are settings of `storage`")
    query = path.partition(found.netloc)[2] if found.netloc else ""
    return RemoteFolder(scheme=found.scheme, bucket=found.netloc, prefix=query)


Folder = Annotated[Path | RemoteFolder, BeforeValidator(_remote)]
"""A folder of this machine, or one that lies elsewhere."""


class Storage(Settings):
    """Who asks a storage, and where it is; what is not said is found in the provider's own way."""

    user: str | None = None
    """Access key of S3, account of Azure, user of SFTP."""
    password: SecretReference | None = None
    """Secret key of S3, key of the Azure account, password of SFTP."""
    key_file: Path | None = None
    """File of a Google service account, or a private key for SFTP."""
    endpoint_url: str | None = None
    """Where an S3 is that is not Amazon's."""
    max_bytes: int = Field(default=20 * 1024**3, ge=1)
    """Of all files together: so much room is taken on this machine while they are read."""

    @field_validator("endpoint_url")
    @classmethod
    def _is_encrypted(cls, url: str | None) -> str | None:
        found = urlsplit(url or "https://x")
        if found.scheme != "https" and not (found.scheme == "http" and found.hostname in LOOPBACK):
            raise ValueError("must begin with https://; http:// is for this machine only")
        if "@" in found.netloc:
            raise ValueError("holds no user and no password")
        return url
