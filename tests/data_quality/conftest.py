"""What the tests of the gates share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data_quality.validator import Validator


@pytest.fixture(scope="session")
def validator() -> Iterator[Validator]:
    """One for all tests: importing Great Expectations takes seconds."""
    with Validator() as shared:
        yield shared
