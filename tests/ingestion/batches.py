"""Makes batches for tests, without a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from ingestion import declarations, ledger
from ingestion.declarations import System, Table, system
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.home import Home
from ingestion.landing import Batch, complete, decide, landing_folder
from ingestion.ledger import CurrentRun
from ingestion.transports.base import Extraction

LOAD = 20260101000000000
COUNTRIES = system("odoo").table("res_country")


def write_rows(path: Path, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of a table as Parquet, typed as declared; absent columns are NULL."""
    connection = connect()
    columns = ", ".join(f"{quoted_name(c.name)} {c.data_type}" for c in table.columns)
    connection.execute(f"create table t ({columns})")
    for row in rows:
        names = ", ".join(quoted_name(name) for name in row)
        places = ", ".join("?" for _ in row)
        connection.execute(f"insert into t ({names}) values ({places})", list(row.values()))
    connection.execute(f"copy t to {quoted_text(str(path))} (format parquet)")


def landed(
    home: Home,
    rows: Sequence[Mapping[str, object]],
    *,
    keys: Sequence[Mapping[str, object]] | None = None,
    table: Table = COUNTRIES,
    load_id: int = LOAD,
    source_id: str = "erp",
    cursor_to: str | None = None,
) -> Batch:
    """A landed batch that awaits its verdict; by default the source holds just these rows."""
    held = rows if keys is None else keys
    with landing_folder(home, source_id, table, load_id) as folder:
        write_rows(folder / "rows.parquet", table, rows)
        write_rows(folder / "keys.parquet", table, held)
        return complete(
            folder,
            table,
            Extraction(rows=len(rows), source_rows=len(held), cursor_to=cursor_to),
            source_id=source_id,
            run_id=f"run-{load_id}",
            load_id=load_id,
            cursor_from=None,
        )


def accepted(home: Home, rows: Sequence[Mapping[str, object]], **options: object) -> Batch:
    """The same, accepted."""
    batch = landed(home, rows, **options)  # type: ignore[arg-type]
    return decide(home, batch, accepted=True, checks=())


def a_run(load_id: int = LOAD, as_of: date = date(2026, 1, 1)) -> CurrentRun:
    """A run that knows the load."""
    return CurrentRun(f"run-{load_id}", as_of, load_id, datetime(2026, 1, 2, tzinfo=UTC))


def know(monkeypatch: pytest.MonkeyPatch, *tables: Table) -> None:
    """Declare these tables and no others."""
    known = {"shop": System("shop", "A shop.", tables)}
    for module in (declarations, ledger):
        monkeypatch.setattr(module, "systems", lambda: known)


@contextmanager
def a_shop(*tables: Table) -> Iterator[None]:
    """Meanwhile these tables are declared and no others, and nights are short."""
    with pytest.MonkeyPatch.context() as patch:
        know(patch, *tables)
        # Read once: this file is the largest part of a night as short as these.
        patch.setattr(ledger, "_control_tables", cache(ledger._control_tables))
        yield
