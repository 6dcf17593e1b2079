"""What is said of the lines that are not shown."""

from __future__ import annotations

import pytest

from reports.notes import and_more, left_out
from reports.request import Language


def test_one_line_more_is_one_line() -> None:
    said = {language: and_more(1, language) for language in Language}
    assert said == {
        Language.FRENCH: "… et 1 autre ligne",
        Language.ITALIAN: "… e 1 altra riga",
        Language.ENGLISH: "… and 1 more line",
    }
    assert and_more(2, Language.ITALIAN) == "… e altre 2 righe"


@pytest.mark.parametrize(
    ("language", "one", "more"),
    [
        (Language.FRENCH, "; 1 ne l'est pas, les totaux la", "; 2 ne le sont pas, les totaux les"),
        (Language.ITALIAN, "; 1 non lo è, i totali la", "; 2 non lo sono, i totali le"),
        (Language.ENGLISH, "; 1 is not, and the totals include it", "; 2 are not, and the totals"),
    ],
)
def test_one_line_left_out_is_one_line(language: Language, one: str, more: str) -> None:
    assert one in left_out(200, 201, "", language)
    assert more in left_out(200, 202, "", language)


def test_numbers_of_lines_are_written_as_the_language_writes_numbers() -> None:
    assert left_out(200, 1818, "", Language.ENGLISH).startswith("200 of 1,818 lines are printed")
    assert and_more(1808, Language.ITALIAN) == "… e altre 1.808 righe"
