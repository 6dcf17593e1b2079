"""Tables kept as files in one folder: CSV, JSON lines, Parquet or Excel.

Files are full exports: every read takes them whole and the window is ignored. A table's files
are those named like it (`Case.csv` for the table `case`), or those of the pattern given; several
are read as one. A value that is not what the table declares keeps its row out, in
`rejected.parquet` with file, line, field, rule and the source's own text; a file that cannot be
trusted as a whole (undecodable, cut, a required column missing) is a batch problem. In Parquet
and Excel, which have no lines, the line of a problem is the row (in Excel with the header).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingestion.declarations import Table, system
from ingestion.engine import connect
from ingestion.errors import ConfigurationError, SourceDataError, SourceError
from ingestion.transports import text_files
from ingestion.transports.base import Extraction, Problem, Session, TableStatus, Window
from ingestion.transports.casting import Formats, value
from ingestion.transports.file_formats import SUFFIXES, reader
from ingestion.transports.file_formats.base import (
    Reader,
    UnreadableFileError,
    find_columns,
    folded,
)
from ingestion.transports.staged_rows import StagedRows, write_nothing

if TYPE_CHECKING:
    import duckdb

    from ingestion.config import FileSource

Encoding = Literal["utf-8", "utf-8-sig", "iso-8859-1", "iso-8859-15", "cp1252"]
Options = TypeVar("Options", bound=BaseModel)
TIME_PATTERN = re.compile(r"(?:[^%]|%[YymdHMSfzpIbB%-])+")


class FileOptions(BaseModel):
    """How a source's files are named and written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[str, str] = Field(default_factory=dict)
    """File pattern of each table, relative to the source's folder; by default a file named like
    the table, whatever its case, spaces and punctuation."""
    format: Literal["csv", "jsonl", "parquet", "xlsx"] | None = None
    """By default what the file's suffix says."""
    encoding: Encoding = "utf-8"
    """Of CSV and JSON lines; a byte order mark is allowed."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    """Of CSV; by default the one of `,` `;` TAB `|` by which the header gives declared columns."""
    decimal_mark: Literal[".", ","] = "."
    """Point or comma."""
    thousands_separator: Literal[" ", ".", ",", "'"] | None = None
    """A space, a point, a comma or an apostrophe."""
    date_format: str | None = None
    """Pattern such as `%d/%m/%Y`; by default ISO 8601."""
    timestamp_format: str | None = None
    """Pattern such as `%d/%m/%Y %H:%M`; by default ISO 8601."""
    time_zone: str = "UTC"
    """Time zone of times written without one."""
    sheet: str | None = None
    """Of a workbook; by default the sheet named like the table, or else the first."""
    max_rows: int = Field(default=200_000_000, ge=1)
    """Of one table; a larger one is refused."""
    max_line_bytes: int = Field(default=text_files.DEFAULT_MAX_LINE_BYTES, ge=1_000)
    """Of one line; a file with a longer one is refused."""

    @field_validator("tables")
    @classmethod
    def _stay_inside(cls, patterns: dict[str, str]) -> dict[str, str]:
        for pattern in patterns.values():
            stay_inside(pattern)
        return patterns

    @field_validator("date_format", "timestamp_format")
    @classmethod
    def _is_a_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None and not ("%" in pattern and TIME_PATTERN.fullmatch(pattern)):
            raise ValueError(f"{pattern!r} is not a pattern such as %d/%m/%Y %H:%M:%S")
        return pattern

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Paris")
        return name

    @model_validator(mode="after")
    def _marks_differ(self) -> FileOptions:
        if self.thousands_separator == self.decimal_mark:
            raise ValueError("`thousands_separator` and `decimal_mark` cannot be the same")
        return self

    def formats(self) -> Formats:
        """What of this concerns single values."""
        return Formats(
            decimal_mark=self.decimal_mark,
            thousands_separator=self.thousands_separator,
            date_format=self.date_format,
            timestamp_format=self.timestamp_format,
            time_zone=self.time_zone,
        )


@dataclass(frozen=True)
class FilesTransport:
    """Reaches the files of one folder."""

    folder: Path
    options: FileOptions = field(default_factory=FileOptions)

    @classmethod
    def from_source(cls, source: FileSource) -> FilesTransport:
        """From what a sources file says.

        Raises:
            ConfigurationError: an option is unknown or has a wrong value; names it.

        """
        given = {**source.options, **({"tables": source.tables} if source.tables else {})}
        options = read_options(FileOptions, given)
        for name in options.tables:
            system(source.system).table(name)  # says which tables there are
        return cls(source.folder, options)

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Look at the folder.

        Raises:
            SourceError: the folder is missing or may not be read.

        """
        files = list_files(self.folder)
        # Nothing can be loaded once the connection is confined, and loading takes its time.
        extensions = ["excel"] if any(self._is_workbook(file) for file in files) else []
        with scratch_connection(extensions, [self.folder, into] if into else None) as connection:
            yield FilesSession(connection, self.folder.resolve(), files, self.options)

    def _is_workbook(self, file: Path) -> bool:
        return (self.options.format or SUFFIXES.get(file.suffix.lower())) == "xlsx"


