"""What every setting has in common: its model, durations, and secrets that are only referred to."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from ingestion.errors import ConfigurationError

REFERENCE = re.compile(r"^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Settings(BaseModel):
    """Settings that nothing changes, and that know no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def duration(text: object) -> timedelta:
    """A duration such as 26h, 90m or 2d.

    Raises:
        ValueError: it is none.

    """
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", str(text))
    if not match:
        raise ValueError(f"{str(text)!r} is no duration such as 26h, 90m or 2d.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _is_a_reference(value: str) -> str:
    if not REFERENCE.match(value):
        raise ValueError(
            "a password is never written here: put it into an environment variable "
            "and refer to it as ${NAME_OF_THE_VARIABLE}"
        )
    return value


SecretReference = Annotated[str, AfterValidator(_is_a_reference)]
"""`${NAME_OF_ENVIRONMENT_VARIABLE}`, which holds the secret."""


def secret(reference: SecretReference) -> str:
    """The secret itself, from the environment.

    Raises:
        ConfigurationError: the variable is not set.

    """
    match = REFERENCE.match(reference)
    assert match  # the validator saw to it
    try:
        return os.environ[match[1]]
    except KeyError:
        raise ConfigurationError(
            f"The environment variable {match[1]}, which sources.yaml refers to, is not set."
        ) from None
