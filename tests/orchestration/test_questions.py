"""The questions that the benchmark asks the published file; no times here."""

from __future__ import annotations

from benchmarks.questions import answer, named, opened, questions
from ingestion.home import Home


def test_every_question_is_answered_and_facts_say_the_same(first_night: Home) -> None:
    asked = questions()
    assert len({question.asks for question in asked}) == len(asked) == 30
    assert sum(question.without is not None for question in asked) == 10
    with opened(first_night) as connection:
        names = named(connection)
        answers = {q.asks: answer(connection, q.sql, names) for q in asked}
        facts = {q.asks: answer(connection, q.without, names) for q in asked if q.without}
    assert {asks: answers[asks] for asks in facts} == facts
    # So small a company reminds nobody, and has little else that could be short or wrong.
    assert sum(bool(rows) for rows in answers.values()) >= 24
