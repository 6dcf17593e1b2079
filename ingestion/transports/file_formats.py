"""CSV, JSON lines, Parquet and Excel, each read as rows of text.

A reader answers what a file's columns are without reading it, and stages its rows. Nothing here
knows what a value should be: see `casting` for that.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ingestion.declarations import Column, Table
from ingestion.engine import extension_file, quoted_name, quoted_text
from ingestion.transports import text_files
from ingestion.transports.base import Problem
from ingestion.transports.casting import Formats, value
from ingestion.transports.staged_rows import StagedRows

if TYPE_CHECKING:
    import duckdb

    from ingestion.transports.files import FileOptions

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
DELIMITERS = ",;\t|"
CSV_BLOCK_BYTES = 16 * 1024 * 1024
MOST_RAGGED_ROWS = 100_000
"""Beyond, the delimiter is wrong rather than the rows."""
SAMPLED_JSON_LINES = 10_000
MOST_SHEET_BYTES = 2 * 1024**3
"""Of a workbook unpacked; one that claims more is refused unread."""


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


def reader(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, table: Table, options: FileOptions
) -> Reader:
    """The reader for a file, by the format configured or else by its suffix."""
    kind = options.format or SUFFIXES[path.suffix.lower()]
    kinds: dict[str, type[CsvFile | JsonLinesFile | ParquetFile | ExcelFile]] = {
        "csv": CsvFile,
        "jsonl": JsonLinesFile,
        "parquet": ParquetFile,
        "xlsx": ExcelFile,
    }
    return kinds[kind](connection, path, name, table, options)


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
class _File:
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
        return UnreadableFileError(Problem("batch", code, message, self.name, line))

    def _select(self, expressions: Mapping[str, str]) -> str:
        """Declared columns from SQL expressions; those that the file lacks are NULL."""
        return ", ".join(
            f"{expressions.get(c.name, 'null::varchar')} as {quoted_name(c.name)}"
            for c in self.table.columns
        )


@dataclass
class _TextFile(_File):
    @cached_property
    def scan(self) -> text_files.TextScan:
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
            self.scan  # noqa: B018 - says what is wrong, with its line
            raise


@dataclass
class CsvFile(_TextFile):
    """Comma-separated values: a header, one delimiter, fields quoted with double quotes."""

    @cached_property
    def _header(self) -> tuple[str, list[str]]:
        text = self._head()
        if not text:
            self.scan  # noqa: B018 - says that the file is empty
        wanted = {column.name.casefold() for column in self.table.columns}

        def fit(delimiter: str) -> tuple[int, int]:
            names = self._first_record(text, delimiter)
            return sum(name.strip().casefold() in wanted for name in names), len(names)

        delimiter = self.options.delimiter or max(DELIMITERS, key=fit)
        return delimiter, self._first_record(text, delimiter)

    def _first_record(self, text: str, delimiter: str) -> list[str]:
        with _wide_fields(len(text) + 1):
            rows = csv.reader(StringIO(text), delimiter=delimiter)
            return next((row for row in rows if row), [])

    def names(self) -> list[str]:
        """The header."""
        return self._header[1]

    def stage(self, rows: StagedRows, positions: Mapping[str, int]) -> None:
        """Stream the file through the CSV parser into the table of rows."""
        import pyarrow as pa

        self.scan  # noqa: B018 - nothing may be parsed before every byte is known to be text
        self._refuse_open_quote()
        delimiter, names = self._header
        parser = _CsvParser(self.path, self._encoding, delimiter, len(names))
        fields = {name: f"f{index}" for name, index in positions.items()}
        try:
            self.connection.register("csv_rows", parser.reader())
            not_blank = " or ".join(f"f{index} <> ''" for index in range(len(names)))
            number = rows.add(
                self.name,
                f"select row as _row, null::varchar as _fault, null::varchar as _source_text, "
                f"{self._select(fields)} from csv_rows where {not_blank}",
            )
        except (pa.ArrowInvalid, _error()) as error:
            raise self.problem(
                "unreadable", f"the file is not valid CSV: {_short(error)}"
            ) from None
        finally:
            self.connection.unregister("csv_rows")
        self._add_ragged(rows, parser, delimiter, positions)
        if rows.faulty(number):
            self._locate(number, parser)

    def _add_ragged(
        self, rows: StagedRows, parser: _CsvParser, delimiter: str, positions: Mapping[str, int]
    ) -> None:
        """Rows with more or fewer fields than the header: kept out, counted, with their text."""
        import pyarrow as pa

        if not parser.ragged:
            return
        if len(parser.ragged) > MOST_RAGGED_ROWS:
            raise self.problem(
                "column_count",
                f"more than {MOST_RAGGED_ROWS:,} rows have another number of fields than the "
                f"header; is {delimiter!r} the delimiter?",
            )
        for row, _, text in parser.ragged:
            if "\n" in text.strip() or "\r" in text.strip():
                raise self.problem(
                    "broken_quotes",
                    f"row {row} spans several lines and has another number of fields than the "
                    "header: a quote is not closed, so nobody can tell where rows begin",
                )
        # The key of such a row, as far as it can be seen, keeps its version in raw from being
        # taken for deleted.
        keys = {name: positions[name] for name in self.table.key if name in positions}
        columns: dict[str, list[Any]] = {
            "row": [],
            "found": [],
            "text": [],
            **{k: [] for k in keys},
        }
        for row, found, text in parser.ragged:
            fields = self._first_record(text, delimiter)
            columns["row"].append(row)
            columns["found"].append(found)
            columns["text"].append(text)
            for name, index in keys.items():
                columns[name].append(fields[index] if index < len(fields) else None)
        fields_of = {
            "row": pa.int64(),
            "found": pa.int64(),
            "text": pa.string(),
            **dict.fromkeys(keys, pa.string()),
        }
        held = pa.table(
            [pa.array(columns[name], kind) for name, kind in fields_of.items()],
            names=["row", "found", "text", *(f"key {name}" for name in keys)],
        )
        self.connection.register("ragged_rows", held)
        expected = parser.width
        rows.add(
            self.name,
            f"select row as _row, 'column_count: the row has ' || found || ' fields where the "
            f"header has {expected}' as _fault, text as _source_text, "
            f"{self._select({name: quoted_name(f'key {name}') for name in keys})} from ragged_rows",
        )
        self.connection.unregister("ragged_rows")

    def _refuse_open_quote(self) -> None:
        """A last field whose quote never closes: the file was cut, or the quote is a stray one."""
        if self.scan.quotes % 2 == 0:
            return
        end = "\0end"
        last: list[str] = []
        with self._records(chain(self._text_lines(), [end + "\n"])) as records:
            for record in records:
                last = record
        if last != [end]:
            raise self.problem(
                "broken_quotes",
                "a quoted field is not closed before the end: the file was cut; export it again",
                self.scan.lines,
            )

    def _text_lines(self) -> Iterator[str]:
        for block in text_files.blocks(self.path, self.options.max_line_bytes):
            yield from StringIO(block.decode(self._encoding))

    @contextmanager
    def _records(self, lines: Iterable[str]) -> Iterator[Any]:
        delimiter, _ = self._header
        with _wide_fields(self.path.stat().st_size + 1):
            yield csv.reader(lines, delimiter=delimiter)

    def _locate(self, number: int, parser: _CsvParser) -> None:
        """Find the line and the text of each bad row; only done when there is one."""
        import pyarrow as pa

        if parser.rows == self.scan.lines:  # every record is one line
            batches = text_files.lines(self.path, self._encoding, self.options.max_line_bytes)
            located = pa.RecordBatchReader.from_batches(text_files.line_schema(), batches)
            selected = "line as row, line, text"
        else:
            located = pa.RecordBatchReader.from_batches(_RECORD_SCHEMA(), self._located_records())
            selected = "row, line, text"
        self.connection.register("csv_lines", located)
        self.connection.execute(
            f"""
            insert into located
            select {number}, {selected} from csv_lines
            where row in (select row from staged where file = {number} and problems is not null)
            """
        )
        self.connection.unregister("csv_lines")

    def _located_records(self) -> Iterator[Any]:
        """Record batches of (row, first line, text) of every record that is not blank."""
        import pyarrow as pa

        held: list[str] = []

        def watched() -> Iterator[str]:
            for line in self._text_lines():
                held.append(line)
                yield line

        found: list[tuple[int, int, str]] = []
        row = line = 0
        with self._records(watched()) as records:
            for record in records:
                first, line = line + 1, line + len(held)
                if record:
                    row += 1
                    found.append((row, first, "".join(held).rstrip("\r\n")))
                held.clear()
                if len(found) >= 50_000:
                    yield pa.record_batch(list(zip(*found, strict=True)), schema=_RECORD_SCHEMA())
                    found.clear()
        if found:
            yield pa.record_batch(
                [pa.array(column) for column in zip(*found, strict=True)], schema=_RECORD_SCHEMA()
            )


def _RECORD_SCHEMA() -> Any:  # noqa: N802
    import pyarrow as pa

    return pa.schema([("row", pa.int64()), ("line", pa.int64()), ("text", pa.string())])


@dataclass
class _CsvParser:
    """Streams a CSV file as batches of text, numbering its rows (the header is row 1)."""

    path: Path
    encoding: str
    delimiter: str
    width: int
    ragged: list[tuple[int, int, str]] = field(default_factory=list)
    """Number, fields and text of each row with another number of fields than the header."""
    rows: int = 0
    """Rows seen, with the header and the ragged ones."""

    def reader(self) -> Any:
        """The batches: row BIGINT and f0, f1, … as text."""
        import pyarrow as pa

        names = [f"f{index}" for index in range(self.width)]
        schema = pa.schema([("row", pa.int64()), *((name, pa.string()) for name in names)])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _batches(self, schema: Any) -> Iterator[Any]:
        import numpy as np
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        def keep(row: Any) -> str:
            if len(self.ragged) <= MOST_RAGGED_ROWS:
                self.ragged.append((row.number, row.actual_columns, row.text))
            return "skip"

        batches = arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=CSV_BLOCK_BYTES,
                autogenerate_column_names=True,
                encoding=self.encoding,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=keep
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in schema.names[1:]}
            ),
        )
        good = 0
        for batch in batches:
            ordinals = np.arange(good, good + batch.num_rows, dtype=np.int64)
            good += batch.num_rows
            # The j-th ragged row stands after (its number - 1 - j) good ones.
            before = np.array([row[0] - 1 - j for j, row in enumerate(self.ragged)], dtype=np.int64)
            numbers = ordinals + 1 + np.searchsorted(before, ordinals, side="right")
            self.rows = good + len(self.ragged)
            whole = pa.RecordBatch.from_arrays([pa.array(numbers), *batch.columns], schema=schema)
            yield whole.slice(1) if ordinals.size and ordinals[0] == 0 else whole


@contextmanager
def _wide_fields(size: int) -> Iterator[None]:
    """Let the csv module read fields as long as the file's lines may be."""
    before = csv.field_size_limit(max(size, 131_072))
    try:
        yield
    finally:
        csv.field_size_limit(before)


