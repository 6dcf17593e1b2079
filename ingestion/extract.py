"""Lands one source: every table it has, in one consistent snapshot, as batches."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.config import (
    DatabaseSource,
    DuckdbSource,
    FatturapaSource,
    FecSource,
    FileSource,
    FolderSource,
    MariadbSource,
    OdbcSource,
    PostgresSource,
    RestSource,
    Source,
    Sources,
    SqliteSource,
    secret,
)
from ingestion.custom_fields import as_asked, fold
from ingestion.declarations import Table, feeders, system
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.erasure import blank, erasures, without_words
from ingestion.errors import (
    ConfigurationError,
    SourceError,
    UnfinishedReadError,
    WarehouseError,
)
from ingestion.home import Home
from ingestion.landing import (
    REJECTED,
    Batch,
    complete,
    landing_folder,
    merged_batch,
    same_bytes,
    schema_hash,
)
from ingestion.ledger import Position
from ingestion.read_again import ReadAgain
from ingestion.transports.base import Extraction, Problem, Session, Transport, Window

if TYPE_CHECKING:
    from ingestion.transports.storage import FolderTransport

log = logging.getLogger("adv.extract")


@dataclass(frozen=True)
class LandingRequest:
    """What to land, and under which load."""

    home: Home
    source_id: str
    source: Source
    load_id: int
    run_id: str
    positions: Mapping[tuple[str, str], Position]
    again: ReadAgain | None = None
    """What to read again, whatever was read before."""


def transport_for(source: Source) -> Transport:
    """The transport that a source's configuration asks for."""
    match source:
        case PostgresSource():
            from ingestion.transports.postgres import PostgresTransport

            return PostgresTransport(source)
        case MariadbSource():
            from ingestion.transports.mariadb import MariadbTransport

            return MariadbTransport(source)
        case SqliteSource():
            from ingestion.transports.sqlite import SqliteTransport

            return SqliteTransport(source)
        case DuckdbSource():
            from ingestion.transports.duckdb_file import DuckdbTransport

            return DuckdbTransport(source)
        case OdbcSource():
            from ingestion.transports.odbc import OdbcTransport

            return OdbcTransport(source)
        case FileSource():
            from ingestion.transports.files import FilesTransport

            return _wherever(source, FilesTransport.from_source(source))
        case FecSource():
            from ingestion.transports.fec import FecTransport

            return _wherever(source, FecTransport.from_source(source))
        case FatturapaSource():
            from ingestion.transports.fatturapa import FatturapaTransport

            return _wherever(source, FatturapaTransport.from_source(source))
        case RestSource():
            from ingestion.transports.rest.transport import RestTransport

            return RestTransport.from_source(source)


def _wherever(source: FolderSource, transport: FolderTransport) -> Transport:
    """The transport, where the folder is; one that lies elsewhere is fetched."""
    if isinstance(source.path, Path):
        return transport
    from ingestion.transports.storage import StorageTransport

    return StorageTransport(source.path, source.storage, transport)


def check_settings(sources: Sources) -> None:
    """See to it that every source's options and secrets are right, before a run begins.

    Raises:
        ConfigurationError: names the source and the option or environment variable.

    """
    for source_id, source in sources.sources.items():
        try:
            transport_for(source)
            for reference in source.secrets:
                secret(reference)
        except ConfigurationError as error:
            raise ConfigurationError(f"sources.{source_id}: {error}") from None


def check_names(sources: Sources, again: ReadAgain) -> None:
    """See to it that what is to be read again exists.

    Raises:
        ConfigurationError: names what does not, and what there is.

    """
    tables = [
        f"{source_id}.{table.name}"
        for source_id, source in sources.sources.items()
        for table in tables_of(source)
    ]
    for name in again.names:
        if name not in sources.sources and name not in tables:
            of_source = [
                table for table in tables if table.startswith(f"{name.partition('.')[0]}.")
            ]
            known = ", ".join(of_source or sources.sources)
            raise ConfigurationError(f"There is no {name!r} to read again; there is {known}.")


def check_only(sources: Sources, only: Sequence[str], again: ReadAgain | None) -> None:
    """See to it that the sources that alone are to be read exist, with what is to be read again.

    Raises:
        ConfigurationError: names a source that does not exist, or that is asked for and left out.

    """
    for name in only:
        if name not in sources.sources:
            known = ", ".join(sources.sources)
            raise ConfigurationError(f"There is no source {name!r} to read; there is {known}.")
    for name in again.names if again and only else ():
        if name.partition(".")[0] not in only:
            raise ConfigurationError(
                f"{name} cannot be read again by a run that reads only {', '.join(only)}."
            )


def sources_feeding(sources: Sources, contract_tables: Collection[str]) -> tuple[str, ...]:
    """The sources whose rows can end in any of these tables of the contract."""
    return tuple(
        source_id
        for source_id, source in sources.sources.items()
        if not _fed_by(source).isdisjoint(contract_tables)
    )


def _fed_by(source: Source) -> set[str]:
    if source.system == "contract":
        return {table.name for table in tables_of(source)}
    return {name for name, systems in feeders().items() if source.system in systems}


