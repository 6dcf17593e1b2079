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
from functools import partial
from typing import Any

from dlt.sources.helpers.rest_client.paginators import BaseNextUrlPaginator
from dlt.sources.helpers.rest_client.typing import Hooks
from pydantic import Field
from requests import Response

from ingestion.config import RestSource
from ingestion.declarations import Table
from ingestion.errors import SourceError
from ingestion.transports.rest.api import Found, Record, Span, retyped
from ingestion.transports.rest.http import Answer, Client, OneHost, answer, clock, read_as
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


class Object(Answer):
    """An object, as the list of all of them has it."""

    name: str
    queryable: bool


class Objects(Answer):
    """The list of all objects that the user may know of."""

    sobjects: list[Object]


class Member(Answer):
    """A field of an object."""

    name: str
    type: str


class Description(Answer):
    """An object with its fields."""

    members: list[Member] = Field(alias="fields")


class Page(Answer):
    """Some of the rows that a query gives."""

    records: list[dict[str, Any]]
    total: int = Field(alias="totalSize")
    """Rows of all pages."""
    done: bool
    """No page comes after this one."""
    following: str | None = Field(default=None, alias="nextRecordsUrl")
    """Where the next one is."""


@dataclass
class Salesforce:
    """One session with one organisation."""

    client: Client
    root: str
    """Path below which one version of the API lies."""
    began_at: datetime
    objects: Mapping[str, str]
    """Name of each object that the user may query, by its name in lower case."""
    members: dict[str, Mapping[str, Member]] = field(default_factory=dict)
    """The fields of the objects looked at, by their names in lower case."""

    @classmethod
    def open(cls, source: RestSource, session: OneHost) -> Salesforce:
        """Sign in, and ask which objects there are.

        Raises:
            SourceError: Salesforce cannot be reached, or does not let us in.

        """
        token = sign_in(source, "/services/oauth2/token", session)
        client = Client(source, token, session, partial(read_as, Page))
        client.headers = {"Sforce-Query-Options": f"batchSize={source.page_rows}"}
        root = f"/services/data/v{source.api_version or API_VERSION}"
        response = client.get(f"{root}/sobjects", hooks=HOOKS)
        log.info(
            "Salesforce: calls of the last 24 hours: %s", response.headers.get(USED, "unknown")
        )
        listed = read_as(Objects, answer(response)).sobjects
        names = {found.name.lower(): found.name for found in listed if found.queryable}
        return cls(client, root, clock(response), names)

    def look_at(self, table: Table) -> Found | None:
        """The fields of an object that the user may see."""
        if table.name.lower() not in self.objects:
            return None
        members = self._members(table)
        names = (column.name for column in table.columns if column.name.lower() in members)
        types = {name: members[name.lower()].type for name in names}
        return Found(frozenset(types), retyped(table, types, KINDS, NO_TEXT))

    def pages(
        self, table: Table, columns: Sequence[str], spans: Iterable[Span] = ()
    ) -> Iterator[list[Record]]:
        """The rows of an object in the order of their changes, deleted ones too."""
        names = self._names(table, columns)
        # Users are never deleted, and have no such field.
        mark = DELETED if DELETED.lower() in self._members(table) else None
        asked = ", ".join([*names, mark] if mark else names)
        order = ", ".join(self._names(table, reversed(table.key_and_cursor)))
        soql = f"{self._select(table, asked, self._changed(table, spans))} ORDER BY {order}"
        received = 0
        for page in self._answers(soql):
            received += len(page.records)
            yield [_record(found, names, mark) for found in page.records]
            is_endless = received > 2 * page.total or not (page.records or page.done)
            if is_endless or (page.done and received < page.total):
                raise SourceError(
                    f"Salesforce gives {received:,} of {page.total:,} rows of {table.name}, "
                    "and then no more or always the same; run again"
                )

    def count(self, table: Table, *, with_deleted: bool) -> int:
        """Rows of an object that were there when the session began."""
        has_mark = not with_deleted and DELETED.lower() in self._members(table)
        living = [f"{DELETED} = FALSE"] if has_mark else []
        return next(self._answers(self._select(table, "COUNT()", living))).total

    def answers(self) -> bool:
        """Whether the host says anything, if only that it allows no more calls today."""
        try:
            return self.client.session.get(f"{self.client.base_url}/services/data").ok
        except SourceError:
            return False

    def _members(self, table: Table) -> Mapping[str, Member]:
        name = self.objects[table.name.lower()]
        if name not in self.members:
            response = self.client.get(f"{self.root}/sobjects/{name}/describe", hooks=HOOKS)
            described = read_as(Description, answer(response)).members
            self.members[name] = {member.name.lower(): member for member in described}
        return self.members[name]

    def _names(self, table: Table, columns: Iterable[str]) -> list[str]:
        """Declared columns as Salesforce writes them."""
        return [self._members(table)[column.lower()].name for column in columns]

    def _select(self, table: Table, selected: str, conditions: Iterable[str]) -> str:
        there = f"CreatedDate <= {_literal(self.began_at)}"
        needed = " AND ".join((there, *conditions))
        return f"SELECT {selected} FROM {self.objects[table.name.lower()]} WHERE {needed}"

    def _changed(self, table: Table, spans: Iterable[Span]) -> list[str]:
        """The condition of having changed in any of the spans."""
        found = [
            f"({table.cursor} >= {_literal(span.since)}"
            + (f" AND {table.cursor} < {_literal(span.before)})" if span.before else ")")
            for span in spans
        ]
        return [f"({' OR '.join(found)})"] if found else []

    def _answers(self, soql: str) -> Iterator[Page]:
        pages = self.client.paginate(
            f"{self.root}/queryAll",
            params={"q": soql},
            paginator=NextRecords(),
            data_selector="$",
            hooks=HOOKS,
        )
        for (page,) in pages:
            yield page


class NextRecords(BaseNextUrlPaginator):
    """Goes where each page says that the next one is."""

    def update_state(self, response: Response, data: list[Page] | None = None) -> None:  # noqa: ARG002
        """Take the address from a page that was read."""
        self._next_reference = data[0].following if data else None


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


def _record(found: Mapping[str, Any], names: Iterable[str], mark: str | None) -> Record:
    try:
        return (*(found[name] for name in names), mark and found[mark])
    except KeyError as error:
        raise SourceError(f"Salesforce gives a row without {error}, which was asked for") from None


def _literal(instant: datetime) -> str:
    """An instant as SOQL writes it, to the second before."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
