"""Dolibarr: the same rows from either database, and lines by the stamp of their document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingestion.config import MariadbSource, PostgresSource
from ingestion.declarations import Table, system
from ingestion.engine import connect
from ingestion.extract import transport_for
from ingestion.transports.base import Extraction, Window
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.postgres_server import Server
from tests.orchestration.dolibarr import create_today, create_today_in_postgres

DATABASE = "dolibarr_read"
ORDER_LINES = system("dolibarr").table("llx_commandedet")


@dataclass(frozen=True)
class Company:
    """The small company in one of the databases."""

    source: MariadbSource | PostgresSource
    servers: tuple[MariadbServer, Server]

    def change(self, *statements: str) -> None:
        """Change what the company did."""
        on_mariadb, on_postgres = self.servers
        if self.source.transport == "mariadb":
            on_mariadb.execute(f"use {DATABASE}", "set time_zone = '+00:00'", *statements)
        else:
            on_postgres.execute(*statements)

    def read(
        self, table: Table, into: Path, window: Window | None = None
    ) -> tuple[Extraction, list[tuple[object, ...]]]:
        """What the source says of a table, and what is read of it."""
        with transport_for(self.source).session() as session:
            extraction = session.extract(table, window or Window(), into)
        return extraction, rows(into / "rows.parquet")


def rows(file: Path) -> list[tuple[object, ...]]:
    connection = connect()
    try:
        return connection.execute(
            "select * from read_parquet(?) order by all", [str(file)]
        ).fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def companies(mariadb: MariadbServer, server: Server) -> Iterator[dict[str, Company]]:
    create_today(mariadb, DATABASE)
    create_today_in_postgres(server)
    at_mariadb = {"host": str(mariadb.socket), "database": DATABASE, "user": "root"}
    sources = (
        mariadb.source(system="dolibarr", connection=at_mariadb, overlap_minutes=0),
        server.source(system="dolibarr", overlap_minutes=0),
    )
    yield {source.transport: Company(source, (mariadb, server)) for source in sources}


@pytest.fixture(params=["mariadb", "postgres"])
def company(request: pytest.FixtureRequest, companies: dict[str, Company]) -> Company:
    return companies[request.param]


def test_both_databases_give_the_same_rows_of_every_table(
    companies: dict[str, Company], tmp_path: Path
) -> None:
    tables = system("dolibarr").tables
    read: dict[str, dict[str, list[tuple[object, ...]]]] = {}
    for name, company in companies.items():
        with transport_for(company.source).session() as session:
            for table in tables:
                into = tmp_path / name / table.name
                into.mkdir(parents=True)
                extraction = session.extract(table, Window(), into)
                assert extraction.rejected_rows == 0, table.name
                read.setdefault(name, {})[table.name] = rows(into / "rows.parquet")
    assert read["mariadb"] == read["postgres"]
    # Of today's schema, only what it calls otherwise is absent.
    empty = {name for name, found in read["postgres"].items() if not found}
    assert empty == {
        *("llx_c_pays", "llx_prelevement_facture", "llx_commande_fournisseur_dispatch"),
        "llx_c_incoterms",
    }


def test_lines_are_read_again_when_their_document_changed(company: Company, tmp_path: Path) -> None:
    first, _ = company.read(ORDER_LINES, tmp_path)
    assert first.cursor_to == "2026-06-12 12:00:00"
    window = Window(low="2026-06-12 12:00:01")
    unchanged, nothing = company.read(ORDER_LINES, tmp_path, window)
    assert (unchanged.rows, nothing) == (0, [])
    company.change(
        "update llx_commandedet set qty = 50 where rowid = 11",
        "update llx_commande set total_ht = 900, tms = '2026-06-20 10:00:00' where rowid = 1",
    )
    changed, lines = company.read(ORDER_LINES, tmp_path, window)
    assert [line[0] for line in lines] == [11, 12]
    assert (changed.cursor_to, changed.source_rows) == ("2026-06-20 10:00:00", 2)


def test_a_line_without_its_document_is_read_every_time(company: Company, tmp_path: Path) -> None:
    company.change("insert into llx_commandedet (rowid, fk_commande, qty) values (99, 404, 1)")
    try:
        _, lines = company.read(ORDER_LINES, tmp_path, Window(low="2027-01-01 00:00:00"))
    finally:
        company.change("delete from llx_commandedet where rowid = 99")
    assert [line[0] for line in lines] == [99]


def test_a_deleted_line_is_missing_from_the_keys(company: Company, tmp_path: Path) -> None:
    company.change("insert into llx_propaldet (rowid, fk_propal, qty) values (99, 1, 1)")
    table = system("dolibarr").table("llx_propaldet")
    company.read(table, tmp_path)
    assert [key[0] for key in rows(tmp_path / "keys.parquet")] == [1, 2, 99]
    company.change("delete from llx_propaldet where rowid = 99")
    extraction, lines = company.read(table, tmp_path, Window(low="2027-01-01 00:00:00"))
    assert lines == []
    assert [key[0] for key in rows(tmp_path / "keys.parquet")] == [1, 2]
    assert extraction.source_rows == 2
