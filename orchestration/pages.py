"""Pages for readers, written from what the project says of itself: `docs/kpi`.

    python -m orchestration.pages docs/kpi

One page per language tells what every KPI means (seed `kpi_catalogue`), how it is asked for (macro
`kpi_sources`) and which lists and dashboards read its mart (the exposures beside the marts);
`star-schema.md` and its picture show which fact meets which dimension (the references tested beside
the models).
Nothing here is typed twice: change them, and write the pages again with `make docs`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ingestion.home import DBT_PROJECT
from orchestration.star_picture import picture

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "What the numbers mean",
        "generated": "Written by `make docs` from the catalogue of KPIs; do not edit.",
        "formula": "Formula",
        "unit": "Unit",
        "better": "Better when",
        "mart": "Mart",
        "sql": "In SQL",
        "used": "Used by",
        "higher": "higher",
        "lower": "lower",
        "neutral": "neither higher nor lower",
    },
    "fr": {
        "title": "Ce que signifient les indicateurs",
        "generated": "Écrit par `make docs` d'après le catalogue ; ne pas modifier.",
        "formula": "Formule",
        "unit": "Unité",
        "better": "Meilleur quand",
        "mart": "Table",
        "sql": "En SQL",
        "used": "Utilisé par",
        "higher": "plus haut",
        "lower": "plus bas",
        "neutral": "ni plus haut ni plus bas",
    },
    "it": {
        "title": "Che cosa significano gli indicatori",
        "generated": "Scritto da `make docs` dal catalogo; non modificare.",
        "formula": "Formula",
        "unit": "Unità",
        "better": "Migliore quando",
        "mart": "Tabella",
        "sql": "In SQL",
        "used": "Usato da",
        "higher": "più alto",
        "lower": "più basso",
        "neutral": "né più alto né più basso",
    },
}
PROCESSES: Mapping[str, str] = {
    "_core__documents": "Documents and goods",
    "_core__receivables": "Receivables and cash",
    "_core__service": "Claims, contacts and work",
}
"""What the facts of each file of descriptions are about."""


@dataclass(frozen=True)
class Fact:
    """A fact table and the dimensions that it meets."""

    name: str
    process: str
    grain: str
    dimensions: frozenset[str]


def write_pages(folder: Path) -> list[Path]:
    """Write all pages into the folder, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{language}.md": catalogue_page(language) for language in WORDS}
    texts |= {"star-schema.md": star_schema_page(), "star-schema.svg": star_schema_picture()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def catalogue_page(language: str) -> str:
    """What every KPI means, in one language, by theme."""
    words = WORDS[language]
    readers, questions = readers_by_mart(), question_of_each_kpi()
    lines = [f"# {words['title']}", "", words["generated"]]
    for theme, members in groupby(kpi_catalogue(), key=lambda kpi: kpi["theme"]):
        lines += ["", f"## {theme.capitalize()}"]
        for kpi in members:
            lines += ["", f"### {kpi[f'label_{language}']} (`{kpi['kpi']}`)", ""]
            lines += [kpi[f"definition_{language}"], ""]
            lines += [
                f"- {words['formula']}: {kpi['formula']}",
                f"- {words['unit']}: {kpi['unit'].replace('_', ' ')}",
                f"- {words['better']}: {words[kpi['better']]}",
                f"- {words['mart']}: `kpi.{kpi['mart']}`",
                f"- {words['sql']}: `{questions[kpi['kpi']]}`",
            ]
            if used := readers.get(kpi["mart"]):
                lines.append(f"- {words['used']}: {', '.join(used)}")
    return "\n".join(lines) + "\n"


def kpi_catalogue() -> list[dict[str, str]]:
    """All KPIs, by theme."""
    with (DBT_PROJECT / "seeds" / "kpi_catalogue.csv").open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda kpi: (kpi["theme"], kpi["kpi"]))


def question_of_each_kpi() -> dict[str, str]:
    """How each KPI is asked of its mart."""
    return {source["kpi"]: _question(source) for source in kpi_sources()}


