"""What SQL Server is asked, which no test can reach: its connection string, snapshot and SQL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pyarrow
import pytest
import sqlglot
from pydantic import ValidationError
from sqlglot import expressions

from ingestion.config import OdbcSource
from ingestion.declarations import Table, system
from ingestion.engine import connect
from ingestion.errors import ConfigurationError
from ingestion.transports.base import Window
from ingestion.transports.database import Question, expression
from ingestion.transports.odbc import Database, OdbcSession, OdbcTransport, connection_string

DRIVER = "ODBC Driver 18 for SQL Server"


def sage(system: str = "sage100", **connection: object) -> OdbcSource:
    """A Sage 100 on SQL Server."""
    reached = {"driver": DRIVER, "host": "sage.example.com", "database": "BIJOU", "user": "adv"}
    settings = {"system": system, "transport": "odbc", "connection": {**reached, **connection}}
    return OdbcSource.model_validate(settings)


def test_sql_server_must_prove_who_it_is_and_is_only_read() -> None:
    assert connection_string(sage(port=1433)) == (
        "Driver={ODBC Driver 18 for SQL Server};Server=sage.example.com,1433;Database=BIJOU;"
        "Encrypt=yes;TrustServerCertificate=no;ApplicationIntent=ReadOnly;QuotedId=yes;APP=adv;"
        "UID=adv;"
    )


@pytest.mark.parametrize(
    ("connection", "said", "verified"),
    [
        ({}, "Encrypt=yes;TrustServerCertificate=no;", True),
        ({"host": "localhost"}, "Encrypt=yes;TrustServerCertificate=yes;", True),
        ({"host": r"localhost\SAGE100"}, "TrustServerCertificate=yes;", True),
        ({"encrypt": "strict"}, "Encrypt=strict;TrustServerCertificate=no;", True),
        ({"encrypt": "no"}, "Encrypt=no;", False),
        ({"trust_server_certificate": True}, "TrustServerCertificate=yes;", False),
        ({"certificate_host": "SRV-SAGE"}, "HostNameInCertificate=SRV-SAGE;", True),
        ({"user": None}, "Trusted_Connection=yes;", True),
    ],
)
def test_encryption_is_as_it_is_set(connection: dict[str, Any], said: str, verified: bool) -> None:
    source = sage(**connection)
    assert said in connection_string(source)
    assert source.connection.is_verified == verified


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ({}, "SSLmode=verify-full;"),
        ({"host": "/run/postgresql"}, "SSLmode=prefer;"),
        ({"encrypt": "no"}, "SSLmode=disable;"),
        ({"trust_server_certificate": True}, "SSLmode=require;"),
    ],
)
def test_postgresql_is_encrypted_alike(connection: dict[str, Any], said: str) -> None:
    source = sage(**connection).model_copy(update={"dialect": "postgresql"})
    assert said in connection_string(source)


def test_a_data_source_of_the_machine_says_what_is_not_said_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAGE_PASSWORD", "p}w;d")
    source = sage(driver=None, host=None, database=None, dsn="sage", password="${SAGE_PASSWORD}")
    said = connection_string(source)
    assert said.startswith("DSN=sage;Encrypt=yes;TrustServerCertificate=no;")
    assert said.endswith("UID=adv;PWD={p}}w;d};")
    assert "Server=" not in said


@pytest.mark.parametrize("field", ["driver", "host", "database", "user", "certificate_host"])
@pytest.mark.parametrize("hostile", ["x;UID=sa", "x}", "{x", "a=b", "x\ny", " x", "x\0", ""])
def test_no_setting_can_say_more_than_its_own_value(field: str, hostile: str) -> None:
    with pytest.raises(ValidationError, match="cannot"):
        sage(**{field: hostile})


def test_a_driver_or_a_data_source_is_named() -> None:
    for wrong in ({"driver": None}, {"dsn": "sage"}, {"database": None}):
        with pytest.raises(ValidationError, match=r"give either|needs"):
            sage(**wrong)


class Recorder:
    """Stands for a connection to SQL Server: keeps what is asked, answers the first question."""

    def __init__(self, allowed: int) -> None:
        self.allowed, self.asked = allowed, list[str]()

    def execute(self, statement: str) -> None:
        """A statement without an answer."""
        self.asked.append(statement)

    def rollback(self) -> None:
        """End the transaction."""
        self.asked.append("rollback")

    def read_arrow_batches(
        self, query: str, map_schema: Callable[[pyarrow.Schema], object], **_: object
    ) -> Iterator[pyarrow.RecordBatch]:
        """A query."""
        self.asked.append(query)
        answer = pyarrow.record_batch({"allowed": [self.allowed]})
        map_schema(answer.schema)
        return iter([answer])


@pytest.fixture
def sql_server(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder(allowed=1)
    stand_in = SimpleNamespace(
        connect=lambda *_, **__: recorder, Error=OSError, TextEncoding={"UTF16": 2}
    )
    monkeypatch.setitem(sys.modules, "arrow_odbc", stand_in)
    return recorder


def test_a_snapshot_begins_in_a_transaction_of_its_own(sql_server: Recorder) -> None:
    assert list(Database(sage()).begin()) == []
    asked = [statement.partition(" ")[0] for statement in sql_server.asked]
    # The question whether it may: it began a transaction, in which no snapshot can begin.
    assert asked == ["rollback", "select", "rollback", "set"]
    assert sql_server.asked[-1] == "set transaction isolation level snapshot"


def test_a_database_without_snapshots_is_read_with_a_warning(sql_server: Recorder) -> None:
    sql_server.allowed = 0
    (problem,) = Database(sage()).begin()
    assert "allow_snapshot_isolation on" in problem.message
    assert "set transaction isolation level snapshot" not in sql_server.asked


def test_what_odbc_lacks_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arrow_odbc", None)
    with (
        pytest.raises(ConfigurationError, match="extra `odbc`"),
        OdbcTransport(sage()).session(),
    ):
        pass


def asked(table: Table, window: Window, session: OdbcSession) -> Iterator[str]:
    """Every query that reading a table sends to SQL Server."""
    found = {column.name for column in table.columns}
    expressions = {
        column.name: session._typed(column, expression(column, found, "odbc"))
        for column in table.columns
    }
    ask = Question(table, session._origin(table), expressions)
    since = session._since(ask, window)
    yield from (ask.rows(*since), ask.keys(), ask.select("count(*) as n", since))
    yield str(session.database.dialect.columns(table.relation or table.name))


@pytest.mark.usefixtures("sql_server")
@pytest.mark.parametrize("table", system("sage100").tables, ids=lambda table: str(table.name))
def test_sage_is_asked_in_sql_that_sql_server_reads(table: Table) -> None:
    session = OdbcSession(connect(), sage(), Database(sage()))
    for query in asked(table, Window("2026-01-02 12:00:00.5"), session):
        (parsed,) = sqlglot.parse(query, read="tsql")
        assert isinstance(parsed, expressions.Select)
        kinds = {str(cast.to).lower() for cast in parsed.find_all(expressions.Cast)}
        assert kinds <= {"numeric(18, 4)", "decimal(18, 4)", "varchar(1)"}


@pytest.mark.usefixtures("sql_server")
def test_the_low_edge_is_a_moment_that_every_login_reads_alike() -> None:
    session = OdbcSession(connect(), sage(), Database(sage()))
    rows = next(
        asked(system("sage100").table("F_DOCENTETE"), Window("2026-01-02 01:10:00.5"), session)
    )
    assert rows.endswith(
        """where ("DO_Domaine" = 0) and ("cbModification" >= '2026-01-01T23:55:00' """
        """or "cbModification" is null)"""
    )
    assert 'cast("DO_TotalHTNet" as decimal(18,4)) as "DO_TotalHTNet"' in rows
