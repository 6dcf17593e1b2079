"""Folders of an object storage: read as any folder, one state of it, and only what is below it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from ingestion.config import FileSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.errors import ConfigurationError, SourceError, UnfinishedReadError
from ingestion.extract import transport_for
from ingestion.transports.base import Extraction, Window

ORDERS = Table("sheets", "orders", "", (Column("id", "bigint"), Column("x", "string")), key=("id",))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket, and the way to change it."""
    monkeypatch.setenv("S3_SECRET", "hidden;secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keys = {"aws_access_key_id": "adv", "aws_secret_access_key": "hidden;secret"}
    found = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).Bucket(
        "exports"
    )
    found.create()
    yield found
    found.objects.all().delete()
    found.delete()


def source(path: str, endpoint: str, **settings: object) -> FileSource:
    asked = {"user": "adv", "password": "${S3_SECRET}", "endpoint_url": endpoint, **settings}
    given = {"system": "sheets", "transport": "files", "path": path, "storage": asked}
    return FileSource.model_validate(given)


def read(configured: FileSource, into: Path) -> tuple[Extraction, list[tuple[object, ...]]]:
    with transport_for(configured).session(into) as session:
        extraction = session.extract(ORDERS, Window(), into)
    rows = connect().execute(f"select * from '{into}/rows.parquet' order by 1").fetchall()
    return extraction, rows


def put(bucket: Any, key: str, text: str = "id,x\n1,a\n") -> None:
    bucket.put_object(Key=key, Body=text.encode())


def test_a_bucket_is_read_as_a_folder_is(bucket: Any, endpoint: str, tmp_path: Path) -> None:
    put(bucket, "erp/orders.csv", "id,x\n1,Zoë\nx,b\n")
    put(bucket, "erp/.hidden/orders.csv", "")
    put(bucket, "erp-old/orders.csv", "id,x\n9,old\n")
    extraction, rows = read(source("s3://exports/erp", endpoint), tmp_path)
    assert rows == [(1, "Zoë")]
    (problem,) = extraction.problems
    assert (problem.code, problem.file, problem.line) == ("bad_number", "orders.csv", 3)


def test_the_whole_bucket_may_be_the_folder(bucket: Any, endpoint: str, tmp_path: Path) -> None:
    put(bucket, "orders.csv")
    assert read(source("s3://exports", endpoint), tmp_path)[1] == [(1, "a")]


