"""CSV, JSON lines, Parquet and Excel, each read as rows of text.

A reader answers what a file's columns are without reading it, and stages its rows. Nothing here
knows what a value should be: see `casting` for that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.declarations import Table
from ingestion.transports.file_formats.base import Reader
from ingestion.transports.file_formats.csv_file import CsvFile
from ingestion.transports.file_formats.excel import ExcelFile
from ingestion.transports.file_formats.json_lines import JsonLinesFile
from ingestion.transports.file_formats.parquet import ParquetFile

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
