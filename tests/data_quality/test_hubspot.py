"""What is told of a HubSpot account whose values no map knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.validator import Validator
from tests.data_quality.landed import landed

TICKET = """
    select '1' as id, timestamp '2026-01-01 08:00:00' as createdate, '1' as hs_pipeline_stage
"""


@pytest.mark.parametrize(
    ("table", "rows", "told"),
    [
        ("ticket", f"{TICKET}, ' Price ' as hs_ticket_category, 'EMAIL' as source_type", set()),
        ("ticket", TICKET, set()),
        ("ticket", f"{TICKET}, 'Weather' as hs_ticket_category", {"hs_ticket_category_known"}),
        ("ticket", f"{TICKET}, 'FAX' as source_type", {"source_type_known"}),
        ("stage", "select '0' as pipeline_id, '1' as id, 'Odd' as label", {"label_known"}),
        (
            "stage",
            "select '0' as pipeline_id, '1' as id, 'Odd' as label, 'OPEN' as \"ticketState\"",
            set(),
        ),
    ],
)
def test_values_that_no_map_knows_are_told_and_let_in(
    tmp_path: Path, validator: Validator, table: str, rows: str, told: set[str]
) -> None:
    verdict = validator.validate(landed(tmp_path, f"hubspot.{table}", rows))

    assert {result.code for result in verdict.results if not result.passed} == told
    assert verdict.accepted
