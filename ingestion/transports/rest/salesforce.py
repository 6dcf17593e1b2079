"""Salesforce's REST API: tables are objects, and they are asked for in SOQL.

Rows are read by `queryAll`, which also gives what lies in the recycle bin and, unlike `query`,
activities that Salesforce has archived. There is no snapshot: a row that is changed while others
are read is read as it was at one moment or another, and again by the next night, since its stamp
is then later than the session's beginning. Rows that were made after that are left out, so that
tables of one session belong together.

This module imports dlt: import it where a call is about to be made.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from dlt.sources.helpers.rest_client.typing import Hooks
from requests import Response

from ingestion.config import RestSource
from ingestion.declarations import Table
from ingestion.errors import SourceError
from ingestion.transports.rest.api import Found, Record, Span
from ingestion.transports.rest.http import Client, OneHost, answer
from ingestion.transports.rest.sign_in import sign_in

log = logging.getLogger("adv.extract")

API_VERSION = "64.0"
NUMBERS = frozenset({"currency", "double", "percent", "int", "long"})
KINDS: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"boolean"}),
    "timestamp": frozenset({"datetime"}),
    "date": frozenset({"date"}),
    "bigint": frozenset({"double", "int", "long"}),
    "double": NUMBERS,
    "decimal": NUMBERS,
}
"""Types of Salesforce that each declared type is read from."""
NO_TEXT = frozenset({"address", "base64", "complexvalue", "location"})
"""Types of Salesforce that are no text; all others are, whatever is chosen or entered there."""
DELETED = "IsDeleted"
USED = "Sforce-Limit-Info"
"""Header that tells how many calls were made of those that are allowed."""
REMEDIES: Mapping[str, str] = {
    "API_CURRENTLY_DISABLED": "the API is switched off for this user",
    "API_DISABLED_FOR_ORG": "this edition of Salesforce comes without the API",
    "INSUFFICIENT_ACCESS": "the user may not read this object",
    "INVALID_QUERY_LOCATOR": "Salesforce has given up the rest of its answer; run again",
    "INVALID_SESSION_ID": "a new sign-in is not taken either; may the user use the API?",
    "NOT_FOUND": "there is no such address; is `api_version` one that Salesforce still knows?",
    "QUERY_TIMEOUT": "the query takes Salesforce too long; its support can add an index",
    "REQUEST_LIMIT_EXCEEDED": (
        "the calls that Salesforce allows in 24 hours are used up, by all of your applications "
        "together; the next night reads on"
    ),
}
"""What to do about an error, by Salesforce's name of it."""


@dataclass(frozen=True)
class Field:
    """A field of an object."""

    name: str
    kind: str
    """Its type, by Salesforce's name of it."""


