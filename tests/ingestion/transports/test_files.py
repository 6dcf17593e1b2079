"""Tables kept as files: every format gives the same rows, and nothing bad is lost or let in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestion.config import FileSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.errors import AdvError, ConfigurationError, SourceError
from ingestion.transports.base import Window
from ingestion.transports.files import FileOptions, FilesTransport
from tests.fuzzing import fuzz, fuzzed
from tests.ingestion.transports.reading import HEADER, ORDERS, land, land_files, write

GOOD = "A1,2,10.50,2024-03-05,2024-03-05T10:11:12.000Z,true,first\n"
EXPECTED = {
    "number": "A1",
    "lines": 2,
    "amount": Decimal("10.5000"),
    "ordered_on": date(2024, 3, 5),
    "changed_at": datetime(2024, 3, 5, 10, 11, 12),  # noqa: DTZ001 - UTC by convention
    "is_paid": True,
    "note": "first",
}


def test_csv_becomes_typed_rows_with_totals_and_cursor(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"Orders.csv": HEADER + GOOD + "A2,,0.01,,,,\n"})
    assert landed.rows[0] == EXPECTED
    assert landed.rows[1] == dict.fromkeys(EXPECTED) | {"number": "A2", "amount": Decimal("0.01")}
    assert landed.extraction.totals == {"amount": "10.5100"}
    assert landed.extraction.cursor_to == "2024-03-05 10:11:12"
    assert landed.extraction.problems == []
    assert [row["number"] for row in landed.keys] == ["A1", "A2"]


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    json = (
        '{"number": "A1", "lines": 2, "amount": 10.50, "ordered_on": "2024-03-05", '
        '"changed_at": "2024-03-05T11:11:12+01:00", "is_paid": true, "note": "first", "more": {}}\n'
    )
    select = (
        "select 'A1' as number, 2::bigint as lines, 10.5::double as amount, "
        "date '2024-03-05' as ordered_on, timestamp '2024-03-05 10:11:12' as changed_at, "
        "true as is_paid, 'first' as note"
    )
    connection = connect(extensions=["excel"])
    connection.execute(f"copy ({select}) to '{tmp_path}/p.parquet'")
    connection.execute(f"copy ({select}) to '{tmp_path}/x.xlsx' (format xlsx, header true)")
    write(tmp_path, {"c.csv": HEADER + GOOD, "j.jsonl": json})
    for name in ("c.csv", "j.jsonl", "p.parquet", "x.xlsx"):
        landed = land(FilesTransport(tmp_path, FileOptions(tables={"orders": name})), ORDERS)
        assert landed.rows == [EXPECTED], name
        assert landed.problems("row") == landed.problems("batch") == []


def test_what_stands_for_no_value_is_none_and_no_fault(tmp_path: Path) -> None:
    due = Column("due", "date", empty=("1753-01-01", "1900-01-01"))
    table = Table("shop", "due", "", (Column("id", "bigint"), due), key=("id",))
    text = "id,due\n1,1753-01-01 00:00:00\n2,1900-01-01\n3,2026-03-05\n4,soon\n"
    write(tmp_path, {"due.csv": text})
    landed = land(FilesTransport(tmp_path, FileOptions()), table)
    assert [row["due"] for row in landed.rows] == [None, None, date(2026, 3, 5)]
    assert [problem["code"] for problem in landed.rejected] == ["bad_date"]


def test_each_bad_value_is_kept_out_with_line_field_rule_and_its_own_text(tmp_path: Path) -> None:
    bad = 'B1,1.5,1_000,2024-02-30,yesterday,maybe,"two\nlines"'
    landed = land_files(tmp_path, {"orders.csv": HEADER + GOOD + "\n" + bad + "\n" + "A3,1,,,,,\n"})
    assert [(p["line"], p["field"], p["code"]) for p in landed.rejected] == [
        (4, "amount", "bad_number"),
        (4, "changed_at", "bad_date"),
        (4, "is_paid", "bad_boolean"),
        (4, "lines", "bad_number"),
        (4, "ordered_on", "bad_date"),
    ]
    assert {row["row"] for row in landed.rejected} == {bad}
    assert {row["key"] for row in landed.rejected} == {"B1"}
    assert {row["file"] for row in landed.rejected} == {"orders.csv"}
    assert '"2024-02-30" is not a date' in str(landed.problems("row"))
    assert (landed.extraction.rows, landed.extraction.rejected_rows) == (2, 1)


def test_a_row_kept_out_still_exists_in_the_source(tmp_path: Path) -> None:
    """Its key is landed, so that its version in raw is not taken for deleted."""
    landed = land_files(tmp_path, {"orders.csv": HEADER + "B1,x,,,,,\nB2,1\n" + GOOD})
    assert [row["number"] for row in landed.keys] == ["A1", "B1", "B2"]
    assert landed.extraction.keys_unknown == 0


def test_a_row_without_a_key_is_kept_out(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": HEADER + ",1,2.00,,,,\n" + GOOD})
    assert [(row["line"], row["code"]) for row in landed.rejected] == [(2, "null_key")]
    assert landed.extraction.keys_unknown == 1


def test_part_of_a_key_may_be_empty(tmp_path: Path) -> None:
    """`team` empty means all teams."""
    columns = (Column("kpi", "string"), Column("team", "string"))
    targets = Table("sheets", "targets", "", columns, key=("kpi", "team"))
    landed = land_files(tmp_path, {"targets.csv": "kpi,team\notif,\notif,north\n"}, targets)
    assert landed.extraction.rows == 2


def test_rows_of_another_width_are_kept_out_and_counted(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": HEADER + "B1,2\n" + GOOD + "B2,1,,,,,,,,\n"})
    assert [(r["line"], r["code"], r["key"], r["row"]) for r in landed.rejected] == [
        (2, "column_count", "B1", "B1,2"),
        (4, "column_count", "B2", "B2,1,,,,,,,,"),
    ]
    assert landed.extraction.rows == 1


def test_blank_rows_are_no_rows(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": HEADER + "\n,,,,,,\n" + GOOD + "\n\n"})
    assert (landed.extraction.rows, landed.extraction.rejected_rows) == (1, 0)


def test_a_missing_required_column_refuses_the_batch(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": "number,lines\nA1,1\n"})
    assert [(p.code, p.field) for p in landed.problems("batch")] == [
        ("missing_column", "amount"),
        ("missing_column", "ordered_on"),
        ("missing_column", "changed_at"),
        ("missing_column", "is_paid"),
    ]
    assert landed.rows == []


def test_missing_optional_and_undeclared_columns_are_told(tmp_path: Path) -> None:
    header = "Number;LINES;amount;ordered_on;changed_at;is_paid;colour\n"
    landed = land_files(tmp_path, {"orders.csv": header + "A1;1;1.5;;;;red\n"})
    assert landed.extraction.missing_columns == ("note",)
    assert landed.codes("warning") == ["extra_column"]
    assert "colour" in landed.problems("warning")[0].message
    assert landed.rows[0]["note"] is None


def test_team_sheets_are_read_as_french_and_italian_offices_write_them(tmp_path: Path) -> None:
    header = HEADER.replace(",", ";")
    text = header + "É1;1 000;1 234,50;05/03/2024;05/03/2024 10:30;Vrai;été\nF2;1;-,5;;;FALSO;\n"
    landed = land_files(
        tmp_path,
        {"Orders.csv": text.encode("cp1252")},
        encoding="cp1252",
        decimal_mark=",",
        thousands_separator=" ",
        date_format="%d/%m/%Y",
        timestamp_format="%d/%m/%Y %H:%M",
        time_zone="Europe/Paris",
    )
    assert landed.rejected == []
    second, first = landed.rows
    assert (first["number"], first["lines"], first["amount"]) == ("É1", 1000, Decimal("1234.5"))
    assert first["changed_at"] == datetime(2024, 3, 5, 9, 30)  # noqa: DTZ001
    assert (second["amount"], second["is_paid"]) == (Decimal("-0.5"), False)


def test_a_point_is_not_read_as_a_decimal_comma(tmp_path: Path) -> None:
    text = HEADER.replace(",", ";") + "A1;1;1.5;;;;\n"
    landed = land_files(tmp_path, {"orders.csv": text}, decimal_mark=",")
    assert [row["code"] for row in landed.rejected] == ["bad_number"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-01 12:00", "2024-07-01 10:00:00"),
        ("2024-07-01T12:00:00.5Z", "2024-07-01 12:00:00.5"),
        ("2024-07-01 12:00+02:00", "2024-07-01 10:00:00"),
        ("2024-07-01 12:00:00 -0530", "2024-07-01 17:30:00"),
        ("2024-01-01", "2023-12-31 23:00:00"),
    ],
)
def test_times_are_utc_whatever_they_are_written_in(
    tmp_path: Path, text: str, expected: str
) -> None:
    files: dict[str, str | bytes] = {"orders.csv": HEADER + f"A1,,,,{text},,\n"}
    landed = land_files(tmp_path, files, time_zone="Europe/Paris")
    assert landed.extraction.cursor_to == expected


def test_several_files_of_a_table_are_read_as_one(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "2024/orders_1.csv": HEADER + GOOD,
        "2024/orders_2.csv": HEADER + "A2,x,,,,,\n",
        "2023/orders.csv": HEADER + GOOD,
    }
    landed = land_files(tmp_path, files, tables={"orders": "2024/ORDERS_*.csv"})
    assert (landed.extraction.rows, landed.extraction.rejected_rows) == (1, 1)
    assert landed.rejected[0]["file"] == "2024/orders_2.csv"


def test_decimals_stay_exact(tmp_path: Path) -> None:
    exact = "12345678901234.5678"
    csv = land_files(tmp_path, {"orders.csv": HEADER + f"A1,,{exact},,,,\n"})
    (tmp_path / "orders.csv").unlink()
    fields = '"lines": 1, "ordered_on": null, "changed_at": null, "is_paid": null'
    line = f'{{"number": "A1", "amount": {exact}, {fields}}}\n'
    json = land_files(tmp_path, {"orders.jsonl": line})
    assert csv.extraction.totals == json.extraction.totals == {"amount": exact}


def test_a_broken_json_line_harms_no_other(tmp_path: Path) -> None:
    rest = '"lines": 1, "amount": 1, "ordered_on": "", "changed_at": "", "is_paid": 1'
    text = f'{{"number": "A1", {rest}}}' + '\n{"number": "A2", "li\n[1]\n\n'
    landed = land_files(tmp_path, {"orders.jsonl": text})
    assert [(row["line"], row["code"], row["row"]) for row in landed.rejected] == [
        (2, "bad_json", '{"number": "A2", "li'),
        (3, "bad_json", "[1]"),
    ]
    assert landed.extraction.rows == 1
    assert landed.extraction.keys_unknown == 2


def test_a_sheet_is_found_by_its_name_and_blank_rows_are_passed_over(tmp_path: Path) -> None:
    connection = connect(extensions=["excel"])
    select = (
        "select * from (values ('A1', 1, 2.5, '05/03/2024', null, true), (null, null, null, null, "
        "null, null), ('A2', 2, 3.5, 'soon', null, false)) "
        "as t (number, lines, amount, ordered_on, changed_at, is_paid)"
    )
    connection.execute(
        f"copy ({select}) to '{tmp_path}/t.xlsx' (format xlsx, header true, sheet 'Orders')"
    )
    options = {"tables": {"orders": "t.xlsx"}, "date_format": "%d/%m/%Y", "decimal_mark": ","}
    landed = land_files(tmp_path, {}, ORDERS, **options)
    assert landed.rows[0]["ordered_on"] == date(2024, 3, 5)
    assert landed.rows[0]["amount"] == Decimal("2.5")
    assert [(row["line"], row["field"]) for row in landed.rejected] == [(4, "ordered_on")]
    missing = land_files(tmp_path, {}, ORDERS, **options, sheet="Targets")
    assert missing.codes("batch") == ["missing_sheet"]
    assert "Orders" in missing.problems("batch")[0].message


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("orders.csv", b"", "empty_file"),
        ("orders.csv", HEADER.encode() + b"\xff\xe9,1,,,,,\n", "undecodable"),
        ("orders.csv", (HEADER + GOOD).encode("utf-16"), "undecodable"),
        ("orders.csv", HEADER.encode() + b"A\x001,1,,,,,\n", "nul_bytes"),
        ("orders.csv", HEADER.encode() + b"A" * 5000, "line_too_long"),
        ("orders.csv", HEADER.encode() + b'A1,1,,,,,"cut', "broken_quotes"),
        ("orders.csv", HEADER.encode() + b'A1,1,,,,"x\nA2,1,,,,,\nA3,2,,,"\n', "broken_quotes"),
        (
            "orders.csv",
            b"number,lines,amount,number,ordered_on,changed_at,is_paid\n",
            "duplicate_column",
        ),
        ("orders.jsonl", b"\xff{}\n", "undecodable"),
        ("orders.parquet", b"PAR1 no it is not PAR1", "unreadable"),
        ("orders.xlsx", b"PK\x03\x04 no it is not", "unreadable"),
    ],
)
def test_a_file_that_cannot_be_trusted_refuses_the_batch(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    landed = land_files(tmp_path, {name: content}, max_line_bytes=2000)
    assert landed.codes("batch") == [code]
    assert landed.problems("batch")[0].file == name


def test_the_line_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": (HEADER + GOOD + "é,,,,,,\n").encode("cp1252")})
    (problem,) = landed.problems("batch")
    assert (problem.line, problem.code) == (3, "undecodable")
    assert "encoding" in problem.message


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": "\ufeff" + HEADER})
    assert (landed.extraction.source_rows, landed.extraction.problems) == (0, [])


def test_too_many_rows_refuse_the_batch(tmp_path: Path) -> None:
    landed = land_files(tmp_path, {"orders.csv": HEADER + GOOD * 4}, max_rows=3)
    assert landed.codes("batch") == ["too_many_rows"]


def test_a_file_that_changes_during_the_read_refuses_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, {"orders.csv": HEADER + GOOD}) / "orders.csv"
    from ingestion.transports.staged_rows import StagedRows

    read = StagedRows.write

    def grow(self: StagedRows, into: Path) -> object:
        path.write_text(HEADER + GOOD * 2)
        return read(self, into)

    monkeypatch.setattr(StagedRows, "write", grow)
    landed = land(FilesTransport(tmp_path), ORDERS)
    assert landed.codes("batch") == ["changed_while_read"]


def test_no_file_is_an_error_only_for_a_table_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file is named orders"):
        land_files(tmp_path, {"other.csv": HEADER})
    optional = Table("shop", "orders", "", ORDERS.columns, ORDERS.key, optional=True)
    landed = land_files(tmp_path, {}, optional)
    assert (landed.extraction.rows, landed.keys) == (0, [])
    with pytest.raises(SourceError, match="path"):
        land(FilesTransport(tmp_path / "nowhere"), ORDERS)


@pytest.mark.parametrize(
    "pattern", ["../secret.csv", "/etc/passwd", "a/../../b.csv", "", "C:\\x.csv"]
)
def test_patterns_cannot_leave_the_folder(pattern: str) -> None:
    with pytest.raises(ValidationError):
        FileOptions(tables={"orders": pattern})


def test_links_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.csv": HEADER + GOOD}) / "secret.csv"
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "orders.csv").symlink_to(outside)
    with pytest.raises(SourceError, match="no file is named orders"):
        land(FilesTransport(inside), ORDERS)


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "csv", "jsonl"])
def test_odd_names_are_only_names(tmp_path: Path, suffix: str) -> None:
    select = (
        "select 'A1' as number, 1 as lines, 1 as amount, null::date as ordered_on, "
        "null::timestamp as changed_at, true as is_paid"
    )
    kind = {"jsonl": "json"}.get(suffix, suffix)
    connection = connect(extensions=["excel"])
    header = ", header true" if suffix in ("csv", "xlsx") else ""
    connection.execute(f"copy ({select}) to '{tmp_path}/plain' (format {kind}{header})")
    (tmp_path / "plain").rename(tmp_path / f"o'rders [1]*?; drop table x.{suffix}")
    landed = land_files(tmp_path, {}, ORDERS, tables={"orders": f"o*.{suffix}"})
    assert [row["number"] for row in landed.rows] == ["A1"]


def test_inspecting_reads_no_rows(tmp_path: Path) -> None:
    write(tmp_path, {"orders.csv": HEADER.replace("note", "remark")})
    with FilesTransport(tmp_path).session() as session:
        (status,) = session.inspect([ORDERS])
    assert (status.present, status.rows, status.missing_columns) == (True, None, ("note",))
    assert [problem.code for problem in status.problems] == ["extra_column"]


def test_wrong_options_are_named(tmp_path: Path) -> None:
    source = FileSource(
        transport="files", system="sheets", path=tmp_path, options={"delimiter": "ab", "colour": 1}
    )
    with pytest.raises(ConfigurationError) as raised:
        FilesTransport.from_source(source)
    assert "options.delimiter" in str(raised.value)
    assert "options.colour" in str(raised.value)


def test_a_table_that_the_system_lacks_is_named(tmp_path: Path) -> None:
    source = FileSource(
        transport="files", system="sheets", path=tmp_path, tables={"absence": "a.csv"}
    )
    with pytest.raises(ConfigurationError, match="no table 'absence'"):
        FilesTransport.from_source(source)


def test_a_file_that_vanishes_refuses_the_batch(tmp_path: Path) -> None:
    write(tmp_path, {"orders.csv": HEADER + GOOD})
    with FilesTransport(tmp_path).session() as session:
        (tmp_path / "orders.csv").unlink()
        into = tmp_path / "landed"
        into.mkdir()
        extraction = session.extract(ORDERS, Window(), into)
        (status,) = session.inspect([ORDERS])
    assert [problem.code for problem in extraction.problems] == ["unreadable"]
    assert [problem.code for problem in status.problems] == ["unreadable"]


FIELDS = st.text(st.sampled_from('ab1.-é ,"\n\r;'), max_size=4)


@fuzz
@fuzzed(25)
@given(st.lists(st.lists(FIELDS, min_size=7, max_size=7), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[list[str]]) -> None:
    import csv

    path = tmp_path / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([HEADER.strip().split(","), *rows])
    texts = Table(
        "shop",
        "orders",
        "",
        tuple(Column(name, "string") for name in HEADER.strip().split(",")),
        key=("number", "lines"),
    )
    landed = land(FilesTransport(tmp_path, FileOptions(delimiter=",")), texts)
    assert landed.problems("batch") == []
    expected = [[field or None for field in row] for row in rows if any(row)]
    keyed = [row for row in expected if row[0] is not None or row[1] is not None]
    found = [list(row.values()) for row in landed.rows]
    assert sorted(found, key=repr) == sorted(keyed, key=repr)
    assert landed.extraction.rejected_rows == len(expected) - len(keyed)


@fuzz
@fuzzed(40)
@given(
    st.sampled_from(["orders.csv", "orders.jsonl", "orders.xlsx", "orders.parquet"]),
    st.binary(max_size=200)
    | st.text(st.sampled_from('{}[]:,"\\\n\r\t\0 ;A1é.-'), max_size=200).map(str.encode),
    st.booleans(),
)
def test_no_content_breaks_the_reader(
    tmp_path: Path, name: str, content: bytes, with_header: bool
) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    data = HEADER.encode() * with_header + content
    try:
        landed = land_files(tmp_path, {name: data})
    except AdvError:
        return
    rejected = {(row["file"], row["line"]) for row in landed.rejected}
    assert len(rejected) == landed.extraction.rejected_rows
    assert landed.extraction.source_rows == len(landed.rows) + landed.extraction.rejected_rows
