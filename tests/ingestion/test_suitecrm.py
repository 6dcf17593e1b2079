"""SuiteCRM on MariaDB: read by a user who may do what the page on it says, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingestion.engine import connect
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import Batch
from tests.ingestion.batches import LOAD
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.suitecrm_database import create_suitecrm

Landing = Mapping[str, Batch]


def read(server: MariadbServer, home: Home) -> Landing:
    connection = {
        "host": str(server.socket),
        "database": "suitecrm",
        "user": "adv_reader",
        "password": "${SUITECRM_PASSWORD}",
    }
    source = server.source(
        system="suitecrm",
        connection=connection,
        custom_fields={"accounts_cstm": ["region_c"]},
    )
    batches = land(LandingRequest(home, "crm", source, LOAD, "run", {}))
    return {batch.manifest.table: batch for batch in batches}


def rows(batch: Batch, columns: str) -> list[tuple[object, ...]]:
    with connect() as connection:
        return connection.execute(f"select {columns} from '{batch.rows}' order by all").fetchall()


@pytest.fixture
def suitecrm(mariadb: MariadbServer, monkeypatch: pytest.MonkeyPatch) -> MariadbServer:
    monkeypatch.setenv("SUITECRM_PASSWORD", "...")
    create_suitecrm(mariadb)
    return mariadb


def test_everything_is_read_but_what_was_deleted(suitecrm: MariadbServer, tmp_path: Path) -> None:
    landing = read(suitecrm, Home(tmp_path))
    assert {name: batch.manifest.rows for name, batch in landing.items()} == {
        "accounts": 2,
        "accounts_cstm": 2,
        "users": 2,
        "cases": 3,
        "cases_audit": 3,
        "aop_case_updates": 2,
        "calls": 2,
        "meetings": 1,
        "tasks": 1,
        "accounts_contacts": 1,
        "accounts_opportunities": 0,
        "aos_quotes": 2,
        "aos_quotes_audit": 2,
        "aos_products_quotes": 3,
        "currencies": 1,
    }
    assert all(batch.manifest.missing_columns == () for batch in landing.values())
    assert rows(landing["accounts"], "id, parent_id") == [("branch", "dupont"), ("dupont", None)]
    assert rows(landing["aos_products_quotes"], "id, product_id, product_qty is null") == [
        ("l1", "x1", False),
        ("l2", None, True),
        ("l3", "x2", False),
    ]


def test_a_houses_own_fields_are_carried(suitecrm: MariadbServer, tmp_path: Path) -> None:
    landing = read(suitecrm, Home(tmp_path))
    found = rows(landing["accounts_cstm"], "id_c, customer_number_c, custom_fields")
    assert found[0] == ("branch", None, None)
    assert found[1][:2] == ("dupont", "C001")
    assert json.loads(str(found[1][2])) == {"region_c": "Rhône & Alpes"}


def test_a_suitecrm_without_audits_sales_module_and_fields_of_its_own_is_read(
    suitecrm: MariadbServer, tmp_path: Path
) -> None:
    absent = (
        *("accounts_cstm", "cases_audit", "aop_case_updates"),
        *("aos_quotes", "aos_quotes_audit", "aos_products_quotes"),
    )
    suitecrm.execute("use suitecrm", *(f"drop table {name}" for name in absent))
    landing = read(suitecrm, Home(tmp_path))
    assert [batch.told for batch in landing.values() if batch.manifest.problems] == []
    assert {name for name, batch in landing.items() if not batch.manifest.rows} == {
        *absent,
        "accounts_opportunities",
    }
