"""What the cockpit notes: look-ups answered and reminders made, as rows of the team's own sheets.

Nobody's file is touched. Beside `dunning_actions.csv`, which the team keeps, lies the cockpit's own
`dunning-actions.csv`: the source reads both as the same sheet, since their names differ by
punctuation only. A row has a reference that follows from what it says, so that noting it twice
is noting it once; files are replaced whole, under a lock.
"""

from __future__ import annotations

import csv
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.config import FileSource, Sources
from ingestion.declarations import system
from ingestion.errors import ConfigurationError, StorageError
from ingestion.transports.file_formats.base import folded
from ingestion.transports.files import FileOptions, matching, read_options
from reports.whole import put_whole

LOOKUPS, REMINDERS = "information_lookups", "dunning_actions"
OWN_FILES = {LOOKUPS: "information-lookups.csv", REMINDERS: "dunning-actions.csv"}
ISO_DATE, ISO_INSTANT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Sheets:
    """The folder of the team's sheets, and how its source has them written."""

    folder: Path
    options: FileOptions

    @classmethod
    def of(cls, sources: Sources) -> Sheets:
        """The first source of sheets that lies on this machine.

        Raises:
            ConfigurationError: there is none, or it would not read what is written.

        """
        for name, source in sources.sources.items():
            if source.system != "sheets" or not isinstance(source, FileSource):
                continue
            if not isinstance(source.path, Path):
                raise ConfigurationError(f"sources.{name} lies elsewhere: {source.path}.")
            given = {**source.options, **({"tables": source.tables} if source.tables else {})}
            sheets = cls(source.folder, read_options(FileOptions, given))
            sheets.check(name)
            return sheets
        raise ConfigurationError("No source of the system `sheets` is in sources.yaml.")

    def check(self, name: str) -> None:
        """See that the source reads the cockpit's own files.

        Raises:
            ConfigurationError: it reads other files or formats.

        """
        if self.options.format not in (None, "csv"):
            raise ConfigurationError(f"sources.{name} reads {self.options.format}, and not CSV.")
        for table, file in OWN_FILES.items():
            assert folded(Path(file).stem) == folded(table)
            pattern = self.options.tables.get(table)
            if pattern and not matching([self.folder / file], self.folder, pattern):
                raise ConfigurationError(
                    f"sources.{name} reads {table} from {pattern!r}, which {file} does not match: "
                    "give a pattern of both, such as *.csv in a folder of its own."
                )

    def references(self, table: str) -> frozenset[str]:
        """What was noted."""
        return frozenset(row["reference"] for row in self._rows(table))

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Note some rows, less those that are noted already; how many were new.

        Raises:
            StorageError: the folder cannot be written.

        """
        with self._lock(table):
            before = self._rows(table)
            known = {row["reference"] for row in before}
            written = [{name: self._text(value) for name, value in row.items()} for row in rows]
            new = {row["reference"]: row for row in written if row["reference"] not in known}
            if new:
                self._put(table, [*before, *new.values()])
        return len(new)

    def _rows(self, table: str) -> list[dict[str, str]]:
        file = self.folder / OWN_FILES[table]
        try:
            text = file.read_text(encoding=self.options.encoding)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"{file} cannot be read: {error}.") from error
        return list(csv.DictReader(StringIO(text), delimiter=self._delimiter))

    def _put(self, table: str, rows: Sequence[Mapping[str, str]]) -> None:
        columns = [column.name for column in system("sheets").table(table).columns]
        text = StringIO()
        writer = csv.DictWriter(
            text, columns, restval="", extrasaction="ignore", delimiter=self._delimiter
        )
        writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue().encode(self.options.encoding, errors="replace")
        put_whole(self.folder / OWN_FILES[table], lambda file: _write(file, content))

    @property
    def _delimiter(self) -> str:
        return self.options.delimiter or (";" if self.options.decimal_mark == "," else ",")

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, datetime):
            zone = ZoneInfo(self.options.time_zone)
            return value.astimezone(zone).strftime(self.options.timestamp_format or ISO_INSTANT)
        if isinstance(value, date):
            return value.strftime(self.options.date_format or ISO_DATE)
        if isinstance(value, Decimal):
            return f"{value:f}".replace(".", self.options.decimal_mark)
        # A line break would make two lines of one row, and a quote is of no use here.
        return " ".join(str(value).split())

    @contextmanager
    def _lock(self, table: str) -> Iterator[None]:
        # Hidden files are none of the source's.
        path = self.folder / f".{OWN_FILES[table]}.lock"
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def today(sources: Sources) -> date:
    """The day on which something is done: today, or for the demo the day after its last."""
    if sources.as_of_date:
        return sources.as_of_date + timedelta(days=1)
    return datetime.now(ZoneInfo(sources.time_zones[0])).date()


def now(sources: Sources) -> datetime:
    """The instant at which something is done, UTC."""
    present = datetime.now(UTC).replace(microsecond=0)
    return datetime.combine(today(sources), present.timetz()) if sources.as_of_date else present


def reminder_reference(as_of: date, open_item: str, level: int) -> str:
    """What a reminder is known by: its item and level on the worklist of a day."""
    return f"cockpit/{as_of}/{open_item}/{level}"