def tables_of(source: Source) -> tuple[Table, ...]:
    """The tables that a source is read for: of the contract, those that its configuration names."""
    declared = system(source.system).tables
    if source.system != "contract":
        return declared
    named = source.queries if isinstance(source, DatabaseSource) else getattr(source, "tables", {})
    return tuple(table for table in declared if table.name in named) if named else declared


def land(request: LandingRequest) -> Iterator[Batch]:
    """Read every table of the source and yield its batch, not yet validated.

    A table that cannot be read gives a batch whose manifest says why; validation refuses it.

    Raises:
        SourceError: the source as a whole cannot be reached.
        UnfinishedReadError: a read broke off, and another attempt may get further.
        WarehouseError: the load was merged already, and its batches must stay as they were.

    """
    _assert_new(request)
    with transport_for(request.source).session(request.home.landing) as session:
        for table in tables_of(request.source):
            yield _land_table(request, session, table)


def _land_table(request: LandingRequest, session: Session, table: Table) -> Batch:
    asked = as_asked(request.source, table)
    window = _window(request, asked)
    with landing_folder(request.home, request.source_id, table, request.load_id) as folder:
        try:
            extraction = session.extract(asked, window, folder)
            if reason := _why_whole(request, asked, window, extraction, folder):
                log.warning("%s.%s is read whole: %s", request.source_id, table.name, reason)
                window = Window()
                extraction = session.extract(asked, window, folder)
            fold(request.source, table, folder)
        except UnfinishedReadError:
            raise
        except SourceError as error:
            if not session.still_answers():
                raise UnfinishedReadError(
                    f"{request.source_id}.{table.name}: {error}. The connection is lost, "
                    "and another attempt reads the table again."
                ) from error
            extraction = Extraction(
                rows=0, source_rows=0, problems=[Problem("batch", "unreadable", str(error))]
            )
        log.debug("%s.%s: %s rows", request.source_id, table.name, extraction.rows)
        erased = blank(table, erasures(request.home), request.source_id, folder)
        extraction.problems = list(without_words(extraction.problems, erased))
        return complete(
            folder,
            asked,
            extraction,
            source_id=request.source_id,
            run_id=request.run_id,
            load_id=request.load_id,
            cursor_from=window.low,
        )


def _assert_new(request: LandingRequest) -> None:
    for (source_id, _), position in request.positions.items():
        if source_id == request.source_id and position.load_id >= request.load_id:
            raise WarehouseError(
                f"{source_id}: load {request.load_id} cannot be read again, since "
                f"{position.load_id} is in the warehouse. Start a new run instead."
            )


def _window(request: LandingRequest, table: Table) -> Window:
    position = request.positions.get((request.source_id, table.name))
    again = request.again and request.again.asks_for(request.source_id, table) and request.again
    if again and again.days is None:
        return Window(full_refresh=request.load_id)
    if position is None or position.schema_hash != schema_hash(table):
        return Window()
    return Window(low=position.cursor_to, again=again.days if again else None)


def _why_whole(
    request: LandingRequest, table: Table, window: Window, extraction: Extraction, folder: Path
) -> str | None:
    """Why the rows of a window are not all that raw lacks; None when they are."""
    if window.low is None or extraction.rows + extraction.rejected_rows >= extraction.source_rows:
        return None
    load_id = request.positions[request.source_id, table.name].load_id
    last = merged_batch(request.home, request.source_id, table, load_id)
    if last is None:
        return f"what load {load_id} had read is no longer in the landing zone"
    changed = set(extraction.missing_columns) ^ set(last.manifest.missing_columns)
    if changed:
        return f"the source has gained or lost the optional column(s) {', '.join(sorted(changed))}"
    unseen = _unseen(table, folder, last.folder)
    if unseen:
        return f"{unseen:,} new or changed row(s) are older than the window: committed late"
    return None


def _unseen(table: Table, folder: Path, last: Path) -> int:
    """Rows of the source that were not read, and are new or changed since the last batch."""
    if same_bytes(folder / "keys.parquet", last / "keys.parquet"):
        return 0

    def lacking(path: Path, alias: str, names: Iterable[str]) -> str:
        # A key column may be empty, and NULL must then equal NULL. As text, since a source that
        # has moved to another database may write its stamps otherwise.
        same = " and ".join(
            f"k.{name}::varchar is not distinct from {alias}.{name}::varchar"
            for name in map(quoted_name, names)
        )
        return f"anti join read_parquet({quoted_text(str(path))}) as {alias} on {same}"

    with connect(reach=[folder.parent]) as connection:
        kept = f"describe from read_parquet({quoted_text(str(last / 'keys.parquet'))})"
        known = {name for name, *_ in connection.execute(kept).fetchall()}
        # A batch that an older version landed holds keys only.
        told = [name for name in table.key_and_cursor if name in known]
        rejected = folder / REJECTED
        was_rejected = (
            f"anti join read_parquet({quoted_text(str(rejected))}) as x on x.key = "
            f"concat_ws('/', {', '.join(f'k.{quoted_name(name)}' for name in table.key)})"
            if rejected.exists()
            else ""
        )
        row = connection.execute(
            f"select count(*) from read_parquet({quoted_text(str(folder / 'keys.parquet'))}) as k "
            f"{lacking(folder / 'rows.parquet', 'r', table.key)} {was_rejected} "
            f"{lacking(last / 'keys.parquet', 'l', told)}"
        ).fetchone()
    return int(row[0]) if row else 0
