"""What databases behind ODBC say differently: connection strings, snapshots, catalogues, moments.

What all of them understand is not here: names in double quotes, `cast(x as decimal(p,s))`,
`coalesce`, `where 1 = 0`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestion.config import OdbcSource
from ingestion.engine import quoted_text

FIXED_WIDTH = ("char", "nchar", "character", "bpchar")
"""Types whose values are filled up with spaces, which mean nothing."""


@dataclass(frozen=True)
class Dialect:
    """The least that every database is hoped to understand; it is told of no snapshot."""

    snapshot: str | None = None
    """Makes of the transaction one read-only view of the database, as far as it can."""
    snapshot_is_allowed: str | None = None
    """Query that says whether the database allows it (1 or 0); none where all do."""
    remedy: str = "its transactions are not known to be snapshots"
    """Why there is no snapshot, and what to do, where there is none."""
    schemas: str | None = None
    """SQL list of the schemas in which an unqualified name is looked up; without a catalogue of
    `information_schema`, columns are told by an empty answer."""
    text: Literal["AUTO", "UTF16"] = "AUTO"
    """How text comes from the driver."""

    def keywords(self, source: OdbcSource) -> Mapping[str, str | None]:
        """The connection string but for the driver, user and password."""
        at = source.connection
        port = None if at.port is None else str(at.port)
        return {"Server": at.server, "Port": port, "Database": at.database}

    def moment(self, at: datetime) -> str:
        """SQL literal of a moment, to the second."""
        return f"timestamp '{at:%Y-%m-%d %H:%M:%S}'"

    def columns(self, relation: str) -> str | None:
        """Query for name and type of the columns that may be read, if there is a catalogue."""
        if self.schemas is None:
            return None
        return (
            "select column_name, data_type from information_schema.columns "
            f"where table_name = {quoted_text(relation)} and table_schema in ({self.schemas})"
        )


class SqlServer(Dialect):
    """Microsoft SQL Server, by Microsoft's own driver (18 or later)."""

    def keywords(self, source: OdbcSource) -> Mapping[str, str | None]:
        """Encrypted and verified; names in double quotes; a replica may answer."""
        at = source.connection
        server = at.server
        if server and at.port:
            server = f"{server},{at.port}"
        return {
            "Server": server,
            "Database": at.database,
            "Encrypt": at.encrypt,
            "TrustServerCertificate": "yes" if at.trusts_anybody else "no",
            "HostNameInCertificate": at.certificate_host,
            "ApplicationIntent": "ReadOnly",
            "QuotedId": "yes",
            "APP": "adv",
            "Trusted_Connection": None if at.user or at.dsn else "yes",
        }

    def moment(self, at: datetime) -> str:
        """Read in the type of the column it stands beside, whatever the login's language is."""
        return f"'{at:%Y-%m-%dT%H:%M:%S}'"


class PostgreSql(Dialect):
    """PostgreSQL and its relatives, by psqlodbc."""

    def keywords(self, source: OdbcSource) -> Mapping[str, str | None]:
        """Answers are fetched piece by piece instead of being held in the driver's memory."""
        at = source.connection
        verified = "require" if at.trusts_anybody else "verify-full"
        unverified = "prefer" if at.is_local else verified
        return {
            "Servername": at.server,
            "Port": None if at.dsn else str(at.port or 5432),
            "Database": at.database,
            "SSLmode": "disable" if at.encrypt == "no" else unverified,
            "UseDeclareFetch": "1",
            "Fetch": "20000",
            "BoolsAsChar": "0",
            "MaxLongVarcharSize": str(source.longest_text),
        }


DIALECTS: Mapping[str, Dialect] = {
    "sqlserver": SqlServer(
        snapshot="set transaction isolation level snapshot",
        snapshot_is_allowed=(
            "select case when snapshot_isolation_state = 1 then 1 else 0 end as allowed "
            "from sys.databases where database_id = db_id()"
        ),
        remedy=(
            "the database does not allow it; its administrator can: "
            "alter database ... set allow_snapshot_isolation on"
        ),
        schemas="schema_name(), 'dbo'",
        # The other way is in the locale's encoding, which a schedule may have none of.
        text="UTF16",
    ),
    "postgresql": PostgreSql(
        snapshot="set transaction isolation level repeatable read, read only",
        schemas="current_schema()",
    ),
    "ansi": Dialect(),
}