@dataclass
class JsonLinesFile(_TextFile):
    """One JSON object on each line."""

    def names(self) -> list[str]:
        """The keys of the first lines, in the order in which they are met."""
        head = self._head().split("\n")[:SAMPLED_JSON_LINES]
        names = self._keys("select unnest($lines) as text", {"lines": head})
        if len(find_columns(self.table, names)) == len(self.table.columns):
            return names
        # Exporters leave out empty keys: a column may show up late.
        self.connection.register("json_lines", self._lines())
        names = self._keys("select text from json_lines", {})
        self.connection.unregister("json_lines")
        return names

    def _lines(self) -> Any:
        import pyarrow as pa

        batches = text_files.lines(self.path, self._encoding, self.options.max_line_bytes)
        return pa.RecordBatchReader.from_batches(text_files.line_schema(), batches)

    def stage(self, rows: StagedRows, positions: Mapping[str, int]) -> None:
        """Read each line by itself: a broken one is kept out and the others are not affected."""
        self.scan  # noqa: B018
        names = self.names()
        self.connection.register("json_lines", self._lines())
        fields = {
            name: self._field(names[index], self.table.column(name))
            for name, index in positions.items()
        }
        rows.add(
            self.name,
            f"""
            select
                line as _row,
                case when json is null
                    then 'bad_json: the line is not a JSON object' end as _fault,
                text as _source_text,
                {self._select(fields)}
            from (
                select line, text, case
                    when json_valid(text)
                    then case when json_type(text) = 'OBJECT' then text end
                end as json
                from json_lines where trim(text, ' \t') <> ''
            )
            """,
        )
        self.connection.unregister("json_lines")

    def _keys(self, lines: str, parameters: Mapping[str, Any]) -> list[str]:
        rows = self.connection.execute(
            f"""
            select key from (
                select unnest(json_keys(text)) as key, row_number() over () as n from ({lines})
                where case when json_valid(text) then json_type(text) = 'OBJECT' else false end
            ) group by key order by min(n), key
            """,
            dict(parameters),
        ).fetchall()
        return [row[0] for row in rows]

    def _field(self, name: str, column: Column) -> str:
        path = quoted_text('$."' + name.replace('"', '\\"') + '"')
        text = f"json_extract_string(json, {path})"
        if not column.data_type.startswith("decimal"):
            return text
        # DuckDB reads JSON numbers as doubles: a long amount is taken from the line itself.
        pattern = quoted_text(rf'"{re.escape(name)}"\s*:\s*(-?[0-9.]+)\s*[,}}]')
        exact = f"regexp_extract(json, {pattern}, 1)"
        once = f"len(regexp_extract_all(json, {pattern})) = 1"
        return f"case when length({text}) > 15 and {once} then {exact} else {text} end"


