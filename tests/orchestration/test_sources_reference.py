"""The list of settings says what the models check."""

from __future__ import annotations

from ingestion.home import PROJECT
from orchestration.sources_reference import page


def test_the_page_kept_in_the_project_is_the_present_one() -> None:
    kept = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert kept == page(), "docs/sources.md is stale: run `make docs`"


def test_every_setting_is_explained() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row for row in rows if row.endswith("|  |")] == []
