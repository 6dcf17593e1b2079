"""The suites fit the declarations: every rule of every table can be asked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from data_quality.rules import BATCH, QueryRule
from data_quality.suites import rules_for, suite
from data_quality.suites.contract import CONDITIONS as CONTRACT_CONDITIONS
from data_quality.suites.contract import WORDS
from data_quality.suites.odoo import CODES
from data_quality.suites.odoo import CONDITIONS as ODOO_CONDITIONS
from data_quality.suites.salesforce import CONDITIONS as SALESFORCE_CONDITIONS
from data_quality.suites.sheets import CONDITIONS as SHEETS_CONDITIONS
from data_quality.suites.suitecrm import CONDITIONS as SUITECRM_CONDITIONS
from data_quality.suites.tryton import CODES as TRYTON_CODES
from data_quality.suites.tryton import CONDITIONS as TRYTON_CONDITIONS
from data_quality.validator import tally_query
from ingestion.config import Limits
from ingestion.declarations import Table, systems
from ingestion.engine import connect
from ingestion.landing import Batch, Manifest
from tests.data_quality.landed import LOAD, manifest_of, write

TABLES = [table for system in systems().values() for table in system.tables]


def empty_manifest(table: Table, totals: dict[str, str]) -> Manifest:
    return manifest_of(
        table,
        load_id=LOAD,
        source_id="erp",
        rows=0,
        source_rows=0,
        rejected_rows=0,
        totals=totals,
    )


def nothing(table: Table) -> str:
    columns = ", ".join(f'cast(null as {c.data_type}) as "{c.name}"' for c in table.columns)
    return f"(select {columns} where false)"


def test_every_rule_of_every_table_can_be_asked(tmp_path: Path) -> None:
    with connect() as connection:
        for table in TABLES:
            rows = nothing(table)
            write(connection, rows, tmp_path / "keys.parquet")
            totals = {c.name: "0" for c in table.columns if c.data_type.startswith("decimal")}
            batch = Batch(tmp_path, empty_manifest(table, totals))
            rules = rules_for(batch, 0, Limits())

            answers = connection.execute(tally_query(rules).replace(BATCH, rows)).fetchall()

            assert [code for code, n in Counter(rule.code for rule in rules).items() if n > 1] == []
            assert {answer[0] for answer in answers} == {rule.code for rule in rules}
            for rule in rules:
                if isinstance(rule, QueryRule):
                    broken = rule.broken.replace(BATCH, rows)
                    assert connection.execute(f"select example, n from ({broken})").fetchall() == []


@pytest.mark.parametrize("system", sorted(systems()))
def test_references_name_declared_columns(system: str) -> None:
    for reference in suite(system).REFERENCES:
        declared = systems()[system]
        assert declared.table(reference.table).column(reference.column)
        assert declared.table(reference.to_table).column(reference.to_column)


@pytest.mark.parametrize(
    ("system", "written"),
    [
        ("odoo", [*ODOO_CONDITIONS, *(table for table, _ in CODES)]),
        ("salesforce", SALESFORCE_CONDITIONS),
        ("sheets", SHEETS_CONDITIONS),
        ("suitecrm", SUITECRM_CONDITIONS),
        ("tryton", [*TRYTON_CONDITIONS, *(table for table, _ in TRYTON_CODES)]),
        ("contract", [*CONTRACT_CONDITIONS, *(table for table, _ in WORDS)]),
    ],
)
def test_rules_are_written_for_declared_tables(system: str, written: list[str]) -> None:
    assert {table for table in written if systems()[system].table(table)} == set(written)


def test_the_contracts_words_are_those_its_descriptions_give() -> None:
    import yaml

    from ingestion.declarations import CONTRACT

    models = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    described = {
        (model["name"].removeprefix("int_"), column["name"]): column["description"]
        for model in models
        for column in model["columns"]
    }
    for place, words in WORDS.items():
        description = described[place]
        if " or " in description.split(":")[0] and "see the" not in description:
            missing = [w for w in words.split() if w != "unknown" and w not in description]
            assert missing == [], place
