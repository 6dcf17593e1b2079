"""A module per page: what it shows, as data. A page that is missing here is in no menu."""

from __future__ import annotations

from dashboards.cockpit.blocks import Page
from dashboards.cockpit.pages.claims import CLAIMS
from dashboards.cockpit.pages.customer import CUSTOMER
from dashboards.cockpit.pages.customers import CUSTOMERS
from dashboards.cockpit.pages.digital import DIGITAL
from dashboards.cockpit.pages.health import HEALTH
from dashboards.cockpit.pages.orders import ORDERS
from dashboards.cockpit.pages.products import PRODUCTS
from dashboards.cockpit.pages.receivables import RECEIVABLES
from dashboards.cockpit.pages.service import SERVICE
from dashboards.cockpit.pages.staffing import STAFFING
from dashboards.cockpit.pages.today import TODAY
from dashboards.cockpit.pages.workload import WORKLOAD

PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        *(TODAY, ORDERS, WORKLOAD, STAFFING, SERVICE, CUSTOMERS, CLAIMS, RECEIVABLES),
        *(PRODUCTS, DIGITAL, HEALTH, CUSTOMER),
    )
}
"""All pages by name, in the order of the menu."""
