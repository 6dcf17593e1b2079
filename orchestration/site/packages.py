"""A page per Python package; mkdocstrings fills it from the docstrings, without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ingestion.home import PROJECT
from orchestration.site.page import Page, link, one_line, table

FOLDER = "python"
PACKAGES = (
    "ingestion",
    "data_quality",
    "kpi_statistics",
    "reports",
    "dashboards",
    "orchestration",
)
"""In the order of the flow."""


def pages() -> Iterator[Page]:
    """All pages about packages, the index first."""
    found = list(_packages())
    here = f"{FOLDER}/index.md"
    lines = ["# Python packages", "", "What each is for is said where it begins.", ""]
    rows = ((link(f"`{name}`", path(name), here), _summary(folder)) for name, folder in found)
    lines += table(("package", "what it is for"), rows)
    yield Page(here, "All packages", "", "\n".join(lines))
    for name, folder in found:
        modules = sorted(file.stem for file in folder.glob("*.py") if file.stem[:2] != "__")
        blocks = [f"::: {name}", *(f"::: {name}.{module}" for module in modules)]
        text = "\n\n".join([f"# {name}", *blocks]) + "\n"
        yield Page(path(name), name, name.partition(".")[0], text)


def path(package: str) -> str:
    """Where the page of a package lies."""
    return f"{FOLDER}/{package}.md"


def _packages() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for file in sorted((PROJECT / package).rglob("__init__.py")):
            yield ".".join(file.parent.relative_to(PROJECT).parts), file.parent


def _summary(folder: Path) -> str:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    return one_line((text or "").partition("\n\n")[0])
