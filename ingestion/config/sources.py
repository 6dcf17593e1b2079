"""The settings of a source: one class for each transport, by which the source is read."""

from __future__ import annotations

import re
from abc import abstractmethod
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ingestion.config.connection import LOOPBACK, Connection, MariadbConnection
from ingestion.config.limits import Limits
from ingestion.config.odbc import Dialect, OdbcConnection
from ingestion.config.settings import SecretReference, Settings, duration
from ingestion.config.storage import Folder, Storage
from ingestion.declarations import systems

SOURCE_ID = re.compile(r"^[a-z][a-z0-9_]{0,30}$")


class SourceSettings(Settings):
    """What every source is told."""

    system: str
    """What runs there: one of the systems in docs/connectors, or `contract`."""
    on_refusal: Literal["hold", "publish_stale"] = "hold"
    """What a refused table, or a source out of reach, does to the publication: hold it, or publish
    the rest, with the whole source as it was."""
    limits: Limits = Limits()
    """How much may be wrong before a table is refused."""
    custom_fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Of each table that takes them, columns of the house's own that the dimensions shall carry."""
    fresh_within: timedelta | None = None
    """The source is late once its newest reading is older than this: 26h, 90m, 2d."""

    @field_validator("fresh_within", mode="before")
    @classmethod
    def _is_a_duration(cls, value: object) -> timedelta | None:
        if value is None:
            return None
        limit = duration(value)
        if limit < timedelta(minutes=1):
            raise ValueError("must be a minute at least")
        return limit

    @field_validator("system")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in systems():
            raise ValueError(f"unknown system {value!r}; known are {', '.join(sorted(systems()))}")
        return value

    @model_validator(mode="after")
    def _carries_what_can_be(self) -> Self:
        known = {table.name: table for table in systems()[self.system].tables}
        takers = [name for name, table in known.items() if table.takes_custom_fields]
        for name, fields in self.custom_fields.items():
            if name not in takers:
                known_takers = ", ".join(takers) or f"no table of {self.system}"
                raise ValueError(f"`custom_fields`: {name} takes none; {known_takers} takes them")
            # Names are compared as DuckDB compares columns; its own begin with an underscore.
            taken = {column.name.casefold() for column in known[name].columns}
            for field in fields:
                if not field or field.startswith("_"):
                    raise ValueError(f"`custom_fields`: {name}.{field} is no name of a column")
                if field.casefold() in taken:
                    raise ValueError(f"`custom_fields`: {name}.{field} is read already")
                taken.add(field.casefold())
        return self

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The secrets that reaching the source takes."""
        return ()

    @abstractmethod
    def relative_to(self, folder: Path) -> Self:
        """The same, with paths found from the folder on."""


class OnePath(SourceSettings):
    """What lies in one file or folder of this machine."""

    path: Path
    """The file."""

    def relative_to(self, folder: Path) -> Self:
        """The same, with paths found from the folder on."""
        return self.model_copy(update={"path": (folder / self.path).resolve()})


class DatabaseSource(SourceSettings):
    """Tables of a database, or one query for each contract table."""

    transport: str
    overlap_minutes: int = Field(default=75, ge=0)
    """Read again this much before the last cursor value: late commits carry older stamps, and
    where rows are stamped in local time, one hour of autumn comes twice."""
    queries: dict[str, str] = Field(default_factory=dict)
    """Of the system `contract`: a query for each of its tables that is given."""

    @model_validator(mode="after")
    def _asks_for_known_tables(self) -> DatabaseSource:
        if self.queries and self.system != "contract":
            raise ValueError("`queries` belong to the system `contract`")
        if self.system == "contract" and not self.queries:
            raise ValueError("the system `contract` needs `queries`, one for each table given")
        known = {table.name for table in systems()["contract"].tables}
        for name in self.queries:
            if name not in known:
                raise ValueError(f"the contract has no table {name!r}; it has {', '.join(known)}")
        return self


class PostgresSource(DatabaseSource):
    """A PostgreSQL database."""

    transport: Literal["postgres"]
    connection: Connection | None = None
    """Where it is, and who reads."""
    embedded: Path | None = None
    """Data folder of a PostgreSQL that this product runs itself, such as the demo's."""
    part_rows: int = Field(default=1_000_000, ge=1)
    """Rows of a large table that its first read keeps at a time: what a failure costs at most."""

    @model_validator(mode="after")
    def _is_complete(self) -> PostgresSource:
        if (self.connection is None) == (self.embedded is None):
            raise ValueError("give either `connection` or `embedded`")
        return self

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The user's password, if it takes one."""
        password = self.connection and self.connection.password
        return (password,) if password else ()

    def relative_to(self, folder: Path) -> Self:
        """The same, with paths found from the folder on."""
        embedded = self.embedded and (folder / self.embedded).resolve()
        connection = self.connection and self.connection.relative_to(folder)
        return self.model_copy(update={"embedded": embedded, "connection": connection})


class MariadbSource(DatabaseSource):
    """A MariaDB or MySQL database."""

    transport: Literal["mariadb"]
    connection: MariadbConnection
    """Where it is, and who reads."""

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The user's password, if it takes one."""
        return (self.connection.password,) if self.connection.password else ()

    def relative_to(self, folder: Path) -> Self:
        """The same, with paths found from the folder on."""
        return self.model_copy(update={"connection": self.connection.relative_to(folder)})


class SqliteSource(DatabaseSource, OnePath):
    """A SQLite database, in one file."""

    transport: Literal["sqlite"]


