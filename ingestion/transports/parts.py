"""A first read in parts, which outlive the run that reads them.

    landing/<source>/<table>/parts/
        progress.json       what was asked, when it began, and where the next part begins
        part_00001.parquet  the rows of the first range of keys, and so on
        rest.parquet        the rows after the last whole part  } of the attempt that
        news.parquet        what changed since the first part   } gets to the end

A part counts once `progress.json` says so. Parts of one attempt are one snapshot. Those of an
earlier attempt are older than the rest: rows that changed since are read again, rows that the
source holds no longer are left out, and the source's own count and totals decide whether the
result can be believed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from ingestion.declarations import Table
from ingestion.engine import connect, one_row, quoted_name, quoted_text
from ingestion.errors import SourceError, UnfinishedReadError

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("adv.extract")

PARTS = "parts"
PROGRESS = "progress.json"

Key = tuple[str, ...]
"""The values of a key, as the source writes them."""


class Progress(BaseModel):
    """How far a first read has come."""

    model_config = ConfigDict(frozen=True)

    schema_hash: str
    """Of the declaration that was read by."""
    asked: str
    """Fingerprint of what was asked, and of whom."""
    began_at: str
    """Instant of the first snapshot, by the source's clock."""
    parts: int = 0
    rows: int = 0
    next_key: Key | None = None
    """First key that is in none of the parts."""


@dataclass(frozen=True)
class KeyRanges:
    """A table's primary key, by which the source can be asked for a range of rows.

    Values are written as untyped literals, which the source reads in the types of its own
    columns: so the comparison follows the key's index.
    """

    origin: str
    columns: tuple[str, ...]
    """In the order of the index."""
    about: int
    """Rows that the source believes to hold; 0 or less when it has no idea."""
    now: str
    """Instant of the snapshot, by the source's clock."""

    def first_key_after(self, low: Key | None, rows: int) -> str:
        """SQL that gives the key which comes so many rows after `low`, if there is one."""
        # Qualified, since a plain name would mean the text that is selected.
        names = [f"t.{quoted_name(name)}" for name in self.columns]
        selected = ", ".join(f"{name}::text as key_{n}" for n, name in enumerate(names))
        beyond = f" where {_compared(names, '>=', low)}" if low else ""
        return (
            f"select {selected} from {self.origin} as t{beyond} "
            f"order by {', '.join(names)} offset {rows} limit 1"
        )

    def between(self, low: Key | None, high: Key | None) -> list[str]:
        """SQL conditions for the keys from `low` on and before `high`."""
        names = [quoted_name(name) for name in self.columns]
        return [
            _compared(names, operator, key)
            for operator, key in ((">=", low), ("<", high))
            if key is not None
        ]


