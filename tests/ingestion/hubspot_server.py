"""A server on loopback that answers as HubSpot's REST API is documented to: lists, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ingestion.config import RestSource
from tests.ingestion.rest_server import Caller, Host

TOKEN = "pat-eu1-s3cr3t"  # noqa: S105
Listed = list[dict[str, Any]]


@dataclass
class HubSpot(Host):
    """One account of HubSpot."""

    lists: dict[str, Listed]
    """Rows by the path of their list."""
    types: dict[str, dict[str, str]]
    """Type of each property, by object."""

    @property
    def caller(self) -> type[Caller]:
        """HubSpot itself."""
        return HubSpotCaller

    def source(self, **settings: Any) -> RestSource:
        """How it is read."""
        return RestSource.model_validate(
            {
                "system": "hubspot",
                "transport": "rest",
                "url": self.url,
                "token": "${HUBSPOT_TOKEN}",
                "calls_per_second": 10_000,
                **settings,
            }
        )


class HubSpotCaller(Caller):
    """One connection to HubSpot."""

    org: HubSpot

    def do_GET(self) -> None:  # noqa: N802
        """Answer what is asked by address."""
        if self._meets_trouble():
            return
        address = urlsplit(self.path)
        asked = {name: found[0] for name, found in parse_qs(address.query).items()}
        path = address.path.removeprefix("/crm/v3/")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._refuses(401, "INVALID_AUTHENTICATION")
        elif path.startswith("properties/"):
            types = self.org.types[path.removeprefix("properties/")]
            self.says({"results": [{"name": name, "type": kind} for name, kind in types.items()]})
        elif path in self.org.lists:
            self._lists(path, asked)
        else:
            self._refuses(403, "MISSING_SCOPES")

    def _lists(self, path: str, asked: Mapping[str, str]) -> None:
        most = 50 if "propertiesWithHistory" in asked else 100
        limit, after = int(asked.get("limit", 10)), int(asked.get("after", 0))
        if limit > most:
            self._refuses(400, "VALIDATION_ERROR")
            return
        is_archived = asked.get("archived", "false") == "true"
        found = [row for row in self.org.lists[path] if row.get("archived", False) == is_archived]
        page: dict[str, Any] = {
            "results": [_told(row, asked) for row in found[after : after + limit]]
        }
        if after + limit < len(found):
            page["paging"] = {"next": {"after": str(after + limit), "link": "?after"}}
        self.says(page)

    def _refuses(self, status: int, category: str) -> None:
        told = {"status": "error", "category": category, "message": "told so"}
        self.says(told, status)


def _told(row: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    """A row with what was asked for, and no more."""
    told = dict(row)
    for name, kept in (("properties", "properties"), ("history", "propertiesWithHistory")):
        if name in told:
            wanted = asked.get(kept, "").split(",")
            told[kept] = {key: value for key, value in told.pop(name).items() if key in wanted}
    if "associations" not in asked:
        told.pop("associations", None)
    return told


def ticket(number: int, made: datetime, **properties: Any) -> dict[str, Any]:
    """A ticket of the company 9, which has been in one stage since it was made."""
    instant = f"{made:%Y-%m-%dT%H:%M:%S}.000Z"
    stage = {"timestamp": instant, "value": "1", "sourceType": "CRM_UI", "updatedByUserId": 77}
    return {
        "id": str(number),
        "createdAt": instant,
        "updatedAt": instant,
        "properties": {"subject": "Late", "hs_pipeline_stage": "1", "createdate": instant}
        | properties,
        "history": {"hs_pipeline_stage": [stage], "subject": [stage]},
        "associations": {"companies": {"results": [{"id": "9", "type": "ticket_to_company"}]}},
    }


@dataclass
class Account:
    """What a small account holds."""

    tickets: Listed = field(default_factory=list)

    def served(self, **settings: Any) -> HubSpot:
        """The account, as HubSpot."""
        made = "2024-01-01T00:00:00.000Z"
        company = {
            "id": "9",
            "createdAt": made,
            "properties": {"name": "Dupont", "city": "Lyon", "createdate": made},
        }
        stages = [
            {"id": "1", "label": "New", "metadata": {"ticketState": "OPEN"}},
            {"id": "4", "label": "Closed", "metadata": {"ticketState": "CLOSED"}},
        ]
        owners = [
            {"id": "5", "userId": 77, "email": "anna@example.com", "archived": False},
            {"id": "6", "userId": 78, "email": "gone@example.com", "archived": True},
        ]
        lists = {
            "objects/tickets": self.tickets,
            "objects/companies": [company],
            "owners": owners,
            "pipelines/tickets": [{"id": "0", "label": "Support", "stages": stages}],
        }
        text = dict.fromkeys(
            (
                *("name", "zip", "city", "hubspot_owner_id", "subject", "hs_pipeline"),
                *("hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority", "source_type"),
            ),
            "string",
        )
        instants = dict.fromkeys(("createdate", "closed_date"), "datetime")
        types = {"tickets": text | instants | {"cost": "number"}, "companies": text | instants}
        return HubSpot(lists, types, **settings)
