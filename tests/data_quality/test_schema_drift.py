"""What becomes of a load when the source changes its shape; docs/operations.md says it in words.

Each case is the second night of a table of 200 rates, or of one of the other tables here, after
somebody has changed something at the source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from unittest.mock import patch

import pytest

from data_quality.results import Verdict
from data_quality.validator import Validator
from ingestion.config import Limits
from ingestion.declarations import Table, system
from ingestion.engine import connect
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import decide, new_load_id
from ingestion.ledger import merge, positions
from tests.ingestion.batches import a_run
from tests.ingestion.postgres_server import Server

LOAD = new_load_id()
RATES, JOURNALS, COMPANIES = (
    system("odoo").table(name) for name in ("res_currency_rate", "account_journal", "res_company")
)
TABLES = {
    RATES: "id int primary key, name date, rate numeric(18, 8), currency_id int, company_id int, "
    "write_date timestamp",
    JOURNALS: "id int primary key, code text, name text, type text, company_id int, "
    "write_date timestamp",
    COMPANIES: "id int primary key, name text, partner_id int, currency_id int, "
    "fiscalyear_last_month text, create_date timestamp, write_date timestamp",
}
NOW = "write_date = now() at time zone 'UTC'"


@pytest.fixture
def source(server: Server) -> Server:
    """A database before anything has changed."""
    server.execute("drop table if exists currency_rates")  # what a test renamed
    for table, columns in TABLES.items():
        server.execute(
            f"drop table if exists {table.name}", f"create table {table.name} ({columns})"
        )
    long_ago = "timestamp '2020-01-01' + i * interval '1 day'"
    server.execute(
        "insert into res_currency_rate "
        f"select i, date '2020-01-01' + i, 1.5, 1, 1, {long_ago} from generate_series(1, 200) as i",
        "insert into account_journal "
        f"select i, 'J' || i, 'Sales', 'sale', 1, {long_ago} from generate_series(1, 40) as i",
        "insert into res_company (id, name, currency_id, write_date) "
        "values (1, 'Main', 1, '2020-01-01')",
    )
    return server


@dataclass
class Nights:
    """Lands and judges one table as a run does."""

    home: Home
    source: Server
    validator: Validator
    load: int = LOAD

    def night(self, table: Table) -> Verdict:
        """The verdict on the table, merged when it was let through."""
        known = positions(self.home)
        before = known.get(("erp", table.name))
        request = LandingRequest(
            self.home, "erp", self.source.source(), self.load, f"run-{self.load}", known
        )
        self.load += 1
        with patch("ingestion.extract.tables_of", lambda _: (table,)):
            (batch,) = land(request)
        verdict = self.validator.validate(batch, before.rows if before else None, Limits())
        decided = decide(self.home, batch, accepted=verdict.accepted, checks=verdict.checks)
        if verdict.accepted:
            merge(self.home, a_run(batch.manifest.load_id), [decided], lambda *_: [])
        return replace(verdict, batch=decided)

    def changed(self, table: Table, change: str) -> Verdict:
        """The verdict on the second night, after a change at the source."""
        assert self.night(table).accepted
        self.source.execute(*change.split("; "))
        return self.night(table)

    def raw(self, table: Table, selected: str = "*") -> list[tuple[object, ...]]:
        """Current rows."""
        with connect(self.home.warehouse, read_only=True) as connection:
            return connection.execute(
                f"select {selected} from raw.{table.raw_name} where _to_load is null order by all"
            ).fetchall()


@pytest.fixture
def nights(home: Home, source: Server, validator: Validator) -> Nights:
    return Nights(home, source, validator)


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        (RATES, "alter table res_currency_rate drop column rate", "unreadable"),
        (RATES, "alter table res_currency_rate rename column rate to unit_rate", "unreadable"),
        (RATES, "alter table res_currency_rate rename to currency_rates", "unreadable"),
        (
            RATES,
            "alter table res_currency_rate alter column rate type text using 'one and a half'; "
            f"update res_currency_rate set {NOW}",
            "unreadable",
        ),
        (
            RATES,
            "alter table res_currency_rate alter column rate type numeric; "
            f"update res_currency_rate set rate = 12345678901.5, {NOW} where id = 1",
            "unreadable",
        ),
        (RATES, "delete from res_currency_rate", "row_count_emptied"),
        (RATES, "delete from res_currency_rate where id > 90", "row_count_shrank"),
        (
            RATES,
            "insert into res_currency_rate select i, date '2021-01-01' + i, 1.5, 1, 1, "
            "now() at time zone 'UTC' from generate_series(201, 2300) as i",
            "row_count_grew",
        ),
        (
            RATES,
            "alter table res_currency_rate drop constraint res_currency_rate_pkey; "
            "insert into res_currency_rate select * from res_currency_rate; "
            f"update res_currency_rate set {NOW}",
            "key_unique",
        ),
    ],
    ids=[
        "dropped column",
        "renamed column",
        "renamed table",
        "retyped to text that is no number",
        "widened decimal with a value that is too large",
        "emptied",
        "shrunk below half",
        "grown more than tenfold",
        "doubled, key and all",
    ],
)
def test_is_refused_and_raw_stays_as_it_was(
    nights: Nights, table: Table, change: str, code: str
) -> None:
    verdict = nights.changed(table, change)
    assert code in {result.code for result in verdict.results if result.refuses}
    assert verdict.batch.folder.is_relative_to(nights.home.quarantine)
    assert {row[-3] for row in nights.raw(table)} == {LOAD}
    assert nights.raw(table, "count(*)") == [(200,)]


@pytest.mark.parametrize(
    ("table", "change", "selected", "found"),
    [
        (
            RATES,
            "alter table res_currency_rate add column inverse numeric default 2",
            "count(*), min(rate)",
            [(200, Decimal("1.5"))],
        ),
        (
            RATES,
            "alter table res_currency_rate alter column rate type double precision; "
            f"update res_currency_rate set rate = 1.25, {NOW} where id = 7",
            "max(rate) filter (id = 7)",
            [(Decimal("1.25"),)],
        ),
        (
            RATES,
            "alter table res_currency_rate alter column rate type text; "
            f"update res_currency_rate set rate = '2.75', {NOW} where id = 7",
            "max(rate) filter (id = 7)",
            [(Decimal("2.75"),)],
        ),
        (
            RATES,
            "alter table res_currency_rate alter column rate type numeric(24, 12); "
            f"update res_currency_rate set rate = 1.123456785, {NOW} where id = 7",
            "max(rate) filter (id = 7)",
            [(Decimal("1.12345679"),)],
        ),
        (
            RATES,
            "alter table res_currency_rate alter column id type bigint; "
            f"update res_currency_rate set id = 9000000000, {NOW} where id = 7",
            "max(id), count(*)",
            [(9_000_000_000, 200)],
        ),
        (
            COMPANIES,
            "insert into res_company (id, name, currency_id, write_date) "
            "values (2, 'New', 1, '2020-01-02')",
            "id, name",
            [(1, "Main"), (2, "New")],
        ),
        (
            COMPANIES,
            "alter table res_company drop column fiscalyear_last_month",
            "fiscalyear_last_month",
            [(None,)],
        ),
        (
            RATES,
            "insert into res_currency_rate select i, date '2021-01-01' + i, 1.5, 1, 1, "
            "now() at time zone 'UTC' from generate_series(201, 400) as i",
            "count(*)",
            [(400,)],
        ),
    ],
    ids=[
        "added column",
        "retyped to floating point",
        "retyped to text that holds numbers",
        "widened decimal, rounded to what is declared",
        "widened key",
        "new company",
        "dropped optional column",
        "doubled by new rows",
    ],
)
def test_is_accepted_and_carried(
    nights: Nights,
    table: Table,
    change: str,
    selected: str,
    found: list[tuple[object, ...]],
) -> None:
    assert nights.changed(table, change).accepted
    assert nights.raw(table, selected) == found


def test_a_code_that_nobody_knows_is_let_in_and_told(nights: Nights) -> None:
    verdict = nights.changed(
        JOURNALS, f"update account_journal set type = 'credit_note', {NOW} where id = 1"
    )
    assert verdict.accepted
    (told,) = [result for result in verdict.results if result.code == "type_known"]
    assert (told.severity, told.rows_failed) == ("warning", 1)
    assert nights.raw(JOURNALS, "count(*) filter (type = 'credit_note')") == [(1,)]
