"""The demo company: the same for a seed, alive in time, and right to the cent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.declarations import system
from ingestion.demo_company import DemoCompany, advance, create, existing, remove, server
from ingestion.demo_company.life import Plan, opened, tell
from ingestion.engine import connect, quoted_text
from ingestion.errors import ConfigurationError

SCALE = 0.02
EARLIER, BETWEEN, LATER = date(2025, 9, 12), date(2025, 10, 24), date(2026, 6, 10)
"""A payment bounces after the first day, a quote known on the second is deleted after it."""
FEC_ENCODING = {"2023": "iso8859-15", "2024": "iso8859-15"}


def silent(_: str) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCompany]:
    """A company created at once until the later day, in a folder with a space."""
    demo = tmp_path_factory.mktemp("created at once") / "demo"
    yield create(demo, scale=SCALE, until=LATER, progress=silent)
    remove(demo)


@dataclass
class MovedOn:
    """A company that lived on, and what was said of each move."""

    company: DemoCompany
    moves: list[str]


@pytest.fixture(scope="module")
def moved_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovedOn]:
    """The same company, created earlier and moved on in two steps."""
    demo = tmp_path_factory.mktemp("moved on") / "demo"
    create(demo, scale=SCALE, until=EARLIER, progress=silent)
    moves = []
    for since, until in ((EARLIER, BETWEEN), (BETWEEN, LATER)):
        said: list[str] = []
        moved = advance(demo, (until - since).days, said.append)
        moves.append(said[-1])
    yield MovedOn(moved, moves)
    remove(demo)


def rows(company: DemoCompany, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query that the company's PostgreSQL answers."""
    with connect(extensions=["postgres_scanner"]) as connection:
        connection.execute(
            f"attach {quoted_text(server.running(company.demo))} as erp (type postgres, read_only)"
        )
        return connection.execute(f"from postgres_query('erp', {quoted_text(query)})").fetchall()


def tables(company: DemoCompany) -> set[str]:
    """Names of the tables that the company's Odoo has."""
    found = rows(company, "select tablename::text from pg_tables where schemaname = 'public'")
    return {name for (name,) in found}


def contents(company: DemoCompany) -> dict[str, str]:
    """A digest of all rows of each table."""
    digests = " union all ".join(
        f"select '{table}'::text as name, md5(string_agg(t::text, '' order by t::text)) as digest"
        f" from {table} as t"
        for table in sorted(tables(company))
    )
    return dict(rows(company, digests))


def fec_lines(company: DemoCompany) -> list[dict[str, str]]:
    """All lines of the French company's accounting files."""
    lines: list[dict[str, str]] = []
    for file in sorted((company.demo / "fec").glob("*.txt")):
        encoding = FEC_ENCODING.get(file.stem[12:16], "utf-8")
        with file.open(encoding=encoding, newline="") as text:
            lines += csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
    return lines


def truths(company: DemoCompany) -> dict[str, Any]:
    """What was planted."""
    loaded: dict[str, Any] = json.loads((company.demo / "truths.json").read_text(encoding="utf-8"))
    return loaded


def test_moving_on_gives_the_rows_of_a_company_created_at_the_later_day(
    company: DemoCompany, moved_on: MovedOn
) -> None:
    assert contents(moved_on.company) == contents(company)


def test_moving_on_gives_the_files_of_a_company_created_at_the_later_day(
    company: DemoCompany, moved_on: MovedOn
) -> None:
    for folder in ("contract", "fec", "salesforce", "sheets"):
        for file in sorted((company.demo / folder).glob("*.[ct][sx][vt]")):
            other = moved_on.company.demo / folder / file.name
            assert other.read_bytes() == file.read_bytes(), file.name
    assert truths(moved_on.company) == truths(company)


def test_moving_on_adds_changes_and_deletes_rows(moved_on: MovedOn) -> None:
    for move in moved_on.moves:
        added, changed, deleted = (int(part.split()[0]) for part in move.split("; "))
        assert added > changed > deleted > 0


def test_another_seed_gives_another_life(tmp_path: Path) -> None:
    lines = []
    for seed in (1, 2):
        with opened(tmp_path / f"{seed}.duckdb") as connection:
            tell(connection, Plan(SCALE, seed, date(2024, 1, 31)), silent)
            lines.append(connection.execute("select * from life.line order by all").fetchall())
    assert lines[0] != lines[1]


def test_creating_what_is_there_does_nothing_and_says_so(company: DemoCompany) -> None:
    said: list[str] = []
    before = (company.demo / "demo.json").stat().st_mtime_ns
    again = create(company.demo, scale=SCALE, progress=said.append)
    assert again == company == existing(company.demo)
    assert (company.demo / "demo.json").stat().st_mtime_ns == before
    assert "nothing to do" in said[0]


@pytest.mark.parametrize(("scale", "until"), [(0, LATER), (-1, LATER), (1, date(2023, 7, 2))])
def test_a_plan_that_makes_no_sense_is_refused(tmp_path: Path, scale: float, until: date) -> None:
    with pytest.raises(ConfigurationError):
        create(tmp_path / "demo", scale=scale, until=until, progress=silent)


def test_a_company_that_is_not_there_cannot_move_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="adv demo create"):
        advance(tmp_path / "demo", 1, silent)


