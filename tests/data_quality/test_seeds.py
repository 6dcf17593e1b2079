"""Codes that an override of a mapping seed adds, also while the override is faulty."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.suites.seeds import mapped_codes
from ingestion.errors import ConfigurationError
from ingestion.home import Home


@pytest.fixture
def override(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the installation's own channel map lies."""
    monkeypatch.setenv("ADV_HOME", str(home.root))
    path = home.sources_file.with_name("channel_map.csv")
    path.parent.mkdir(parents=True)
    return path


def codes() -> frozenset[str]:
    return mapped_codes("channel_map", "source_channel", system="odoo")


def test_codes_of_an_override_are_known(override: Path) -> None:
    override.write_text("system,source_channel,channel\nodoo,le fax,email\n")
    assert {"le fax", "edi"} <= codes()


def test_an_override_without_the_column_adds_nothing(override: Path) -> None:
    override.write_text("system,chanel\nodoo,le fax\nodoo\n")
    assert "edi" in codes()


def test_an_override_in_another_encoding_is_named(override: Path) -> None:
    override.write_text("system,source_channel,channel\nodoo,télécopie,email\n", encoding="cp1252")
    with pytest.raises(ConfigurationError, match=r"channel_map\.csv: not UTF-8"):
        codes()
