"""A wrong declaration is named before anything is read by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ingestion.declarations import declared_table, systems
from ingestion.errors import ConfigurationError
from ingestion.landing import schema_hash

SHIPPERS: dict[str, Any] = {
    "name": "shippers",
    "identifier": "northwind__shippers",
    "description": "Carriers.",
    "config": {"meta": {"key": ["shipper_id"]}},
    "columns": [{"name": "shipper_id", "data_type": "bigint"}],
}


def marked(kind: str) -> dict[str, Any]:
    """What marks a column as holding data about a person."""
    return {"config": {"meta": {"personal": kind}}}


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
        (
            {"columns": [{**SHIPPERS["columns"][0], **marked("nome")}]},
            "personal: 'nome'; there are name, address",
        ),
        (
            {"columns": [{**SHIPPERS["columns"][0], **marked("name")}]},
            "only a string can be blanked",
        ),
    ],
)
def test_a_wrong_declaration_is_told_with_its_table(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"northwind: table shippers: .*{told}"):
        declared_table("northwind", {**SHIPPERS, **change})


def test_every_system_says_which_columns_hold_a_persons_name() -> None:
    named = {
        system.name
        for system in systems().values()
        for table in system.tables
        for column in table.columns
        if column.personal == "name"
    }
    # The team's sheets refer to colleagues by their logins, and to customers by their numbers.
    assert named == set(systems()) - {"sheets"}


def test_marking_a_column_does_not_let_its_table_be_read_whole_again() -> None:
    table = declared_table("northwind", SHIPPERS)
    columns = (replace(table.columns[0], personal="name"),)
    assert schema_hash(replace(table, columns=columns)) == schema_hash(table)
