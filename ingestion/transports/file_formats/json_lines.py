"""JSON lines: one object on each line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingestion.declarations import Column
from ingestion.engine import quoted_text
from ingestion.transports import text_files
from ingestion.transports.file_formats.base import (
    TextFile,
    find_columns,
)
from ingestion.transports.staged_rows import StagedRows

SAMPLED_JSON_LINES = 10_000


@dataclass
class JsonLinesFile(TextFile):
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
        _ = self.scan  # says what is wrong, if anything is
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
