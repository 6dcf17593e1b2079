"""Every list, in every language and format, from the columns that the contracts promise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingestion.engine import connect
from ingestion.errors import (
    ConfigurationError,
    NothingPublishedError,
    StorageError,
    WarehouseError,
)
from reports.request import Language, ListName, ListRequest
from reports.writing import read_list
from tests.reports.marts import AS_OF, MONTH_END
from tests.reports.written import written

ROWS = {
    ListName.UNPAID: 7,
    ListName.DUNNING: 11,
    ListName.ORDER_STATUS: 3,
    ListName.AT_RISK: 1,
    ListName.CLAIMS: 1,
    ListName.WORKLOAD: 2,
}


@pytest.mark.parametrize("ending", [".xlsx", ".pdf", ".csv"])
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(ListName))
def test_every_list_is_written(
    name: ListName, language: Language, ending: str, marts: Path, tmp_path: Path
) -> None:
    target = tmp_path / f"list{ending}"
    prepared = written(marts, ListRequest(name, language), target)
    assert (prepared.provenance.as_of, prepared.lines) == (AS_OF, ROWS[name])
    assert target.stat().st_size > 0
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [target], "no half of a file is left over"


def test_a_list_is_named_after_what_it_is(marts: Path) -> None:
    prepared = read_list(marts, ListRequest(ListName.AT_RISK, Language.FRENCH))
    assert prepared.file_name(".xlsx") == "at-risk-2026-06-30-fr.xlsx"


def test_a_month_end_can_be_told_again(marts: Path) -> None:
    request = ListRequest(ListName.UNPAID, as_of=MONTH_END)
    assert read_list(marts, request).lines == 1


def test_another_day_is_refused_with_the_days_there_are(marts: Path) -> None:
    request = ListRequest(ListName.UNPAID, as_of=date(2026, 6, 3))
    with pytest.raises(ConfigurationError, match=r"2026-06-30, 2026-05-31.*rebuild --as-of 2026-"):
        read_list(marts, request)


def test_an_ending_that_is_no_format_is_refused(marts: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\.xlsx, \.pdf, \.csv"):
        written(marts, ListRequest(ListName.UNPAID), tmp_path / "list.docx")


def test_a_failed_list_leaves_the_last_one(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "list.csv"
    target.write_text("yesterday's")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("reports.formats.comma_separated.write_csv", fail)
    with pytest.raises(StorageError, match="disk full"):
        written(marts, ListRequest(ListName.UNPAID), target)
    assert target.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_a_list_cannot_have_is_named(marts: Path, tmp_path: Path) -> None:
    taken = tmp_path / "list.csv"
    taken.mkdir()
    with pytest.raises(StorageError, match=r"list\.csv cannot be written"):
        written(marts, ListRequest(ListName.UNPAID), taken)
    with pytest.raises(ConfigurationError, match="there is no folder"):
        written(marts, ListRequest(ListName.UNPAID), tmp_path / "nowhere" / "list.csv")
    assert list(tmp_path.iterdir()) == [taken]


def test_what_holds_no_marts_is_named(tmp_path: Path) -> None:
    request = ListRequest(ListName.UNPAID)
    other = tmp_path / "other.duckdb"
    with connect(other) as connection:
        connection.execute("create table something as select 1 as figure")
    with pytest.raises(WarehouseError, match=r"other\.duckdb holds no marts"):
        read_list(other, request)
    other.write_text("no database")
    with pytest.raises(WarehouseError, match=r"other\.duckdb cannot be opened"):
        read_list(other, request)


def test_without_marts_there_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="adv run"):
        read_list(tmp_path / "none.duckdb", ListRequest(ListName.UNPAID))
