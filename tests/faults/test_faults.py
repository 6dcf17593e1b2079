"""A few of the faults; `make faults` tries all of them, as often as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Parse
from tests.faults.campaign import campaign, faults
from tests.faults.company import Company
from tests.faults.disk import full_disks
from tests.faults.readers import read_through_refreshes


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[Company]:
    company = Company(tmp_path_factory.mktemp("faults"))
    parse(company.home, {"contract"})
    company.found()
    yield company


@pytest.mark.parametrize(
    "fault",
    [
        next(iter(full_disks((0.5,)))),
        "killed: inside it, the ledger written",
        "killed: after the rename",
    ],
)
def test_the_next_run_makes_it_good(company: Company, fault: str) -> None:
    (tally,) = campaign(company, {fault: faults(company)[fault]}, times=1)
    assert tally.is_clean, tally


def test_readers_of_any_kind_see_one_refresh_at_a_time(tmp_path: Path) -> None:
    told = read_through_refreshes(tmp_path, readers=4, refreshes=3)
    assert told.troubles == []
    assert told.newest == {1, 2, 3, 4}
