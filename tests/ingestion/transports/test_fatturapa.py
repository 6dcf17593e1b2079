"""Electronic invoices: every file is read, or named with what is wrong with it."""

from __future__ import annotations

import base64
import contextlib
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestion.config import FatturapaSource
from ingestion.declarations import system
from ingestion.errors import ConfigurationError, SourceError
from ingestion.transports import fatturapa_xml
from ingestion.transports.base import Window
from ingestion.transports.fatturapa import FatturapaOptions, FatturapaTransport
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
from tests.fuzzing import fuzz, fuzzed
from tests.ingestion.transports.reading import Landed, land, write

INVOICES = system("fatturapa")
DOCUMENTS = INVOICES.table("FatturaElettronicaBody")
NAME = "IT09999999999_00001.xml"
CONTENT = (line(1, "Vite", "100.00"), summary("100.00", "22.00"))
SIMPLE = invoice_file(body("TD01", "1", "2026-03-02", *CONTENT))


def read(
    folder: Path, files: dict[str, str | bytes], table: str = DOCUMENTS.name, **options: object
) -> Landed:
    chosen = FatturapaOptions.model_validate(options)
    return land(FatturapaTransport(write(folder, files), chosen), INVOICES.table(table))


def numbers(landed: Landed) -> list[object]:
    return [row["DatiGenerali_DatiGeneraliDocumento_Numero"] for row in landed.rows]


def faults(landed: Landed) -> list[tuple[object, ...]]:
    return [(row["file"], row["line"], row["code"]) for row in landed.rejected]


@cache
def signer() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firma")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.public_key(key.public_key()).not_valid_before(start)
    return builder.not_valid_after(start + timedelta(1)).sign(key, hashes.SHA256()), key


