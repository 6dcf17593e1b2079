"""What a digest says in the mail itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import mail
from reports.mail import digest
from reports.request import Audience, Language


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
