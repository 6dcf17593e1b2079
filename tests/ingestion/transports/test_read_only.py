"""Least privilege: a source is never written to, also where its user might, nor by a query."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ingestion.config import PostgresSource, SqliteSource
from ingestion.declarations import Column, Table, system
from ingestion.embedded_postgres import socket_file
from ingestion.engine import quoted_text
from ingestion.errors import SourceError
from ingestion.extract import tables_of
from ingestion.transports.base import Window
from ingestion.transports.mariadb import MariadbSession, MariadbTransport
from ingestion.transports.postgres import PostgresSession, PostgresTransport
from ingestion.transports.sqlite import SqliteSession, SqliteTransport
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.postgres_server import Server

EXCHANGE_RATES = system("contract").table("exchange_rates")


def rates(currency: str = "'EUR'", rate: str = "1.1") -> str:
    """A query for the contract's exchange rates, which could be read as it is."""
    return (
        f"select {currency} as from_currency_code, 'USD' as to_currency_code, "
        f"'2026-01-01' as rate_date, {rate} as rate"
    )


RATES = rates()


@pytest.fixture(scope="module")
def ledger(server: Server) -> Server:
    server.execute(
        "create table booked (id int)",
        "insert into booked values (1)",
        "create sequence numbers",
        "create function book() returns int language sql as "
        "'insert into booked values (2) returning id'",
        "create role lean login",
        "create table rates (rate numeric)",
        "grant select on rates to lean",
    )
    return server


def untouched(ledger: Server) -> bool:
    state = "select (select count(*) from booked) as rows, (select is_called from numbers) as drawn"
    return ledger.ask(state) == [(1, False)]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from postgres_execute('src', 'insert into booked values (3)')",
        "call postgres_execute('src', 'insert into booked values (3)')",
        "insert into src.booked values (3)",
        "delete from src.booked",
        "drop table src.booked",
        "select * from postgres_query('src', 'select book() as booked')",
        "select * from postgres_query('src', 'select nextval(''numbers'') as drawn')",
    ],
)
def test_our_session_on_postgresql_cannot_write_though_its_user_may(
    ledger: Server, statement: str
) -> None:
    with PostgresTransport(ledger.source()).session() as session:
        assert isinstance(session, PostgresSession)
        with pytest.raises(duckdb.Error, match=r"read-only"):
            session.local.execute(statement)
    assert untouched(ledger)


REFUSED = r"read-only|data-modifying|multiple commands|syntax error|before any query"
WRITING = {
    "delete": "delete from booked returning *",
    "cte": f"with gone as (delete from booked returning *) {RATES} from gone",
    "function": rates(rate="book()"),
    "sequence": rates(rate="nextval('numbers')"),
    "large object": rates(currency="lo_creat(-1)"),
    "second statement": f"{RATES}; drop table booked",
    "commit": f"{RATES}; commit; drop table booked; {RATES}",
    "bracket": f"{RATES}) as x; drop table booked; select * from ({RATES}",
    "comment": f"{RATES}) as x; drop table booked --",
    "turned off": rates(currency="set_config('transaction_read_only', 'off', false)"),
}


@pytest.mark.parametrize("query", WRITING.values(), ids=WRITING)
def test_a_query_on_postgresql_can_neither_write_nor_be_two(
    ledger: Server, query: str, tmp_path: Path
) -> None:
    source = ledger.source(system="contract", queries={"exchange_rates": query})
    with (
        PostgresTransport(source).session() as session,
        pytest.raises(SourceError, match=REFUSED),
    ):
        session.extract(EXCHANGE_RATES, Window(), tmp_path)
    assert untouched(ledger)


def as_user(ledger: Server, user: str, queries: dict[str, str]) -> PostgresSource:
    folder = str(socket_file(ledger.data).parent)
    return PostgresSource.model_validate(
        {
            "system": "contract",
            "transport": "postgres",
            "connection": {"host": folder, "database": "odoo", "user": user},
            "queries": queries,
        }
    )


def test_a_user_who_may_only_select_can_be_checked_and_read(ledger: Server, tmp_path: Path) -> None:
    ledger.execute("insert into rates values (1.1)")
    source = as_user(ledger, "lean", {"exchange_rates": rates(rate="rate") + " from rates"})
    with PostgresTransport(source).session() as session:
        (status,) = session.inspect(tables_of(source))
        assert (status.present, status.rows, status.problems) == (True, 1, ())
        assert session.extract(EXCHANGE_RATES, Window(), tmp_path).rows == 1


def test_tables_in_parts_too_are_read_by_a_user_who_may_only_select(
    ledger: Server, tmp_path: Path
) -> None:
    ledger.execute(
        "create table orders (id int primary key, write_date timestamp)",
        "insert into orders select i, '2026-01-01' from generate_series(1, 5) as i",
        "grant select on orders to lean",
    )
    columns = (Column("id", "bigint"), Column("write_date", "timestamp"))
    table = Table("odoo", "orders", "", columns, key=("id",), cursor="write_date")
    source = as_user(ledger, "lean", {"exchange_rates": RATES}).model_copy(update={"part_rows": 2})
    (tmp_path / "batch").mkdir()
    with PostgresTransport(source).session() as session:
        (status,) = session.inspect([table])
        assert (status.present, status.rows) == (True, 5)
        assert session.extract(table, Window(), tmp_path / "batch").rows == 5


@pytest.fixture(scope="module")
def books(mariadb: MariadbServer) -> MariadbServer:
    mariadb.execute(
        "create or replace table booked (id int)",
        "create or replace table aria (id int) engine=aria",
        "insert into booked values (1)",
        "insert into aria values (1)",
        "create or replace sequence numbers",
        "delimiter //\ncreate or replace function book() returns int begin "
        "insert into booked values (2); return 2; end//\ndelimiter ;\nselect 1",
        "create or replace user lean",
        "create or replace table rates (rate decimal(9, 4))",
        "grant select on erp.rates to lean",
    )
    return mariadb


