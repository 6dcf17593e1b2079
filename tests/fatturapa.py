"""Electronic invoices of Italy, as small as the format allows, for tests to put in folders."""

from __future__ import annotations

from collections.abc import Sequence

NAMESPACE = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"
SELLER = ("IT", "01234567890", "Fornitore S.r.l.")
COMPANY = ("IT", "10000000001", "Cliente 1 S.p.A.")


def tags(**given: object) -> str:
    """An element for each value that is given, in order; a list repeats its element."""
    found = ""
    for name, value in given.items():
        for text in value if isinstance(value, list) else [value]:
            found += f"<{name}>{text}</{name}>" if text is not None else ""
    return found


def party(country: str | None, code: str | None, name: str, fiscal_code: str | None = None) -> str:
    """Who sells or buys: a company by its name, a person by given name and surname."""
    vat = tags(IdPaese=country, IdCodice=code) if code else None
    given, _, surname = name.partition("|")
    called = tags(Nome=given, Cognome=surname) if surname else tags(Denominazione=given)
    seat = tags(Indirizzo="Via 1", CAP="20100", Comune="Milano", Nazione=country or "IT")
    register = tags(IdFiscaleIVA=vat, CodiceFiscale=fiscal_code, Anagrafica=called)
    return tags(DatiAnagrafici=register, Sede=seat)


def header(
    *,
    seller: tuple[str, str, str] = SELLER,
    buyer: Sequence[str | None] = COMPANY,
    form: str = "FPR12",
    recipient: str = "ABC1234",
) -> str:
    """What a file says of all its invoices."""
    sent = tags(
        IdTrasmittente=tags(IdPaese="IT", IdCodice="09999999999"),
        ProgressivoInvio="00001",
        FormatoTrasmissione=form,
        CodiceDestinatario=recipient,
    )
    return tags(
        DatiTrasmissione=sent,
        CedentePrestatore=party(*seller),
        CessionarioCommittente=party(*buyer),  # type: ignore[arg-type]
    )


def line(number: int, description: str, total: str, rate: str = "22.00", **more: object) -> str:
    """A line of goods, of quantity 1 unless `Quantita` says otherwise."""
    code = more.pop("code", None)
    article = tags(CodiceTipo="Interno", CodiceValore=code) if code else None
    described = {
        "NumeroLinea": number,
        "TipoCessionePrestazione": more.pop("TipoCessionePrestazione", None),
        "CodiceArticolo": article,
        "Descrizione": description,
        "Quantita": more.pop("Quantita", "1.00"),
        "UnitaMisura": more.pop("UnitaMisura", None),
        "PrezzoUnitario": more.pop("PrezzoUnitario", total),
        "PrezzoTotale": total,
        "AliquotaIVA": rate,
        **more,
    }
    return tags(DettaglioLinee=tags(**described))


def summary(taxable: str, tax: str, rate: str = "22.00", **more: object) -> str:
    """What the lines of one VAT rate come to; `EsigibilitaIVA` S is split payment."""
    amounts = tags(AliquotaIVA=rate, ImponibileImporto=taxable, Imposta=tax, **more)
    return tags(DatiRiepilogo=amounts)


def instalment(amount: str, due: str | None = None, method: str = "MP05", **more: object) -> str:
    """One payment that is asked for."""
    asked = tags(
        ModalitaPagamento=method, **more, DataScadenzaPagamento=due, ImportoPagamento=amount
    )
    return tags(DatiPagamento=tags(CondizioniPagamento="TP02", DettaglioPagamento=asked))


def body(
    kind: str,
    number: str,
    day: str,
    *content: str,
    general: str = "",
    document: str = "",
    total: str | None = None,
) -> str:
    """One invoice: `content` is its lines, summaries and instalments, in any order."""
    goods = "".join(part for part in content if not part.startswith("<DatiPagamento>"))
    paid = "".join(part for part in content if part.startswith("<DatiPagamento>"))
    described = tags(
        TipoDocumento=kind, Divisa="EUR", Data=day, Numero=number, ImportoTotaleDocumento=total
    )
    return tags(
        FatturaElettronicaBody=tags(
            DatiGenerali=tags(DatiGeneraliDocumento=described + document) + general,
            DatiBeniServizi=goods,
        )
        + paid
    )


def invoice_file(*bodies: str, prefix: str = "p", top: str | None = None) -> str:
    """A file with one or more invoices."""
    name = f"{prefix}:FatturaElettronica" if prefix else "FatturaElettronica"
    namespace = f'xmlns{":" if prefix else ""}{prefix}="{NAMESPACE}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{name} versione="FPR12" {namespace}>\n'
        f"<FatturaElettronicaHeader>{top or header()}</FatturaElettronicaHeader>\n"
        + "\n".join(bodies)
        + f"\n</{name}>\n"
    )


def notice_file(root: str, file: str, **content: object) -> str:
    """A notice of the exchange system about a file."""
    said = tags(IdentificativoSdI="111", NomeFile=file, **content)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<ns2:{root} versione="1.0" xmlns:ns2="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/'
        f'fattura/messaggi/v1.0">{said}</ns2:{root}>\n'
    )
