"""What MkDocs calls while it builds the site: `hooks` in `mkdocs.yml`.

Adds the written pages and dbt's own, which `make docs` generates first, and their navigation. A
link to a file that is no part of the site becomes the name of that file.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, groupby
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page as SitePage

from ingestion.home import DBT_PROJECT, PROJECT
from orchestration.site import commands, kpis, packages, tables
from orchestration.site.page import Page

DBT_DOCS = DBT_PROJECT / "target" / "docs"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(?:#[^)\s]*)?\)")

ESCAPED = re.compile(r"`[^`\n]*\\\|[^`\n]*`")
"""Code with a bar in a cell, which GitHub wants escaped; MkDocs would show the backslash."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name the pages of a folder where the navigation names the folder, such as `kpi/`."""
    config.nav = _expanded(config.nav)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what nobody keeps."""
    for page in written():
        files.append(File.generated(config, page.path, content=page.text))
    # Seeds say where they lie on this machine, which is nobody's business.
    html = (DBT_DOCS / "static_index.html").read_text(encoding="utf-8")
    html = html.replace(f"{PROJECT}/", "")
    files.append(File.generated(config, "dbt/index.html", content=html))
    return files


def on_page_markdown(markdown: str, page: SitePage, files: Files, **_: object) -> str:
    """Say the name of a file where the text links to one that the site does not have.

    What is escaped for GitHub only is shown as it is meant.
    """

    def named(found: re.Match[str]) -> str:
        target = posixpath.join(posixpath.dirname(page.file.src_uri), found[2])
        if files.get_file_from_path(posixpath.normpath(target)):
            return found[0]
        place = PROJECT / posixpath.normpath(f"docs/{target}")
        if not place.exists():
            return found[0]  # MkDocs says that the link is broken
        name, text = f"`{place.relative_to(PROJECT)}`", found[1]
        return name if text.strip("`") in name else f"{text} ({name})"

    return ESCAPED.sub(lambda found: found[0].replace("\\|", "|"), LINK.sub(named, markdown))


@cache
def written() -> tuple[Page, ...]:
    """All written pages."""
    manifest = json.loads((DBT_DOCS / "manifest.json").read_text(encoding="utf-8"))
    nodes = {**manifest["nodes"], **manifest["sources"]}
    parents = {
        node["name"]: [nodes[parent]["name"] for parent in node["depends_on"]["nodes"]]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    return (*kpis.pages(), *tables.pages(parents), commands.page(), *packages.pages())


def _expanded(nav: Any) -> Any:
    """The navigation with every folder replaced by its pages."""
    if isinstance(nav, list):
        return list(chain.from_iterable(_entries(entry) for entry in nav))
    return nav


def _entries(entry: Any) -> Iterable[Any]:
    if isinstance(entry, str) and entry.endswith("/"):
        return _folder(entry)
    if isinstance(entry, dict):
        return [{title: _expanded(below) for title, below in entry.items()}]
    return [entry]


def _folder(folder: str) -> Iterator[Any]:
    members = (page for page in written() if page.path.startswith(folder))
    for group, pages in groupby(members, key=lambda page: page.group):
        entries = [{page.title: page.path} for page in pages]
        yield from [{group: entries}] if group else entries
