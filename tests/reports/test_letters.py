"""Reminders: whose language, which tone, which law, which sums; and that nothing is sent."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from reports.letters.phrases import law as law_of
from reports.letters.writing import WrittenLetter, write_letters
from reports.request import ListName, ListRequest
from tests.reports.conftest import rows
from tests.reports.marts import make_marts
from tests.reports.printed import text_of

EVERYBODY = ListRequest(ListName.DUNNING)


@pytest.fixture(scope="module")
def letters(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, WrittenLetter]:
    of_day = write_letters(marts, EVERYBODY, tmp_path_factory.mktemp("letters") / "new")
    return {letter.path.stem: letter for letter in of_day.written}


def test_there_is_one_per_customer_and_level(letters: dict[str, WrittenLetter]) -> None:
    assert sorted(letters) == [
        "FR-C1-1",
        "FR-C1-4",
        "FR-C3-3",
        "FR-C4-2",
        "IT-C1-2",
        "IT-C3-2",
        "IT-C6-2",
        "IT-C7-2",
    ]
    assert all(letter.path.stat().st_mode & 0o777 == 0o640 for letter in letters.values())


def test_those_of_a_day_are_apart_and_written_again_in_their_place(
    marts: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "2026-06-29" / "FR-C1-1.pdf"
    earlier.parent.mkdir()
    earlier.write_text("posted yesterday")
    once = write_letters(marts, EVERYBODY, tmp_path)
    assert once.folder == tmp_path / "2026-06-30"
    assert {letter.path.parent for letter in once.written} == {once.folder}
    assert once.withdrawn == ()
    assert earlier.read_text() == "posted yesterday"
    files = sorted(tmp_path.rglob("*"))
    assert write_letters(marts, EVERYBODY, tmp_path) == once
    assert sorted(tmp_path.rglob("*")) == files


@pytest.fixture
def later_marts(tmp_path: Path) -> Path:
    """Marts of the same day, when C1 has paid and C4 is to be reminded at the next level."""
    later = rows()
    later["kpi.dunning_worklist"] = [
        {**line, "next_level": 3} if line["customer_id"] == "c4" else line
        for line in later["kpi.dunning_worklist"]
        if (line["company_id"], line["customer_id"]) != ("FR", "c1")
    ]
    return make_marts(tmp_path / "later.duckdb", later)


def test_what_is_no_longer_due_is_put_aside(marts: Path, later_marts: Path, tmp_path: Path) -> None:
    before = write_letters(marts, EVERYBODY, tmp_path / "letters")
    proof = before.folder / "FR-C1-4 proof of posting.pdf"
    proof.write_text("a file of somebody's own")
    after = write_letters(later_marts, EVERYBODY, tmp_path / "letters")
    gone = {"FR-C1-1.pdf", "FR-C1-1.eml", "FR-C1-4.pdf", "FR-C4-2.pdf"}
    assert {file.name for file in after.withdrawn} == gone
    assert {file.parent for file in after.withdrawn} == {after.folder / "no longer due"}
    assert all(file.stat().st_size for file in after.withdrawn)
    assert {file for file in after.folder.iterdir() if file.is_file()} == {
        proof,
        *(file for letter in after.written for file in letter.files),
    }


def test_what_stays_due_stays(marts: Path, later_marts: Path, tmp_path: Path) -> None:
    write_letters(marts, EVERYBODY, tmp_path / "letters")
    once = write_letters(later_marts, EVERYBODY, tmp_path / "letters")
    files = sorted(once.folder.rglob("*"))
    again = write_letters(later_marts, EVERYBODY, tmp_path / "letters")
    assert (again.written, again.withdrawn) == (once.written, ())
    assert sorted(once.folder.rglob("*")) == files


def test_letters_for_some_leave_those_to_others(
    marts: Path, later_marts: Path, tmp_path: Path
) -> None:
    before = write_letters(marts, EVERYBODY, tmp_path / "letters")
    files = {file for letter in before.written for file in letter.files}
    for some in (
        replace(EVERYBODY, customer="c4"),
        replace(EVERYBODY, agent="s1"),
        replace(EVERYBODY, company="FR"),
    ):
        assert write_letters(later_marts, some, tmp_path / "letters").withdrawn == ()
    assert files <= set(before.folder.iterdir())


def test_what_is_withdrawn_twice_is_kept_twice(
    marts: Path, later_marts: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        write_letters(marts, EVERYBODY, tmp_path / "letters")
        of_day = write_letters(later_marts, EVERYBODY, tmp_path / "letters")
    aside = of_day.folder / "no longer due"
    assert {file.name for file in aside.glob("FR-C1-1*")} == {
        *("FR-C1-1.pdf", "FR-C1-1 (2).pdf"),
        *("FR-C1-1.eml", "FR-C1-1 (2).eml"),
    }


def test_the_first_is_friendly_and_asks_for_the_invoice_alone(
    letters: dict[str, WrittenLetter],
) -> None:
    text = text_of(letters["FR-C1-1"].path)
    assert "Rappel de paiement" in text
    assert "100,00 EUR" in text
    assert "L. 441-10" in text
    assert "142,00" not in text


def test_the_last_is_a_formal_notice_of_all_that_is_due(letters: dict[str, WrittenLetter]) -> None:
    text = text_of(letters["FR-C1-4"].path)
    assert "Mise en demeure de payer" in text
    assert "Lettre recommandée avec accusé de réception" in text
    assert "142,00 EUR" in text, "100 and 2 of interest and 40 of indemnity"
    assert "Taux annuel initial" in text, "interest follows the half-years, the rate is the first's"
    assert "12,15 %" in text


def test_it_is_in_the_customers_language_with_one_indemnity_per_invoice(
    letters: dict[str, WrittenLetter],
) -> None:
    text = text_of(letters["FR-C3-3"].path)
    assert "Ultimo sollecito" in text
    assert "F3" in text
    assert "F4" in text
    # 100 + 80 not disputed, twice 2 of interest, one indemnity of 40.
    assert "224,00 EUR" in text
    assert "20,00 EUR" in text, "the disputed part is named"


DECREE, PAYABLES = "D.Lgs. 9 ottobre 2002, n. 231", "contabilità fornitori"


@pytest.mark.parametrize(
    ("name", "said", "unsaid"),
    [
        ("IT-C3-2", ["Spett.le Ditta,", DECREE, PAYABLES], []),
        ("IT-C6-2", ["Spett.le Ente,", DECREE, PAYABLES], ["Spett.le Ditta"]),
        ("IT-C7-2", ["Gentile Cliente,"], ["Spett.le", DECREE, "2011/7/UE", PAYABLES]),
    ],
    ids=["company", "public body", "consumer"],
)
def test_everybody_is_addressed_as_what_he_is_and_told_the_law_that_binds_him(
    name: str, said: list[str], unsaid: list[str], letters: dict[str, WrittenLetter]
) -> None:
    text = text_of(letters[name].path)
    assert [words for words in said if words not in text] == []
    assert [words for words in unsaid if words in text] == []
    assert "Interessi calcolati fino al 30 giugno 2026" in text


@pytest.mark.parametrize(
    ("country", "customer_class", "cited"),
    [
        ("FR", "private", "L. 441-10"),
        ("FR", "public", "L. 2192-13"),
        ("IT", "private", "no. 231"),
        ("IT", "public", "no. 231"),
        ("DE", "private", "Directive 2011/7/EU"),
        ("DE", "public", "Directive 2011/7/EU"),
        ("FR", "consumer", None),
        ("DE", "consumer", None),
        ("CH", "private", None),
        (None, "private", None),
    ],
)
def test_the_law_cited_is_that_of_the_company_and_of_its_kind_of_customer(
    country: str | None, customer_class: str, cited: str | None
) -> None:
    law = law_of(country, customer_class)
    assert (law is None) if cited is None else (law is not None and cited in law.en)


def test_money_that_nobody_matched_is_named(letters: dict[str, WrittenLetter]) -> None:
    text = text_of(letters["FR-C4-2"].path)
    assert "Deuxième rappel" in text, "a company writes in its own language otherwise"
    assert "7,50 EUR" in text


def test_an_invoice_in_another_currency_is_told_in_its_own_too(
    letters: dict[str, WrittenLetter],
) -> None:
    text = text_of(letters["IT-C1-2"].path)
    assert "Montant en devise" in text
    assert "48,00 56,00 USD" in text, "what is claimed: 60 EUR or 70 USD, a fifth disputed"
    assert "à leur valeur dans nos livres, en EUR" in text
    assert "la somme de 148,00 EUR" in text


def test_invoices_in_the_currency_of_the_company_are_told_once(
    letters: dict[str, WrittenLetter],
) -> None:
    text = text_of(letters["FR-C4-2"].path)
    assert "Montant en devise" not in text
    assert "dans nos livres" not in text


def test_what_goes_by_mail_is_a_draft_without_addressee(letters: dict[str, WrittenLetter]) -> None:
    drafts = {name: letter.draft for name, letter in letters.items() if letter.draft}
    assert list(drafts) == ["FR-C1-1"]
    mail = message_from_bytes(drafts["FR-C1-1"].read_bytes(), policy=default)
    assert mail["X-Unsent"] == "1"
    assert mail["To"] is None
    assert mail["Subject"] == "Rappel de paiement · Dupont SA"
    (attached,) = mail.iter_attachments()
    assert attached.get_content().startswith(b"%PDF")
    body = mail.get_body()
    assert body is not None
    assert "F1 ·" in body.get_content()
