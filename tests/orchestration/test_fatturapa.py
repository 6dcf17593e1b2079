"""One night of an Italian company of which there is nothing but its electronic invoices."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from ingestion.engine import connect
from ingestion.home import Home
from tests.command import adv
from tests.fatturapa import (
    COMPANY,
    SELLER,
    body,
    header,
    instalment,
    invoice_file,
    line,
    notice_file,
    summary,
    tags,
)
from tests.orchestration.conftest import ask

SOURCES = """\
time_zones: [Europe/Rome]
as_of_date: 2026-05-31
sources:
  it:
    system: fatturapa
    transport: fatturapa
    path: ../invoices
    options: {companies: [IT01234567890]}
"""
SENT = "IT09999999999_{:05}"
TOWN = (None, None, "Comune 1", "80000000008")
PERSON = (None, None, "Cliente|Due", "CLNDUE80A01F205X")


def delivered(number: int, day: str) -> tuple[str, str]:
    """The receipt of a file that was received in the morning and delivered two hours later."""
    file = SENT.format(number)
    at = f"{day}T{{}}:00:00.000+02:00"
    times = {"DataOraRicezione": at.format("10"), "DataOraConsegna": at.format("12")}
    return f"{file}_RC_001.xml", notice_file("RicevutaConsegna", f"{file}.xml.p7m", **times)


def rejected(number: int, day: str) -> tuple[str, str]:
    """The notice that a file was received and found wrong."""
    file = SENT.format(number)
    at = f"{day}T10:00:00.000+02:00"
    errors = tags(Errore=tags(Codice="00427", Descrizione="CodiceDestinatario"))
    return f"{file}_NS_001.xml", notice_file(
        "RicevutaScarto", f"{file}.xml", DataOraRicezione=at, ListaErrori=errors
    )


def files() -> dict[str, str]:
    """What the company issued from April on, what came back, and one purchase."""
    deposit = body(
        "TD02",
        "1",
        "2026-04-01",
        line(1, "Acconto su ordine", "100.00"),
        summary("100.00", "22.00"),
        instalment("122.00", "2026-04-01", "MP08"),
    )
    # Delivered twice in April, invoiced at its end: two instalments, an order, a deposit taken off.
    deferred = body(
        "TD24",
        "2",
        "2026-04-30",
        line(1, "Vite", "90.00", code="V1", Quantita="100.00", PrezzoUnitario="1.00")
        .replace("<PrezzoTotale>", "<ScontoMaggiorazione><Tipo>SC</Tipo><Percentuale>10.00"
                 "</Percentuale></ScontoMaggiorazione><PrezzoTotale>"),
        line(2, "Dado", "210.00", code="D1", Quantita="70.00", PrezzoUnitario="3.00"),
        line(3, "Trasporto", "10.00", TipoCessionePrestazione="AC"),
        line(4, "Storno anticipo", "-100.00"),
        summary("210.00", "46.20"),
        tags(
            DatiPagamento=tags(
                CondizioniPagamento="TP01",
                DettaglioPagamento=[
                    tags(
                        ModalitaPagamento="MP12",
                        DataScadenzaPagamento="2026-05-31",
                        ImportoPagamento="128.10",
                    ),
                    tags(
                        ModalitaPagamento="MP12",
                        DataScadenzaPagamento="2026-06-30",
                        ImportoPagamento="128.10",
                    ),
                ],
            )
        ),
        general=tags(DatiOrdineAcquisto=tags(IdDocumento="PO-7"))
        + tags(
            DatiFattureCollegate=tags(
                RiferimentoNumeroLinea=4, IdDocumento="1", Data="2026-04-01"
            )
        )
        + tags(
            DatiDDT=[
                tags(NumeroDDT="D1", DataDDT="2026-04-08", RiferimentoNumeroLinea=1),
                tags(NumeroDDT="D2", DataDDT="2026-04-20", RiferimentoNumeroLinea=2),
            ]
        ),
        total="256.20",
    )  # fmt: skip
    # A public body pays the VAT to the state itself; the file states the total all the same.
    split = body(
        "TD01",
        "3",
        "2026-05-04",
        line(1, "Manutenzione", "500.00", Quantita=None),
        summary("500.00", "110.00", EsigibilitaIVA="S"),
        instalment("610.00", "2026-06-03"),
    )
    # A fee from which the buyer withholds a fifth, with the contribution to a pension fund.
    fee = body(
        "TD06",
        "4",
        "2026-05-05",
        line(1, "Consulenza", "1000.00", Quantita=None),
        summary("1040.00", "228.80"),
        document=tags(DatiRitenuta=tags(TipoRitenuta="RT01", ImportoRitenuta="200.00"))
        + tags(
            DatiCassaPrevidenziale=tags(
                TipoCassa="TC22", ImportoContributoCassa="40.00", AliquotaIVA="22.00"
            )
        ),
    )
    credit = body(
        "TD04",
        "1/NC",
        "2026-05-11",
        line(1, "Reso vite", "9.00", code="V1", Quantita="10.00", PrezzoUnitario="0.90"),
        summary("9.00", "1.98"),
        general=tags(DatiFattureCollegate=tags(IdDocumento="2", Data="2026-04-30")),
        document=tags(Causale="merce resa"),
    )

    def plain(number: str, day: str, kind: str = "TD01") -> str:
        return body(kind, number, day, line(1, "Vite", "10.00"), summary("10.00", "2.20"))

    town = header(buyer=TOWN, form="FPA12", recipient="ABC123")
    person = header(buyer=PERSON, recipient="0000000")
    own = header(buyer=SELLER)
    verdict = tags(RiferimentoFattura=tags(PosizioneFattura=2), Esito="EC02", Descrizione="No")
    purchase = header(seller=COMPANY, buyer=SELLER)
    return {
        SENT.format(1) + ".xml": invoice_file(deposit),
        SENT.format(2) + ".xml": invoice_file(deferred),
        SENT.format(3) + ".xml": invoice_file(split, plain("5", "2026-05-04"), top=town),
        SENT.format(4) + ".xml": invoice_file(fee),
        SENT.format(5) + ".xml": invoice_file(credit),
        # Rejected, and sent again under its number; another was not.
        SENT.format(6) + ".xml": invoice_file(plain("6", "2026-05-12"), top=person),
        SENT.format(7) + ".xml": invoice_file(plain("6", "2026-05-12"), top=person),
        SENT.format(8) + ".xml": invoice_file(plain("7", "2026-05-13", "TD27"), top=own),
        SENT.format(9) + ".xml": invoice_file(plain("8", "2026-05-13"), top=person),
        "received/IT10000000001_1.xml": invoice_file(plain("99", "2026-05-14"), top=purchase),
        **dict(
            [delivered(2, "2026-05-04"), delivered(3, "2026-05-05"), delivered(7, "2026-05-15")]
        ),
        SENT.format(3) + "_NE_002.xml": notice_file(
            "NotificaEsito", SENT.format(3) + ".xml.p7m", EsitoCommittente=verdict
        ),
        **dict([rejected(6, "2026-05-13"), rejected(9, "2026-05-14")]),
    }


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("fatturapa"))
    for name, text in files().items():
        path = home.root / "invoices" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    home.sources_file.parent.mkdir(parents=True)
    home.sources_file.write_text(SOURCES, encoding="utf-8")
    result = adv(home, "run")
    assert result.returncode == 0, result.stdout + result.stderr
    return home


KEY = "it/CedentePrestatore/IT01234567890/"


def contract(home: Home, query: str) -> list[tuple[object, ...]]:
    """Rows of the contract, keys without what all documents' begin with."""
    connection = connect(home.warehouse, read_only=True)
    try:
        rows = connection.execute(query).fetchall()
    finally:
        connection.close()
    return [tuple(v.removeprefix(KEY) if isinstance(v, str) else v for v in row) for row in rows]


