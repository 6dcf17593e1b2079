"""Which accounting files of a folder are read: company, fiscal year, parts and newer exports.

The regulated name is `SirenFECAAAAMMJJ` (the closing date), with `_1`, `_2` … when one export
is split into parts; what other names mean is configured. Of several exports of one company and
year only the newest is read: the one whose name carries the later time stamp, then the higher
version (`v2`, `(2)`), then the later time of modification, then the later name. Names come first
because copying a folder gives every file the same time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingestion.transports.base import Problem

REGULATED = re.compile(
    r"(?P<siren>[0-9a-z]{1,20}?)FEC(?P<end>(?:19|20)\d{6})(?P<rest>.*)", re.IGNORECASE
)
PART = re.compile(r"_(\d{1,3})(?!\d)")
STAMP = re.compile(r"(?<!\d)(20\d{6})(?:\D?(\d{4,6}))?(?!\d)")
VERSION = re.compile(r"(?:v|\()(\d{1,4})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class FecFile:
    """A file, and what its name says."""

    path: Path
    siren: str
    fiscal_year_end: date
    part: int | None = None
    stamp: str = ""
    version: int = 0

    @property
    def export(self) -> tuple[str, str, int, str]:
        """The same for all parts of one export."""
        stem = PART.sub("", self.path.stem, count=1) if self.part else self.path.stem
        return (
            str(self.path.parent),
            self.stamp,
            self.version,
            stem.casefold() + str(bool(self.part)),
        )


def parse(path: Path, name: str | None = None) -> FecFile | None:
    """What a file's name says; nothing when it is not a regulated name."""
    match = REGULATED.fullmatch(name or path.stem)
    if match is None:
        return None
    end = match["end"]
    try:
        closing = date(int(end[:4]), int(end[4:6]), int(end[6:]))
    except ValueError:
        return None
    return with_suffix(path, match["siren"], closing, match["rest"])


def with_suffix(path: Path, siren: str, closing: date, rest: str) -> FecFile:
    """A file of a company and year, whose name's remainder may tell part, version and stamp."""
    part, stamp, version = PART.match(rest), STAMP.search(rest), VERSION.search(rest)
    return FecFile(
        path,
        siren,
        closing,
        part=int(part[1]) if part else None,
        stamp=f"{stamp[1]}{stamp[2] or ''}" if stamp else "",
        version=int(version[1]) if version else 0,
    )


def newest_exports(
    files: Iterable[FecFile], folder: Path
) -> tuple[list[list[FecFile]], list[Problem]]:
    """The files to read, as the parts in order of one export for each company and year."""
    by_year: dict[tuple[str, date], dict[tuple[str, str, int, str], list[FecFile]]] = {}
    for file in files:
        year = by_year.setdefault((file.siren, file.fiscal_year_end), {})
        year.setdefault(file.export, []).append(file)
    chosen, problems = [], []
    for _, exports in sorted(by_year.items()):
        ranked = sorted(exports.values(), key=lambda parts: _age(parts, folder))
        newest = sorted(ranked[-1], key=lambda file: file.part or 0)
        name = newest[0].path.relative_to(folder).as_posix()
        for older in ranked[:-1]:
            for file in older:
                message = f"not read: {name} is a newer export of the same company and year"
                told = file.path.relative_to(folder).as_posix()
                problems.append(Problem("warning", "replaced", message, told))
        problems += _part_problems(newest, name)
        chosen.append(newest)
    return chosen, problems


def _age(parts: list[FecFile], folder: Path) -> tuple[str, int, int, str]:
    first = parts[0]
    modified = max(_modified(file.path) for file in parts)
    return first.stamp, first.version, modified, first.path.relative_to(folder).as_posix()


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # gone by now: the read will say so


def _part_problems(parts: list[FecFile], name: str) -> list[Problem]:
    numbers = [file.part for file in parts]
    if numbers == [None] or numbers == list(range(1, len(parts) + 1)):
        return []
    have = ", ".join(f"_{number}" for number in numbers)
    message = f"the parts of this export are {have}: one is missing or is there twice"
    return [Problem("batch", "missing_part", message, name)]
