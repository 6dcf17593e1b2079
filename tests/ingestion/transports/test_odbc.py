"""ODBC: exact and typed, one snapshot, read-only, and no word of a password."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.config import OdbcSource
from ingestion.declarations import Column, Table, system
from ingestion.embedded_postgres import stop_embedded_postgres
from ingestion.engine import connect
from ingestion.errors import SourceError, UnfinishedReadError
from ingestion.extract import tables_of
from ingestion.transports.base import Extraction, Window
from ingestion.transports.odbc import Database, OdbcTransport
from tests.ingestion.odbc_drivers import odbc_driver, postgres_by_odbc
from tests.ingestion.postgres_server import Server

NOON = "2026-01-02 12:00:00"
AMOUNT = Column("amount", "decimal(18,4)")
SALE = Table(
    system="shop",
    name="sale",
    description="Sales.",
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


def of(name: str, *columns: Column, **more: object) -> Table:
    options: dict[str, object] = {"system": "shop", "description": "", "key": ("id",), **more}
    return Table(name=name, columns=(Column("id", "bigint"), *columns), **options)  # type: ignore[arg-type]


def at(*time: int) -> datetime:
    return datetime(2026, 1, 2, *time)  # type: ignore[arg-type]  # noqa: DTZ001


@dataclass(frozen=True)
class Landed:
    """What a read gave."""

    extraction: Extraction
    rows: list[tuple[object, ...]]
    keys: list[tuple[object, ...]]


@dataclass(frozen=True)
class Shop:
    """A database behind ODBC, and a way to change what it holds."""

    server: Server
    folder: Path

    def holds(self, table: str, columns: str, *rows: str) -> None:
        """Make a table anew."""
        self.server.execute(f"drop table if exists {table}", f"create table {table} ({columns})")
        if rows:
            self.server.execute(f"insert into {table} values {', '.join(rows)}")

    def transport(self, **options: object) -> OdbcTransport:
        """The way to reach it."""
        return OdbcTransport(postgres_by_odbc(self.server, **options))

    def read(self, table: Table = SALE, low: str | None = None, **options: object) -> Landed:
        """Read one table as a run would."""
        return read(self.transport(**options), table, Window(low), self.folder)


def read(transport: OdbcTransport, table: Table, window: Window, folder: Path) -> Landed:
    into = folder / "batch"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    with transport.session(into) as session:
        extraction = session.extract(table, window, into)
    return Landed(extraction, *(_content(into / f"{name}.parquet") for name in ("rows", "keys")))


def _content(file: Path) -> list[tuple[object, ...]]:
    return connect().execute(f"select * from '{file}' order by all").fetchall()


@pytest.fixture
def shop(server: Server, tmp_path: Path) -> Shop:
    found = Shop(server, tmp_path)
    found.holds(
        "sale",
        "id int primary key, number text, amount numeric, sold_on date, changed_at timestamp, "
        "is_paid boolean",
    )
    return found


def test_values_are_exact_and_have_the_declared_types(shop: Shop) -> None:
    shop.server.execute(
        "insert into sale values"
        "(1, 'Zoë', 12345678901234.5678, '2026-01-02', '2026-01-02 12:00:00.123456', true),"
        "(2, ' x ', -0.00005, '1753-01-01', '0001-01-01', false),"
        "(3, '', 1e-7, '9999-12-31', '9999-12-31 23:59:59', null),"
        "(4, null, null, null, null, null)"
    )
    landed = shop.read()
    assert landed.rows == [
        (1, "Zoë", Decimal("12345678901234.5678"), date(2026, 1, 2), at(12, 0, 0, 123456), True),
        (2, " x ", Decimal("-0.0001"), date(1753, 1, 1), datetime(1, 1, 1), False),  # noqa: DTZ001
        (3, "", Decimal(0), date(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59), None),  # noqa: DTZ001
        (4, None, None, None, None, None),
    ]
    assert landed.extraction.totals == {"amount": "12345678901234.5677"}
    assert landed.extraction.problems == []


CONVERTED: list[tuple[str, str, object]] = [
    ("1.0::float8 / 3", "double", 1 / 3),
    ("10::numeric(5,2)", "bigint", 10),
    ("7::float8", "bigint", 7),
    ("true", "bigint", 1),
    ("1::smallint", "boolean", True),
    ("'yes'::text", "boolean", True),
    ("'2026-01-02'::text", "date", date(2026, 1, 2)),
    ("'2026-01-02'::timestamp", "date", date(2026, 1, 2)),
    ("'2026-01-02'::date", "timestamp", at(0)),
    ("'2026-01-02 12:00:00+02:00'::text", "timestamp", at(10)),
    ("'2026-01-02 12:00:00+02:00'::timestamptz", "timestamp", at(10)),
    ("'9007199254740993'::bigint", "string", "9007199254740993"),
    ("1.10::numeric(9,2)", "string", "1.10"),
    ("'AB'::char(5)", "string", "AB"),
    ("""'{"a": 1}'::jsonb""", "string", '{"a": 1}'),
    ("repeat('é', 3000)", "string", "é" * 3_000),
    ("null::int", "string", None),
]


def test_a_value_of_another_type_is_converted_without_loss(shop: Shop) -> None:
    stored = ", ".join(f"{sql} as x{n}" for n, (sql, *_) in enumerate(CONVERTED))
    shop.server.execute(
        "drop table if exists thing", f"create table thing as select 1 as id, {stored}"
    )
    columns = [Column(f"x{n}", kind) for n, (_, kind, _) in enumerate(CONVERTED)]
    assert shop.read(of("thing", *columns)).rows == [(1, *(value for *_, value in CONVERTED))]


UNFIT = [
    ("'NaN'::numeric", "decimal(18,4)", "column x0: NaN is not a number"),
    ("123456789012345::numeric", "decimal(18,4)", "numeric field overflow"),
    ("'12,50'::text", "double", "column x2: 12,50 is not a number"),
    ("1.5::numeric", "bigint", "column x3: 1.5 is not a whole number"),
    ("1.5::float8", "bigint", "column x4: 1.5 is not a whole number"),
    ("2::int", "boolean", "column x5: 2 is not true or false"),
    ("'2026-01-02 00:00:01'::timestamp", "date", "is not a date without a time of day"),
    ("'02/01/2026'::text", "date", "column x7: 02/01/2026 is not a date"),
    (r"'\x01'::bytea", "string", "column x8: the database's type holds other values"),
    ("'10:00'::time", "timestamp", "column x9: the database's type holds other values"),
    ("repeat('x', 70000)", "string", "longer than `longest_text`"),
]


def test_a_value_that_does_not_fit_is_named_and_never_changed(shop: Shop) -> None:
    stored = ", ".join(f"{sql} as x{n}" for n, (sql, *_) in enumerate(UNFIT))
    shop.server.execute(
        "drop table if exists thing", f"create table thing as select 1 as id, {stored}"
    )
    with shop.transport().session() as session:
        for n, (_, kind, told) in enumerate(UNFIT):
            with pytest.raises(SourceError) as caught:
                session.extract(of("thing", Column(f"x{n}", kind)), Window(), shop.folder)
            assert told in str(caught.value)
            assert session.still_answers()


def test_a_longer_text_is_read_where_the_source_says_so(shop: Shop) -> None:
    shop.holds("thing", "id int, x text", "(1, repeat('x', 70000))")
    (row,) = shop.read(of("thing", Column("x", "string")), longest_text=100_000).rows
    assert row == (1, "x" * 70_000)


def test_a_window_reads_what_changed_and_the_keys_of_everything(shop: Shop) -> None:
    shop.server.execute(
        "insert into sale values"
        "(1, 'old', 1, null, '2026-01-02 09:00', null),"
        "(2, 'in the overlap', 2, null, '2026-01-02 11:50', null),"
        "(3, 'on the edge', 4, null, '2026-01-02 12:00', null),"
        "(4, 'new', 8, null, '2026-01-02 12:00:00.5', null),"
        "(5, 'unstamped', 16, null, null, null)"
    )
    landed = shop.read(low=NOON, overlap_minutes=15)
    assert [row[0] for row in landed.rows] == [2, 3, 4, 5]
    assert [key for key, _ in landed.keys] == [1, 2, 3, 4, 5]
    assert (landed.extraction.rows, landed.extraction.source_rows) == (4, 5)
    assert landed.extraction.totals == {"amount": "30.0000"}
    assert landed.extraction.cursor_to == "2026-01-02 12:00:00.5"
    assert [row[0] for row in shop.read(low=NOON, overlap_minutes=0).rows] == [3, 4, 5]


def test_days_are_read_again_on_request(shop: Shop) -> None:
    shop.server.execute(
        "insert into sale values (1, '', 1, null, '2025-12-31 23:59:59', null),"
        "(2, '', 2, null, '2026-01-01', null), (3, '', 4, null, '2026-01-02', null),"
        "(4, '', 8, null, '2026-02-01', null)"
    )
    again = Window("2026-01-31 00:00:00", again=(date(2026, 1, 1), date(2026, 1, 2)))
    landed = read(shop.transport(), SALE, again, shop.folder)
    assert [row[0] for row in landed.rows] == [2, 4]


def test_a_window_without_news_keeps_the_watermark(shop: Shop) -> None:
    landed = shop.read(low=NOON)
    assert (landed.rows, landed.keys, landed.extraction.cursor_to) == ([], [], NOON)


def test_the_schema_may_be_of_another_version(shop: Shop) -> None:
    shop.holds(
        '"sale-line"',
        'id int, qty float8, "left" int, zip text, fee numeric',
        "(1, 86400, 3, '', -1)",
    )
    table = of(
        "line",
        Column("quantity", "decimal(18,4)", alternatives=(("qty", {"odbc": "qty / 86400"}),)),
        Column("start", "bigint", alternatives=(("lft", "lft"), ("left", '"left"'))),
        Column("carrier", "bigint", optional=True),
        Column("discount", "decimal(18,4)", optional=True),
        Column("zip", "string", empty=("",)),
        Column("fee", "decimal(18,4)", empty=("-1",)),
        relation="sale-line",
    )
    landed = shop.read(table)
    assert landed.rows == [(1, Decimal(1), 3, None, None, None, None)]
    assert landed.extraction.missing_columns == ("carrier", "discount")
    assert landed.extraction.totals == {"quantity": "1.0000", "discount": "0", "fee": "0"}


def test_rows_that_nobody_needs_stay_at_the_source(shop: Shop) -> None:
    shop.server.execute("insert into sale (id, number, amount) values (1, 'in', 1), (2, 'out', 2)")
    landed = shop.read(of("sale", AMOUNT, where="\"number\" = 'in'"))
    assert (landed.rows, landed.keys) == ([(1, 1)], [(1,)])
    assert landed.extraction.totals == {"amount": "1.0000"}


def test_a_missing_table_or_column_is_named(shop: Shop) -> None:
    with pytest.raises(SourceError, match="table purchase does not exist"):
        shop.read(of("purchase"))
    with pytest.raises(SourceError, match=r"sale lacks the column.* weight"):
        shop.read(of("sale", Column("weight", "double")))
    assert shop.read(of("complaint", AMOUNT, optional=True)).rows == []


def test_every_table_is_looked_at_without_reading_it(shop: Shop) -> None:
    shop.server.execute("insert into sale (id) values (1)")
    tables = (SALE, of("purchase"), of("sale", Column("weight", "double")))
    with shop.transport().session() as session:
        sale, purchase, lean = session.inspect(tables)
    assert (sale.present, sale.rows, sale.problems) == (True, 1, ())
    assert (purchase.present, purchase.rows) == (False, None)
    assert [problem.field for problem in lean.problems] == ["weight"]


IN_SAGE = {
    "string": ("varchar(69)", "''"),
    "bigint": ("int", "1"),
    "decimal(18,4)": ("numeric(24,6)", "1.000050"),
    "date": ("timestamp", "'1753-01-01'"),
    "timestamp": ("timestamp", f"'{NOON}.123'"),
}
"""Types as Sage 100 has them, and a value of each."""


def in_sage(table: Table) -> Iterator[str]:
    """Makes a table as Sage 100 has it, with one row that is read."""
    names = ", ".join(f'"{c.name}" {IN_SAGE[c.data_type][0]}' for c in table.columns)
    values = ", ".join(
        "0" if f'"{c.name}" = 0' in str(table.where) else IN_SAGE[c.data_type][1]
        for c in table.columns
    )
    yield f'create table "{table.name}" ({names})'
    yield f'insert into "{table.name}" values ({values})'


def test_every_table_of_sage_is_read_as_it_is_declared(shop: Shop) -> None:
    tables = system("sage100").tables
    shop.server.execute("; ".join(statement for table in tables for statement in in_sage(table)))
    with shop.transport(system="sage100").session() as session:
        for table in tables:
            assert session.extract(table, Window(), shop.folder).rows == 1
            (row,) = _content(shop.folder / "rows.parquet")
            for column, value in zip(table.columns, row, strict=True):
                match column.data_type:
                    case "date":
                        assert value is None
                    case "string":
                        assert value == (None if column.empty else "")
                    case "decimal(18,4)":
                        assert value == Decimal("1.0001")
                    case "timestamp":
                        assert value == at(12, 0, 0, 123_000)


def contract(shop: Shop, query: str) -> OdbcSource:
    return postgres_by_odbc(shop.server, system="contract", queries={"products": query})


def test_a_contract_table_is_the_answer_of_a_query(shop: Shop) -> None:
    shop.server.execute("insert into sale values (1, 'S1')")
    query = """
        select 'P' || id as product_id, number as name, 'goods' as product_type, 1 as is_active
        from sale -- all;
    """
    source = contract(shop, query)
    (table,) = tables_of(source)
    with OdbcTransport(source).session(shop.folder) as session:
        assert session.extract(table, Window(), shop.folder).rows == 1
    found = connect().execute(
        f"select product_id, name, is_active from '{shop.folder}/rows.parquet'"
    )
    assert found.fetchall() == [("P1", "S1", True)]


WRITES = (
    "select nextval('drawn') as product_id, 'x' as name, 'goods' as product_type, 1 as is_active"
)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select nope", "the query for products fails"),
        ("delete from sale returning *", "the query for products fails"),
        ("select 1) as x; drop table sale; select * from (select 1", "read-only|cannot"),
        (WRITES, "read-only"),
    ],
)
def test_a_query_that_fails_or_would_write_is_told(shop: Shop, query: str, told: str) -> None:
    shop.server.execute("insert into sale (id) values (1)", "create sequence if not exists drawn")
    source = contract(shop, query)
    (table,) = tables_of(source)
    with (
        OdbcTransport(source).session() as session,
        pytest.raises(SourceError, match=told),
    ):
        session.extract(table, Window(), shop.folder)
    assert shop.server.ask("select count(*) as n from sale") == [(1,)]


def test_a_user_who_may_only_select_reads_what_is_granted_and_writes_nothing(shop: Shop) -> None:
    shop.server.execute(
        "insert into sale values (1, 'S1', 1, null, null, null)",
        "drop role if exists frugal",
        "create role frugal login",
        "grant select (id, amount) on sale to frugal",
    )
    options: dict[str, Any] = {"connection": {"user": "frugal"}}
    landed = shop.read(of("sale", AMOUNT, Column("number", "string", optional=True)), **options)
    assert (landed.rows, landed.extraction.missing_columns) == ([(1, 1, None)], ("number",))
    source = postgres_by_odbc(shop.server, **options)
    database = Database(source)  # no snapshot of ours yet: the grant alone holds
    with pytest.raises(SourceError, match="permission denied"):
        database.rows("update sale set amount = 2 returning id")
    database.close()
    shop.server.execute("drop owned by frugal")


def test_all_tables_are_seen_at_one_instant_and_nobody_is_kept_from_writing(shop: Shop) -> None:
    with shop.transport().session() as session:
        session.extract(SALE, Window(), shop.folder)
        shop.server.execute("insert into sale (id) values (1)")
        assert session.extract(SALE, Window(), shop.folder).source_rows == 0
        assert session.still_answers()
        assert session.extract(SALE, Window(), shop.folder).source_rows == 1


def test_a_failed_table_leaves_the_others_readable(shop: Shop) -> None:
    with shop.transport().session() as session:
        with pytest.raises(SourceError, match="division by zero"):
            session.extract(of("sale", where="1 / 0 = 1"), Window(), shop.folder)
        assert session.still_answers()
        assert session.extract(SALE, Window(), shop.folder).rows == 0


def test_a_lost_connection_earns_another_attempt(shop: Shop) -> None:
    with shop.transport().session() as session:
        session.extract(SALE, Window(), shop.folder)
        shop.server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        with pytest.raises(UnfinishedReadError, match="connection was lost"):
            session.extract(SALE, Window(), shop.folder)
        assert not session.still_answers()


def test_a_query_that_takes_too_long_is_given_up(shop: Shop) -> None:
    slow = of("sale", where="pg_sleep(60) is not null")
    shop.server.execute("insert into sale (id) values (1)")
    with pytest.raises(SourceError, match="timeout"):
        shop.read(slow, connection={"query_timeout": 1})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Shop]:
    """A server of its own, which asks the user `locked` for a password."""
    own = Server(tmp_path / "guarded")
    own.execute("create role locked login")
    stop_embedded_postgres(own.data)
    access = own.data / "pg_hba.conf"
    rules = access.read_text(encoding="utf-8")
    access.write_text(f"local all locked scram-sha-256\n{rules}", encoding="utf-8")
    yield Shop(own, tmp_path)
    stop_embedded_postgres(own.data)


HOSTILE = [
    "plain",
    "a;b",
    "a}b",
    "a=b",
    "{a}",
    "};UID=postgres;x={",
    " sp ace ",
    "é€'\"\\%",
    "{",
    "}",
]


def test_a_password_is_taken_for_what_it_is_and_never_told(
    guarded: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"connection": {"user": "locked", "password": "${SHOP_PASSWORD}"}}
    for password in HOSTILE:
        quoted = password.replace("'", "''")
        guarded.server.execute(f"alter role locked password '{quoted}'")
        monkeypatch.setenv("SHOP_PASSWORD", password)
        with guarded.transport(**options).session() as session:
            assert session.still_answers()
    monkeypatch.setenv("SHOP_PASSWORD", "not;the}one")
    with (
        pytest.raises(SourceError, match="password authentication failed") as caught,
        guarded.transport(**options).session(),
    ):
        pass
    assert "not;the" not in str(caught.value)


def test_an_unreachable_server_or_driver_is_told_with_what_to_do(shop: Shop) -> None:
    for connection, told in (
        ({"host": "/nowhere"}, "cannot be reached: .*No such file"),
        ({"driver": "No Such Driver"}, "driver is not installed.*odbcinst"),
    ):
        with (
            pytest.raises(SourceError, match=f"(?s){told}"),
            shop.transport(connection=connection).session(),
        ):
            pass


def sqlite_by_odbc(path: Path) -> OdbcTransport:
    with sqlite3.connect(path) as database:
        database.execute("create table sale (id integer, number varchar, amount numeric(18,4))")
        database.execute("insert into sale values (1, 'S1', 0.1)")
    database.close()
    connection = {"driver": odbc_driver("libsqlite3odbc.so"), "database": str(path)}
    settings = {"system": "odoo", "transport": "odbc", "dialect": "ansi"}
    return OdbcTransport(OdbcSource.model_validate({**settings, "connection": connection}))


def test_another_database_is_read_with_a_warning_that_no_snapshot_is_known(tmp_path: Path) -> None:
    transport = sqlite_by_odbc(tmp_path / "shop.sqlite")
    landed = read(transport, of("sale", Column("number", "string")), Window(), tmp_path)
    assert landed.rows == [(1, "S1")]
    (problem,) = landed.extraction.problems
    assert (problem.severity, problem.code) == ("warning", "no_snapshot")
    with pytest.raises(SourceError, match="table purchase does not exist"):
        read(transport, of("purchase"), Window(), tmp_path)


@pytest.mark.parametrize("dialect", ["sqlserver", "postgresql"])
def test_a_database_that_does_not_understand_the_dialect_is_told(
    tmp_path: Path, dialect: str
) -> None:
    source = sqlite_by_odbc(tmp_path / "shop.sqlite").source
    wrong = OdbcTransport(source.model_copy(update={"dialect": dialect}))
    with pytest.raises(SourceError, match=f"Is `dialect: {dialect}` right"), wrong.session():
        pass


def test_a_database_without_exact_decimals_gives_no_amounts(tmp_path: Path) -> None:
    transport = sqlite_by_odbc(tmp_path / "shop.sqlite")
    with pytest.raises(SourceError, match="column amount: the database has no exact decimals"):
        read(transport, of("sale", AMOUNT), Window(), tmp_path)
