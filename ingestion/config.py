"""The sources file, `ADV_HOME/config/sources.yaml`: typed, with errors that say where.

Secrets are never written in it, only referenced as `${NAME_OF_ENVIRONMENT_VARIABLE}`.
"""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingestion.declarations import systems
from ingestion.errors import ConfigurationError

SOURCE_ID = re.compile(r"^[a-z][a-z0-9_]{0,30}$")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SYSTEM = "system"
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
SECRET = re.compile(r"^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$")


UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: object) -> timedelta:
    """A duration such as 26h, 90m or 2d.

    Raises:
        ValueError: it is none.

    """
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", str(text))
    if not match:
        raise ValueError(f"{str(text)!r} is no duration such as 26h, 90m or 2d.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Connection(_Model):
    """How to reach a PostgreSQL database; the user needs SELECT and nothing else."""

    host: str = "localhost"
    port: int = Field(default=5432, ge=1, le=65535)
    database: str
    user: str
    password: str | None = None
    sslmode: SslMode | None = None
    """By default the server must show a certificate of its host (verify-full), except where the
    connection does not leave this machine (prefer)."""
    sslrootcert: str | None = None
    """File of the authorities that are believed; `system`, the default, for this machine's own."""
    sslcert: str | None = None
    """File of the certificate by which the user is known to the server."""
    sslkey: str | None = None
    """File of its private key."""
    connect_timeout: int = Field(default=15, ge=1, description="Seconds")

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

    @field_validator("password")
    @classmethod
    def _is_a_reference(cls, value: str | None) -> str | None:
        if value is not None and not SECRET.match(value):
            raise ValueError(
                "a password is never written here: put it into an environment variable "
                "and refer to it as ${NAME_OF_THE_VARIABLE}"
            )
        return value

    def secret(self) -> str | None:
        """The password itself, from the environment.

        Raises:
            ConfigurationError: the variable is not set.

        """
        if self.password is None:
            return None
        reference = SECRET.match(self.password)
        assert reference  # the validator saw to it
        try:
            return os.environ[reference[1]]
        except KeyError:
            raise ConfigurationError(
                f"The environment variable {reference[1]}, which sources.yaml refers to, "
                "is not set."
            ) from None


Share = Annotated[float, Field(ge=0, le=1)]


class Limits(_Model):
    """How much of a source may be wrong before a batch is refused."""

    share: Share = 0.001
    """Share of a table's rows that may break a rule that has no threshold of its own."""
    systematic_share: Share = 0.1
    """A batch is refused when more than this share of the rows read break one rule ..."""
    systematic_rows: int = Field(default=10, ge=1)
    """... and they are at least this many: a handful in a small nightly delta is no pattern."""
    habit_rows: int = Field(default=100, ge=0)
    """Tables that held fewer rows than this may shrink and grow as they like."""
    least_share: Share = 0.5
    """Less than this share of the previous load's rows: the source lost too much."""
    most_times: float = Field(default=10.0, ge=1)
    """More than this many times the previous load's rows: the source grew too much."""
    may_be_emptied: bool = False
    """The source may hold no row of a table that held some."""
    by_rule: dict[str, Share] = Field(default_factory=dict)
    """Threshold of single rules, named `<table>.<rule code>`."""


class PublicationLimits(_Model):
    """How far a publication may move from the one before it, until a person accepts that."""

    habit_rows: int = Field(default=100, ge=0)
    """Marts that held fewer rows than this may shrink as they like."""
    least_share: Share = 0.5
    """Less than this share of the published rows: the mart lost too much."""
    most_times: float = Field(default=3.0, ge=1)
    """More than this many times the greatest move before: the measure moves beyond its habit."""
    habit_days: int = Field(default=365, ge=1)
    """Days in which the greatest move is looked for; measures known for half of them are judged."""
    closed_through: date | None = None
    """The books are closed up to this day."""
    months_close_after_days: int | None = Field(default=None, ge=0)
    """A month is closed so many days after its end."""
    restated_share: Share = 0.001
    """Share of what a closed month moved that may still be restated."""


class Retention(_Model):
    """For how long what is over is kept. What `adv accept` still lists is always kept."""

    quarantine_days: int = Field(default=90, ge=1)
    """Refused batches, counted from the load that read them."""
    refusals_days: int = Field(default=90, ge=1)
    """What each load refused, and which rule did."""
    runs_days: int = Field(default=90, ge=1)
    """Dagster's record of runs that ended; the warehouse keeps what they loaded and published."""
    logs_days: int = Field(default=30, ge=1)
    """What runs, schedules and sensors wrote while they ran."""
    replaced_days: int = Field(default=7, ge=1)
    """The warehouse that `adv rebuild --replace` put aside."""
    history_days: int | None = Field(default=1100, ge=1)
    """Days that the time machine reaches back. Of before, one version of each row is kept; with
    `null`, all of them."""


class _Source(_Model):
    system: str
    on_refusal: Literal["hold", "publish_stale"] = "hold"
    """What a refused table, or a source out of reach, does to the publication: hold it, or publish
    the rest, with the whole source as it was."""
    limits: Limits = Limits()
    """How much may be wrong before a table is refused."""
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


class DatabaseSource(_Source):
    """Tables of a database, or one query for each contract table."""

    transport: str
    overlap_minutes: int = Field(default=75, ge=0)
    """Read again this much before the last cursor value: late commits carry older stamps, and
    where rows are stamped in local time, one hour of autumn comes twice."""
    queries: dict[str, str] = Field(default_factory=dict)

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
    embedded: Path | None = None
    """Data folder of a PostgreSQL that this product runs itself, such as the demo's."""
    part_rows: int = Field(default=1_000_000, ge=1)
    """Rows of a large table that its first read keeps at a time: what a failure costs at most."""

    @model_validator(mode="after")
    def _is_complete(self) -> PostgresSource:
        if (self.connection is None) == (self.embedded is None):
            raise ValueError("give either `connection` or `embedded`")
        return self


class SqliteSource(DatabaseSource):
    """A SQLite database, in one file."""

    transport: Literal["sqlite"]
    path: Path


class FileSource(_Source):
    """Tables kept as files in one folder: CSV, JSON lines, Parquet or Excel."""

    transport: Literal["files"]
    path: Path
    options: dict[str, Any] = Field(default_factory=dict)
    tables: dict[str, str] = Field(default_factory=dict)
    """File pattern of each table; by default a file named like the table."""


class FecSource(_Source):
    """French accounting files in one folder."""

    transport: Literal["fec"]
    path: Path
    options: dict[str, Any] = Field(default_factory=dict)


Source = Annotated[
    PostgresSource | SqliteSource | FileSource | FecSource, Field(discriminator="transport")
]


class Sources(_Model):
    """The whole file."""

    time_zones: tuple[str, ...] = ("Europe/Paris",)
    """Time zones of the companies: a day is over when it is over in all of them."""
    as_of_date: date | None = None
    """Pins the as-of date; the demo does, since its company lives in its own time."""
    keep_publications: int = Field(default=7, ge=1)
    publication: PublicationLimits = PublicationLimits()
    retention: Retention = Retention()
    sources: dict[str, Source] = Field(min_length=1)

    @property
    def systems(self) -> frozenset[str]:
        """The systems that any source runs."""
        return frozenset(source.system for source in self.sources.values())

    @field_validator("time_zones")
    @classmethod
    def _exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in available_timezones():
                raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Paris")
        return value

    @field_validator("sources")
    @classmethod
    def _are_named_well(cls, value: dict[str, Source]) -> dict[str, Source]:
        for name in value:
            if not SOURCE_ID.match(name):
                raise ValueError(
                    f"{name!r} must be lower-case letters, digits and underscores, "
                    "since every key begins with it"
                )
        return value


def read_sources(path: Path) -> Sources:
    """Read and check the sources file.

    Raises:
        ConfigurationError: the file is missing or wrong; names file, line and field.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: no such file. Run `adv init` to write one, or `adv demo create`."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    try:
        tree = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506  it is a safe one
    except yaml.constructor.ConstructorError as error:
        # Its words would repeat the value.
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{path}{line}: a tag (!name), or a key that is no name") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigurationError(f"{path}{line}: {problem}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: nested too deeply to be read") from None
    except ValueError as error:  # a day that does not exist, a number of thousands of digits
        raise ConfigurationError(f"{path}: a value cannot be read: {error}") from None
    try:
        sources = Sources.model_validate(content if content is not None else {})
    except ValidationError as error:
        # Without its cause, which would show the values: one may be a password.
        raise ConfigurationError(_in_words(path, tree, error)) from None
    return _resolved(sources, path.parent)


class _Loader(yaml.SafeLoader):
    """Reads plain values only: a few lines of aliases to aliases would stand for billions."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            told = "aliases (*name) are not read: write the value out, in quotes"
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, told, mark)
        return super().compose_node(parent, index)


