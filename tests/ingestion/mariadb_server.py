"""A MariaDB of the tests' own, which speaks TLS, and a way to change what it holds."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingestion.config import MariadbSource
from tests.ingestion.tls import Authority

PATIENCE_SECONDS = 60.0
ITS_OWN = ("information_schema", "mysql", "performance_schema", "sys")
"""Databases that every server has."""


@dataclass(frozen=True)
class MariadbServer:
    """A running MariaDB."""

    folder: Path
    port: int
    authority: Authority
    """Signed its certificate, and knows users by theirs."""

    @property
    def socket(self) -> Path:
        """Where it listens, beside its port."""
        return self.folder / "socket"

    def execute(self, *statements: str) -> None:
        """Change what the server holds."""
        self._client(";\n".join(statements))

    def ask(self, query: str) -> list[tuple[str, ...]]:
        """What the server answers, as its client writes it."""
        return [tuple(line.split("\t")) for line in self._client(query).splitlines()]

    def source(
        self, connection: Mapping[str, object] | None = None, **options: object
    ) -> MariadbSource:
        """A configured source on this server."""
        reached = {"host": str(self.socket), "database": "erp", "user": "root"}
        settings: dict[str, object] = {"system": "odoo", "transport": "mariadb"}
        settings["connection"] = {**reached, **(connection or {})}
        return MariadbSource.model_validate({**settings, **options})

    def answers(self) -> bool:
        """Whether it is there."""
        return self._run("select 1", check=False).returncode == 0

    def _client(self, sql: str) -> str:
        return self._run(sql).stdout

    def _run(self, sql: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        options = ["--no-defaults", f"--socket={self.socket}", "--user=root"]
        written = ["--batch", "--skip-column-names", "--default-character-set=utf8mb4"]
        return subprocess.run(
            ["mariadb", *options, *written, *(["erp"] if check else [])],
            input=sql,
            capture_output=True,
            text=True,
            check=check,
        )


@pytest.fixture(scope="session")
def running_mariadb() -> Iterator[MariadbServer]:
    """One MariaDB for all tests of a session."""
    if not shutil.which("mariadbd"):
        if os.environ.get("ADV_REQUIRE_SERVICES"):
            pytest.fail("no mariadbd: the package mariadb-server is not installed")
        pytest.skip("no mariadbd")
    # A socket's path is short, and that of pytest's folders is not.
    with tempfile.TemporaryDirectory(prefix="adv-mariadb-") as folder:
        authority = Authority(Path(folder), "authority").begins()
        server = MariadbServer(Path(folder), _free_port(), authority)
        with _running(server):
            yield server


@pytest.fixture(scope="module")
def mariadb(running_mariadb: MariadbServer) -> MariadbServer:
    """It, with nothing in it: what the tests of another file left is gone."""
    found = running_mariadb.ask("select schema_name from information_schema.schemata")
    left = [f"drop database `{name}`" for (name,) in found if name not in ITS_OWN]
    running_mariadb.execute(*left, "create database erp character set utf8mb4")
    return running_mariadb


@contextmanager
def _running(server: MariadbServer) -> Iterator[None]:
    user = ["--user=root"] if os.geteuid() == 0 else []
    data = [f"--datadir={server.folder / 'data'}", *user]
    subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            *data,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        capture_output=True,
        check=True,
    )
    certificate = server.authority.signs("127.0.0.1")
    process = subprocess.Popen(
        [
            "mariadbd",
            "--no-defaults",
            *data,
            f"--socket={server.socket}",
            # At the second address, its certificate is that of another host.
            "--bind-address=127.0.0.1,127.0.0.2",
            f"--port={server.port}",
            # Another server that starts would clear a folder shared with it.
            f"--tmpdir={server.folder}",
            f"--pid-file={server.folder / 'pid'}",
            f"--log-error={server.folder / 'log'}",
            f"--ssl-cert={certificate.certificate}",
            f"--ssl-key={certificate.key}",
            f"--ssl-ca={server.authority.certificate}",
            "--default-time-zone=+05:00",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
        ]
    )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not server.answers():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"mariadbd does not start: {(server.folder / 'log').read_text()}")
            time.sleep(0.05)
        server._run("create database erp character set utf8mb4", check=False)
        yield
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
