"""The list of what is read of every system says what is declared."""

from __future__ import annotations

from ingestion.declarations import systems
from ingestion.home import PROJECT
from orchestration.connectors import page

CONNECTORS = PROJECT / "docs" / "connectors"


def test_the_page_kept_in_the_project_is_the_present_one() -> None:
    kept = (CONNECTORS / "tables.md").read_text(encoding="utf-8")
    assert kept == page(), "docs/connectors/tables.md is stale: run `make docs`"


def test_every_system_has_a_page_that_the_index_names() -> None:
    index = (CONNECTORS / "README.md").read_text(encoding="utf-8")
    for name in systems():
        assert f"({name}.md)" in index
        assert (CONNECTORS / f"{name}.md").is_file()