def signed(content: bytes, *options: pkcs7.PKCS7Options) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(*signer(), hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


def indefinite(tag: int, *content: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


def signed_in_pieces(content: bytes) -> bytes:
    """An envelope in BER as signing programs stream it: no length is told beforehand."""
    pieces = (content[at : at + 100] for at in range(0, len(content), 100))
    octets = indefinite(0x24, *(bytes([4, len(piece)]) + piece for piece in pieces))
    kind = bytes.fromhex("06092a864886f70d0107")
    inner = indefinite(0x30, kind, b"\x01", indefinite(0xA0, octets))
    data = indefinite(0x30, b"\x02\x01\x01", b"\x31\x00", inner, b"\x31\x00")
    return indefinite(0x30, kind, b"\x02", indefinite(0xA0, data))


def test_every_table_is_had_from_the_elements_of_one_file(tmp_path: Path) -> None:
    text = invoice_file(
        body(
            "TD24",
            "7/A",
            "2026-03-31",
            line(1, "Vite", "45.00", code="V1", Quantita="10.12345678", PrezzoUnitario="5"),
            line(2, "Dado", "5.00", rate="0.00", Natura="N4"),
            summary("45.00", "9.90"),
            summary("5.00", "0.00", "0.00", Natura="N4", EsigibilitaIVA="S"),
            instalment("30.00", "2026-04-30"),
            instalment("29.90", method="MP12", GiorniTerminiPagamento=60),
            general=tags(DatiOrdineAcquisto=tags(IdDocumento="PO 1", Data="2026-03-01+01:00"))
            + tags(DatiFattureCollegate=tags(RiferimentoNumeroLinea=[1, 2], IdDocumento="6"))
            + tags(DatiDDT=tags(NumeroDDT="D1", DataDDT="2026-03-05", RiferimentoNumeroLinea=1)),
            document=tags(
                DatiRitenuta=tags(TipoRitenuta="RT01", ImportoRitenuta="9.00"),
                Causale=["merce", "varia"],
            ),
            total="59.90",
        )
    )
    found = {
        table.name: [
            {key: value for key, value in row.items() if value is not None}
            for row in read(tmp_path, {NAME: text}, table.name).rows
        ]
        for table in INVOICES.tables
    }
    at = {"File": "IT09999999999_00001", "PosizioneFattura": 1}
    first, second = {**at, "Posizione": 1}, {**at, "Posizione": 2}
    (document,) = found.pop("FatturaElettronicaBody")
    general = "DatiGenerali_DatiGeneraliDocumento_"
    assert (
        document.items()
        >= {
            **at,
            "DatiTrasmissione_CodiceDestinatario": "ABC1234",
            "CedentePrestatore_DatiAnagrafici_IdFiscaleIVA_IdCodice": "01234567890",
            "CessionarioCommittente_DatiAnagrafici_Anagrafica_Denominazione": "Cliente 1 S.p.A.",
            f"{general}TipoDocumento": "TD24",
            f"{general}Data": date(2026, 3, 31),
            f"{general}Causale": "merce\nvaria",
            f"{general}ImportoTotaleDocumento": Decimal("59.9"),
            "Somma_DatiRiepilogo_ImponibileImporto": 50,
            "Somma_DettaglioPagamento_ImportoPagamento": Decimal("59.9"),
        }.items()
    )
    # An order's reference comes before the invoices that are referred to, as in the file.
    assert found == {
        "DettaglioLinee": [
            {
                **first,
                "NumeroLinea": 1,
                "CodiceArticolo_CodiceTipo": "Interno",
                "CodiceArticolo_CodiceValore": "V1",
                "Descrizione": "Vite",
                "Quantita": Decimal("10.12345678"),
                "PrezzoUnitario": 5,
                "PrezzoTotale": 45,
                "AliquotaIVA": 22,
            },
            {
                **second,
                "NumeroLinea": 2,
                "Descrizione": "Dado",
                "Quantita": 1,
                "PrezzoUnitario": 5,
                "PrezzoTotale": 5,
                "AliquotaIVA": 0,
                "Natura": "N4",
            },
        ],
        "DatiRiepilogo": [
            {
                **first,
                "AliquotaIVA": 22,
                "ImponibileImporto": 45,
                "Imposta": Decimal("9.9"),
                "Somma_DettaglioLinee_PrezzoTotale": 45,
                "Somma_DatiCassaPrevidenziale_ImportoContributoCassa": 0,
            },
            {
                **second,
                "AliquotaIVA": 0,
                "Natura": "N4",
                "ImponibileImporto": 5,
                "Imposta": 0,
                "EsigibilitaIVA": "S",
                "Somma_DettaglioLinee_PrezzoTotale": 5,
                "Somma_DatiCassaPrevidenziale_ImportoContributoCassa": 0,
            },
        ],
        "DatiRitenuta": [{**first, "TipoRitenuta": "RT01", "ImportoRitenuta": 9}],
        "DettaglioPagamento": [
            {
                **first,
                "ModalitaPagamento": "MP05",
                "DataScadenzaPagamento": date(2026, 4, 30),
                "ImportoPagamento": 30,
            },
            {
                **second,
                "ModalitaPagamento": "MP12",
                "GiorniTerminiPagamento": 60,
                "ImportoPagamento": Decimal("29.9"),
            },
        ],
        "DatiDocumentiCorrelati": [
            {
                **first,
                "Elemento": "DatiOrdineAcquisto",
                "IdDocumento": "PO 1",
                "Data": date(2026, 3, 1),
            },
            {
                **second,
                "Elemento": "DatiFattureCollegate",
                "RiferimentoNumeroLinea": "1\n2",
                "IdDocumento": "6",
            },
        ],
        "DatiDDT": [
            {
                **first,
                "NumeroDDT": "D1",
                "DataDDT": date(2026, 3, 5),
                "RiferimentoNumeroLinea": "1",
            }
        ],
        "Notifiche": [],
    }


def test_a_file_may_hold_several_invoices(tmp_path: Path) -> None:
    bodies = [body("TD01", number, "2026-03-02", *CONTENT) for number in ("1", "2", "3")]
    landed = read(tmp_path, {NAME: invoice_file(*bodies)})
    assert [(row["PosizioneFattura"], n) for row, n in zip(landed.rows, "123", strict=True)] == [
        (1, "1"),
        (2, "2"),
        (3, "3"),
    ]
    assert numbers(landed) == ["1", "2", "3"]


@pytest.mark.parametrize("prefix", ["", "p", "ns3"])
def test_prefixes_of_any_name_and_subfolders_are_read(tmp_path: Path, prefix: str) -> None:
    text = invoice_file(body("TD01", "1", "2026-03-02", *CONTENT), prefix=prefix)
    assert numbers(read(tmp_path, {f"2026/03/{NAME.upper()}": text})) == ["1"]


def test_a_prefix_that_nobody_declared_is_harmless(tmp_path: Path) -> None:
    assert numbers(read(tmp_path, {NAME: SIMPLE.replace("xmlns:p", "xmlns:q")})) == ["1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "iso-8859-1"])
def test_a_file_is_read_in_the_encoding_that_it_says(tmp_path: Path, encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    text = SIMPLE.replace("UTF-8", declared).replace("Cliente 1", "Caffè Città")
    landed = read(tmp_path, {NAME: text.encode(encoding)})
    assert (
        landed.rows[0]["CessionarioCommittente_DatiAnagrafici_Anagrafica_Denominazione"]
        == "Caffè Città S.p.A."
    )


def test_signed_files_are_opened_however_they_are_wrapped(tmp_path: Path) -> None:
    content = SIMPLE.encode()
    der = signed(content)
    pem = b"-----BEGIN PKCS7-----\n" + base64.encodebytes(der) + b"-----END PKCS7-----\n"
    wrapped = {
        "der": der,
        "garbage behind": der + b"\0\0 trailing",
        "twice": signed(signed(content)),
        "base64": base64.encodebytes(der),
        "one line": base64.b64encode(der),
        "pem": pem,
        "twice in base64": base64.b64encode(signed(base64.b64encode(der))),
        "streamed": signed_in_pieces(content),
        "not signed": content,
    }
    landed = read(tmp_path, {f"{name}.xml.p7m": data for name, data in wrapped.items()})
    assert sorted(str(row["File"]) for row in landed.rows) == sorted(wrapped)
    assert set(numbers(landed)) == {"1"}


def test_a_signed_copy_of_a_file_is_no_second_invoice(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        NAME: SIMPLE,
        f"{NAME}.p7m": signed(SIMPLE.encode()),
        f"old/{NAME}": SIMPLE,
    }
    landed = read(tmp_path, files)
    assert numbers(landed) == ["1"]
    (told,) = landed.problems("warning")
    assert (told.code, told.message[:2]) == ("same_file", "2 ")


def test_files_of_one_name_that_differ_are_both_read(tmp_path: Path) -> None:
    """The rule of unique keys then sets them apart: nobody knows which one counts."""
    other = SIMPLE.replace("100.00", "200.00")
    assert len(read(tmp_path, {NAME: SIMPLE, f"old/{NAME}": other}).rows) == 2


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    "<FatturaElettronica>&b;</FatturaElettronica>"
)


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"", 1, "not_xml"),
        (b"Gentile cliente,", 1, "not_xml"),
        (b"%PDF-1.7", 1, "not_xml"),
        (b"0\x82\xff\xff\x06", 1, "bad_signature"),
        (b"MIIGJAYJKoZIhvcNAQcCoIIGFTCC", 1, "bad_signature"),
        (signed(SIMPLE.encode())[:300], 1, "bad_signature"),
        (signed(SIMPLE.encode(), pkcs7.PKCS7Options.DetachedSignature), 1, "bad_signature"),
        (SIMPLE[: SIMPLE.index("<Numero>")].encode(), 4, "not_xml"),
        (SIMPLE.replace("</Numero>", "</Nummer>").encode(), 4, "not_xml"),
        (SIMPLE.replace("Vite", "Caffè").encode("cp1252"), 4, "not_xml"),
        (SIMPLE.replace("UTF-8", "x-unknown").encode(), 1, "encoding"),
        (BOMB.encode(), 1, "document_type"),
        (b"<FatturaElettronica>\n" + b"<a>" * 60, 2, "too_deep"),
        (b"<p:FatturaElettronica xmlns:p='x'/>", 1, "incomplete"),
        (b"<FatturaElettronicaSemplificata/>", 1, "simplified"),
        (b"<!--" + b"x" * 50_000, 1, "file_too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(
    tmp_path: Path, content: bytes, line: int, code: str
) -> None:
    files: dict[str, str | bytes] = {"bad.xml": content, NAME: SIMPLE}
    for table in (DOCUMENTS.name, "DettaglioLinee"):
        landed = read(tmp_path, files, table, max_file_bytes=40_000)
        assert faults(landed) == [("bad.xml", line, code)]
        assert (len(landed.rows), landed.extraction.source_rows) == (1, 2)
        # What the file held before must not be taken for deleted.
        assert landed.extraction.keys_unknown == 1
    assert read(tmp_path, files, "Notifiche", max_file_bytes=40_000).rejected == []


def test_more_elements_than_any_invoice_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fatturapa_xml, "MOST_ELEMENTS", 20)
    assert faults(read(tmp_path, {NAME: SIMPLE})) == [(NAME, 3, "too_many_elements")]


def test_attachments_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attached = tags(Allegati=tags(NomeAttachment="x.pdf", Attachment="QUJD" * 1000))
    text = SIMPLE.replace("</FatturaElettronicaBody>", f"{attached * 9}</FatturaElettronicaBody>")
    monkeypatch.setattr(fatturapa_xml, "MOST_ELEMENTS", 60)
    assert numbers(read(tmp_path, {NAME: text})) == ["1"]


def test_a_value_that_is_none_keeps_its_row_out(tmp_path: Path) -> None:
    text = invoice_file(
        body("TD01", "1", "02/03/2026", line(1, "Vite", "1,50"), line(2, "Dado", "2"))
    )
    documents = read(tmp_path, {NAME: text})
    (row,) = documents.rejected
    assert (row["code"], row["field"]) == ("bad_date", "DatiGenerali_DatiGeneraliDocumento_Data")
    lines = read(tmp_path, {NAME: text}, "DettaglioLinee")
    assert [row["key"] for row in lines.rejected] == ["IT09999999999_00001/1/1"] * 2
    assert [row["NumeroLinea"] for row in lines.rows] == [2]


def sold_by(number: str, seller: tuple[str, str, str], buyer: tuple[str, str, str]) -> str:
    top = header(seller=seller, buyer=buyer)
    return invoice_file(body("TD01", number, "2026-03-02", *CONTENT), top=top)


def test_what_the_company_did_not_issue_is_left_out_and_counted(tmp_path: Path) -> None:
    other = ("IT", "20000000002", "Altra S.r.l.")
    files: dict[str, str | bytes] = {
        "sale.xml": SIMPLE,
        "purchase.xml": sold_by("2", COMPANY, SELLER),
        "another.xml": sold_by("3", COMPANY, SELLER),
        "foreign.xml": sold_by("4", COMPANY, other),
        "purchase_MT_001.xml": "<MetadatiInvioFile/>",
        "style.xml": "<stylesheet/>",
    }
    for companies in (["it 01234567890"], ["01234567890"]):
        landed = read(tmp_path, files, companies=companies)
        assert numbers(landed) == ["1"]
        assert {p.code: int(p.message.split()[0]) for p in landed.problems("warning")} == {
            "purchase": 2,
            "other_seller": 1,
            "purchase_file": 1,
            "unknown_root": 1,
        }
        assert read(tmp_path, files, "DettaglioLinee", companies=companies).extraction.rows == 1


def test_a_folder_with_several_sellers_must_say_who_the_company_is(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.xml": SIMPLE, "b.xml": sold_by("2", COMPANY, SELLER)}
    (problem,) = read(tmp_path, files).problems("batch")
    assert problem.code == "several_sellers"
    assert "IT01234567890, IT10000000001" in problem.message


def test_notices_are_read_by_their_root(tmp_path: Path) -> None:
    received = "2026-03-02T10:00:00.000+01:00"
    stem = NAME.removesuffix(".xml")
    error = tags(Errore=tags(Codice="00404", Descrizione="Fattura duplicata"))
    verdict = tags(
        IdentificativoSdI="111",
        RiferimentoFattura=tags(NumeroFattura="1", AnnoFattura="2026", PosizioneFattura="2"),
        Esito="EC02",
    )
    files: dict[str, str | bytes] = {
        f"{stem}_RC_001.xml": notice_file("RicevutaConsegna", NAME, DataOraRicezione=received),
        f"{stem}_NS_002.xml": notice_file("RicevutaScarto", NAME, ListaErrori=error * 2),
        f"{stem}_NE_003.xml": notice_file("NotificaEsito", NAME, EsitoCommittente=verdict),
        f"{stem}_MC_004.xml": "<broken",
        f"{stem}_EC_005.xml": "<NotificaEsitoCommittente/>",
    }
    landed = read(tmp_path, files, "Notifiche")
    by_kind = {str(row["Elemento"]): row for row in landed.rows}
    assert by_kind.keys() == {"RC", "NS", "NE"}
    assert by_kind["RC"]["DataOraRicezione"] == datetime(2026, 3, 2, 9)  # noqa: DTZ001  UTC
    assert by_kind["NS"]["ListaErrori_Errore_Codice"] == "00404\n00404"
    assert by_kind["NE"]["EsitoCommittente_Esito"] == "EC02"
    assert by_kind["NE"]["EsitoCommittente_RiferimentoFattura_PosizioneFattura"] == 2
    assert faults(landed) == [(f"{stem}_MC_004.xml", 1, "not_xml")]
    documents = read(tmp_path, files)
    assert (documents.rows, documents.rejected) == ([], [])


def test_a_folder_without_invoices_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no invoice in .* put files ending in \.xml"):
        read(tmp_path, {"readme.txt": "x"})
    with FatturapaTransport(tmp_path).session() as session:
        (status,) = session.inspect([DOCUMENTS])
    assert not status.present
    assert status.problems[0].code == "missing_file"


def test_inspecting_goes_by_names(tmp_path: Path) -> None:
    write(tmp_path, {NAME: "not even looked at"})
    with FatturapaTransport(tmp_path).session() as session:
        found = {status.table.name: status.present for status in session.inspect(INVOICES.tables)}
    assert [name for name, present in found.items() if not present] == ["Notifiche"]


def test_the_files_are_read_once_for_all_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_file, opened = fatturapa_xml.read_file, []

    def counted(path: Path, max_bytes: int) -> fatturapa_xml.Element:
        opened.append(path)
        return read_file(path, max_bytes)

    monkeypatch.setattr("ingestion.transports.fatturapa.read_file", counted)
    transport = FatturapaTransport(write(tmp_path, {NAME: SIMPLE}))
    with transport.session() as session, tempfile.TemporaryDirectory() as into:
        for table in INVOICES.tables:
            session.extract(table, Window(), Path(into))
    assert len(opened) == 1


def test_wrong_options_are_named(tmp_path: Path) -> None:
    source = FatturapaSource(
        transport="fatturapa", system="fatturapa", path=tmp_path, options={"company": "1"}
    )
    with pytest.raises(ConfigurationError, match=r"options\.company"):
        FatturapaTransport.from_source(source)
    for wrong in ({"pattern": "../*"}, {"companies": ["IT-1"]}, {"companies": [""]}):
        with pytest.raises(ValidationError):
            FatturapaOptions.model_validate(wrong)


STARTS = [SIMPLE.encode(), signed(SIMPLE.encode()), base64.b64encode(signed(SIMPLE.encode()))]
BYTES = st.sampled_from(
    [b"<!DOCTYPE x>", b"<Allegati>", b"&amp;", b"&x;", b"</", b"]]>", b"<?xml ?>", b"<a:b:c/>"]
)
DAMAGES = st.lists(
    st.tuples(st.integers(0, 2500), st.integers(0, 40), BYTES | st.binary(max_size=8)), max_size=4
)


def damaged(content: bytes, damages: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, put in damages:
        content = content[:at] + put + content[at + length :]
    return content


@fuzz
@fuzzed(300)
@given(st.sampled_from(STARTS), DAMAGES)
def test_no_damage_breaks_the_reader(
    tmp_path: Path, content: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    file = tmp_path / NAME
    file.write_bytes(damaged(content, damages))
    with contextlib.suppress(fatturapa_xml.UnreadableXmlError):
        for invoice in fatturapa_xml.invoices(fatturapa_xml.read_file(file, 10_000)):
            for table in INVOICES.tables:
                assert all(line > 0 for line, _ in invoice.rows(table, NAME))


@fuzz
@fuzzed(8)
@given(st.sampled_from(STARTS), DAMAGES)
def test_no_damaged_file_is_lost_and_it_costs_no_other(
    content: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    files: dict[str, str | bytes] = {"a.xml.p7m": damaged(content, damages), "b.xml": SIMPLE}
    with tempfile.TemporaryDirectory() as folder:
        landed = read(Path(folder), files, companies=["IT01234567890"])
    told = {problem.file for problem in landed.extraction.problems}
    assert "a.xml.p7m" in told or "a" in {row["File"] for row in landed.rows}
    assert "b" in {row["File"] for row in landed.rows}
