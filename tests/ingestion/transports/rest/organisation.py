"""A small organisation, as Salesforce has it and as it would export it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.declarations import Table, system
from ingestion.transports.base import Window
from ingestion.transports.rest.transport import RestTransport
from tests.ingestion.rest_server import Record, Salesforce, SObject, serving
from tests.ingestion.transports.reading import Landed, landed

SALESFORCE = system("salesforce")
CASE = SALESFORCE.table("case")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When the organisation is read."""
EVERYTHING = Window()


def case(number: int, **given: Any) -> Record:
    """A case, changed as many hours before noon as its number says."""
    return {
        "Id": f"500{number:012d}AAA",
        "CaseNumber": f"{number:08d}",
        "AccountId": "001000000000001AAA",
        "Status": "New",
        "Subject": "Où est la commande n° 7 ?",
        "IsClosed": False,
        "CreatedDate": NOON - timedelta(days=30),
        "SystemModstamp": NOON - timedelta(hours=number),
        "Cost__c": Decimal(f"{number}.2500"),
        **given,
    }


def organisation(*cases: Record, **settings: Any) -> Salesforce:
    """An organisation with all the objects that are read, and these cases."""
    account = {
        "Id": "001000000000001AAA",
        "Name": "Dupont & Fils; “Négoce”",
        "BillingCountryCode": "FR",
        "CreatedDate": NOON - timedelta(days=300),
        "SystemModstamp": NOON - timedelta(days=2, microseconds=-1000),
    }
    user = {
        "Id": "005000000000001AAA",
        "Username": "anna@example.com",
        "IsActive": True,
        "SystemModstamp": NOON - timedelta(days=9),
    }
    change = {
        "Id": "017000000000001AAA",
        "CaseId": "500000000000001AAA",
        "Field": "Status",
        "OldValue": "New",
        "NewValue": " in work, \n since today",
        "CreatedDate": NOON - timedelta(days=1),
    }
    call = {
        "Id": "00T000000000001AAA",
        "TaskSubtype": "Call",
        "CallDurationInSeconds": 90,
        "ActivityDate": date(2026, 3, 1),
        "CreatedDate": NOON - timedelta(days=1),
        "SystemModstamp": NOON - timedelta(days=1),
    }
    objects = [
        SObject.of(SALESFORCE.table("account"), "Account", [account]),
        SObject.of(SALESFORCE.table("user"), "User", [user]),
        SObject.of(CASE, "Case", list(cases)),
        SObject.of(SALESFORCE.table("casehistory"), "CaseHistory", [change]),
        SObject.of(SALESFORCE.table("task"), "Task", [call]),
    ]
    del objects[1].fields["IsDeleted"]  # users cannot be deleted
    return Salesforce(objects, **{"clock": lambda: NOON, **settings})


@contextmanager
def serving_cases(*cases: Record, **settings: Any) -> Iterator[Salesforce]:
    """Serve an organisation with these cases."""
    with serving(organisation(*cases, **settings)) as org:
        yield org


def read(
    org: Salesforce, table: Table = CASE, window: Window = EVERYTHING, **settings: Any
) -> Landed:
    """A table as it is landed from the API."""
    return landed(RestTransport(org.source(**settings)), table, window)


def ids(landed_rows: list[dict[str, object]]) -> list[int]:
    """The numbers of cases."""
    return [int(str(row["Id"])[3:15]) for row in landed_rows]


def export(org: Salesforce, folder: Path) -> Path:
    """Write what an export writes: a CSV file for each object, without deleted rows."""

    def text(value: Any) -> str:
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
        return str(value).lower() if isinstance(value, bool) else str(value)

    for exported in org.objects:
        with (folder / f"{exported.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(exported.fields)
            for record in exported.records:
                if not record.get("IsDeleted"):
                    found = [record.get(name) for name in exported.fields]
                    writer.writerow(["" if one is None else text(one) for one in found])
    return folder
