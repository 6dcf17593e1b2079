"""A module per page: what it shows, as data. A page that is missing here is in no menu."""

from __future__ import annotations

from dashboards.cockpit.blocks import Page
from dashboards.cockpit.pages.customer import CUSTOMER
from dashboards.cockpit.pages.orders import ORDERS
from dashboards.cockpit.pages.receivables import RECEIVABLES
from dashboards.cockpit.pages.today import TODAY

PAGES: dict[str, Page] = {page.name: page for page in (TODAY, ORDERS, RECEIVABLES, CUSTOMER)}
"""All pages by name, in the order of the menu."""
