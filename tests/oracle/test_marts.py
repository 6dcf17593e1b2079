"""The marts equal what a second, independent computation from the source tables gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from ingestion.home import Home
from tests.oracle.check import checked
from tests.oracle.comparison import Difference
from tests.oracle.findings import FINDINGS
from tests.oracle.homes import as_of_date, restate
from tests.oracle.marts import REGISTRY
from tests.orchestration.conftest import adv

SCALE = os.environ.get("ADV_ORACLE_SCALE", "0.03")
PUBLISHED = date(2026, 6, 30)
RESTATED = (date(2025, 12, 31), date(2024, 11, 15))


@dataclass
class Company:
    """A demo company after its night, with its marts of several dates."""

    home: Home
    marts: dict[date, Path]
    differences: dict[date, dict[str, Difference]] = field(default_factory=dict)

    def difference(self, mart: str, day: date) -> Difference:
        """What differs between a mart and its oracle; all marts of a date are compared at once."""
        if day not in self.differences:
            found = checked(self.home, day, self.marts[day], REGISTRY, FINDINGS)
            self.differences[day] = {each.mart: each for each in found}
        return self.differences[day][mart]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company of the scale asked for."""
    home = Home(tmp_path_factory.mktemp("oracle"))
    for arguments in (("demo", "create", "--scale", SCALE), ("run",)):
        result = adv(home, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
    assert as_of_date(home) == PUBLISHED
    published = home.marts.resolve()
    yield Company(home, {PUBLISHED: published} | {day: restate(home, day) for day in RESTATED})
    adv(home, "demo", "stop")


@pytest.mark.parametrize("day", [PUBLISHED, *RESTATED], ids=str)
@pytest.mark.parametrize("mart", REGISTRY)
def test_the_mart_equals_its_oracle(company: Company, mart: str, day: date) -> None:
    difference = company.difference(mart, day)
    assert difference.rows > 0
    assert difference.is_none, f"see findings.py if a model was mended\n{difference}"
