"""DuckDB connections, opened in one way everywhere: bounded, closed to the network.

Extensions come from their packages, signed by DuckDB; nothing is downloaded at run time.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ingestion.errors import ConfigurationError, WarehouseError

if TYPE_CHECKING:
    import duckdb

DEFAULT_MEMORY_LIMIT = "3GB"
CLOSED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
"""Settings of every database: nothing is installed, and nothing loaded that is not asked for."""
DAMAGE = ("Corrupt database file", "not a valid DuckDB database file")
"""DuckDB's words for a block whose checksum is wrong, and for a head that is not its own."""
REBUILD = (
    "If it is the warehouse that is damaged, `adv rebuild --replace` builds it again from the "
    "landing zone, and keeps the damaged one."
)


def memory_limit() -> str:
    """DuckDB's memory bound, `ADV_MEMORY_LIMIT`; beyond it DuckDB spills to disk.

    The process that it runs in needs about half a gigabyte beside it.
    """
    return os.environ.get("ADV_MEMORY_LIMIT") or DEFAULT_MEMORY_LIMIT


def extension_file(name: str) -> Path:
    """File of a DuckDB extension, from the package that ships it.

    Raises:
        ConfigurationError: the package is not installed.

    """
    package = f"duckdb_extension_{name}"
    try:
        folder = Path(str(import_module(package).__file__)).parent
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"The package {package.replace('_', '-')} is not installed; run `make install`."
        ) from None
    return next(folder.glob(f"extensions/*/{name}.duckdb_extension"))


def spill_folder() -> Path:
    """A folder for one in-memory database to spill into, which DuckDB makes and removes.

    One for each: DuckDB names its files always alike. Nobody else may read them.
    """
    return _private_folder() / uuid4().hex


@cache
def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="adv-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def connect(
    database: Path | None = None,
    *,
    read_only: bool = False,
    extensions: Iterable[str] = (),
    reach: Iterable[Path] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or an in-memory database.

    Args:
        database: the file; in memory when empty.
        read_only: refuse every write.
        extensions: names of extensions to load, such as `postgres_scanner`.
        reach: the folders that it is confined to, as `confine` says; everything when not given.

    Raises:
        WarehouseError: the file is in use by another program, or is damaged.

    """
    import duckdb

    config: dict[str, Any] = {
        "memory_limit": memory_limit(),
        **CLOSED,
        # Otherwise an in-memory database spills into the working directory.
        **({} if database else {"temp_directory": str(spill_folder())}),
    }
    try:
        connection = duckdb.connect(
            str(database) if database else ":memory:", read_only=read_only, config=config
        )
    except duckdb.IOException as error:
        told = str(error).splitlines()[0]
        remedy = f"\n{REBUILD}" if any(words in told for words in DAMAGE) else ""
        raise WarehouseError(f"{database} cannot be opened: {told}{remedy}") from None
    connection.execute("set preserve_insertion_order = false")
    # Every timestamp in the product is UTC; the session must not convert on its own.
    connection.execute("set timezone = 'UTC'")
    for name in extensions:
        connection.execute(f"load {quoted_text(str(extension_file(name)))}")
    if reach is not None:
        confine(connection, reach)
    return connection


def write_whole(database: Path) -> None:
    """Let a DuckDB file hold everything: what found no room at its closing lies in a log beside it.

    DuckDB says nothing of that when it closes; whoever copied or moved the file alone would lose
    it.

    Raises:
        WarehouseError: there is no room for it.

    """
    log = Path(f"{database}.wal")
    if not log.exists():
        return
    import duckdb

    try:
        with connect(database, reach=()) as connection:
            connection.execute("checkpoint")
    except duckdb.Error as error:
        raise WarehouseError(
            f"{database} could not be written whole; is the disk full? {error}"
        ) from None
    if log.exists():
        raise WarehouseError(f"{database} could not be written whole: {log} is left of it.")


def put_parquet(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write a Parquet file in one step, in place of one that may be there.

    It is on the disk before anybody removes what it stands for.
    """
    temporary = target.with_suffix(".tmp")
    connection.execute(f"copy ({query}) to {quoted_text(str(temporary))} (format parquet)")
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write a Parquet file; the number of its rows."""
    (rows,) = one_row(
        connection,
        f"copy ({query}) to {quoted_text(str(target))} (format parquet, compression zstd)",
    )
    return int(rows)


def confine(connection: duckdb.DuckDBPyConnection, reach: Iterable[Path]) -> None:
    """Let a database read and write below these folders only, besides its own file.

    Whatever comes to run in it then reads no other file, writes none, and loads nothing. There is
    no way back, and links are followed: one that leads out of the folders leads nowhere.
    """
    for statement in confinement(reach):
        connection.execute(statement)


def confinement(reach: Iterable[Path]) -> tuple[str, ...]:
    """The statements of `confine`, for databases that others open."""
    folders = ", ".join(quoted_text(str(folder.resolve())) for folder in reach)
    return f"set allowed_directories = [{folders}]", "set enable_external_access = false"


def one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The row of a query that always answers with one, such as an aggregate's."""
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def quoted_text(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted_name(value: str) -> str:
    """A SQL identifier."""
    return '"' + value.replace('"', '""') + '"'
