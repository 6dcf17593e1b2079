"""Gate 3: marts that move as they never did are held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data_quality.publication import compare_with_publication
from ingestion.config import PublicationLimits
from ingestion.engine import connect

if TYPE_CHECKING:
    import duckdb

FIRST, LAST = date(2025, 6, 1), date(2026, 5, 31)


def fill(connection: duckdb.DuckDBPyConnection, as_of: date, load: int) -> None:
    """A year in which 100 to 130 are invoiced a day, and 500 items are open."""
    connection.execute(
        f"""
        create schema core; create schema kpi; create schema meta;
        create table meta.runs as
        select date '{as_of}' as as_of_date, {load}::bigint as known_load;
        create table meta.postings as
        select 'invoiced_revenue' as measure, 'FR' as company_id, range::date as business_date,
            (100 + date_part('day', range))::decimal(18, 4) as amount
        from range(timestamp '{FIRST}', timestamp '{as_of}' + interval 1 day, interval 1 day);
        create table kpi.open_items as select range as instalment_id from range(500);
        create table kpi.order_book_daily as select 1 as line;
        create table kpi.claims_daily as select 1 as claim;
        create table core.fct_invoice_lines as select range as invoice_line_id from range(365);
        create table kpi.as_of_differences (
            company_id varchar, measure varchar, business_date date, known_load bigint,
            amount decimal(18, 4)
        )
        """
    )


@pytest.fixture
def in_force(tmp_path: Path) -> Path:
    """Marts published for the last day."""
    file = tmp_path / "in_force.duckdb"
    with connect(file) as connection:
        fill(connection, LAST, 1)
    return file


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Marts of the day after."""
    with connect(tmp_path / "next.duckdb") as connection:
        fill(connection, date(2026, 6, 1), 2)
        yield connection


def held(
    marts: duckdb.DuckDBPyConnection, in_force: Path, limits: PublicationLimits | None = None
) -> list[str]:
    results = compare_with_publication(marts, in_force, limits or PublicationLimits())
    assert all(result.acceptable == "once" for result in results if result.refuses)
    return [result.message for result in results if result.refuses]


def test_a_usual_day_passes(marts: duckdb.DuckDBPyConnection, in_force: Path) -> None:
    assert held(marts, in_force) == []


def test_a_mart_that_lost_half_its_rows_is_held(
    marts: duckdb.DuckDBPyConnection, in_force: Path
) -> None:
    marts.execute("delete from kpi.open_items where instalment_id >= 249")
    (message,) = held(marts, in_force)
    assert message == (
        "kpi.open_items: the mart holds about as many rows as the one published: "
        "broken by 251 of 500 rows: held 500, now 249"
    )


def test_a_measure_that_moves_beyond_its_habit_is_held(
    marts: duckdb.DuckDBPyConnection, in_force: Path
) -> None:
    marts.execute("update meta.postings set amount = 393 where business_date = date '2026-06-01'")
    assert held(marts, in_force) == []
    marts.execute("update meta.postings set amount = 394 where business_date = date '2026-06-01'")
    (message,) = held(marts, in_force)
    assert "FR moved by 394.0000, at most by 131.0000 before" in message
    assert held(marts, in_force, PublicationLimits(most_times=4)) == []


def test_each_company_and_direction_is_a_finding_of_its_own(
    marts: duckdb.DuckDBPyConnection, in_force: Path
) -> None:
    double = """
        insert into meta.postings select measure, 'IT', business_date, amount from meta.postings
    """
    with connect(in_force) as connection:
        connection.execute(double)
    marts.execute(double)
    marts.execute(
        """
        update meta.postings set amount = if(company_id = 'IT', 500, -500)
        where business_date = date '2026-06-01'
        """
    )
    results = compare_with_publication(marts, in_force, PublicationLimits())
    assert [result.code for result in results if result.refuses] == [
        "invoiced_revenue moves_as_usual of FR, down",
        "invoiced_revenue moves_as_usual of IT, up",
    ]


def test_a_measure_that_was_silent_for_a_while_is_judged_by_what_it_moved_then(
    marts: duckdb.DuckDBPyConnection, in_force: Path
) -> None:
    with connect(in_force) as connection:
        connection.execute(
            "delete from meta.postings where business_date between '2025-06-02' and '2026-03-01'"
        )
    marts.execute(
        "delete from meta.postings where business_date between '2025-06-02' and '2026-03-01'"
    )
    marts.execute("update meta.postings set amount = 900 where business_date = date '2026-06-01'")
    assert len(held(marts, in_force)) == 1


def test_the_move_of_several_days_is_compared_with_that_of_as_many(
    tmp_path: Path, in_force: Path
) -> None:
    with connect(tmp_path / "week.duckdb") as marts:
        fill(marts, date(2026, 6, 7), 2)
        assert held(marts, in_force) == []


def test_a_measure_of_which_little_is_known_has_no_habit(
    marts: duckdb.DuckDBPyConnection, in_force: Path
) -> None:
    with connect(in_force) as connection:
        connection.execute("delete from meta.postings where business_date < date '2026-01-01'")
    assert held(marts, in_force) == []


def test_what_is_posted_into_a_closed_month_is_held(
    marts: duckdb.DuckDBPyConnection, in_force: Path
) -> None:
    marts.execute(
        """
        insert into kpi.as_of_differences values
            ('FR', 'invoiced_revenue', date '2026-04-30', 2, 50),
            ('FR', 'invoiced_revenue', date '2026-05-04', 2, 50),
            ('FR', 'invoiced_revenue', date '2026-03-31', 1, 50)
        """
    )
    assert held(marts, in_force) == []
    (message,) = held(marts, in_force, PublicationLimits(closed_through=date(2026, 4, 30)))
    assert "FR 2026-04 restated by 50.0000" in message
    assert len(held(marts, in_force, PublicationLimits(months_close_after_days=0))) == 2
    assert held(marts, in_force, PublicationLimits(months_close_after_days=40)) == []


def test_marts_of_an_earlier_day_may_hold_less(tmp_path: Path, in_force: Path) -> None:
    with connect(tmp_path / "earlier.duckdb") as marts:
        fill(marts, date(2025, 7, 1), 2)
        marts.execute("delete from kpi.open_items")
        results = compare_with_publication(marts, in_force, PublicationLimits())
        assert not [result for result in results if result.refuses]


def test_before_the_first_publication_there_is_nothing_to_compare_with(
    tmp_path: Path, marts: duckdb.DuckDBPyConnection
) -> None:
    connect(tmp_path / "empty.duckdb").close()
    assert compare_with_publication(marts, tmp_path / "empty.duckdb", PublicationLimits()) == ()
