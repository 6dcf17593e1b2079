"""Data Docs: what anybody may see of the last verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.validator import Validator
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.landing import decide
from tests.data_quality.landed import LOAD, landed, orders


def test_the_last_verdict_of_each_table_has_a_page_without_keys_or_values(
    tmp_path: Path, validator: Validator
) -> None:
    from data_quality.docs import build, last_batches

    home = Home(tmp_path)
    spoiled = "case when id = 4711 then 121 else amount_total end as amount_total"
    for load, count in ((LOAD, 10), (LOAD + 1, 5000)):
        batch = landed(home.landing, "odoo.sale_order", orders(count, spoiled), load_id=load)
        verdict = validator.validate(batch)
        decide(home, batch, accepted=verdict.accepted, checks=verdict.checks)

    index = build(last_batches(home), tmp_path / "docs")

    assert index.exists()
    (page,) = (tmp_path / "docs" / "validations").rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert page.stem == str(LOAD + 1)
    assert "amount_total is amount_untaxed plus amount_tax" in text
    assert "1 of 5,000 rows break it" in text
    assert "4711" not in text


def test_without_a_verdict_there_are_no_pages(tmp_path: Path) -> None:
    from data_quality.docs import build, last_batches

    with pytest.raises(WarehouseError, match="Nothing was validated yet"):
        build(last_batches(Home(tmp_path)), tmp_path / "docs")
