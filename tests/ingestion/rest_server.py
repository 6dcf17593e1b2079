"""A server on loopback that answers as the REST API of a product is documented to: Salesforce.

It signs in, lists and describes objects, and answers the SOQL that the connector writes, page by
page. What befalls its callers is decided by the tests: a `Trouble` takes the place of an answer.
"""

from __future__ import annotations

import json
import re
import sqlite3
import ssl
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from ingestion.config import RestSource
from ingestion.declarations import Table
from tests.ingestion.tls import Certificate

CLIENT_ID = "3MVG9.reader"
SECRET = "s3cr3t-of-the-app"  # noqa: S105
REFRESH_TOKEN = "5Aep861.refresh"  # noqa: S105
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
TYPES = {
    "string": "string",
    "boolean": "boolean",
    "timestamp": "datetime",
    "date": "date",
    "bigint": "int",
    "double": "double",
    "decimal": "currency",
}
NAME = r"[A-Za-z][A-Za-z0-9_]*"
SOQL = re.compile(
    rf"SELECT (?P<selected>COUNT\(\)|{NAME}(?:, {NAME})*) FROM (?P<of>{NAME})"
    rf"(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>{NAME}(?:, {NAME})*))?"
)
INSTANT = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z")
TOKEN = re.compile(
    rf"\s*(?:(?:AND|OR)\b|[()]|(?:{NAME}) (?:=|<|<=|>|>=) (?:FALSE|'[0-9T:.-]+'))\s*"
)
Record = dict[str, Any]


@dataclass
class SObject:
    """An object of an organisation."""

    name: str
    fields: dict[str, str]
    """The type of each field that the user may see."""
    records: list[Record] = field(default_factory=list)
    is_queryable: bool = True

    @classmethod
    def of(cls, table: Table, name: str, records: list[Record], **extra: str) -> SObject:
        """The object that a declared table is read from."""
        declared = {c.name: TYPES[c.data_type.partition("(")[0]] for c in table.columns}
        fields = {**declared, "CreatedDate": "datetime", "IsDeleted": "boolean", **extra}
        return cls(name, fields, records)


Trouble = Callable[["Caller"], bool]
"""Answers in place of the server; True when nothing is left to be said."""