@dataclass
class FilesSession:
    """The files of one folder, as they were when the session began."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    files: list[Path]
    options: FileOptions

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:  # noqa: ARG002
        """Read a table's files whole.

        Raises:
            SourceError: there is no file for a table that is not optional.

        """
        import duckdb

        found = self._files_of(table)
        if not found:
            if table.optional:
                return write_nothing(self.connection, table, into)
            raise SourceError(self._no_file(table))
        before = {path: fingerprint(path) for path in found}
        try:
            extraction = self._read(table, found, into)
        except duckdb.Error as error:
            names = ", ".join(self._name(path) for path in found)
            raise SourceDataError(f"{names}: cannot be read: {str(error).strip()[:500]}") from error
        extraction.problems += [
            changed_while_read(self._name(path))
            for path in found
            if fingerprint(path) != before[path]
        ]
        return extraction

    def still_answers(self) -> bool:
        """A folder has no connection that could be lost."""
        return True

    def inspect(self, tables: Iterable[Table]) -> list[TableStatus]:
        """Presence and columns of each table, from headers alone."""
        return [self._inspect(table) for table in tables]

    def _read(self, table: Table, paths: list[Path], into: Path) -> Extraction:
        values = [value(column, self.options.formats()) for column in table.columns]
        rows = StagedRows(self.connection, table, values)
        problems: list[Problem] = []
        lacking: list[set[str]] = []
        for path in paths:
            file = self._reader(table, path)
            try:
                names = file.names()
                positions = find_columns(table, names)
                told = header_problems(table, names, positions, self._name(path))
                problems += told
                lacking.append({c.name for c in table.columns} - positions.keys())
                if any(problem.severity == "batch" for problem in told):
                    continue
                if rows.count() + file.most_rows() > self.options.max_rows:
                    problems.append(too_many_rows(self._name(path), self.options.max_rows))
                    break
                file.stage(rows, positions)
            except UnreadableFileError as error:
                problems.append(error.problem)
                continue
            except OSError as error:
                problems.append(unreadable(self._name(path), error))
                continue
        extraction = rows.write(into)
        missing = set.intersection(*lacking) if lacking else set()
        extraction.missing_columns = tuple(c.name for c in table.columns if c.name in missing)
        extraction.problems = problems + extraction.problems
        return extraction

    def _inspect(self, table: Table) -> TableStatus:
        paths = self._files_of(table)
        if not paths:
            told = (
                ()
                if table.optional
                else (Problem("batch", "missing_file", self._no_file(table), table.name),)
            )
            return TableStatus(table, present=False, rows=None, problems=told)
        problems: list[Problem] = []
        missing: set[str] = set()
        counts: list[int | None] = []
        for path in paths:
            file = self._reader(table, path)
            try:
                names = file.names()
                counts.append(file.known_rows())
            except UnreadableFileError as error:
                problems.append(error.problem)
                continue
            except OSError as error:
                problems.append(unreadable(self._name(path), error))
                continue
            positions = find_columns(table, names)
            problems += header_problems(table, names, positions, self._name(path))
            missing |= {c.name for c in table.columns} - positions.keys()
        known = [count for count in counts if count is not None]
        rows = sum(known) if len(known) == len(paths) else None
        lacking = tuple(c.name for c in table.columns if c.name in missing)
        return TableStatus(table, True, rows, lacking, tuple(problems))

    def _reader(self, table: Table, path: Path) -> Reader:
        return reader(self.connection, path, self._name(path), table, self.options)

    def _files_of(self, table: Table) -> list[Path]:
        pattern = self.options.tables.get(table.name)
        if pattern is not None:
            return matching(self.files, self.folder, pattern)
        wanted = folded(table.name)
        return [
            path
            for path in self.files
            if path.parent == self.folder
            and path.suffix.lower() in SUFFIXES
            and folded(path.stem) == wanted
        ]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _no_file(self, table: Table) -> str:
        pattern = self.options.tables.get(table.name)
        wanted = f"no file matches {pattern!r}" if pattern else f"no file is named {table.name}"
        return (
            f"{wanted} in {self.folder}: put the export of {table.name} there, or name its file "
            "under `tables`"
        )


def read_options(model: type[Options], options: Mapping[str, Any]) -> Options:
    """Options of a sources file as the typed model.

    Raises:
        ConfigurationError: an option is unknown or has a wrong value; names each.

    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        told = [
            f"options.{'.'.join(str(part) for part in detail['loc'])}: "
            f"{detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors()
        ]
        raise ConfigurationError("\n".join(told)) from None


