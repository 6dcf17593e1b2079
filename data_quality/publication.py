"""Gate 3, second part: the marts as they would be published, against those that are.

A rule of the marts cannot see that half a source is missing, or that a month was booked twice:
every total still ties. What people see is that a figure has moved as it never does. So a move
beyond the habit holds the publication until a person has looked (`adv accept`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from data_quality.queries import ask
from data_quality.results import RuleResult
from data_quality.rules import QueryRule
from ingestion.config import Limits, PublicationLimits
from ingestion.engine import quoted_text

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

MARTS_OF = {
    "open_receivables": "kpi.open_items",
    "invoiced_revenue": "core.fct_invoice_lines",
    "order_intake": "kpi.order_book_daily",
    "order_book_to_deliver": "kpi.order_book_daily",
    "order_book_to_invoice": "kpi.order_book_daily",
    "open_claims": "kpi.claims_daily",
}
"""Where people see each measure of `meta.postings`."""


def compare_with_publication(
    connection: duckdb.DuckDBPyConnection, in_force: Path, limits: PublicationLimits
) -> tuple[RuleResult, ...]:
    """Ask how far the marts have moved from those in force.

    Args:
        connection: the freshly built marts.
        in_force: the marts that are published now.
        limits: how far they may move.

    """
    connection.execute(f"attach {quoted_text(str(in_force))} as in_force (read_only)")
    try:
        before, now = (_as_of_date(connection, meta) for meta in ("in_force.meta", "meta"))
        if before is None or now is None:
            return ()
        rules = [
            _restated(measure, mart, _closed_through(limits, now), limits)
            for measure, mart in MARTS_OF.items()
        ]
        if now >= before:
            rules += [_shrunk(table, limits) for table in _tables_of_both(connection)]
            rules += [
                _moved(measure, mart, before, now, limits) for measure, mart in MARTS_OF.items()
            ]
        return tuple(
            ask(connection, rule.needs[0], rule, table=rule.needs[0], limits=Limits())
            for rule in rules
        )
    finally:
        connection.execute("detach in_force")


def _shrunk(table: str, limits: PublicationLimits) -> QueryRule:
    return QueryRule(
        "rows_as_usual",
        "the mart holds about as many rows as the one published",
        f"""
        select 'held ' || held || ', now ' || holds as example, held - holds as n
        from (
            select
                (select count(*) from in_force.{table}) as held,
                (select count(*) from {table}) as holds
        )
        where held >= {limits.habit_rows} and holds < {limits.least_share} * held
        """,
        checked=f"select count(*) from in_force.{table}",
        acceptance="once",
        needs=(table,),
    )


def _moved(
    measure: str, mart: str, before: date, now: date, limits: PublicationLimits
) -> QueryRule:
    """The measure's move between the two as-of dates, against its moves in as many days before."""
    days = max((now - before).days, 1)
    postings = "in_force.meta.postings"
    of_measure = f"measure = '{measure}' and business_date"
    moves = f"""
        select
            coalesce(published.company_id, built.company_id) as company_id,
            abs(coalesce(built.amount, 0) - coalesce(published.amount, 0)) as moved,
            coalesce(habit.most, 0) as most,
            coalesce(habit.days_known, 0) as days_known
        from (
            select company_id, sum(amount) as amount from {postings}
            where {of_measure} <= date '{before}' group by company_id
        ) as published
        full join (
            select company_id, sum(amount) as amount from meta.postings
            where {of_measure} <= date '{now}' group by company_id
        ) as built on published.company_id = built.company_id
        left join (
            select company_id, max(abs(moved)) as most, date '{before}' - min(day) as days_known
            from (
                select company_id, business_date as day, sum(sum(amount)) over (
                    partition by company_id order by business_date
                    range between interval {days - 1} days preceding and current row
                ) as moved
                from {postings}
                where {of_measure} between date '{before}' - {limits.habit_days} and date '{before}'
                group by company_id, business_date
            )
            group by company_id
        ) as habit on published.company_id = habit.company_id
    """
    words = measure.replace("_", " ")
    return QueryRule(
        f"{measure}_moves_as_usual",
        f"{words}: no move of more than {limits.most_times:g} times the greatest in {days} day(s)",
        f"""
        select
            company_id || ' moved by ' || moved || ', at most by ' || most || ' before' as example,
            cast(ceil(moved) as bigint) as n
        from ({moves})
        where days_known >= {limits.habit_days} / 2 and moved > {limits.most_times} * most
        """,
        checked=f"select cast(coalesce(sum(ceil(moved)), 0) as bigint) from ({moves})",
        acceptance="once",
        unit="in amount",
        needs=(mart,),
    )


def _restated(
    measure: str, mart: str, closed_through: date | None, limits: PublicationLimits
) -> QueryRule:
    """What this run posts, changes or withdraws in months that are closed."""
    closed = f"date '{closed_through}'" if closed_through else "cast(null as date)"
    restated = f"""
        select
            company_id,
            date_trunc('month', business_date) as month_start,
            abs(sum(amount)) as restated
        from kpi.as_of_differences
        where
            measure = '{measure}'
            and business_date <= {closed}
            and known_load = (select max(known_load) from meta.runs)
        group by company_id, month_start
    """
    moved = f"""
        select company_id, date_trunc('month', business_date) as month_start,
            sum(abs(amount)) as moved
        from in_force.meta.postings where measure = '{measure}' group by company_id, month_start
    """
    return QueryRule(
        f"{measure}_closed",
        f"{measure.replace('_', ' ')}: months that are closed stay as they were published",
        f"""
        select
            company_id || ' ' || strftime(month_start, '%Y-%m') || ' restated by ' || restated
                as example,
            cast(ceil(restated) as bigint) as n
        from ({restated}) as r
        left join ({moved}) as m using (company_id, month_start)
        where restated > {limits.restated_share} * coalesce(moved, 0)
        """,
        checked=f"select cast(coalesce(sum(ceil(restated)), 0) as bigint) from ({restated})",
        acceptance="once",
        unit="in amount",
        needs=(mart,),
    )


def _closed_through(limits: PublicationLimits, as_of: date) -> date | None:
    """The last day of the months that are closed."""
    days = [limits.closed_through] if limits.closed_through else []
    if limits.months_close_after_days is not None:
        day = as_of - timedelta(days=limits.months_close_after_days)
        days.append(day.replace(day=1) - timedelta(days=1))
    return max(days, default=None)


def _as_of_date(connection: duckdb.DuckDBPyConnection, meta: str) -> date | None:
    """The day that marts speak of; none where they are empty."""
    schema = meta.rpartition(".")[0] or "current_database()"
    catalog = quoted_text(schema) if schema == "in_force" else schema
    known = connection.execute(
        "select count(*) from information_schema.tables "
        f"where table_catalog = {catalog} and table_schema = 'meta' "
        "and table_name in ('runs', 'postings')"
    ).fetchone()
    if known != (2,):
        return None
    row = connection.execute(
        f"select as_of_date from {meta}.runs order by known_load desc limit 1"
    ).fetchone()
    return row[0] if row else None


def _tables_of_both(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        """
        select table_schema || '.' || table_name
        from information_schema.tables
        where table_schema in ('core', 'kpi')
        group by all
        having count(*) = 2
        order by 1
        """
    ).fetchall()
    return [name for (name,) in rows]
