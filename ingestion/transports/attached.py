"""What reading through DuckDB's own extensions has in common: a database that is attached as `src`.

Its SQL runs at the source, and what it answers is a table to DuckDB. A transport adds how the
database is attached, and its dialect.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ingestion.declarations import Table
from ingestion.engine import quoted_text
from ingestion.errors import SourceError
from ingestion.transports.database import DatabaseSession

if TYPE_CHECKING:
    import duckdb

UNPROVEN = (
    "\nThe server does not prove who it is. Name the file of the authority that signed its "
    "certificate as `sslrootcert`, and the host as the certificate does: docs/security.md."
)


@dataclass
class AttachedSession(DatabaseSession):
    """One snapshot of a database that DuckDB has attached as `src`."""

    FUNCTION: ClassVar[str]
    """Function of the extension that has the source answer a query."""
    ARGUMENTS: ClassVar[str] = ""
    """What it is told beside the query."""

    attached: duckdb.DuckDBPyConnection
    """Where the database is attached."""

    @staticmethod
    @abstractmethod
    def told(error: Exception) -> str:
        """The extension's message, without what nobody may read."""

    def _answer(self, query: str) -> str:
        """SQL of DuckDB's, for what the source answers."""
        return f"{self.FUNCTION}('src', {quoted_text(query)}{self.ARGUMENTS})"

    @contextmanager
    def _telling(self, failing: str = "reading failed") -> Iterator[None]:
        """Say in words what the extension says.

        Raises:
            SourceError: something in here failed.

        """
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            raise SourceError(f"{failing}: {self.told(error)}") from None

    def _query(self, query: str) -> list[tuple[str, ...]]:
        with self._telling():
            return self.attached.execute(f"select * from {self._answer(query)}").fetchall()

    def _described(self, query: str, failing: str = "reading failed") -> dict[str, str]:
        """Names and DuckDB's types of the columns that a query has."""
        with self._telling(failing):
            rows = self.attached.execute(f"describe select * from {self._answer(query)}").fetchall()
        return {name: kind for name, kind, *_ in rows}

    def _columns(self, table: Table) -> set[str]:
        if table.name in self.source.queries:
            probe = f"select * from {self._origin(table)} limit 0"
            return set(self._described(probe, f"the query for {table.name} fails"))
        return {name for (name,) in self._query(self._catalogue(table))}

    @abstractmethod
    def _catalogue(self, table: Table) -> str:
        """SQL that gives the names of the table's columns that may be read."""

    def _count(self, origin: str) -> int:
        return int(self._query(f"select count(*) as n from {origin}")[0][0])
