"""Tables read through a product's API, landed as those of files and databases are.

An API gives no snapshot and no sums. What takes their place: keys are read first and rows after
them, so that whatever has changed by then is among the rows; the number of rows received is held
against the product's own count, and a table that changed too much in between is read once more;
the watermark never passes the moment at which the session began, by the product's clock.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import RestSource
from ingestion.declarations import Column, Table
from ingestion.engine import connect, copy_to_parquet, one_row, quoted_name, quoted_text
from ingestion.errors import ConfigurationError, SourceError
from ingestion.transports.base import Extraction, Problem, Session, TableStatus, Window
from ingestion.transports.casting import Formats, value
from ingestion.transports.rest.api import Api, Found, Record, Span
from ingestion.transports.staged_rows import StagedRows, write_nothing

if TYPE_CHECKING:
    import duckdb
    import pyarrow

    from ingestion.transports.rest.http import OneHost

log = logging.getLogger("adv.extract")

SYSTEMS = {"hubspot": "token", "salesforce": "client_id"}
"""Products whose dialect a module beside this one speaks, each with the setting it knows us by."""
ATTEMPTS = 2
ROWS_BETWEEN_WORDS = 50_000
"""How often the log tells how far a table has been read."""
FORMATS = Formats()
MARK = Column("_gone", "boolean")
GONE = 'coalesce("v._gone", false)'
"""SQL: the row is deleted."""


@dataclass(frozen=True)
class RestTransport:
    """Reaches one product's API."""

    source: RestSource

    @classmethod
    def from_source(cls, source: RestSource) -> RestTransport:
        """From what a sources file says.

        Raises:
            ConfigurationError: nobody knows how to ask this product, or it does not know us.

        """
        if source.system not in SYSTEMS:
            raise ConfigurationError(
                f"{source.system} cannot be read by 'rest'; {', '.join(SYSTEMS)} can."
            )
        known_by = SYSTEMS[source.system]
        if getattr(source, known_by) is None:
            raise ConfigurationError(f"{source.system} needs `{known_by}`.")
        return cls(source)

    @contextmanager
    def session(self, into: Path | None = None) -> Iterator[Session]:
        """Sign in; the token is dropped at the end, and nothing is ever written.

        Raises:
            SourceError: the product cannot be reached, or does not let us in.

        """
        from ingestion.transports.rest.http import OneHost

        with (
            OneHost(self.source) as http,
            closing(connect(reach=[into] if into else None)) as local,
        ):
            yield RestSession(local, self.source, self._open(http))

    def _open(self, http: OneHost) -> Api:
        if self.source.system == "hubspot":
            from ingestion.transports.rest.hubspot import HubSpot

            return HubSpot.open(self.source, http)
        from ingestion.transports.rest.salesforce import Salesforce

        return Salesforce.open(self.source, http)


