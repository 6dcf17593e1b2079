"""How many cases a fuzz test draws: few beside the other tests, many for `make fuzz`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

CASES = "ADV_FUZZ_CASES"


def fuzzed(cases: int) -> settings:
    """Settings of a fuzz test that draws so many cases unless the environment wants more."""
    return settings(
        max_examples=int(os.environ.get(CASES) or cases),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


fuzz = pytest.mark.fuzz
