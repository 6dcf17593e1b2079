"""Reads files through a transport as a run would, and gives what was landed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ingestion.declarations import Column, Table, system
from ingestion.engine import connect
from ingestion.transports.base import Extraction, Problem, Transport, Window
from ingestion.transports.fec import FecOptions, FecTransport
from ingestion.transports.files import FileOptions, FilesTransport

ORDERS = Table(
    system="shop",
    name="orders",
    description="Orders.",
    columns=(
        Column("number", "string"),
        Column("lines", "bigint"),
        Column("amount", "decimal(18,4)"),
        Column("ordered_on", "date"),
        Column("changed_at", "timestamp"),
        Column("is_paid", "boolean"),
        Column("note", "string", optional=True),
    ),
    key=("number",),
    cursor="changed_at",
)
HEADER = "number,lines,amount,ordered_on,changed_at,is_paid,note\n"
ENTRIES = system("fec").table("entries")
FEC_HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\t"
    "CompAuxLib\tPieceRef\tPieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\t"
    "ValidDate\tMontantdevise\tIdevise"
)
FEC_NAME = "732829320FEC20241231.txt"
Row = dict[str, object]
READER = connect()


@dataclass(frozen=True)
class Landed:
    """A batch as it lies in its folder."""

    extraction: Extraction
    rows: list[Row]
    keys: list[Row]
    rejected: list[Row]

    def problems(self, severity: str) -> list[Problem]:
        """What was told, of one severity."""
        return [p for p in self.extraction.problems if p.severity == severity]

    def codes(self, severity: str) -> list[str]:
        """The rules that were broken, of one severity."""
        return [problem.code for problem in self.problems(severity)]


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def land(transport: Transport, table: Table) -> Landed:
    return landed(transport, table, Window(low="2024-01-01"))


def landed(transport: Transport, table: Table, window: Window) -> Landed:
    with tempfile.TemporaryDirectory() as into, transport.session(Path(into)) as session:
        extraction = session.extract(table, window, Path(into))
        return Landed(
            extraction,
            *(_content(Path(into, f"{n}.parquet")) for n in ("rows", "keys", "rejected")),
        )


def land_files(
    folder: Path, files: dict[str, str | bytes], table: Table = ORDERS, **options: object
) -> Landed:
    transport = FilesTransport(write(folder, files), FileOptions.model_validate(options))
    return land(transport, table)


def land_fec(folder: Path, files: dict[str, str | bytes], **options: object) -> Landed:
    return land(FecTransport(write(folder, files), FecOptions.model_validate(options)), ENTRIES)


def fec_line(**given: str) -> str:
    """A sound line of an accounting file, but for what is given."""
    line = {
        "JournalCode": "VE",
        "JournalLib": "Ventes",
        "EcritureNum": "1",
        "EcritureDate": "20240315",
        "CompteNum": "411000",
        "CompteLib": "Clients",
        "CompAuxNum": "",
        "CompAuxLib": "",
        "PieceRef": "F1",
        "PieceDate": "20240315",
        "EcritureLib": "Facture",
        "Debit": "100,00",
        "Credit": "0,00",
        "EcritureLet": "",
        "DateLet": "",
        "ValidDate": "20240331",
        "Montantdevise": "",
        "Idevise": "",
        **given,
    }
    return "\t".join(line.values())


def balanced(**given: str) -> list[str]:
    """Two lines that balance."""
    return [
        fec_line(**given),
        fec_line(**{**given, "CompteNum": "707000", "Debit": "0,00", "Credit": "100,00"}),
    ]


def fec(*lines: str, header: str = FEC_HEADER, end: str = "\r\n") -> str:
    return end.join((header, *lines)) + end


def _content(path: Path) -> list[Row]:
    if not path.exists():
        return []
    cursor = READER.execute("select * from read_parquet(?) order by all", [str(path)])
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
