"""PostgreSQL: exact, read-only, one snapshot, tolerant of versions and modules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.errors import SourceError
from ingestion.extract import tables_of
from ingestion.transports.base import Window
from ingestion.transports.postgres import PostgresTransport
from tests.ingestion.postgres_server import Server


def a_table(name: str, *columns: Column, **more: object) -> Table:
    options: dict[str, object] = {"system": "odoo", "description": "", "key": ("id",), **more}
    return Table(name=name, columns=(Column("id", "bigint"), *columns), **options)  # type: ignore[arg-type]


def rows_of(folder: Path, name: str = "rows") -> list[tuple[object, ...]]:
    query = f"select * from read_parquet('{folder}/{name}.parquet') order by all"
    return connect().execute(query).fetchall()


AMOUNT = Column("amount", "decimal(18,4)")
WRITTEN = Column("write_date", "timestamp")


def test_sums_of_unbounded_numerics_are_exact_to_the_cent(server: Server, tmp_path: Path) -> None:
    server.execute(
        "create table money (id int, amount numeric)",
        "insert into money select i, 0.1 + i::numeric * 1000000 "
        "from generate_series(1, 10000) as i",
    )
    with PostgresTransport(server.source()).session() as session:
        extraction = session.extract(a_table("money", AMOUNT), Window(), tmp_path)
    total = sum(Decimal(str(row[1])) for row in rows_of(tmp_path))
    assert total == Decimal("50005000001000.0000")
    assert Decimal(extraction.totals["amount"]) == total
    assert (extraction.rows, extraction.source_rows) == (10000, 10000)


def test_all_tables_are_seen_at_one_instant(server: Server, tmp_path: Path) -> None:
    server.execute("create table moving (id int)", "insert into moving values (1)")
    table = a_table("moving")
    with PostgresTransport(server.source()).session() as session:
        session.extract(table, Window(), tmp_path)
        server.execute("insert into moving values (2)")
        assert session.extract(table, Window(), tmp_path).rows == 1


def test_the_window_reads_again_what_committed_late(server: Server, tmp_path: Path) -> None:
    server.execute(
        "create table clocked (id int, write_date timestamp)",
        "insert into clocked values (1, '2026-01-01 09:00'), (2, '2026-01-01 09:50'), "
        "(3, '2026-01-01 10:00'), (4, '2026-01-01 10:00')",
    )
    table = a_table("clocked", WRITTEN, cursor="write_date")
    with PostgresTransport(server.source(overlap_minutes=15)).session() as session:
        extraction = session.extract(table, Window("2026-01-01 10:00:00"), tmp_path)
    assert [row[0] for row in rows_of(tmp_path)] == [2, 3, 4]
    assert [row[0] for row in rows_of(tmp_path, "keys")] == [1, 2, 3, 4]
    assert extraction.cursor_to == "2026-01-01 10:00:00"


def test_rows_without_a_stamp_are_in_every_window(server: Server, tmp_path: Path) -> None:
    server.execute(
        "create table unstamped (id int, write_date timestamp)",
        "insert into unstamped values (1, '2026-01-01 08:00'), (2, null)",
    )
    table = a_table("unstamped", WRITTEN, cursor="write_date")
    with PostgresTransport(server.source()).session() as session:
        session.extract(table, Window("2026-01-01 10:00:00"), tmp_path)
    assert [row[0] for row in rows_of(tmp_path)] == [2]


def test_an_empty_window_keeps_the_watermark(server: Server, tmp_path: Path) -> None:
    server.execute("create table quiet (id int, write_date timestamp)")
    table = a_table("quiet", WRITTEN, cursor="write_date")
    with PostgresTransport(server.source()).session() as session:
        extraction = session.extract(table, Window("2026-01-01 10:00:00"), tmp_path)
    assert extraction.cursor_to == "2026-01-01 10:00:00"


def test_rows_that_nobody_needs_stay_at_the_source(server: Server, tmp_path: Path) -> None:
    server.execute(
        "create table log (id int, model text)",
        "insert into log values (1, 'sale.order'), (2, 'res.partner')",
    )
    table = a_table("log", Column("model", "string"), where="model = 'sale.order'")
    with PostgresTransport(server.source()).session() as session:
        assert session.extract(table, Window(), tmp_path).source_rows == 1


def test_a_column_that_another_version_names_otherwise_is_found(
    server: Server, tmp_path: Path
) -> None:
    server.execute(
        "create table move16 (id int, quantity_done numeric)", "insert into move16 values (1, 2.5)"
    )
    quantity = Column(
        "quantity", "decimal(18,4)", alternatives=(("quantity_done", "quantity_done"),)
    )
    with PostgresTransport(server.source()).session() as session:
        extraction = session.extract(a_table("move16", quantity), Window(), tmp_path)
    assert rows_of(tmp_path) == [(1, Decimal("2.5000"))]
    assert extraction.missing_columns == ()


def test_what_stands_for_no_value_is_read_as_none(server: Server, tmp_path: Path) -> None:
    server.execute(
        'create table sage (id int, "DO_DateLivr" timestamp, "AR_Ref" text)',
        "insert into sage values (1, '1753-01-01', ''), (2, '2026-03-05', 'V1')",
    )
    due = Column("DO_DateLivr", "date", empty=("1753-01-01",))
    table = a_table("sage", due, Column("AR_Ref", "string", empty=("",)))
    with PostgresTransport(server.source()).session() as session:
        session.extract(table, Window(), tmp_path)
    assert rows_of(tmp_path) == [(1, None, None), (2, date(2026, 3, 5), "V1")]


def test_an_optional_column_may_be_missing_and_is_told(server: Server, tmp_path: Path) -> None:
    server.execute("create table lean (id int)", "insert into lean values (1)")
    table = a_table("lean", Column("carrier_id", "bigint", optional=True))
    with PostgresTransport(server.source()).session() as session:
        extraction = session.extract(table, Window(), tmp_path)
    assert rows_of(tmp_path) == [(1, None)]
    assert extraction.missing_columns == ("carrier_id",)


def test_a_missing_column_is_named(server: Server, tmp_path: Path) -> None:
    server.execute("create table broken (id int)")
    with (
        PostgresTransport(server.source()).session() as session,
        pytest.raises(SourceError, match=r"broken lacks the column.* amount"),
    ):
        session.extract(a_table("broken", AMOUNT), Window(), tmp_path)


def test_the_table_of_an_absent_module_is_empty(server: Server, tmp_path: Path) -> None:
    with PostgresTransport(server.source()).session() as session:
        table = a_table("no_such_module", AMOUNT, optional=True)
        assert session.extract(table, Window(), tmp_path).rows == 0
        with pytest.raises(SourceError, match="does not exist"):
            session.extract(a_table("no_such_table"), Window(), tmp_path)
    assert rows_of(tmp_path) == []


def test_contract_tables_come_from_queries(server: Server, tmp_path: Path) -> None:
    server.execute("create table firms (code text)", "insert into firms values ('a'), ('b')")
    source = server.source(
        system="contract",
        queries={
            "companies": "select code as company_id, code as name, 'FR' as country_code, "
            "'EUR' as currency_code, 'Europe/Paris' as time_zone, 'FR' as calendar_code "
            "from firms -- all"
        },
    )
    (table,) = tables_of(source)
    with PostgresTransport(source).session() as session:
        extraction = session.extract(table, Window(), tmp_path)
    assert extraction.rows == 2
    assert "registration_number" in extraction.missing_columns


def test_a_connection_that_is_lost_is_an_error_and_not_the_end_of_the_process(
    server: Server, tmp_path: Path
) -> None:
    server.execute("create table unlucky (id int)")
    with (
        pytest.raises(SourceError, match="reading failed"),
        PostgresTransport(server.source()).session() as session,
    ):
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where state = 'idle in transaction'"
        )
        session.extract(a_table("unlucky"), Window(), tmp_path)


@pytest.mark.parametrize("password", ["hunter2", "it's hunter2", "back\\'hunter2"])
def test_a_source_that_cannot_be_reached_says_so_without_its_password(
    monkeypatch: pytest.MonkeyPatch, server: Server, password: str
) -> None:
    monkeypatch.setenv("PW", password)
    source = server.source(
        embedded=None,
        connection={
            "host": "127.0.0.1",
            "port": 1,
            "database": "x",
            "user": "y",
            "password": "${PW}",
        },
    )
    with pytest.raises(SourceError) as caught, PostgresTransport(source).session():
        pass
    assert "hunter2" not in str(caught.value)
