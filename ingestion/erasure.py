"""Erasure of a person: what tells who it was is blanked wherever it is kept, and stays blank.

    ADV_HOME/erasures.jsonl     which rows, and who asked for it, when and why

Rows, keys and amounts stay, since the books must keep their documents. Of the rows chosen, every
column that the declarations mark as personal is blanked, in all batches, accepted, refused or set
apart. The warehouse is then built again from them, in a new file: nothing of a person is left in
its versions or its free blocks. What a source goes on saying about the person is blanked as soon
as it is read, before anything else looks at it.

A request is written down before anything is done. Whatever a crash leaves undone, the next run, or
the same command again, finishes first.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from ingestion.declarations import Column, Table, is_declared, system
from ingestion.engine import connect, one_row, put_parquet, quoted_name, quoted_text
from ingestion.errors import ConfigurationError, WarehouseError
from ingestion.home import Home
from ingestion.kept_ledger import kept_loads, recount
from ingestion.landing import BASE, QUARANTINED, REJECTED, Batch, read_batch, write_manifest
from ingestion.replay import complete_kept_ledger, replay_beside
from ingestion.transports.base import Problem
from ingestion.transports.parts import PARTS

if TYPE_CHECKING:
    import duckdb

ERASED = "(erased)"
"""Stands in place of a name, and of what may not be empty; everything else becomes NULL."""
OF_OTHERS = ("agent", "absence")
"""Kinds of personal data that are a colleague's, who handled the person's row or is its key."""

Place = tuple[str | None, int | None]
"""A file of a source and a line in it."""


class Erasure(BaseModel):
    """A request to erase what tells who the person of some rows is."""

    model_config = ConfigDict(frozen=True)

    source_id: str
    table: str
    rows: dict[str, str]
    """The rows: the value, as text, of every column named."""
    reason: str
    asked_by: str
    asked_at: datetime
    known_load: int
    """The last load before it: what was published up to then may name the person."""
    finished_at: datetime | None = None
    """When landing and warehouse were without it."""

    @property
    def is_theirs(self) -> str:
        """SQL that is true of the rows."""
        return " and ".join(
            f"cast({quoted_name(name)} as varchar) = {quoted_text(value)}"
            for name, value in self.rows.items()
        )


@dataclass(frozen=True)
class Found:
    """Rows of the person in one place."""

    where: str
    files: int
    rows: int


def erasures(home: Home) -> tuple[Erasure, ...]:
    """Every request, oldest first.

    Raises:
        WarehouseError: the file is damaged.

    """
    if not home.erasures.exists():
        return ()
    try:
        lines = home.erasures.read_bytes().splitlines()
        return tuple(Erasure.model_validate_json(line) for line in lines)
    except ValidationError as error:
        raise WarehouseError(
            f"{home.erasures} is damaged ({error.error_count()} faults); mend the line, or bring "
            "the file back from a backup: by it persons stay erased."
        ) from None


def erased_load(home: Home) -> int:
    """The last load that may still have named somebody who is erased; 0 where nobody is."""
    return max((erasure.known_load for erasure in erasures(home)), default=0)


def table_of(home: Home, name: str) -> tuple[str, Table]:
    """Source and declaration of a table, named as people do: `erp.res_partner`.

    Raises:
        ConfigurationError: nothing of it was ever read, or it has no column that can be blanked.

    """
    source_id, _, table = name.partition(".")
    batch = next(iter(_batches(home, source_id, table)), None) if table else None
    if batch is None:
        raise ConfigurationError(
            f"Nothing was ever read of {name!r}. Name source and table, as in erp.res_partner; "
            "`adv status --tables` lists them."
        )
    if not is_declared(batch.manifest.system, table):
        raise ConfigurationError(
            f"{name} is no longer declared, so nobody knows which of its columns are personal. "
            f"Remove {home.landing / source_id / table}, which no model reads."
        )
    declared = system(batch.manifest.system).table(table)
    if not blankable(declared):
        raise ConfigurationError(f"{name} has no column that tells who a customer or user is.")
    return source_id, declared


def chosen(table: Table, arguments: Sequence[str]) -> dict[str, str]:
    """The rows that arguments such as `4711` or `CompAuxNum=C0042` choose.

    Raises:
        ConfigurationError: the arguments are not the table's key, or name a column that cannot
            choose.

    """
    names = [column.name for column in table.columns]
    pairs = [argument.partition("=")[::2] for argument in arguments]
    if all("=" in argument for argument in arguments):
        rows = dict(pairs)
    elif len(arguments) == len(table.key):
        rows = dict(zip(table.key, arguments, strict=True))
    else:
        raise ConfigurationError(
            f"The key of {table.name} is {', '.join(table.key)}: give a value for each, or choose "
            "rows by other columns, as in customer_number=C0042."
        )
    for name in rows:
        if name not in names:
            raise ConfigurationError(
                f"{table.name} has no column {name!r}; it has {', '.join(names)}."
            )
        if table.column(name).personal and name not in table.key:
            raise ConfigurationError(
                f"{name} is personal itself, and what is kept of this request would repeat it. "
                f"Choose by the key, {', '.join(table.key)}, or by a number."
            )
    return rows


def blankable(table: Table) -> list[Column]:
    """The columns that an erasure blanks."""
    return [
        column
        for column in table.columns
        if column.personal and column.personal not in OF_OTHERS and column.name not in table.key
    ]


def look(home: Home, table: Table, asked: Erasure) -> list[Found]:
    """Where rows of the person are kept, blanked already or not.

    Raises:
        ConfigurationError: nowhere.
        WarehouseError: a file was landed before a column was declared that is to choose rows.

    """
    found = []
    with connect(reach=[home.landing, home.quarantine]) as connection:
        for root in (home.landing, home.quarantine):
            counts = [
                count
                for folder in _folders(root, asked.source_id, table.name)
                for count in _counts(connection, table, asked, folder)
                if count
            ]
            found.append(Found(root.name, len(counts), sum(counts)))
    if home.warehouse.exists():
        with connect(home.warehouse, read_only=True, reach=()) as connection:
            versions = _count(
                connection,
                f"select count(*) from raw.{quoted_name(table.raw_name)} "
                f"where source_id = {quoted_text(asked.source_id)} and {asked.is_theirs}",
            )
        found.append(Found("warehouse", 1, versions))
    if not any(place.rows for place in found):
        told = ", ".join(f"{name} {value}" for name, value in asked.rows.items())
        raise ConfigurationError(f"No row of {asked.source_id}.{table.name} has {told}.")
    return found


def record(home: Home, asked: Erasure) -> None:
    """Write a request down, once: from now on it will be finished."""
    same = (asked.source_id, asked.table, asked.rows)
    kept = [e for e in erasures(home) if (e.source_id, e.table, e.rows) != same]
    _write(home, [*kept, asked])


def finish(home: Home) -> int:
    """Do what requests ask for that are not finished; returns how many there were.

    The caller holds the lock. The warehouse holds raw and ledger afterwards, and the next run
    builds the rest of it.

    Raises:
        WarehouseError: a batch is missing or damaged, so the warehouse cannot be built again.

    """
    every = erasures(home)
    waiting = [erasure for erasure in every if erasure.finished_at is None]
    if not waiting:
        return 0
    for source_id, name in sorted({(erasure.source_id, erasure.table) for erasure in waiting}):
        for batch in _batches(home, source_id, name):
            blank_batch(batch.table, every, batch)
        for left in (home.landing / source_id / name).glob("*.partial"):
            shutil.rmtree(left)
        # Rows of an unfinished first read, which begins afresh.
        shutil.rmtree(home.landing / source_id / name / PARTS, ignore_errors=True)
    _renew_warehouse(home)
    now = datetime.now(UTC)
    done = [e.model_copy(update={"finished_at": e.finished_at or now}) for e in every]
    _write(home, done)
    return len(waiting)


def blank_batch(table: Table, asked: Iterable[Erasure], batch: Batch) -> None:
    """Blank what a batch that is complete holds of the persons."""
    erased = blank(table, asked, batch.manifest.source_id, batch.folder)
    problems = without_words(batch.manifest.problems, erased)
    if problems != batch.manifest.problems:
        write_manifest(batch.folder, batch.manifest.model_copy(update={"problems": problems}))


def blank(table: Table, asked: Iterable[Erasure], source_id: str, folder: Path) -> set[Place]:
    """Blank what the files of a batch hold of the persons.

    Returns:
        The places in the source's files of rows that could not be read, and were theirs.

    """
    theirs = [e for e in asked if (e.source_id, e.table) == (source_id, table.name)]
    if not theirs:
        return set()
    with connect(reach=[folder]) as connection:
        for name in ("rows.parquet", BASE):
            if (folder / name).exists():
                _blank_rows(connection, table, theirs, folder / name)
        if (folder / QUARANTINED).exists():
            _blank_quarantined(connection, table, theirs, folder / QUARANTINED)
        if (folder / REJECTED).exists():
            return _blank_rejected(connection, table, theirs, folder / REJECTED)
    return set()


def without_words(problems: Iterable[Problem], places: Collection[Place]) -> tuple[Problem, ...]:
    """The problems, of which those in these places no longer quote what the source says there."""
    return tuple(
        Problem(p.severity, p.code, ERASED, p.file, p.line, p.field)
        if (p.file, p.line) in places
        else p
        for p in problems
    )


def _blank_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, theirs: Sequence[Erasure], file: Path
) -> None:
    held = _columns(connection, file)
    columns = [column for column in blankable(table) if column.name in held]
    if not columns:
        return
    condition = _any_of(theirs, held, file)
    blanked = ", ".join(
        f"if({condition}, {_blanked(column)}, {quoted_name(column.name)}) as "
        f"{quoted_name(column.name)}"
        for column in columns
    )
    changed = " or ".join(
        f"{quoted_name(column.name)} is distinct from {_blanked(column)}" for column in columns
    )
    source = f"read_parquet({quoted_text(str(file))})"
    if not _count(connection, f"select count(*) from {source} where ({condition}) and ({changed})"):
        return
    query = f"select * replace ({blanked}) from {source}"
    if "_row_hash" in held:  # the rows of a base are known by hashes that it brings
        row = ", ".join(
            f"{quoted_text(name)}: {quoted_name(name)}" for name in held if name != "_row_hash"
        )
        hashed = f"if({condition}, md5(to_json({{{row}}})::varchar), _row_hash) as _row_hash"
        query = f"select * replace ({hashed}) from ({query})"
    put_parquet(connection, query, file)


def _blank_quarantined(
    connection: duckdb.DuckDBPyConnection, table: Table, theirs: Sequence[Erasure], file: Path
) -> None:
    """Rows set apart by a rule lie there as JSON."""
    words = ", ".join(
        f"{quoted_text(column.name)}: {_blanked(column, _of_json(column.name))}"
        for column in blankable(table)
    )
    condition = " or ".join(f"({_is_theirs_by_json(erasure)})" for erasure in theirs)
    blanked = f"json_merge_patch(_row, to_json({{{words}}}))::varchar"
    put_parquet(
        connection,
        f"select * replace (if({condition}, {blanked}, _row) as _row) "
        f"from read_parquet({quoted_text(str(file))})",
        file,
    )


def _blank_rejected(
    connection: duckdb.DuckDBPyConnection, table: Table, theirs: Sequence[Erasure], file: Path
) -> set[Place]:
    """Rows that could not be read lie there as the source's own text."""
    condition = " or ".join(f"({_is_theirs_by_text(table, erasure)})" for erasure in theirs)
    source = f"read_parquet({quoted_text(str(file))})"
    places = connection.execute(f"select file, line from {source} where {condition}").fetchall()
    if places:
        words = ", ".join(
            f"if({condition}, {quoted_text(ERASED)}, {name}) as {name}"
            for name in ("message", '"row"')
        )
        put_parquet(connection, f"select * replace ({words}) from {source}", file)
    return {(file_name, line) for file_name, line in places}


