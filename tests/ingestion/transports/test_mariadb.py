"""MariaDB: exact, read-only, one snapshot, and nothing that it would have made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.transports import mariadb as transport
from ingestion.transports.base import Extraction, Window
from ingestion.transports.mariadb import MariadbTransport
from tests.ingestion.mariadb_server import MariadbServer, mariadb

__all__ = ["mariadb"]

AMOUNT = Column("amount", "decimal(18,4)")
SALE = Table(
    system="shop",
    name="sale",
    description="",
    columns=(
        Column("id", "bigint"),
        Column("number", "string"),
        AMOUNT,
        Column("sold_on", "date"),
        Column("changed_at", "timestamp"),
        Column("is_paid", "boolean"),
    ),
    key=("id",),
    cursor="changed_at",
)
NOON = "2026-01-02 12:00:00"

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Landed:
    extraction: Extraction
    rows: Rows
    keys: Rows
    rejected: Rows


def read(
    server: MariadbServer,
    into: Path,
    table: Table = SALE,
    window: Window | None = None,
    **options: object,
) -> Landed:
    with MariadbTransport(server.source(**options)).session() as session:
        extraction = session.extract(table, window or Window(), into)
    return Landed(extraction, *(_content(into, name) for name in ("rows", "keys", "rejected")))


def _content(folder: Path, name: str) -> Rows:
    file = folder / f"{name}.parquet"
    if not file.exists():
        return []
    wanted = "field, code, message, key" if name == "rejected" else "*"
    return connect().execute(f"select {wanted} from '{file}' order by all").fetchall()


def of(name: str, *columns: Column, **more: object) -> Table:
    options: dict[str, object] = {"system": "shop", "description": "", "key": ("id",), **more}
    return Table(name=name, columns=(Column("id", "bigint"), *columns), **options)  # type: ignore[arg-type]


@pytest.fixture
def shop(mariadb: MariadbServer) -> MariadbServer:
    mariadb.execute(
        "drop table if exists sale",
        "create table sale (id bigint primary key, number varchar(40), amount decimal(20,6), "
        "sold_on date, changed_at datetime(6), is_paid tinyint(1))",
    )
    return mariadb


def test_values_have_the_declared_types(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute(
        "insert into sale values "
        "(1, 'été 🎄', 12345678901234.5678, '2026-01-02', '2026-01-02 12:00:00.123456', 1), "
        "(2, '', -0.1, '0001-01-01', '2026-01-02 12:00:00', 0), "
        "(3, null, null, null, null, null)"
    )
    landed = read(shop, tmp_path)
    day, noon = date(2026, 1, 2), datetime(2026, 1, 2, 12)  # noqa: DTZ001
    assert landed.rows == [
        (1, "été 🎄", Decimal("12345678901234.5678"), day, noon.replace(microsecond=123456), True),
        (2, "", Decimal("-0.1"), date(1, 1, 1), noon, False),
        (3, None, None, None, None, None),
    ]
    assert landed.extraction.cursor_to == "2026-01-02 12:00:00.123456"
    assert landed.extraction.totals == {"amount": "12345678901234.4678"}
    assert landed.rejected == []


def test_all_tables_are_seen_at_one_instant(shop: MariadbServer, tmp_path: Path) -> None:
    with MariadbTransport(shop.source()).session(tmp_path) as session:
        shop.execute("insert into sale (id) values (1)")
        assert session.extract(SALE, Window(), tmp_path).source_rows == 0
        assert session.still_answers()
        assert session.extract(SALE, Window(), tmp_path).source_rows == 1


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20, 21, 35])
def test_ranges_give_the_same_as_one_read(
    shop: MariadbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(transport, "ROWS_AT_A_TIME", 10)
    if rows:
        shop.execute(
            "insert into sale select seq * 7, seq, 0.01 + seq, null, null, null "
            f"from seq_1_to_{rows}"
        )
    landed = read(shop, tmp_path)
    assert landed.rows == [
        (n * 7, str(n), n + Decimal("0.01"), None, None, None) for n in range(1, rows + 1)
    ]
    assert [key for key, _ in landed.keys] == [n * 7 for n in range(1, rows + 1)]
