"""The inventory of personal data says what the declarations mark."""

from __future__ import annotations

import re

from ingestion.declarations import PERSONAL, systems
from ingestion.home import PROJECT
from orchestration.privacy import PUBLISHED, WHY, page

PERSON = re.compile(r"(?i)(^|_)(e?mail|phone|mobile|fax|street|iban|birth\w*)($|_)")
ABOUT_MAIL = {
    "hubspot__owner.email",  # the login of a colleague, by which the ERP knows him too
    "odoo__mail_tracking_value.mail_message_id",  # which message told of a change
    "tryton__account_dunning_level.send_email",  # whether a reminder goes by mail
}


def test_the_page_kept_in_the_project_is_the_present_one() -> None:
    kept = (PROJECT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert kept == page(), "docs/privacy.md is stale: run `make docs`"


def test_every_kind_says_why_it_is_kept() -> None:
    assert WHY.keys() == PERSONAL.keys()


def test_what_is_said_to_be_published_is_a_personal_column_of_the_contract() -> None:
    marked = {
        f"{table.name}.{column.name}"
        for table in systems()["contract"].tables
        for column in table.columns
        if column.personal
    }
    assert PUBLISHED.keys() <= marked


def test_contacts_mails_telephones_and_accounts_are_not_even_read() -> None:
    read = {
        f"{table.raw_name}.{column.name}": column.personal
        for system in systems().values()
        for table in system.tables
        for column in table.columns
        if PERSON.search(column.name)
    }
    assert read.keys() == ABOUT_MAIL
