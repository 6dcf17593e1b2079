"""The marts equal what a second, independent computation from the source tables gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from ingestion.home import Home
from tests.command import adv
from tests.conftest import DEMO_SYSTEMS, Parse
from tests.oracle.check import checked
from tests.oracle.comparison import Difference
from tests.oracle.homes import as_of_date, restate
from tests.oracle.marts import REGISTRY
from tests.oracle.staffing_forecast import forecast_faults

SCALE = os.environ.get("ADV_ORACLE_SCALE", "0.03")
PUBLISHED = date(2026, 6, 30)
RESTATED = (date(2025, 12, 31), date(2024, 11, 15))
MAY_BE_EMPTY = {"customer_notices_due"}
"""Lists of what is wrong, which may be nothing in a small company."""


@dataclass
class Company:
    """A demo company after its night, with its marts of several dates."""

    home: Home
    marts: dict[date, Path]
    differences: dict[date, dict[str, Difference]] = field(default_factory=dict)

    def difference(self, mart: str, day: date) -> Difference:
        """What differs between a mart and its oracle; all marts of a date are compared at once."""
        if day not in self.differences:
            found = checked(self.home, day, self.marts[day], REGISTRY)
            self.differences[day] = {each.mart: each for each in found}
        return self.differences[day][mart]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Iterator[Company]:
    """A company of the scale asked for."""
    home = Home(tmp_path_factory.mktemp("oracle"))
    parse(home, DEMO_SYSTEMS)
    try:
        for arguments in (("demo", "create", "--scale", SCALE), ("run",)):
            _adv(home, *arguments)
        assert as_of_date(home) == PUBLISHED
        published = home.marts.resolve()
        restated = {day: restate(home, day, REGISTRY) for day in RESTATED}
        yield Company(home, {PUBLISHED: published} | restated)
    finally:
        _adv(home, "demo", "stop")


def _adv(home: Home, *arguments: str) -> None:
    result = adv(home, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("day", [PUBLISHED, *RESTATED], ids=str)
@pytest.mark.parametrize("mart", REGISTRY)
def test_the_mart_equals_its_oracle(company: Company, mart: str, day: date) -> None:
    difference = company.difference(mart, day)
    assert difference.rows > 0 or mart in MAY_BE_EMPTY
    assert difference.is_none, str(difference)


@pytest.mark.parametrize("day", [PUBLISHED, *RESTATED], ids=str)
def test_what_is_forecast_for_staffing_adds_up(company: Company, day: date) -> None:
    assert forecast_faults(company.marts[day]) == {}
