"""Where real data lies for tests that want it, and what happens where it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA = Path(os.environ.get("ADV_TEST_DATA", BESIDE))


def real_data(*parts: str) -> Path:
    """A file or folder of real data; the test is skipped, or fails, where there is none."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        told = f"no real data at {path}"
        if os.environ.get("ADV_REQUIRE_SERVICES"):
            pytest.fail(told)
        pytest.skip(told)
    return path