def euro(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


def test_documents_are_what_the_company_sold(night: Home) -> None:
    query = """
        select document_id, document_type, status, source_status, customer_reference,
            generated_from_document_id, corrects_document_id,
            amount_excl_tax, amount_tax, amount_incl_tax
        from intermediate.int_documents order by document_id
    """
    none = (None, None, None)
    fee, returned = euro("1040", "228.8", "1268.8"), euro("9", "1.98", "10.98")
    deferred = euro("210", "46.2", "256.2")
    assert contract(night, query) == [
        ("DatiDDT/D1/2026-04-08", "delivery_note", "invoiced", None, *none, 90, None, None),
        ("DatiDDT/D2/2026-04-20", "delivery_note", "invoiced", None, *none, 210, None, None),
        ("TD01/2026/3", "invoice", "invoiced", "RC", *none, *euro("500", "110", "610")),
        ("TD01/2026/5", "invoice", "invoiced", "EC02", *none, *euro("10", "2.2", "12.2")),
        ("TD01/2026/6", "invoice", "invoiced", "RC", *none, *euro("10", "2.2", "12.2")),
        ("TD01/2026/8", "invoice", "rejected", "NS", *none, *euro("10", "2.2", "12.2")),
        ("TD02/2026/1", "deposit_invoice", "invoiced", "sent", *none, *euro("100", "22", "122")),
        ("TD04/2026/1/NC", "credit_note", "invoiced", "sent", None, None, "TD24/2026/2", *returned),
        ("TD06/2026/4", "invoice", "invoiced", "sent", *none, *fee),
        ("TD24/2026/2", "invoice", "invoiced", "RC", "PO-7", None, None, *deferred),
    ]


def test_lines_tell_goods_from_freight_deposits_and_contributions(night: Home) -> None:
    query = """
        select document_id, line_number, line_type, product_id, quantity, discount_percent,
            amount_excl_tax, generated_from_line_id
        from intermediate.int_document_lines
        where document_id like '%TD24%' or document_id like '%TD06%' or document_id like '%DDT%'
        order by document_id, line_number nulls last
    """
    screw, nut = "it/CodiceArticolo/V1", "it/CodiceArticolo/D1"
    of = "TD24/2026/2/DettaglioLinee/{}/delivery".format
    assert contract(night, query) == [
        ("DatiDDT/D1/2026-04-08", 1, "product", screw, 100, 10, 90, None),
        ("DatiDDT/D2/2026-04-20", 1, "product", nut, 70, None, 210, None),
        ("TD06/2026/4", 1, "service", None, 1, None, 1000, None),
        ("TD06/2026/4", None, "service", None, 1, None, 40, None),
        ("TD24/2026/2", 1, "product", screw, 100, 10, 90, of(1)),
        ("TD24/2026/2", 2, "product", nut, 70, None, 210, of(2)),
        ("TD24/2026/2", 3, "freight", None, 1, None, 10, None),
        ("TD24/2026/2", 4, "deposit", None, 1, None, -100, None),
    ]


def test_customers_owe_what_they_neither_withhold_nor_pay_to_the_state(night: Home) -> None:
    query = """
        select document_id, instalment_number, due_date, payment_method, amount_incl_tax,
            amount_to_pay
        from intermediate.int_instalments order by document_id, instalment_number
    """
    assert contract(night, query) == [
        ("TD01/2026/3", 1, date(2026, 6, 3), "transfer", *euro("610", "500")),
        ("TD01/2026/5", 1, date(2026, 5, 4), None, *euro("12.2", "12.2")),
        ("TD01/2026/6", 1, date(2026, 5, 12), None, *euro("12.2", "12.2")),
        ("TD02/2026/1", 1, date(2026, 4, 1), "card", *euro("122", "122")),
        ("TD04/2026/1/NC", 1, date(2026, 5, 11), None, *euro("-10.98", "-10.98")),
        ("TD06/2026/4", 1, date(2026, 5, 5), None, *euro("1268.8", "1068.8")),
        ("TD24/2026/2", 1, date(2026, 5, 31), "riba", *euro("128.1", "128.1")),
        ("TD24/2026/2", 2, date(2026, 6, 30), "riba", *euro("128.1", "128.1")),
    ]


def test_a_number_that_was_rejected_and_sent_again_is_one_invoice(night: Home) -> None:
    query = """
        select document_id, event_type, occurred_at, reason from intermediate.int_einvoice_events
        where document_id not like '%TD24%' order by document_id, occurred_at, event_type
    """

    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 5, day, hour)  # noqa: DTZ001  UTC

    assert contract(night, query) == [
        ("TD01/2026/3", "deposited", at(5, 8), None),
        ("TD01/2026/3", "delivered", at(5, 10), None),
        ("TD01/2026/5", "deposited", at(5, 8), None),
        ("TD01/2026/5", "delivered", at(5, 10), None),
        # A verdict says no time of its own: it came after that.
        ("TD01/2026/5", "refused", at(5, 10), "No"),
        ("TD01/2026/6", "deposited", at(13, 8), None),
        ("TD01/2026/6", "rejected", at(13, 8), "00427 CodiceDestinatario"),
        ("TD01/2026/6", "deposited", at(15, 8), None),
        ("TD01/2026/6", "delivered", at(15, 10), None),
        ("TD01/2026/8", "deposited", at(14, 8), None),
        ("TD01/2026/8", "rejected", at(14, 8), "00427 CodiceDestinatario"),
    ]


