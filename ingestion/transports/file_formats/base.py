"""What the formats have in common: a file, its columns by name, and errors that name the place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingestion.declarations import Table
from ingestion.engine import quoted_name
from ingestion.transports import text_files
from ingestion.transports.base import Problem
from ingestion.transports.staged_rows import StagedRows

if TYPE_CHECKING:
    import duckdb

    from ingestion.transports.files import FileOptions


class UnreadableFileError(Exception):
    """A file, as a whole, cannot be read; becomes a batch problem, never seen by callers."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Reader(Protocol):
    """One file in one format."""

    def names(self) -> list[str]:
        """The file's columns, as it names them.

        Raises:
            UnreadableFileError: the file is not what its format says.

        """

    def known_rows(self) -> int | None:
        """Number of rows, where it can be known without reading them."""

    def most_rows(self) -> int:
        """A number that the rows cannot exceed, or as near to one as looking at the file gives."""

    def stage(self, rows: StagedRows, positions: Mapping[str, int]) -> None:
        """Add the file's rows; `positions` says which of its columns is which declared one.

        Raises:
            UnreadableFileError: the file, or a part of it, is not what its format says.

        """


def folded(name: str) -> str:
    """A name without case, spaces and punctuation, for comparing."""
    return re.sub(r"[\W_]+", "", name.casefold())


def find_columns(table: Table, names: list[str]) -> dict[str, int]:
    """Position of each declared column that the file has: by its exact name, or without case."""
    exact = {name.strip(): index for index, name in reversed(list(enumerate(names)))}
    lower = {name.strip().casefold(): index for index, name in reversed(list(enumerate(names)))}
    found = {}
    for column in table.columns:
        index = exact.get(column.name, lower.get(column.name.casefold()))
        if index is not None:
            found[column.name] = index
    return found


@dataclass
class File:
    """A file to read as rows of a table."""

    connection: duckdb.DuckDBPyConnection
    path: Path
    name: str
    table: Table
    options: FileOptions

    def known_rows(self) -> int | None:
        """Not known without reading."""
        return None

    def most_rows(self) -> int:
        """The format's own limit is small."""
        return 0

    def problem(self, code: str, message: str, line: int | None = None) -> UnreadableFileError:
        """An error that names the file and the line."""
        return UnreadableFileError(Problem("batch", code, message, self.name, line))

    def _select(self, expressions: Mapping[str, str]) -> str:
        """Declared columns from SQL expressions; those that the file lacks are NULL."""
        return ", ".join(
            f"{expressions.get(c.name, 'null::varchar')} as {quoted_name(c.name)}"
            for c in self.table.columns
        )


@dataclass
class TextFile(File):
    """A file of lines."""

    @cached_property
    def scan(self) -> text_files.TextScan:
        """What one pass over the file's bytes says: lines, encoding, damage.

        Raises:
            UnreadableFileError: the file is not text, or damaged.

        """
        found = text_files.scan(self.path, (self._encoding,), self.options.max_line_bytes)
        problems = text_files.text_problems(
            found, self.name, self._encoding, self.options.max_line_bytes
        )
        if not problems and found.nul_bytes:
            raise self.problem(
                "nul_bytes",
                "the file holds NUL bytes: it is not text, or was damaged; export it again",
                found.first_nul_line,
            )
        if problems:
            raise UnreadableFileError(problems[0])
        return found

    @property
    def _encoding(self) -> str:
        return self.options.encoding.removesuffix("-sig")

    def most_rows(self) -> int:
        """Every row is a line at least."""
        return self.scan.lines - 1

    def _head(self) -> str:
        """The first block of the file as text."""
        try:
            first = next(text_files.blocks(self.path, self.options.max_line_bytes), b"")
            return first.decode(self._encoding)
        except (UnicodeDecodeError, text_files.LineTooLongError):
            _ = self.scan  # says what is wrong, with its line
            raise


def literal(path: Path) -> str:
    """The path with DuckDB's glob characters made literal."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def query_error() -> type[Exception]:
    """What a failed query raises."""
    import duckdb

    return duckdb.Error


def short(error: Exception) -> str:
    """The first line of a driver's message."""
    return str(error).strip().splitlines()[0][:200]
