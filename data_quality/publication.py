"""Gate 3, second part: the marts as they would be published, against those that are.

A rule of the marts cannot see that half a source is missing, or that a month was booked twice:
every total still ties. What people see is that a figure has moved as it never does. So a move
beyond the habit holds the publication until a person has looked (`adv accept`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from data_quality.queries import ask
from data_quality.results import RuleResult
from data_quality.rules import QueryRule
from ingestion.config import Limits, PublicationLimits
from ingestion.engine import quoted_name, quoted_text

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
        (built,) = connection.execute("select current_database()").fetchone() or ("",)
        before, now = (_as_of_date(connection, catalog) for catalog in ("in_force", built))
        if before is None or now is None:
            return ()
        closed_through = _closed_through(limits, now)
        results = [
            result
            for measure in MARTS_OF
            for result in _restated(connection, measure, closed_through, limits)
        ]
        if now >= before:
            for table in _tables_of_both(connection):
                rule = _shrunk(table, limits)
                results.append(ask(connection, table, rule, table=table, limits=Limits()))
            for measure in MARTS_OF:
                results += _moved(connection, measure, before, now, limits)
        return tuple(results)
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
        acceptable="once",
        needs=(table,),
    )


def _moved(
    connection: duckdb.DuckDBPyConnection,
    measure: str,
    before: date,
    now: date,
    limits: PublicationLimits,
) -> Iterator[RuleResult]:
    """Each company's move between the two as-of dates, against its moves in as many days before."""
    days = max((now - before).days, 1)
    moves = connection.execute(
        f"""
        with published as (
            select company_id, sum(amount) as amount, min(business_date) as known_since
            from in_force.meta.postings
            where measure = $measure and business_date <= $before
            group by company_id
        ),
        built as (
            select company_id, sum(amount) as amount
            from meta.postings
            where measure = $measure and business_date <= $now
            group by company_id
        ),
        moves as (
            select company_id, sum(sum(amount)) over (
                partition by company_id order by business_date
                range between interval {days - 1} days preceding and current row
            ) as moved
            from in_force.meta.postings
            where measure = $measure
                and business_date between $before - {limits.habit_days} and $before
            group by company_id, business_date
        )
        select
            published.company_id,
            coalesce(built.amount, 0) - published.amount,
            (select max(abs(moved)) from moves where moves.company_id = published.company_id),
            $before - published.known_since
        from published left join built on published.company_id = built.company_id
        order by published.company_id
        """,
        {"measure": measure, "before": before, "now": now},
    ).fetchall()
    words = measure.replace("_", " ")
    for company, moved, most, days_known in moves:
        # Nothing in the whole time is no habit.
        judged = bool(most) and 2 * days_known >= limits.habit_days
        yield _result(
            measure,
            f"moves_as_usual of {company}, {'up' if moved > 0 else 'down'}",
            f"{words}: no move of more than {limits.most_times:g} times the greatest in "
            f"{days} day(s)",
            moved,
            refuses=judged and abs(moved) > Decimal(str(limits.most_times)) * most,
            example=f"{company} moved by {moved}, at most by {most} before",
        )


def _restated(
    connection: duckdb.DuckDBPyConnection,
    measure: str,
    closed_through: date | None,
    limits: PublicationLimits,
) -> Iterator[RuleResult]:
    """What this run posts, changes or withdraws in each closed month of each company."""
    restated = connection.execute(
        """
        with moved as (
            select company_id, date_trunc('month', business_date) as month_start,
                sum(abs(amount)) as moved
            from in_force.meta.postings where measure = $measure group by company_id, month_start
        ),
        restated as (
            select company_id, date_trunc('month', business_date) as month_start,
                sum(amount) as restated
            from kpi.as_of_differences
            where measure = $measure
                and business_date <= $closed_through
                and known_load = (select max(known_load) from meta.runs)
            group by company_id, month_start
        )
        select company_id, strftime(month_start, '%Y-%m'), restated, coalesce(moved, 0)
        from restated left join moved using (company_id, month_start)
        order by all
        """,
        {"measure": measure, "closed_through": closed_through},
    ).fetchall()
    for company, month, amount, moved in restated:
        yield _result(
            measure,
            f"closed_months of {company}, {month}, {'up' if amount > 0 else 'down'}",
            f"{measure.replace('_', ' ')}: months that are closed stay as they were published",
            amount,
            refuses=abs(amount) > Decimal(str(limits.restated_share)) * moved,
            example=f"{company} {month} restated by {amount}",
        )


def _result(
    measure: str, code: str, rule: str, amount: Decimal, *, refuses: bool, example: str
) -> RuleResult:
    """Of one company and direction, so that accepting it accepts no other."""
    size = math.ceil(abs(amount))
    return RuleResult(
        subject=MARTS_OF[measure],
        code=f"{measure} {code}",
        rule=rule,
        severity="batch",
        rows_checked=size,
        rows_failed=size if refuses else 0,
        refuses=refuses,
        examples=(example,) if refuses else (),
        unit="in amount",
        acceptable="once",
    )


def _closed_through(limits: PublicationLimits, as_of: date) -> date | None:
    """The last day of the months that are closed."""
    days = [limits.closed_through] if limits.closed_through else []
    if limits.months_close_after_days is not None:
        day = as_of - timedelta(days=limits.months_close_after_days)
        days.append(day.replace(day=1) - timedelta(days=1))
    return max(days, default=None)


def _as_of_date(connection: duckdb.DuckDBPyConnection, catalog: str) -> date | None:
    """The day that the marts of a catalog speak of; none where they are empty."""
    (tables,) = connection.execute(
        "select count(*) from information_schema.tables where table_catalog = ? "
        "and table_schema = 'meta' and table_name in ('runs', 'postings')",
        [catalog],
    ).fetchone() or (0,)
    if tables < 2:
        return None
    row = connection.execute(
        f"select as_of_date from {quoted_name(catalog)}.meta.runs order by known_load desc limit 1"
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
