"""The sources file as a whole: read, checked, and told where it is wrong."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml
from pydantic import Field, ValidationError, field_validator

from ingestion.config.cockpit import CockpitSettings
from ingestion.config.limits import PublicationLimits, Retention
from ingestion.config.publish_to import PublishTo
from ingestion.config.reports import ReportSettings
from ingestion.config.settings import Settings
from ingestion.config.sources import SOURCE_ID, TRANSPORTS, Source
from ingestion.config.spark import SparkSettings
from ingestion.errors import ConfigurationError


class Sources(Settings):
    """The whole file."""

    time_zones: tuple[str, ...] = ("Europe/Paris",)
    """Time zones of the companies: a day is over when it is over in all of them."""
    nightly_at: time = time(2)
    """Hour and minute at which the schedule runs the night, in the first of `time_zones`."""
    as_of_date: date | None = None
    """Pins the as-of date; the demo does, since its company lives in its own time."""
    keep_publications: int = Field(default=7, ge=1)
    """Publications that stay on the disk, that in force included."""
    publication: PublicationLimits = PublicationLimits()
    """How far the marts may move until a person has looked."""
    publish_to: PublishTo | None = None
    """Servers that hold a copy of the publication; without any, readers open its files."""
    retention: Retention = Retention()
    """For how long what is over is kept."""
    reports: ReportSettings = ReportSettings()
    """What is delivered after each publication."""
    spark: SparkSettings = SparkSettings()
    """The cluster that `adv run --target spark` builds the marts on."""
    cockpit: CockpitSettings = CockpitSettings()
    """Who may open the cockpit."""
    sources: dict[str, Source] = Field(min_length=1)
    """What is read, each by its name, with which every key of its rows begins."""

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

    @field_validator("nightly_at", mode="before")
    @classmethod
    def _is_of_a_clock(cls, value: object) -> object:
        # YAML reads 12:30 as a number to the base of sixty, and 02:00 as text.
        if isinstance(value, int) and 0 <= value < 24 * 60:
            return time(value // 60, value % 60)
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
        if field[:1] == ("sources",) and field[2:3] and field[2] in TRANSPORTS:
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
    found = {name: source.relative_to(base) for name, source in sources.sources.items()}
    publish_to = sources.publish_to and sources.publish_to.relative_to(base)
    reports = sources.reports.relative_to(base)
    return sources.model_copy(
        update={"sources": found, "publish_to": publish_to, "reports": reports}
    )
