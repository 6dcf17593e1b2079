"""How a database is reached by ODBC: by a driver or a data source that this machine knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ingestion.config.connection import LOOPBACK
from ingestion.config.settings import SecretReference, Settings

Dialect = Literal["sqlserver", "postgresql", "ansi"]


def _is_plain(value: str) -> str:
    """Drivers disagree on quotes: what could end a value of a connection string is not let in."""
    if value != value.strip() or not value.isprintable() or set(value) & set(";={}"):
        raise ValueError("cannot hold `;`, `=`, braces, line ends, or spaces around it")
    if not value:
        raise ValueError("cannot be empty")
    return value


Plain = Annotated[str, AfterValidator(_is_plain)]
"""Text that is one value wherever it stands in a connection string."""


class OdbcConnection(Settings):
    """How to reach a database by ODBC; the user needs SELECT and nothing else."""

    driver: Plain | None = None
    """Name of an installed driver, such as `ODBC Driver 18 for SQL Server`, or its file."""
    dsn: Plain | None = None
    """Name of a data source registered on this machine, which says all that is not said here."""
    host: Plain | None = None
    """`localhost` where neither this nor `dsn` is given; an instance of SQL Server as
    `host\\instance`."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """By default the driver's own."""
    database: Plain | None = None
    """Must be given with `driver`."""
    user: Plain | None = None
    """Without one, SQL Server is told who runs this (Kerberos)."""
    password: SecretReference | None = None
    """`${NAME}` of a variable."""
    encrypt: Literal["strict", "yes", "no"] = "yes"
    """`strict`, from SQL Server 2022 on, encrypts before anything is said."""
    trust_server_certificate: bool | None = None
    """By default the server must show a certificate of its host that this machine believes, except
    where the connection does not leave this machine."""
    certificate_host: Plain | None = None
    """Name in the certificate of an SQL Server, where it is not `host`."""
    login_timeout: int = Field(default=15, ge=1)
    """Seconds until the server must have answered."""
    query_timeout: int = Field(default=3600, ge=1)
    """Seconds until a query must have answered."""

    @model_validator(mode="after")
    def _is_complete(self) -> OdbcConnection:
        if (self.driver is None) == (self.dsn is None):
            raise ValueError("give either `driver` or `dsn`")
        if self.driver and not self.database:
            raise ValueError("`driver` needs `database`")
        return self

    @property
    def server(self) -> str | None:
        """The host, as far as it is said here."""
        return self.host or (None if self.dsn else "localhost")

    @property
    def is_local(self) -> bool:
        """Whether the connection is known to stay on this machine."""
        server = (self.server or "").partition("\\")[0]
        return server.startswith("/") or server in LOOPBACK

    @property
    def trusts_anybody(self) -> bool:
        """Whether any certificate of the server is believed."""
        given = self.trust_server_certificate
        return self.is_local if given is None else given

    @property
    def is_verified(self) -> bool:
        """Whether nobody in between can read along, as far as it is said here."""
        return self.is_local or (self.encrypt != "no" and not self.trusts_anybody)