@dataclass
class ParquetFile(_File):
    """Parquet; every value is taken by its text, so that any physical type will do."""

    def names(self) -> list[str]:
        """The file's schema."""
        try:
            rows = self.connection.execute(f"describe select * from {self._origin}").fetchall()
        except _error() as error:
            raise self.problem("unreadable", f"the file is not Parquet: {_short(error)}") from None
        return [row[0] for row in rows]

    @property
    def _origin(self) -> str:
        return f"read_parquet({quoted_text(_literal(self.path))})"

    def known_rows(self) -> int | None:
        """From the file's footer."""
        row = self.connection.execute(
            f"select sum(num_rows) from parquet_file_metadata({quoted_text(_literal(self.path))})"
        ).fetchone()
        return int(row[0]) if row and row[0] is not None else None

    def most_rows(self) -> int:
        """As the footer says."""
        return self.known_rows() or 0

    def stage(self, rows: StagedRows, positions: Mapping[str, int]) -> None:
        """Read the columns declared."""
        names = self.names()
        # Dataframes write missing numbers as NaN.
        fields = {
            name: f"nullif({quoted_name(names[index])}::varchar, 'nan')"
            for name, index in positions.items()
        }
        iso = Formats(time_zone=self.options.time_zone)
        try:
            rows.add(
                self.name,
                "select file_row_number + 1 as _row, null::varchar as _fault, "
                f"null::varchar as _source_text, {self._select(fields)} "
                f"from read_parquet({quoted_text(_literal(self.path))}, file_row_number = true)",
                [value(column, iso) for column in self.table.columns],
            )
        except _error() as error:
            raise self.problem("unreadable", f"the file is damaged: {_short(error)}") from None


