"""The demo company's nights: the marts find what was planted, and tell what was posted late."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.engine import connect, quoted_text
from ingestion.home import Home
from orchestration.dbt_runner import MARTS_FILE
from orchestration.pages import question_of_each_kpi
from tests.command import adv
from tests.conftest import DEMO_SYSTEMS, Parse
from tests.orchestration.conftest import ask
from tests.orchestration.figures import (
    Figures,
    added,
    figures,
    late,
    restated_from_postings,
)
from tests.orchestration.metrics import RATIOS, SUMS, in_the_marts

FIRST_DAY = date(2026, 5, 31)
"""A month end, of which the demo company posts invoices on 1 and 5 June."""


@dataclass(frozen=True)
class Nights:
    """An installation after some nights."""

    home: Home
    published: dict[date, Figures]
    """The figures of each day, read on the day they were published."""


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[Nights]:
    """Three nights after the turn of a month."""
    home = Home(tmp_path_factory.mktemp("late"))
    parse(home, DEMO_SYSTEMS)
    published: dict[date, Figures] = {}
    for arguments in (
        ("demo", "create", "--scale", "0.05", "--until", str(FIRST_DAY)),
        ("demo", "advance", "--days", "1"),
        ("demo", "advance", "--days", "5"),
    ):
        for command in (arguments, ("run",)):
            result = adv(home, *command)
            assert result.returncode == 0, result.stdout + result.stderr
        ((day,),) = ask(home, "select max(as_of_date) from meta.publications")
        assert isinstance(day, date)
        published[day] = figures(home, day)
    yield Nights(home, published)
    adv(home, "demo", "stop")


def planted(home: Home) -> dict[str, Any]:
    truths: dict[str, Any] = json.loads((home.demo / "truths.json").read_text(encoding="utf-8"))
    return truths


def test_the_ledger_lacks_the_planted_entries_and_nothing_else(nights: Nights) -> None:
    missing = planted(nights.home)["missing_ledger_entries"]
    assert missing
    found = ask(
        nights.home,
        "select document_reference, abs(difference)::decimal(18, 2)::varchar, difference_kind "
        "from meta.receivables_differences",
    )
    assert set(found) == {(m["entry"], m["amount"], "missing_in_ledger") for m in missing}
    invoices = {(m["entry"],) for m in missing if m["kind"] == "invoice"}
    assert (
        set(ask(nights.home, "select document_reference from meta.invoicing_differences"))
        == invoices
    )


def test_every_other_balance_ties_to_the_cent_on_every_month_end(nights: Nights) -> None:
    untied = ask(
        nights.home,
        "select count(*), count(*) filter (where difference <> 0 and not exists ("
        "  select 1 from meta.receivables_differences as d"
        "  where d.company_id = r.company_id and d.customer_id = r.customer_id"
        ")) from meta.receivables_reconciliation as r",
    )
    ((balances, unexplained),) = untied
    assert balances > 500
    assert unexplained == 0


def test_days_later_only_what_changed_is_read(nights: Nights) -> None:
    ((read, held),) = ask(
        nights.home,
        "select sum(rows_extracted), sum(rows_current) from meta.loads "
        "where source_id = 'erp' and cursor_to is not null "
        "and load_id = (select max(load_id) from meta.loads)",
    )
    assert 0 < read < held / 10


def test_every_published_day_is_remembered(nights: Nights) -> None:
    days = ask(nights.home, "select as_of_date from meta.publications order by 1")
    assert [day for (day,) in days] == sorted(nights.published)
    assert min(nights.published) == FIRST_DAY


def test_what_was_published_plus_what_came_late_is_what_is_known_today(nights: Nights) -> None:
    for day, published in nights.published.items():
        expected = restated_from_postings(nights.home, day)
        assert added(published, late(nights.home, day)) == expected, day


def test_the_marts_restate_the_month_end_to_the_same_figures(nights: Nights) -> None:
    restated = added(figures(nights.home, FIRST_DAY), {})
    assert added(nights.published[FIRST_DAY], late(nights.home, FIRST_DAY)) == restated
    assert restated != nights.published[FIRST_DAY]


def test_invoices_dated_back_are_listed_and_no_others(nights: Nights) -> None:
    listed = ask(
        nights.home,
        "select distinct l.document_number, l.invoice_date, d.published_through "
        "from kpi.as_of_differences as d "
        "inner join core.fct_invoice_lines as l on l.invoice_line_id = d.entity_id "
        "where d.measure = 'invoiced_revenue' and d.change = 'posted' order by all",
    )
    posted_late = ask(
        nights.home,
        "select document_number, document_date, max(p.as_of_date) "
        "from core.fct_documents as d inner join meta.publications as p "
        "on p.as_of_date >= d.document_date and p.as_of_date < d.validated_date "
        "where d.is_issued and d.document_type in ('invoice', 'credit_note') "
        "group by all order by all",
    )
    assert len(listed) == 2
    assert listed == posted_late


def test_the_marts_of_an_earlier_day_are_rebuilt_as_they_were_published(nights: Nights) -> None:
    """The second of three nights: it has a publication before it, and one after it."""
    day = sorted(nights.published)[1]
    file = nights.home.root / "then.duckdb"
    result = adv(nights.home, "rebuild", "--as-of", str(day), "--into", str(file))
    assert result.returncode == 0, result.stdout + result.stderr

    ((run_id,),) = ask(
        nights.home, f"select run_id from meta.publications where as_of_date = date '{day}'"
    )
    published = nights.home.published / str(run_id) / MARTS_FILE
    tables, different = differences(published, file)
    assert tables > 90
    assert different == {}


def test_a_rebuild_for_a_day_without_a_run_says_so(nights: Nights, tmp_path: Path) -> None:
    early = str(FIRST_DAY - timedelta(days=1))
    result = adv(nights.home, "rebuild", "--as-of", early, "--into", str(tmp_path / "none.duckdb"))
    assert result.returncode == 2
    assert f"no load of a run for {early} or before" in result.stderr
    assert not (tmp_path / "none.duckdb").exists()


def differences(one: Path, other: Path) -> tuple[int, dict[str, tuple[int, int]]]:
    """Tables of core and kpi; rows that only the one or the other file has, by table."""
    connection = connect()
    for name, file in (("one", one), ("other", other)):
        connection.execute(f"attach {quoted_text(str(file))} as {name} (read_only)")
    tables = connection.execute(
        "select distinct table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in ('core', 'kpi')"
    ).fetchall()
    found = {}
    for (table,) in tables:
        row = connection.execute(
            f"""
            select
                (select count(*) from (from one.{table} except all from other.{table})),
                (select count(*) from (from other.{table} except all from one.{table}))
            """
        ).fetchone()
        if row and row != (0, 0):
            found[table] = row
    connection.close()
    return len(tables), found


@dataclass(frozen=True)
class Metrics:
    """What `adv metrics` answered: for each company and month, the value of every metric."""

    rows: list[dict[str, str]]

    def sums(self) -> set[tuple[str, str, str, Decimal]]:
        """Metric, company, month and value, where there is any."""
        return {
            (name, row["company"], row["metric_time__month"][:10], Decimal(row[name]))
            for row in self.rows
            for name in SUMS
            if row[name] and Decimal(row[name]) != 0
        }


@pytest.fixture(scope="module")
def metrics(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    """Every metric by company and month."""
    file = tmp_path_factory.mktemp("metrics") / "metrics.csv"
    names = ",".join((*SUMS, *RATIOS))
    question = ("--metrics", names, "--group-by", "company,metric_time__month")
    result = adv(nights.home, "metrics", "query", *question, "--csv", str(file))
    assert result.returncode == 0, result.stdout + result.stderr
    with file.open(encoding="utf-8", newline="") as lines:
        return Metrics(list(csv.DictReader(lines)))


def test_metrics_equal_the_marts(nights: Nights, metrics: Metrics) -> None:
    held = ask(
        nights.home,
        "select metric, company, month_start::varchar, value::decimal(18, 4)::varchar "
        f"from ({in_the_marts()})",
    )
    assert {name for name, *_ in held} == set(SUMS)
    assert metrics.sums() == {(*key, Decimal(value)) for *key, value in held}


@pytest.mark.parametrize("name", RATIOS)
def test_a_ratio_is_that_of_its_parts(metrics: Metrics, name: str) -> None:
    numerator, denominator = RATIOS[name]
    judged = [row for row in metrics.rows if Decimal(row[denominator] or 0) != 0]
    assert judged
    for row in judged:
        expected = Decimal(row[numerator] or 0) / Decimal(row[denominator])
        assert float(row[name] or 0) == pytest.approx(float(expected))


@pytest.mark.parametrize(("kpi", "question"), question_of_each_kpi().items())
def test_what_the_pages_say_to_ask_gives_the_kpi(nights: Nights, kpi: str, question: str) -> None:
    held = (
        "select company_id, date_day, kpi_value from kpi.kpi_daily "
        f"where kpi = {quoted_text(kpi)} and dimension = 'all'"
    )
    differing = (
        f"with asked (company_id, date_day, kpi_value) as ({question}), held as ({held}) "
        "select * from held full join asked using (company_id, date_day) where "
        "asked.kpi_value is distinct from held.kpi_value "
        "and coalesce(abs(asked.kpi_value - held.kpi_value) > 0.000001, true)"
    )
    assert ask(nights.home, differing) == []
