"""Who may open the cockpit, from where, and whose rows each of them sees."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from pydantic import Field, field_validator, model_validator

from ingestion.config.settings import Settings

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
LOOPBACK = IPv4Address("127.0.0.1")


class Role(StrEnum):
    """What somebody does, which decides what he sees."""

    AGENT = "agent"
    """Sales administration: every customer, and nothing about single colleagues."""
    SALESPERSON = "salesperson"
    """The customers of his own portfolio, and nothing else."""
    MANAGER = "manager"
    """Everything that is published."""


class SignIn(Settings):
    """A proxy that asks who is there, and says so in a header."""

    header: str = "X-Forwarded-User"
    """Header in which the proxy names who signed in; it must not let one from outside through."""
    proxies: tuple[IPv4Address | IPv6Address, ...] = Field(default=(LOOPBACK,), min_length=1)
    """Addresses that the proxy's requests come from; the header of others is not believed."""

    @field_validator("header")
    @classmethod
    def _is_a_header(cls, value: str) -> str:
        if not HEADER.fullmatch(value):
            raise ValueError(f"{value!r} is no name of a header, such as X-Forwarded-User")
        return value


class Person(Settings):
    """Somebody who may sign in."""

    role: Role
    """agent, salesperson or manager."""
    salesperson: str | None = None
    """Key or displayed name in `core.dim_employee`, for a salesperson."""

    @model_validator(mode="after")
    def _has_a_portfolio(self) -> Person:
        if (self.role is Role.SALESPERSON) != (self.salesperson is not None):
            raise ValueError(
                "`salesperson` names whose customers a salesperson sees, and nobody else has it"
            )
        return self


class CockpitSettings(Settings):
    """The cockpit; without a sign-in it is for this machine alone, and shows everything."""

    address: IPv4Address | IPv6Address = LOOPBACK
    """Address it listens on; one beyond this machine needs `sign_in`."""
    hosts: tuple[str, ...] = ()
    """Names that browsers know it by, such as adv.example.com, besides those of this machine."""
    sign_in: SignIn | None = None
    """How it knows who is there."""
    people: dict[str, Person] = Field(default_factory=dict)
    """Who may sign in, by the name that the proxy gives."""

    @model_validator(mode="after")
    def _is_closed(self) -> CockpitSettings:
        if self.sign_in is None and not self.address.is_loopback:
            raise ValueError(
                f"`address` {self.address} is beyond this machine, where nobody is asked who he "
                "is: give `sign_in`, or leave `address` out"
            )
        if self.sign_in is None and self.people:
            raise ValueError("`people` are told apart by a sign-in: give `sign_in`")
        if self.sign_in and not self.people:
            raise ValueError("nobody may sign in: name `people`")
        return self
