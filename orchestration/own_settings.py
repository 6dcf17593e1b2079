"""A person's own sections of Dagster's settings: `ADV_HOME/config/dagster.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ingestion.errors import ConfigurationError
from ingestion.home import Home


def own_settings(home: Home) -> dict[str, Any]:
    """The sections that take the place of the product's; none where there is no file.

    Raises:
        ConfigurationError: the file cannot be read, or holds no sections.

    """
    if not home.dagster_settings.exists():
        return {}
    try:
        own = yaml.safe_load(home.dagster_settings.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{home.dagster_settings}: {error}") from None
    if not isinstance(own or {}, dict):
        raise ConfigurationError(f"{home.dagster_settings}: holds no sections such as `storage:`")
    return own or {}


def storage_in_postgres(home: Home) -> Mapping[str, Any] | None:
    """How the PostgreSQL is reached that holds Dagster's storage; None where that is SQLite.

    Raises:
        ConfigurationError: as `own_settings`.

    """
    storage = own_settings(home).get("storage")
    return storage.get("postgres") if isinstance(storage, dict) else None


def wrong(home: Home, said: str) -> ConfigurationError:
    """What Dagster says of a setting, without its stack and the list of all settings there are."""
    brief = said.partition("Stack Trace:")[0].partition(" Expected:")[0].strip()
    return ConfigurationError(f"{home.dagster_settings}: {brief}")


def unusable(home: Home, error: Exception) -> ConfigurationError:
    """Whatever the chosen storage raises, whose text may quote its address and so a password."""
    return ConfigurationError(
        f"{home.dagster_settings}: the storage cannot be used ({type(error).__name__}); is its "
        "address right, and can it be reached?"
    )