def kpi_sources() -> list[dict[str, Any]]:
    """Where each KPI is taken from, by the macro that `kpi_daily` is made of."""
    from jinja2 import Environment

    macros = DBT_PROJECT / "macros"
    files = (macros / "dictionary.sql", macros / "receivables.sql")
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    given: list[list[dict[str, Any]]] = []
    # What dbt adds to Jinja, as far as that macro uses it.
    dialect = {"return": given.append, "month_of": "date_trunc('month', {})".format}
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - no HTML
    environment.from_string(text + "{{ kpi_sources() }}", globals=dialect).render()
    return given[0]


def _question(source: Mapping[str, Any]) -> str:
    ratio = source["numerator"]
    if denominator := source.get("denominator"):
        # By 1.0, since some engines divide whole numbers into whole ones.
        ratio = f"1.0 * {ratio} / nullif({denominator}, 0)"
    condition = f" where {' '.join(source['where'].split())}" if "where" in source else ""
    value = source.get("value", ratio)
    by = f"company_id, {source['date']}"
    return f"select {by}, {value} from kpi.{source['mart']}{condition} group by {by}"


def readers_by_mart() -> dict[str, list[str]]:
    """Lists and dashboards by the table that they read."""
    import yaml

    path = DBT_PROJECT / "models" / "kpi" / "_exposures.yml"
    readers: dict[str, list[str]] = {}
    for exposure in yaml.safe_load(path.read_text(encoding="utf-8"))["exposures"]:
        for reference in exposure["depends_on"]:
            readers.setdefault(_referred(reference), []).append(exposure["label"])
    return readers


def _referred(reference: str) -> str:
    """Model of a `ref('model')`."""
    return reference.partition("'")[2].partition("'")[0]


def star_schema_page() -> str:
    """The picture of the star schema, and the bus matrix: which fact meets which dimension."""
    found = list(facts())
    dimensions = sorted({dimension for fact in found for dimension in fact.dimensions})
    lines = ["# Star schema", "", WORDS["en"]["generated"].replace("catalogue of KPIs", "models")]
    lines += ["", "![Facts by process, and the dimensions that they meet](star-schema.svg)"]
    lines += ["", "## Bus matrix"]
    for process, members in groupby(found, key=lambda fact: fact.process):
        lines += ["", f"### {process}", "", f"| fact | {' | '.join(dimensions)} | one row per |"]
        lines += ["|---|" + ":-:|" * len(dimensions) + "---|"]
        for fact in members:
            marks = ["●" if name in fact.dimensions else "" for name in dimensions]
            lines += [f"| `{fact.name}` | {' | '.join(marks)} | {fact.grain} |"]
    return "\n".join(lines) + "\n"


def facts() -> Iterator[Fact]:
    """The facts of the core, by process, with the dimensions that their tests refer to."""
    import yaml

    for file, process in PROCESSES.items():
        path = DBT_PROJECT / "models" / "core" / f"{file}.yml"
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            if model["name"].startswith("fct_"):
                yield Fact(model["name"], process, _grain(model), frozenset(_dimensions(model)))


def _dimensions(model: Mapping[str, Any]) -> Iterator[str]:
    if any(column["data_type"] in ("date", "timestamp") for column in model["columns"]):
        yield "dim_date"
    for test in model.get("data_tests", ()):
        arguments = test.get("obeys", {}).get("arguments", {})
        for target in arguments.get("references", {}).values():
            table = target.partition(".")[0]
            if table.startswith("dim_"):
                yield table


def _grain(model: Mapping[str, Any]) -> str:
    first = " ".join(model["description"].split()).partition(".")[0]
    return first.removeprefix("One row per ").partition(":")[0]


def star_schema_picture() -> str:
    """The processes, each with its facts, and the dimensions that they meet."""
    processes: dict[str, tuple[list[str], list[str]]] = {}
    for process, group in groupby(facts(), key=lambda fact: fact.process):
        members = list(group)
        met = sorted({dimension for fact in members for dimension in fact.dimensions})
        processes[process] = ([fact.name for fact in members], met)
    return picture(processes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for page in write_pages(parser.parse_args().folder):
        print(page)
