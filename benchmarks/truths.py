"""How well the marts find what was planted in the demo company, and what thresholds cost.

    adv demo create && adv run
    python -m benchmarks.truths --home .adv

For every kind of truth: how many were planted, how many of them the mart names (recall), how many
it names in all, and which share of those was planted (precision). What is named beside the planted
is not always wrong: an insolvent customer stops ordering too. The thresholds are the variables of
`dbt_project.yml`; where a mart keeps the measure itself, other thresholds are tried beside.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.engine import connect
from ingestion.home import DBT_PROJECT, Home

if TYPE_CHECKING:
    import duckdb

CUSTOMERS_BY = """
    select distinct customers.customer_number
    from {mart} as mart
    inner join core.dim_customer as customers using (customer_id)
    where {condition}
"""
LATEST_ACTIVITY = "(select * from kpi.customer_activity where is_latest)"
SILENT = "mart.activity_status in ('at_risk', 'dormant', 'lost')"


@dataclass(frozen=True)
class Search:
    """One way to find a truth: who or what the marts name by it."""

    truth: str
    """Key in `truths.json`, and the field of its entries that names them."""
    field: str
    rule: str
    query: str
    setting: str = ""
    """Variables behind the rule."""


SEARCHES = (
    Search(
        "leaving_customers",
        "customer",
        "silent beyond their habit",
        CUSTOMERS_BY.format(mart=LATEST_ACTIVITY, condition=SILENT),
        "habit_floor_days habit_minimum_intervals lost_after_days",
    ),
    *(
        Search(
            "leaving_customers",
            "customer",
            f"P(alive) below {threshold}",
            CUSTOMERS_BY.format(
                mart=LATEST_ACTIVITY, condition=f"mart.probability_alive < {threshold}"
            ),
        )
        for threshold in (0.8, 0.5, 0.2)
    ),
    Search(
        "won_back_customers",
        "customer",
        "status won back",
        CUSTOMERS_BY.format(mart=LATEST_ACTIVITY, condition="mart.activity_status = 'won_back'"),
        "won_back_days",
    ),
    Search(
        "won_back_customers",
        "customer",
        "won back after half a year",
        CUSTOMERS_BY.format(
            mart=LATEST_ACTIVITY,
            condition="mart.activity_status = 'won_back' and mart.away_days >= 180",
        ),
    ),
    Search(
        "seasonal_customers",
        "customer",
        "orders in one season",
        CUSTOMERS_BY.format(mart=LATEST_ACTIVITY, condition="mart.is_seasonal"),
        "season_months season_share season_minimum_orders",
    ),
    Search(
        "slipping_customers",
        "customer",
        "drift alarm",
        CUSTOMERS_BY.format(mart="kpi.payment_behaviour", condition="mart.is_slipping"),
        "payment_drift_allowance payment_drift_threshold payment_drift_false_alarm_share",
    ),
    *(
        Search(
            "slipping_customers",
            "customer",
            f"recent median {days} days later than the habit",
            CUSTOMERS_BY.format(
                mart="kpi.payment_behaviour",
                condition=f"mart.recent_median_days_late - mart.baseline_median_days_late > {days}",
            ),
        )
        for days in (5, 15)
    ),
    Search(
        "declining_ranges",
        "range",
        "declining in any company",
        "select distinct product_range from kpi.range_momentum where momentum = 'declining'",
        "momentum_p_value momentum_minimum_change momentum_minimum_lines",
    ),
    Search(
        "growing_ranges",
        "range",
        "growing in any company",
        "select distinct product_range from kpi.range_momentum where momentum = 'growing'",
    ),
    Search(
        "loss_leader",
        "product",
        "loss leader in any company",
        """
        select distinct product_code
        from kpi.product_role inner join core.dim_product using (product_id)
        where is_loss_leader
        """,
        "entry_minimum_customers entry_minimum_z follow_on_days",
    ),
)


def main() -> None:
    """Print what was found of every truth, the overloaded team and the types of entry errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args().home.resolve())
    truths = json.loads((home.root / "demo" / "truths.json").read_text(encoding="utf-8"))
    connection = connect(home.marts, read_only=True)
    variables = _variables()
    print(f"{'truth':22}{'found by':44}{'planted':>8}{'found':>7}{'named':>7}  recall precision")
    for search in SEARCHES:
        print(_line(connection, search, truths, variables))
    print(f"\nOverloaded team: {truths['overloaded_team']}")
    _print(connection, _team(truths["overloaded_team"]["since"]))
    print("\nEntry errors by type and certainty, as planted and as counted")
    for line in _errors(connection, truths["entry_errors_by_type"]):
        print(line)


def _line(
    connection: duckdb.DuckDBPyConnection,
    search: Search,
    truths: Mapping[str, Any],
    variables: Mapping[str, Any],
) -> str:
    planted = {entry[search.field] for entry in truths[search.truth]}
    named = {name for (name,) in connection.execute(search.query).fetchall()}
    found = planted & named
    settings = ", ".join(f"{name} {variables[name]}" for name in search.setting.split())
    line = (
        f"{search.truth:22}{search.rule:44}{len(planted):8}{len(found):7}{len(named):7}"
        f"{_share(len(found), len(planted)):>8}{_share(len(found), len(named)):>10}"
    )
    return f"{line}\n{'':22}({settings})" if settings else line


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _variables() -> Mapping[str, Any]:
    import yaml

    project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    variables: Mapping[str, Any] = project["vars"]["adv"]
    return variables


def _team(since: str) -> str:
    """How each team met the deadline for entering orders, and its load, before and since."""
    return f"""
        select
            team,
            case when month_start >= '{since}' then 'since' else 'before' end as period,
            sum(met_items) as met,
            sum(due_items) as due,
            round(sum(met_items) / sum(due_items), 3) as compliance,
            round(sum(waited_minutes) / sum(waited_items)) as mean_wait_minutes
        from kpi.deadline_compliance_monthly
        where task = 'enter'
        group by team, period
        order by team, period
    """


def _errors(
    connection: duckdb.DuckDBPyConnection, planted: Iterable[Mapping[str, Any]]
) -> Iterable[str]:
    counted = connection.execute(
        """
        unpivot (
            select
                error_type,
                sum(confirmed_errors) as confirmed,
                sum(probable_errors) as probable,
                sum(customer_changes) as customer_change
            from kpi.order_entry_errors_monthly
            where error_type <> 'all'
            group by error_type
        ) on confirmed, probable, customer_change into name certainty value errors
        """
    ).fetchall()
    expected = {(row["error_type"], row["certainty"]): row["errors"] for row in planted}
    found = {(kind, certainty): int(errors) for kind, certainty, errors in counted if errors}
    for key in sorted(expected.keys() | found.keys()):
        mark = "" if expected.get(key) == found.get(key) else "   <- differs"
        yield f"{key[0]:16}{key[1]:18}{expected.get(key, 0):6}{found.get(key, 0):6}{mark}"


def _print(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    answer = connection.execute(query)
    print("".join(f"{column[0]:>20}" for column in answer.description or ()))
    for row in answer.fetchall():
        print("".join(f"{value!s:>20}" for value in row))


if __name__ == "__main__":
    main()
