"""What BI tools rely on changes only with the version of the schema, and goes only after notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
import pytest

from ingestion.errors import ConfigurationError
from ingestion.home import DBT_PROJECT, PROJECT
from orchestration import published_columns
from orchestration.published_columns import (
    PublishedColumns,
    SchemaVersion,
    declared,
    kept,
    marked_since,
    objections,
    take_over,
)

TODAY = date(2027, 8, 15)
BEFORE = PublishedColumns(
    version=SchemaVersion(1, 9),
    types={"kpi.aging.bucket": "string", "kpi.aging.amount": "decimal(18,4)"},
    deprecated={},
)


def changed(types: dict[str, str], version: str = "1.9") -> PublishedColumns:
    return PublishedColumns(SchemaVersion.parse(version), types, {})


def test_the_published_columns_are_those_that_bi_tools_were_promised() -> None:
    before, now = kept(PROJECT / "docs" / "bi" / "columns.yml"), declared()
    told = objections(before, now, date.today())  # noqa: DTZ011
    assert before == now, "\n".join(told or ["docs/bi/columns.yml is stale: run `make docs`"])


def test_what_is_kept_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    marked = replace(BEFORE, deprecated={"kpi.aging.bucket": date(2027, 1, 31)})
    (tmp_path / "columns.yml").write_text(marked.text(), encoding="utf-8")
    assert kept(tmp_path / "columns.yml") == marked


@pytest.mark.parametrize(
    ("types", "words", "enough"),
    [
        ({**BEFORE.types, "kpi.aging.more": "date"}, "added kpi.aging.more", "1.10"),
        ({**BEFORE.types, "kpi.aging.amount": "bigint"}, "retyped kpi.aging.amount", "2.0"),
    ],
)
def test_a_change_asks_for_a_version(types: dict[str, str], words: str, enough: str) -> None:
    (told,) = objections(BEFORE, changed(types), TODAY)
    assert words in told
    assert f"from 1.9 to {enough}" in told
    assert objections(BEFORE, changed(types, enough), TODAY) == []


def test_a_new_minor_version_is_not_enough_for_what_was_retyped() -> None:
    retyped = changed({**BEFORE.types, "kpi.aging.amount": "bigint"}, "1.10")
    assert objections(BEFORE, retyped, TODAY) != []


def test_a_version_never_goes_back() -> None:
    assert "went back" in objections(BEFORE, changed(dict(BEFORE.types), "1.8"), TODAY)[0]


def test_a_column_does_not_go_without_notice() -> None:
    (told,) = objections(BEFORE, changed({"kpi.aging.bucket": "string"}, "2.0"), TODAY)
    assert told.startswith("kpi.aging.amount is gone without notice: mark it `deprecated`")


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (date(2027, 1, 31), []),
        (
            date(2027, 3, 1),
            ["kpi.aging.amount is deprecated since 2027-03-01 and stays until 2027-08-31."],
        ),
    ],
)
def test_a_column_goes_half_a_year_after_notice(since: date, told: list[str]) -> None:
    before = replace(BEFORE, deprecated={"kpi.aging.amount": since})
    assert objections(before, changed({"kpi.aging.bucket": "string"}, "2.0"), TODAY) == told


def test_what_something_stands_against_is_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "columns.yml"
    file.write_text(BEFORE.text(), encoding="utf-8")
    added = {**BEFORE.types, "kpi.aging.more": "date"}
    monkeypatch.setattr(published_columns, "declared", lambda: changed(added))
    assert take_over(file, TODAY) != []
    assert kept(file) == BEFORE
    monkeypatch.setattr(published_columns, "declared", lambda: changed(added, "1.10"))
    assert take_over(file, TODAY) == []
    assert kept(file).types == added


@pytest.mark.parametrize("use", ["bucket", "kpi.aging.bucket"])
def test_a_mark_says_since_when_and_what_to_use_instead(use: str) -> None:
    mark = {"since": "2027-01-31", "use": use}
    assert marked_since("kpi.aging.amount", mark, BEFORE.types) == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ({"since": "2027-01-31"}, "needs `use`"),
        ({"since": "2027-01-31", "use": "buckets"}, "buckets is none"),
        ({"use": "bucket"}, "needs `since`"),
        ({"since": "soon", "use": "bucket"}, "needs `since`"),
    ],
)
def test_half_a_mark_is_refused(mark: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"kpi.aging.amount: .*{words}"):
        marked_since("kpi.aging.amount", mark, BEFORE.types)


def test_readers_see_in_the_comment_that_a_column_is_deprecated() -> None:
    macros = (DBT_PROJECT / "macros" / "dictionary.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
    told = environment.from_string(macros).module.told  # type: ignore[attr-defined]
    mark = {"since": "2027-01-31", "use": "aging_bucket"}
    column = {"description": "Bucket.", "config": {"meta": {}}}
    assert told(column) == "Bucket."
    assert told(column | {"config": {"meta": {"deprecated": mark}}}) == (
        "Deprecated since 2027-01-31, use aging_bucket. Bucket."
    )