def stay_inside(pattern: str) -> None:
    """Refuse a file pattern that leaves the source's folder.

    Raises:
        ValueError: the pattern is absolute, empty, or climbs with `..`.

    """
    path = PurePosixPath(pattern.replace("\\", "/"))
    if not pattern.strip() or "\0" in pattern:
        raise ValueError("a file pattern cannot be empty")
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", pattern):
        raise ValueError(f"the file pattern {pattern!r} leaves the source's folder")


def list_files(folder: Path) -> list[Path]:
    """Regular files under a folder, by name; hidden ones and those of open workbooks left out.

    A link that leads out of the folder is left out too.

    Raises:
        SourceError: the folder is missing or may not be read.

    """
    try:
        root = folder.resolve(strict=True)
        if not root.is_dir():
            raise SourceError(f"{folder}: not a folder")
        found = sorted(root.rglob("*"))
    except OSError as error:
        raise SourceError(f"{folder}: {error.strerror or error}; is `path` right?") from None
    return [
        path
        for path in found
        if path.is_file()
        and path.resolve().is_relative_to(root)
        and not any(part.startswith((".", "~$")) for part in path.relative_to(root).parts)
    ]


def matching(files: Iterable[Path], folder: Path, pattern: str) -> list[Path]:
    """Files whose path in the folder matches a pattern, whatever the case; `**` spans folders."""
    expression = ""
    for part in re.split(r"(\*\*/|\*|\?)", pattern.replace("\\", "/").removeprefix("./")):
        expression += {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    compiled = re.compile(expression, re.IGNORECASE | re.DOTALL)
    return [path for path in files if compiled.fullmatch(path.relative_to(folder).as_posix())]


def fingerprint(path: Path) -> tuple[int, int] | None:
    """Changes when the file is written or replaced; nothing when it is gone."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def changed_while_read(file: str) -> Problem:
    """The batch problem of a file that was written during the read."""
    return Problem(
        "batch", "changed_while_read", "the file changed while it was read; run again", file
    )


def unreadable(file: str, error: OSError) -> Problem:
    """The batch problem of a file that the operating system does not give."""
    message = f"the file cannot be read: {error.strerror or error}"
    return Problem("batch", "unreadable", message, file)


def too_many_rows(file: str, most: int) -> Problem:
    """The batch problem of a file that is larger than the source was said to be."""
    message = f"more than {most:,} rows; raise `max_rows` if that is right"
    return Problem("batch", "too_many_rows", message, file)


def header_problems(
    table: Table, names: list[str], positions: Mapping[str, int], file: str
) -> list[Problem]:
    """What a file's columns lack, and what they have that nobody declared."""
    required = [c.name for c in table.columns if not c.optional and c.name not in positions]
    problems = [
        Problem(
            "batch",
            "missing_column",
            f"column {name} is missing; the file has {_listed(names)}",
            file,
            1,
            name,
        )
        for name in required
    ]
    stripped = [name.strip().casefold() for name in names]
    doubled = [name for name in positions if stripped.count(name.casefold()) > 1]
    problems += [
        Problem("batch", "duplicate_column", f"column {name} is there twice", file, 1, name)
        for name in doubled
    ]
    used = set(positions.values())
    extra = [name for index, name in enumerate(names) if index not in used and name.strip()]
    if extra and not required:
        message = f"columns that are not declared and are not read: {_listed(extra)}"
        problems.append(Problem("warning", "extra_column", message, file, 1))
    return problems


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:10]) or "none"
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


@contextmanager
def scratch_connection(
    extensions: Iterable[str] = (), reach: Iterable[Path] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that keeps the order of rows."""
    connection = connect(extensions=extensions, reach=reach)
    try:
        # The number of a row in a sheet is its place, which must survive parallel reads.
        connection.execute("set preserve_insertion_order = true")
        yield connection
    finally:
        connection.close()
