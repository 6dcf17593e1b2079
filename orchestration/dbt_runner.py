"""dbt, run inside this process: a dbt of its own would outlive a killed run and keep the file.

Paths reach dbt as environment variables that never change, since dbt parses the whole project
again when they do: they start from the state's folder, `published/next` is a link to the folder of
the run that is being built, and `published/before` to the publication that it is compared with.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ingestion.engine import memory_limit
from ingestion.errors import WarehouseError
from ingestion.home import DBT_PROJECT, Home

MARTS_FILE = "marts.duckdb"
SEMANTIC_MANIFEST = "semantic_manifest.json"
"""What dbt makes of `dbt_project/models/semantic`, beside its manifest."""
Target = Literal["duckdb", "spark"]
"""The engine that builds."""
log = logging.getLogger("adv.dbt")


@dataclass(frozen=True)
class NodeResult:
    """What dbt said about one model, seed or test."""

    unique_id: str
    status: str
    """success, pass, warn, fail, error or skipped."""
    seconds: float
    message: str
    failures: int

    @property
    def failed(self) -> bool:
        """The node, or a test on it, stopped the build."""
        return self.status in ("error", "fail", "skipped")


def environment(home: Home) -> dict[str, str]:
    """What the dbt profile reads."""
    return {
        "ADV_STATE_FOLDER": str(home.root),
        "ADV_WAREHOUSE_FILE": _inside(home, home.warehouse),
        "ADV_MARTS_FILE": _inside(home, next_publication(home) / MARTS_FILE),
        "ADV_PREVIOUS_MARTS_FILE": _inside(home, publication_before(home) / MARTS_FILE),
        "ADV_MEMORY_LIMIT": memory_limit(),
        **_systems(home),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def _inside(home: Home, path: Path) -> str:
    return str(path.relative_to(home.root))


def _systems(home: Home) -> dict[str, str]:
    """The systems whose staging is built; before anything is configured, all of them."""
    path = _systems_file(home)
    return {"ADV_SYSTEMS": path.read_text(encoding="ascii")} if path.exists() else {}


def _systems_file(home: Home) -> Path:
    return home.dbt / "systems.txt"


def _keep_systems(home: Home, systems: Collection[str]) -> None:
    """Whole or not at all: on a full disk, a system of the past would be forgotten."""
    path = _systems_file(home)
    temporary = path.with_suffix(".new")
    temporary.write_text(" ".join(sorted(systems)), encoding="ascii")
    temporary.replace(path)


def next_publication(home: Home) -> Path:
    """Link to the folder that the present run builds into."""
    return home.published / "next"


def publication_before(home: Home) -> Path:
    """Link to the publication in force when the present run began, or to empty marts."""
    return home.published / "before"


def manifest_file(home: Home) -> Path:
    """Dbt's description of the project, from which the asset graph is drawn."""
    return home.dbt / "manifest.json"


def prepare_manifest(home: Home, systems: Collection[str]) -> Path:
    """Parse the project if it or the systems changed since it was last parsed.

    A system once configured stays: raw still holds what was read from it.
    """
    manifest = manifest_file(home)
    before = set(_systems(home).get("ADV_SYSTEMS", "").split())
    new = not before.issuperset(systems)
    project, parsed = project_state(), home.dbt / "parsed.sha256"
    same = parsed.exists() and parsed.read_text(encoding="ascii") == project
    if new or not manifest.exists() or not same:
        home.dbt.mkdir(parents=True, exist_ok=True)
        parsed.unlink(missing_ok=True)
        _keep_systems(home, before.union(systems))
        invoke(home, ["parse"])
        parsed.write_text(project, encoding="ascii")
    return manifest


def take_over_manifest(home: Home, parsed_by: Home) -> None:
    """Spare an installation the parsing that another one, of the same project, has done."""
    home.dbt.mkdir(parents=True, exist_ok=True)
    # The digest comes last: without it, what was copied in part is parsed again.
    files = ("manifest.json", SEMANTIC_MANIFEST, "partial_parse.msgpack", "systems.txt")
    for name in (*files, "parsed.sha256"):
        if (parsed_by.dbt / name).exists():
            shutil.copy2(parsed_by.dbt / name, home.dbt / name)


def build(
    home: Home,
    schema: str | None = None,
    target: Target = "duckdb",
    threads: int | None = None,
) -> list[NodeResult]:
    """Build models and test them and the seeds; unit tests belong to development.

    A failing node does not raise: the caller sees all results and decides.

    Args:
        home: the installation.
        schema: the only schema to build, where not all of them.
        target: the engine.
        threads: how many nodes are built at a time, where not as the profile says.

    """
    left_out = [f"--exclude-resource-type={kind}" for kind in ("unit_test", "seed", "exposure")]
    selected = [f"--select=config.schema:{schema}"] if schema else []
    at_a_time = [f"--threads={threads}"] if threads else []
    command = ["build", *left_out, *selected, *at_a_time, "--no-write-json"]
    return _results(invoke(home, command, target=target, must_succeed=False))


def fill_marts(home: Home, tables: Path, schemas: Iterable[str]) -> list[NodeResult]:
    """Fill marts on DuckDB from what another engine built of the same models.

    Args:
        home: the installation.
        schemas: the schemas of the models.
        tables: folder of that engine's tables, `<schema>.db/<table>/*.parquet`.

    """
    selected = [f"config.schema:{schema}" for schema in schemas]
    with _Variables({"ADV_BUILT_TABLES": str(tables)}):
        command = ["run", "--select", *selected, "--no-write-json"]
        return _results(invoke(home, command, must_succeed=False))


def _results(result: Any) -> list[NodeResult]:
    return [
        NodeResult(
            unique_id=item.node.unique_id,
            status=str(item.status),
            seconds=item.execution_time,
            message=item.message or "",
            failures=item.failures or 0,
        )
        for item in result
    ]


def invoke(
    home: Home,
    arguments: Sequence[str],
    *,
    target: Target = "duckdb",
    must_succeed: bool = True,
) -> Any:
    """Run a dbt command and return its result.

    Raises:
        WarehouseError: dbt could not run the command at all, or failed and must not.

    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    # What dbt parses differs by target, and it would parse all again with each change.
    parsed = home.dbt if target == "duckdb" else home.dbt / target
    command = [
        # dbt words every event for a console, 26 per model, even when it shows none of them.
        *("--log-level", "none", "--log-level-file", "none", "--no-use-colors"),
        *arguments,
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target", target, "--target-path", str(parsed), "--log-path", str(home.dbt)),
    ]
    with _Variables(environment(home)):
        outcome = dbtRunner(callbacks=[_tell_errors]).invoke(command)
        # dbt leaves the file open in this process, and nobody else could read it.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None or (must_succeed and not outcome.success):
        raise WarehouseError(f"dbt {arguments[0]} failed: {outcome.exception or 'see above'}")
    return outcome.result


def _tell_errors(event: Any) -> None:
    """Log what dbt calls an error; its other events are told by the results."""
    if event.info.level == "error":
        log.error(event.info.msg)


class _Variables:
    """Sets variables for the time of a block."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._variables}
        os.environ.update(self._variables)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def project_state() -> str:
    """Changes with every file that comes, goes or is written, whatever its time says."""
    folders = ("models", "macros", "seeds", "tests")
    files = [path for folder in folders for path in (DBT_PROJECT / folder).rglob("*.*")]
    digest = hashlib.sha256()
    for path in sorted([*files, DBT_PROJECT / "dbt_project.yml"]):
        state = path.stat()
        digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
