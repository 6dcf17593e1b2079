"""French accounting files: read however they are written, judged as the law wants them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestion.config import FecSource
from ingestion.errors import AdvError, ConfigurationError, SourceError
from ingestion.transports.fec import FecOptions, FecTransport
from tests.fuzzing import fuzz, fuzzed
from tests.ingestion.transports.reading import (
    ENTRIES,
    FEC_HEADER,
    FEC_NAME,
    balanced,
    fec,
    fec_line,
    land,
    land_fec,
    write,
)


def test_a_conforming_file_is_read_without_a_word(tmp_path: Path) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(*balanced())})
    assert landed.extraction.problems == []
    first = landed.rows[0]
    assert (first["siren"], first["fiscal_year_end"]) == ("732829320", date(2024, 12, 31))
    assert (first["line_number"], first["EcritureDate"]) == (2, date(2024, 3, 15))
    assert (first["Debit"], first["Credit"]) == (Decimal("100"), Decimal("0"))
    assert first["CompAuxNum"] is None
    assert landed.extraction.totals == {
        "Debit": "100.0000",
        "Credit": "100.0000",
        "Montantdevise": "0.0000",
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("separator", ["\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-15"])
def test_line_ends_separators_and_encodings_are_found_out(
    tmp_path: Path, end: str, separator: str, encoding: str
) -> None:
    text = fec(*balanced(EcritureLib="Réglé en €"), end=end).replace("\t", separator)
    landed = land_fec(tmp_path, {FEC_NAME: text.encode(encoding)})
    assert landed.extraction.problems == []
    assert landed.rows[0]["EcritureLib"] == "Réglé en €"
    assert [row["line_number"] for row in landed.rows] == [2, 3]


def test_line_ends_may_be_mixed_in_one_file(tmp_path: Path) -> None:
    debit, credit = balanced()
    text = f"{FEC_HEADER}\r\r\n{debit}\r{credit}\n\r\n{debit}\r\n{credit}"
    landed = land_fec(tmp_path, {FEC_NAME: text})
    assert [row["line_number"] for row in landed.rows] == [2, 3, 5, 6]
    assert landed.codes("warning") == ["blank_line"]


def test_windows_letters_are_read_and_told(tmp_path: Path) -> None:
    data = fec(*balanced(EcritureLib="l\u2019été")).encode("cp1252")
    landed = land_fec(tmp_path, {FEC_NAME: data})
    assert landed.rows[0]["EcritureLib"] == "l\u2019été"
    assert landed.codes("warning") == ["charset"]


def test_letters_of_two_encodings_in_one_file_are_told(tmp_path: Path) -> None:
    data = fec(*balanced(EcritureLib="été")).encode() + fec_line().encode() + b"\xe9\r\n"
    landed = land_fec(tmp_path, {FEC_NAME: data})
    assert "charset" in landed.codes("warning")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234,56", "1234.56"),
        (" 000000000001437,12", "1437.12"),
        ("0000000069,60", "69.60"),
        ("-12,50", "-12.50"),
        ("12,50-", "-12.50"),
        ("+12,50", "12.50"),
        (",5", "0.5"),
        ("7", "7"),
        ("", "0"),
        ("1,5E3", "1500"),
    ],
)
def test_amounts_as_the_law_allows(tmp_path: Path, text: str, amount: str) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(fec_line(Debit=text))})
    assert landed.rows[0]["Debit"] == Decimal(amount)
    assert "not_conforming" not in landed.codes("warning")


@pytest.mark.parametrize(
    ("text", "amount", "code"),
    [
        ("1234.56", "1234.56", "decimal_point"),
        ("0.125", "0.125", "decimal_point"),
        ("-.5", "-0.5", "decimal_point"),
        ("1 234,56", "1234.56", "thousands_separator"),
        ("1\u00a0234 567,8", "1234567.8", "thousands_separator"),
        ("1.234,56", "1234.56", "thousands_separator"),
        ("1,234,567.8-", "-1234567.8", "thousands_separator"),
    ],
)
def test_amounts_that_mean_one_thing_are_read_and_told(
    tmp_path: Path, text: str, amount: str, code: str
) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(fec_line(Debit=text))})
    assert landed.rows[0]["Debit"] == Decimal(amount)
    told = {problem.code: problem for problem in landed.problems("warning")}
    assert (told[code].line, told[code].field) == (2, "Debit")
    assert code in told["not_conforming"].message


def test_a_decimal_point_was_allowed_before_2019(tmp_path: Path) -> None:
    landed = land_fec(tmp_path, {"732829320FEC20181231.txt": fec(fec_line(Debit="1.5"))})
    assert "decimal_point" not in landed.codes("warning")


@pytest.mark.parametrize("text", ["1.234", "12,5,0", "12 34,5", "douze", "1e999", "--5", "1.2.3"])
def test_amounts_that_nobody_can_be_sure_of_keep_the_row_out(tmp_path: Path, text: str) -> None:
    bad = fec_line(Debit=text)
    landed = land_fec(tmp_path, {FEC_NAME: fec(*balanced(), bad)})
    assert [(r["line"], r["field"], r["code"], r["row"]) for r in landed.rejected] == [
        (4, "Debit", "bad_number", bad)
    ]
    assert (landed.extraction.rows, landed.extraction.source_rows) == (2, 3)
    assert len(landed.keys) == 3


@pytest.mark.parametrize(
    "text", ["2024-03-15", "2024/3/15", "15/03/2024", "15.03.2024", "15-3-2024 10:30:00"]
)
def test_dates_in_other_shapes_are_read_and_told(tmp_path: Path, text: str) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(*balanced(EcritureDate=text))})
    assert landed.rows[0]["EcritureDate"] == date(2024, 3, 15)
    assert landed.codes("warning") == ["date_shape"]


@pytest.mark.parametrize("text", ["20240230", "03/15/2024", "150324", "hier", "2024031"])
def test_dates_that_are_none_keep_the_row_out(tmp_path: Path, text: str) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(fec_line(PieceDate=text))})
    assert [(r["field"], r["code"]) for r in landed.rejected] == [("PieceDate", "bad_date")]


def test_what_is_essential_may_not_be_empty(tmp_path: Path) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(fec_line(EcritureDate=""), fec_line(CompteNum=" "))})
    assert [(r["line"], r["field"], r["code"]) for r in landed.rejected] == [
        (2, "EcritureDate", "empty_value"),
        (3, "CompteNum", "empty_value"),
    ]


def test_other_empty_values_are_counted_once_for_each_column(tmp_path: Path) -> None:
    lines = [fec_line(ValidDate="", EcritureLet="A") for _ in range(3)]
    landed = land_fec(tmp_path, {FEC_NAME: fec(*lines)})
    told = {(p.code, p.field): p.message for p in landed.problems("warning")}
    assert "(3 rows; this is the first)" in told["empty_value", "ValidDate"]
    assert "(3 rows; this is the first)" in told["lettering_date", "DateLet"]
    assert landed.rejected == []


def test_lines_that_make_little_sense_are_told(tmp_path: Path) -> None:
    landed = land_fec(
        tmp_path,
        {
            FEC_NAME: fec(
                fec_line(Credit="1,00"),
                fec_line(Debit="0,00"),
                fec_line(CompteNum="4A1", EcritureDate="20210101"),
            )
        },
    )
    assert set(landed.codes("warning")) == {
        "debit_and_credit",
        "no_amount",
        "account_number",
        "outside_year",
        "unbalanced_entry",
        "entry_dates",
        "unbalanced_file",
    }


def test_unbalanced_entries_are_named_by_journal_and_number(tmp_path: Path) -> None:
    lines = [
        *balanced(),
        fec_line(JournalCode="AC", Debit="5,00"),
        fec_line(JournalCode="AC", Debit="0,00", Credit="4,95", EcritureDate="20240316"),
    ]
    landed = land_fec(tmp_path, {FEC_NAME: fec(*lines)})
    told = {problem.code: problem for problem in landed.problems("warning")}
    assert "1 entries (journal and number) do not balance, by: AC 1 (0.0500)" in str(told)
    assert (told["unbalanced_entry"].line, told["entry_dates"].line) == (4, 4)


@pytest.mark.parametrize("more", [3, 4])
def test_cash_accounts_have_21_or_22_columns(tmp_path: Path, more: int) -> None:
    names = "\t".join(["DateRglt", "ModeRglt", "NatOp", "IdClient"][:more])
    lines = [line + "\tx" * more for line in balanced()]
    landed = land_fec(tmp_path, {FEC_NAME: fec(*lines, header=f"{FEC_HEADER}\t{names}")})
    assert (landed.extraction.rows, landed.extraction.problems) == (2, [])


def test_header_names_may_be_written_otherwise(tmp_path: Path) -> None:
    header = (
        FEC_HEADER.replace("EcritureLet", "EcrtureLet")
        .replace("JournalCode", "JOURNAL_CODE")
        .replace("Debit", "Débit")
        .replace("Idevise", "IdDevise")
    )
    landed = land_fec(tmp_path, {FEC_NAME: fec(*balanced(EcritureLet="AA"), header=header)})
    assert landed.rows[0]["EcritureLet"] == "AA"
    assert [p.field for p in landed.problems("warning") if p.code == "header_name"] == [
        "EcritureLet",
        "Idevise",
    ]


def test_one_amount_and_its_side(tmp_path: Path) -> None:
    header = FEC_HEADER.replace("Debit", "Montant").replace("Credit", "Sens")
    lines = [fec_line(Debit="10,00", Credit=side) for side in ("D", "c", "+1", "-1", "X")]
    landed = land_fec(tmp_path, {FEC_NAME: fec(*lines, header=header)})
    assert [(row["Debit"], row["Credit"]) for row in landed.rows] == [(10, 0), (0, 10)] * 2
    assert [(row["line"], row["code"]) for row in landed.rejected] == [(6, "bad_sens")]


def test_a_separator_too_many_at_the_end_is_harmless(tmp_path: Path) -> None:
    lines = [f"{line}\t" for line in balanced()]
    for header in (FEC_HEADER, f"{FEC_HEADER}\t"):
        landed = land_fec(tmp_path, {FEC_NAME: fec(*lines, header=header)})
        assert (landed.extraction.rows, landed.extraction.problems) == (2, [])


def test_a_separator_inside_a_label_keeps_the_row_out(tmp_path: Path) -> None:
    """Even where what follows the label would read as amounts and dates."""
    text = fec(*balanced(), fec_line(EcritureLib="a\t12,00"))
    landed = land_fec(tmp_path, {FEC_NAME: text})
    assert [(row["line"], row["code"]) for row in landed.rejected] == [(4, "column_count")]
    assert landed.extraction.keys_unknown == 0


def test_a_file_that_was_cut_is_refused_and_a_short_line_is_not(tmp_path: Path) -> None:
    short = fec_line()[:40]
    cut = land_fec(tmp_path, {FEC_NAME: fec(*balanced()) + short})
    assert [(p.code, p.line) for p in cut.problems("batch")] == [("truncated_file", 4)]
    whole = land_fec(tmp_path, {FEC_NAME: fec(*balanced(), short)})
    assert whole.problems("batch") == []
    assert [(row["line"], row["code"]) for row in whole.rejected] == [(4, "column_count")]


def test_a_last_line_without_an_end_is_whole_when_its_fields_are(tmp_path: Path) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(*balanced()).rstrip("\r\n")})
    assert (landed.extraction.rows, landed.extraction.problems) == (2, [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (fec_line().encode(), "missing_column"),
        (FEC_HEADER.replace("\t", ";").encode(), "separator"),
        (FEC_HEADER.replace("CompteNum\t", "").encode(), "missing_column"),
        (FEC_HEADER.replace("CompteLib", "CompteNum").encode(), "duplicate_column"),
        (fec(*balanced()).encode("utf-16"), "undecodable"),
        (b"\xef\xbb\xbf" + fec(fec_line(EcritureLib="é")).encode("cp1252"), "undecodable"),
        (FEC_HEADER.encode() + b"\n" + b"x" * 9000, "line_too_long"),
    ],
)
def test_a_file_that_is_no_accounting_file_is_refused(
    tmp_path: Path, content: bytes, code: str
) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: content}, max_line_bytes=5000)
    assert code in landed.codes("batch")
    assert landed.problems("batch")[0].file == FEC_NAME
    assert landed.rows == []


def test_a_column_that_may_be_empty_may_be_absent(tmp_path: Path) -> None:
    header = FEC_HEADER.removesuffix("\tMontantdevise\tIdevise")
    lines = [line.removesuffix("\t\t") for line in balanced()]
    landed = land_fec(tmp_path, {FEC_NAME: fec(*lines, header=header)})
    assert landed.codes("warning") == ["missing_column", "missing_column"]
    assert landed.extraction.missing_columns == ("Montantdevise", "Idevise")


def test_nul_bytes_are_left_out_and_told(tmp_path: Path) -> None:
    landed = land_fec(tmp_path, {FEC_NAME: fec(*balanced(EcritureLib="a\0b"))})
    assert landed.rows[0]["EcritureLib"] == "ab"
    assert [(p.code, p.line) for p in landed.problems("warning")] == [("nul_bytes", 2)]


def test_a_newer_export_replaces_the_older(tmp_path: Path) -> None:
    old, new = fec(*balanced()), fec(*balanced(), *balanced(EcritureNum="2"))
    landed = land_fec(
        tmp_path,
        {
            "732829320FEC20241231.txt": old,
            "732829320FEC20241231_20250210.txt": new,
            "732829320FEC20231231.txt": fec(*balanced(EcritureDate="20230315")),
        },
    )
    assert landed.extraction.rows == 4 + 2
    assert [(p.code, p.file) for p in landed.problems("warning")] == [
        ("replaced", "732829320FEC20241231.txt"),
    ]


def test_the_parts_of_one_export_are_read_in_order(tmp_path: Path) -> None:
    first, second = balanced(), balanced(EcritureNum="2")
    files: dict[str, str | bytes] = {
        "732829320FEC20241231_1.txt": fec(*first),
        "732829320FEC20241231_2.txt": "\r\n".join(second) + "\r\n",  # without a header
    }
    landed = land_fec(tmp_path, files)
    assert [(r["line_number"], r["EcritureNum"]) for r in landed.rows] == [
        (2, "1"),
        (3, "1"),
        (4, "2"),
        (5, "2"),
    ]
    assert landed.extraction.problems == []


def test_a_missing_part_refuses_the_batch(tmp_path: Path) -> None:
    landed = land_fec(tmp_path, {"732829320FEC20241231_2.txt": fec(*balanced())})
    assert landed.codes("batch") == ["missing_part"]


def test_a_second_export_called_a_part_is_not_added_to_the_first(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"732829320FEC20241231_{n}.txt": fec(*balanced()) for n in (1, 2)
    }
    assert land_fec(tmp_path, files).codes("batch") == ["repeated_part"]


def test_names_of_any_kind_can_be_explained(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "ledger.txt": fec(*balanced()),
        "readme.txt": "Nothing to see.",
        "notice.pdf": b"%PDF",
    }
    assert land_fec(tmp_path, files).codes("batch") == ["unknown_name"]
    identity = {"siren": "732829320", "fiscal_year_end": "2024-12-31"}
    for options in ({"names": {"ledger*": identity}}, {"pattern": "ledger.txt", **identity}):
        landed = land_fec(tmp_path, files, **options)
        assert landed.rows[0]["siren"] == "732829320"
        assert landed.codes("batch") == []


def test_a_folder_without_accounting_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="SirenFECAAAAMMJJ"):
        land_fec(tmp_path, {})


def test_the_path_may_be_one_file(tmp_path: Path) -> None:
    write(tmp_path, {FEC_NAME: fec(*balanced()), "other.txt": "x"})
    assert land(FecTransport(tmp_path / FEC_NAME), ENTRIES).extraction.rows == 2


def test_inspecting_reads_headers_only(tmp_path: Path) -> None:
    header = FEC_HEADER.replace("PieceRef\t", "")
    write(tmp_path, {FEC_NAME: fec(fec_line(Debit="x"), header=header)})
    with FecTransport(tmp_path).session() as session:
        (status,) = session.inspect([ENTRIES])
    assert status.present
    assert [(p.code, p.field) for p in status.problems] == [("missing_column", "PieceRef")]


def test_wrong_options_are_named(tmp_path: Path) -> None:
    source = FecSource(transport="fec", system="fec", path=tmp_path, options={"sirene": "1"})
    with pytest.raises(ConfigurationError, match=r"options\.sirene"):
        FecTransport.from_source(source)
    with pytest.raises(ValidationError):
        FecOptions(pattern="../*")


PIECES = st.sampled_from(
    [
        fec_line(),
        fec_line(Debit="x"),
        fec_line(EcritureDate=""),
        "",
        "\t",
        "a|b",
        "é\xa0",
        "\0",
        "20240101",
    ]
)


@fuzz
@fuzzed(30)
@given(
    st.lists(PIECES | st.text(max_size=30), max_size=8),
    st.sampled_from(["\n", "\r", "\r\n", "\r\r\n", ""]),
    st.sampled_from(["utf-8", "utf-8-sig", "iso-8859-15", "utf-16"]),
    st.booleans(),
)
def test_no_content_breaks_the_reader_and_no_line_is_lost(
    tmp_path: Path, lines: list[str], end: str, encoding: str, with_header: bool
) -> None:
    text = end.join([FEC_HEADER] * with_header + lines)
    try:
        landed = land_fec(tmp_path, {FEC_NAME: text.encode(encoding, errors="replace")})
    except AdvError:
        return
    rejected = {row["line"] for row in landed.rejected}
    assert len(rejected) == landed.extraction.rejected_rows
    assert landed.extraction.source_rows == len(landed.rows) + len(rejected) == len(landed.keys)