def as_before(books: MariadbServer) -> bool:
    state = "select (select count(*) from booked), (select count(*) from aria)"
    drawn = "select next_not_cached_value from numbers"
    return (books.ask(state), books.ask(drawn)) == ([("1", "1")], [("1",)])


@pytest.mark.parametrize(
    "statement",
    [
        "call mysql_execute('src', 'insert into booked values (3)')",
        "call mysql_execute('src', 'insert into aria values (3)')",
        "call mysql_execute('src', 'create table other (id int)')",
        "call mysql_execute('src', 'drop table booked')",
        "insert into src.erp.booked values (3)",
        "delete from src.erp.booked",
        "from mysql_query('src', 'insert into booked values (3)', stream_results := false)",
        "from mysql_query('src', 'select book() as booked', stream_results := false)",
        "from mysql_query('src', 'select nextval(numbers)', stream_results := false)",
        # Streamed, it would run beside the transaction.
        "from mysql_query('src', 'insert into booked values (3)')",
    ],
)
def test_our_session_on_mariadb_cannot_write_though_its_user_may(
    books: MariadbServer, statement: str
) -> None:
    with MariadbTransport(books.source()).session() as session:
        assert isinstance(session, MariadbSession)
        with pytest.raises(duckdb.Error, match=r"READ ONLY|no connections available"):
            session.attached.execute(statement)
    assert as_before(books)


@pytest.mark.parametrize(
    "query",
    [
        "delete from booked returning *",
        rates(rate="book()"),
        rates(rate="nextval(numbers)"),
        f"{RATES}; drop table booked",
        f"{RATES}; commit; drop table booked; {RATES}",
        f"{RATES}) as x; drop table booked; select * from ({RATES}",
        f"{RATES}) as x; drop table booked -- ",
        f"{RATES} into outfile 'adv-outfile'",
    ],
)
def test_a_query_on_mariadb_can_neither_write_nor_be_two(
    books: MariadbServer, query: str, tmp_path: Path
) -> None:
    source = books.source(system="contract", queries={"exchange_rates": query})
    with (
        MariadbTransport(source).session() as session,
        pytest.raises(SourceError, match=r"READ ONLY|error in your SQL syntax"),
    ):
        session.extract(EXCHANGE_RATES, Window(), tmp_path)
    assert as_before(books)


def test_a_user_of_mariadb_who_may_only_select_can_be_checked_and_read(
    books: MariadbServer, tmp_path: Path
) -> None:
    books.execute("insert into rates values (1.1)")
    query = rates(rate="rate") + " from rates"
    source = books.source({"user": "lean"}, system="contract", queries={"exchange_rates": query})
    with MariadbTransport(source).session() as session:
        (status,) = session.inspect(tables_of(source))
        assert (status.present, status.rows, status.problems) == (True, 1, ())
        assert session.extract(EXCHANGE_RATES, Window(), tmp_path).rows == 1


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "shop.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("create table booked (id int)")
        database.execute("insert into booked values (1)")
    database.close()
    before = file.read_bytes()
    yield file
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.sqlite"]


def sqlite(file: Path, query: str) -> SqliteTransport:
    settings = {"system": "contract", "transport": "sqlite", "path": file}
    return SqliteTransport(
        SqliteSource.model_validate({**settings, "queries": {"exchange_rates": query}})
    )


@pytest.mark.parametrize(
    "statement",
    ["insert into booked values (2)", "delete from booked", "drop table booked", "vacuum"],
)
def test_our_session_on_sqlite_cannot_write(shop: Path, statement: str) -> None:
    with sqlite(shop, "select 1").session() as session:
        assert isinstance(session, SqliteSession)
        with pytest.raises(sqlite3.Error, match=r"readonly|VACUUM"):
            session.database.execute(statement)


@pytest.mark.parametrize(
    "query",
    [
        "delete from booked returning *",
        f"with x as ({RATES}) delete from booked returning *",
        f"{RATES}; drop table booked",
        f"{RATES}) as x; drop table booked; select * from ({RATES}",
        f"{RATES}) as x; attach 'other.sqlite' as other --",
        rates(rate="load_extension('other')"),
        rates(rate="writefile('other', 'text')"),
        rates(rate="readfile('/etc/passwd')"),
    ],
)
def test_a_query_on_sqlite_can_neither_write_nor_be_two(
    shop: Path,
    query: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(shop.parent)
    told = r"syntax error|one statement|not authorized|no such function"
    with sqlite(shop, query).session() as session, pytest.raises(SourceError, match=told):
        session.extract(EXCHANGE_RATES, Window(), tmp_path_factory.mktemp("batch"))


def test_what_a_source_holds_is_data_and_never_sql(ledger: Server, tmp_path: Path) -> None:
    hostile = "'; drop table booked; --\n$$\\"
    ledger.execute(
        """create table "o'dd" ("na""me" text)""",
        f"""insert into "o'dd" values ({quoted_text(hostile)})""",
    )
    query = rates(currency='"na""me"') + """ from "o'dd\""""
    source = ledger.source(system="contract", queries={"exchange_rates": query})
    with PostgresTransport(source).session(tmp_path) as session:
        session.extract(EXCHANGE_RATES, Window(), tmp_path)
    found = duckdb.execute(f"select from_currency_code from '{tmp_path}/rows.parquet'").fetchall()
    assert found == [(hostile,)]
    assert untouched(ledger)
