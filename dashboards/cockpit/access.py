"""Who is there, and what his role shows: which blocks, whose rows, which columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from dashboards.cockpit.blocks import Block, Figures, Page, Table
from dashboards.cockpit.publication import Reading
from ingestion.config.cockpit import CockpitSettings, Role
from ingestion.engine import quoted_text

NOBODY = "somebody who has no customers"
"""A key that no salesperson has."""
PERSONAL = frozenset({"vat_number", "registration_number", "postal_code", "comment"})
"""Columns that name a person, or may, and that only who leads the team needs."""


class NotAllowedError(Exception):
    """Nobody knows who is there, or he has no access."""


@dataclass(frozen=True)
class Reader:
    """Somebody before the cockpit."""

    role: Role
    login: str | None = None
    salesperson: str | None = None

    def may_see(self, block: Block) -> bool:
        """Whether a block is for his role."""
        if self.role is Role.MANAGER:
            return True
        if isinstance(block, Figures):
            return self.role is Role.AGENT
        if self.role is Role.SALESPERSON:
            # What cannot be narrowed to his customers would tell of everybody's.
            return isinstance(block, Table) and block.definition.has_customers
        return not block.is_about_people

    def may_open(self, page: Page) -> bool:
        """Whether a page has anything for him."""
        return any(self.may_see(block) for block in page.blocks)

    def may_see_column(self, name: str) -> bool:
        """Whether a column is for his role."""
        return self.role is Role.MANAGER or name not in PERSONAL

    def condition(self, reading: Reading, columns: Collection[str]) -> str:
        """Of rows with these columns, those that he may see; what nobody can tell, he may not."""
        if self.role is not Role.SALESPERSON:
            return "true"
        if "customer_id" not in columns:
            return "false"
        keys = reading.remember(
            ("portfolio", self.salesperson), lambda: _keys_of(reading, self.salesperson or "")
        )
        named = ", ".join(quoted_text(key) for key in keys or (NOBODY,))
        return (
            "customer_id in (select customer_id from core.dim_customer "
            f"where salesperson_id in ({named}))"
        )


def _keys_of(reading: Reading, named: str) -> tuple[str, ...]:
    word = quoted_text(named)
    found = reading.connection.execute(
        "select employee_id from core.dim_employee "
        f"where employee_id <> 'unknown' and (employee_id = {word} or display_name = {word})"
    ).fetchall()
    return tuple(key for (key,) in found)


def reader_of(settings: CockpitSettings, headers: Mapping[str, str], address: str | None) -> Reader:
    """Who asks, by the header of the proxy; without a sign-in, who sits at this machine.

    Raises:
        NotAllowedError: the request came past the proxy, or from somebody who has no access.

    """
    if settings.sign_in is None:
        return Reader(Role.MANAGER)
    if not _is_proxy(settings, address):
        raise NotAllowedError
    login = headers.get(settings.sign_in.header, "").strip()
    person = settings.people.get(login)
    if person is None:
        raise NotAllowedError
    return Reader(person.role, login, person.salesperson)


def _is_proxy(settings: CockpitSettings, address: str | None) -> bool:
    assert settings.sign_in
    try:
        return ip_address(address or "") in settings.sign_in.proxies
    except ValueError:
        return False
