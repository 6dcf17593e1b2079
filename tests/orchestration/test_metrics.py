"""`adv metrics`: the semantic layer, asked on the published marts."""

from __future__ import annotations

import pytest
import yaml

from ingestion.errors import NothingPublishedError, WarehouseError
from ingestion.home import DBT_PROJECT, Home
from orchestration.metrics import ask_metrics
from tests.orchestration.metrics import RATIOS, SUMS


def test_without_a_publication_there_is_nothing_to_ask(home: Home) -> None:
    with pytest.raises(NothingPublishedError, match="adv run"):
        ask_metrics(home, ["list", "metrics"])


def test_metrics_that_no_night_has_parsed_are_not_asked(home: Home) -> None:
    home.published.mkdir(parents=True)
    home.marts.touch()
    with pytest.raises(WarehouseError, match="adv run"):
        ask_metrics(home, ["list", "metrics"])


def test_every_metric_is_compared_with_a_mart() -> None:
    """The comparison itself is with the demo's nights, which publish."""
    path = DBT_PROJECT / "models" / "semantic" / "_metrics.yml"
    metrics = yaml.safe_load(path.read_text(encoding="utf-8"))["metrics"]
    assert {metric["name"] for metric in metrics} == {*SUMS, *RATIOS}