@dataclass
class ExcelFile(_File):
    """One sheet of a workbook: named as the option says, or as the table, or else the first."""

    @cached_property
    def _sheet(self) -> tuple[str, bool]:
        """Name of the sheet, and whether its days count from 1904."""
        import zipfile
        from xml.etree import ElementTree

        try:
            with zipfile.ZipFile(self.path) as archive:
                if sum(item.file_size for item in archive.infolist()) > MOST_SHEET_BYTES:
                    raise self.problem(
                        "too_large", f"the workbook unpacks to more than {MOST_SHEET_BYTES:,} bytes"
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
        ) as error:
            raise self.problem(
                "unreadable", f"the file is not an .xlsx workbook: {_short(error)}"
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
        self.connection.execute(f"load {quoted_text(str(extension_file('excel')))}")
        return (
            f"read_xlsx({quoted_text(_literal(self.path))}, sheet = {quoted_text(sheet)}, "
            "header = false, all_varchar = true, stop_at_empty = false)"
        )

    def names(self) -> list[str]:
        """The sheet's first row."""
        try:
            row = self.connection.execute(f"select * from {self._origin} limit 1").fetchone()
        except _error() as error:
            raise self.problem("unreadable", f"the sheet cannot be read: {_short(error)}") from None
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
        except _error() as error:
            raise self.problem("unreadable", f"the sheet cannot be read: {_short(error)}") from None


def _literal(path: Path) -> str:
    """The path with DuckDB's glob characters made literal."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _error() -> type[Exception]:
    import duckdb

    return duckdb.Error


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
