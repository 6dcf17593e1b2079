"""Publication: one rename shows a complete refresh to every reader, or nothing at all.

published/
    <run_id>/marts.duckdb, <run_id>/parquet/<schema>/<table>.parquet
    <run_id>/checked.json       the marts passed their checks
    <run_id>/published.json     everything is there: the folder was, or may be, in force
    current -> <run_id>         the publication in force
    marts.duckdb -> current/marts.duckdb
    next -> <run_id>            what the present run builds
    before -> <run_id>          the publication in force when it began, or nothing/ with empty marts
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

from ingestion.engine import connect, one_row, quoted_name, quoted_text, write_whole
from ingestion.erasure import erased_load
from ingestion.errors import PublicationError
from ingestion.home import Home
from ingestion.ledger import CurrentRun
from orchestration.dbt_runner import (
    MARTS_FILE,
    manifest_file,
    next_publication,
    publication_before,
)

if TYPE_CHECKING:
    import duckdb

    from orchestration.lock import HeldLock

PUBLISHED_SCHEMAS = ("core", "kpi", "meta")
READABLE_TYPES = (
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE"),
    *("VARCHAR", "DATE", "TIMESTAMP"),
)
"""Types that the drivers of all BI tools know, and that every copy of the marts can hold."""
PARQUET = "parquet"
CHECKED = "checked.json"
COMPLETE = "published.json"
READ_BY_GROUP = 0o440
FOLDER_READ_BY_GROUP = 0o750


@dataclass(frozen=True)
class Publication:
    """A complete refresh, ready to be read."""

    run_id: str
    folder: Path
    as_of_date: date
    known_at: datetime
    tables: int
    rows: int
    only: tuple[str, ...] = ()
    """The sources that were read for it, where it was not all of them."""


def begin(home: Home, run_id: str) -> Path:
    """An empty folder for this run to build into, reached through `published/next`."""
    folder = home.published / run_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _point(next_publication(home), run_id)
    _point(publication_before(home), _in_force(home))
    return folder


def take_over(home: Home, run_id: str) -> None:
    """Begin this run's marts with those of the publication in force, all but `meta`."""
    in_force = marts_in_force(home)
    assert in_force  # the caller compared with it
    folder = home.published / run_id
    copyfile(in_force, folder / MARTS_FILE)
    for file in (in_force.parent / PARQUET).glob("*/*.parquet"):
        if file.parent.name != "meta":
            # Nobody writes to what is published, so both may be one file.
            _link(file, folder / file.relative_to(in_force.parent))


def _link(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, target)
    except OSError:  # not every file system has links
        copyfile(file, target)


def _in_force(home: Home) -> str:
    """Folder of the publication that the marts in the making are compared with."""
    marts = marts_in_force(home)
    if marts:
        return marts.parent.name
    nothing = home.published / "nothing"
    nothing.mkdir(exist_ok=True)
    connect(nothing / MARTS_FILE, reach=()).close()
    return nothing.name


def discard_unfinished(home: Home) -> None:
    """Remove what earlier runs built and did not publish, to make room for another."""
    drop(path for path in others(home) if path.name not in _publications(home))


def publish(home: Home, run: CurrentRun, keep: int, lock: HeldLock) -> Publication:
    """Put this run's marts in force.

    Args:
        home: the installation.
        run: the run that built them.
        keep: how many publications of whole nights stay.
        lock: that on the installation.

    Raises:
        PublicationError: the marts are not this run's, not complete, or were not checked.
        WarehouseError: there is no room for them.
        LockLostError: another run may have begun.

    """
    folder = home.published / run.run_id
    publication = _verified(home, folder, run)
    _export_parquet(folder)
    lock.assert_held()
    _mark_complete(folder, run)
    before = current_run_id(home)
    lock.assert_held()  # again: to bring all of it to the disk takes its time
    put_in_force(home, run.run_id)
    _prune(home, keep, before)
    return publication


def put_in_force(home: Home, run_id: str) -> None:
    """Let readers see a complete publication; until then it is its owner's alone."""
    folder = home.published / run_id
    for opened in (home.published, folder, *_folders_below(folder)):
        opened.chmod(FOLDER_READ_BY_GROUP)
    _point(home.published / "current", run_id)
    _point(home.marts, f"current/{MARTS_FILE}")
    sync_folder(home.published)


def rollback(home: Home) -> str:
    """Put the publication before the present one in force again; returns its run id.

    Raises:
        PublicationError: there is none.

    """
    complete, current = _publications(home), current_run_id(home)
    earlier = complete[: complete.index(current)] if current in complete else complete
    if not earlier:
        raise PublicationError("There is no earlier publication to return to.")
    put_in_force(home, earlier[-1])
    return earlier[-1]


def others(home: Home) -> list[Path]:
    """The folders of all publications and builds but the one in force."""
    return [path for path in _folders(home.published) if path.name != current_run_id(home)]


def drop(folders: Iterable[Path]) -> None:
    """Drop publications or builds."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def current_run_id(home: Home) -> str | None:
    """The run whose publication is in force."""
    link = home.published / "current"
    return str(link.readlink()) if link.is_symlink() else None


def last_published_load(home: Home) -> int:
    """The last load that was ever published, also where an earlier one was put in force again."""
    published = _publications(home)
    return _known_load(home.published / published[-1]) if published else 0


def marts_in_force(home: Home) -> Path | None:
    """File of the publication in force, under the name that it keeps."""
    run_id = current_run_id(home)
    marts = home.published / run_id / MARTS_FILE if run_id else None
    return marts if marts and marts.exists() else None


def mark_checked(home: Home, run_id: str) -> None:
    """Record that this run's marts passed their checks; `publish` asks for it."""
    (home.published / run_id / CHECKED).write_text(json.dumps({"run_id": run_id}), encoding="utf-8")