@dataclass
class Parts:
    """The parts of one table in their folder."""

    folder: Path
    progress: Progress
    earlier: int = 0
    """Parts that an earlier attempt left."""

    @property
    def paths(self) -> list[Path]:
        """Files of the whole parts."""
        return [self._path(number) for number in range(1, self.progress.parts + 1)]

    @property
    def next_key(self) -> Key | None:
        """First key that is in none of the parts; empty while there are none."""
        return self.progress.next_key

    @property
    def rest(self) -> Path:
        """File for the rows after the last whole part."""
        return self.folder / "rest.parquet"

    @property
    def news(self) -> Path:
        """File for what changed since the first part was read."""
        return self.folder / "news.parquet"

    @property
    def name(self) -> str:
        """Source and table, as people say it."""
        return f"{self.folder.parent.parent.name}.{self.folder.parent.name}"

    def keep(self, read: Callable[[Path], int], next_key: Key) -> None:
        """Read one more part; it counts when it is there as a whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = self._path(self.progress.parts + 1)
        unfinished = whole.with_suffix(".tmp")
        rows = read(unfinished)
        unfinished.replace(whole)
        self.progress = self.progress.model_copy(
            update={
                "parts": self.progress.parts + 1,
                "rows": self.progress.rows + rows,
                "next_key": next_key,
            }
        )
        file = self.folder / PROGRESS
        temporary = file.with_suffix(".tmp")
        temporary.write_text(self.progress.model_dump_json(indent=2), encoding="utf-8")
        temporary.replace(file)

    def discard(self) -> None:
        """Throw the parts away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def earning_another_attempt(self) -> Iterator[None]:
        """Let a failure be tried again if this attempt has come further than the one before.

        Raises:
            UnfinishedReadError: reading failed after a part was kept.

        """
        try:
            yield
        except UnfinishedReadError:
            raise
        except SourceError as error:
            if self.progress.parts == self.earlier:
                raise
            raise UnfinishedReadError(
                f"{self.name}: {error}. {self.progress.rows:,} rows are kept, "
                "and the next attempt goes on after them."
            ) from error

    def combined(self, table: Table, keys: Path) -> str:
        """DuckDB's SQL for the rows of all parts, as of the snapshot that `keys` is of.

        A row that changed since, and was not read again as news, is missing.
        """
        read = _parquet(*self.paths, self.rest)
        if not self.earlier:
            return f"select * from {read}"

        def by(names: Iterable[str]) -> str:
            return f"using ({', '.join(quoted_name(name) for name in names)})"

        return (
            f"select p.* from {read} as p "
            f"semi join {_parquet(keys)} as k {by(table.key_and_cursor)} "
            f"anti join {_parquet(self.news)} as n {by(table.key)} "
            f"union all select * from {_parquet(self.news)}"
        )

    def _path(self, number: int) -> Path:
        return self.folder / f"part_{number:05d}.parquet"


def resume(folder: Path, *, schema_hash: str, asked: str, now: str) -> Parts:
    """The parts that an earlier attempt left, or none when they answer another question."""
    afresh = Parts(folder, Progress(schema_hash=schema_hash, asked=asked, began_at=now))
    if not (folder / PROGRESS).exists():
        return afresh
    try:
        progress = Progress.model_validate_json((folder / PROGRESS).read_text(encoding="utf-8"))
        found = Parts(folder, progress, earlier=progress.parts)
        reason = _unusable(found, afresh.progress)
    except ValueError:  # not text, not JSON or not what it should hold
        reason = "their progress file cannot be read"
    if reason:
        log.warning("%s: the parts read earlier are thrown away: %s", afresh.name, reason)
        afresh.discard()
        return afresh
    log.info("%s: goes on after %s rows read earlier", found.name, f"{progress.rows:,}")
    return found


def fingerprint(*asked: object) -> str:
    """What was asked, in short."""
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:16]


def differences(
    connection: duckdb.DuckDBPyConnection, rows: Path, count: int, totals: Mapping[str, str]
) -> list[str]:
    """Where rows differ from what the source itself counts and sums, in words."""
    names = ("rows", *totals)
    sums = ", ".join(
        ["count(*)", *(f"coalesce(sum({quoted_name(name)}), 0)::varchar" for name in totals)]
    )
    found = one_row(connection, f"select {sums} from {_parquet(rows)}")
    return [
        f"{name}: {read} read, {said} at the source"
        for name, read, said in zip(names, found, (str(count), *totals.values()), strict=True)
        if Decimal(str(read)) != Decimal(said)
    ]


def _unusable(found: Parts, wanted: Progress) -> str | None:
    if found.progress.schema_hash != wanted.schema_hash:
        return "the declaration of the table has changed"
    if found.progress.asked != wanted.asked:
        return "another database, query or full refresh is asked for"
    if not _all_there(found):
        return "not all of them are there"
    return None


def _all_there(parts: Parts) -> bool:
    import duckdb

    connection = connect(reach=[parts.folder])
    try:
        rows = connection.execute(f"select count(*) from {_parquet(*parts.paths)}").fetchone()
    except duckdb.Error:
        return False
    finally:
        connection.close()
    return rows == (parts.progress.rows,)


def _compared(names: list[str], operator: str, key: Key) -> str:
    values = ", ".join(quoted_text(value) for value in key)
    return f"({', '.join(names)}) {operator} ({values})"


def _parquet(*paths: Path) -> str:
    return f"read_parquet([{', '.join(quoted_text(str(path)) for path in paths)}])"
