"""Whose rows a list holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.errors import ConfigurationError
from reports.letters.writing import write_letters
from reports.request import ListName, ListRequest
from reports.writing import read_list
from tests.reports.written import written


@pytest.mark.parametrize(
    ("request_", "rows"),
    [
        (ListRequest(ListName.UNPAID, customer="c1"), 3),
        (ListRequest(ListName.UNPAID, customer="C2"), 1),
        (ListRequest(ListName.UNPAID, customer="завод «прогресс»"), 1),
        (ListRequest(ListName.UNPAID, company="rossi srl"), 1),
        (ListRequest(ListName.UNPAID, customer="c1", company="FR"), 2),
        (ListRequest(ListName.UNPAID, agent="agent 7f3a"), 1),
        (ListRequest(ListName.UNPAID, agent="s1"), 6),
        (ListRequest(ListName.UNPAID, agent="Sales 4d1c"), 1),
        (ListRequest(ListName.DUNNING, agent="s1"), 11),
        (ListRequest(ListName.CLAIMS, agent="a1"), 1),
        (ListRequest(ListName.WORKLOAD, agent="a1"), 1),
    ],
)
def test_a_list_is_narrowed_by_key_number_or_name(
    request_: ListRequest, rows: int, marts: Path
) -> None:
    assert read_list(marts, request_).lines == rows


def test_an_item_without_salesperson_is_that_of_its_customer(marts: Path, tmp_path: Path) -> None:
    # The document of C5 knows no salesperson, nor does that of the reminder to C4.
    written(marts, ListRequest(ListName.UNPAID, agent="s2"), tmp_path / "l.csv")
    assert "Sales 4d1c" in (tmp_path / "l.csv").read_text(encoding="utf-8-sig")
    of_day = write_letters(marts, ListRequest(ListName.DUNNING, agent="s1"), tmp_path)
    stems = [letter.path.stem for letter in of_day.written]
    assert "FR-C4-2" in stems


@pytest.mark.parametrize(
    ("request_", "near"),
    [
        (ListRequest(ListName.UNPAID, customer="Societe Generale d'Equipement"), "Société"),
        (ListRequest(ListName.UNPAID, agent="Agent 7f3b"), "Agent 7f3a"),
        (ListRequest(ListName.UNPAID, company="Dupond"), "Dupont SA"),
    ],
)
def test_nobody_of_that_name_is_answered_with_near_ones(
    request_: ListRequest, near: str, marts: Path
) -> None:
    with pytest.raises(ConfigurationError, match=f"know nobody.*Near: {near}"):
        read_list(marts, request_)


def test_workload_has_no_customers(marts: Path) -> None:
    with pytest.raises(ConfigurationError, match="no customers"):
        read_list(marts, ListRequest(ListName.WORKLOAD, customer="c1"))
