"""Small landed batches for tests, as a transport would have left them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.declarations import Table, system
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.landing import Batch, Manifest, schema_hash
from ingestion.transports.base import Problem

LOAD = 20261121020000000


def landed(
    root: Path,
    table: str,
    rows: str,
    *,
    keys: str | None = None,
    source_rows: int | None = None,
    rejected_rows: int = 0,
    totals: dict[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
    load_id: int = LOAD,
    source_id: str = "erp",
) -> Batch:
    """A batch of a table, `<system>.<table>`, with the rows that a query gives.

    Args:
        root: the landing folder.
        table: system and table.
        rows: query for the columns that matter; the others of the declaration are NULL.
        keys: query for the keys that the source holds, by default those of the rows.
        source_rows: rows that the source holds, by default the number of keys.
        rejected_rows: rows that the transport could not read.
        totals: the source's sums.
        problems: what the transport met.
        load_id: the load.
        source_id: the source.

    """
    declared = system(table.split(".")[0]).table(table.split(".")[1])
    folder = root / source_id / declared.name / str(load_id)
    folder.mkdir(parents=True)
    with connect() as connection:
        given = {row[0] for row in connection.execute(f"describe {rows}").fetchall()}
        columns = ", ".join(
            _typed(column.name, column.data_type, given) for column in declared.columns
        )
        write(connection, f"select {columns} from ({rows}) as given", folder / "rows.parquet")
        key = ", ".join(quoted_name(name) for name in declared.key)
        source = (
            keys or f"select {key} from read_parquet({quoted_text(str(folder / 'rows.parquet'))})"
        )
        write(connection, source, folder / "keys.parquet")
        counted = {
            name: connection.execute(
                f"select count(*) from read_parquet({quoted_text(str(folder / name))})"
            ).fetchall()[0][0]
            for name in ("rows.parquet", "keys.parquet")
        }
    return Batch(
        folder,
        manifest_of(
            declared,
            load_id=load_id,
            source_id=source_id,
            rows=counted["rows.parquet"],
            source_rows=counted["keys.parquet"] if source_rows is None else source_rows,
            rejected_rows=rejected_rows,
            totals=totals or {},
            problems=problems,
        ),
    )


def write(connection: Any, query: str, target: Path) -> None:
    """Write what a query gives to a Parquet file."""
    connection.execute(f"copy ({query}) to {quoted_text(str(target))} (format parquet)")


def read(file: Path, query: str = "select * from {file}") -> list[tuple[Any, ...]]:
    """Rows of a Parquet file."""
    source = f"read_parquet({quoted_text(str(file))})"
    with connect() as connection:
        return connection.execute(query.replace("{file}", source)).fetchall()


def _typed(name: str, data_type: str, given: set[str]) -> str:
    value = quoted_name(name) if name in given else "null"
    return f"cast({value} as {data_type}) as {quoted_name(name)}"


def manifest_of(table: Table, **values: Any) -> Manifest:
    """The manifest of a table's batch."""
    return Manifest(
        run_id="run",
        system=table.system,
        table=table.name,
        extracted_at=datetime(2026, 11, 21, 2, tzinfo=UTC),
        cursor_from=None,
        cursor_to=None,
        schema_hash=schema_hash(table),
        **values,
    )


def orders(count: int, change: str = "") -> str:
    """Query for good sales orders; `change` is a REPLACE list that spoils some."""
    spoiled = f"replace ({change})" if change else ""
    return f"""
        select * {spoiled}
        from (
            select
                range as id, 'S' || range as name, 'sale' as state, 1 as partner_id,
                1 as company_id, 1 as currency_id, 100.00 as amount_untaxed,
                20.00 as amount_tax, 120.00 as amount_total, 'invoiced' as invoice_status,
                timestamp '2026-03-02 09:00:00' as date_order,
                timestamp '2026-03-02 08:00:00' as create_date,
                timestamp '2026-03-02 10:00:00' as write_date
            from range(1, {count} + 1)
        )
    """
