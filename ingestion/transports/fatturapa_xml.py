"""Italy's electronic invoices (FatturaPA 1.2) and the exchange system's notices, as one XML file.

The format is read by the names of its elements, whatever their prefix or namespace. A declared
column names the element that it is had from, below the element that is the row:
`DatiTrasmissione_IdTrasmittente_IdPaese`. Where an element repeats, each of its texts is a line.
`Somma_<element>_<part>` is what a part of these elements comes to in the whole document, so that
rules can compare it with what the row states; for a VAT summary, of those with its rate.

Python's own expat reads the file, in pieces, and is told to stop at a document type declaration:
without one there are no entities to expand and nothing outside the file to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from xml.parsers import expat

from ingestion.declarations import Column, Table
from ingestion.errors import SourceDataError
from ingestion.transports.signed_files import SEQUENCE, TEXT_ENVELOPE, unsigned

INVOICE = "FatturaElettronica"
SIMPLIFIED = "FatturaElettronicaSemplificata"
NOTICES = {
    "RicevutaConsegna": "RC",
    "NotificaScarto": "NS",
    "RicevutaScarto": "NS",
    "NotificaMancataConsegna": "MC",
    "RicevutaImpossibilitaRecapito": "MC",
    "NotificaEsito": "NE",
    "NotificaDecorrenzaTermini": "DT",
    "AttestazioneTrasmissioneFattura": "AT",
}
"""Notices to who sent an invoice, by root element, and how the exchange system shortens them."""
BUYERS_FILES = frozenset(
    {"MetadatiInvioFile", "FileMetadati", "NotificaEsitoCommittente", "ScartoEsitoCommittente"}
)
"""Roots of what comes with a purchase: nothing of it concerns sales."""
NOTICE_NAME = re.compile(r"_(RC|NS|MC|NE|DT|AT|MT|EC|SE)_\w+$", re.IGNORECASE)
"""End of a notice's name, before the suffix."""
SUM = "Somma_"
SUMMARY = "DatiRiepilogo"
NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?")
HEADER, BODY = "FatturaElettronicaHeader", "FatturaElettronicaBody"
RELATED = (
    "DatiOrdineAcquisto",
    "DatiContratto",
    "DatiConvenzione",
    "DatiRicezione",
    "DatiFattureCollegate",
)
ROW_ELEMENTS = {"DatiDocumentiCorrelati": frozenset(RELATED)}
"""Elements that are the rows of a table which is not called like them."""
NOT_READ = "Allegati"
"""Attachments are passed over; they may be most of a file."""
MOST_ELEMENTS = 500_000
DEEPEST = 50
PIECE = 1 << 16
TEXT_PIECE = 1 << 20
"""Of a long text, which is then added up in few steps."""
ZONED_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})")
Row = tuple[int, dict[str, str | None]]
"""Line of the element in the file, and the text of each declared column."""


