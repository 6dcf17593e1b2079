"""What every test of an API needs: the secrets, and no patience."""

from __future__ import annotations

import pytest

from tests.ingestion.rest_server import REFRESH_TOKEN, SECRET


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_SECRET", SECRET)
    monkeypatch.setenv("SALESFORCE_REFRESH_TOKEN", REFRESH_TOKEN)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked again is asked at once."""
    monkeypatch.setattr("ingestion.transports.rest.http.FIRST_WAIT", 0.001)
