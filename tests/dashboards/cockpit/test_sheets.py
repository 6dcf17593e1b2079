"""What is noted is noted once, whole, beside the team's own files, and read with the next night."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from html import unescape
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from dashboards.cockpit.sheets import LOOKUPS, OWN_FILES, REMINDERS, Sheets
from ingestion.config import read_sources
from ingestion.declarations import system
from ingestion.errors import ConfigurationError
from ingestion.home import Home
from ingestion.transports.base import Window
from ingestion.transports.files import FilesTransport
from tests.dashboards.cockpit import company
from tests.dashboards.cockpit.conftest import Ask

WORKLIST = "/en/receivables/reminders"
EXPORT = f"{WORKLIST}/reminders"


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture
def sheets(home: Home) -> Path:
    company.publish(home, "first")
    return company.configure(home)


def test_an_exported_selection_is_noted_once(home: Home, sheets: Path, ask: Ask) -> None:
    client = ask(home)
    for _ in range(2):
        answer = client.post(EXPORT, data={"item": ["i1", "i2", "i1"]})
        assert answer.status_code == 200
        book = pd.read_excel(BytesIO(answer.content), sheet_name="Reminders", header=None)
        assert {"F1", "F2"} <= set(book.to_numpy().ravel())
        assert "F3" not in set(book.to_numpy().ravel())
    noted = read(sheets / OWN_FILES[REMINDERS])
    assert [(row["invoice_number"], row["level"], row["channel"]) for row in noted] == [
        ("F1", "1", "email"),
        ("F2", "4", "registered_letter"),
    ]
    assert {row["action_date"] for row in noted} == {"2026-07-01"}  # the day after the last
    assert noted[0]["company"] == "Dupont SA"
    text = client.get(WORKLIST).text
    assert text.count("noted</span>") == 2
    assert 'value="i1"' not in text


def test_the_source_reads_what_was_noted_beside_the_teams_own(
    home: Home, sheets: Path, ask: Ask, tmp_path: Path
) -> None:
    (sheets / "dunning_actions.csv").write_text(
        "reference,company,customer_number,invoice_number,action_date,level,channel,result,"
        "agent_login,amount\nTEL-1,Dupont SA,C1,F9,2026-06-01,1,telephone,sent,a@example.com,1.5\n",
        encoding="utf-8",
    )
    ask(home).post(EXPORT, data={"item": ["i1"]})
    source = read_sources(home.sources_file).sources["sheets"]
    table = system("sheets").table(REMINDERS)
    with FilesTransport.from_source(source).session(tmp_path) as session:  # type: ignore[arg-type]
        extraction = session.extract(table, Window(), tmp_path)
    assert extraction.rows == 2
    assert not extraction.problems


def test_nothing_ticked_and_a_worklist_that_moved_note_nothing(
    home: Home, sheets: Path, ask: Ask
) -> None:
    client = ask(home)
    assert "Nothing was ticked." in client.post(EXPORT, data={}).text
    # i6 is excluded, i99 is nowhere: the page was of another publication.
    for item in ("i6", "i99"):
        text = client.post(EXPORT, data={"item": ["i1", item]}).text
        assert "1 of the ticked rows" in unescape(text)
    assert not (sheets / OWN_FILES[REMINDERS]).exists()


def test_a_lookup_is_logged_with_one_click(home: Home, sheets: Path, ask: Ask) -> None:
    client = ask(home)
    page = client.get("/fr/customer?customer_id=c1").text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    form = {name: unescape(value) for name, value in form.items()}
    form |= {"topic": "order_status", "minutes": "2,5", "requester": "luc@example.com"}
    form |= {"customer_number": "C1", "order_number": "S1"}
    for _ in range(2):  # a double click
        answer = client.post("/fr/lookups", data=form)
        assert "Noté dans la feuille des renseignements." in answer.text
        assert "customer_id=c1" in str(answer.url)
    (row,) = read(sheets / OWN_FILES[LOOKUPS])
    assert row["minutes"] == "2.5"
    assert row["customer_number"] == "C1"
    assert row["requester_login"] == "luc@example.com"
    assert row["occurred_at"].startswith("2026-07-01 ")


@pytest.mark.parametrize(
    "more",
    [
        {"minutes": "0"},
        {"minutes": "NaN"},
        {"minutes": "many"},
        {"minutes": "9999"},
        {"topic": "gossip"},
        {"requester": '=HYPERLINK("http://x")'},
        {"reference": "../../etc"},
        {"requester": "x" * 5000},
    ],
)
def test_a_form_that_makes_no_sense_is_refused(
    home: Home, sheets: Path, ask: Ask, more: dict[str, str]
) -> None:
    form = {"reference": "a" * 32, "topic": "price", "minutes": "5", "company": "Dupont SA"}
    assert ask(home).post("/en/lookups", data={**form, **more}).status_code == 400
    assert not (sheets / OWN_FILES[LOOKUPS]).exists()


def test_forms_of_other_sites_are_refused(home: Home, sheets: Path, ask: Ask) -> None:
    client = ask(home)
    for headers in (
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "null"},
    ):
        assert client.post(EXPORT, data={"item": ["i1"]}, headers=headers).status_code == 400
    assert not (sheets / OWN_FILES[REMINDERS]).exists()
    back = {"reference": "a" * 32, "topic": "price", "minutes": "5", "back": "//evil.example/en/x"}
    answer = client.post("/en/lookups", data=back, follow_redirects=False)
    assert answer.headers["location"].startswith("/en/today")


def test_a_salesperson_reminds_nobody(home: Home, ask: Ask) -> None:
    company.publish(home, "first")
    sheets = company.configure(home, company.SIGN_IN)
    assert ask(home, "anna").post(EXPORT, data={"item": ["i1"]}).status_code == 404
    assert ask(home, "agent").post(EXPORT, data={"item": ["i1"]}).status_code == 200
    (row,) = read(sheets / OWN_FILES[REMINDERS])
    assert row["agent_login"] == "agent"


def test_the_formats_of_the_source_are_kept(home: Home) -> None:
    folder = company.configure(home)
    text = home.sources_file.read_text(encoding="utf-8")
    options = "options: {decimal_mark: ',', date_format: '%d/%m/%Y', encoding: cp1252}"
    home.sources_file.write_text(text.replace("path:", f"{options}, path:"), encoding="utf-8")
    company.publish(home, "first")
    sheets = Sheets.of(read_sources(home.sources_file))
    row = {"reference": "r", "action_date": date(2026, 7, 1), "amount": Decimal("1.50")}
    assert sheets.append(REMINDERS, [{**row, "company": "Società Ω"}]) == 1
    written = (folder / OWN_FILES[REMINDERS]).read_bytes().decode("cp1252")
    assert "01/07/2026" in written
    assert ";1,50" in written


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("options: {format: xlsx}", "not CSV"),
        ("tables: {dunning_actions: Relances.xlsx}", "does not match"),
    ],
)
def test_a_source_that_would_not_read_it_is_told(
    home: Home, line: str, told: str, ask: Ask
) -> None:
    company.publish(home, "first")
    company.configure(home)
    text = home.sources_file.read_text(encoding="utf-8")
    home.sources_file.write_text(text.replace("path:", f"{line}, path:"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        Sheets.of(read_sources(home.sources_file))
    answer = ask(home).post(EXPORT, data={"item": ["i1"]})
    assert answer.status_code == 409
    assert told in unescape(answer.text)


def _note(sources: Path, first: int) -> None:
    sheets = Sheets.of(read_sources(sources))
    for number in range(first, first + 20):
        sheets.append(LOOKUPS, [{"reference": f"r{number}", "company": "Dupont SA"}])


def test_two_at_once_lose_nothing(home: Home, sheets: Path) -> None:
    context = get_context("spawn")
    workers = [context.Process(target=_note, args=(home.sources_file, n)) for n in (0, 10, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    noted = [row["reference"] for row in read(sheets / OWN_FILES[LOOKUPS])]
    assert sorted(noted) == sorted({f"r{n}" for n in range(40)})


def test_a_folder_that_cannot_be_written_is_said_in_words(
    home: Home, sheets: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dashboards.cockpit.sheets._write", full)
    answer = ask(home).post(EXPORT, data={"item": ["i1"]})
    assert answer.status_code == 409
    assert "No space left on device" in answer.text
    assert list(sheets.glob("*.csv")) == []


def test_the_files_are_named_so_that_the_source_finds_them(cockpit: TestClient) -> None:
    assert cockpit.get("/publication").status_code == 200
    assert set(OWN_FILES) <= {table.name for table in system("sheets").tables}
