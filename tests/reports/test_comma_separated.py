"""CSV, reread by pandas and by the rules of a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from reports.formats.safe_text import without_formula
from reports.request import Language, ListName, ListRequest
from tests.reports.conftest import FORMULA
from tests.reports.written import written


@pytest.mark.parametrize(
    ("language", "separator", "mark", "heading"),
    [
        (Language.ENGLISH, ",", ".", "Open amount (company currency)"),
        (Language.FRENCH, ";", ",", "Montant ouvert (devise société)"),
        (Language.ITALIAN, ";", ",", "Importo aperto (valuta società)"),
    ],
)
def test_it_is_read_as_the_language_writes_numbers(
    language: Language, separator: str, mark: str, heading: str, marts: Path, tmp_path: Path
) -> None:
    target = tmp_path / "l.csv"
    written(marts, ListRequest(ListName.UNPAID, language), target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel would take it for cp1252"
    read = pd.read_csv(target, sep=separator, decimal=mark, encoding="utf-8-sig")
    column = next(name for name in read.columns if name.lower() == heading.lower())
    assert round(read[column].sum() * 100) == 305398
    assert "Ελληνικά Λιπάσματα" in set(read.iloc[:, 2])


@pytest.mark.parametrize(
    ("language", "unknown"),
    [(Language.FRENCH, "Non renseigné"), (Language.ITALIAN, "Non indicato")],
)
def test_a_name_that_nobody_knows_is_told_in_the_language(
    language: Language, unknown: str, marts: Path, tmp_path: Path
) -> None:
    target = tmp_path / "l.csv"
    written(marts, ListRequest(ListName.WORKLOAD, language), target)
    _, _, nobody = target.read_text(encoding="utf-8-sig").splitlines()
    assert nobody.split(";")[1:3] == [unknown, unknown]


def test_no_cell_begins_a_formula(marts: Path, tmp_path: Path) -> None:
    target = tmp_path / "l.csv"
    written(marts, ListRequest(ListName.UNPAID), target)
    read = pd.read_csv(target, encoding="utf-8-sig", dtype=str)
    assert f"'{FORMULA}" in set(read["Customer"])
    assert FORMULA not in set(read["Customer"])
    assert "-50.00" in set(read["Open amount"]), "a number below zero is no formula"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1+1"]
)
def test_what_begins_like_a_formula_is_kept_text(text: str) -> None:
    assert without_formula(text).startswith("'")


@pytest.mark.parametrize("text", ["Dupont & Fils", "1=1", "a-b", "", "O'Neill"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert without_formula(text) == text
