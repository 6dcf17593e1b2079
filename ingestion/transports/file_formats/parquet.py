"""Parquet: typed already, read as text all the same, so that one way of casting serves all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingestion.engine import quoted_name, quoted_text
from ingestion.transports.casting import Formats, value
from ingestion.transports.file_formats.base import (
    File,
    literal,
    query_error,
    short,
)
from ingestion.transports.staged_rows import StagedRows


@dataclass
class ParquetFile(File):
    """Parquet; every value is taken by its text, so that any physical type will do."""

    def names(self) -> list[str]:
        """The file's schema."""
        try:
            rows = self.connection.execute(f"describe select * from {self._origin}").fetchall()
        except query_error() as error:
            raise self.problem("unreadable", f"the file is not Parquet: {short(error)}") from None
        return [row[0] for row in rows]

    @property
    def _origin(self) -> str:
        return f"read_parquet({quoted_text(literal(self.path))})"

    def known_rows(self) -> int | None:
        """From the file's footer."""
        row = self.connection.execute(
            f"select sum(num_rows) from parquet_file_metadata({quoted_text(literal(self.path))})"
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
                f"from read_parquet({quoted_text(literal(self.path))}, file_row_number = true)",
                [value(column, iso) for column in self.table.columns],
            )
        except query_error() as error:
            raise self.problem("unreadable", f"the file is damaged: {short(error)}") from None
