"""CSV that a spreadsheet of the reader's language opens by a double click.

UTF-8 with a byte order mark, since Excel takes it for an old code page otherwise; in French and
Italian semicolons between values and a decimal comma, as Excel has them there; dates in ISO form,
which it knows in every language. It holds the main table alone, line by line.
"""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports.formats.safe_text import without_formula
from reports.prepared import PreparedList
from reports.request import Language

DIALECTS = {Language.ENGLISH: (",", "."), Language.FRENCH: (";", ","), Language.ITALIAN: (";", ",")}
"""What stands between values, and the decimal mark."""


def write_csv(prepared: PreparedList, target: Path) -> None:
    """Write the main table of a list."""
    separator, mark = DIALECTS[prepared.language]

    def cell(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return without_formula(value)
        if isinstance(value, Decimal):
            return f"{value:f}".replace(".", mark)
        return value.isoformat() if isinstance(value, date) else str(value)

    table = prepared.tables[0]
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
        writer.writerow(without_formula(column.heading) for column in table.columns)
        writer.writerows([cell(value) for value in row] for row in table.rows)
