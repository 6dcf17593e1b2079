"""What `adv init` writes and `adv check` says before anything is loaded."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from ingestion.config import Connection, OdbcSource, PostgresSource, read_sources
from ingestion.declarations import system, systems
from ingestion.errors import ConfigurationError
from ingestion.extract import transport_for
from ingestion.home import Home
from ingestion.transports.base import TableStatus
from orchestration.check import filled_by, missing_numbers, warnings
from orchestration.templates import sources_yaml
from tests.command import adv


@pytest.mark.parametrize("name", sorted(systems()))
def test_a_systems_sources_file_can_be_read_as_it_is_written(name: str, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(sources_yaml(name), encoding="utf-8")
    (source,) = read_sources(file).sources.values()
    assert source.system == name
    assert transport_for(source)


@pytest.mark.parametrize(
    ("name", "transport"),
    [
        ("tryton", "sqlite"),
        ("contract", "sqlite"),
        ("contract", "files"),
        ("contract", "odbc"),
        ("contract", "duckdb"),
        ("sage100", "postgres"),
        ("sage100", "odbc"),
        ("salesforce", "rest"),
    ],
)
def test_a_system_can_be_reached_otherwise(name: str, transport: str, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(sources_yaml(name, transport), encoding="utf-8")
    (source,) = read_sources(file).sources.values()
    assert (source.system, source.transport) == (name, transport)


@pytest.mark.parametrize(
    ("name", "transport"),
    [("tryton", "fec"), ("fec", "sqlite"), ("tryton", "rest"), ("tryton", "x")],
)
def test_a_way_that_does_not_lead_there_is_told(name: str, transport: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"{name} cannot be read by '{transport}'; there is"
    ):
        sources_yaml(name, transport)


def test_a_source_in_sqlite_is_written_and_looked_at(tmp_path: Path) -> None:
    home = Home(tmp_path)
    result = adv(home, "init", "--system", "tryton", "--transport", "sqlite")
    assert result.returncode == 0, result.stderr
    text = home.sources_file.read_text(encoding="utf-8")
    home.sources_file.write_text(
        text.replace("/var/lib/tryton/tryton.sqlite", "../tryton.sqlite"), encoding="utf-8"
    )
    result = adv(home, "check")
    assert result.returncode == 2
    assert f"{tmp_path / 'tryton.sqlite'}: no such file" in result.stderr

    sqlite3.connect(tmp_path / "tryton.sqlite").close()
    result = adv(home, "check")
    assert result.returncode == 2
    assert re.search(r"party_party\W.*missing, or may not be read", result.stdout)

    with sqlite3.connect(tmp_path / "tryton.sqlite") as database:
        for table in system("tryton").tables:
            if table.name != "sale_complaint":
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                database.execute(f'create table "{table.relation or table.name}" ({columns})')
        database.execute("insert into party_party (id) values (1), (2)")
    database.close()
    result = adv(home, "check")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "module sale_complaint is not there" in result.stdout
    assert re.search(r"party_party\W+2\W", result.stdout)

    result = adv(home, "init", "--transport", "sqlite")
    assert "name it by --system" in result.stderr


def test_a_source_that_others_could_read_along_with_is_warned_of() -> None:
    near = PostgresSource(system="odoo", transport="postgres", embedded=Path("data"))
    far = Connection(host="erp.example.com", database="x", user="y", sslmode="require")

    def warned(connection: Connection | None) -> list[str]:
        return list(warnings(near.model_copy(update={"connection": connection})))

    assert warned(None) == warned(far.model_copy(update={"sslmode": None})) == []
    assert warned(far.model_copy(update={"host": "localhost"})) == []
    (told,) = warned(far)
    assert "erp.example.com is read with `sslmode: require`" in told


def test_a_server_behind_odbc_that_need_not_prove_who_it_is_is_warned_of() -> None:
    connection = {"driver": "x", "host": "sage.example.com", "database": "x", "user": "y"}
    sage = {"system": "sage100", "transport": "odbc"}

    def warned(**more: object) -> list[str]:
        settings = {**sage, "connection": {**connection, **more}}
        return list(warnings(OdbcSource.model_validate(settings)))

    assert warned() == warned(encrypt="no", host="localhost") == []
    for settings in ({"encrypt": "no"}, {"trust_server_certificate": True}):
        (told,) = warned(**settings)
        assert "sage.example.com need not prove who it is" in told


def test_a_column_that_a_query_lacks_is_told_once(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "planning.sqlite").close()
    home = Home(tmp_path)
    home.sources_file.parent.mkdir()
    home.sources_file.write_text(
        """\
sources:
  planning:
    system: contract
    transport: sqlite
    path: ../planning.sqlite
    queries:
      exchange_rates: select 'USD' as from_currency_code, 'EUR' as to_currency_code, 1 as rate_date
""",
        encoding="utf-8",
    )
    result = adv(home, "check")
    assert result.returncode == 2
    assert "column rate is missing" in result.stdout
    assert "without" not in result.stdout


def test_a_missing_module_leaves_its_contract_tables_empty() -> None:
    tables = system("tryton").tables

    def filled(*missing: str) -> set[str]:
        return filled_by(
            "tryton",
            [TableStatus(t, present=t.name not in missing, rows=0) for t in tables],
        )

    assert filled() - filled("sale_complaint") == {"claims", "claim_events"}
    assert filled() - filled("account_dunning") == {"dunning_actions"}
    assert "disputes" not in filled()


def test_every_contract_table_that_nothing_fills_is_told_with_what_it_costs() -> None:
    told = missing_numbers({"documents"})
    assert len(told) == len(system("contract").tables) - 1
    assert "dunning_actions will be empty; it is needed for reminders sent" in "\n".join(told)
    assert all(table.needed_for for table in system("contract").tables)


def test_what_a_module_feeds_is_a_contract_table() -> None:
    contract = {table.name for table in system("contract").tables}
    for known in systems().values():
        for table in known.tables:
            assert set(table.feeds) <= contract