class DuckdbSource(DatabaseSource, OnePath):
    """A DuckDB database, in one file."""

    transport: Literal["duckdb"]


class OdbcSource(DatabaseSource):
    """A database with an ODBC driver: Microsoft SQL Server, or another."""

    transport: Literal["odbc"]
    dialect: Dialect = "sqlserver"
    """What the database understands; `ansi` for any other, which must have exact decimals."""
    connection: OdbcConnection
    """Where it is, and who reads."""
    longest_text: int = Field(default=65_536, ge=1)
    """Bytes of the longest value in a column without a limit of its own (`nvarchar(max)`): that
    much room is made for each, and a longer one stops the read."""

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The user's password, if it takes one."""
        return (self.connection.password,) if self.connection.password else ()

    def relative_to(self, folder: Path) -> Self:  # noqa: ARG002
        """The same: nothing lies in a folder."""
        return self


class FolderSource(SourceSettings):
    """Files of one folder, of this machine or of a storage elsewhere."""

    path: Folder
    """A folder of this machine, or `s3://`, `az://`, `gs://` or `sftp://`."""
    storage: Storage = Storage()
    """Who asks, where the folder lies elsewhere."""

    @property
    def folder(self) -> Path:
        """The folder on this machine; of one elsewhere, no more than its name."""
        return Path(str(self.path))

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The storage's password, if it takes one."""
        return (self.storage.password,) if self.storage.password else ()

    def relative_to(self, folder: Path) -> Self:
        """The same, with paths found from the folder on."""
        path = (folder / self.path).resolve() if isinstance(self.path, Path) else self.path
        key_file = self.storage.key_file and (folder / self.storage.key_file).resolve()
        storage = self.storage.model_copy(update={"key_file": key_file})
        return self.model_copy(update={"path": path, "storage": storage})


class FileSource(FolderSource):
    """Tables kept as files in one folder: CSV, JSON lines, Parquet or Excel."""

    transport: Literal["files"]
    options: dict[str, Any] = Field(default_factory=dict)
    """How the files are written: `options` below."""
    tables: dict[str, str] = Field(default_factory=dict)
    """File pattern of each table; by default a file named like the table. Of the system `contract`,
    once one is named, no other is read."""


class FecSource(FolderSource):
    """French accounting files in one folder."""

    transport: Literal["fec"]
    options: dict[str, Any] = Field(default_factory=dict)
    """How the files are written: `options` below."""


class RestSource(SourceSettings):
    """A product's REST API, of one host."""

    transport: Literal["rest"]
    url: str
    """Address of the host, such as https://example.my.salesforce.com; nothing else is reached."""
    token: SecretReference | None = None
    """Where the product gives one that lasts; else what follows."""
    client_id: str | None = None
    """Of the application that the product knows us as."""
    client_secret: SecretReference | None = None
    """Of the same application."""
    refresh_token: SecretReference | None = None
    """Of the user in whose name is read; without one, the user that the application stands for."""
    api_version: str | None = Field(default=None, pattern=r"^[1-9][0-9]{0,2}\.[0-9]$")
    """By default the one that the product's dialect was written for."""
    page_rows: int = Field(default=2000, ge=1, le=2000)
    """Rows asked for at a time, as far as the product allows; an answer may hold fewer."""
    calls_per_second: float = Field(default=10, gt=0)
    """More are waited with, so that others can work there, too."""
    connect_timeout: float = Field(default=15, gt=0)
    """Seconds until the host takes the call ..."""
    read_timeout: float = Field(default=120, gt=0)
    """... in which it may say nothing ..."""
    call_timeout: float = Field(default=600, gt=0)
    """... and until it has said everything."""
    overlap_minutes: int = Field(default=75, ge=0)
    """Read again this much before the last cursor value: late commits carry older stamps."""

    @field_validator("url")
    @classmethod
    def _is_one_host(cls, value: str) -> str:
        address = urlsplit(value)
        if not address.hostname or address.path.strip("/") or address.query or address.fragment:
            raise ValueError("must be the address of a host, such as https://example.com")
        if address.username or address.password:
            raise ValueError("must not hold a user or a password")
        if address.scheme != "https" and not (
            address.scheme == "http" and address.hostname in LOOPBACK
        ):
            raise ValueError("must begin with https://, since secrets are sent there")
        return f"{address.scheme}://{address.netloc.lower()}"

    @model_validator(mode="after")
    def _is_known_by_one(self) -> RestSource:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("`client_id` and `client_secret` belong together")
        if (self.token is None) == (self.client_id is None):
            raise ValueError("give either `token` or `client_id` and `client_secret`")
        return self

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The secrets by which the product knows us."""
        return tuple(filter(None, (self.token, self.client_secret, self.refresh_token)))

    def relative_to(self, folder: Path) -> Self:  # noqa: ARG002
        """The same: it names no files."""
        return self


class FatturapaSource(FolderSource):
    """Electronic invoices of Italy in one folder."""

    transport: Literal["fatturapa"]
    options: dict[str, Any] = Field(default_factory=dict)
    """How the files are written: `options` below."""


AnySource = (
    PostgresSource
    | MariadbSource
    | OdbcSource
    | SqliteSource
    | DuckdbSource
    | FileSource
    | FecSource
    | FatturapaSource
    | RestSource
)
Source = Annotated[AnySource, Field(discriminator="transport")]
TRANSPORTS = tuple(
    get_args(source.model_fields["transport"].annotation)[0] for source in get_args(AnySource)
)
"""Names of the transports, as sources choose them."""
