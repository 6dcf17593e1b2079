"""A database with no connector, through the contract by SQL in a sources file alone."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.embedded_postgres import embedded_postgres, stop_embedded_postgres
from ingestion.engine import connect, quoted_text
from ingestion.home import PROJECT, Home
from tests.command import adv
from tests.orchestration.conftest import ask
from tests.real_data import real_data

EXAMPLE = PROJECT / "docs" / "examples" / "northwind.yaml"


def load(script: Path, dsn: str) -> None:
    """Run a PostgreSQL dump, statement by statement."""
    text = re.sub(r"^--.*$", "", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    connection = connect(extensions=["postgres_scanner"])
    connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres)")
    connection.execute(f"call postgres_execute('pg', {quoted_text(text)})")
    connection.close()


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Northwind after its night."""
    script = real_data("northwind", "northwind.sql")
    home = Home(tmp_path_factory.mktemp("northwind"))
    data = home.root / "postgres"
    load(script, embedded_postgres(data))
    connection = re.compile(r"    connection:\n(      .*\n)+")
    text = connection.sub("    embedded: ../postgres\n", EXAMPLE.read_text(encoding="utf-8"))
    home.sources_file.parent.mkdir(parents=True)
    home.sources_file.write_text(text, encoding="utf-8")
    result = adv(home, "run")
    stop_embedded_postgres(data)
    assert result.returncode == 0, result.stdout + result.stderr
    return home


def test_every_order_line_arrives(northwind: Home) -> None:
    assert ask(northwind, "select count(*) from core.fct_order_lines") == [(2155,)]


def test_net_sales_are_exact(northwind: Home) -> None:
    query = """
        select year(order_date), round(sum(company_amount_excl_tax), 2)
        from core.fct_order_lines group by rollup (1) order by 1 nulls first
    """
    assert ask(northwind, query) == [
        (None, Decimal("1265793.04")),
        (1996, Decimal("208083.97")),
        (1997, Decimal("617085.20")),
        (1998, Decimal("440623.87")),
    ]


def test_unshipped_and_late_orders_are_those_of_the_database(northwind: Home) -> None:
    unshipped = "select count(distinct order_id) from core.fct_order_lines where open_quantity > 0"
    assert ask(northwind, unshipped) == [(21,)]
    late = """
        select count(distinct order_id) from core.fct_order_lines
        where last_shipped_date > requested_date
    """
    assert ask(northwind, late) == [(37,)]


def test_the_order_book_of_the_last_day_is_what_is_unshipped(northwind: Home) -> None:
    unshipped = "select sum(company_open_amount_excl_tax) from core.fct_order_lines"
    book = """
        select sum(closing_amount_excl_tax) from kpi.order_book_daily
        where book = 'to_deliver' and as_of_date = '1998-05-06'
    """
    assert ask(northwind, book) == ask(northwind, unshipped)
