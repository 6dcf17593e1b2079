"""A wrong declaration is named before anything is read by it."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.declarations import declared_table, systems
from ingestion.errors import ConfigurationError

SHIPPERS: dict[str, Any] = {
    "name": "shippers",
    "identifier": "northwind__shippers",
    "description": "Carriers.",
    "config": {"meta": {"key": ["shipper_id"]}},
    "columns": [{"name": "shipper_id", "data_type": "bigint"}],
}


def test_every_system_of_the_project_is_declared_well() -> None:
    assert systems()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"config": {"meta": {}}}, "key is missing"),
        ({"config": {"meta": {"key": ["shiper_id"]}}}, "'shiper_id'.*is no declared column"),
        ({"config": {"meta": {"key": ["shipper_id"], "cursr": "x"}}}, "does not know cursr"),
        ({"identifier": "shippers"}, "identifier must be northwind__shippers"),
        ({"columns": [{"name": "shipper_id", "data_type": "varchar"}]}, "type 'varchar'"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_table(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"northwind: table shippers: .*{told}"):
        declared_table("northwind", {**SHIPPERS, **change})
