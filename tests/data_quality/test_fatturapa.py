"""What is told of electronic invoices that do not add up, and which of them are set apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.results import RuleResult, Verdict
from data_quality.validator import Validator
from ingestion.config import FatturapaSource, Limits
from ingestion.extract import LandingRequest, land
from ingestion.home import Home
from tests.data_quality.landed import LOAD
from tests.fatturapa import body, instalment, invoice_file, line, summary, tags

BODY = "FatturaElettronicaBody"
GOOD = (line(1, "Vite", "100.00"), summary("100.00", "22.00"))
DUE = instalment("122.00", "2026-06-30")
FUND = tags(DatiCassaPrevidenziale=tags(ImportoContributoCassa="4.00", AliquotaIVA="22"))


def judged(
    tmp_path: Path, validator: Validator, *bodies: str, table: str | None = None
) -> dict[str, Verdict]:
    """What validation says of each table, or of one, of invoices in one file each."""
    folder = tmp_path / "invoices"
    folder.mkdir()
    for number, content in enumerate(bodies):
        file = folder / f"IT09999999999_{number}.xml"
        file.write_text(invoice_file(content), encoding="utf-8")
    request = LandingRequest(
        home=Home(tmp_path),
        source_id="it",
        source=FatturapaSource(system="fatturapa", transport="fatturapa", path=folder),
        load_id=LOAD,
        run_id="run",
        positions={},
    )
    return {
        batch.manifest.table: validator.validate(batch, limits=Limits(share=0.5))
        for batch in land(request)
        if table in (None, batch.manifest.table)
    }


def broken(verdict: Verdict) -> dict[str, RuleResult]:
    return {result.code: result for result in verdict.results if not result.passed}


def test_documents_that_add_up_break_no_rule(tmp_path: Path, validator: Validator) -> None:
    fee = (line(1, "Consulenza", "100.00"), summary("104.00", "22.88"))
    rounded = summary("10.01", "2.20", Arrotondamento="0.01")
    told = judged(
        tmp_path,
        validator,
        body("TD01", "1", "2026-05-04", *GOOD, DUE, total="122.00"),
        body("TD06", "2", "2026-05-04", *fee, document=FUND, total="126.88"),
        body("TD04", "1", "2026-05-04", line(1, "Vite", "10.00", "22"), rounded, total="12.21"),
    )
    assert {table: broken(verdict) for table, verdict in told.items()} == {
        table: {} for table in told
    }


@pytest.mark.parametrize(
    ("content", "table", "rule"),
    [
        (body("TD01", "1", "2026-05-04", *GOOD, total="120.00"), BODY,
         "total_is_sum"),
        (body("TD01", "1", "2026-05-04", *GOOD, DUE, DUE), BODY,
         "instalments_within_total"),
        (body("TD17", "1", "2026-05-04", *GOOD), BODY, "is_a_sale"),
        (body("TD99", "1", "2026-05-04", *GOOD), BODY,
         "DatiGenerali_DatiGeneraliDocumento_TipoDocumento_known"),
        (body("TD01", "1", "2026-05-04", *GOOD, line(2, "Dado", "5.00")), "DatiRiepilogo",
         "lines_make_taxable"),
        (body("TD01", "1", "2026-05-04", *GOOD[:1], summary("100.00", "20.00")), "DatiRiepilogo",
         "tax_is_of_rate"),
        (body("TD01", "1", "2026-05-04", *GOOD, instalment("122.00")), "DettaglioPagamento",
         "due_date_given"),
        (body("TD01", "1", "2026-05-04", *GOOD, instalment("1.00", "2026-06-30", "MP99")),
         "DettaglioPagamento", "ModalitaPagamento_known"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_told_and_let_in(
    tmp_path: Path, validator: Validator, content: str, table: str, rule: str
) -> None:
    verdict = judged(tmp_path, validator, content, table=table)[table]
    assert list(broken(verdict)) == [rule]
    assert verdict.outcome == "accepted"


def test_an_invoice_in_another_currency_is_set_apart(tmp_path: Path, validator: Validator) -> None:
    foreign = body("TD01", "2", "2026-05-04", *GOOD).replace(">EUR<", ">USD<")
    good = body("TD01", "1", "2026-05-04", *GOOD)
    verdict = judged(tmp_path, validator, good, foreign, table=BODY)[BODY]
    assert broken(verdict)["in_euro"].examples == ("IT09999999999_1/1",)
    assert verdict.outcome == "accepted with rows quarantined"


def test_a_number_that_several_files_bear_is_told(tmp_path: Path, validator: Validator) -> None:
    again = body("TD01", "1", "2026-05-04", *GOOD)
    other = body("TD01", "1", "2027-05-04", *GOOD)
    verdict = judged(tmp_path, validator, again, again, other, table=BODY)[BODY]
    result = broken(verdict)["issued_once"]
    assert (result.examples, result.rows_failed) == (("1",), 1)
