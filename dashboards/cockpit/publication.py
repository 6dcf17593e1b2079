"""The publication in force, opened read-only, and followed: each request sees one whole refresh."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from ingestion.engine import confine, connect, one_row, quoted_text
from ingestion.errors import NothingPublishedError, WarehouseError

if TYPE_CHECKING:
    import duckdb

Answer = TypeVar("Answer")
MOST_REMEMBERED = 300
"""Answers kept of one publication; the oldest make room for others."""
IN_MEMORY = "memory"
"""What DuckDB calls the database of a connection that was opened without a file."""


@dataclass
class Marts:
    """One publication, as long as anybody reads it."""

    identifier: str
    """Folder of the run that made it."""
    as_of: date
    known_at: datetime
    database: duckdb.DuckDBPyConnection
    held: ExitStack
    readers: int = 0
    remembered: dict[Hashable, Any] = field(default_factory=dict)
    remembering: Lock = field(default_factory=Lock)
    flattened: dict[str, str] = field(default_factory=dict)
    """Tables in memory by the query that they are the rows of."""
    flattening: Lock = field(default_factory=Lock)


@dataclass(frozen=True)
class Reading:
    """A publication as one request reads it."""

    marts: Marts
    connection: duckdb.DuckDBPyConnection

    @property
    def as_of(self) -> date:
        """The day that the marts speak of."""
        return self.marts.as_of

    def remember(self, key: Hashable, ask: Callable[[], Answer]) -> Answer:
        """An answer that stays the same as long as the publication does."""
        kept = self.marts.remembered
        if key in kept:
            found: Answer = kept[key]
            return found
        answer = ask()
        with self.marts.remembering:
            if len(kept) >= MOST_REMEMBERED:
                kept.pop(next(iter(kept)))
            kept[key] = answer
        return answer

    def flat(self, query: str) -> str:
        """A table in memory with the rows of a query, made when it is first asked for.

        Joins are then paid for once, and every filter, count and order reads one flat table.
        """
        with self.marts.flattening:
            known = self.marts.flattened
            if query not in known:
                name = f"{IN_MEMORY}.main.flat_{len(known)}"
                self.connection.execute(f"create table {name} as {query}")
                known[query] = name
            return known[query]


class Publications:
    """Opens what is in force, once for all requests, and closes what no request reads any more."""

    def __init__(self, marts: Path) -> None:
        self.link = marts
        self._lock = Lock()
        self._open: dict[Path, Marts] = {}

    def identifier(self) -> str | None:
        """What names the publication in force; nothing where there is none."""
        return self.link.resolve().parent.name if self.link.exists() else None

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """The publication in force, which stays the same until the request is answered.

        Raises:
            NothingPublishedError: there is none yet.
            WarehouseError: it cannot be read.

        """
        import duckdb

        marts = self._take()
        try:
            connection = marts.database.cursor()
            try:
                connection.execute("use marts")
                yield Reading(marts, connection)
            finally:
                connection.close()
        except duckdb.Error as error:
            told = str(error).strip().partition("\n")[0]
            raise WarehouseError(f"{self.link} cannot be asked: {told}") from error
        finally:
            self._give_back(marts)

    def close(self) -> None:
        """Close everything."""
        with self._lock:
            for marts in self._open.values():
                marts.held.close()
            self._open.clear()

    def _take(self) -> Marts:
        with self._lock:
            # The link may turn to another, and the one before be removed, between two looks.
            for attempt in range(3):
                path = self.link.resolve()
                try:
                    marts = self._open.get(path) or self._opened(path)
                    break
                except (NothingPublishedError, WarehouseError):
                    if attempt == 2 or self.link.resolve() == path:
                        raise
            marts.readers += 1
            self._close_unread(path)
            return marts

    def _opened(self, path: Path) -> Marts:
        import duckdb

        held = ExitStack()
        try:
            database = held.enter_context(_opened_beside_memory(path))
            as_of, known_at = one_row(
                database, "select as_of_date, known_at from marts.meta.refresh"
            )
        except duckdb.Error as error:
            held.close()
            told = str(error).strip().partition("\n")[0]
            raise WarehouseError(f"{path} cannot be read: {told}") from error
        marts = Marts(path.parent.name, as_of, known_at, database, held)
        self._open[path] = marts
        return marts

    def _give_back(self, marts: Marts) -> None:
        with self._lock:
            marts.readers -= 1
            self._close_unread(self.link.resolve())

    def _close_unread(self, in_force: Path) -> None:
        for path, marts in list(self._open.items()):
            if path != in_force and marts.readers == 0:
                del self._open[path]
                marts.held.close()


@contextmanager
def _opened_beside_memory(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file attached read-only, and memory to put tables into; nothing else can be reached.

    Raises:
        NothingPublishedError: there is no such file.

    """
    if not path.exists():
        raise NothingPublishedError
    connection = connect()
    try:
        connection.execute(f"attach {quoted_text(str(path))} as marts (read_only)")
        confine(connection, ())
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()