def test_a_copy_is_as_old_as_what_it_was_copied_from(
    bucket: Any, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two exports of one year, the newer one is read."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put(bucket, "erp/orders.csv")
    written = bucket.Object("erp/orders.csv").last_modified.timestamp()
    with transport_for(source("s3://exports/erp", endpoint)).session():
        (copy,) = tmp_path.glob("adv-*/exports/erp/orders.csv")
        assert copy.stat().st_mtime == written


def test_the_copy_is_private_and_gone_afterwards(
    bucket: Any, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put(bucket, "erp/orders.csv")
    with transport_for(source("s3://exports/erp", endpoint)).session():
        (copy,) = tmp_path.glob("adv-*/exports")
        assert copy.parent.stat().st_mode & 0o077 == 0
    assert not copy.exists()


@pytest.mark.parametrize("key", ["erp/../../orders.csv", "erp/a//orders.csv", "erp/..\\orders.csv"])
def test_a_key_that_leads_out_of_the_folder_is_refused(
    bucket: Any, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    put(bucket, "erp/orders.csv")
    listed = {f"exports/{key}": {"type": "file", "size": 1, "ETag": "x"}}
    monkeypatch.setattr(s3fs.S3FileSystem, "find", lambda *_, **__: listed)
    with pytest.raises(SourceError, match="leads out of it"):
        read(source("s3://exports/erp", endpoint), tmp_path)


@pytest.mark.parametrize(
    ("deed", "named"),
    [
        (lambda bucket: bucket.Object("erp/b.csv").delete(), "b.csv"),
        (lambda bucket: put(bucket, "erp/a.csv", "id,x\n1,b\n"), "a.csv"),
        (lambda bucket: put(bucket, "erp/c.csv"), "c.csv"),
    ],
    ids=["vanishes", "is replaced", "comes"],
)
def test_a_file_that_changes_while_it_is_fetched_stops_the_read(
    bucket: Any,
    endpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deed: Any,
    named: str,
) -> None:
    put(bucket, "erp/a.csv")
    put(bucket, "erp/b.csv")
    fetch = s3fs.S3FileSystem.get_file

    def fetched(self: s3fs.S3FileSystem, remote: str, local: str) -> None:
        fetch(self, remote, local)
        if remote.endswith("a.csv"):
            deed(bucket)

    monkeypatch.setattr(s3fs.S3FileSystem, "get_file", fetched)
    with pytest.raises(UnfinishedReadError, match=f"changed while it was fetched .*{named}"):
        read(source("s3://exports/erp", endpoint), tmp_path)


def test_what_is_missing_is_told(bucket: Any, endpoint: str, tmp_path: Path) -> None:
    for path in ("s3://nowhere/erp", "s3://exports/none"):
        with pytest.raises(SourceError, match=rf"{path} (holds no file|cannot be read)"):
            read(source(path, endpoint), tmp_path)
    put(bucket, "erp/other.csv")
    with pytest.raises(SourceError, match=r"no file is named orders in .*exports/erp"):
        read(source("s3://exports/erp", endpoint), tmp_path)


def test_a_folder_that_is_too_large_is_not_fetched(
    bucket: Any, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "erp/orders.csv")
    monkeypatch.setattr(s3fs.S3FileSystem, "get_file", None)
    with pytest.raises(SourceError, match=r"holds 9 bytes; .*raise `max_bytes`"):
        read(source("s3://exports/erp", endpoint, max_bytes=8), tmp_path)


def asks_who_is_there(endpoint: str, after: str) -> None:
    """Let the server believe so many requests without looking who asks."""
    asked = Request(  # noqa: S310
        f"{endpoint}/moto-api/reset-auth", after.encode(), {"Content-Type": "text/plain"}
    )
    urlopen(asked).close()  # noqa: S310


def test_a_wrong_key_is_told(bucket: Any, endpoint: str, tmp_path: Path) -> None:
    put(bucket, "erp/orders.csv")
    asks_who_is_there(endpoint, "0")
    try:
        with pytest.raises(SourceError, match=r"s3://exports/erp cannot be read: .*Access"):
            read(source("s3://exports/erp", endpoint, user="nobody"), tmp_path)
    finally:
        asks_who_is_there(endpoint, "Infinity")


def test_a_refusal_names_no_secret(
    bucket: Any, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("SignatureDoesNotMatch: hidden;secret")

    put(bucket, "erp/orders.csv")
    monkeypatch.setattr(s3fs.S3FileSystem, "find", refused)
    with pytest.raises(SourceError, match=r"SignatureDoesNotMatch: \*\*\*"):
        read(source("s3://exports/erp", endpoint), tmp_path)


def test_a_storage_out_of_reach_is_told(bucket: Any, tmp_path: Path) -> None:
    assert bucket
    with pytest.raises(SourceError, match="s3://exports/erp cannot be read"):
        read(source("s3://exports/erp", "http://127.0.0.1:1"), tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "ftp://exports/erp",
        "s3://",
        "s3://exports/../other",
        "s3://exports/a?versionId=1",
        "s3://user:password@exports/erp",
        "sftp://user@host/erp",
    ],
)
def test_an_address_is_scheme_bucket_and_folder(path: str) -> None:
    with pytest.raises(ValidationError):
        source(path, "https://s3.example.com")


@pytest.mark.parametrize(
    "endpoint", ["http://s3.example.com", "https://user:password@s3.example.com", "ftp://x"]
)
def test_what_leaves_this_machine_is_encrypted(endpoint: str) -> None:
    with pytest.raises(ValidationError, match=r"https|password"):
        source("s3://exports", endpoint)
    with pytest.raises(ValidationError, match="never written here"):
        source("s3://exports", "https://s3.example.com", password="hidden")


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setenv("S3_SECRET", "x")
    monkeypatch.setattr("fsspec.filesystem", missing)
    with pytest.raises(ConfigurationError, match="extra `storage`"):
        read(source("s3://exports", "https://s3.example.com"), tmp_path)
