"""Everything that is not the ERP: accounting files, the CRM's export, the team's sheets.

Files are written whole each time, as such exports are, beside the old ones and moved over them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.declarations import CUSTOM_FIELDS, Table, system
from ingestion.demo_company.life import SQL
from ingestion.demo_company.reference import FRENCH_SIREN
from ingestion.engine import quoted_name, quoted_text

if TYPE_CHECKING:
    import duckdb

_FEC_COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib"),
    *("CompAuxNum", "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit"),
    *("EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise"),
)
_LATIN_YEARS = (2023, 2024)
"""Years that the old accounting program exported, in ISO 8859-15."""
_EXCEL_SHEETS = ("kpi_targets",)


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views of the files over the life; those of `odoo` must exist."""
    for script in sorted((SQL / "files").glob("*.sql")):
        connection.execute(script.read_text(encoding="utf-8"))


def write_files(connection: duckdb.DuckDBPyConnection, demo: Path) -> None:
    """Write all files as they stand at the instant set."""
    # Files are read by people too: their rows keep the order they are selected in.
    connection.execute("set preserve_insertion_order = true")
    _write_fec(connection, demo / "fec")
    _copy(
        connection,
        "select * from files.italian_ledger order by ledger_entry_id::bigint",
        demo / "contract" / "ledger_entries.csv",
    )
    for table in system("salesforce").tables:
        target = demo / "salesforce" / f"{_SALESFORCE_NAMES[table.name]}.csv"
        _copy(connection, _selected(table), target)
    for table in system("sheets").tables:
        kind = "xlsx" if table.name in _EXCEL_SHEETS else "csv"
        _copy(connection, _selected(table), demo / "sheets" / f"{table.name}.{kind}")
    connection.execute("set preserve_insertion_order = false")


_SALESFORCE_NAMES = {
    "account": "Account",
    "user": "User",
    "case": "Case",
    "casehistory": "CaseHistory",
    "task": "Task",
}


def _selected(table: Table) -> str:
    names = [column.name for column in table.columns if column.name != CUSTOM_FIELDS]
    columns = ", ".join(map(quoted_name, names))
    keys = ", ".join(quoted_name(name) for name in table.key)
    return f"select {columns} from {table.system}.{quoted_name(table.name)} order by {keys}"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    kind = "xlsx" if target.suffix == ".xlsx" else "csv"
    connection.execute(f"copy ({query}) to {quoted_text(str(part))} (format {kind}, header true)")
    part.replace(target)


def _write_fec(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """One file for each fiscal year, named as the law wants it."""
    folder.mkdir(parents=True, exist_ok=True)
    years = connection.execute(
        "select distinct fiscal_year from files.fec order by fiscal_year"
    ).fetchall()
    for (year,) in years:
        part = folder / f".{year}.part"
        connection.execute(
            f"copy (select {', '.join(_FEC_COLUMNS)} from files.fec where fiscal_year = {year}"
            f" order by ValidDate, move_id, line_id) to {quoted_text(str(part))}"
            " (format csv, header true, delimiter '\t', quote '', escape '')"
        )
        if year in _LATIN_YEARS:
            text = part.read_text(encoding="utf-8")
            part.write_text(text, encoding="iso8859-15", newline="\r\n")
        part.replace(folder / f"{FRENCH_SIREN}FEC{year}1231.txt")