def _in_words(path: Path, tree: yaml.Node | None, error: ValidationError) -> str:
    found = []
    for detail in error.errors():
        field = detail["loc"]
        if field[2:3] in (("postgres",), ("sqlite",), ("files",), ("fec",)):
            field = (*field[:2], *field[3:])  # the transport, by which pydantic chose the model
        line = _line(tree, field)
        name = ".".join(str(part) for part in field) or "the file"
        found.append(f"{path}:{line}: {name}: {detail['msg'].removeprefix('Value error, ')}")
    return "\n".join(found)


def _line(tree: yaml.Node | None, field: tuple[Any, ...]) -> int:
    """Line of the field, or of the nearest part of its path that the file has."""
    node, line = tree, 1
    for part in field:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    node, line = value, key.start_mark.line + 1
                    break
            else:
                return line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _resolved(sources: Sources, base: Path) -> Sources:
    """Paths are written relative to the file that names them."""

    def absolute(source: Source) -> Source:
        if isinstance(source, PostgresSource):
            if source.embedded is not None:
                return source.model_copy(update={"embedded": (base / source.embedded).resolve()})
            assert source.connection  # the configuration saw to it
            certificates = {
                name: str((base / file).resolve())
                for name in ("sslrootcert", "sslcert", "sslkey")
                if (file := getattr(source.connection, name)) not in (None, SYSTEM)
            }
            connection = source.connection.model_copy(update=certificates)
            return source.model_copy(update={"connection": connection})
        return source.model_copy(update={"path": (base / source.path).resolve()})

    return sources.model_copy(
        update={"sources": {name: absolute(s) for name, s in sources.sources.items()}}
    )
