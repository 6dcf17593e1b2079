"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty installation."""
    return Home(tmp_path / "home")
