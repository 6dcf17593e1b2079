"""All lists by name."""

from __future__ import annotations

from collections.abc import Mapping

from reports.definition import ListDefinition
from reports.lists.at_risk import AT_RISK
from reports.lists.claims import CLAIMS
from reports.lists.dunning import DUNNING
from reports.lists.order_status import ORDER_STATUS
from reports.lists.unpaid import UNPAID
from reports.lists.workload import WORKLOAD
from reports.request import ListName

LISTS: Mapping[ListName, ListDefinition] = {
    ListName(definition.name): definition
    for definition in (UNPAID, DUNNING, ORDER_STATUS, AT_RISK, CLAIMS, WORKLOAD)
}
