"""Salesforce over its REST API: every row once, as it is, or a word on why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.config import FileSource, RestSource
from ingestion.errors import ConfigurationError, SourceError, UnfinishedReadError
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import batches, schema_hash
from ingestion.ledger import Position
from ingestion.transports.base import Window
from ingestion.transports.files import FilesTransport
from ingestion.transports.rest.transport import RestTransport
from tests.ingestion.rest_server import Salesforce, SObject, hang_up, meanwhile, refusal
from tests.ingestion.transports.reading import landed
from tests.ingestion.transports.rest.organisation import (
    CASE,
    NOON,
    SALESFORCE,
    case,
    export,
    ids,
    organisation,
    read,
    serving_cases,
)

SINCE_TEN = Window(low="2026-03-02 10:00:00")
KEYS_ARE_READ = r"COUNT%28%29"
"""They are counted once they have been read, and rows are read after that."""


@pytest.mark.parametrize("table", SALESFORCE.tables, ids=lambda table: table.name)
def test_a_table_is_what_its_export_is(table: object, tmp_path: Path) -> None:
    told = case(2, IsClosed=True, ClosedDate=NOON, Cost__c=Decimal("12345678901234.5678"))
    with serving_cases(case(1), told, case(3, IsDeleted=True), page_rows=1) as org:
        api = read(org, table)  # type: ignore[arg-type]
        files = landed(FilesTransport(export(org, tmp_path)), table, Window())  # type: ignore[arg-type]
    assert api.rows
    assert (api.rows, api.keys) == (files.rows, files.keys)
    assert api.extraction.totals == files.extraction.totals
    assert api.extraction.cursor_to == files.extraction.cursor_to
    assert api.extraction.problems == []


def test_all_pages_are_read() -> None:
    with serving_cases(*map(case, range(1, 8)), page_rows=2) as org:
        found = read(org)
        assert [call.split("?")[0] for call in org.calls][4:7] == [
            f"/services/data/v64.0/query/01g00000-{after}" for after in (2, 4, 6)
        ]
    assert ids(found.rows) == list(range(1, 8))


def test_the_log_tells_how_far_a_table_has_been_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingestion.transports.rest.transport.ROWS_BETWEEN_WORDS", 3)
    caplog.set_level("INFO", "adv.extract")
    with serving_cases(*map(case, range(1, 8)), page_rows=2) as org:
        read(org)
    assert caplog.messages == [
        "Salesforce: calls of the last 24 hours: api-usage=2/15000",
        "case: 4 rows received",
        "case: 6 rows received",
    ]


def test_a_window_gives_what_has_changed_since_and_the_keys_of_all() -> None:
    with serving_cases(*map(case, range(6))) as org:
        found = read(org, window=SINCE_TEN, overlap_minutes=60)
    assert ids(found.rows) == [0, 1, 2, 3]
    assert ids(found.keys) == [0, 1, 2, 3, 4, 5]
    assert (found.extraction.rows, found.extraction.source_rows) == (4, 6)


def test_days_are_read_again_beside_what_has_changed() -> None:
    long_ago = case(4, SystemModstamp=NOON - timedelta(days=20))
    with serving_cases(*map(case, range(4)), long_ago) as org:
        again = replace(SINCE_TEN, again=(date(2026, 2, 10), date(2026, 2, 11)))
        found = read(org, window=again, overlap_minutes=0)
    assert ids(found.rows) == [0, 1, 2, 4]


def test_a_deleted_row_is_there_no_longer() -> None:
    with serving_cases(case(1), case(2, IsDeleted=True), case(5, IsDeleted=True)) as org:
        for window in (Window(), SINCE_TEN):
            found = read(org, window=window)
            assert ids(found.rows) == ids(found.keys) == [1]


def test_a_row_that_was_made_after_the_session_began_is_left_to_the_next() -> None:
    with serving_cases(case(1), case(2, CreatedDate=NOON + timedelta(minutes=1))) as org:
        for window in (Window(), SINCE_TEN):
            found = read(org, window=window)
            assert ids(found.rows) == ids(found.keys) == [1]


def test_a_row_that_is_changed_while_it_is_read_is_read_again_by_the_next_session() -> None:
    with serving_cases(case(1), case(2, SystemModstamp=NOON + timedelta(hours=3))) as org:
        found = read(org)
    assert ids(found.rows) == [1, 2]
    assert found.extraction.cursor_to == "2026-03-02 12:00:00"


def test_the_watermark_never_goes_back() -> None:
    with serving_cases(case(30)) as org:
        assert read(org, window=SINCE_TEN).extraction.cursor_to == SINCE_TEN.low


def test_what_changes_after_the_keys_were_read_is_among_the_rows() -> None:
    with serving_cases(*map(case, range(1, 8))) as org:
        change = {"SystemModstamp": NOON, "Status": "Closed"}
        org.befalls(KEYS_ARE_READ, meanwhile(lambda: org.object("Case").records[6].update(change)))
        found = read(org, window=SINCE_TEN)
    assert [row["Status"] for row in found.rows if row["Id"] == case(7)["Id"]] == ["Closed"]
    assert ids(found.keys) == list(range(1, 8))
    assert max(str(key["SystemModstamp"]) for key in found.keys) == "2026-03-02 12:00:00"


def test_what_is_deleted_after_the_keys_were_read_is_not_among_the_keys() -> None:
    with serving_cases(*map(case, range(1, 8))) as org:
        deletion = {"SystemModstamp": NOON, "IsDeleted": True}
        org.befalls(
            KEYS_ARE_READ, meanwhile(lambda: org.object("Case").records[6].update(deletion))
        )
        found = read(org, window=SINCE_TEN)
    assert ids(found.keys) == list(range(1, 7))


def test_a_row_that_comes_twice_is_kept_once() -> None:
    with serving_cases(*map(case, range(1, 6)), page_rows=2, overlap=1) as org:
        found = read(org)
    assert ids(found.rows) == ids(found.keys) == [1, 2, 3, 4, 5]
    assert found.codes("warning") == ["repeated_row"]
    assert "2 row(s) came twice" in found.extraction.problems[0].message


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_a_row_that_comes_twice_the_newest_is_kept(newest_first: bool) -> None:
    same = [
        case(1, Status="Closed"),
        case(1, Status="New", SystemModstamp=NOON - timedelta(days=9)),
    ]
    with serving_cases(*(same if newest_first else reversed(same))) as org:
        org.befalls(KEYS_ARE_READ, meanwhile(lambda: org.object("Case").records.pop()))
        found = read(org)
    assert [row["Status"] for row in found.rows] == ["Closed"]


def changing(org: Salesforce, times: int) -> None:
    """Let rows vanish for good before they are counted."""
    records = org.object("Case").records
    org.befalls(KEYS_ARE_READ, meanwhile(lambda: records.pop()), times)


@pytest.mark.parametrize("window", [Window(), SINCE_TEN], ids=["all", "window"])
def test_a_table_that_changed_while_it_was_read_is_read_once_more(window: Window) -> None:
    with serving_cases(*map(case, range(1, 8))) as org:
        changing(org, times=1)
        found = read(org, window=window)
    assert ids(found.keys) == [1, 2, 3, 4, 5, 6]
    assert found.extraction.problems == []


def test_a_table_that_changes_again_and_again_is_refused() -> None:
    with serving_cases(*map(case, range(1, 8))) as org:
        changing(org, times=2)
        found = read(org)
    assert found.codes("batch") == ["changed_while_read"]
    assert "6 rows were received, and 5 are counted" in found.extraction.problems[0].message


def test_changes_that_the_window_lacks_are_noticed() -> None:
    with serving_cases(*map(case, range(1, 8))) as org:
        # Counted as before: another row takes the place of one that had changed.
        def swap() -> None:
            org.object("Case").records[0] = case(9)

        org.befalls(KEYS_ARE_READ, meanwhile(swap))
        found = read(org, window=SINCE_TEN)
    assert ids(found.keys) == [2, 3, 4, 5, 6, 7, 9]
    assert sum("COUNT()" in query for query in org.queries) == 2


def without(name: str) -> Callable[[SObject], object]:
    return lambda of: of.fields.pop(name)


def with_type(name: str, kind: str) -> Callable[[SObject], object]:
    return lambda of: of.fields.update({name: kind})


def renamed(of: SObject) -> None:
    of.fields["Etat__c"] = of.fields.pop("Status")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("Status"), "table case lacks column Status, or the user may not read it"),
        (renamed, "table case lacks column Status"),
        (with_type("Cost__c", "string"), "Cost__c is of type string and is declared decimal"),
        (with_type("ClosedDate", "date"), "ClosedDate is of type date and is declared timestamp"),
        (with_type("Subject", "address"), "Subject is of type address and is declared string"),
    ],
    ids=["dropped", "renamed", "no longer a number", "no longer a time", "no longer a text"],
)
def test_a_column_that_is_gone_or_another_refuses_the_table(
    change: Callable[[SObject], object], said: str
) -> None:
    with serving_cases(case(1)) as org:
        change(org.object("Case"))
        with pytest.raises(SourceError, match=said):
            read(org)
        with RestTransport(org.source()).session() as session:
            (status,) = session.inspect([CASE])
    assert status.present
    assert said in status.problems[0].message
    assert org.queries == []


def test_columns_that_nobody_declared_are_not_asked_for() -> None:
    with serving_cases(case(1)) as org:
        org.object("Case").fields["Salary__c"] = "currency"
        assert "Salary__c" not in read(org).rows[0]
    assert not any("Salary__c" in query for query in org.queries)


def test_an_optional_column_that_is_missing_or_hidden_is_empty() -> None:
    with serving_cases(case(1)) as org:
        for name in ("Cost__c", "Carrier__c"):
            del org.object("Case").fields[name]
        found = read(org)
    assert found.extraction.missing_columns == ("Carrier__c", "Cost__c")
    assert (found.rows[0]["Carrier__c"], found.rows[0]["Cost__c"]) == (None, None)


def test_an_optional_object_that_is_not_there_is_empty() -> None:
    with serving_cases() as org:
        org.object("Task").is_queryable = False
        found = read(org, SALESFORCE.table("task"))
    assert (found.rows, found.keys, found.extraction.missing_columns) == ([], [], ("*",))


def test_an_object_that_the_user_may_not_read_is_told() -> None:
    with serving_cases() as org:
        org.object("Case").is_queryable = False
        with pytest.raises(SourceError, match="table case does not exist, or the user may not"):
            read(org)


def test_a_value_that_is_not_what_it_should_be_keeps_its_row_out() -> None:
    large, half = case(2, Cost__c=Decimal("1e15")), case(3, Subject="half of a \ud83d")
    with serving_cases(case(1), large, half) as org:
        found = read(org)
    assert ids(found.rows) == [1]
    assert ids(found.keys) == [1, 2, 3]
    assert sorted(found.codes("row")) == ["bad_number", "undecodable"]
    assert {row["key"] for row in found.rejected} == {large["Id"], half["Id"]}


def test_an_organisation_is_inspected_without_reading_it() -> None:
    with serving_cases(case(1), case(2, IsDeleted=True)) as org:
        del org.object("Case").fields["Carrier__c"]
        org.objects = [found for found in org.objects if found.name != "Task"]
        with RestTransport(org.source()).session() as session:
            statuses = {s.table.name: s for s in session.inspect(SALESFORCE.tables)}
    assert {name: status.rows for name, status in statuses.items()} == {
        "account": 1,
        "user": 1,
        "case": 1,
        "casehistory": 1,
        "task": None,
    }
    assert statuses["case"].missing_columns == ("Carrier__c",)
    assert not statuses["task"].present


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("REQUEST_LIMIT_EXCEEDED", 403, "the calls that Salesforce allows in 24 hours are used up"),
        ("API_DISABLED_FOR_ORG", 403, "comes without the API"),
        ("INVALID_QUERY_LOCATOR", 400, "given up the rest of its answer; run again"),
        ("SOMETHING_NEW", 400, "Salesforce refuses with SOMETHING_NEW (told so)"),
    ],
)
def test_a_refusal_is_told_with_what_to_do(
    code: str, status: int, said: str, tmp_path: Path
) -> None:
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", refusal(status, code, "told so"))
        with RestTransport(org.source()).session() as session:
            with pytest.raises(SourceError) as caught:
                session.extract(CASE, Window(), tmp_path)
            assert session.still_answers()
    assert said in str(caught.value)


def test_an_answer_that_holds_less_than_it_says_is_not_taken_for_all() -> None:
    with serving_cases(*map(case, range(1, 5)), page_rows=2) as org:
        org.befalls("query/", meanwhile(lambda: org.found_later(lambda rows: rows.pop())))
        with pytest.raises(SourceError, match="Salesforce gives 3 of 4 rows of case"):
            read(org)


def test_an_answer_without_an_end_is_ended() -> None:
    with serving_cases(*map(case, range(1, 5)), page_rows=2) as org:
        org.is_endless = True
        with pytest.raises(SourceError, match="of 4 rows of case"):
            read(org)


def test_it_is_asked_for_as_many_rows_at_a_time_as_the_settings_say() -> None:
    with serving_cases(*(case(n) for n in range(450)), page_rows=2000) as org:
        read(org, page_rows=200)
    assert sum("/query/" in call for call in org.calls) == 2


def test_another_version_of_the_api_is_asked_where_the_settings_say_so() -> None:
    with serving_cases(case(1)) as org, pytest.raises(SourceError, match="api_version"):
        read(org, api_version="12.0")
    assert org.calls[-1] == "/services/data/v12.0/sobjects"


def test_a_system_that_has_no_dialect_is_told() -> None:
    source = organisation().source(system="odoo", url="https://example.com")
    assert isinstance(source, RestSource)
    with pytest.raises(
        ConfigurationError, match="odoo cannot be read by 'rest'; hubspot, salesforce can"
    ):
        RestTransport.from_source(source)


def landing(home: Home, org: Salesforce) -> LandingRequest:
    return LandingRequest(home, "crm", org.source(), 20260303020000000, "run", {})


def test_a_host_that_dies_in_the_middle_leaves_nothing_half_landed(home: Home) -> None:
    with serving_cases(*map(case, range(1, 6)), page_rows=2) as org:
        org.befalls("query/", hang_up, times=99)
        org.befalls("data$", hang_up, times=99)
        with pytest.raises(UnfinishedReadError, match=r"crm\.case: .* cannot be reached"):
            list(land(landing(home, org)))
    assert [batch.name for batch in batches(home.landing)] == ["crm.account", "crm.user"]
    assert not list(home.landing.glob("*/*/*.partial"))


def test_calls_that_are_used_up_refuse_a_table_and_say_so(home: Home) -> None:
    with serving_cases(case(1)) as org:
        org.befalls("FROM\\+Case\\+", refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests"))
        landed = {batch.name: batch.manifest for batch in land(landing(home, org))}
    (problem,) = landed["crm.case"].problems
    assert (problem.severity, problem.code) == ("batch", "unreadable")
    assert "are used up, by all of your applications together" in problem.message
    assert landed["crm.task"].rows == 1


def test_a_source_that_moves_from_its_export_to_the_api_goes_on_from_there(
    home: Home, tmp_path: Path
) -> None:
    with serving_cases(*map(case, range(1, 6))) as org:
        files = FileSource(system="salesforce", transport="files", path=export(org, tmp_path))
        first = {b.name: b for b in land(replace(landing(home, org), source=files))}["crm.case"]
        org.object("Case").records[4].update(SystemModstamp=NOON, Status="Closed")
        position = Position(first.manifest.load_id, first.manifest.cursor_to, schema_hash(CASE), 5)
        request = replace(landing(home, org), load_id=20260304020000000)
        request = replace(request, positions={("crm", "case"): position})
        second = {b.name: b for b in land(request)}["crm.case"]
    assert second.manifest.cursor_from == "2026-03-02 11:00:00"
    assert (second.manifest.rows, second.manifest.source_rows) == (3, 5)
