"""How a database server is reached, and how the connection is protected."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from ingestion.config.settings import SecretReference, Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SYSTEM = "system"
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class Connection(Settings):
    """How to reach a PostgreSQL database; the user needs SELECT and nothing else."""

    host: str = "localhost"
    """A name or an address; a path that begins with `/` is a socket of this machine."""
    port: int = Field(default=5432, ge=1, le=65535)
    """Of the server."""
    database: str
    """Its name at the server."""
    user: str
    """Who reads."""
    password: SecretReference | None = None
    """`${NAME}` of a variable; none where the server takes none."""
    sslmode: SslMode | None = None
    """By default the server must show a certificate of its host (verify-full), except where the
    connection does not leave this machine (prefer)."""
    sslrootcert: str | None = None
    """File of the authorities that are believed; `system`, the default, for this machine's own."""
    sslcert: str | None = None
    """File of the certificate by which the user is known to the server."""
    sslkey: str | None = None
    """File of its private key."""
    connect_timeout: int = Field(default=15, ge=1)
    """Seconds until the server must have answered."""

    @field_validator("host", "database")
    @classmethod
    def _is_no_address(cls, value: str) -> str:
        if "://" in value or "@" in value:
            raise ValueError(
                "is a name, not an address: host, port, database and user have fields of their own"
            )
        return value

    @model_validator(mode="after")
    def _can_be_encrypted(self) -> Connection:
        if (self.sslcert is None) != (self.sslkey is None):
            raise ValueError("`sslcert` and `sslkey` belong together")
        if self.sslmode == "verify-ca" and self.sslrootcert in (None, SYSTEM):
            raise ValueError("`verify-ca` needs `sslrootcert`, the file of the authority")
        return self

    @property
    def is_local(self) -> bool:
        """Whether the connection stays on this machine."""
        return self.host.startswith("/") or self.host in LOOPBACK

    @property
    def security(self) -> SslMode:
        """How the connection is encrypted and the server told from an impostor."""
        return self.sslmode or ("prefer" if self.is_local else "verify-full")

    @property
    def authorities(self) -> str | None:
        """Whose certificates are believed."""
        return self.sslrootcert or (SYSTEM if self.security == "verify-full" else None)

    @property
    def is_verified(self) -> bool:
        """Whether nobody in between can read along."""
        return self.is_local or self.security in ("verify-ca", "verify-full")

    def relative_to(self, folder: Path) -> Self:
        """The same, with files found from the folder on."""
        files = {
            name: str((folder / file).resolve())
            for name in ("sslrootcert", "sslcert", "sslkey")
            if (file := getattr(self, name)) not in (None, SYSTEM)
        }
        return self.model_copy(update=files)


class MariadbConnection(Connection):
    """How to reach a MariaDB or MySQL database; the user needs SELECT and nothing else."""

    port: int = Field(default=3306, ge=1, le=65535)
    """Of the server."""
    sslmode: Literal["disable", "require", "verify-full"] | None = None
    """As for PostgreSQL; a connection that does not leave this machine is not encrypted. The
    driver checks a certificate's host whenever it checks its authority."""

    read_timeout: int = Field(default=600, ge=1)
    """Seconds that the server may work on one query."""

    @property
    def security(self) -> SslMode:
        """How the connection is encrypted and the server told from an impostor."""
        return self.sslmode or ("disable" if self.is_local else "verify-full")
