"""What holds for the models whatever a company does: every rule that is declared beside them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.compiled import CompiledProject, compiled, copy_prepared
from ingestion.declarations import system
from ingestion.engine import connect
from ingestion.home import Home
from ingestion.ledger import prepare_warehouse
from orchestration import publish, seeds
from orchestration.privacy import PUBLISHED
from tests.conftest import Parse
from tests.dbt_project.contract_rows import (
    AS_OF_DATE,
    LOAD,
    add_versions_that_are_over,
    fill,
)
from tests.dbt_project.cut_off import cut_off
from tests.dbt_project.random_company import Row, busy_company, companies

OPEN_AMOUNTS = """
    select split_part(instalment_id, '/', 2), open_amount
    from marts.core.fct_instalments where open_amount <> 0
"""
SPAN_OF_ALL_DATES = {"core.dim_date"}
"""The calendar reaches as far as anything is dated, also ahead."""
HISTORIES = {"core.dim_product_history", "kpi.price_compliance"}
"""What is made of all versions, which tell the list price of a day."""
SEED_OF_TWO_COMPANIES = 5
NOT_BOOKED = "select * from marts.meta.invoicing_differences"
NOT_TIED_OUT = "select * from marts.meta.receivables_reconciliation where difference <> 0"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> tuple[CompiledProject, Home]:
    """The models of an installation that reads only the contract, compiled."""
    home = Home(tmp_path_factory.mktemp("contract_only"))
    prepare_warehouse(home)
    connection = connect(home.warehouse)
    connection.execute(
        "insert into control.current_run (run_id, as_of_date, known_at, known_load) "
        "values ('any', ?, '2025-04-01 01:00:00', ?)",
        [AS_OF_DATE, LOAD],
    )
    connection.close()
    parse(home, {"contract"})
    publish.begin(home, "any")
    seeds.load_seeds(home)
    return compiled(home), home


@pytest.fixture(scope="module")
def warehouse(project: tuple[CompiledProject, Home]) -> duckdb.DuckDBPyConnection:
    """Seeds and empty raw tables, in memory."""
    connection = connect()
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("attach ':memory:' as marts")
    copy_prepared(connection, project[1], "warehouse")
    return connection


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(tables=companies())
def test_rules_hold_the_ledger_ties_out_and_what_is_not_paid_is_open(
    project: tuple[CompiledProject, Home],
    warehouse: duckdb.DuckDBPyConnection,
    tables: dict[str, list[Row]],
) -> None:
    build(project[0], warehouse, tables)
    assert_all_holds(project[0], warehouse, tables)


def test_what_happens_after_the_as_of_date_changes_nothing(
    project: tuple[CompiledProject, Home], warehouse: duckdb.DuckDBPyConnection
) -> None:
    life = busy_company(seed=SEED_OF_TWO_COMPANIES)
    built = []
    for tables in (cut_off(life, AS_OF_DATE), life):
        build(project[0], warehouse, tables)
        assert_all_holds(project[0], warehouse, tables)
        built.append(published_rows(warehouse))
    then, now = built
    changed = [table for table in then if then[table] != now[table]]
    assert {table: differing(then[table], now[table]) for table in changed} == {}


def test_a_month_in_which_nothing_is_posted_yet_fails_no_rule(
    project: tuple[CompiledProject, Home], warehouse: duckdb.DuckDBPyConnection
) -> None:
    life = cut_off(busy_company(seed=SEED_OF_TWO_COMPANIES), AS_OF_DATE)
    for line in life["ledger_entries"]:
        for side in ("debit", "credit"):
            line[side] *= 2  # ledger and receivables differ by every posting
    as_of = "update warehouse.control.current_run set as_of_date = ?"
    warehouse.execute(as_of, [AS_OF_DATE + timedelta(days=1)])
    try:
        build(project[0], warehouse, life)
        listed = "select count(*) > 0 from marts.meta.receivables_differences"
        assert warehouse.execute(listed).fetchone() == (True,)
        assert project[0].failures(warehouse) == {}
    finally:
        warehouse.execute(as_of, [AS_OF_DATE])


def test_what_rows_said_before_changes_nothing_but_the_histories(
    project: tuple[CompiledProject, Home], warehouse: duckdb.DuckDBPyConnection
) -> None:
    life = busy_company(seed=SEED_OF_TWO_COMPANIES)
    build(project[0], warehouse, life)
    once = published_rows(warehouse)
    fill(warehouse, life)
    add_versions_that_are_over(warehouse)
    for _ in project[0].build(warehouse):
        pass
    changed = {name for name, rows in published_rows(warehouse).items() if rows != once[name]}
    assert changed == HISTORIES


def test_of_what_is_personal_the_marts_hold_what_the_inventory_says_and_no_more(
    project: tuple[CompiledProject, Home], warehouse: duckdb.DuckDBPyConnection
) -> None:
    tables = busy_company(seed=SEED_OF_TWO_COMPANIES)
    personal = {t.name: [c for c in t.columns if c.personal] for t in system("contract").tables}
    for table, columns in personal.items():
        for row in tables.get(table, ()):
            row.update({column.name: f"<{table}.{column.name}>" for column in columns})
    build(project[0], warehouse, tables)
    reached: dict[str, set[str]] = defaultdict(set)
    for schema, table, column in warehouse.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = "
        "'marts' and schema_name in ('core', 'kpi', 'meta') and data_type = 'VARCHAR'"
    ).fetchall():
        for (found,) in warehouse.execute(
            f"select distinct regexp_extract({column}, '<([a-z_]+[.][a-z_]+)>', 1) as found "
            f"from marts.{schema}.{table} where found <> ''"
        ).fetchall():
            reached[found].add(f"{schema}.{table}.{column}")
    said = {name for name in PUBLISHED if tables.get(name.partition(".")[0])}
    assert reached.keys() == said, dict(reached)


def build(
    project: CompiledProject,
    warehouse: duckdb.DuckDBPyConnection,
    tables: dict[str, list[Row]],
) -> None:
    """Build every model for a company."""
    fill(warehouse, tables)
    for _ in project.build(warehouse):
        pass


def assert_all_holds(
    project: CompiledProject,
    warehouse: duckdb.DuckDBPyConnection,
    tables: dict[str, list[Row]],
) -> None:
    """Every data test, the ledger on both its sides, and what the tables say is open."""
    assert project.failures(warehouse) == {}
    assert warehouse.execute(NOT_TIED_OUT).fetchall() == []
    assert warehouse.execute(NOT_BOOKED).fetchall() == []
    assert dict(warehouse.execute(OPEN_AMOUNTS).fetchall()) == open_amounts(tables)


def published_rows(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Counter[Any]]:
    """Every row of the published tables."""
    names = warehouse.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = 'marts' and schema_name in ('core', 'kpi') order by 1"
    ).fetchall()
    return {
        name: Counter(map(str, warehouse.execute(f"select * from marts.{name}").fetchall()))
        for (name,) in names
        if name not in SPAN_OF_ALL_DATES
    }


def differing(then: Counter[Any], now: Counter[Any]) -> tuple[list[Any], list[Any]]:
    return list((then - now).elements())[:5], list((now - then).elements())[:5]


def open_amounts(tables: dict[str, list[Row]]) -> dict[str, Decimal]:
    """What is open of each instalment on the as-of date: not matched, or bounced since."""
    found = {
        row["instalment_id"]: row["amount_to_pay"]
        for row in tables.get("instalments", ())
        if row["issued_on"] <= AS_OF_DATE
    }
    bounced = {
        row["payment_id"]
        for row in tables.get("payment_rejections", ())
        if row["rejected_on"] <= AS_OF_DATE
    }
    for row in tables.get("payment_allocations", ()):
        if row["effective_date"] <= AS_OF_DATE and row.get("payment_id") not in bounced:
            found[row["instalment_id"]] -= row["amount"]
    return {key: amount for key, amount in found.items() if amount}
