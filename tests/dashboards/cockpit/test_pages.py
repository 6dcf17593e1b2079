"""What the pages read is what the project says that they read."""

from __future__ import annotations

import re

import yaml

from dashboards.cockpit.blocks import queries_of
from dashboards.cockpit.pages import PAGES
from ingestion.home import DBT_PROJECT

EXPOSURES = DBT_PROJECT / "models" / "kpi" / "_exposures.yml"


def test_the_exposure_names_the_marts_that_pages_read() -> None:
    declared = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))["exposures"]
    (cockpit,) = [exposure for exposure in declared if exposure["name"] == "cockpit"]
    named = {re.sub(r"ref\('(\w+)'\)", r"\1", ref) for ref in cockpit["depends_on"]}
    read = {
        table
        for page in PAGES.values()
        for query in queries_of(page.blocks)
        for table in re.findall(r"\b(?:core|kpi)\.(\w+)", query)
    }
    assert read - named == set()
