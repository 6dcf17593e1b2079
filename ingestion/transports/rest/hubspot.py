"""HubSpot's REST API: lists of objects, a hundred at a time, read whole every night.

Its search would give what has changed, but never more than 10,000 rows of a question, late, and by
a call for each two hundred; to see deletes all keys are listed every night in any case, and rows
cost no more calls than keys. Lists go by identifier, so that no row comes twice.

Rows that were made after the session began are left out, so that tables of one session belong
together; archived rows are left out by HubSpot, but for owners, whom claims still name.

This module imports dlt: import it where a call is about to be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.helpers.rest_client.typing import Hooks
from pydantic import Field
from requests import Response

from ingestion.config import RestSource, secret
from ingestion.declarations import Table
from ingestion.errors import SourceError
from ingestion.transports.rest.api import Found, Record, Span, retyped
from ingestion.transports.rest.http import Answer, Client, OneHost, answer, clock, read_as

OBJECTS: Mapping[str, str] = {"company": "companies", "ticket": "tickets"}
"""The list of HubSpot that each table of plain properties is."""
HISTORY = ("hs_pipeline_stage", "hubspot_owner_id")
"""Properties of a ticket whose changes are read."""
MOST_ROWS = 100
MOST_ROWS_WITH_HISTORY = 50
KINDS: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"bool"}),
    "timestamp": frozenset({"datetime"}),
    "date": frozenset({"date"}),
    "bigint": frozenset({"number"}),
    "double": frozenset({"number"}),
    "decimal": frozenset({"number"}),
}
"""Types of HubSpot that each declared type is read from; text is read from any."""
REMEDIES: Mapping[str, str] = {
    "EXPIRED_AUTHENTICATION": "the token is taken no longer: make a new one",
    "INVALID_AUTHENTICATION": "the token is not taken: was the app removed, or its token rotated?",
    "MISSING_SCOPES": "the app lacks a scope: docs/connectors/hubspot.md names them",
    "RATE_LIMITS": "the calls that HubSpot allows are used up, by all of your apps together",
}
"""What to do about an error, by HubSpot's name of its category."""


class Associated(Answer):
    """What a row is associated with, of one kind."""

    class Row(Answer):
        """A row of that kind."""

        id: str

    results: list[Row]


class Change(Answer):
    """A value that a property has had."""

    timestamp: datetime
    value: str | None = None
    by: str | None = Field(default=None, alias="updatedByUserId")


class Row(Answer):
    """A row of a list of objects."""

    id: str
    created_at: datetime = Field(alias="createdAt")
    properties: dict[str, Any] = Field(default_factory=dict)
    history: dict[str, list[Change]] = Field(default_factory=dict, alias="propertiesWithHistory")
    associations: dict[str, Associated] = Field(default_factory=dict)

    @property
    def company_id(self) -> str | None:
        """The first of its companies, in HubSpot's order."""
        companies = self.associations.get("companies")
        return companies.results[0].id if companies and companies.results else None


class Pipeline(Answer):
    """A pipeline with its stages."""

    class Stage(Answer):
        """A stage, in which a ticket is open or closed."""

        id: str
        label: str
        metadata: dict[str, Any] = Field(default_factory=dict)

    id: str
    stages: list[Stage]


class Paging(Answer):
    """Where the list goes on."""

    class Next(Answer):
        """The page after this."""

        after: str

    next: Next | None = None


class Listed(Answer):
    """A page of any list."""

    results: list[Any]
    paging: Paging | None = None

    @property
    def following(self) -> str | None:
        """By which the next page is asked for, if there is one."""
        return self.paging.next.after if self.paging and self.paging.next else None


class Properties(Answer):
    """The properties of an object."""

    class Property(Answer):
        """One of them."""

        name: str
        type: str

    results: list[Property]


Values = Mapping[str, object]


