"""Nothing that a reader sees lacks a language, and no code of the marts lacks its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from types import ModuleType

import pytest

from reports import wording
from reports.letters import phrases
from reports.lists import at_risk, claims, order_status
from reports.lists.registry import LISTS
from reports.request import Language, ListName
from reports.wording import CODES, Phrase
from tests.reports.marts import contracts


def phrases_of(value: object) -> Iterator[Phrase]:
    if isinstance(value, Phrase):
        yield value
    elif isinstance(value, phrases.Tone):
        yield from (value.subject, value.body)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from phrases_of(inner)


@pytest.mark.parametrize("module", [wording, phrases, order_status, at_risk, claims])
def test_phrases_say_the_same_in_every_language(module: ModuleType) -> None:
    found = [phrase for value in vars(module).values() for phrase in phrases_of(value)]
    assert found
    for phrase in found:
        filled = {
            frozenset(name for _, name, _, _ in Formatter().parse(phrase[language]) if name)
            for language in Language
        }
        assert len(filled) == 1, phrase
        assert all(phrase[language].strip() for language in Language)


def test_every_list_exists() -> None:
    assert set(LISTS) == set(ListName)


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("kpi.dunning_worklist", "exclusion_reason", CODES["exclusion_reason"]),
        ("kpi.dunning_worklist", "worklist_status", CODES["worklist_status"]),
        ("kpi.customer_overview", "next_action", CODES["next_action"]),
        ("kpi.document_backlog_daily", "document_kind", CODES["document_kind"]),
        ("core.fct_claims", "channel", CODES["claim_channel"]),
        ("kpi.open_items", "account_role", CODES["account_role"]),
        ("kpi.open_items", "promise_status", CODES["promise_status"]),
        ("kpi.service_failures_monthly", "failure_cause", CODES["failure_cause"]),
        ("kpi.order_tracking", "waits_for", order_status.WAITS),
    ],
)
def test_codes_that_a_contract_accepts_have_words(
    table: str, column: str, words: Mapping[str, Phrase]
) -> None:
    assert column in contracts()[table]
    assert accepted(table, column) <= set(words)


def accepted(table: str, column: str) -> set[str]:
    """The codes that a table's rules let pass."""
    import yaml

    from ingestion.home import DBT_PROJECT

    schema, name = table.split(".")
    for file in (DBT_PROJECT / "models" / schema).rglob("*.yml"):
        declared = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for model in declared.get("models", ()):
            if model["name"] == name:
                for test in model.get("data_tests", ()):
                    codes = test["obeys"]["arguments"].get("accepted", {}).get(column)
                    if codes:
                        return set(codes)
    raise AssertionError(f"{table} says nothing of the values of {column}")
