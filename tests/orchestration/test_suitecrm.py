"""SuiteCRM beside an ERP: one night of both, and what the marts then say of the CRM's rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ingestion.home import Home
from tests.command import adv
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.suitecrm_database import create_suitecrm
from tests.orchestration.conftest import ask, install

CRM = """\
  crm:
    system: suitecrm
    transport: mariadb
    connection:
      host: {socket}
      database: suitecrm
      user: adv_reader
      password: ${{SUITECRM_PASSWORD}}
    custom_fields: {{accounts_cstm: [region_c]}}
"""
EMPLOYEES = """\
employee_id,employee_number,name,role,is_technical_user,valid_from
martin,anna,Anna Martin,adv_agent,false,2020-01-01
"""
LINKS = """\
entity_type,from_id,to_id,method,confidence,valid_from
company,ref/company/crm,ref/company/Acme,manual,1,2020-01-01
"""


@pytest.fixture(scope="module")
def night(mariadb: MariadbServer, tmp_path_factory: pytest.TempPathFactory) -> Home:
    create_suitecrm(mariadb)
    home = Home(tmp_path_factory.mktemp("suitecrm"))
    exports = install(home)
    (exports / "employees.csv").write_text(EMPLOYEES, encoding="utf-8")
    (exports / "entity_links.csv").write_text(LINKS, encoding="utf-8")
    with home.sources_file.open("a", encoding="utf-8") as file:
        file.write(CRM.format(socket=mariadb.socket))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUITECRM_PASSWORD", "...")
        result = adv(home, "run")
    assert result.returncode == 0, result.stdout + result.stderr
    return home


def test_quotes_are_the_companys_and_bear_its_currency_where_theirs_is_the_default(
    night: Home,
) -> None:
    query = """
        select document_number, company_id, sold_to_customer_id, salesperson_id, status,
            currency_code, amount_excl_tax, amount_incl_tax, company_amount_excl_tax, line_count,
            sent_date, closed_date
        from core.fct_documents where source_id = 'crm' order by 1
    """
    who = ("small/acme", "small/dupont", "small/martin")
    assert ask(night, query) == [
        ("7", *who, "waiting", "EUR", *amounts("52", "62.4", "52"), 3, date(2026, 2, 4), None),
        ("8", *who, "settled", "USD", *amounts("100", "100", "80"), 1, None, date(2026, 2, 10)),
    ]


def test_quotes_count_by_what_became_of_them(night: Home) -> None:
    query = """
        select month_start, currency_code, won_quotes, won_amount_excl_tax, pending_quotes,
            pending_amount_excl_tax
        from kpi.quote_conversion_monthly
    """
    assert ask(night, query) == [
        (date(2026, 2, 1), "EUR", 1, *amounts("80"), 1, *amounts("52")),
    ]


def test_cases_are_claims_of_the_erps_customers_and_colleagues(night: Home) -> None:
    query = """
        select claim_number, customer_id, claim_reason, status, priority, first_response_on,
            resolved_on
        from core.fct_claims where source_id = 'crm' and company_id = 'small/acme' order by 1
    """
    assert ask(night, query) == [
        ("41", "small/dupont", "price", "in_progress", "High", None, None),
        ("42", "small/dupont", "damaged", "closed", "Medium", date(2026, 2, 3), date(2026, 2, 5)),
        ("43", "crm/accounts/branch", "unknown", "closed", "Low", None, date(2026, 2, 9)),
    ]
    owners = "select claim_number from core.fct_claims where owner_id = 'small/martin' order by 1"
    assert ask(night, owners) == [("41",), ("42",)]


def test_what_was_done_for_a_customer_is_his_whatever_it_was_about(night: Home) -> None:
    query = """
        select interaction_type, direction, customer_id, employee_id, occurred_on, minutes
        from core.fct_interactions where source_id = 'crm' order by 1
    """
    who = ("small/dupont", "small/martin")
    assert ask(night, query) == [
        ("call", "inbound", *who, date(2026, 2, 2), *amounts("75")),
        ("meeting", None, *who, date(2026, 2, 3), *amounts("120")),
        ("task", None, *who, date(2026, 2, 9), None),
    ]


def test_an_account_without_a_number_stays_the_crms(night: Home) -> None:
    query = "select customer_id, name, customer_group_id from core.dim_customer order by 1"
    assert ask(night, query)[:2] == [
        ("crm/accounts/branch", "Dupont Nord", "small/dupont"),
        ("small/dupont", "Dupont SA", "small/dupont"),
    ]


def amounts(*written: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, written))
