"""What makes the tables at the server those of the marts."""

from __future__ import annotations

import pytest
import yaml

from ingestion.engine import connect
from ingestion.errors import ServerError
from ingestion.home import DBT_PROJECT
from orchestration.publish import READABLE_TYPES
from orchestration.publish_to.shapes import (
    PRIMARY_KEYS,
    TYPES,
    Shape,
    altered,
    commented,
    made,
    shapes_of_marts,
)

AGING = ("kpi", "aging")


def test_a_new_table_is_granted_and_told_about() -> None:
    statements = made(
        ("core", "dim_channel"), Shape({"channel": "text"}, "Ways.", {"channel": "Way."}), "bi"
    )
    assert statements == (
        'create table "core"."dim_channel" ("channel" text, primary key ("channel")); '
        'grant select on "core"."dim_channel" to "bi"; '
        'comment on table "core"."dim_channel" is \'Ways.\'; '
        'comment on column "core"."dim_channel"."channel" is \'Way.\''
    )


def test_a_table_that_has_its_columns_is_not_altered() -> None:
    assert (
        altered(AGING, Shape({"a": "text", "b": "date"}), Shape({"b": "date", "a": "text"})) == ""
    )


def test_a_column_of_another_type_is_dropped_and_added_never_rewritten() -> None:
    before = Shape({"a": "text", "gone": "date"}, column_comments={"a": "A."})
    after = Shape({"a": "bigint", "new": "date"}, column_comments={"a": "A."})
    assert altered(AGING, before, after) == (
        'alter table "kpi"."aging" drop column "a", drop column "gone", '
        'add column "a" bigint, add column "new" date'
    )
    assert commented(AGING, before, after) == 'comment on column "kpi"."aging"."a" is \'A.\''


def test_only_what_is_said_otherwise_is_said_again() -> None:
    before = Shape({"a": "text", "b": "text"}, "T.", {"a": "A.", "b": "B."})
    after = Shape({"a": "text", "b": "text"}, "T.", {"a": "A.", "b": "It's B."})
    assert commented(AGING, before, before) == ""
    assert (
        commented(AGING, before, after) == 'comment on column "kpi"."aging"."b" is \'It\'\'s B.\''
    )


def test_a_type_that_no_server_is_given_is_refused_by_name() -> None:
    with connect() as marts:
        marts.execute("create schema kpi; create table kpi.aging (parts struct(a bigint))")
        with pytest.raises(ServerError, match=r"kpi.aging.parts is of the type STRUCT"):
            shapes_of_marts(marts, "memory", ["kpi"])


def test_every_type_that_may_be_published_has_one_at_the_server() -> None:
    assert {*TYPES, "DECIMAL"} == set(READABLE_TYPES)


def test_primary_keys_are_the_keys_that_the_models_declare() -> None:
    declared = {}
    for file in (DBT_PROJECT / "models" / "core").glob("*.yml"):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            for test in model.get("data_tests", []):
                if "obeys" in test:
                    declared["core", model["name"]] = test["obeys"]["arguments"]["key"]
    assert {name: [key] for name, key in PRIMARY_KEYS.items()} == {
        name: key
        for name, key in declared.items()
        if name[1].startswith("dim_") and not name[1].endswith("_history")
    }
