"""What is added up, and what is not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from reports.lists.registry import LISTS
from reports.marts import open_marts
from reports.prepared import PreparedList, prepare
from reports.request import ListName, ListRequest


def prepared(marts: Path, request: ListRequest) -> PreparedList:
    with open_marts(marts) as connection:
        return prepare(connection, LISTS[request.name], request)


def test_a_line_without_an_amount_has_no_currency_of_its_own(marts: Path) -> None:
    (table,) = prepared(marts, ListRequest(ListName.DUNNING, company="FR")).tables
    (indemnity,) = (column for column in table.columns if column.name == "indemnity_amount")
    assert (indemnity.total, indemnity.total_currency) == (Decimal(160), "EUR")


def test_amounts_in_two_currencies_have_no_total(marts: Path) -> None:
    (table,) = prepared(marts, ListRequest(ListName.DUNNING)).tables
    (indemnity,) = (column for column in table.columns if column.name == "indemnity_amount")
    assert indemnity.total is None


def test_indemnities_are_broken_down_by_their_own_currency(marts: Path) -> None:
    (table,) = prepared(marts, ListRequest(ListName.DUNNING, company="IT")).tables
    (by_step,) = table.breakdowns
    indemnities = {key[-1]: totals[-1] for key, _, totals in by_step.lines}
    assert indemnities == {"EUR": Decimal(160), "GBP": Decimal(40)}
