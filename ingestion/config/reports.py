"""Which lists and digests are delivered after each publication: to whom, where, how."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ingestion.config.settings import REFERENCE, Settings, secret
from ingestion.errors import ConfigurationError
from reports.request import Audience, Language, ListName

ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def _is_an_address(value: str) -> str:
    if not (REFERENCE.match(value) or ADDRESS.fullmatch(value)):
        raise ValueError(
            "is neither an address such as ar@example.com nor a reference to an environment "
            "variable that holds some, ${NAME_OF_THE_VARIABLE}"
        )
    return value


Recipient = Annotated[str, AfterValidator(_is_an_address)]
"""An address, or `${NAME}` of an environment variable that holds some, separated by commas."""


class ListDelivery(Settings):
    """A list that is written anew after each publication."""

    list: ListName
    """unpaid, dunning, order-status, at-risk, claims or workload."""
    language: Language = Language.ENGLISH
    """fr, it or en."""
    format: Literal["xlsx", "pdf", "csv"] = "xlsx"
    """xlsx, pdf or csv."""
    folder: Path | None = None
    """Where it is dropped, named by list, as-of date and language; the folder must exist."""
    mail: tuple[Recipient, ...] = ()
    """Who gets it by mail."""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> ListDelivery:
        if self.folder is None and not self.mail:
            raise ValueError("goes nowhere: give `folder`, `mail` or both")
        return self

    @property
    def name(self) -> str:
        """What it is called where names are plain identifiers."""
        return f"{self.list.value}_{self.language.value}_{self.format}".replace("-", "_")


class DigestDelivery(Settings):
    """A short mail to an audience after each publication: the figures that matter to it."""

    audience: Audience
    """sales, logistics or finance."""
    language: Language = Language.ENGLISH
    """fr, it or en."""
    mail: tuple[Recipient, ...] = Field(min_length=1)
    """Who gets it."""

    @property
    def name(self) -> str:
        """What it is called where names are plain identifiers."""
        return f"digest_{self.audience.value}_{self.language.value}"


class ReportSettings(Settings):
    """All that is delivered after a publication."""

    lists: tuple[ListDelivery, ...] = ()
    digests: tuple[DigestDelivery, ...] = ()

    @field_validator("lists", "digests")
    @classmethod
    def _are_told_apart(
        cls, value: tuple[ListDelivery | DigestDelivery, ...]
    ) -> tuple[ListDelivery | DigestDelivery, ...]:
        names = [delivery.name for delivery in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} comes twice: one entry takes all its recipients")
        return value

    @property
    def deliveries(self) -> tuple[ListDelivery | DigestDelivery, ...]:
        """Lists, then digests."""
        return (*self.lists, *self.digests)

    def relative_to(self, folder: Path) -> ReportSettings:
        """The same, with paths found from the folder on."""
        lists = tuple(
            delivery.model_copy(update={"folder": (folder / delivery.folder).resolve()})
            if delivery.folder
            else delivery
            for delivery in self.lists
        )
        return self.model_copy(update={"lists": lists})


def addresses(recipients: Iterable[Recipient]) -> tuple[str, ...]:
    """The addresses themselves, each once; those of variables from the environment.

    Raises:
        ConfigurationError: a variable is not set, or holds something else.

    """
    found: dict[str, None] = {}
    for recipient in recipients:
        is_reference = REFERENCE.match(recipient)
        for address in secret(recipient).split(",") if is_reference else (recipient,):
            if not ADDRESS.fullmatch(address.strip()):
                # Without its value, which may be no address but a secret.
                raise ConfigurationError(f"{recipient} holds what is no mail address.")
            found[address.strip()] = None
    return tuple(found)
