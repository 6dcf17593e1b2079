"""SQLite: exact whatever a value is stored as, read-only, one snapshot, and no value lost."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.config import SqliteSource
from ingestion.declarations import Column, Table, declared_table
from ingestion.engine import connect
from ingestion.errors import SourceError
from ingestion.extract import tables_of
from ingestion.transports import sqlite as transport
from ingestion.transports.as_text import FORMATS
from ingestion.transports.base import Extraction, Window
from ingestion.transports.casting import value
from ingestion.transports.sqlite import ExactSum, SqliteTransport

AMOUNT = Column("amount", "decimal(18,4)")
CHANGED = Column("changed_at", "timestamp")
SALE = Table(
    system="shop",
    name="sale",
    description="Sales.",
    columns=(
        Column("id", "bigint"),
        Column("number", "string"),
        AMOUNT,
        Column("sold_on", "date"),
        CHANGED,
        Column("is_paid", "boolean"),
    ),
    key=("id",),
    cursor="changed_at",
)
CREATE = """
    create table sale (
        id integer primary key, number varchar, amount numeric, sold_on date,
        changed_at timestamp, is_paid boolean
    )
"""
NOON = "2026-01-02 12:00:00"


@dataclass(frozen=True)
class Landed:
    """What a read gave."""

    extraction: Extraction
    rows: list[tuple[object, ...]]
    keys: list[tuple[object, ...]]
    rejected: list[tuple[object, ...]]


@dataclass(frozen=True)
class Shop:
    """A SQLite file, and a way to change what it holds."""

    path: Path

    def execute(self, statement: str, *rows: tuple[object, ...]) -> None:
        """Change what the file holds."""
        with sqlite3.connect(self.path) as database:
            if rows:
                database.executemany(statement, rows)
            else:
                database.execute(statement)
        database.close()

    def sells(self, *rows: tuple[object, ...]) -> None:
        """Add sales."""
        self.execute("insert into sale values (?, ?, ?, ?, ?, ?)", *rows)

    def transport(self, **options: object) -> SqliteTransport:
        """The way to reach the file."""
        settings = {"system": "odoo", "transport": "sqlite", "path": self.path, **options}
        return SqliteTransport(SqliteSource.model_validate(settings))

    def read(
        self, table: Table = SALE, low: str | None = None, overlap_minutes: int = 15
    ) -> Landed:
        """Read one table as a run would."""
        into = self.path.with_name("batch")
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        with self.transport(overlap_minutes=overlap_minutes).session() as session:
            extraction = session.extract(table, Window(low), into)
        return Landed(extraction, *(_content(into, n) for n in ("rows", "keys", "rejected")))


def _content(folder: Path, name: str) -> list[tuple[object, ...]]:
    file = folder / f"{name}.parquet"
    if not file.exists():
        return []
    wanted = "field, code, message, key" if name == "rejected" else "*"
    return connect().execute(f"select {wanted} from '{file}' order by all").fetchall()


def of(name: str, *columns: Column, **more: object) -> Table:
    options: dict[str, object] = {"system": "shop", "description": "", "key": ("id",), **more}
    return Table(name=name, columns=(Column("id", "bigint"), *columns), **options)  # type: ignore[arg-type]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path / "shop.sqlite")
    found.execute(CREATE)
    return found


def test_values_have_the_declared_types_however_they_are_stored(shop: Shop) -> None:
    shop.sells(
        (1, "S1", b"12345678901234.5678", "2026-01-02", "2026-01-02 12:00:00.123456", 1),
        (2, "S2", "1.10", "2026-01-02", NOON, 0),
        (3, "", 7, "0001-01-01", "2026-01-02T12:00:00", None),
        (4, None, 0.1, None, None, True),
    )
    landed = shop.read()
    day, noon = date(2026, 1, 2), datetime(2026, 1, 2, 12)  # noqa: DTZ001
    assert landed.rows == [
        (1, "S1", Decimal("12345678901234.5678"), day, noon.replace(microsecond=123456), True),
        (2, "S2", Decimal("1.1"), day, noon, False),
        (3, "", Decimal(7), date(1, 1, 1), noon, None),
        (4, None, Decimal("0.1"), None, None, True),
    ]
    assert landed.extraction.cursor_to == "2026-01-02 12:00:00.123456"
    assert landed.rejected == []


def test_sums_are_exact_where_those_of_the_database_are_not(shop: Shop) -> None:
    shop.sells(*((n, None, b"1000000.01", None, None, None) for n in range(10_000)))
    shop.sells((10_000, None, 0.1, None, None, None), (10_001, None, 0.2, None, None, None))
    extraction = shop.read().extraction
    assert extraction.totals == {"amount": "10000000100.3000"}
    assert (extraction.rows, extraction.source_rows) == (10_002, 10_002)


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.integers(-(10**13), 10**13),
            st.floats(-1e13, 1e13),
            st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1e6).map(
                lambda amount: str(amount).encode()
            ),
            st.sampled_from(["", " 1.5", "1_000", "x", b"\xff", b"NaN", "1e-7", ".5", "\u0661"]),
        )
    )
)
def test_the_control_total_is_the_sum_of_the_values_as_they_are_cast(amounts: list[object]) -> None:
    connection = connect()
    total, expected = ExactSum(), Decimal(0)
    total.step(None, 18, 4)
    for amount in amounts:
        total.step(amount, 18, 4)
        text = amount if isinstance(amount, str | bytes) else repr(amount)
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        cast = value(AMOUNT, FORMATS).cast("trim(x)")
        row = connection.execute(f"select {cast} from (select ? as x)", [text]).fetchone()
        assert row
        expected += row[0] or 0
    connection.close()
    assert Decimal(total.finalize()) == expected


def test_a_window_reads_what_changed_and_the_keys_of_everything(shop: Shop) -> None:
    shop.sells(
        (1, "old", 1, None, "2026-01-02 09:00:00", None),
        (2, "in the overlap", 2, None, "2026-01-02 11:50:00", None),
        (3, "on the edge", 4, None, NOON, None),
        (4, "new", 8, None, "2026-01-02T12:00:00.5+00:00", None),
        (5, "unstamped", 16, None, None, None),
    )
    landed = shop.read(low=NOON)
    assert [row[0] for row in landed.rows] == [2, 3, 4, 5]
    assert [key for key, _ in landed.keys] == [1, 2, 3, 4, 5]
    assert (landed.extraction.rows, landed.extraction.source_rows) == (4, 5)
    assert landed.extraction.totals == {"amount": "30.0000"}
    assert landed.extraction.cursor_to == "2026-01-02 12:00:00.5"
    assert [row[0] for row in shop.read(low=NOON, overlap_minutes=0).rows] == [3, 4, 5]


def test_the_hour_that_comes_twice_in_autumn_is_read_twice(shop: Shop) -> None:
    # Stamped in local time: the second was changed after the run that saw the first.
    shop.sells(
        (1, "before the clocks went back", 1, None, "2026-10-25 02:59:00", None),
        (2, "after it", 2, None, "2026-10-25 02:05:00", None),
    )
    by_default = shop.transport().source.overlap_minutes
    landed = shop.read(low="2026-10-25 02:59:00", overlap_minutes=by_default)
    assert [row[0] for row in landed.rows] == [1, 2]


def test_a_changed_row_is_read_again_and_a_deleted_one_has_no_key(shop: Shop) -> None:
    shop.sells(*((n, "S", 1, None, NOON, 0) for n in (1, 2, 3)))
    cursor = shop.read().extraction.cursor_to
    shop.execute("update sale set amount = 5, changed_at = '2026-01-03 08:00:00' where id = 2")
    shop.execute("delete from sale where id = 3")
    landed = shop.read(low=cursor, overlap_minutes=0)
    assert [(row[0], row[2]) for row in landed.rows] == [(1, 1), (2, 5)]
    assert landed.keys == [(1, NOON), (2, "2026-01-03 08:00:00")]
    assert landed.extraction.cursor_to == "2026-01-03 08:00:00"


def test_a_window_without_news_keeps_the_watermark(shop: Shop) -> None:
    landed = shop.read(low=NOON)
    assert (landed.rows, landed.keys, landed.extraction.cursor_to) == ([], [], NOON)


def test_all_tables_are_seen_at_one_instant_and_nobody_is_kept_from_writing(
    shop: Shop, tmp_path: Path
) -> None:
    shop.execute("pragma journal_mode = wal")
    with shop.transport().session() as session:
        shop.sells((1, "while it is read", 1, None, NOON, 1))
        assert session.extract(SALE, Window(), tmp_path).source_rows == 0
        assert session.still_answers()
        assert session.extract(SALE, Window(), tmp_path).source_rows == 1


@pytest.mark.parametrize(
    ("column", "stored", "code", "told"),
    [
        ("amount", "12,50", "bad_number", '"12,50" is not a number with a decimal point'),
        ("amount", b"NaN", "bad_number", '"NaN" is not a number'),
        ("amount", float("inf"), "bad_number", '"inf" is not a number'),
        ("amount", b"123456789012345.1", "bad_number", "that fits decimal(18,4)"),
        ("sold_on", 20260102, "bad_date", '"20260102" is not a date written YYYY-MM-DD'),
        ("sold_on", "2026-01-02 10:00:00", "bad_date", "is not a date"),
        ("changed_at", 1767348000, "bad_date", '"1767348000" is not a time'),
        ("is_paid", 2, "bad_boolean", '"2" is not true or false'),
        ("number", b"\xffA", "undecodable", r"number holds no UTF-8 text: \xffA"),
        ("amount", b"\xff", "undecodable", "amount holds no UTF-8 text"),
    ],
)
@pytest.mark.parametrize("low", [None, NOON])
def test_a_value_that_cannot_be_read_keeps_its_row_out_and_is_named(
    shop: Shop, low: str | None, column: str, stored: object, code: str, told: str
) -> None:
    good, bad = ({"amount": 10, "changed_at": NOON, "number": "S"} for _ in range(2))
    bad[column] = stored
    for number, row in enumerate((good, bad), start=1):
        shop.sells((number, *(row.get(c.name) for c in SALE.columns[1:])))
    landed = shop.read(low=low)
    ((_, found, message, _),) = landed.rejected
    assert (found, told in str(message)) == (code, True)
    assert [row[0] for row in landed.rows] == [1]
    assert [key for key, _ in landed.keys] == [1, 2]
    extraction = landed.extraction
    assert (extraction.rows, extraction.rejected_rows, extraction.source_rows) == (1, 1, 2)
    assert extraction.totals == {"amount": "10.0000"}
    (problem,) = extraction.problems
    assert (problem.severity, problem.file) == ("row", "shop.sqlite, sale")


def test_a_key_that_cannot_be_read_proves_no_delete(shop: Shop) -> None:
    shop.execute("create table tag (id text, name text)")
    shop.execute("insert into tag values (?, ?)", ("1", "a"), ("x", "b"), (None, "c"))
    landed = shop.read(of("tag", Column("name", "string")))
    assert landed.keys == [(1,)]
    assert (landed.extraction.keys_unknown, landed.extraction.source_rows) == (2, 3)
    assert sorted(str(row[1]) for row in landed.rejected) == ["bad_number", "null_key"]


def test_the_schema_may_be_of_another_version(shop: Shop) -> None:
    shop.execute('create table "sale-line" (id integer, qty real, "left" integer, zip text)')
    shop.execute("insert into \"sale-line\" values (1, 86400, 3, '')")
    table = of(
        "line",
        Column("quantity", "decimal(18,4)", alternatives=(("qty", {"sqlite": "qty / 86400"}),)),
        Column("start", "bigint", alternatives=(("lft", "lft"), ("left", '"left"'))),
        Column("carrier", "bigint", optional=True),
        Column("zip", "string", empty=("",)),
        relation="sale-line",
    )
    landed = shop.read(table)
    assert landed.rows == [(1, Decimal(1), 3, None, None)]
    assert landed.extraction.missing_columns == ("carrier",)


def test_an_amount_that_stands_for_none_is_in_no_total(shop: Shop) -> None:
    shop.sells((1, "S", -1, None, NOON, 0), (2, "S", 5, None, NOON, 0))
    landed = shop.read(of("sale", Column("amount", "decimal(18,4)", empty=("-1",))))
    assert landed.rows == [(1, None), (2, 5)]
    assert landed.extraction.totals == {"amount": "5.0000"}


def test_rows_that_nobody_needs_stay_at_the_source(shop: Shop) -> None:
    shop.sells((1, "in", 1, None, NOON, 0), (2, "out", 2, None, NOON, 0))
    landed = shop.read(of("sale", AMOUNT, where="number = 'in'"))
    assert (landed.rows, landed.keys, landed.extraction.totals) == (
        *([(1, 1)], [(1,)]),
        {"amount": "1.0000"},
    )


def test_a_column_declared_for_other_databases_only_is_told(shop: Shop) -> None:
    of_postgres = Column("day", "date", alternatives=(("sold_on", {"postgres": "sold_on::date"}),))
    with pytest.raises(SourceError, match="day: its declaration does not say how sqlite has it"):
        shop.read(of("sale", of_postgres))


def test_a_missing_table_or_column_is_named(shop: Shop) -> None:
    with pytest.raises(SourceError, match="table purchase does not exist"):
        shop.read(of("purchase"))
    with pytest.raises(SourceError, match=r"sale lacks the column.* weight, volume"):
        shop.read(of("sale", Column("weight", "double"), Column("volume", "double")))


def test_the_table_of_an_absent_module_is_empty(shop: Shop) -> None:
    landed = shop.read(of("complaint", AMOUNT, optional=True))
    assert (landed.rows, landed.keys, landed.extraction.rows) == ([], [], 0)


def test_every_table_is_looked_at_without_reading_it(shop: Shop) -> None:
    shop.sells((1, "S", "unreadable", None, NOON, 0))
    tables = (SALE, of("purchase"), of("sale", Column("weight", "double")))
    with shop.transport().session() as session:
        sale, purchase, lean = session.inspect(tables)
    assert (sale.present, sale.rows, sale.problems) == (True, 1, ())
    assert (purchase.present, purchase.rows) == (False, None)
    assert [problem.field for problem in lean.problems] == ["weight"]


def test_a_contract_table_is_the_answer_of_a_query(shop: Shop) -> None:
    shop.sells((1, "S1", 1, None, NOON, 0))
    query = """
        select 'P' || id as product_id, number as name, 'goods' as product_type, 1 as is_active
        from sale -- all;
    """
    source = {"system": "contract", "transport": "sqlite", "path": shop.path}
    configured = SqliteSource.model_validate({**source, "queries": {"products": query}})
    (table,) = tables_of(configured)
    into = shop.path.parent
    with SqliteTransport(configured).session() as session:
        assert session.extract(table, Window(), into).rows == 1
    rows = connect().execute(f"select product_id, name, is_active from '{into}/rows.parquet'")
    assert rows.fetchall() == [("P1", "S1", True)]


def test_a_query_that_fails_is_told(shop: Shop) -> None:
    source = {"system": "contract", "transport": "sqlite", "path": shop.path}
    configured = SqliteSource.model_validate({**source, "queries": {"products": "select nope"}})
    with (
        SqliteTransport(configured).session() as session,
        pytest.raises(SourceError, match=r"query for products fails: .*no such column: nope"),
    ):
        session.inspect(tables_of(configured))


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no such file"), (b"number;amount\n" * 100, "file is not a database")],
)
def test_a_file_that_is_missing_or_no_database_is_told(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "exported.sqlite"
    if content is not None:
        file.write_bytes(content)
    with (
        pytest.raises(SourceError, match=rf"exported\.sqlite.*{told}"),
        Shop(file).transport().session(),
    ):
        pass
    assert file.exists() == (content is not None)


def test_a_locked_file_is_told_after_some_patience(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PATIENCE_SECONDS", 0.05)
    writer = sqlite3.connect(shop.path, isolation_level=None)
    writer.execute("begin exclusive")
    with pytest.raises(SourceError, match="locked: another program"), shop.transport().session():
        pass
    writer.close()


def test_a_damaged_file_refuses_the_table_and_not_the_source(shop: Shop) -> None:
    shop.sells(*((n, "x" * 500, 1, None, NOON, 0) for n in range(1000)))
    content = shop.path.read_bytes()
    middle = len(content) // 2
    shop.path.write_bytes(content[:middle] + b"\xff" * 20_000 + content[middle + 20_000 :])
    with shop.transport().session() as session:
        with pytest.raises(SourceError, match="reading failed: database disk image is malformed"):
            session.extract(SALE, Window(), shop.path.parent)
        assert session.still_answers()


def test_the_source_cannot_be_written(shop: Shop) -> None:
    with (
        shop.transport()._open() as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        database.execute("delete from sale")
    database.close()


def test_a_name_in_the_path_may_hold_what_an_address_may_not(tmp_path: Path) -> None:
    odd = Shop(tmp_path / "été 100%?#.sqlite")
    odd.execute(CREATE)
    assert odd.read().extraction.rows == 0


def test_what_differs_between_databases_is_declared_for_each() -> None:
    days = {"postgres": "extract(day from validity)", "sqlite": "validity / 86400"}
    column = {
        "name": "days",
        "data_type": "bigint",
        "config": {"meta": {"alternatives": {"validity": days}}},
    }
    declared = {"name": "sale", "columns": [column], "config": {"meta": {"key": ["days"]}}}
    assert declared_table("shop", declared).columns[0].alternatives == (("validity", days),)
