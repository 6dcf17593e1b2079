"""What is printed, by the text that another program finds in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from reports.formats import pdf
from reports.request import Language, ListName, ListRequest
from tests.reports.conftest import NAMES
from tests.reports.printed import text_of
from tests.reports.written import written


def printed(
    marts: Path, folder: Path, name: ListName, language: Language = Language.ENGLISH
) -> str:
    """Words of a list as it is printed."""
    target = folder / "l.pdf"
    written(marts, ListRequest(name, language), target)
    return text_of(target)


@pytest.mark.parametrize(
    ("language", "total"),
    [
        (Language.ENGLISH, "3,053.98"),
        (Language.FRENCH, "3 053,98"),
        (Language.ITALIAN, "3.053,98"),
    ],
)
def test_totals_are_printed_as_the_language_has_them(
    language: Language, total: str, marts: Path, tmp_path: Path
) -> None:
    assert total in printed(marts, tmp_path, ListName.UNPAID, language)


def test_names_of_any_script_are_printed_and_are_no_markup(marts: Path, tmp_path: Path) -> None:
    # Where a name breaks over lines, its words are still there in order.
    text = printed(marts, tmp_path, ListName.UNPAID)
    for name in (NAMES["c1"], NAMES["c2"], NAMES["c3"]):
        assert all(word in text for word in name.split())
    assert "*bold*" in text
    pages = PdfReader(tmp_path / "l.pdf").pages
    assert not any(page.get("/Annots") for page in pages), "no links"


def test_of_many_lines_the_largest_are_printed_and_the_others_counted(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_PRINTED", 2)
    text = printed(marts, tmp_path, ListName.UNPAID)
    assert "2 of 7 lines are printed" in text
    assert "5 are not" in text
    assert "3,053.98" in text


def test_of_many_reminders_those_that_are_due_are_printed_first(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Insolvent" in printed(marts, tmp_path, ListName.DUNNING), "who is left out, and why"
    monkeypatch.setattr(pdf, "MOST_PRINTED", 2)
    text = printed(marts, tmp_path, ListName.DUNNING)
    assert "2 of 11 lines are printed (reminders first, and of each step the largest" in text
    assert "Insolvent" not in text, "the largest claim, of which nothing is to be done"


def test_of_many_orders_those_of_which_to_tell_are_printed_first(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_PRINTED", 1)
    text = printed(marts, tmp_path, ListName.ORDER_STATUS)
    assert "1 of 3 lines are printed (customers to be told first" in text
    assert "Order S1" in text
    assert "Order S2" not in text, "later, and its customer knows"


def test_where_nothing_says_which_lines_matter_most_the_first_are_printed(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_PRINTED", 0)
    assert "0 of 2 lines are printed; 2 are not" in printed(marts, tmp_path, ListName.WORKLOAD)


def test_what_to_tell_the_customer_is_a_sentence(marts: Path, tmp_path: Path) -> None:
    text = printed(marts, tmp_path, ListName.ORDER_STATUS)
    assert "Order S1 (your ref. PO 9): 1 line in preparation, expected to leave on 2 Jul" in text
    assert "2 lines awaiting supply, expected to leave on 12 Jul 2026" in text
    assert "1 line awaiting supply, no date known yet" in text
    assert "The date that you were given was 25 Jun 2026." in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.ENGLISH, "The date you had asked for was 29 Jun 2026."),
        (Language.FRENCH, "La date que vous aviez demandée était le 29 juin 2026."),
        (Language.ITALIAN, "La data da Voi richiesta era il 29 giu 2026."),
    ],
)
def test_a_date_that_nobody_but_the_customer_named_is_told_as_his(
    language: Language, said: str, marts: Path, tmp_path: Path
) -> None:
    assert said in printed(marts, tmp_path, ListName.ORDER_STATUS, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.ENGLISH, "2 lines scheduled, expected"),
        (Language.FRENCH, "2 lignes à date convenue, départ"),
        (Language.ITALIAN, "2 righe a data concordata, partenza"),
    ],
)
def test_what_several_lines_wait_for_agrees_with_their_number(
    language: Language, said: str, marts: Path, tmp_path: Path
) -> None:
    assert said in printed(marts, tmp_path, ListName.ORDER_STATUS, language)


def test_who_is_at_risk_is_told_why(marts: Path, tmp_path: Path) -> None:
    text = printed(marts, tmp_path, ListName.AT_RISK, Language.FRENCH)
    assert "depuis 45 jours" in text
    assert "tous les 20 jours" in text
    assert "; commande attendue le 5 juin 2026." in text
    assert "480,00" in text