@dataclass(kw_only=True)
class Host:
    """Who is called, and what was asked."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    troubles: list[tuple[str, Trouble]] = field(default_factory=list)
    """What befalls the next call whose path matches, and is then over."""
    calls: list[str] = field(default_factory=list)
    """Path of every call, and its query."""
    sent: list[str] = field(default_factory=list)
    """What was sent along: headers and bodies."""
    url: str = ""

    @property
    @abstractmethod
    def caller(self) -> type[Caller]:
        """What answers a connection."""

    def befalls(self, path: str, trouble: Trouble, times: int = 1) -> None:
        """Let the next calls of a path meet trouble."""
        self.troubles += [(path, trouble)] * times


@dataclass
class Salesforce(Host):
    """One organisation of Salesforce."""

    objects: list[SObject]
    page_rows: int = 1000
    """Rows that an answer holds at most, whatever is asked for."""
    overlap: int = 0
    """Rows that the next page repeats."""
    next_page: str = ""
    """Address of the next page, in place of its own."""
    is_endless: bool = False
    """The last page names the first as the next."""
    sign_ins: int = 0
    _locators: dict[str, list[Record]] = field(default_factory=dict)
    _totals: dict[str, int] = field(default_factory=dict)

    @property
    def caller(self) -> type[Caller]:
        """Salesforce itself."""
        return SalesforceCaller

    def object(self, name: str) -> SObject:
        """The object of that name."""
        return next(found for found in self.objects if found.name.lower() == name.lower())

    @property
    def queries(self) -> list[str]:
        """The SOQL asked for, in order."""
        return [
            query for call in self.calls for query in parse_qs(urlsplit(call).query).get("q", [])
        ]

    @property
    def token(self) -> str:
        """The one that is valid now."""
        return f"00D.token-{self.sign_ins}"

    def expire(self) -> None:
        """Take no token any longer that was given so far."""
        self.sign_ins += 1

    def found_later(self, change: Callable[[list[Record]], Any]) -> None:
        """Change what the pages to come of the last query hold, but not their number."""
        change(self._locators[max(self._locators)])

    def source(self, **settings: Any) -> RestSource:
        """How it is read."""
        return RestSource.model_validate(
            {
                "system": "salesforce",
                "transport": "rest",
                "url": self.url,
                "client_id": CLIENT_ID,
                "client_secret": "${SALESFORCE_SECRET}",
                "calls_per_second": 10_000,
                **settings,
            }
        )


AnyHost = TypeVar("AnyHost", bound=Host)


@contextmanager
def serving(org: AnyHost, certificate: Certificate | None = None) -> Iterator[AnyHost]:
    """Serve a host on a port of this machine, for as long as the context lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (org.caller,), {"org": org}))
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    host = "https://localhost" if certificate else "http://127.0.0.1"
    org.url = f"{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield org
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Caller(BaseHTTPRequestHandler):
    """One connection."""

    org: Host
    protocol_version = "HTTP/1.1"

    def says(self, answer: Any, status: int = 200, **headers: str) -> None:
        """Answer in JSON."""
        self.gives(_json(answer).encode(), status, **headers)

    def gives(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer with these bytes, or without a body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuses(self, status: int, code: str, message: str, **headers: str) -> None:
        """Answer as Salesforce does when it refuses."""
        self.says([{"errorCode": code, "message": message}], status, **headers)

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        """The time of the organisation's clock."""
        return format_datetime(self.org.clock(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _meets_trouble(self) -> bool:
        self.org.calls.append(self.path)
        self.org.sent.append(str(self.headers))
        for number, (path, trouble) in enumerate(self.org.troubles):
            if re.search(path, self.path):
                del self.org.troubles[number]
                return trouble(self)
        return False


class SalesforceCaller(Caller):
    """One connection to Salesforce."""

    org: Salesforce

    def do_POST(self) -> None:
        """Sign in."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.org.sent.append(body)
        if not self._meets_trouble():
            self._sign_in({name: found[0] for name, found in parse_qs(body).items()})

    def do_GET(self) -> None:
        """Answer what is asked by address."""
        if self._meets_trouble():
            return
        address = urlsplit(self.path)
        if address.path == "/services/data":
            self.says([{"version": "64.0"}])
        elif self.headers.get("Authorization") != f"Bearer {self.org.token}":
            self.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
        elif not address.path.startswith("/services/data/v64.0/"):
            self.refuses(404, "NOT_FOUND", "The requested resource does not exist")
        else:
            self._answer(
                address.path.removeprefix("/services/data/v64.0/"), parse_qs(address.query)
            )

    def _sign_in(self, given: Mapping[str, str]) -> None:
        known = {"client_id": CLIENT_ID, "client_secret": SECRET}
        by_user = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        if given not in ({**known, "grant_type": "client_credentials"}, {**known, **by_user}):
            told = f"invalid client credentials: {given.get('client_secret')}"
            self.says({"error": "invalid_client", "error_description": told}, 400)
            return
        self.org.sign_ins += 1
        self.says({"access_token": self.org.token, "instance_url": self.org.url})

    def _answer(self, path: str, query: Mapping[str, list[str]]) -> None:
        match path.split("/"):
            case ["sobjects"]:
                listed = [{"name": o.name, "queryable": o.is_queryable} for o in self.org.objects]
                used = f"api-usage={len(self.org.calls)}/15000"
                self.says({"sobjects": listed}, Sforce_Limit_Info=used)
            case ["sobjects", name, "describe"]:
                fields = self.org.object(name).fields.items()
                self.says({"fields": [{"name": name, "type": kind} for name, kind in fields]})
            case ["queryAll"]:
                self._ask(query["q"][0])
            case ["query", locator]:
                name, _, offset = locator.rpartition("-")
                self._page(name, int(offset))

    def _ask(self, soql: str) -> None:
        asked = SOQL.fullmatch(soql)
        if not asked or not _is_condition(asked["where"] or ""):
            self.refuses(400, "MALFORMED_QUERY", f"unexpected token in {soql}")
            return
        try:
            found = _select(self.org.object(asked["of"]), asked)
        except sqlite3.OperationalError as error:
            self.refuses(400, "INVALID_FIELD", str(error))
            return
        if asked["selected"] == "COUNT()":
            self.says({"totalSize": len(found), "done": True, "records": []})
            return
        name = f"01g{len(self.org._locators):05d}"
        self.org._locators[name], self.org._totals[name] = found, len(found)
        self._page(name, 0)

    def _page(self, locator: str, offset: int) -> None:
        wanted = re.search(r"batchSize=(\d+)", self.headers.get("Sforce-Query-Options", ""))
        size = min(self.org.page_rows, int(wanted[1]) if wanted else 2000)
        found = self.org._locators[locator]
        after = offset + size
        page = {
            "totalSize": self.org._totals[locator],
            "done": after >= len(found) and not self.org.is_endless,
            "records": found[max(0, offset - self.org.overlap) : after],
        }
        if not page["done"]:
            following = f"/services/data/v64.0/query/{locator}-{after % len(found)}"
            page["nextRecordsUrl"] = self.org.next_page or following
        self.says(page)


def _is_condition(where: str) -> bool:
    where = INSTANT.sub(r"'\1'", where)
    while where and (token := TOKEN.match(where)):
        where = where[token.end() :]
    return not where


def _select(of: SObject, asked: re.Match[str]) -> list[Record]:
    """Answer a query; the words that SOQL has in common with SQL mean the same."""
    with sqlite3.connect(":memory:") as database:
        names = ", ".join(f'"{name}"' for name in of.fields)
        database.execute(f"create table told ({names}, number integer)")
        for number, record in enumerate(of.records):
            values = [_comparable(_value(record, name)) for name in of.fields]
            marks = ", ".join("?" * (len(values) + 1))
            database.execute(f"insert into told values ({marks})", [*values, number])
        condition = INSTANT.sub(r"'\1.000000'", asked["where"] or "true")
        given = [] if asked["selected"] == "COUNT()" else asked["selected"].split(", ")
        found = database.execute(
            f"select {', '.join(['number', *given])} from told where {condition} "
            f"order by {asked['order'] or 'number'}"
        ).fetchall()
    canonical = {name.lower(): name for name in of.fields}
    names_given = [canonical[name.lower()] for name in given]
    return [
        {
            "attributes": {"type": of.name},
            **{name: _value(of.records[number], name) for name in names_given},
        }
        for number, *_ in found
    ]


def _value(record: Record, name: str) -> Any:
    missing = {"CreatedDate": LONG_AGO, "IsDeleted": False}
    return record.get(name, missing.get(name))


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}"
    if isinstance(value, str | Decimal):
        return str(value).encode(errors="backslashreplace").decode()
    return value


def _json(answer: Any) -> str:
    """JSON, with decimals in all of their digits."""

    def told(value: object) -> str:
        if isinstance(value, datetime):
            precision = "microseconds" if value.microsecond % 1000 else "milliseconds"
            return f"{value.replace(tzinfo=None).isoformat(timespec=precision)}+0000"
        if isinstance(value, Decimal):
            return f"<number>{value}</number>"
        return str(value)

    return re.sub('"<number>(.*?)</number>"', r"\1", json.dumps(answer, default=told))


def status(code: int, **headers: str) -> Trouble:
    """It answers with a status and no more."""

    def trouble(caller: Caller) -> bool:
        caller.gives(b"", code, **headers)
        return True

    return trouble


def refusal(code: int, name: str, message: str = "") -> Trouble:
    """It refuses, as Salesforce does."""

    def trouble(caller: Caller) -> bool:
        caller.refuses(code, name, message)
        return True

    return trouble


def words(body: bytes) -> Trouble:
    """It says something else."""

    def trouble(caller: Caller) -> bool:
        caller.gives(body)
        return True

    return trouble


def hang_up(caller: Caller) -> bool:
    """It dies before it answers."""
    caller.close_connection = True
    return True


def break_off(caller: Caller) -> bool:
    """It dies in the middle of its answer."""
    caller.send_response(200)
    caller.send_header("Content-Length", "1000")
    caller.end_headers()
    caller.wfile.write(b'{"totalSize": 3, "done": true, "rec')
    caller.close_connection = True
    return True


def drip(seconds: float, *, headers: bool = False, length: bool = True) -> Trouble:
    """It says a byte now and then, in the middle of the headers or of the body."""

    def trouble(caller: Caller) -> bool:
        caller.close_connection = True
        head = b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 100000\r\n" if length else b"")
        caller.wfile.write(head + (b"X-Slow: " if headers else b"\r\n"))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                caller.wfile.write(b" ")
            except OSError:
                break
            time.sleep(0.02)
        return True

    return trouble


def meanwhile(change: Callable[[], object]) -> Trouble:
    """Something else happens at that moment, and it answers."""

    def trouble(_: Caller) -> bool:
        change()
        return False

    return trouble
