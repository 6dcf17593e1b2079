"""What is added up, and what is not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from reports import numbers
from reports.request import Language, ListName, ListRequest
from reports.writing import read_list


def test_a_line_without_an_amount_has_no_currency_of_its_own(marts: Path) -> None:
    (table,) = read_list(marts, ListRequest(ListName.DUNNING, company="FR")).tables
    (indemnity,) = (column for column in table.columns if column.name == "indemnity_amount")
    assert (indemnity.total, indemnity.total_currency) == (Decimal(160), "EUR")


def test_amounts_in_two_currencies_have_no_total(marts: Path) -> None:
    (table,) = read_list(marts, ListRequest(ListName.DUNNING)).tables
    (indemnity,) = (column for column in table.columns if column.name == "indemnity_amount")
    assert indemnity.total is None


def test_indemnities_are_broken_down_by_their_own_currency(marts: Path) -> None:
    (table,) = read_list(marts, ListRequest(ListName.DUNNING, company="IT")).tables
    (by_step,) = table.breakdowns
    indemnities = {key[-1]: totals[-1] for key, _, totals in by_step.lines}
    assert indemnities == {"EUR": Decimal(160), "GBP": Decimal(40)}


@pytest.mark.parametrize(
    ("language", "remark"),
    [
        (Language.FRENCH, "diffère du total exact, 70,035, de 0,005."),
        (Language.ITALIAN, "differisce dal totale esatto, 70,035, di 0,005."),
        (Language.ENGLISH, "differs from the exact total, 70.035, by 0.005."),
    ],
)
def test_what_rounding_makes_of_a_total_is_told_in_the_language(
    language: Language, remark: str, marts: Path
) -> None:
    (told,) = read_list(marts, ListRequest(ListName.ORDER_STATUS, language)).remarks
    assert told.endswith(remark)


def test_all_decimals_of_an_amount_are_written_as_the_language_has_them() -> None:
    amount = Decimal("-1234567.8951")
    assert numbers.exact(amount, Language.ITALIAN) == "-1.234.567,8951"
    assert numbers.exact(amount, Language.ENGLISH) == "-1,234,567.8951"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.FRENCH, "1 juil. 2026, 02:05"),
        (Language.ITALIAN, "1 lug 2026, 02:05"),
        (Language.ENGLISH, "1 Jul 2026, 02:05"),
    ],
)
def test_an_instant_is_told_to_the_minute(language: Language, said: str) -> None:
    assert numbers.instant(datetime.fromisoformat("2026-07-01T02:05:59"), language) == said
