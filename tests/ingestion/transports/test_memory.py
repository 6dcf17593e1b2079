"""Files made to eat the memory of whoever reads them are refused, by name, in little of it."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from ingestion.declarations import Column, Table, system
from ingestion.errors import AdvError
from ingestion.transports.base import Window
from ingestion.transports.fec import FecTransport
from ingestion.transports.files import FilesTransport

GIGABYTE = 1024**3
MOST_MEGABYTES = 400
"""A process that has only imported what reads takes 80, and what it reads holds gigabytes."""
ORDERS = Table("sheets", "orders", "", (Column("id", "string"),), key=("id",))

WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</workbook>'
)
SHEETS = '<sheets><sheet name="orders" sheetId="1"/></sheets>'


def sparse(file: Path, begins: bytes) -> None:
    """A line of a gigabyte that takes no room on the disk."""
    with file.open("wb") as opened:
        opened.write(begins)
        opened.truncate(GIGABYTE)


def unclosed_quote(file: Path) -> None:
    lines = b"some text on a line of its own\n" * 33_000
    with file.open("wb") as opened:
        opened.write(b'id\n"')
        for _ in range(120):
            opened.write(lines)


def bomb(file: Path, entry: str) -> None:
    """A workbook one of whose parts unpacks to a thousand times its size."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if entry != "xl/workbook.xml":
            archive.writestr("xl/workbook.xml", WORKBOOK.format(SHEETS))
        with archive.open(entry, "w") as part:
            for _ in range(300):
                part.write(b" " * 1024**2)


def claiming_little(file: Path, entry: str) -> None:
    bomb(file, entry)
    content = bytearray(file.read_bytes())
    place = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, place + 24, 1_000)
    file.write_bytes(content)


def attack(kind: str, folder: Path) -> None:
    match kind:
        case "csv":
            sparse(folder / "orders.csv", b"id\n")
        case "csv header":
            sparse(folder / "orders.csv", b"")
        case "csv quote":
            unclosed_quote(folder / "orders.csv")
        case "json":
            sparse(folder / "orders.jsonl", b'{"id": "')
        case "fec":
            sparse(folder / "123456789FEC20251231.txt", b"JournalCode\tJournalLib\n")
        case "list of sheets":
            bomb(folder / "orders.xlsx", "xl/workbook.xml")
        case "sheet that lies":
            claiming_little(folder / "orders.xlsx", "xl/worksheets/sheet1.xml")


ATTACKS = {
    "csv": "line_too_long",
    "csv header": "line_too_long",
    "csv quote": "broken_quotes",
    "json": "line_too_long",
    "fec": "line_too_long",
    "list of sheets": "too_large",
    "sheet that lies": "xl/worksheets/sheet1.xml in the workbook is not what it claims to be",
}


def told_of(kind: str) -> tuple[str, str]:
    """File and words of what the reading of an attack ends with."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as into:
        attack(kind, Path(folder))
        transport = FecTransport(Path(folder)) if kind == "fec" else FilesTransport(Path(folder))
        table = system("fec").tables[0] if kind == "fec" else ORDERS
        try:
            with transport.session(Path(into)) as session:
                extraction = session.extract(table, Window(), Path(into))
        except AdvError as error:
            return str(error), type(error).__name__
        assert extraction.rows == 0
        problem = next(p for p in extraction.problems if p.severity == "batch")
        return str(problem.file), f"{problem.code}: {problem.message}"


@pytest.fixture(scope="module")
def reader() -> dict[str, tuple[str, str, int]]:
    """File, words and megabytes taken by then, of every attack; in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", __name__], capture_output=True, text=True, check=True, timeout=300
    )
    found: dict[str, tuple[str, str, int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", ATTACKS)
def test_a_file_that_would_eat_memory_is_refused_by_name(
    reader: dict[str, tuple[str, str, int]], kind: str
) -> None:
    file, told, megabytes = reader[kind]
    assert ATTACKS[kind] in told
    assert file.startswith(("orders.", "123456789FEC"))
    assert megabytes < MOST_MEGABYTES


def peak() -> int:
    """Megabytes of this process; `getrusage` would tell those of the one that began it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024


if __name__ == "__main__":
    print(json.dumps({kind: (*told_of(kind), peak()) for kind in ATTACKS}))
