"""What can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ListName(StrEnum):
    """The lists, by the name that the command line knows them by."""

    UNPAID = "unpaid"
    DUNNING = "dunning"
    ORDER_STATUS = "order-status"
    AT_RISK = "at-risk"
    CLAIMS = "claims"
    WORKLOAD = "workload"


class Audience(StrEnum):
    """Whom a digest is for."""

    FINANCE = "finance"
    SALES = "sales"
    LOGISTICS = "logistics"


class Language(StrEnum):
    """The languages that labels and phrases exist in."""

    FRENCH = "fr"
    ITALIAN = "it"
    ENGLISH = "en"


@dataclass(frozen=True)
class ListRequest:
    """One list, and whose rows of it."""

    name: ListName
    language: Language = Language.ENGLISH
    as_of: date | None = None
    """Day that it speaks of; the day of the publication when not given."""
    customer: str | None = None
    """Key, number or name of a customer; everybody's rows when not given."""
    agent: str | None = None
    """Key or displayed name of an agent or salesperson."""
    company: str | None = None
    """Key, number or name of a company."""
