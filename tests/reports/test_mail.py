"""What a digest says in the mail itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import mail
from reports.mail import covering_note, digest
from reports.request import Audience, Language, ListName, ListRequest
from reports.writing import read_list


def test_lines_that_no_attached_list_holds_are_all_in_the_mail(marts: Path) -> None:
    told = digest(marts, Audience.LOGISTICS, Language.ENGLISH)
    assert [n for n in range(1, 13) if f"Site {n}.; First day short {n} Jul" not in told.text] == []
    assert "more line" not in told.text


def test_of_lines_that_an_attached_list_holds_the_first_are_in_the_mail(
    marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "MOST_LINES", 1)
    told = digest(marts, Audience.SALES, Language.FRENCH)
    assert "S1;" in told.text, "the larger amount"
    assert "S2;" not in told.text
    assert "… et 1 autre ligne" in told.text


def test_a_note_says_how_many_lines_the_list_that_it_brings_has(marts: Path) -> None:
    note = covering_note(read_list(marts, ListRequest(ListName.UNPAID, Language.FRENCH)))
    assert note.subject == "Impayés clients : Situation au 30 juin 2026"
    assert "Nombre de lignes 7" in note.text
