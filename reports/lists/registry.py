"""All lists by name."""

from __future__ import annotations

from collections.abc import Mapping

from reports.definition import ListDefinition
from reports.lists.unpaid import UNPAID
from reports.request import ListName

LISTS: Mapping[ListName, ListDefinition] = {definition.name: definition for definition in (UNPAID,)}