def _verified(home: Home, folder: Path, run: CurrentRun) -> Publication:
    marts = folder / MARTS_FILE
    if not marts.exists():
        raise PublicationError(
            "This run has not built the marts. A publication needs the whole job: "
            "launch `nightly`, not a part of it."
        )
    if not (folder / CHECKED).exists():
        raise PublicationError("The marts of this run have not passed their checks.")
    write_whole(marts)
    connection = connect(marts, read_only=True, reach=())
    try:
        found = {
            (schema, table)
            for schema, table in connection.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        }
        missing = sorted(_expected_tables(home) - found)
        if missing:
            names = ", ".join(".".join(name) for name in missing)
            raise PublicationError(f"The marts are incomplete: {names} are missing.")
        stamp = connection.execute(
            "select run_id, as_of_date, known_at from meta.runs order by known_load desc limit 1"
        ).fetchone()
        if stamp is None or stamp[:2] != (run.run_id, run.as_of_date):
            raise PublicationError("The marts were built by another run, or for another date.")
        if unreadable := _unreadable_columns(connection):
            raise PublicationError(
                f"BI tools cannot read every type that DuckDB has: {', '.join(unreadable)}. "
                f"Cast what the model selects to one of {', '.join(READABLE_TYPES)}."
            )
        sizes = one_row(connection, "select coalesce(sum(estimated_size), 0) from duckdb_tables()")
    finally:
        connection.close()
    return Publication(run.run_id, folder, stamp[1], stamp[2], len(found), int(sizes[0]), run.only)


def _unreadable_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Columns of other than readable types, also of models that an installation added."""
    rows = connection.execute(
        """
        select schema_name || '.' || table_name || '.' || column_name || ' is ' || data_type
        from duckdb_columns()
        where not internal and not regexp_full_match(data_type, $readable)
        order by all
        """,
        {"readable": rf"({'|'.join(READABLE_TYPES)})(\(\d+,\d+\))?"},
    ).fetchall()
    return [text for (text,) in rows]


def _expected_tables(home: Home) -> set[tuple[str, str]]:
    nodes = json.loads(manifest_file(home).read_text(encoding="utf-8"))["nodes"].values()
    return {
        (node["schema"], node["alias"])
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED_SCHEMAS
    }


def _export_parquet(folder: Path) -> None:
    connection = connect(folder / MARTS_FILE, read_only=True, reach=[folder])
    try:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        for schema, table in tables:
            target = folder / PARQUET / schema / f"{table}.parquet"
            if target.exists():  # taken over
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(
                f"copy {quoted_name(schema)}.{quoted_name(table)} "
                f"to {quoted_text(str(target))} (format parquet, compression zstd)"
            )
    finally:
        connection.close()


def _mark_complete(folder: Path, run: CurrentRun) -> None:
    """Stamp the folder once all of it is on disk; half a stamp would stop every later run."""
    stamp = folder / f"{COMPLETE}.new"
    known = {"run_id": run.run_id, "known_load": run.known_load, "only": run.only}
    stamp.write_text(json.dumps(known), encoding="utf-8")
    _protect(folder)
    _sync(folder)
    stamp.replace(folder / COMPLETE)
    sync_folder(folder)


def _protect(folder: Path) -> None:
    """Nobody writes here any more; who opens the marts for writing would lock readers out."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(READ_BY_GROUP)


def _sync(folder: Path) -> None:
    """Bytes reach the disk before the name that leads to them."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for path in (folder, *_folders_below(folder)):
        sync_folder(path)


def _folders_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_dir()]


def sync_folder(folder: Path) -> None:
    """Names in a folder reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point(link: Path, target: str) -> None:
    """Make `link` lead to `target` in one step: readers see the old one or the new one."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _publications(home: Home) -> list[str]:
    """Complete publications, oldest first."""
    found = [
        (_known_load(folder), folder.name)
        for folder in _folders(home.published)
        if (folder / COMPLETE).exists()
    ]
    return [name for _, name in sorted(found)]


def _known_load(folder: Path) -> int:
    return int(_stamp(folder)["known_load"])


def _is_of_a_whole_night(folder: Path) -> bool:
    return not _stamp(folder).get("only")  # earlier versions knew no other


def _stamp(folder: Path) -> dict[str, Any]:
    stamp: dict[str, Any] = json.loads((folder / COMPLETE).read_text(encoding="utf-8"))
    return stamp


def _prune(home: Home, keep: int, before: str | None) -> None:
    """Keep the newest publications, but none that may name a person who was erased since.

    What was in force until now stays, too: somebody may have found it, and be about to open it.
    Those of runs that read some sources only come on top: several a day would push out the nights.
    """
    named = erased_load(home)
    complete = [p for p in _publications(home) if _known_load(home.published / p) > named]
    nights = [p for p in complete if _is_of_a_whole_night(home.published / p)]
    kept = {*nights[-keep:], *complete[-1:], before} & set(complete)
    drop(path for path in others(home) if path.name not in kept)


def _folders(root: Path) -> Iterable[Path]:
    if not root.exists():
        return []
    return [path for path in root.iterdir() if path.is_dir() and not path.is_symlink()]