@dataclass
class Salesforce:
    """One session with one organisation."""

    client: Client
    root: str
    """Path below which one version of the API lies."""
    began_at: datetime
    objects: Mapping[str, str]
    """Name of each object that the user may query, by its name in lower case."""
    fields: dict[str, Mapping[str, Field]] = field(default_factory=dict)
    """The fields of the objects looked at, by their names in lower case."""

    @classmethod
    def open(cls, source: RestSource, session: OneHost) -> Salesforce:
        """Sign in, and ask which objects there are.

        Raises:
            SourceError: Salesforce cannot be reached, or does not let us in.

        """
        client = Client(source, sign_in(source, "/services/oauth2/token", session), session)
        client.headers = {"Sforce-Query-Options": f"batchSize={source.page_rows}"}
        root = f"/services/data/v{source.api_version or API_VERSION}"
        response = client.get(f"{root}/sobjects", hooks=HOOKS)
        log.info(
            "Salesforce: calls of the last 24 hours: %s", response.headers.get(USED, "unknown")
        )
        listed = _of(answer(response), "sobjects")
        names = {told["name"].lower(): told["name"] for told in listed if told["queryable"]}
        return cls(client, root, _clock(response), names)

    def look_at(self, table: Table) -> Found | None:
        """The fields of an object that the user may see."""
        if table.name not in self.objects:
            return None
        fields = self._fields(table)
        found = {c: fields[c.name.lower()] for c in table.columns if c.name.lower() in fields}
        retyped = (
            f"{column.name} is of type {there.kind} and is declared {column.data_type}"
            for column, there in found.items()
            if not _fits(column.data_type, there.kind)
        )
        return Found(frozenset(column.name for column in found), tuple(retyped))

    def pages(
        self, table: Table, columns: Sequence[str], spans: Iterable[Span] = ()
    ) -> Iterator[list[Record]]:
        """The rows of an object in the order of their changes, deleted ones too."""
        fields = self._fields(table)
        names = [fields[column.lower()].name for column in columns]
        order = ", ".join(fields[name.lower()].name for name in reversed(table.key_and_cursor))
        # Users are never deleted, and have no such field.
        mark = DELETED if DELETED.lower() in fields else None
        asked = ", ".join(dict.fromkeys((*names, *([mark] if mark else []))))
        soql = f"{self._select(table, asked, self._changed(table, spans))} ORDER BY {order}"
        received = 0
        for page in self._answers(soql):
            records, total = _of(page, "records"), int(_of(page, "totalSize"))
            received += len(records)
            yield [(*(_of(r, name) for name in names), mark and _of(r, mark)) for r in records]
            is_endless = received > 2 * total or not (records or page.get("done"))
            if is_endless or (page.get("done") and received < total):
                break
        if received < total or is_endless:
            raise SourceError(
                f"Salesforce gives {received:,} of {total:,} rows of {table.name}; run again"
            )

    def count(self, table: Table, *, with_deleted: bool) -> int:
        """Rows of an object that were there when the session began."""
        has_mark = not with_deleted and DELETED.lower() in self._fields(table)
        living = [f"{DELETED} = FALSE"] if has_mark else []
        (counted,) = self._answers(self._select(table, "COUNT()", living))
        return int(_of(counted, "totalSize"))

    def answers(self) -> bool:
        """Whether the host says anything, if only that it allows no more calls today."""
        try:
            return self.client.session.get(f"{self.client.base_url}/services/data").ok
        except SourceError:
            return False

    def _fields(self, table: Table) -> Mapping[str, Field]:
        name = self.objects[table.name]
        if name not in self.fields:
            response = self.client.get(f"{self.root}/sobjects/{name}/describe", hooks=HOOKS)
            self.fields[name] = {
                told["name"].lower(): Field(told["name"], told["type"])
                for told in _of(answer(response), "fields")
            }
        return self.fields[name]

    def _select(self, table: Table, selected: str, conditions: Iterable[str]) -> str:
        there = f"CreatedDate <= {_literal(self.began_at)}"
        needed = " AND ".join((there, *conditions))
        return f"SELECT {selected} FROM {self.objects[table.name]} WHERE {needed}"

    def _changed(self, table: Table, spans: Iterable[Span]) -> list[str]:
        cursor = table.cursor
        found = [
            f"{cursor} >= {_literal(span.since)}"
            + (f" AND {cursor} < {_literal(span.before)}" if span.before else "")
            for span in spans
        ]
        return [f"({' OR '.join(f'({condition})' for condition in found)})"] if found else []

    def _answers(self, soql: str) -> Iterator[Any]:
        pages = self.client.paginate(
            f"{self.root}/queryAll",
            params={"q": soql},
            paginator=JSONLinkPaginator("nextRecordsUrl"),
            data_selector="$",
            hooks=HOOKS,
        )
        for page in pages:
            yield page[0]


def _refuse(response: Response, *_: Any, **__: Any) -> None:
    """Say in words why Salesforce does not answer."""
    if response.ok:
        return
    try:
        told = answer(response)[0]
        code, message = told["errorCode"], told["message"]
    except (SourceError, LookupError, TypeError):
        raise SourceError(f"Salesforce answers with status {response.status_code}") from None
    remedy = f": {REMEDIES[code]}" if code in REMEDIES else ""
    raise SourceError(f"Salesforce refuses with {code}{remedy} ({message[:300]})")


HOOKS: Hooks = {"response": [_refuse]}


def _of(answered: Any, name: str) -> Any:
    """Part of an answer.

    Raises:
        SourceError: the answer is not what Salesforce documents.

    """
    try:
        return answered[name]
    except (LookupError, TypeError):
        raise SourceError(
            f"Salesforce answers without {name!r}; is `url` that of its API?"
        ) from None


def _clock(response: Response) -> datetime:
    """When Salesforce answered, by its own clock."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (LookupError, ValueError):
        raise SourceError(
            "Salesforce does not say when it answered; does a proxy cut that?"
        ) from None


def _literal(instant: datetime) -> str:
    """An instant as SOQL writes it, to the second before."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _fits(declared: str, found: str) -> bool:
    kinds = KINDS.get(declared.partition("(")[0])
    return found in kinds if kinds else found not in NO_TEXT
