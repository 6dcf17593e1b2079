"""French accounting files (FEC, fichier des écritures comptables) of a folder.

All exports are read as one table, the newest of each company and fiscal year. Rows with
unreadable values are kept out with line, field and rule; what the law wants otherwise is told as
warnings, one for each rule with its count; a file that was cut, that lacks a mandatory column, or
whose company and year are unknown is a batch problem.

A file counts as cut when its last line has no line end and too few fields: how much is missing
after it nobody can know. The same line with a line end is one bad row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingestion.declarations import Table
from ingestion.engine import one_row, quoted_name, quoted_text
from ingestion.errors import SourceDataError, SourceError
from ingestion.transports import fec_format, text_files
from ingestion.transports.base import Extraction, Problem, Session, TableStatus, Window
from ingestion.transports.fec_names import FecFile, newest_exports, parse, with_suffix
from ingestion.transports.files import (
    changed_while_read,
    fingerprint,
    list_files,
    matching,
    read_options,
    scratch_connection,
    stay_inside,
    too_many_rows,
    unreadable,
)
from ingestion.transports.staged_rows import StagedRows, write_nothing

if TYPE_CHECKING:
    import duckdb

    from ingestion.config import FecSource

SUFFIXES = (".txt", ".csv", ".tsv")
SIREN_DIGITS = 9
ENTRIES_NAMED = 5


class FecIdentity(BaseModel):
    """The company and fiscal year of files whose names do not say so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    siren: str = Field(min_length=1)
    fiscal_year_end: date


class FecOptions(BaseModel):
    """Which files of a folder are accounting files, and whose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str = "*"
    """Files to read, relative to the folder; of them those ending in .txt, .csv or .tsv."""
    siren: str | None = None
    """Company of every file whose name does not say; also replaces what the names say."""
    fiscal_year_end: date | None = None
    """Closing date of every file whose name does not say."""
    names: dict[str, FecIdentity] = Field(default_factory=dict)
    """Company and year by file pattern, for names of any other kind."""
    max_rows: int = Field(default=200_000_000, ge=1)
    """Of all files together; more are refused."""
    max_line_bytes: int = Field(default=1024 * 1024, ge=1_000)
    """Of one line; a file with a longer one is refused."""

    @field_validator("pattern")
    @classmethod
    def _stays_inside(cls, pattern: str) -> str:
        stay_inside(pattern)
        return pattern

    @model_validator(mode="after")
    def _names_stay_inside(self) -> FecOptions:
        for pattern in self.names:
            stay_inside(pattern)
        return self


@dataclass(frozen=True)
class FecTransport:
    """Reaches the accounting files of one folder, or one file."""

    folder: Path
    options: FecOptions = field(default_factory=FecOptions)

    @classmethod
    def from_source(cls, source: FecSource) -> FecTransport:
        """From what a sources file says.

        Raises:
            ConfigurationError: an option is unknown or has a wrong value; names it.

        """
        return cls(source.folder, read_options(FecOptions, source.options))

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Look at the folder.

        Raises:
            SourceError: the folder is missing or may not be read.

        """
        folder, options = self.folder, self.options
        if folder.is_file():
            options = options.model_copy(update={"pattern": folder.name})
            folder = folder.parent
        files = list_files(folder)
        with scratch_connection(reach=[into] if into else None) as connection:
            yield FecSession(connection, folder.resolve(), files, options)


@dataclass
class _Part:
    """One file, understood so far that its lines can be read."""

    file: FecFile
    name: str
    scan: text_files.TextScan
    encoding: str
    header: fec_format.Header
    first_line: int
    """First line after the header."""


