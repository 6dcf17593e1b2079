"""CSV: every row as text, with its line, also where quotes, ragged rows and odd ends hide it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

from ingestion.engine import quoted_name
from ingestion.transports import text_files
from ingestion.transports.file_formats.base import (
    TextFile,
    query_error,
    short,
)
from ingestion.transports.staged_rows import StagedRows

DELIMITERS = ",;\t|"
CSV_BLOCK_BYTES = 16 * 1024 * 1024
MOST_FIELD_BYTES = 2 * CSV_BLOCK_BYTES
"""No record may be longer than a block, so a longer field is a quote that nobody closed."""
MOST_RAGGED_ROWS = 100_000
MOST_RAGGED_BYTES = 64 * 1024 * 1024
"""Beyond either, the delimiter is wrong rather than the rows."""


@dataclass
class CsvFile(TextFile):
    """Comma-separated values: a header, one delimiter, fields quoted with double quotes."""

    @cached_property
    def _header(self) -> tuple[str, list[str]]:
        text = self._head()
        if not text:
            _ = self.scan  # says that the file is empty
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

        _ = self.scan  # nothing may be parsed before every byte is known to be text
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
        except (pa.ArrowInvalid, query_error()) as error:
            raise self.problem("unreadable", f"the file is not valid CSV: {short(error)}") from None
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
        if parser.too_ragged:
            raise self.problem(
                "column_count",
                f"more than {len(parser.ragged) - 1:,} rows have another number of fields than the "
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
        try:
            with self._records(chain(self._text_lines(), [end + "\n"])) as records:
                for record in records:
                    last = record
        except csv.Error:
            last = []  # the field has become longer than any can be
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
        with _wide_fields(MOST_FIELD_BYTES):
            yield csv.reader(lines, delimiter=delimiter)

    def _locate(self, number: int, parser: _CsvParser) -> None:
        """Find the line and the text of each bad row; only done when there is one."""
        import pyarrow as pa

        if parser.rows == self.scan.lines:  # every record is one line
            batches = text_files.lines(self.path, self._encoding, self.options.max_line_bytes)
            located = pa.RecordBatchReader.from_batches(text_files.line_schema(), batches)
            selected = "line as row, line, text"
        else:
            located = pa.RecordBatchReader.from_batches(_record_schema(), self._located_records())
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
                    yield pa.record_batch(list(zip(*found, strict=True)), schema=_record_schema())
                    found.clear()
        if found:
            yield pa.record_batch(
                [pa.array(column) for column in zip(*found, strict=True)], schema=_record_schema()
            )


def _record_schema() -> Any:
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
    ragged_bytes: int = 0
    rows: int = 0
    """Rows seen, with the header and the ragged ones."""

    @property
    def too_ragged(self) -> bool:
        """So many rows have another number of fields that they are no longer kept."""
        return len(self.ragged) > MOST_RAGGED_ROWS or self.ragged_bytes > MOST_RAGGED_BYTES

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
            if not self.too_ragged:
                self.ragged.append((row.number, row.actual_columns, row.text))
                self.ragged_bytes += len(row.text)
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
