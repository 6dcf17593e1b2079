"""The inventory of personal data, written from what the declarations mark: `docs/privacy.md`.

    python -m orchestration.privacy docs/privacy.md

A column is marked where it is declared (`config.meta.personal`); `make docs` writes the page again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingestion.declarations import PERSONAL, systems

WHY: Mapping[str, str] = {
    "name": "customers are named in every list of the team; employees only behind a pseudonym",
    "address": "groups customers by place",
    "number": "tells customers apart, and links those of several systems",
    "login": "links the users of several systems; reaches the marts as a pseudonym",
    "agent": "links work to who did it; reaches the marts as a pseudonym",
    "absence": "tells paid leave from sickness in the capacity of a team; by pseudonym",
    "text": "finds references and reasons that the system has no field for",
}
"""What each kind of personal data is kept for."""

PUBLISHED: Mapping[str, tuple[str, ...]] = {
    "customers.name": ("dim_customer", "dim_customer_history", "marts of customers"),
    "customers.postal_code": ("dim_customer",),
    "customers.city": ("dim_customer",),
    "customers.vat_number": ("dim_customer",),
    "customers.registration_number": ("dim_customer",),
    "customers.custom_fields": ("dim_customer",),
    "products.custom_fields": ("dim_product",),
    "absences.reason": ("fct_absences",),
    "documents.customer_reference": ("fct_documents", "order_tracking"),
    "document_events.from_value": ("fct_document_events",),
    "document_events.to_value": ("fct_document_events",),
    "einvoice_events.reason": ("fct_einvoice_events",),
    "ledger_entries.description": ("fct_ledger_entries",),
    "survey_responses.comment": ("fct_survey_responses",),
}
"""Personal columns of the contract that reach the marts as they are, and where they are then."""

INTRODUCTION = """\
# Personal data

Written by `make docs` from the declarations; do not edit.

Of personal data, the columns below are read and no others: mail addresses, telephone numbers,
streets and bank accounts of customers and contacts are declared nowhere, so they never leave the
source. What is read lies in the landing zone and in `raw`, both readable by the owner of the
installation only, as long as docs/operations.md says; where a person is erased, too.

Odoo and Tryton keep customers, their contacts and their addresses in one table: the names of all of
them are read. One that a document names, or that buys, is an account of its own: in Odoo a contact
person of a company by the name of the company, a person who buys for himself by his own.

Employees are pseudonyms in the marts: `core.dim_employee.display_name` is a digest keyed by
`ADV_HOME/config/pseudonym.key`, the installation's own secret, without which nobody can recompute
it from a list of logins. `ADV_SHOW_EMPLOYEE_NAMES=true` publishes names, where that is agreed upon.

Lists and digests (`adv report`, `reports` in `sources.yaml`) name customers and what they owe.
Copies in folders and mailboxes are out of reach of `adv erase` and of every retention here: who
gets them, and for how long, is yours to say.
"""


def page() -> str:
    """The page as a whole."""
    return "\n".join([INTRODUCTION, *_published(), *_kinds(), *_columns()]) + "\n"


def _published() -> Iterator[str]:
    yield "## What reaches the marts"
    yield ""
    yield "Of the contract, in which every system ends; all other personal data stays in `raw`."
    yield ""
    yield from ("| column of the contract | in the marts |", "|---|---|")
    for column, places in PUBLISHED.items():
        yield f"| `{column}` | {', '.join(places)} |"
    yield ""


def _kinds() -> Iterator[str]:
    yield "## Kinds, and why they are kept"
    yield ""
    yield from ("| kind | what it is | why it is kept |", "|---|---|---|")
    for kind, meaning in PERSONAL.items():
        yield f"| {kind} | {meaning} | {WHY[kind]} |"
    yield ""


def _columns() -> Iterator[str]:
    yield "## Columns"
    yield ""
    yield from ("| system | table | columns |", "|---|---|---|")
    for name, system in sorted(systems().items()):
        for table in system.tables:
            marked = [f"`{c.name}` ({c.personal})" for c in table.columns if c.personal]
            if marked:
                yield f"| {name} | `{table.name}` | {', '.join(marked)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(page(), encoding="utf-8")
