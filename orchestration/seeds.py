"""Seeds and the installation's own overrides of them.

`ADV_HOME/config/<seed>.csv` replaces rows of a seed by the seed's key and adds new ones: a status
map, a channel map, a legal rate. The checkout stays untouched.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.errors import ConfigurationError
from ingestion.home import DBT_PROJECT, Home
from orchestration import dbt_runner

log = logging.getLogger("adv.seeds")


@dataclass(frozen=True)
class Seed:
    """A seed as dbt knows it."""

    name: str
    schema: str
    key: tuple[str, ...]


def load_seeds(home: Home) -> bool:
    """Load seeds and overrides into the warehouse, unless both are as they were.

    Returns:
        whether anything was loaded.

    Raises:
        ConfigurationError: an override names no seed, or columns that the seed lacks, or cannot be
            read.
    """
    seeds = _seeds(home)
    overrides = _overrides(home, seeds)
    fingerprint = _fingerprint([*(DBT_PROJECT / "seeds").glob("*.csv"), *overrides.values()])
    if _loaded(home) == fingerprint:
        return False
    _remember(home, None)
    dbt_runner.invoke(home, ["seed", "--full-refresh", "--no-write-json"])
    for name, path in overrides.items():
        _override(home, seeds[name], path)
    _remember(home, fingerprint)
    return True


def _loaded(home: Home) -> str | None:
    """What the warehouse itself says that it holds: it may have been deleted or restored."""
    with connect(home.warehouse, read_only=True, reach=()) as connection:
        row = connection.execute("select seeds from control.installation").fetchone()
    return row[0] if row else None


def _remember(home: Home, fingerprint: str | None) -> None:
    with connect(home.warehouse, reach=()) as connection:
        connection.execute("update control.installation set seeds = ?", [fingerprint])


def _seeds(home: Home) -> dict[str, Seed]:
    manifest = json.loads(dbt_runner.manifest_file(home).read_text(encoding="utf-8"))
    nodes: dict[str, dict[str, Any]] = manifest["nodes"]
    keys = {
        node["attached_node"]: key
        for node in nodes.values()
        if node["resource_type"] == "test" and (key := _tested_key(node))
    }
    return {
        node["name"]: Seed(node["name"], node["schema"], keys.get(unique_id, ()))
        for unique_id, node in nodes.items()
        if node["resource_type"] == "seed"
    }


def _tested_key(test: dict[str, Any]) -> tuple[str, ...]:
    """The columns that a test says are unique together, if it does."""
    metadata = test.get("test_metadata") or {}
    arguments = metadata.get("kwargs", {})
    key = {"unique_key": "columns", "obeys": "key"}.get(metadata.get("name", ""), "")
    return tuple(arguments.get(key, ()))


def _overrides(home: Home, seeds: dict[str, Seed]) -> dict[str, Path]:
    found = {path.stem: path for path in sorted(home.sources_file.parent.glob("*.csv"))}
    for name, path in found.items():
        if name not in seeds:
            raise ConfigurationError(
                f"{path}: there is no seed {name!r} to override; there are {', '.join(seeds)}."
            )
    return found


def _override(home: Home, seed: Seed, path: Path) -> None:
    import duckdb

    header = _header(path)
    connection = connect(home.warehouse, reach=[path.parent])
    try:
        target = f"{quoted_name(seed.schema)}.{quoted_name(seed.name)}"
        types = {row[0]: row[1] for row in connection.execute(f"describe {target}").fetchall()}
        if unknown := [name for name in header if name not in types]:
            raise ConfigurationError(
                f"{path}:1: {seed.name} has no column {', '.join(unknown)}; "
                f"it has {', '.join(types)}."
            )
        if not seed.key:
            raise ConfigurationError(f"{path}: {seed.name} declares no key to override it by.")
        if missing := [name for name in seed.key if name not in header]:
            raise ConfigurationError(f"{path}:1: the key column {', '.join(missing)} is missing.")
        casts = ", ".join(
            f"cast(nullif({quoted_name(name)}, '') as {types[name]}) as {quoted_name(name)}"
            for name in header
        )
        given = (
            f"(select {casts} from read_csv({quoted_text(str(path))}, header = true, "
            "all_varchar = true, delim = ',', quote = '\"', escape = '\"'))"
        )
        same = " and ".join(
            f"g.{quoted_name(name)} is not distinct from s.{quoted_name(name)}" for name in seed.key
        )
        connection.execute("begin")
        connection.execute(
            f"delete from {target} as s where exists (select 1 from {given} as g where {same})"
        )
        connection.execute(f"insert into {target} by name select * from {given}")
        connection.execute("commit")
        log.info("%s overridden by %s", seed.name, path)
    except duckdb.Error as error:
        told = str(error).splitlines()[0]
        raise ConfigurationError(f"{path}: cannot be loaded into {seed.name}: {told}") from None
    finally:
        connection.close()


def _header(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8; save it as CSV UTF-8.") from None
    try:
        return next(csv.reader(StringIO(text)), [])
    except csv.Error as error:
        raise ConfigurationError(f"{path}:1: the header cannot be read: {error}") from None


def _fingerprint(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
