"""Electronic invoices of Italy (FatturaPA) and the exchange system's notices in one folder.

Every file is read, once for all tables. Documents that the company did not issue are left out and
counted: purchases lie in the same folders. A file that cannot be read is a row kept out of each
table that it would have filled, with file, line and rule; since nobody knows which rows it held,
nothing is then taken for deleted. Of several files of one name with the same content, signed and
unsigned, the first is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingestion.declarations import Table, system
from ingestion.engine import quoted_name
from ingestion.errors import SourceError
from ingestion.transports.base import Extraction, Problem, Session, TableStatus, Window
from ingestion.transports.casting import Formats, value
from ingestion.transports.fatturapa_xml import (
    BODY,
    BUYERS_FILES,
    INVOICE,
    NOTICE_NAME,
    NOTICES,
    SIMPLIFIED,
    Element,
    Invoice,
    Row,
    UnreadableXmlError,
    invoices,
    notice,
    read_file,
)
from ingestion.transports.files import (
    fingerprint,
    list_files,
    matching,
    read_options,
    scratch_connection,
    stay_inside,
)
from ingestion.transports.staged_rows import StagedRows, write_nothing

if TYPE_CHECKING:
    import duckdb

    from ingestion.config import FatturapaSource

SUFFIXES = (".xml", ".xml.p7m")
NOTICE_TABLE = "Notifiche"
ROWS_AT_ONCE = 20_000
FORMATS = Formats(time_zone="Europe/Rome")
"""Points and ISO dates, by the schema; times that name no zone are the exchange system's own."""
SELLERS_NAMED = 5
TOLD = {
    "purchase": "documents that the company received, not read",
    "other_seller": "documents of other companies, not read; name yours under `companies`",
    "purchase_file": "files that come with purchases, not read",
    "same_file": "files with the name and content of another, read once",
    "unknown_root": "XML files that are neither invoices nor notices, not read",
}
"""What is left out on purpose, by code, in words that follow its number."""


class FatturapaOptions(BaseModel):
    """Which files of a folder are read, and whose invoices are sales."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str = "**/*"
    """Files to read, relative to the folder; of them those ending in .xml or .xml.p7m."""
    companies: tuple[str, ...] = ()
    """VAT numbers (IT01234567890) or fiscal codes of the own companies. Needed where the folder
    holds invoices of several sellers; without it, the only seller is the company."""
    max_file_bytes: int = Field(default=20 * 1024 * 1024, ge=1_000)
    """The exchange system takes 5 MB, attachments and signature included."""

    @field_validator("pattern")
    @classmethod
    def _stays_inside(cls, pattern: str) -> str:
        stay_inside(pattern)
        return pattern

    @field_validator("companies")
    @classmethod
    def _are_numbers(cls, companies: tuple[str, ...]) -> tuple[str, ...]:
        numbers = tuple(number.replace(" ", "").upper() for number in companies)
        if not all(number.isalnum() for number in numbers):
            raise ValueError("are VAT numbers such as IT01234567890, or fiscal codes")
        return numbers


@dataclass(frozen=True)
class FatturapaTransport:
    """Reaches the invoices of one folder."""

    folder: Path
    options: FatturapaOptions = field(default_factory=FatturapaOptions)

    @classmethod
    def from_source(cls, source: FatturapaSource) -> FatturapaTransport:
        """From what a sources file says.

        Raises:
            ConfigurationError: an option is unknown or has a wrong value; names it.

        """
        return cls(source.folder, read_options(FatturapaOptions, source.options))

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Look at the folder.

        Raises:
            SourceError: the folder is missing or may not be read.

        """
        files = [
            path
            for path in matching(
                list_files(self.folder), self.folder.resolve(), self.options.pattern
            )
            if path.name.lower().endswith(SUFFIXES)
        ]
        with scratch_connection(reach=[into] if into else None) as connection:
            yield FatturapaSession(connection, self.folder.resolve(), files, self.options)