@dataclass
class HubSpot:
    """One session with one account."""

    client: Client
    began_at: datetime
    page_rows: int

    @classmethod
    def open(cls, source: RestSource, session: OneHost) -> HubSpot:
        """See whether the token is taken.

        Raises:
            SourceError: HubSpot cannot be reached, or does not let us in.

        """
        assert source.token  # the configuration saw to it
        auth = BearerTokenAuth(token=secret(source.token))
        client = Client(source, auth, session, partial(read_as, Listed))
        response = client.get("/crm/v3/owners", params={"limit": 1}, hooks=HOOKS)
        return cls(client, clock(response), source.page_rows)

    def look_at(self, table: Table) -> Found | None:
        """The properties of an object; all other lists have the columns that they have."""
        declared = frozenset(column.name for column in table.columns)
        if table.name not in OBJECTS:
            return Found(declared)
        response = self.client.get(f"/crm/v3/properties/{OBJECTS[table.name]}", hooks=HOOKS)
        known = {p.name: p.type for p in read_as(Properties, answer(response)).results}
        types = {name: known[name] for name in declared if name in known}
        computed = declared & {"id", "company_id"}
        return Found(computed | types.keys(), retyped(table, types, KINDS))

    def pages(
        self,
        table: Table,
        columns: Sequence[str],
        spans: Iterable[Span] = (),  # noqa: ARG002  no table has a cursor
    ) -> Iterator[list[Record]]:
        """The rows of a list, whole."""
        for page in self._rows(table.name, columns):
            yield [(*(values.get(name) for name in columns), None) for values in page]

    def count(self, table: Table, *, with_deleted: bool) -> None:
        """Not known: lists do not say how long they are."""

    def answers(self) -> bool:
        """Whether the host says anything at all."""
        try:
            answered = self.client.session.get(f"{self.client.base_url}/crm/v3/owners")
        except SourceError:
            return False
        return answered.status_code < 500

    def _rows(self, table: str, columns: Sequence[str]) -> Iterator[list[Values]]:
        if table == "owner":
            for archived in ("false", "true"):
                yield from self._listed("/crm/v3/owners", archived=archived)
        elif table == "stage":
            for page in self._listed("/crm/v3/pipelines/tickets"):
                yield [values for pipeline in page for values in _stages(pipeline)]
        elif table == "ticket_change":
            asked = ",".join(HISTORY)
            most = min(self.page_rows, MOST_ROWS_WITH_HISTORY)
            for page in self._objects("tickets", propertiesWithHistory=asked, limit=most):
                yield [values for row in page for values in self._changes(row)]
        else:
            asked = ",".join(name for name in columns if name not in ("id", "company_id"))
            for page in self._objects(OBJECTS[table], properties=asked, associations="companies"):
                yield [
                    {**row.properties, "id": row.id, "company_id": row.company_id} for row in page
                ]

    def _objects(self, name: str, **asked: str | int) -> Iterator[list[Row]]:
        for page in self._listed(f"/crm/v3/objects/{name}", **asked):
            rows = [read_as(Row, found) for found in page]
            yield [row for row in rows if row.created_at <= self.began_at]

    def _changes(self, row: Row) -> Iterator[Values]:
        for name, versions in row.history.items():
            for change in versions:
                if change.timestamp <= self.began_at:
                    yield {
                        "ticket_id": row.id,
                        "property": name,
                        "changed_at": change.timestamp.astimezone(UTC).isoformat(),
                        "value": change.value,
                        "user_id": change.by,
                    }

    def _listed(self, path: str, **asked: str | int) -> Iterator[list[Any]]:
        seen: set[str] = set()
        pages = self.client.paginate(
            path,
            params={"limit": min(self.page_rows, MOST_ROWS), **asked},
            paginator=JSONResponseCursorPaginator("paging.next.after", "after"),
            data_selector="$",
            hooks=HOOKS,
        )
        for (page,) in pages:
            if page.following in seen:
                raise SourceError(f"HubSpot gives the same pages of {path} again and again")
            if page.following:
                seen.add(page.following)
            yield page.results


def _stages(found: object) -> Iterator[Values]:
    pipeline = read_as(Pipeline, found)
    for stage in pipeline.stages:
        yield {
            "pipeline_id": pipeline.id,
            "id": stage.id,
            "label": stage.label,
            "ticketState": stage.metadata.get("ticketState"),
        }


def _refuse(response: Response, *_: Any, **__: Any) -> None:
    """Say in words why HubSpot does not answer."""
    if response.ok:
        return
    try:
        told = answer(response)
        category, message = told["category"], told["message"]
    except (SourceError, LookupError, TypeError):
        raise SourceError(f"HubSpot answers with status {response.status_code}") from None
    remedy = f": {REMEDIES[category]}" if category in REMEDIES else ""
    raise SourceError(f"HubSpot refuses with {category}{remedy} ({message[:300]})")


HOOKS: Hooks = {"response": [_refuse]}
