"""The suites fit the declarations: every rule of every table can be asked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from data_quality.rules import BATCH, Limits, QueryRule
from data_quality.suites import rules_for, suite
from data_quality.suites.contract import CONDITIONS as CONTRACT_CONDITIONS
from data_quality.suites.contract import WORDS
from data_quality.suites.odoo import CODES
from data_quality.suites.odoo import CONDITIONS as ODOO_CONDITIONS
from data_quality.suites.salesforce import CONDITIONS as SALESFORCE_CONDITIONS
from data_quality.suites.sheets import CONDITIONS as SHEETS_CONDITIONS
from data_quality.validator import tally_query
from ingestion.declarations import Table, systems
from ingestion.engine import connect
from tests.data_quality.landed import landed

TABLES = [table for system in systems().values() for table in system.tables]


def name_of(table: Table) -> str:
    return f"{table.system}.{table.name}"


def test_every_rule_of_every_table_can_be_asked(tmp_path: Path) -> None:
    with connect() as connection:
        for table in TABLES:
            key = table.key[0]
            nothing = f'select null as "{key}" where false'
            batch = landed(tmp_path / table.system, name_of(table), nothing)
            rules = rules_for(batch, 0, Limits())
            rows = f"(select * from read_parquet('{batch.folder / 'rows.parquet'}'))"

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
