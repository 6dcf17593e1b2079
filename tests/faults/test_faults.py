"""A few of the faults; `make faults` tries all of them, as often as wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.campaign import campaign, faults
from tests.faults.company import Company


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    company = Company(tmp_path_factory.mktemp("faults"))
    company.found()
    yield company


@pytest.mark.parametrize(
    "fault",
    [
        "killed: some tables landed",
        "killed: inside it, the ledger written",
        "killed: dbt builds",
        "killed: after the rename",
        "the warehouse overwritten at its head",
    ],
)
def test_the_next_run_makes_it_good(company: Company, fault: str) -> None:
    (tally,) = campaign(company, {fault: faults()[fault]}, times=1)
    assert tally.is_clean, tally