def _counts(
    connection: duckdb.DuckDBPyConnection, table: Table, asked: Erasure, folder: Path
) -> Iterator[int]:
    """Rows of the person in each file of a batch."""
    for name in ("rows.parquet", BASE, QUARANTINED, REJECTED):
        file = folder / name
        if not file.exists():
            continue
        if name == QUARANTINED:
            condition = _is_theirs_by_json(asked)
        elif name == REJECTED:
            condition = _is_theirs_by_text(table, asked)
        else:
            condition = _any_of([asked], _columns(connection, file), file)
        yield _count(
            connection,
            f"select count(*) from read_parquet({quoted_text(str(file))}) where {condition}",
        )


def _any_of(theirs: Iterable[Erasure], held: Collection[str], file: Path) -> str:
    """SQL that is true of the rows of any of the persons."""
    conditions = []
    for erasure in theirs:
        if lacking := [name for name in erasure.rows if name not in held]:
            raise WarehouseError(
                f"{file} was landed before {', '.join(lacking)} was declared, so it does not tell "
                "which rows are meant. Choose them by the table's key."
            )
        conditions.append(f"({erasure.is_theirs})")
    return " or ".join(conditions)


def _is_theirs_by_json(erasure: Erasure) -> str:
    return " and ".join(
        f"{_of_json(name)} = {quoted_text(value)}" for name, value in erasure.rows.items()
    )


