"""What is kept in `docs/` stands on the site as it stands in the repository."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from markdown import Markdown
from markdown_it import MarkdownIt
from mkdocs.structure.files import File, Files

from ingestion.home import PROJECT
from orchestration.site.hook import on_page_markdown
from orchestration.site.packages import PACKAGES

DOCS = PROJECT / "docs"
KEPT = sorted(DOCS.rglob("*.md"))
SETTINGS = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")


def test_the_navigation_names_every_kept_page() -> None:
    named = set(re.findall(r"[\w/-]+\.md", SETTINGS.partition("\nnav:")[2]))
    assert {path.relative_to(DOCS).as_posix() for path in KEPT} - named == set()


def test_the_site_takes_nothing_from_another_host() -> None:
    assert "http" not in SETTINGS
    assert "font: false" in SETTINGS


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_a_page_is_read_alike_by_the_site_and_by_others(path: Path) -> None:
    """Lists below text want a blank line for the site, and what is in an item four spaces."""
    text = path.read_text(encoding="utf-8")
    here = Markdown(extensions=["attr_list", "def_list", "tables", "pymdownx.superfences"])
    others = MarkdownIt("commonmark").enable("table")
    assert _counted(here.convert(text)) == _counted(others.render(text))


def _counted(html: str) -> dict[str, int]:
    return {tag: len(re.findall(rf"<{tag}[ >]", html)) for tag in ("ul", "ol", "li", "pre", "tr")}


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("[a page](../operations.md#upgrades)", "[a page](../operations.md#upgrades)"),
        ("[elsewhere](https://example.com/a.md)", "[elsewhere](https://example.com/a.md)"),
        ("[CONTRIBUTING.md](../../CONTRIBUTING.md)", "`CONTRIBUTING.md`"),
        (
            "[the seeds](../../dbt_project/seeds/README.md)",
            "the seeds (`dbt_project/seeds/README.md`)",
        ),
        ("[broken](nowhere.md)", "[broken](nowhere.md)"),
    ],
)
def test_a_link_to_a_file_that_is_not_on_the_site_becomes_its_name(link: str, shown: str) -> None:
    page = cast(Any, SimpleNamespace(file=SimpleNamespace(src_uri="bi/superset.md")))
    files = Files([File("operations.md", str(DOCS), "site", use_directory_urls=False)])
    assert on_page_markdown(link, page, files) == shown


def test_a_bar_in_the_code_of_a_cell_is_shown_without_its_backslash() -> None:
    page = cast(Any, SimpleNamespace(file=SimpleNamespace(src_uri="sources.md")))
    row = r"| `sep` | `a\|b` or x\|y |"
    shown = on_page_markdown(row, page, Files([]))
    assert shown == r"| `sep` | `a|b` or x\|y |"


def test_the_product_does_not_import_the_site() -> None:
    site = PROJECT / "orchestration" / "site"
    modules = (file for package in PACKAGES for file in (PROJECT / package).rglob("*.py"))
    for module in modules:
        if site not in module.parents:
            text = module.read_text(encoding="utf-8")
            assert not re.search(r"orchestration\.site\b|mkdocs", text), module
