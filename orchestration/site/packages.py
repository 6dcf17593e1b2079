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
BEHIND_OTHERS = "---\nsearch: {boost: 0.2}\n---"
"""Who searches finds what is told for readers before what is told of the code."""


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
        blocks = [_itself(name, folder), *(f"::: {name}.{module}" for module in modules)]
        text = "\n\n".join([BEHIND_OTHERS, f"# {name}", *blocks]) + "\n"
        yield Page(path(name), name, name.partition(".")[0], text)


def path(package: str) -> str:
    """Where the page of a package lies."""
    return f"{FOLDER}/{package}.md"


def _packages() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for file in sorted((PROJECT / package).rglob("__init__.py")):
            yield ".".join(file.parent.relative_to(PROJECT).parts), file.parent


def _itself(name: str, folder: Path) -> str:
    """The package without its modules; what it only passes on is told where it is defined."""
    own = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in _source(folder).body)
    options = {"show_root_heading": "false", "show_root_toc_entry": "false"}
    if not own:
        options["members"] = "false"
    lines = (f"        {option}: {value}" for option, value in options.items())
    return "\n".join([f"::: {name}", "    options:", *lines])


def _summary(folder: Path) -> str:
    return one_line((ast.get_docstring(_source(folder)) or "").partition("\n\n")[0])


def _source(folder: Path) -> ast.Module:
    return ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