def test_customers_are_told_apart_by_what_they_are(night: Home) -> None:
    query = """
        select name, customer_class, customer_number, vat_number, registration_number
        from intermediate.int_customers order by name
    """
    assert contract(night, query) == [
        ("Cliente 1 S.p.A.", "private", "IT10000000001", "IT10000000001", None),
        ("Cliente Due", "consumer", None, None, "CLNDUE80A01F205X"),
        ("Comune 1", "public", "80000000008", None, "80000000008"),
    ]


def test_the_marts_owe_and_sell_what_was_issued(night: Home) -> None:
    owed = Decimal("122") + 500 + Decimal("12.2") * 2 + Decimal("1068.8") + Decimal("256.2")
    assert ask(
        night,
        "select sum(company_open_amount) from kpi.open_items where is_latest",
    ) == [(owed - Decimal("10.98"),)]
    # Without the deposit, which the invoice after it has taken off, and the invoice rejected.
    sales = "select sum(company_amount_excl_tax) from core.fct_documents where is_issued and "
    assert ask(night, sales + "document_type = 'invoice'") == [(1770,)]
    open_exceptions = """
        select document_number from kpi.process_exceptions
        where rule = 'einvoice_not_resent' and is_open
    """
    assert set(ask(night, open_exceptions)) == {("5",), ("8",)}


def test_what_is_no_sale_is_left_out_and_told(night: Home) -> None:
    (manifest,) = night.landing.glob("it/FatturaElettronicaBody/*/manifest.json")
    told = {p["code"]: p["message"] for p in json.loads(manifest.read_text())["problems"]}
    assert told == {
        "purchase": "1 documents that the company received, not read (this is the first)"
    }
