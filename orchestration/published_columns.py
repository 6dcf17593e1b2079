"""The columns that BI tools rely on, kept in `docs/bi/columns.yml`, and what may become of them.

    python -m orchestration.published_columns docs/bi/columns.yml

What is kept is compared with what the models declare. A change is taken over (`make docs`) once
the version of the schema is raised for it, and a column goes only some time after readers were
told: docs/bi/contract.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from ingestion.errors import ConfigurationError
from ingestion.home import DBT_PROJECT

PUBLISHED_LAYERS = ("core", "kpi", "meta")
VERSION = "marts_schema_version"
NOTICE = timedelta(days=183)
"""How long a column stays after it is marked as deprecated."""
HEAD = "# Published tables and columns. Written by `make docs` from the models; do not edit.\n"


@dataclass(frozen=True, order=True)
class SchemaVersion:
    """Major: something was removed or retyped. Minor: something was added."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`1.4`."""
        major, minor = text.split(".")
        return cls(int(major), int(minor))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True)
class PublishedColumns:
    """All columns, `schema.table.column`, with their declared types, at one version."""

    version: SchemaVersion
    types: Mapping[str, str]
    deprecated: Mapping[str, date]
    """Since when readers are told not to use it any more."""

    def text(self) -> str:
        """As it is kept, a column to a line."""
        lines = [HEAD, f"schema_version: '{self.version}'\n", "deprecated:"]
        lines += [f"  {column}: {since}" for column, since in sorted(self.deprecated.items())]
        lines += ["columns:"] + [f"  {name}: {kind}" for name, kind in sorted(self.types.items())]
        return "\n".join(lines) + "\n"


def declared() -> PublishedColumns:
    """What the models declare.

    Raises:
        ConfigurationError: a mark `deprecated` does not say since when, or what to use instead.

    """
    import yaml

    project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    types: dict[str, str] = {}
    marks: dict[str, Mapping[str, Any]] = {}
    for layer, model in published_models():
        for column in model["columns"]:
            name = f"{layer}.{model['name']}.{column['name']}"
            types[name] = column["data_type"]
            if mark := _mark(column) or _mark(model):
                marks[name] = mark
    version = SchemaVersion.parse(project["vars"]["adv"][VERSION])
    since = {name: marked_since(name, mark, types) for name, mark in marks.items()}
    return PublishedColumns(version, types, since)


def published_models() -> Iterator[tuple[str, dict[str, Any]]]:
    """Schema and description of every published table."""
    import yaml

    for layer in PUBLISHED_LAYERS:
        for path in sorted((DBT_PROJECT / "models" / layer).rglob("*.yml")):
            described = yaml.safe_load(path.read_text(encoding="utf-8"))
            for model in described.get("models", ()):
                yield layer, model


def _mark(described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    mark: Mapping[str, Any] | None = described.get("config", {}).get("meta", {}).get("deprecated")
    return mark


def marked_since(column: str, mark: Mapping[str, Any], types: Mapping[str, str]) -> date:
    """Since when a column is deprecated; the mark also names a published column to use instead.

    Raises:
        ConfigurationError: it does not.

    """
    table = column.rpartition(".")[0]
    if {mark.get("use"), f"{table}.{mark.get('use')}"}.isdisjoint(types):
        raise ConfigurationError(
            f"{column}: `deprecated` needs `use`, a column of the same table or another as "
            f"schema.table.column; {mark.get('use')} is none."
        )
    try:
        return date.fromisoformat(str(mark.get("since")))
    except ValueError:
        raise ConfigurationError(
            f"{column}: `deprecated` needs `since`, a day such as '2027-01-31'."
        ) from None


def kept(file: Path) -> PublishedColumns:
    """What was published until now."""
    import yaml

    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return PublishedColumns(
        SchemaVersion.parse(content["schema_version"]),
        content["columns"],
        content["deprecated"] or {},
    )


def objections(before: PublishedColumns, now: PublishedColumns, today: date) -> list[str]:
    """Why a change cannot be taken over as it stands, in words that say what to do."""
    gone = sorted(before.types.keys() - now.types.keys())
    retyped = sorted(c for c in before.types.keys() & now.types.keys() if _differs(c, before, now))
    added = sorted(now.types.keys() - before.types.keys())
    marked = sorted(now.deprecated.keys() - before.deprecated.keys())
    found = [*_without_notice(gone, before, today)]
    least = before.version
    if gone or retyped:
        least = SchemaVersion(before.version.major + 1, 0)
    elif added or marked:
        least = SchemaVersion(before.version.major, before.version.minor + 1)
    if now.version < least:
        changes = {"removed": gone, "retyped": retyped, "added": added, "deprecated": marked}
        words = "; ".join(f"{what} {', '.join(c)}" for what, c in changes.items() if c)
        found.append(
            f"Published columns changed ({words or 'the version went back'}): raise {VERSION} in "
            f"dbt_project.yml from {before.version} to {least}, then run `make docs`."
        )
    return found


def _differs(column: str, before: PublishedColumns, now: PublishedColumns) -> bool:
    return before.types[column] != now.types[column]


def _without_notice(gone: list[str], before: PublishedColumns, today: date) -> Iterator[str]:
    for column in gone:
        since = before.deprecated.get(column)
        if since is None:
            yield (
                f"{column} is gone without notice: mark it `deprecated` and keep it for "
                f"{NOTICE.days} days, as docs/bi/contract.md says."
            )
        elif today < since + NOTICE:
            yield f"{column} is deprecated since {since} and stays until {since + NOTICE}."


def take_over(file: Path, today: date) -> list[str]:
    """Write the file again, unless something stands against it, which is returned."""
    now = declared()
    found = objections(kept(file), now, today) if file.exists() else []
    if not found:
        file.write_text(now.text(), encoding="utf-8")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    raise SystemExit(
        "\n".join(take_over(parser.parse_args().file, datetime.now(UTC).date())) or None
    )