@dataclass
class RestSession:
    """One session with one product."""

    local: duckdb.DuckDBPyConnection
    """Where rows are staged and batches are written from."""
    source: RestSource
    api: Api

    def extract(self, table: Table, window: Window, into: Path) -> Extraction:
        """Read the rows of the window, and the key of every row that the product holds.

        Raises:
            SourceError: the table or one of its columns is not there or is another, or the
                product breaks off.

        """
        found = self.api.look_at(table)
        if found is None:
            if table.optional:
                return write_nothing(self.local, table, into)
            raise SourceError(f"table {table.name} does not exist, or the user may not read it")
        if faults := _faults(table, found):
            raise SourceError("; ".join(problem.message for problem in faults))
        missing = tuple(c.name for c in table.columns if c.name not in found.columns)
        for attempt in range(1, ATTEMPTS + 1):
            extraction, unlike = self._read(table, missing, window, into)
            if unlike is None:
                break
            log.warning("%s: attempt %d of %d: %s", table.name, attempt, ATTEMPTS, unlike)
        else:
            message = f"the table changed while it was read, {ATTEMPTS} times: {unlike}; run again"
            extraction.problems.append(Problem("batch", "changed_while_read", message))
        return replace(
            extraction,
            cursor_to=self._cursor_to(extraction.cursor_to, window),
            missing_columns=missing,
        )

    def still_answers(self) -> bool:
        """Whether the product can be asked further."""
        return self.api.answers()

    def inspect(self, tables: Iterable[Table]) -> list[TableStatus]:
        """Presence, missing columns and row count of each table."""
        return [self._inspect(table) for table in tables]

    def _inspect(self, table: Table) -> TableStatus:
        found = self.api.look_at(table)
        if found is None:
            return TableStatus(table, present=False, rows=None)
        faults = _faults(table, found)
        rows = None if faults else self.api.count(table, with_deleted=False)
        missing = tuple(c.name for c in table.columns if c.name not in found.columns)
        return TableStatus(table, True, rows, missing, tuple(faults))

    def _read(
        self, table: Table, missing: Sequence[str], window: Window, into: Path
    ) -> tuple[Extraction, str | None]:
        """What one attempt gives and, if it cannot be trusted, why."""
        spans = self._spans(table, window)
        rows, repeated = self._stage(_only_keys(table) if spans else table, missing)
        unlike = self._uncounted(table, rows)
        if spans:
            self.local.execute("create or replace temp table known as from staged")
            rows, repeated = self._stage(table, missing, spans)
            unlike = unlike or self._overlooked(table, spans[0])
            self._forget(table)
        self.local.execute(f"delete from staged where {GONE}")
        extraction = rows.write(into)
        if spans:
            extraction.source_rows = self._write_keys(table, into)
        if repeated:
            message = f"{repeated:,} row(s) came twice; the newest of each is kept"
            extraction.problems.append(Problem("warning", "repeated_row", message))
        return extraction, unlike

    def _spans(self, table: Table, window: Window) -> list[Span]:
        """What has changed since the window's low edge, or shortly before; nothing for all."""
        if table.cursor is None or window.low is None:
            return []
        overlap = timedelta(minutes=self.source.overlap_minutes)
        spans = [Span(datetime.fromisoformat(window.low).replace(tzinfo=UTC) - overlap)]
        if window.again:
            first, end = (datetime.combine(day, time(), UTC) for day in window.again)
            spans.append(Span(first, end))
        return spans

    def _stage(
        self, table: Table, missing: Sequence[str], spans: Iterable[Span] = ()
    ) -> tuple[StagedRows, int]:
        """Cast what the product answers into `staged`; also how many rows had come already."""
        rows = StagedRows(
            self.local, table, [value(column, FORMATS) for column in (*table.columns, MARK)]
        )
        names = [column.name for column in table.columns if column.name not in missing]
        nothing = "".join(f", null::varchar as {quoted_name(name)}" for name in missing)
        read = 0
        for records in filter(None, self.api.pages(table, names, spans)):
            self.local.register("arrived", _as_text([*names, MARK.name], records, read))
            rows.add(table.name, f"select *{nothing} from arrived")
            self.local.unregister("arrived")
            if (read + len(records)) // ROWS_BETWEEN_WORDS > read // ROWS_BETWEEN_WORDS:
                log.info("%s: %s rows received", table.name, f"{read + len(records):,}")
            read += len(records)
        return rows, self._drop_repeated(table)

    def _drop_repeated(self, table: Table) -> int:
        """Keep the newest of rows with the same key, which may come twice at the edge of pages."""
        newest = f"{_staged(table.cursor)} desc nulls last, " if table.cursor else ""
        order = f"partition by {_keys(table)} order by {newest}row desc"
        dropped = self.local.execute(
            f"""
            delete from staged where rowid in (
                select rowid from staged where {_is_known(table)}
                qualify row_number() over ({order}) > 1
            )
            """
        ).fetchone()
        return int(dropped[0]) if dropped else 0

    def _uncounted(self, table: Table, rows: StagedRows) -> str | None:
        """In words, that the product counts other rows than came."""
        received, counted = rows.count(), self.api.count(table, with_deleted=True)
        if counted in (received, None):
            return None
        return f"{received:,} rows were received, and {counted:,} are counted"

    def _overlooked(self, table: Table, changed: Span) -> str | None:
        """In words, that rows which had changed when keys were read are not among the rows."""
        assert table.cursor  # there is no window without
        since = quoted_text(f"{changed.since:%Y-%m-%d %H:%M:%S.%f}")
        lacking = one_row(
            self.local,
            f"select count(*) from known anti join staged using ({_keys(table)}) "
            f"where {_staged(table.cursor)} >= timestamp {since} and not {GONE}",
        )[0]
        return f"{lacking:,} changed rows were not received" if lacking else None

    def _forget(self, table: Table) -> None:
        """Take out of the known keys what has been read since, and what is deleted."""
        same = " and ".join(f"known.{_staged(n)} = staged.{_staged(n)}" for n in table.key)
        self.local.execute(f"delete from known using staged where {same}")
        self.local.execute(f"delete from known where {GONE}")

    def _write_keys(self, table: Table, into: Path) -> int:
        """Write the keys of the rows read and of all others; the number of them."""
        names = ", ".join(f"{_staged(n)} as {quoted_name(n)}" for n in table.key_and_cursor)
        known = f"(from staged union all by name from known) where {_is_known(table)}"
        return copy_to_parquet(self.local, f"select {names} from {known}", into / "keys.parquet")

    def _cursor_to(self, seen: str | None, window: Window) -> str | None:
        """The next window's low edge: what changed after the session began is read again."""
        began = self.api.began_at.replace(tzinfo=None).isoformat(sep=" ")
        reached = seen and min(seen, began)
        # It never goes back: days that are read again are earlier.
        return max(filter(None, (reached, window.low)), default=None)