@dataclass
class FatturapaSession:
    """The files of one folder, as they were when the session began."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    files: list[Path]
    options: FatturapaOptions
    gathered: _Gathering | None = None
    """What the files hold, once they have been read."""

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:  # noqa: ARG002
        """The rows of one table, of all files.

        Raises:
            SourceError: there is no file in the folder.

        """
        if not self.files:
            if table.optional:
                return write_nothing(self.connection, table, into)
            raise SourceError(self._no_file())
        if self.gathered is None:
            self.gathered = _Gathering(self.connection, self.folder, self.options)
            self.gathered.read(self.files)
        rows = StagedRows(self.connection, table, [value(c, FORMATS) for c in table.columns])
        names = [self._name(path) for path in self.files]
        rows.add_files(names, f"select * from {_gathered(table)}")
        extraction = rows.write(into)
        extraction.problems = [*self.gathered.problems(table), *extraction.problems]
        return extraction

    def still_answers(self) -> bool:
        """A folder has no connection that could be lost."""
        return True

    def inspect(self, tables: Iterable[Table]) -> list[TableStatus]:
        """Whether there are files for each table, by their names."""
        return [self._inspect(table) for table in tables]

    def _inspect(self, table: Table) -> TableStatus:
        is_notice = table.name == NOTICE_TABLE
        present = any(bool(NOTICE_NAME.search(_stem(path))) == is_notice for path in self.files)
        if present or table.optional:
            return TableStatus(table, present, rows=None)
        problem = Problem("batch", "missing_file", self._no_file(), table.name)
        return TableStatus(table, present=False, rows=None, problems=(problem,))

    def _no_file(self) -> str:
        return (
            f"no invoice in {self.folder} matches {self.options.pattern!r}: "
            "put files ending in .xml or .xml.p7m there"
        )

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


@dataclass
class _LeftOut:
    """How much was left out for one reason, and where first."""

    count: int
    file: str
    line: int


class _Gathering:
    """All rows of all files as text, in one temporary DuckDB table for each declared one."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, options: FatturapaOptions
    ) -> None:
        self.connection = connection
        self.folder = folder
        self.options = options
        self.tables = system("fatturapa").tables
        self.waiting: dict[str, list[tuple[object, ...]]] = {t.name: [] for t in self.tables}
        self.left_out: dict[str, _LeftOut] = {}
        self.sellers: set[str] = set()
        self.contents: defaultdict[str, set[int]] = defaultdict(set)
        """What was read under each name, as fingerprints of its rows."""

    def read(self, paths: Iterable[Path]) -> None:
        """Read every file, whatever is wrong with another."""
        for table in self.tables:
            columns = ", ".join(f"{quoted_name(c.name)} varchar" for c in table.columns)
            self.connection.execute(
                f"create temp table {_gathered(table)} (_file integer, _row bigint, "
                f"_fault varchar, _source_text varchar, {columns})"
            )
        for number, path in enumerate(paths):
            self._read_file(number, path)
            for table in self.tables:
                if len(self.waiting[table.name]) >= ROWS_AT_ONCE:
                    self._store(table)
        for table in self.tables:
            self._store(table)

    def problems(self, table: Table) -> Iterator[Problem]:
        """What concerns the folder as a whole, told once: with the documents."""
        if len(self.sellers) > 1 and not self.options.companies:
            named = sorted(self.sellers)[:SELLERS_NAMED]
            more = ", …" if len(self.sellers) > len(named) else ""
            message = (
                f"invoices of {len(self.sellers):,} sellers ({', '.join(named)}{more}): name the "
                "own companies under `options.companies`"
            )
            yield Problem("batch", "several_sellers", message)
        if table.name == BODY:
            for code, found in self.left_out.items():
                message = f"{found.count:,} {TOLD[code]} (this is the first)"
                yield Problem("warning", code, message, found.file, found.line)

    def _read_file(self, number: int, path: Path) -> None:
        stem = _stem(path)
        before = fingerprint(path)
        try:
            root = read_file(path, self.options.max_file_bytes)
            if fingerprint(path) != before:
                raise UnreadableXmlError(
                    "changed_while_read", "the file changed while it was read; run again"
                )
            found = self._rows(root, stem, path)
        except UnreadableXmlError as error:
            self._keep_out(number, stem, error)
            return
        except OSError as error:
            message = f"the file cannot be read: {error.strerror or error}"
            self._keep_out(number, stem, UnreadableXmlError("unreadable", message))
            return
        content = hash(
            tuple((name, tuple(row.values())) for name, rows in found.items() for _, row in rows)
        )
        if found and content in self.contents[stem]:
            self._leave_out("same_file", path)
            return
        self.contents[stem].add(content)
        for name, rows in found.items():
            self.waiting[name] += [(number, line, None, None, *row.values()) for line, row in rows]

    def _rows(self, root: Element, stem: str, path: Path) -> dict[str, list[Row]]:
        """The rows that a file gives, by table."""
        if root.name in NOTICES:
            table = next(table for table in self.tables if table.name == NOTICE_TABLE)
            return {NOTICE_TABLE: [notice(root, table, stem)]}
        if root.name == SIMPLIFIED:
            raise UnreadableXmlError(
                "simplified", "a simplified invoice (FSM10) is not read", root.line, root.name
            )
        if root.name != INVOICE:
            code = "purchase_file" if root.name in BUYERS_FILES else "unknown_root"
            self._leave_out(code, path, root.line)
            return {}
        own = [invoice for invoice in invoices(root) if self._is_sale(invoice, path)]
        return {
            table.name: [row for invoice in own for row in invoice.rows(table, stem)]
            for table in self.tables
            if own and table.name != NOTICE_TABLE
        }

    def _is_sale(self, invoice: Invoice, path: Path) -> bool:
        """Whether the company issued it. Only the options can tell, where there are several."""
        seller = invoice.party("CedentePrestatore")
        own = frozenset(self.options.companies)
        if not own or seller & own:
            self.sellers.add(max(seller, key=len, default="(no number)"))
            return True
        bought = invoice.party("CessionarioCommittente") & own
        self._leave_out("purchase" if bought else "other_seller", path, invoice.body.line)
        return False

    def _keep_out(self, number: int, stem: str, error: UnreadableXmlError) -> None:
        """A row without content in each table that the file would have filled."""
        is_notice = error.root in NOTICES or (not error.root and bool(NOTICE_NAME.search(stem)))
        fault = f"{error.code}: {error}"
        for table in self.tables:
            if (table.name == NOTICE_TABLE) == is_notice:
                known = (stem if column.name == "File" else None for column in table.columns)
                self.waiting[table.name].append((number, error.line, fault, None, *known))

    def _leave_out(self, code: str, path: Path, line: int = 1) -> None:
        found = self.left_out.setdefault(
            code, _LeftOut(0, path.relative_to(self.folder).as_posix(), line)
        )
        found.count += 1

    def _store(self, table: Table) -> None:
        import pyarrow as pa

        rows = self.waiting[table.name]
        self.waiting[table.name] = []
        if not rows:
            return
        types = [pa.int32(), pa.int64(), *[pa.string()] * (len(table.columns) + 2)]
        arrays = [
            pa.array(column, kind)
            for column, kind in zip(zip(*rows, strict=True), types, strict=True)
        ]
        names = [str(place) for place in range(len(arrays))]
        self.connection.register("waiting", pa.Table.from_arrays(arrays, names))
        self.connection.execute(f"insert into {_gathered(table)} select * from waiting")
        self.connection.unregister("waiting")


def _gathered(table: Table) -> str:
    return quoted_name(f"gathered {table.name}")


def _stem(path: Path) -> str:
    """The name up to its suffix, which is .xml.p7m for a signed file."""
    name = path.name
    return name[: name.lower().rindex(".xml")]
