"""A small company, and the night of it, run as a person would."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from ingestion.engine import connect
from ingestion.home import Home
from orchestration.query import query_marts
from tests.command import adv
from tests.conftest import Parse

SMALL_COMPANY = Path(__file__).parent.parent / "data" / "small_company"

SOURCES = """\
time_zones: [Europe/Paris]
as_of_date: 2026-02-15
sources:
  small:
    system: contract
    transport: files
    path: ../exports
"""


def install(home: Home) -> Path:
    """Configure the small company; returns the folder of its exports."""
    exports = home.root / "exports"
    shutil.copytree(SMALL_COMPANY, exports)
    home.sources_file.parent.mkdir(parents=True)
    home.sources_file.write_text(SOURCES, encoding="utf-8")
    return exports


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    """Rows of the published marts."""
    return query_marts(home, query)[1]


NAMES_ITS_LOAD = {"core.fct_claim_events": "exclude (claim_event_id)"}
"""What has the load that brought it in its key, since nothing else dates it."""

Marts = dict[str, list[tuple[object, ...]]]
"""All rows of core and kpi, by table."""


def rows_of_marts(file: Path) -> Marts:
    connection = connect(file, read_only=True)
    try:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('core', 'kpi') order by 1"
        ).fetchall()
        return {
            name: connection.execute(
                f"select * {NAMES_ITS_LOAD.get(name, '')} from {name} order by all"
            ).fetchall()
            for (name,) in tables
        }
    finally:
        connection.close()


MARK = "pl4nted"
SECRETS = {
    "ADV_NOTIFY_WEBHOOK": f"http://127.0.0.1:9/{MARK}-hook",
    "ADV_HEARTBEAT_URL": f"http://{MARK}-user:{MARK}@127.0.0.1:9/{MARK}-beat",
    "ADV_SMTP_PASSWORD": f"{MARK}-mail",
}
"""Where a secret is configured, one that can be recognised; nobody answers on port 9."""
NOTICES = {
    "ADV_NOTIFY_SUCCESS": "1",
    "ADV_NOTIFY_EMAIL": "adv@example.com",
    "ADV_SMTP_HOST": "127.0.0.1",
    "ADV_SMTP_PORT": "9",
    "ADV_SMTP_USER": "adv",
}


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Home:
    """The small company after its first night; tests that change it use `night`."""
    home = Home(tmp_path_factory.mktemp("night") / "with a space" / "home")
    install(home)
    parse(home, {"contract"})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**SECRETS, **NOTICES}.items():
            patch.setenv(name, value)
        result = adv(home, "run")
    assert MARK not in result.stdout + result.stderr
    assert result.returncode == 0, result.stdout + result.stderr
    return home


@pytest.fixture(scope="session")
def kept(first_night: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the installation, to restore it from."""
    copy = tmp_path_factory.mktemp("kept") / "home"
    shutil.copytree(first_night.root, copy, symlinks=True)
    return copy


@pytest.fixture
def night(first_night: Home, kept: Path) -> Iterator[Home]:
    """The installation after its first night, for a test to change; restored afterwards."""
    yield first_night
    shutil.rmtree(first_night.root)
    shutil.copytree(kept, first_night.root, symlinks=True)


@dataclass
class WebServer:
    """Keeps what it is sent, as (method, path, body)."""

    url: str = ""
    status: int = 200
    calls: list[tuple[str, str, Any]] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[WebServer]:
    seen = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.calls.append((self.command, self.path, json.loads(body) if body else None))
            self.send_response(seen.status)
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815  http.server asks for these names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield seen
    server.shutdown()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What a mail server received: to whom, and the message; it knows nobody called unknown."""
    received: list[Any] = []

    class Handler:
        async def handle_RCPT(  # noqa: N802
            self, _server: object, _session: object, envelope: Any, address: str, _options: object
        ) -> str:
            if address.startswith("unknown@"):
                return "550 no such mailbox"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
            received.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
            return "250 OK"

    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("ADV_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("ADV_SMTP_PORT", str(port))
    yield received
    controller.stop()
