"""On Spark a common table expression is worked out as often as on DuckDB: once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ingestion.config import SparkSettings
from ingestion.spark.session import spark_session
from orchestration.spark_ctes import split, worked_out_once
from tests.spark_cluster import SMALL

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = """
-- Orders and the days before them.
with

orders as (

    select * from sales

),

numbered as (

    -- One (1) a day.
    select day, row_number() over (order by day) as number from orders

),

paired as (

    select this.day, before.day as day_before
    from numbered as this
    left join numbered as before on this.number = before.number + 1

)

select * from paired
"""


@pytest.fixture(scope="module")
def session(
    spark_is_there: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SparkSession]:
    settings = SparkSettings(master="local[1]", settings=SMALL)
    with spark_session(settings, tmp_path_factory.mktemp("tables").as_uri()) as found:
        found.sql("select explode(array(2, 3, 5)) as day").createOrReplaceTempView("sales")
        yield found


def test_a_query_is_taken_apart_where_its_expressions_end() -> None:
    expressions, body = split(DAYS)
    assert [found.name for found in expressions] == ["orders", "numbered", "paired"]
    assert expressions[1].query == (
        "-- One (1) a day.\n    select day, row_number() over (order by day) as number from orders"
    )
    assert body.strip() == "select * from paired"


def test_a_query_without_expressions_stays_as_it_is() -> None:
    assert split("select 1 as one") == ([], "select 1 as one")


def test_columns_may_be_named_with_an_expression() -> None:
    (values,), _ = split("with days (day, name) as (values (1, 'a)')) select * from days")
    assert values.heading == "days (day, name)"
    assert values.query == "values (1, 'a)')"


def test_what_a_query_reads_is_counted_by_name() -> None:
    expressions, _ = split(DAYS)
    assert expressions[2].names == {"numbered": 2}
    assert [found.is_read for found in expressions] == [True, False, False]


def test_what_is_named_twice_is_worked_out_once(session: SparkSession) -> None:
    query, views = worked_out_once(session, DAYS, "days")
    assert views == ["days__numbered"]
    assert query.count("row_number()") == 0
    assert sorted(session.sql(query).collect()) == sorted(session.sql(DAYS).collect())


def test_what_only_reads_a_table_is_left_to_each_place(session: SparkSession) -> None:
    twice = "with orders as (select * from sales) select * from orders join orders as others"
    assert worked_out_once(session, twice, "twice")[1] == []


def test_rows_stay_those_of_the_first_time(session: SparkSession) -> None:
    """What Spark works out again may differ: here a number by chance."""
    chance = """
        with drawn as (select day, rand() as number from sales group by day)
        select one.number = other.number as same
        from drawn as one inner join drawn as other on one.day = other.day
    """
    query, _ = worked_out_once(session, chance, "chance")
    assert [row.same for row in session.sql(query).collect()] == [True, True, True]
