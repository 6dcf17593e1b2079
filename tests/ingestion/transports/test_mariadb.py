"""MariaDB: exact, read-only, one snapshot, and nothing that it would have made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow
import pytest

from ingestion.config import MariadbSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect, quoted_text
from ingestion.errors import SourceError, UnfinishedReadError
from ingestion.extract import LandingRequest, land, tables_of
from ingestion.home import Home
from ingestion.transports import mariadb as transport
from ingestion.transports.base import Extraction, Window
from ingestion.transports.mariadb import MariadbSession, MariadbTransport
from tests.ingestion.mariadb_server import MariadbServer

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
SLOW = "select sum(a.seq * b.seq) as n from seq_1_to_1000000 as a, seq_1_to_1000000 as b"

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
    **options: Any,
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


def test_times_of_the_servers_clock_come_in_utc(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute(
        "create or replace table clocked (id int primary key, at timestamp null, said datetime)",
        "set time_zone = '+02:00'",
        "insert into clocked values (1, '2026-01-02 12:00', '2026-01-02 12:00')",
    )
    clocked = of("clocked", Column("at", "timestamp"), Column("said", "timestamp"))
    noon = datetime(2026, 1, 2, 12)  # noqa: DTZ001
    assert read(shop, tmp_path, clocked).rows == [(1, noon.replace(hour=10), noon)]


def test_days_that_are_none_are_read_as_none(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute(
        "create or replace table dated (id int primary key, d date, t datetime, s timestamp)",
        "set sql_mode = '', time_zone = '+00:00'",
        "insert into dated values (1, '0000-00-00', '0000-00-00', '0000-00-00'), "
        "(2, '2014-00-10', '2014-10-00 12:00', '2014-10-10 12:00')",
    )
    dated = of("dated", *(Column(name, "timestamp") for name in "dts"))
    found = datetime(2014, 10, 10, 12)  # noqa: DTZ001
    assert read(shop, tmp_path, dated).rows == [(1, None, None, None), (2, None, None, found)]


@pytest.mark.parametrize("may_be", ["null", "not null"])
def test_a_row_that_is_stamped_with_no_day_is_read_every_night(
    shop: MariadbServer, tmp_path: Path, may_be: str
) -> None:
    shop.execute(
        f"create or replace table unstamped (id int primary key, changed_at datetime {may_be})",
        "set sql_mode = ''",
        f"insert into unstamped values (1, '0000-00-00'), (2, '2020-01-01'), (3, '{NOON}')",
    )
    table = of("unstamped", Column("changed_at", "timestamp"), cursor="changed_at")
    landed = read(shop, tmp_path, table, Window(low=NOON))
    assert [row[0] for row in landed.rows] == [1, 3]


def test_long_rows_come_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BYTES_AT_A_TIME", 10_000)
    monkeypatch.setattr(transport, "LEAST_ROWS", 3)
    short, long = (pyarrow.table({"text": ["a" * letters] * 10}) for letters in (1_000, 1_000_000))
    assert transport._fitting(short) == 9
    assert transport._fitting(long) == 3


@pytest.mark.parametrize(
    ("stored", "value", "declared", "expected"),
    [
        ("tinyint(1)", "1", "boolean", True),
        ("tinyint(1)", "7", "bigint", 7),
        ("bit(1)", "b'1'", "boolean", True),
        ("bigint unsigned", "9223372036854775807", "bigint", 9223372036854775807),
        ("enum('draft', 'paid')", "'paid'", "string", "paid"),
        ("set('a', 'b', 'c')", "'c,a'", "string", "a,c"),
        ("varchar(9) character set latin1", "'été'", "string", "été"),
        ("char(9)", "'a  '", "string", "a"),
        ("text character set utf8mb4", "'🎄'", "string", "🎄"),
        ("blob", "'été'", "string", "été"),
        ("json", """'{"a": 1}'""", "string", '{"a": 1}'),
        ("time", "'-12:30:00'", "string", "-12:30:00"),
        ("year", "2026", "bigint", 2026),
        ("datetime", "'2026-01-02'", "date", date(2026, 1, 2)),
        ("date", "'2026-01-02'", "timestamp", datetime(2026, 1, 2)),  # noqa: DTZ001
        ("int", "12", "string", "12"),
        ("int", "12", "decimal(18,4)", Decimal(12)),
        ("varchar(9)", "' 12 '", "bigint", 12),
        ("varchar(9)", "'1e-2'", "decimal(18,4)", Decimal("0.01")),
        ("double", "0.1", "double", 0.1),
        ("double", "0.1", "decimal(18,4)", Decimal("0.1")),
        ("double(24,8)", "1234.567890125", "decimal(18,4)", Decimal("1234.5679")),
        ("float", "1234567.9", "decimal(18,4)", Decimal("1234567.875")),
        ("float", "0.5", "double", 0.5),
        ("decimal(18,0)", "999999999999999999", "bigint", 999999999999999999),
        ("decimal(18,0) unsigned", "999999999999999999", "bigint", 999999999999999999),
        ("decimal(65,30)", "12345678901234.00005", "decimal(18,4)", Decimal("12345678901234.0001")),
        ("decimal(5,2)", "-1.25", "double", -1.25),
    ],
)
def test_a_value_is_what_its_column_is_declared_as(
    shop: MariadbServer, tmp_path: Path, stored: str, value: str, declared: str, expected: object
) -> None:
    shop.execute(
        f"create or replace table one (id int primary key, v {stored})",
        f"insert into one values (1, {value}), (2, null)",
    )
    landed = read(shop, tmp_path, of("one", Column("v", declared)))
    assert (landed.rows, landed.rejected) == ([(1, expected), (2, None)], [])
    if declared.startswith("decimal"):
        assert Decimal(landed.extraction.totals["v"]) == expected


@pytest.mark.parametrize("low", [None, NOON])
@pytest.mark.parametrize(
    ("stored", "value", "declared", "code", "told"),
    [
        ("varchar(9)", "'abc'", "bigint", "bad_number", '"abc" is not a whole number'),
        ("varchar(9)", "'12abc'", "decimal(18,4)", "bad_number", '"12abc" is not a number'),
        ("varchar(9)", r"'12\n'", "decimal(18,4)", "bad_number", "is not a number"),
        ("varchar(10)", "'2026-02-31'", "date", "bad_date", "is not a date"),
        ("double", "1.5", "bigint", "bad_number", '"1.5" is not a whole number'),
        ("double", "1e15", "decimal(18,4)", "bad_number", "that fits decimal(18,4)"),
        ("decimal(20,4)", "123456789012345.1", "decimal(18,4)", "bad_number", "that fits"),
        ("bigint unsigned", "18446744073709551615", "bigint", "bad_number", "whole number"),
        ("datetime", "'2026-01-02 10:00'", "date", "bad_date", "is not a date"),
        ("int", "20260102", "date", "bad_date", "is not a date"),
        ("tinyint(1)", "2", "boolean", "bad_boolean", '"2" is not true or false'),
        ("blob", "0xff41", "string", "undecodable", "v holds no UTF-8 text"),
    ],
)
def test_a_value_that_cannot_be_read_keeps_its_row_out_and_is_named(
    shop: MariadbServer,
    tmp_path: Path,
    low: str | None,
    stored: str,
    value: str,
    declared: str,
    code: str,
    told: str,
) -> None:
    shop.execute(
        f"create or replace table bad (id int primary key, amount decimal(18,4), v {stored}, "
        "changed_at datetime)",
        f"insert into bad values (1, 10, null, '{NOON}'), (2, 10, {value}, '{NOON}')",
    )
    table = of(
        "bad", AMOUNT, Column("v", declared), Column("changed_at", "timestamp"), cursor="changed_at"
    )
    landed = read(shop, tmp_path, table, Window(low))
    ((_, found, message, _),) = landed.rejected
    assert (found, told in str(message)) == (code, True)
    assert [row[0] for row in landed.rows] == [1]
    assert [key for key, _ in landed.keys] == [1, 2]
    extraction = landed.extraction
    assert (extraction.rows, extraction.rejected_rows, extraction.source_rows) == (1, 1, 2)
    assert extraction.totals == {
        "amount": "10.0000",
        **({"v": "0.0000"} if declared.startswith("decimal") else {}),
    }
    (problem,) = extraction.problems
    assert (problem.severity, problem.file) == ("row", "erp, bad")


@pytest.mark.parametrize("stored", ["double", "float", "decimal(30,10)", "varchar(40)"])
def test_the_control_total_is_the_sum_of_the_values_as_they_are_cast(
    shop: MariadbServer, tmp_path: Path, stored: str
) -> None:
    chance = Random(stored)
    amounts = [f"{chance.uniform(-1, 1) * 10 ** chance.randint(-6, 13):.9f}" for _ in range(500)]
    # What is halfway between two numbers of four digits.
    amounts += [f"{chance.randint(0, 10**6)}.{chance.randint(0, 9999):04}5" for _ in range(500)]
    values = ", ".join(f"({n}, '{amount}')" for n, amount in enumerate(amounts))
    shop.execute(
        f"create or replace table summed (id int primary key, amount {stored})",
        f"insert into summed values {values}",
    )
    landed = read(shop, tmp_path, of("summed", AMOUNT))
    total = sum(Decimal(str(row[1])) for row in landed.rows)
    assert (len(landed.rows), Decimal(landed.extraction.totals["amount"])) == (1000, total)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("bigint", [-9223372036854775808, -1, 0, 9223372036854775806, 9223372036854775807]),
        ("varchar(9)", ["a", "B", "c", "É", "e f", "f ", "It's", '"', "\\", "\\'", "🎄", "_", "%"]),
        ("varchar(9) collate utf8mb4_bin", ["a", "A", "b", "B", " ", "É", "é", "\\"]),
        ("varchar(9) character set latin1", ["a", "é", "ü", "Z", "1"]),
        ("date", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ("enum('z', 'y', 'x')", ["x", "y", "z"]),
        ("binary(2)", ["ab", "cd", "AB"]),
    ],
)
def test_every_row_comes_once_however_its_key_is_ordered(
    shop: MariadbServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    values: list[object],
) -> None:
    monkeypatch.setattr(transport, "ROWS_AT_A_TIME", 2)
    stored = ", ".join(f"({quoted_text(str(value))}, 1)" for value in values)
    shop.execute(
        "set sql_mode = 'NO_BACKSLASH_ESCAPES'",
        f"create or replace table keyed (id {key} primary key, n int)",
        f"insert into keyed values {stored}",
    )
    kind = "bigint" if key == "bigint" else "string"
    keyed = Table("shop", "keyed", "", (Column("id", kind), Column("n", "bigint")), ("id",))
    landed = read(shop, tmp_path, keyed)
    assert sorted(row[0] for row in landed.rows) == sorted(values)  # type: ignore[type-var]
    assert landed.extraction.source_rows == len(values)


def test_a_key_of_several_columns_is_followed_in_the_order_of_its_index(
    shop: MariadbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ROWS_AT_A_TIME", 3)
    shop.execute(
        "create or replace table line (n int, code varchar(9), site int, "
        "primary key (site, code, n))",
        "insert into line select b.seq, char(64 + a.seq), a.seq mod 2 "
        "from seq_1_to_5 as a, seq_1_to_4 as b",
    )
    columns = (Column("site", "bigint"), Column("code", "string"), Column("n", "bigint"))
    landed = read(shop, tmp_path, Table("shop", "line", "", columns, ("site", "code", "n")))
    assert landed.rows == sorted((a % 2, chr(64 + a), b) for a in range(1, 6) for b in range(1, 5))


def test_what_has_no_primary_key_is_read_at_once(
    shop: MariadbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ROWS_AT_A_TIME", 2)
    shop.execute(
        "create or replace table heap (id int)",
        "insert into heap values (1), (2), (3), (null)",
        "create or replace view seen as select id from heap where id > 1",
    )
    assert [row[0] for row in read(shop, tmp_path, of("seen")).rows] == [2, 3]
    landed = read(shop, tmp_path, of("heap"))
    assert ([row[0] for row in landed.rows], landed.extraction.keys_unknown) == ([1, 2, 3], 1)
    assert landed.keys == [(1,), (2,), (3,)]


def test_a_window_reads_what_changed_and_the_keys_of_everything(
    shop: MariadbServer, tmp_path: Path
) -> None:
    shop.execute(
        "insert into sale (id, amount, changed_at) values (1, 1, '2026-01-02 09:00'), "
        "(2, 2, '2026-01-02 11:50'), (3, 4, '2026-01-02 12:00'), (4, 8, '2026-01-02 12:00:00.5'), "
        "(5, 16, null)"
    )
    landed = read(shop, tmp_path, window=Window(NOON))
    assert [row[0] for row in landed.rows] == [2, 3, 4, 5]
    assert [key for key, _ in landed.keys] == [1, 2, 3, 4, 5]
    assert (landed.extraction.rows, landed.extraction.source_rows) == (4, 5)
    assert landed.extraction.totals == {"amount": "30.0000"}
    assert landed.extraction.cursor_to == "2026-01-02 12:00:00.5"
    assert [
        row[0] for row in read(shop, tmp_path, window=Window(NOON), overlap_minutes=0).rows
    ] == [*(3, 4, 5)]
    again = Window("2026-01-05 00:00:00", again=(date(2026, 1, 2), date(2026, 1, 3)))
    landed = read(shop, tmp_path, window=again)
    assert [row[0] for row in landed.rows] == [1, 2, 3, 4, 5]
    assert landed.extraction.cursor_to == "2026-01-05 00:00:00"


def test_the_schema_may_be_of_another_version(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute(
        "create or replace table `sale-line` (ROWID int primary key, Qty double, `left` int, "
        "zip text, due date)",
        "insert into `sale-line` values (1, 86400, 3, '', '1753-01-01')",
    )
    table = Table(
        "shop",
        "line",
        "",
        (
            Column("rowid", "bigint"),
            Column(
                "quantity", "decimal(18,4)", alternatives=(("qty", {"mariadb": "qty / 86400"}),)
            ),
            Column("start", "bigint", alternatives=(("lft", "lft"), ("left", '"left"'))),
            Column("carrier", "bigint", optional=True),
            Column("zip", "string", empty=("",)),
            Column("due", "date", empty=("1753-01-01",)),
        ),
        ("rowid",),
        relation="sale-line",
    )
    landed = read(shop, tmp_path, table)
    assert landed.rows == [(1, Decimal(1), 3, None, None, None)]
    assert landed.extraction.missing_columns == ("carrier",)


def test_an_amount_that_stands_for_none_is_in_no_total(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute("insert into sale (id, amount) values (1, -1), (2, 5)")
    landed = read(shop, tmp_path, of("sale", Column("amount", "decimal(18,4)", empty=("-1",))))
    assert landed.rows == [(1, None), (2, 5)]
    assert landed.extraction.totals == {"amount": "5.0000"}


def test_rows_that_nobody_needs_stay_at_the_source(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute("insert into sale (id, number, amount) values (1, 'in', 1), (2, 'out', 2)")
    landed = read(shop, tmp_path, of("sale", AMOUNT, where="number = 'i' || 'n'"))
    assert (landed.rows, landed.keys, landed.extraction.totals) == (
        *([(1, 1)], [(1,)]),
        {"amount": "1.0000"},
    )


def test_what_is_missing_is_named_or_empty(shop: MariadbServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="table purchase does not exist"):
        read(shop, tmp_path, of("purchase"))
    with pytest.raises(SourceError, match=r"sale lacks the column.* weight, volume"):
        read(shop, tmp_path, of("sale", Column("weight", "double"), Column("volume", "double")))
    landed = read(shop, tmp_path, of("complaint", AMOUNT, optional=True))
    assert (landed.rows, landed.keys, landed.extraction.rows) == ([], [], 0)


def test_every_table_is_looked_at_without_reading_it(shop: MariadbServer) -> None:
    shop.execute("insert into sale (id) values (1)")
    tables = (SALE, of("purchase"), of("sale", Column("weight", "double")))
    with MariadbTransport(shop.source()).session() as session:
        sale, purchase, lean = session.inspect(tables)
    assert (sale.present, sale.rows, sale.problems) == (True, 1, ())
    assert (purchase.present, purchase.rows) == (False, None)
    assert [problem.field for problem in lean.problems] == ["weight"]


def products(shop: MariadbServer, query: str) -> MariadbSource:
    return shop.source(system="contract", queries={"products": query})


def test_a_contract_table_is_the_answer_of_a_query(shop: MariadbServer, tmp_path: Path) -> None:
    shop.execute("insert into sale (id, number) values (1, 'S1')")
    source = products(
        shop,
        """
        select 'P' || id as product_id, "number" as name, 'goods' as product_type, 1 as is_active
        from `sale` -- all;
        """,
    )
    (table,) = tables_of(source)
    with MariadbTransport(source).session() as session:
        assert session.extract(table, Window(), tmp_path).rows == 1
    rows = connect().execute(f"select product_id, name, is_active from '{tmp_path}/rows.parquet'")
    assert rows.fetchall() == [("P1", "S1", True)]


def test_a_query_that_fails_is_told_and_the_source_read_further(shop: MariadbServer) -> None:
    source = products(shop, "select nope")
    with MariadbTransport(source).session() as session:
        with pytest.raises(SourceError, match=r"(?s)products fails.*Unknown column"):
            session.inspect(tables_of(source))
        assert session.still_answers()


def test_a_query_that_takes_too_long_is_ended(shop: MariadbServer) -> None:
    with MariadbTransport(shop.source({"read_timeout": 1})).session() as session:
        assert isinstance(session, MariadbSession)
        with pytest.raises(SourceError, match="max_statement_time exceeded"):
            session._query(SLOW)
        assert session.still_answers()


def test_a_connection_that_is_lost_is_an_error_and_not_the_end_of_the_process(
    shop: MariadbServer, tmp_path: Path
) -> None:
    with MariadbTransport(shop.source()).session(tmp_path) as session:
        assert isinstance(session, MariadbSession)
        shop.execute(f"kill {session.number}")
        with pytest.raises(SourceError, match="reading failed"):
            session.extract(SALE, Window(), tmp_path)
        assert not session.still_answers()


def test_a_connection_that_is_lost_between_two_answers_is_told(
    shop: MariadbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ROWS_AT_A_TIME", 10)
    shop.execute("insert into sale (id) select seq from seq_1_to_35")
    answered = MariadbSession._answered

    def lose_the_third(session: MariadbSession, query: str) -> pyarrow.Table:
        if "> '20'" in query:
            shop.execute(f"kill {session.number}")
        return answered(session, query)

    monkeypatch.setattr(MariadbSession, "_answered", lose_the_third)
    with MariadbTransport(shop.source()).session(tmp_path) as session:
        with pytest.raises(SourceError, match=r"(?s)^reading failed: .*(gone away|Lost)"):
            session.extract(SALE, Window(), tmp_path)
        assert not session.still_answers()


def test_a_source_that_is_lost_is_tried_again(
    shop: MariadbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.extract.tables_of", lambda _: (SALE,))
    columns = MariadbSession._columns

    def lose(session: MariadbSession, table: Table) -> set[str]:
        shop.execute(f"kill {session.number}")
        return columns(session, table)

    monkeypatch.setattr(MariadbSession, "_columns", lose)
    request = LandingRequest(Home(tmp_path), "erp", shop.source(), 20260101000000000, "run", {})
    with pytest.raises(UnfinishedReadError, match="The connection is lost"):
        list(land(request))
