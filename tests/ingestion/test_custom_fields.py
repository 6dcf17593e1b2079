"""Columns of a house's own, carried to the dimensions by configuration alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingestion.config import FileSource, Source
from ingestion.declarations import system
from ingestion.engine import connect
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from ingestion.landing import Batch
from ingestion.ledger import Position
from tests.ingestion.batches import LOAD
from tests.ingestion.postgres_server import Server

ACCOUNTS = """\
Id,Name,AccountNumber,ParentId,Type,Industry,BillingCountryCode,BillingPostalCode,BillingCity,\
OwnerId,CreatedDate,SystemModstamp,Region__c,Tier__c
1,Durand,,,,,FR,,,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,Nord & Co,gold
2,Rossi,,,,,IT,,,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,silver
3,Smith,,,,,GB,,,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,
"""


@pytest.fixture
def only_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ingestion.extract.tables_of", lambda _: (system("salesforce").table("account"),)
    )


def exports(folder: Path, *fields: str) -> FileSource:
    (folder / "Account.csv").write_text(ACCOUNTS, encoding="utf-8")
    settings = {"system": "salesforce", "transport": "files", "path": folder}
    return FileSource.model_validate({**settings, "custom_fields": {"account": fields}})


def landed(
    home: Home,
    source: Source,
    load_id: int = LOAD,
    positions: Mapping[tuple[str, str], Position] | None = None,
) -> Batch:
    (batch,) = land(LandingRequest(home, "crm", source, load_id, "run", positions or {}))
    return batch


def carried(batch: Batch) -> dict[object, object]:
    """The custom fields of each row, by its key."""
    with connect() as connection:
        (key,) = batch.table.key
        found = connection.execute(
            f"select {key}, custom_fields from read_parquet(?)", [str(batch.rows)]
        ).fetchall()
    return {identifier: text and json.loads(text) for identifier, text in found}


@pytest.mark.usefixtures("only_accounts")
def test_fields_land_as_one_object_without_those_that_are_empty(home: Home, tmp_path: Path) -> None:
    batch = landed(home, exports(tmp_path, "Region__c", "Tier__c"))
    assert carried(batch) == {
        "1": {"Region__c": "Nord & Co", "Tier__c": "gold"},
        "2": {"Tier__c": "silver"},
        "3": None,
    }


@pytest.mark.usefixtures("only_accounts")
def test_without_any_the_column_is_empty_and_nothing_is_missing(home: Home, tmp_path: Path) -> None:
    batch = landed(home, exports(tmp_path))
    assert set(carried(batch).values()) == {None}
    assert "custom_fields" not in batch.manifest.missing_columns


@pytest.mark.usefixtures("only_accounts")
def test_a_field_that_the_source_lacks_refuses_the_table_by_name(
    home: Home, tmp_path: Path
) -> None:
    batch = landed(home, exports(tmp_path, "Regoin__c"))
    assert any("Regoin__c is missing" in p.message for p in batch.manifest.problems)


def test_another_choice_of_fields_reads_the_table_whole_again(
    home: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = system("odoo").table("product_template")
    monkeypatch.setattr("ingestion.extract.tables_of", lambda _: (templates,))
    declared = ", ".join(
        f"{c.name} {c.data_type.replace('string', 'text')}"
        for c in templates.columns
        if c.name != "custom_fields"
    )
    server.execute(
        "drop table if exists product_template",
        f"create table product_template ({declared}, x_colour text)",
        "insert into product_template (id, write_date, x_colour) values "
        "(1, '2020-01-01', 'red'), (2, '2026-01-01', 'blue')",
    )
    plain = landed(home, server.source())
    assert carried(plain) == {1: None, 2: None}
    position = Position(LOAD, plain.manifest.cursor_to, plain.manifest.schema_hash, rows=2)
    colourful = server.source(custom_fields={"product_template": ["x_colour"]})
    again = landed(home, colourful, LOAD + 1, {("crm", "product_template"): position})
    assert carried(again) == {1: {"x_colour": "red"}, 2: {"x_colour": "blue"}}


@pytest.mark.parametrize(
    ("custom", "told"),
    [
        ({"case": ["x"]}, "case takes none; account takes them"),
        ({"account": ["Name"]}, "account.Name is read already"),
        ({"account": ["x", "X"]}, "account.X is read already"),
        ({"account": ["_row"]}, "account._row is no name of a column"),
    ],
)
def test_a_field_that_cannot_be_carried_is_a_fault_of_the_configuration(
    tmp_path: Path, custom: dict[str, list[str]], told: str
) -> None:
    settings = {"system": "salesforce", "transport": "files", "path": tmp_path}
    with pytest.raises(ValidationError, match=told):
        FileSource.model_validate({**settings, "custom_fields": custom})
