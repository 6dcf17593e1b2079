"""What is asked to be read again: which tables, which days, and what is no question."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.config import Sources
from ingestion.declarations import RECEIVABLES, system
from ingestion.errors import ConfigurationError
from ingestion.extract import check_names, check_only, sources_feeding
from ingestion.read_again import ReadAgain, read_again

RATES = system("odoo").table("res_currency_rate")
SOURCES = Sources.model_validate(
    {"sources": {"erp": {"system": "odoo", "transport": "sqlite", "path": "erp.sqlite"}}}
)


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        ((), True),
        (("erp",), True),
        (("erp.res_currency_rate",), True),
        (("erp.res_company",), False),
    ],
)
def test_a_table_is_named_by_itself_by_its_source_or_with_all(
    names: tuple[str, ...], asked: bool
) -> None:
    assert ReadAgain(names=names).asks_for("erp", RATES) is asked
    assert not ReadAgain(names=("crm",)).asks_for("erp", RATES)


def test_the_last_day_is_read_to_its_end_and_without_one_there_is_no_end() -> None:
    march = read_again(first_day="2026-03-01", last_day="2026-03-31")
    assert march.days == (date(2026, 3, 1), date(2026, 4, 1))
    for without_end in ({}, {"last_day": date.max}):
        open_range = read_again(first_day=date(2026, 3, 1), **without_end)
        assert open_range.days == (date(2026, 3, 1), date.max)
    assert read_again(names=["erp"]).days is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"last_day": "2026-03-31"}, "a last day needs a first one"),
        ({"first_day": "2026-03-31", "last_day": "2026-03-01"}, "2026-03-01 is before 2026-03-31"),
        ({"first_day": "March"}, "first_day: Input should be a valid date"),
        ({"since": "2026-03-01"}, "since: Extra inputs are not permitted"),
    ],
)
def test_what_is_no_range_is_refused_in_words(asked: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_again(**asked)


def test_a_source_that_alone_is_read_exists_and_is_that_of_what_is_read_again() -> None:
    check_only(SOURCES, ("erp",), ReadAgain(names=("erp.sale_order",)))
    check_only(SOURCES, (), ReadAgain(names=("erp",)))
    with pytest.raises(ConfigurationError, match="There is no source 'crm' to read; there is erp"):
        check_only(SOURCES, ("crm",), None)
    with pytest.raises(ConfigurationError, match=r"crm\.Account cannot be read again by"):
        check_only(SOURCES, ("erp",), ReadAgain(names=("crm.Account",)))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("crm", "There is no 'crm' to read again; there is erp."),
        ("erp.sale", "there is erp.res_company, "),
    ],
)
def test_a_name_that_is_unknown_is_told_with_those_that_are_known(name: str, told: str) -> None:
    check_names(SOURCES, ReadAgain(names=("erp", "erp.sale_order")))
    with pytest.raises(ConfigurationError) as raised:
        check_names(SOURCES, ReadAgain(names=(name,)))
    assert told in str(raised.value)


def test_receivables_are_fed_by_what_the_staging_of_each_system_ends_in() -> None:
    def files(system: str, **settings: object) -> dict[str, object]:
        return {"system": system, "transport": "files", "path": "exports", **settings}

    sources = {
        "erp": {"system": "odoo", "transport": "sqlite", "path": "erp.sqlite"},
        "crm": files("salesforce"),
        "accounting": {"system": "fec", "transport": "fec", "path": "fec"},
        "bank": files("contract", tables={"payments": "payments.csv"}),
        "claims": files("contract", tables={"claims": "claims.csv"}),
        "sheets": files("sheets"),
    }
    configured = Sources.model_validate({"sources": sources})
    # Sheets tell who has promised to pay.
    assert sources_feeding(configured, RECEIVABLES) == ("erp", "accounting", "bank", "sheets")