class UnreadableXmlError(SourceDataError):
    """A file cannot be read, or not as what it claims to be; the message says why."""

    def __init__(self, code: str, message: str, line: int = 1, root: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.line = line
        self.root = root
        """The outermost element, as far as it was read."""


@dataclass(slots=True)
class Element:
    """An element of the file, by its local name."""

    name: str
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def at(self, path: list[str]) -> list[Element]:
        """The elements found by following the names from here on."""
        found = [self]
        for name in path:
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def within(self, names: frozenset[str]) -> Iterator[Element]:
        """The elements of these names, at any depth, in the order of the file."""
        for child in self.children:
            if child.name in names:
                yield child
            yield from child.within(names)

    def value(self, *path: str) -> str | None:
        """The text found there, of all elements of that name; none when it is blank."""
        texts = [element.text for element in self.at(list(path)) if element.text]
        return "\n".join(texts) or None


def read_file(path: Path, max_bytes: int) -> Element:
    """The file's elements, attachments left out.

    Raises:
        UnreadableXmlError: the file is too large, damaged, cut, or no XML.
        OSError: the operating system does not give the file.

    """
    with path.open("rb") as file:
        if path.stat().st_size > max_bytes:
            message = f"more than {max_bytes:,} bytes; raise `max_file_bytes` if that is right"
            raise UnreadableXmlError("file_too_large", message)
        start = file.read(PIECE)
        if not start.startswith(SEQUENCE) and not TEXT_ENVELOPE.match(start):
            file.seek(0)
            return read_elements(iter(lambda: file.read(PIECE), b""))
        try:
            content = unsigned(start + file.read(max_bytes))
        except SourceDataError as error:
            raise UnreadableXmlError("bad_signature", str(error)) from None
    return read_elements(content[at : at + PIECE] for at in range(0, len(content), PIECE))


def read_elements(pieces: Iterable[bytes]) -> Element:
    """The elements of one XML document.

    Raises:
        UnreadableXmlError: it is not well-formed, has a document type, or is far too large.

    """
    reader = _Reader()
    try:
        for piece in pieces:
            reader.parser.Parse(piece, False)
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        told = expat.ErrorString(error.code)
        message = f"not well-formed XML: {told}{reader.place()}; export the file again"
        raise UnreadableXmlError("not_xml", message, error.lineno, reader.root_name) from None
    except (LookupError, ValueError) as error:
        message = f"written in an encoding that cannot be read: {error}"
        raise UnreadableXmlError("encoding", message) from None
    assert reader.root is not None  # expat refuses a document without an element
    return reader.root


class _Reader:
    """What expat calls."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.passing_over = 0
        self.elements = 0
        # Without expat's own namespaces: a prefix that nobody declared is common, and harmless.
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.buffer_size = TEXT_PIECE
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    @property
    def root_name(self) -> str | None:
        return self.root.name if self.root else None

    def place(self) -> str:
        """Where in the document the reader is, in words."""
        return f" in {self.open[-1].name}" if self.open else ""

    def refuse(self, code: str, message: str) -> None:
        line = self.parser.CurrentLineNumber
        raise UnreadableXmlError(code, message, line, self.root_name)

    def doctype(self, *_: object) -> None:
        self.refuse("document_type", "has a document type, which this format has not; not read")

    def start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self.passing_over or local == NOT_READ:
            self.passing_over += 1
            return
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            self.refuse("too_many_elements", f"more than {MOST_ELEMENTS:,} elements")
        if len(self.open) >= DEEPEST:
            self.refuse("too_deep", f"elements lie more than {DEEPEST} deep{self.place()}")
        element = Element(local, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _: str) -> None:
        if self.passing_over:
            self.passing_over -= 1
            return
        element = self.open.pop()
        element.text = " ".join(element.text.split())

    def characters(self, text: str) -> None:
        if not self.passing_over:
            self.open[-1].text += text


@dataclass(frozen=True)
class Invoice:
    """One invoice of a file: what the file says of all of them, and its own body."""

    position: int
    """1 is the first of the file."""
    header: Element
    body: Element

    def party(self, role: str) -> frozenset[str]:
        """Every number that names the seller (`CedentePrestatore`) or the buyer, in capitals."""
        at = (role, "DatiAnagrafici")
        country, code = (
            (self.header.value(*at, "IdFiscaleIVA", part) or "").upper()
            for part in ("IdPaese", "IdCodice")
        )
        fiscal_code = (self.header.value(*at, "CodiceFiscale") or "").upper()
        return frozenset({country + code, code, fiscal_code} - {""})

    def rows(self, table: Table, file: str) -> Iterator[Row]:
        """The invoice's rows of a table."""
        names = ROW_ELEMENTS.get(table.name, frozenset({table.name}))
        elements = [self.body] if table.name == BODY else self.body.within(names)
        for place, element in enumerate(elements, start=1):
            known = {
                "File": file,
                "PosizioneFattura": str(self.position),
                "Posizione": str(place),
                "Elemento": element.name,
            }
            values = {c.name: known.get(c.name) or self._value(c, element) for c in table.columns}
            yield element.line, values

    def _value(self, column: Column, row: Element) -> str | None:
        if column.name.startswith(SUM):
            return self._sum(row, *column.name.removeprefix(SUM).split("_"))
        return _text(column, (row, self.header) if row is self.body else (row,))

    def _sum(self, row: Element, name: str, part: str) -> str | None:
        """What the parts come to; nothing when one of them is no number."""
        elements = self.body.within(frozenset({name}))
        if row.name == SUMMARY:
            elements = (element for element in elements if _tax(element) == _tax(row))
        amounts = [_number(element.value(part)) for element in elements]
        known = [amount for amount in amounts if amount is not None]
        return str(sum(known)) if len(known) == len(amounts) else None


def invoices(root: Element) -> list[Invoice]:
    """The invoices of a file.

    Raises:
        UnreadableXmlError: it has no header or no body.

    """
    headers, bodies = root.at([HEADER]), root.at([BODY])
    if len(headers) != 1 or not bodies:
        message = f"has {len(headers)} {HEADER} and {len(bodies)} {BODY}"
        raise UnreadableXmlError("incomplete", message, root.line, root.name)
    return [Invoice(n, headers[0], body) for n, body in enumerate(bodies, start=1)]


def notice(root: Element, table: Table, file: str) -> Row:
    """A notice as a row of its table."""
    known = {"File": file, "Elemento": NOTICES[root.name]}
    return root.line, {c.name: known.get(c.name) or _text(c, (root,)) for c in table.columns}


def _tax(element: Element) -> tuple[Decimal | None, str | None]:
    """By what an amount is taxed: the rate, or why there is none."""
    return _number(element.value("AliquotaIVA")), element.value("Natura")


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text and NUMBER.fullmatch(text) else None


def _text(column: Column, elements: Iterable[Element]) -> str | None:
    path = column.name.split("_")
    text = next(filter(None, (element.value(*path) for element in elements)), None)
    zoned = ZONED_DATE.fullmatch(text) if text and column.data_type == "date" else None
    return zoned[1] if zoned else text