def _faults(table: Table, found: Found) -> list[Problem]:
    """Why a table that is there cannot be read."""
    lacking = [c.name for c in table.columns if not c.optional and c.name not in found.columns]
    told = "table {} lacks column {}, or the user may not read it"
    problems = [
        Problem("batch", "missing_column", told.format(table.name, name), field=name)
        for name in lacking
    ]
    problems += [
        Problem("batch", "retyped_column", f"table {table.name}: {words}")
        for words in found.retyped
    ]
    return problems


def _only_keys(table: Table) -> Table:
    """The table as its keys are read."""
    return replace(table, columns=tuple(map(table.column, table.key_and_cursor)))


def _staged(name: str) -> str:
    """Name of a declared column in `staged`."""
    return quoted_name(f"v.{name}")


def _keys(table: Table) -> str:
    return ", ".join(_staged(name) for name in table.key)


def _is_known(table: Table) -> str:
    """SQL: the key of the row could be read."""
    return " and ".join(f"{_staged(name)} is not null" for name in table.key)


def _as_text(names: Sequence[str], records: Sequence[Record], before: int) -> pyarrow.Table:
    """Records as `StagedRows` takes them, each value as text."""
    import pyarrow

    columns: dict[str, pyarrow.Array] = {}
    faults: list[str | None] = [None] * len(records)
    for name, values in zip(names, zip(*records, strict=True), strict=True):
        texts = [_text(found) for found in values]
        try:
            columns[name] = pyarrow.array(texts, pyarrow.string())
        except UnicodeEncodeError:
            shown = [text and text.encode(errors="backslashreplace").decode() for text in texts]
            for number, (text, legible) in enumerate(zip(texts, shown, strict=True)):
                if text != legible:
                    faults[number] = f"undecodable: {name} holds half a character: {legible}"
            columns[name] = pyarrow.array(shown, pyarrow.string())
    rows = range(before + 1, before + 1 + len(records))
    return pyarrow.table(
        {
            "_row": pyarrow.array(rows, pyarrow.int64()),
            "_fault": pyarrow.array(faults, pyarrow.string()),
            "_source_text": pyarrow.nulls(len(records), pyarrow.string()),
            **columns,
        }
    )


def _text(found: object) -> str | None:
    """A value of an answer as text; numbers are text already."""
    return found if found is None or isinstance(found, str) else json.dumps(found)
