"""A page per published table, and the index of all by schema."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingestion.home import DBT_PROJECT
from orchestration.pages import kpi_catalogue, readers_by_mart
from orchestration.published_columns import published_models
from orchestration.site import kpis
from orchestration.site.page import Page, facts, link, one_line, table

FOLDER = "tables"
SCHEMAS: Mapping[str, str] = {
    "kpi": "Marts: one question each, ready to show.",
    "core": "Facts and dimensions, which the marts are made of.",
    "meta": "What the pipeline knows about itself: runs, loads, checks, freshness.",
}
Parents = Mapping[str, Iterable[str]]


def pages(parents: Parents) -> Iterator[Page]:
    """All pages about tables, the index first.

    Args:
        parents: the models and seeds that each model reads, as dbt knows them.

    """
    models = sorted(published_models(), key=lambda found: (found[0], found[1]["name"]))
    schemas = {model["name"]: schema for schema, model in models}
    yield Page(f"{FOLDER}/index.md", "All tables", "", _index(models))
    about = _About(schemas, parents)
    for schema, model in models:
        text = "\n".join(about.page(model))
        yield Page(path(schema, model["name"]), model["name"], schema, text)


def path(schema: str, table: str) -> str:
    """Where the page of a table lies."""
    return f"{FOLDER}/{schema}/{table}.md"


def _index(models: list[tuple[str, dict[str, Any]]]) -> str:
    here = f"{FOLDER}/index.md"
    lines = [
        "# Published tables",
        "",
        "What BI tools and SQL see. Which columns stay, and how a change is announced, says "
        f"{link('the contract', 'bi/contract.md', here)}; which fact meets which dimension, "
        f"{link('the star schema', 'kpi/star-schema.md', here)}.",
        "",
    ]
    for schema, what in SCHEMAS.items():
        rows = (
            (link(f"`{model['name']}`", path(of, model["name"]), here), grain(model))
            for of, model in models
            if of == schema
        )
        lines += [f"## {schema}", "", what, "", *table(("table", "what it holds"), rows)]
    return "\n".join(lines)


def grain(model: Mapping[str, Any]) -> str:
    """The first sentence, which says what a row is."""
    first, stop, _ = one_line(model["description"]).partition(". ")
    return first + "." * bool(stop)


class _About:
    """What is said of each table, with links to the others."""

    def __init__(self, schemas: Mapping[str, str], parents: Parents) -> None:
        self._schemas, self._parents = schemas, parents
        self._labels, self._readers = _labels(), readers_by_mart()

    def page(self, model: Mapping[str, Any]) -> Iterator[str]:
        name = model["name"]
        yield from (f"# {self._schemas[name]}.{name}", "", one_line(model["description"]), "")
        yield from facts(self._facts(model))
        yield from ("## Columns", "")
        yield from table(
            ("column", "label", "type", "always filled", "what it is"), self._columns(model)
        )
        if rules := _rules(model):
            yield from self._tests(rules, path(self._schemas[name], name))

    def _facts(self, model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        name, key = model["name"], _rules(model).get("key", ())
        here = path(self._schemas[name], name)
        read = sorted(self._parents.get(name, ()))
        measured = [kpi for kpi in kpi_catalogue() if kpi["mart"] == name]
        links = [link(kpi["label_en"], kpis.path(kpi["kpi"]), here) for kpi in measured]
        if key:
            yield "Key", ", ".join(f"`{column}`" for column in key)
        if read:
            yield "Made of", ", ".join(self._table(parent, here) for parent in read)
        if links:
            yield "KPIs", ", ".join(links)
        if used := self._readers.get(name):
            yield "Used by", ", ".join(used)

    def _columns(self, model: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
        for column in model["columns"]:
            filled = any(rule["type"] == "not_null" for rule in column.get("constraints", ()))
            yield (
                f"`{column['name']}`",
                self._labels[column["name"]],
                column["data_type"],
                "yes" if filled else "",
                one_line(column["description"]),
            )

    def _tests(self, rules: Mapping[str, Any], here: str) -> Iterator[str]:
        yield from ("## What is checked", "", "By every run, before it publishes:", "")
        if key := rules.get("key"):
            yield f"- No two rows have the same {', '.join(f'`{column}`' for column in key)}."
        for column, target in rules.get("references", {}).items():
            yield f"- `{column}` is found in {self._table(target.partition('.')[0], here)}."
        for column, values in rules.get("accepted", {}).items():
            yield f"- `{column}` is one of {', '.join(f'`{value}`' for value in values)}."
        for said, condition in rules.get("rules", {}).items():
            yield f"- {said[0].upper()}{said[1:]}: `{one_line(condition)}`."
        yield ""

    def _table(self, name: str, of: str) -> str:
        schema = self._schemas.get(name)
        return link(f"`{schema}.{name}`", path(schema, name), of) if schema else f"`{name}`"


def _rules(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the test `obeys` is told about the table."""
    for test in model.get("data_tests", ()):
        if "obeys" in test:
            arguments: Mapping[str, Any] = test["obeys"]["arguments"]
            return arguments
    return {}


def _labels() -> dict[str, str]:
    """What each column is called, with its unit in brackets."""
    with (DBT_PROJECT / "seeds" / "glossary_labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["term"]: row["label_en"] for row in csv.DictReader(file)}
