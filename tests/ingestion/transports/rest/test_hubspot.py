"""HubSpot over its REST API: every row of every list, or a word on why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.config import RestSource
from ingestion.declarations import system
from ingestion.errors import ConfigurationError, SourceError
from ingestion.transports.base import Window
from ingestion.transports.rest.transport import RestTransport
from tests.ingestion.hubspot_server import TOKEN, Account, HubSpot, ticket
from tests.ingestion.rest_server import serving, status, words
from tests.ingestion.transports.reading import Landed, landed

HUBSPOT = system("hubspot")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When the account is read."""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)


@pytest.fixture
def account() -> Iterator[HubSpot]:
    """An account with 120 tickets, one of them archived and one made after the session began."""
    tickets = [ticket(n, NOON - timedelta(days=9)) for n in range(120)]
    tickets[7]["archived"] = True
    tickets.append(ticket(120, NOON + timedelta(minutes=1)))
    with serving(Account(tickets).served(clock=lambda: NOON)) as org:
        yield org


def read(org: HubSpot, table: str, **settings: object) -> Landed:
    source = org.source(**settings)
    return landed(RestTransport.from_source(source), HUBSPOT.table(table), Window())


def test_all_pages_of_a_list_are_read(account: HubSpot) -> None:
    found = read(account, "ticket")
    assert sorted(int(str(row["id"])) for row in found.rows) == [*range(7), *range(8, 120)]
    assert len(found.keys) == found.extraction.source_rows == 119
    assert sum("objects/tickets" in call for call in account.calls) == 2
    assert found.extraction.problems == []


def test_a_ticket_has_its_properties_and_its_company(account: HubSpot) -> None:
    account.lists["objects/tickets"][0]["properties"]["cost"] = "12.50"
    first = read(account, "ticket").rows[0]
    assert (first["subject"], first["company_id"], str(first["cost"])) == ("Late", "9", "12.5000")
    assert first["createdate"] == datetime(2026, 2, 21, 12)  # noqa: DTZ001


def test_a_ticket_without_a_company_is_read(account: HubSpot) -> None:
    del account.lists["objects/tickets"][0]["associations"]
    assert read(account, "ticket").rows[0]["company_id"] is None


def test_changes_are_those_of_stage_and_owner_until_the_session_began(account: HubSpot) -> None:
    one = account.lists["objects/tickets"][0]
    later = [(NOON, "4"), (NOON + timedelta(minutes=1), "1")]
    one["history"]["hs_pipeline_stage"] += [
        {"timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.5Z", "value": stage}
        for at, stage in [(NOON - timedelta(hours=1), "2"), *later[1:]]
    ]
    found = [row for row in read(account, "ticket_change").rows if row["ticket_id"] == "0"]
    assert [(row["property"], row["value"], row["user_id"]) for row in found] == [
        ("hs_pipeline_stage", "1", "77"),
        ("hs_pipeline_stage", "2", None),
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("owner", [("5", "77", False), ("6", "78", True)]),
        ("stage", [("1", "New", "OPEN"), ("4", "Closed", "CLOSED")]),
        ("company", [("9", "Dupont", "Lyon")]),
    ],
)
def test_other_lists_are_read(account: HubSpot, table: str, expected: list[object]) -> None:
    columns = {
        "owner": ("id", "userId", "archived"),
        "stage": ("id", "label", "ticketState"),
        "company": ("id", "name", "city"),
    }[table]
    found = read(account, table)
    assert [tuple(row[name] for name in columns) for row in found.rows] == expected


def test_properties_that_are_missing_or_another_are_told(account: HubSpot) -> None:
    assert "customer_number" in read(account, "company").extraction.missing_columns
    del account.types["tickets"]["subject"]
    account.types["tickets"]["cost"] = "string"
    with pytest.raises(SourceError, match=r"lacks column subject.*cost is of type string"):
        read(account, "ticket")


def test_an_account_is_inspected_without_reading_it(account: HubSpot) -> None:
    with RestTransport(account.source()).session() as session:
        statuses = session.inspect(HUBSPOT.tables)
    assert all(status.present and not status.problems for status in statuses)
    assert not any("objects" in call for call in account.calls)


def test_a_token_that_is_not_taken_is_told_and_not_repeated(
    account: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", "mistyped")
    with pytest.raises(SourceError, match="INVALID_AUTHENTICATION: the token is not") as caught:
        read(account, "ticket")
    assert "mistyped" not in str(caught.value)


def test_a_scope_that_is_missing_is_told(account: HubSpot, tmp_path: Path) -> None:
    del account.lists["objects/tickets"]
    with RestTransport(account.source()).session() as session:
        with pytest.raises(SourceError, match="MISSING_SCOPES: the app lacks a scope"):
            session.extract(HUBSPOT.table("ticket"), Window(), tmp_path)
        assert session.still_answers()


def test_what_may_pass_is_asked_again(account: HubSpot) -> None:
    account.befalls("after=100", status(429), times=2)
    assert len(read(account, "ticket").rows) == 119


def test_a_list_without_an_end_is_ended(account: HubSpot) -> None:
    page = b'{"results": [{"id": "1"}], "paging": {"next": {"after": "1"}}}'
    account.befalls("owners\\?limit=100", words(page), times=9)
    account.befalls("owners\\?limit=100", words(page), times=9)
    with pytest.raises(SourceError, match="the same pages of /crm/v3/owners again and again"):
        read(account, "owner")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "give either `token` or `client_id`"),
        ({"client_id": "x"}, "`client_id` and `client_secret` belong together"),
        ({"token": "${T}", "client_id": "x", "client_secret": "${S}"}, "give either `token` or"),
    ],
)
def test_one_way_of_being_known_is_given(settings: dict[str, str], said: str) -> None:
    given = {"system": "hubspot", "transport": "rest", "url": "https://api.hubapi.com", **settings}
    with pytest.raises(ValueError, match=said):
        RestSource.model_validate(given)


def test_each_product_knows_us_in_its_own_way(account: HubSpot) -> None:
    with pytest.raises(ConfigurationError, match="salesforce needs `client_id`"):
        RestTransport.from_source(account.source(system="salesforce"))
