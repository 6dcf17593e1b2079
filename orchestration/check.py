"""What `adv check` tells: what the sources hold, what they lack, and what that costs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table as Grid

from ingestion.config import (
    Connection,
    MariadbSource,
    OdbcSource,
    PostgresServer,
    PostgresSource,
    ReportSettings,
    Source,
    Sources,
    addresses,
)
from ingestion.custom_fields import as_asked
from ingestion.declarations import feeders, system
from ingestion.errors import AdvError, ConfigurationError
from ingestion.extract import tables_of, transport_for
from ingestion.transports.base import TableStatus
from orchestration.printing import plain
from orchestration.publish_to.postgres import faults_of


def check_sources(console: Console, errors: Console, sources: Sources) -> int:
    """Show every table of every source, then what will be empty; returns the number of faults."""
    faults = 0
    filled: set[str] = set()
    for source_id, source in sources.sources.items():
        try:
            with transport_for(source).session() as session:
                statuses = session.inspect([as_asked(source, table) for table in tables_of(source)])
        except AdvError as error:
            faults += 1
            errors.print(f"[red]{plain(f'{source_id}: {error}')}[/]", highlight=False)
            continue
        filled |= filled_by(source.system, statuses)
        faults += sum(_is_wrong(status) for status in statuses)
        console.print(_grid(f"{source_id}: {source.system}", statuses))
        for warning in warnings(source):
            errors.print(f"[yellow]{plain(f'{source_id}: {warning}')}[/]", highlight=False)
    for warning in undeliverable(sources.reports):
        errors.print(f"[yellow]{plain(f'reports: {warning}')}[/]", highlight=False)
    # What could not be reached says nothing of what it holds.
    for line in [] if faults else missing_numbers(filled):
        console.print(line, highlight=False)
    return faults


def check_server(console: Console, errors: Console, server: PostgresServer) -> int:
    """Show whether the marts can be copied to a server; returns the number of faults."""
    try:
        faults = faults_of(server)
    except AdvError as error:
        faults = [str(error)]
    else:
        faults = [f"{server.name}: {fault}" for fault in faults]
    for fault in faults:
        errors.print(f"[red]{plain(fault)}[/]", highlight=False)
    if not server.is_verified:
        warning = _unverified(server, "written")
        errors.print(f"[yellow]{plain(warning)}[/]", highlight=False)
    if not faults:
        console.print(f"{plain(server.name)} can be published to.", highlight=False)
    return len(faults)


def filled_by(system_name: str, statuses: Iterable[TableStatus]) -> set[str]:
    """Contract tables that a source can fill with the tables it has."""
    found = {status.table.name: status for status in statuses}
    if system_name == "contract":
        return {name for name, status in found.items() if status.present}
    empty = {fed for status in found.values() if not status.present for fed in status.table.feeds}
    return {name for name, systems in feeders().items() if system_name in systems} - empty


def missing_numbers(filled: set[str]) -> list[str]:
    """One line for each contract table that no source fills."""
    return [
        f"{table.name} will be empty; it is needed for {table.needed_for}"
        for table in system("contract").tables
        if table.name not in filled
    ]


def warnings(source: Source) -> Iterator[str]:
    """What can be read, and should not be read like that."""
    at = source.connection if isinstance(source, PostgresSource | MariadbSource) else None
    if at and not at.is_verified:
        yield _unverified(at, "read")
    if isinstance(source, OdbcSource) and not source.connection.is_verified:
        yield (
            f"{source.connection.server or source.connection.dsn} need not prove who it is: "
            "whoever stands in between can read along, and take the password; `encrypt: yes` "
            "without `trust_server_certificate` prevents it"
        )


def undeliverable(reports: ReportSettings) -> Iterator[str]:
    """What keeps configured reports from their readers; no publication waits for them."""
    for dropped in reports.lists:
        if dropped.folder and not dropped.folder.is_dir():
            yield f"{dropped.name}: there is no folder {dropped.folder}"
        elif dropped.folder and not os.access(dropped.folder, os.W_OK | os.X_OK):
            yield f"{dropped.name}: nothing can be written to {dropped.folder}"
    mailed = [delivery for delivery in reports.deliveries if delivery.mail]
    if mailed and not os.environ.get("ADV_SMTP_HOST"):
        yield f"{mailed[0].name} is to be mailed, but ADV_SMTP_HOST is not set"
    for delivery in mailed:
        try:
            addresses(delivery.mail)
        except ConfigurationError as error:
            yield f"{delivery.name}: {error}"


def _unverified(at: Connection, done: str) -> str:
    return (
        f"{at.host} is {done} with `sslmode: {at.security}`: whoever stands in between can read "
        "along, and take the password; `verify-full` prevents it"
    )


def _is_wrong(status: TableStatus) -> bool:
    return bool(status.problems) or not (status.present or status.table.optional)


def _grid(title: str, statuses: Iterable[TableStatus]) -> Grid:
    grid = Grid("table", "rows", "key", "cursor", "remarks", title=title)
    for status in statuses:
        grid.add_row(
            status.table.name,
            "" if status.rows is None else f"{status.rows:,}",
            ", ".join(status.table.key),
            status.table.cursor or "read in full",
            plain(_remarks(status)),
            style="red" if _is_wrong(status) else None,
        )
    return grid


def _remarks(status: TableStatus) -> str:
    table = status.table
    remarks = [problem.message for problem in status.problems]
    if not status.present and table.optional:
        module = f"module {table.module} is not there" if table.module else "not there"
        fed = f", nor will {' and '.join(table.feeds)} be filled" if table.feeds else ""
        remarks.append(f"{module}, will be empty{fed}")
    elif not status.present:
        remarks.append("missing, or may not be read")
    told = {problem.field for problem in status.problems}
    if lacking := [name for name in status.missing_columns if name not in told]:
        remarks.append(f"without {', '.join(lacking)}")
    return "; ".join(remarks)
