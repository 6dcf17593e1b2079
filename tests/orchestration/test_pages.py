"""The pages for readers say what the catalogue and the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.home import PROJECT
from orchestration.pages import facts, write_pages


def test_the_pages_kept_in_the_project_are_the_present_ones(tmp_path: Path) -> None:
    written = write_pages(tmp_path)
    kept = PROJECT / "docs" / "kpi"
    assert sorted(path.name for path in written) == sorted(path.name for path in kept.iterdir())
    for page in written:
        assert page.read_text(encoding="utf-8") == (kept / page.name).read_text(encoding="utf-8"), (
            f"{page.name} is stale: run `make docs`"
        )


@pytest.mark.parametrize(
    ("fact", "dimension"),
    [
        ("fct_order_lines", "dim_product"),
        ("fct_instalments", "dim_customer"),
        ("fct_document_events", "dim_employee"),
        ("fct_claims", "dim_claim_reason"),
    ],
)
def test_the_bus_matrix_knows_what_a_fact_meets(fact: str, dimension: str) -> None:
    assert dimension in {found.name: found.dimensions for found in facts()}[fact]