def test_a_company_of_another_version_cannot_move_on(tmp_path: Path) -> None:
    state = {"scale": SCALE, "seed": 1, "until": "2026-06-10", "generator": "older"}
    (tmp_path / "demo.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="another version"):
        advance(tmp_path, 1, silent)


def test_a_company_only_lives_forward(company: DemoCompany) -> None:
    with pytest.raises(ConfigurationError, match="forward"):
        advance(company.demo, 0, silent)


def test_the_erp_has_every_table_and_column_that_must_be_there(company: DemoCompany) -> None:
    found = rows(
        company,
        "select table_name::text as t, column_name::text as c from information_schema.columns"
        " where table_schema = 'public'",
    )
    present = set(found)
    missing = [
        (table.name, column.name)
        for table in system("odoo").tables
        for column in table.columns
        if not (table.optional or column.optional) and (table.name, column.name) not in present
    ]
    assert missing == []


def test_every_posted_entry_balances(company: DemoCompany) -> None:
    assert (
        rows(
            company,
            "select move_id from account_move_line where parent_state = 'posted'"
            " group by move_id having sum(debit) <> sum(credit)",
        )
        == []
    )


def test_what_is_open_is_the_amount_less_its_matches(company: DemoCompany) -> None:
    assert (
        rows(
            company,
            """
        select line.id
        from account_move_line as line
        inner join account_account as account on line.account_id = account.id
        left join (
            select debit_move_id as id, sum(amount) as amount
            from account_partial_reconcile group by 1
        ) as debits on line.id = debits.id
        left join (
            select credit_move_id as id, sum(amount) as amount
            from account_partial_reconcile group by 1
        ) as credits on line.id = credits.id
        where account.account_type = 'asset_receivable'
            and line.amount_residual
            <> line.balance - coalesce(debits.amount, 0) + coalesce(credits.amount, 0)
        """,
        )
        == []
    )


def test_no_match_settles_more_than_there_is(company: DemoCompany) -> None:
    assert (
        rows(company, "select id from account_move_line where balance * amount_residual < 0") == []
    )


def test_the_instalments_of_an_invoice_are_what_its_customer_must_pay(company: DemoCompany) -> None:
    assert (
        rows(
            company,
            """
        select move.id
        from account_move as move
        inner join account_move_line as line on line.move_id = move.id
        where move.move_type = 'out_invoice' and line.display_type = 'payment_term'
        group by move.id, move.amount_total
        having sum(line.amount_currency) <> move.amount_total
        """,
        )
        == []
    )


def test_the_french_file_is_the_ledger_less_the_planted_entries(company: DemoCompany) -> None:
    planted = {entry["entry"] for entry in truths(company)["missing_ledger_entries"]}
    ledger = rows(
        company,
        """
        select move.name, account.code, sum(line.debit)::text as debit,
            sum(line.credit)::text as credit, count(*) as lines
        from account_move_line as line
        inner join account_move as move on line.move_id = move.id
        inner join account_account as account on line.account_id = account.id
        where line.parent_state = 'posted' and line.company_id = 1
        group by move.name, account.code
        """,
    )
    booked: dict[tuple[str, str], list[Any]] = {}
    for line in fec_lines(company):
        sums = booked.setdefault((line["EcritureNum"], line["CompteNum"]), [Decimal(0)] * 2 + [0])
        sums[0] += Decimal(line["Debit"].replace(",", "."))
        sums[1] += Decimal(line["Credit"].replace(",", "."))
        sums[2] += 1
    expected = {
        (name, code): [Decimal(debit), Decimal(credit), count]
        for name, code, debit, credit, count in ledger
        if name not in planted
    }
    assert booked == expected
    assert {name for name, *_ in ledger} >= planted
    assert len(planted) >= 4


def test_the_italian_ledger_balances_and_leaves_out_rejected_invoices(company: DemoCompany) -> None:
    with (company.demo / "contract" / "ledger_entries.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert sum(Decimal(line["debit"]) - Decimal(line["credit"]) for line in lines) == 0
    rejected = {invoice["invoice"] for invoice in truths(company)["rejected_einvoices"]}
    assert rejected.isdisjoint(line["entry_number"] for line in lines)


def test_every_planted_truth_is_told(company: DemoCompany) -> None:
    told = truths(company)
    assert all(
        told[name]
        for name in (
            *("leaving_customers", "slipping_customers", "punctual_customers", "public_customers"),
            *("insolvent_customers", "declining_ranges", "loss_leader", "overloaded_team"),
            *("missing_ledger_entries", "entry_errors_by_type"),
        )
    )


def test_a_punctual_customer_pays_on_the_day(company: DemoCompany) -> None:
    punctual = [customer["customer"] for customer in truths(company)["punctual_customers"]]
    late = rows(
        company,
        f"""
        select match.max_date - line.date_maturity as days
        from account_partial_reconcile as match
        inner join account_move_line as line on match.debit_move_id = line.id
        inner join account_move_line as payment on match.credit_move_id = payment.id
        inner join res_partner as partner on line.partner_id = partner.id
        where partner.ref = '{punctual[0]}' and payment.payment_id is not null
            and line.display_type = 'payment_term'
        """,
    )
    assert late
    assert {days for (days,) in late} == {0}


def test_the_server_is_found_again_and_can_be_stopped(company: DemoCompany) -> None:
    assert server.running(company.demo) == server.running(company.demo)
    server.stop(company.demo)
    assert not (server.postgres_directory(company.demo) / "postmaster.pid").exists()
    assert rows(company, "select count(*) from res_company") == [(2,)]
