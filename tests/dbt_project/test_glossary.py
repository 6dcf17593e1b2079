"""What every table, column and KPI is called: complete, nothing too much. Needs no warehouse."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict

import pytest
import yaml

from ingestion.home import DBT_PROJECT

LANGUAGES = ("label_en", "label_fr", "label_it")


def seed(name: str) -> list[dict[str, str]]:
    path = DBT_PROJECT / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def published_tables() -> dict[str, list[str]]:
    """Columns of every table that BI tools see, as described beside the models."""
    tables: dict[str, list[str]] = {}
    for layer in ("core", "kpi", "meta"):
        for path in sorted((DBT_PROJECT / "models" / layer).rglob("*.yml")):
            described = yaml.safe_load(path.read_text(encoding="utf-8"))
            for model in described.get("models") or []:
                assert model["name"] not in tables, f"{model['name']} is described twice"
                tables[model["name"]] = [column["name"] for column in model.get("columns") or []]
    return tables


def kpi_sources() -> list[tuple[str, str]]:
    """KPI and mart of every entry of the macro."""
    text = (DBT_PROJECT / "macros" / "dictionary.sql").read_text(encoding="utf-8")
    _, _, body = text.partition("macro kpi_sources()")
    body, _, _ = body.partition("endmacro")
    found = re.findall(r"'kpi':\s*'(\w+)',\s*'mart':\s*'(\w+)'", body)
    assert len(found) == body.count("'kpi':")
    return found


@pytest.fixture(scope="module")
def tables() -> dict[str, list[str]]:
    return published_tables()


@pytest.fixture(scope="module")
def labels() -> list[dict[str, str]]:
    return seed("glossary_labels")


def test_every_model_of_a_published_layer_is_described_with_its_columns(
    tables: dict[str, list[str]],
) -> None:
    models = {
        path.stem
        for layer in ("core", "kpi", "meta")
        for kind in ("*.sql", "*.py")
        for path in (DBT_PROJECT / "models" / layer).rglob(kind)
    }
    assert models == {table for table, columns in tables.items() if columns}


def test_every_table_and_column_is_labelled(
    tables: dict[str, list[str]], labels: list[dict[str, str]]
) -> None:
    needed = set(tables).union(*tables.values())
    assert needed - {row["term"] for row in labels} == set()


def test_no_label_is_left_over(tables: dict[str, list[str]], labels: list[dict[str, str]]) -> None:
    used = set(tables).union(*tables.values())
    assert {row["term"] for row in labels} - used == set()


def test_a_term_is_labelled_once_and_in_order(labels: list[dict[str, str]]) -> None:
    terms = [row["term"] for row in labels]
    assert [term for term, times in Counter(terms).items() if times > 1] == []
    assert terms == sorted(terms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_filled_and_trimmed(labels: list[dict[str, str]], language: str) -> None:
    poor = [
        row["term"] for row in labels if not row[language] or row[language].strip() != row[language]
    ]
    assert poor == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_columns_of_a_table_are_called_the_same(
    tables: dict[str, list[str]], labels: list[dict[str, str]], language: str
) -> None:
    """In a BI tool that shows labels, nobody could tell them apart."""
    called = {row["term"]: row[language] for row in labels}
    alike = []
    for table, columns in tables.items():
        by_label = defaultdict(list)
        for column in columns:
            by_label[called.get(column, column)].append(column)
        alike += [(table, same) for same in by_label.values() if len(same) > 1]
    assert alike == []


def test_every_kpi_has_a_source_and_an_entry_in_the_catalogue(tables: dict[str, list[str]]) -> None:
    catalogue = [(row["kpi"], row["mart"]) for row in seed("kpi_catalogue")]
    sources = kpi_sources()
    assert sorted(catalogue) == sorted(sources)
    assert len({kpi for kpi, _ in sources}) == len(sources)
    assert {mart for _, mart in sources} <= set(tables)


@pytest.mark.parametrize("language", ["en", "fr", "it"])
def test_every_kpi_is_named_and_defined(language: str) -> None:
    rows = seed("kpi_catalogue")
    poor = [
        row["kpi"]
        for row in rows
        if not row[f"label_{language}"].strip() or not row[f"definition_{language}"].strip()
    ]
    assert poor == []
