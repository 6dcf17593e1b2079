"""Excel workbooks: one sheet, its first row the header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ingestion.engine import quoted_name, quoted_text
from ingestion.transports.casting import value
from ingestion.transports.file_formats.base import (
    File,
    folded,
    literal,
    query_error,
    short,
)
from ingestion.transports.staged_rows import StagedRows

MOST_SHEET_BYTES = 2 * 1024**3
"""Of a workbook unpacked; one that claims more is refused unread."""
MOST_CONTENTS_BYTES = 16 * 1024**2
"""Of the list of sheets, which is read into memory whole."""


@dataclass
class ExcelFile(File):
    """One sheet of a workbook: named as the option says, or as the table, or else the first."""

    @cached_property
    def _sheet(self) -> tuple[str, bool]:
        """Name of the sheet, and whether its days count from 1904."""
        import zipfile
        import zlib
        from xml.etree import ElementTree

        try:
            with zipfile.ZipFile(self.path) as archive:
                if sum(item.file_size for item in archive.infolist()) > MOST_SHEET_BYTES:
                    raise self.problem(
                        "too_large", f"the workbook unpacks to more than {MOST_SHEET_BYTES:,} bytes"
                    )
                if archive.getinfo("xl/workbook.xml").file_size > MOST_CONTENTS_BYTES:
                    raise self.problem(
                        "too_large",
                        f"the list of sheets unpacks to more than {MOST_CONTENTS_BYTES:,} bytes",
                    )
                if damaged := archive.testzip():  # also one that unpacks to more than it claims
                    raise self.problem(
                        "unreadable",
                        f"{damaged} in the workbook is not what it claims to be; save it again",
                    )
                text = archive.read("xl/workbook.xml")
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise self.problem("unreadable", "the workbook declares XML entities; refused")
            root = ElementTree.fromstring(text)  # noqa: S314
        except (
            zipfile.BadZipFile,
            KeyError,
            OSError,
            ElementTree.ParseError,
            RuntimeError,
            zlib.error,
        ) as error:
            raise self.problem(
                "unreadable", f"the file is not an .xlsx workbook: {short(error)}"
            ) from None
        sheets = [e.get("name", "") for e in root.iter() if e.tag.endswith("}sheet")]
        settings = next((e for e in root.iter() if e.tag.endswith("}workbookPr")), None)
        from_1904 = settings is not None and settings.get("date1904") in ("1", "true")
        wanted = self.options.sheet or self.table.name
        named = [sheet for sheet in sheets if folded(sheet) == folded(wanted)]
        if not named and (self.options.sheet or not sheets):
            have = ", ".join(sheets) or "no sheet"
            raise self.problem("missing_sheet", f"no sheet {wanted!r}; the workbook has {have}")
        return (named or sheets)[0], from_1904

    @cached_property
    def _origin(self) -> str:
        sheet, _ = self._sheet
        return (
            f"read_xlsx({quoted_text(literal(self.path))}, sheet = {quoted_text(sheet)}, "
            "header = false, all_varchar = true, stop_at_empty = false)"
        )

    def names(self) -> list[str]:
        """The sheet's first row."""
        try:
            row = self.connection.execute(f"select * from {self._origin} limit 1").fetchone()
        except query_error() as error:
            raise self.problem("unreadable", f"the sheet cannot be read: {short(error)}") from None
        if row is None:
            raise self.problem("empty_file", "the sheet is empty: a header is missing")
        return [str(name) if name is not None else "" for name in row]

    def stage(self, rows: StagedRows, positions: Mapping[str, int]) -> None:
        """Read the sheet; rows without any value are no rows."""
        letters = [
            item[0]
            for item in self.connection.execute(f"describe select * from {self._origin}").fetchall()
        ]
        fields = {name: quoted_name(letters[index]) for name, index in positions.items()}
        not_blank = " or ".join(f"{quoted_name(letter)} <> ''" for letter in letters)
        formats = self.options.formats()
        stored = replace(formats, excel=True, excel_1904=self._sheet[1])
        try:
            rows.add(
                self.name,
                f"select _row, null::varchar as _fault, null::varchar as _source_text, "
                f"{self._select(fields)} from "
                f"(select *, row_number() over () as _row from {self._origin}) "
                f"where _row > 1 and ({not_blank})",
                [value(column, stored) for column in self.table.columns],
            )
        except query_error() as error:
            raise self.problem("unreadable", f"the sheet cannot be read: {short(error)}") from None