@dataclass
class FecSession:
    """The accounting files of one folder, as they were when the session began."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    files: list[Path]
    options: FecOptions

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:  # noqa: ARG002
        """Read the newest export of every company and year.

        Raises:
            SourceError: there is no accounting file in the folder.

        """
        import duckdb

        exports, problems = self._exports()
        if not exports and not any(problem.severity == "batch" for problem in problems):
            if table.optional:
                return write_nothing(self.connection, table, into)
            raise SourceError(self._no_file())
        read = [file.path for parts in exports for file in parts]
        before = {path: fingerprint(path) for path in read}
        try:
            extraction = self._read(table, exports, into)
        except (duckdb.Error, OSError) as error:
            names = ", ".join(self._name(path) for path in read)
            raise SourceDataError(f"{names}: cannot be read: {str(error).strip()[:500]}") from error
        extraction.problems = problems + extraction.problems
        extraction.problems += [
            changed_while_read(self._name(path))
            for path in read
            if fingerprint(path) != before[path]
        ]
        return extraction

    def still_answers(self) -> bool:
        """A folder has no connection that could be lost."""
        return True

    def inspect(self, tables: Iterable[Table]) -> list[TableStatus]:
        """The exports that would be read, and what their names and headers lack."""
        return [self._inspect(table) for table in tables]

    def _read(self, table: Table, exports: list[list[FecFile]], into: Path) -> Extraction:
        rows = StagedRows(
            self.connection, table, fec_format.values(table), rules=fec_format.rules()
        )
        problems: list[Problem] = []
        lacking: list[set[str]] = []
        for export in exports:
            parts, told = self._understand(export)
            problems += told
            offset = 0
            for part in parts:
                if rows.count() + part.scan.lines > self.options.max_rows:
                    problems.append(too_many_rows(part.name, self.options.max_rows))
                    break
                problems += self._stage(rows, part, offset)
                offset += part.scan.lines
                lacking.append(self._missing(table, part.header))
        extraction = rows.write(into)
        problems += self._entry_problems(rows.files)
        problems += extraction.problems
        missing = set.intersection(*lacking) if lacking else set()
        extraction.missing_columns = tuple(c.name for c in table.columns if c.name in missing)
        extraction.problems = problems + self._verdict(problems)
        return extraction

    def _stage(self, rows: StagedRows, part: _Part, offset: int) -> list[Problem]:
        """Add one file's lines; `offset` is the number of lines in the parts before it."""
        import pyarrow as pa

        batches = self._lines(part.file.path, part.encoding)
        self.connection.register(
            "fec_lines", pa.RecordBatchReader.from_batches(text_files.line_schema(), batches)
        )
        constants = {
            "siren": quoted_text(part.file.siren),
            "fiscal_year_end": quoted_text(part.file.fiscal_year_end.isoformat()),
            "line_number": f"(line + {offset})::varchar",
        }
        separator = part.header.separator
        number = rows.add(
            part.name,
            f"""
            select
                line as _row, {fec_format.fault(part.header)} as _fault, text as _source_text,
                {fec_format.fields(part.header, rows.table, constants)}
            from (
                select line, text, string_split(text, {quoted_text(separator)}) as parts
                from fec_lines
                where line >= {part.first_line}
                    and regexp_matches(text, {quoted_text(f"[^ {separator}]")})
            )
            """,
        )
        self.connection.unregister("fec_lines")
        return self._after_staging(part, number)

    def _after_staging(self, part: _Part, number: int) -> list[Problem]:
        problems = []
        lines = part.scan.lines - part.first_line + 1
        (read, short) = one_row(
            self.connection,
            f"""
            select count(*), count(*) filter (
                row = {part.scan.lines} and problems[1].code = 'column_count'
                and len(string_split(source_text, {quoted_text(part.header.separator)}))
                    < {len(part.header.names)}
            )
            from staged where file = {number}
            """,
        )
        if short and not part.scan.ends_with_line_end:
            message = "the last line breaks off: the file was cut; export it again"
            problems.append(Problem("batch", "truncated_file", message, part.name, part.scan.lines))
        if read < lines:
            message = f"{lines - read:,} empty lines, not read"
            problems.append(Problem("warning", "blank_line", message, part.name))
        return problems

    def _understand(self, export: list[FecFile]) -> tuple[list[_Part], list[Problem]]:
        """Encoding and header of each part; later parts may go without a header."""
        parts: list[_Part] = []
        problems: list[Problem] = []
        for file in export:
            part, told = self._part(file, parts[0] if parts else None)
            problems += told
            if part is not None:
                parts.append(part)
        if len(parts) > 1:
            problems += self._repeated(parts)
        return parts, problems

    def _part(self, file: FecFile, first: _Part | None) -> tuple[_Part | None, list[Problem]]:
        name = self._name(file.path)
        try:
            scan = text_files.scan(file.path, ("utf-8", "iso-8859-15"), self.options.max_line_bytes)
        except OSError as error:
            return None, [unreadable(name, error)]
        told = text_files.text_problems(scan, name, "UTF-8", self.options.max_line_bytes)
        encoding, problems = self._encoding(file.path, name, scan)
        problems = told or problems
        if any(problem.severity == "batch" for problem in problems):
            return None, problems
        begin = self._first_lines(file.path, encoding)
        line, text = begin[0]
        if first is not None and not fec_format.is_header(text):
            return _Part(file, name, scan, encoding, first.header, line), problems
        header = fec_format.read_header(text, name, line, file.fiscal_year_end)
        problems += header.problems
        if not (file.siren.isdigit() and len(file.siren) == SIREN_DIGITS):
            message = f"{file.siren!r} is not a SIREN: that has nine digits"
            problems.append(Problem("warning", "siren", message, name))
        if any(problem.severity == "batch" for problem in header.problems):
            return None, problems
        if fec_format.has_trailing_separator(header, begin[-1][1]):
            header = replace(header, trailing_separator=True)
        return _Part(file, name, scan, encoding, header, line + 1), problems

    def _encoding(
        self, path: Path, name: str, scan: text_files.TextScan
    ) -> tuple[str, list[Problem]]:
        """UTF-8 or ISO 8859-15, as the law allows; Windows' own page is read and told."""
        problems = []
        encoding = scan.encoding or "iso-8859-15"
        if scan.nul_bytes:
            message = f"{scan.nul_bytes:,} NUL bytes, left out"
            problems.append(Problem("warning", "nul_bytes", message, name, scan.first_nul_line))
        if encoding == "utf-8":
            return encoding, problems
        with path.open("rb") as file:
            marked = file.read(3) == text_files.UTF8_BOM
        if marked:
            message = "the file says that it is UTF-8 and is not; export it again"
            return encoding, [Problem("batch", "undecodable", message, name, scan.undecodable_line)]
        if scan.c1_bytes:
            encoding = text_files.scan(path, ("cp1252",)).encoding or encoding
            message = f"neither UTF-8 nor ISO 8859-15; read as {encoding}"
            problems.append(Problem("warning", "charset", message, name, scan.undecodable_line))
        elif scan.utf8_pairs:
            message = "some letters are UTF-8 and others are not; read as ISO 8859-15"
            problems.append(Problem("warning", "charset", message, name, scan.undecodable_line))
        return encoding, problems

    def _first_lines(self, path: Path, encoding: str) -> list[tuple[int, str]]:
        """Number and text of the first two lines that are not blank."""
        found: list[tuple[int, str]] = []
        for batch in self._lines(path, encoding):
            for line, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if text.strip():
                    found.append((line, text))
                if len(found) > 1:
                    return found
        return found or [(1, "")]

    def _repeated(self, parts: list[_Part]) -> list[Problem]:
        """A part that begins like the one before it is no part but another export."""
        told = []
        for before, part in pairwise(parts):
            if self._line(before, before.first_line) == self._line(part, part.first_line):
                message = (
                    f"begins with the same entry as {before.name}: not a further part but another "
                    "export; give it a name without _1, _2 or remove the older one"
                )
                told.append(Problem("batch", "repeated_part", message, part.name, part.first_line))
        return told

    def _line(self, part: _Part, number: int) -> str:
        for batch in self._lines(part.file.path, part.encoding):
            if batch.num_rows >= number:
                return str(batch.column(1)[number - 1])
            break
        return ""

    def _lines(self, path: Path, encoding: str) -> Iterator[Any]:
        limit = self.options.max_line_bytes
        return text_files.lines(path, encoding, limit, plain_spaces=True)

    def _missing(self, table: Table, header: fec_format.Header) -> set[str]:
        given = {"siren", "fiscal_year_end", "line_number", *header.positions}
        if header.by_side:
            given |= {"Debit", "Credit"}
        return {column.name for column in table.columns} - given

    def _entry_problems(self, files: list[str]) -> list[Problem]:
        """Entries, by journal and number, that do not balance or bear several dates."""
        entry = ", ".join(
            quoted_name(f"v.{name}")
            for name in ("siren", "fiscal_year_end", "JournalCode", "EcritureNum")
        )
        self.connection.execute(
            f"""
            create or replace temp table entries as
            select {entry}, min(file) as file, min(row) as line,
                cast(sum("v.Debit") - sum("v.Credit") as decimal(18, 4)) as difference,
                count(distinct "v.EcritureDate") as dates
            from staged where problems is null and "v.EcritureNum" is not null
            group by {entry}
            """
        )
        unbalanced = self._entries_told("difference <> 0", "do not balance, by", "difference")
        dated = self._entries_told("dates > 1", "bear several dates, namely", "dates")
        told = []
        for code, found in (("unbalanced_entry", unbalanced), ("entry_dates", dated)):
            if found is not None:
                message, file, line = found
                told.append(Problem("warning", code, message, files[file], line, "EcritureNum"))
        return told + self._unbalanced_files()

    def _entries_told(self, broken: str, what: str, measure: str) -> tuple[str, int, int] | None:
        """A sentence on the entries that break a rule, with file and line of the first."""
        (count,) = one_row(self.connection, f"select count(*) from entries where {broken}")
        if not count:
            return None
        first = self.connection.execute(
            f"""
            select coalesce("v.JournalCode", '?'), "v.EcritureNum", {measure}, file, line
            from entries where {broken} order by file, line limit {ENTRIES_NAMED}
            """
        ).fetchall()
        listed = ", ".join(f"{journal} {entry} ({found})" for journal, entry, found, _, _ in first)
        more = ", …" if count > len(first) else ""
        message = f"{count:,} entries (journal and number) {what}: {listed}{more}"
        return message, first[0][3], first[0][4]

    def _unbalanced_files(self) -> list[Problem]:
        rows = self.connection.execute(
            """
            select "v.siren", "v.fiscal_year_end", sum("v.Debit"), sum("v.Credit")
            from staged where problems is null
            group by 1, 2 having sum("v.Debit") <> sum("v.Credit") order by 1, 2
            """
        ).fetchall()
        return [
            Problem(
                "warning",
                "unbalanced_file",
                f"{siren} {closing}: debit {debit} and credit {credit} differ",
            )
            for siren, closing, debit, credit in rows
        ]

    def _verdict(self, problems: list[Problem]) -> list[Problem]:
        """One sentence on whether the tax administration's tester would accept the files."""
        broken = sorted({p.code for p in problems} & fec_format.NOT_CONFORMING)
        if not broken:
            return []
        message = f"formally not conforming (LPF art. A. 47 A-1): {', '.join(broken)}"
        return [Problem("warning", "not_conforming", message)]

    def _exports(self) -> tuple[list[list[FecFile]], list[Problem]]:
        found: list[FecFile] = []
        problems: list[Problem] = []
        for path in matching(self.files, self.folder, self.options.pattern):
            if path.suffix.lower() not in SUFFIXES:
                continue
            file = self._identify(path)
            if file is not None:
                found.append(file)
            elif fec_format.is_header(self._peek(path)):
                message = (
                    "an accounting file whose company and year are unknown: call it "
                    "SirenFECAAAAMMJJ.txt, or give `siren` and `fiscal_year_end` under `names`"
                )
                problems.append(Problem("batch", "unknown_name", message, self._name(path)))
            else:
                message = "not an accounting file by name or header; not read"
                problems.append(Problem("warning", "unknown_name", message, self._name(path)))
        exports, told = newest_exports(found, self.folder)
        return exports, problems + told

    def _identify(self, path: Path) -> FecFile | None:
        for pattern, identity in self.options.names.items():
            if matching([path], self.folder, pattern):
                return with_suffix(path, identity.siren, identity.fiscal_year_end, "")
        named = parse(path)
        if named is not None:
            siren = self.options.siren or named.siren
            return FecFile(
                path, siren, named.fiscal_year_end, named.part, named.stamp, named.version
            )
        if self.options.siren and self.options.fiscal_year_end:
            return with_suffix(path, self.options.siren, self.options.fiscal_year_end, "")
        return None

    def _peek(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                start = file.read(4096)
        except OSError:
            return ""
        text = start.decode("utf-8-sig", errors="replace").replace("\0", "").lstrip()
        return text.splitlines()[0] if text else ""

    def _inspect(self, table: Table) -> TableStatus:
        exports, problems = self._exports()
        if not exports:
            if not problems and not table.optional:
                problems = [Problem("batch", "missing_file", self._no_file())]
            return TableStatus(table, present=False, rows=None, problems=tuple(problems))
        missing: set[str] = set()
        for export in exports:
            parts, told = self._understand(export)
            problems += told
            for part in parts:
                missing |= self._missing(table, part.header)
        lacking = tuple(c.name for c in table.columns if c.name in missing)
        return TableStatus(table, True, None, lacking, tuple(problems))

    def _no_file(self) -> str:
        return (
            f"no accounting file in {self.folder} matches {self.options.pattern!r}: "
            "put an export called SirenFECAAAAMMJJ.txt there"
        )

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()