def _of_json(column: str) -> str:
    escaped = column.replace('"', '\\"')
    return f"json_extract_string(_row, {quoted_text(f'$.{chr(34)}{escaped}{chr(34)}')})"


def _is_theirs_by_text(table: Table, erasure: Erasure) -> str:
    """By its key where that could be read and is known, otherwise by the words that are in it."""
    row, values = quoted_name("row"), [quoted_text(value) for value in erasure.rows.values()]
    if set(erasure.rows) != set(table.key):
        # Each as a word of its own: C1 is not C10.
        return " and ".join(
            rf"regexp_matches({row}, '(^|[^\pL\pN])' || regexp_escape({value}) || '($|[^\pL\pN])')"
            for value in values
        )
    key = quoted_text("/".join(erasure.rows[name] for name in table.key))
    # A key that cannot be read may be the person's: rather one row too many, the source has it.
    words = " and ".join(f"contains({row}, {value})" for value in values)
    return f"key = {key} or (key is null and {words})"


def _blanked(column: Column, value: str | None = None) -> str:
    """SQL for what a column becomes; what was empty stays so."""
    if column.personal != "name" and not column.required:
        return "null"
    return f"if({value or quoted_name(column.name)} is null, null, {quoted_text(ERASED)})"


def _renew_warehouse(home: Home) -> None:
    complete_kept_ledger(home)
    if not kept_loads(home):  # nothing was ever merged
        return
    beside, _ = replay_beside(home)
    with connect(beside.warehouse, read_only=True, reach=[home.landing]) as connection:
        recount(connection, home)
    for former in (home.warehouse, home.replaced_warehouse):
        # A log without its file would be applied to the next one of that name.
        Path(f"{former}.wal").unlink(missing_ok=True)
    beside.warehouse.replace(home.warehouse)
    home.replaced_warehouse.unlink(missing_ok=True)
    shutil.rmtree(beside.root)


def _batches(home: Home, source_id: str, table: str) -> Iterator[Batch]:
    for root in (home.landing, home.quarantine):
        for folder in _folders(root, source_id, table):
            if batch := read_batch(folder):
                yield batch


def _folders(root: Path, source_id: str, table: str) -> list[Path]:
    folder = root / source_id / table
    return sorted(path for path in folder.glob("*") if path.name.isdigit())


def _columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    described = f"describe select * from read_parquet({quoted_text(str(file))})"
    return [str(row[0]) for row in connection.execute(described).fetchall()]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(one_row(connection, query)[0])


def _write(home: Home, entries: Iterable[Erasure]) -> None:
    temporary = home.erasures.with_suffix(".tmp")
    lines = "".join(f"{entry.model_dump_json()}\n" for entry in entries)
    temporary.write_text(lines, encoding="utf-8")
    temporary.replace(home.erasures)
