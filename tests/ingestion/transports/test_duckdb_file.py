"""DuckDB files: exact, read-only, and clear about who has them open."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ingestion.config import DuckdbSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.errors import SourceError
from ingestion.extract import tables_of
from ingestion.transports.base import Extraction, Window
from ingestion.transports.duckdb_file import DuckdbTransport

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
CREATE = """
    create table sale (
        id uinteger, number varchar, amount decimal(24,6), sold_on timestamp,
        changed_at timestamptz, is_paid utinyint
    )
"""


@dataclass(frozen=True)
class Shop:
    """A DuckDB file, and a way to change what it holds."""

    path: Path

    def execute(self, *statements: str) -> None:
        """Change what the file holds."""
        with duckdb.connect(str(self.path)) as database:
            for statement in statements:
                database.execute(statement)

    def transport(self, **options: object) -> DuckdbTransport:
        """The way to reach the file."""
        settings = {"system": "odoo", "transport": "duckdb", "path": self.path, **options}
        return DuckdbTransport(DuckdbSource.model_validate(settings))

    def read(
        self, table: Table = SALE, low: str | None = None, **options: object
    ) -> tuple[Extraction, list[tuple[object, ...]]]:
        """Read one table as a run would."""
        folder = self.path.parent
        with self.transport(**options).session(folder) as session:
            extraction = session.extract(table, Window(low), folder)
        rows = connect().execute(f"select * from '{folder}/rows.parquet' order by 1").fetchall()
        return extraction, rows


def of(name: str, *columns: Column, **more: object) -> Table:
    options: dict[str, object] = {"system": "shop", "description": "", "key": ("id",), **more}
    return Table(name=name, columns=(Column("id", "bigint"), *columns), **options)  # type: ignore[arg-type]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path / "shop.duckdb")
    found.execute(CREATE)
    return found


def test_values_are_exact_and_have_the_declared_types(shop: Shop) -> None:
    shop.execute(
        "insert into sale values "
        "(1, 'Zoë', 12345678901234.56785, '2026-01-02', '2026-01-02 14:00:00+02', 1), "
        "(2, null, null, null, null, null)"
    )
    extraction, rows = shop.read()
    noon = datetime(2026, 1, 2, 12)  # noqa: DTZ001
    amount = Decimal("12345678901234.5679")
    assert rows == [
        (1, "Zoë", amount, date(2026, 1, 2), noon, True),
        (2, None, None, None, None, None),
    ]
    assert extraction.totals == {"amount": str(amount)}
    assert (extraction.rows, extraction.source_rows, extraction.cursor_to) == (2, 2, NOON)


@pytest.mark.parametrize(
    ("stored", "kind", "told"),
    [
        ("1.5", "bigint", "column x: 1.5 is not a whole number"),
        ("'12,50'", "decimal(18,4)", "column x: 12,50 is not a number"),
        ("2", "boolean", "column x: 2 is not true or false"),
        ("timestamp '2026-01-02 00:00:01'", "date", "is not a date without a time of day"),
        ("123456789012345.0", "decimal(18,4)", "value is out of range"),
        ("[1]", "string", "column x: the database's type holds other values"),
    ],
)
def test_a_value_that_does_not_fit_is_named_and_never_changed(
    shop: Shop, stored: str, kind: str, told: str
) -> None:
    shop.execute(f"create table thing as select 1 as id, {stored} as x")
    with pytest.raises(SourceError) as caught:
        shop.read(of("thing", Column("x", kind)))
    assert told in str(caught.value)


def test_a_window_reads_what_changed_and_the_keys_of_everything(shop: Shop) -> None:
    shop.execute(
        "insert into sale (id, amount, changed_at) values (1, 1, '2026-01-02 09:00:00+00'), "
        "(2, 2, '2026-01-02 11:50:00+00'), (3, 4, '2026-01-03 00:00:00+00'), (4, 8, null)"
    )
    extraction, rows = shop.read(low=NOON, overlap_minutes=15)
    assert [row[0] for row in rows] == [2, 3, 4]
    assert (extraction.source_rows, extraction.totals) == (4, {"amount": "14.0000"})
    assert extraction.cursor_to == "2026-01-03 00:00:00"


def test_the_schema_may_be_of_another_version(shop: Shop) -> None:
    shop.execute("create table line as select 1 as id, 86400 as qty, '' as zip")
    table = of(
        "line",
        Column("quantity", "decimal(18,4)", alternatives=(("qty", {"duckdb": "qty / 86400"}),)),
        Column("carrier", "date", optional=True),
        Column("zip", "string", empty=("",)),
    )
    extraction, rows = shop.read(table)
    assert (rows, extraction.missing_columns) == ([(1, Decimal(1), None, None)], ("carrier",))


def test_a_missing_table_or_column_is_named_and_the_others_are_read(shop: Shop) -> None:
    with shop.transport().session(shop.path.parent) as session:
        with pytest.raises(SourceError, match="table purchase does not exist"):
            session.extract(of("purchase"), Window(), shop.path.parent)
        with pytest.raises(SourceError, match=r"sale lacks the column.* weight"):
            session.extract(of("sale", Column("weight", "double")), Window(), shop.path.parent)
        assert session.extract(SALE, Window(), shop.path.parent).rows == 0
        (status,) = session.inspect([SALE])
        assert (status.present, status.rows) == (True, 0)


def test_a_file_that_somebody_writes_to_is_told(shop: Shop) -> None:
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(shop.path)!r}); print(); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout
    writer.stdout.readline()
    with pytest.raises(SourceError, match="Another program has it open for writing"):
        shop.read()
    writer.communicate(b"\n")


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        Shop(tmp_path / "none.duckdb").read()
    (tmp_path / "text.duckdb").write_text("not a database" * 1000, encoding="utf-8")
    with pytest.raises(SourceError, match=r"cannot be opened: .*not a valid DuckDB"):
        Shop(tmp_path / "text.duckdb").read()


PRODUCTS = "select 1 as product_id, 'x' as name, 'goods' as product_type, true as is_active"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"{PRODUCTS} from nowhere", "nowhere does not exist"),
        (f"{PRODUCTS}) as x; create table y as select * from (select 1", "one statement"),
        ("delete from sale returning *", "syntax error"),
        (f"{PRODUCTS} from read_text('/etc/passwd')", "disabled"),
        (f"{PRODUCTS} from outside", "disabled"),
    ],
)
def test_a_query_reads_this_file_and_nothing_else(shop: Shop, query: str, told: str) -> None:
    shop.execute("create view outside as select * from read_text('/etc/hostname')")
    before = shop.path.read_bytes()
    source = {"system": "contract", "queries": {"products": query}}
    transport = shop.transport(**source)
    (table,) = tables_of(transport.source)
    told = f"the query for products fails: .*{told}"
    with transport.session(shop.path.parent) as session, pytest.raises(SourceError, match=told):
        session.extract(table, Window(), shop.path.parent)
    assert shop.path.read_bytes() == before


def test_a_contract_table_is_the_answer_of_a_query(shop: Shop) -> None:
    transport = shop.transport(system="contract", queries={"products": f"{PRODUCTS} -- all;"})
    (table,) = tables_of(transport.source)
    with transport.session(shop.path.parent) as session:
        assert session.extract(table, Window(), shop.path.parent).rows == 1
