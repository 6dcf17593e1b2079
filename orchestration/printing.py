"""What a run did and how the installation stands, for a person at a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich import filesize
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data_quality.acceptances import Refusal, standing_refusals
from data_quality.set_apart import set_apart
from ingestion.config import PostgresServer
from ingestion.errors import AdvError, NothingPublishedError
from ingestion.home import Home
from ingestion.landing import Batch, batches, known_at
from ingestion.replay import Replayed
from orchestration import publish
from orchestration.backup import BackedUp, Inventory
from orchestration.disk import disk_use
from orchestration.erase import Person
from orchestration.lock import holder_of
from orchestration.nightly import RunReport
from orchestration.publish_to.postgres import Copied
from orchestration.publish_to.standing import Standing
from orchestration.query import query_marts
from orchestration.rebuild import RebuiltMarts
from reports.marts import freshness_by_source

MAXIMUM_ROWS = 200

LAST_WHOLE_RUN = """
    with runs as (
        from meta.runs
        -- Marts of an earlier version lack it.
        union all by name select null::varchar as only_sources where false
    )
    select known_at, started_at from runs
    where known_load is not null and only_sources is null
    order by known_load desc limit 1
"""
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What gives orders to a terminal; a carriage return, which a list may hold, overwrites a line."""
FRESHNESS_BY_TABLE = "select * from meta.freshness order by source_id, table_name"


def print_run(console: Console, report: RunReport) -> None:
    """What was loaded, refused, built and published, and how long each stage took."""
    home = report.home
    _print_sources(
        console,
        batches(home.landing, report.load_id),
        batches(home.quarantine, report.load_id),
    )
    timings = Table("stage", "seconds", title="Stages")
    for stage, seconds in report.stages.items():
        timings.add_row(stage, f"{seconds:.1f}")
    console.print(timings)
    for failure in report.failures:
        console.print(f"[red]{plain(failure)}[/]", highlight=False)
    if not report.published:
        console.print(
            "[red]Nothing was published; the last publication stays in force.[/] "
            "`adv status` says what is in quarantine and why."
        )
        return
    marts = escape(str(home.marts))
    console.print(f"[green]Published[/] {marts}, as of {report.as_of} (run {report.run_id})")
    _print_what_is_lacking(console, report)
    console.print(
        "Next: `make ui` opens Dagster; "
        '`adv sql "select * from kpi.aging"` asks the marts; '
        "`adv init` and `adv check` point it at your own systems."
    )


def print_refreshed(console: Console, errors: Console, report: RunReport) -> None:
    """In a line or two what a refresh came to that was run for something else."""
    if report.published:
        console.print(f"Refreshed as of {report.as_of} (run {report.run_id}).", highlight=False)
        _print_what_is_lacking(console, report)
        return
    for failure in report.failures:
        errors.print(f"[red]{plain(failure)}[/]", highlight=False)
    errors.print(
        "[red]The refresh was not published, so nothing was written.[/] `adv status` says why; "
        "without --fresh, the list is of the publication in force.",
        highlight=False,
    )


def _print_what_is_lacking(console: Console, report: RunReport) -> None:
    if not report.day_is_over:
        console.print(
            f"[yellow]Not over:[/] {report.as_of} goes on, and the marts know what its sources "
            "held just now.",
            highlight=False,
        )
    if report.not_read:
        console.print(
            f"Not read, as was asked: {', '.join(report.not_read)}. Published as of the last load "
            "that was merged; `adv status` says how old that is.",
            highlight=False,
        )
    for report_fault in report.undelivered:
        console.print(f"[yellow]Not delivered:[/] {plain(report_fault)}", highlight=False)
    if report.stale:
        console.print(
            f"[yellow]Stale:[/] {', '.join(report.stale)}. Refused, or out of reach, and published "
            "as of the last load that was merged.",
            highlight=False,
        )
    for reason in report.behind:
        console.print(
            f"[red]Not published to the server:[/] {plain(reason)}\nIts readers have what it held "
            "before; `adv publish`, or the next run, brings it up to date.",
            highlight=False,
        )


def print_status(console: Console, home: Home, *, by_table: bool = False) -> None:
    """Last publication, freshness of each source or of each table, quarantine, and disk use."""
    try:
        holder = holder_of(home)
    except AdvError as error:
        console.print(f"[yellow]Whether a run goes on cannot be told:[/] {plain(str(error))}")
    else:
        if holder:
            console.print(f"Running now: {plain(holder)}")
    current = publish.current_run_id(home)
    if current is None:
        console.print(str(NothingPublishedError()))
    else:
        names, rows = query_marts(
            home, "select as_of_date, known_at from meta.runs order by known_load desc limit 1"
        )
        console.print(f"Published: run {current}, " + _pairs(names, rows))
        query = FRESHNESS_BY_TABLE if by_table else freshness_by_source()
        print_rows(console, *query_marts(home, query))
    _print_quarantine(console, home)
    refusals = standing_refusals(home, publish.last_published_load(home))
    # The quarantine tells of those at landing.
    later = [refusal for refusal in refusals if refusal.stage != "landing"]
    if later:
        print_refusals(console, later)
    _print_disk_use(console, home)


def _print_disk_use(console: Console, home: Home) -> None:
    if not home.root.exists():
        return
    use = disk_use(home)
    areas = ", ".join(f"{name} {filesize.decimal(size)}" for name, size in use.by_area.items())
    console.print(
        f"On disk: {escape(areas)}; {filesize.decimal(use.free)} are free.", highlight=False
    )
    if use.is_short:
        console.print(
            f"[yellow]The next night may need {filesize.decimal(use.needed)}:[/] make room, or "
            "keep fewer publications (`keep_publications` in sources.yaml).",
            highlight=False,
        )


def print_server(console: Console, server: Standing) -> None:
    """Which publication the server holds."""
    if server.fault:
        console.print(f"[red]{plain(server.fault)}[/]", highlight=False)
    elif server.is_in_force:
        console.print(f"{plain(server.name)} holds it, too.", highlight=False)
    else:
        held = server.held
        told = f"run {held.run_id}, as of {held.as_of_date}" if held else "no publication"
        console.print(
            f"[yellow]{plain(server.name)} holds {told}:[/] `adv publish` brings it up to date.",
            highlight=False,
        )


def print_copied(console: Console, server: PostgresServer, copied: Copied) -> None:
    """What a server was given."""
    done = (
        f"was given run {copied.run_id}: {copied.tables} tables, {copied.rows:,} rows in "
        f"{copied.seconds:.1f} s"
        if copied.tables
        else f"holds run {copied.run_id} already"
    )
    console.print(f"{plain(server.name)} {done}.", highlight=False)


def age_of_publication(home: Home) -> timedelta | None:
    """How long ago the publication in force knew all of its sources; None where there is none.

    A run that read some of them makes it no younger: the night that did not run would pass unseen.
    Loads stay in order when the clock was ahead and is set back: then the next ones, too, are dated
    ahead, and when their run began says more. Below zero, no run has begun since.
    """
    if publish.marts_in_force(home) is None:
        return None
    rows = query_marts(home, LAST_WHOLE_RUN)[1]
    if not rows:
        return None
    ((known, began),) = rows
    assert isinstance(known, datetime) and isinstance(began, datetime)
    return datetime.now(UTC).replace(tzinfo=None) - min(known, began)


def late_sources(home: Home) -> tuple[str, ...]:
    """The sources whose newest reading is older than `fresh_within` lets it be."""
    if not home.marts.exists():
        return ()
    query = f"select source from ({freshness_by_source()}) where state = 'late' order by source"
    return tuple(str(source) for (source,) in query_marts(home, query)[1])


def print_refusals(console: Console, standing: Sequence[Refusal]) -> None:
    """What the last run refused, and whether a person may let it through."""
    if not standing:
        console.print("Nothing is refused.")
    for refusal in standing:
        console.print(f"[red]refused[/] {plain(refusal.message)}", highlight=False)
        if refusal.may_be_accepted:
            console.print(f"    if it is right: adv accept {refusal.subject} --reason '...'")


def _print_quarantine(console: Console, home: Home) -> None:
    """Refusals that still matter: no later load of the table was accepted."""
    refused, standing = batches(home.quarantine), _standing(home)
    for batch in standing:
        _print_refused(console, batch)
    mended = len(refused) - len(standing)
    if mended:
        console.print(f"{mended} older refusal(s), made good by a later load: {home.quarantine}")
    if not refused:
        console.print("Quarantine is empty.")


def _standing(home: Home) -> list[Batch]:
    accepted = {batch.name: batch.manifest.load_id for batch in batches(home.landing)}
    refused = batches(home.quarantine)
    return [b for b in refused if b.manifest.load_id > accepted.get(b.name, 0)]


def print_quarantine(console: Console, home: Home, name: str | None = None) -> None:
    """Rows and batches that are kept out, of one table or source where one is named."""

    def is_asked_for(subject: str) -> bool:
        return name is None or subject == name or subject.startswith(f"{name}.")

    apart = [rows for rows in set_apart(home) if is_asked_for(rows.subject)]
    for rows in apart:
        console.print(
            f"[yellow]set apart[/] {plain(rows.subject)}: {rows.rows:,} rows, {plain(rows.rule)}: "
            f"{plain(', '.join(rows.examples))}",
            highlight=False,
        )
        older = f" and {len(rows.files) - 1} older files" if rows.files[1:] else ""
        console.print(f"    {escape(str(rows.files[0]))}{older}", highlight=False, soft_wrap=True)
    refused = [batch for batch in _standing(home) if is_asked_for(batch.name)]
    for batch in refused:
        _print_refused(console, batch)
        console.print(f"    {escape(str(batch.folder))}", highlight=False, soft_wrap=True)
    if not apart and not refused:
        console.print("Nothing is kept out.")
        return
    console.print(
        "A row comes back when it changes in its source or, once the source, its options or a "
        "mapping is mended, with `adv run --again source.table`; a refused table with `adv run`, "
        "or `adv accept` if it is right."
    )


def print_found(console: Console, person: Person) -> None:
    """Where rows of a person are kept, and what is blanked in them."""
    console.print(f"{person.table}: {', '.join(person.columns)} of {person.rows}", highlight=False)
    for place in person.found:
        console.print(f"  {place.where}: {place.rows:,} rows in {place.files} files")
    console.print(
        f"  publications that may name the person: {person.publications} earlier ones, which are "
        "dropped, and the one in force"
    )


def print_replayed(console: Console, replayed: Replayed) -> None:
    """What a rebuild of the warehouse did, and what it left out."""
    _print_replayed(console, replayed)
    console.print("`adv run` publishes from it.")


def print_backed_up(console: Console, folder: Path, done: BackedUp) -> None:
    """What a backup added and removed."""
    console.print(
        f"{escape(str(folder))} holds {done.files:,} files: {filesize.decimal(done.bytes_added)} "
        f"added, {done.objects_removed:,} objects that no file holds any more removed. It holds "
        "the secret behind pseudonyms, too: keep it as close as ADV_HOME.",
        highlight=False,
    )


def print_restored(console: Console, inventory: Inventory) -> None:
    """What was restored, and how to go on."""
    console.print(
        f"Restored {len(inventory.files):,} files as they were on "
        f"{inventory.made_at:%Y-%m-%d %H:%M} UTC, up to load {inventory.last_load}. Now "
        "`adv rebuild` builds the warehouse again, and `adv run` goes on from it.",
        highlight=False,
    )


def print_rebuilt_marts(console: Console, rebuilt: RebuiltMarts) -> None:
    """Which knowledge the marts of an earlier day were built from, and where they are."""
    known_by, day = rebuilt.known_by, rebuilt.as_of_date
    _print_replayed(console, rebuilt.replayed)
    if known_by.as_of_date != day:
        console.print(
            f"No run spoke of {day}; the nearest before it, of {known_by.as_of_date}, is what "
            "they know."
        )
    console.print(
        f"{rebuilt.tables} tables as of {day}, as run {known_by.run_id} knew it: "
        f"{escape(str(rebuilt.file))}",
        highlight=False,
    )


def _print_replayed(console: Console, replayed: Replayed) -> None:
    console.print(
        f"Merged {replayed.batches:,} batches of {replayed.loads} loads again, up to load "
        f"{replayed.last_load}: {replayed.rows:,} versions of rows.",
        highlight=False,
    )
    for batches_told, why in (
        (replayed.never_merged, "left out, since no run had merged them; the next one reads anew"),
        (replayed.undeclared, "left out, since their tables are no longer declared"),
        (replayed.different, "changed other rows than they had, by the ledger"),
    ):
        if batches_told:
            console.print(f"{len(batches_told)} batches {why}: {', '.join(batches_told)}")


def print_rows(console: Console, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A result as a table, every value as it is: brackets in it are no markup."""
    table = Table(*(plain(name) for name in names))
    for row in rows[:MAXIMUM_ROWS]:
        table.add_row(*("" if value is None else plain(str(value)) for value in row))
    console.print(table)
    if len(rows) > MAXIMUM_ROWS:
        console.print(f"There are more rows; the first {MAXIMUM_ROWS} are shown.")


def plain(text: str) -> str:
    """Text of others as a terminal may have it: its brackets are no markup, and it gives no orders.

    An escape sequence in a customer's name could otherwise rewrite what was said before it.
    """
    return escape(CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text))


def _print_sources(console: Console, landed: list[Batch], refused: list[Batch]) -> None:
    table = Table(
        "source", "tables", "rows read", "rows held", "quarantined", "refused", title="Sources"
    )
    for source_id in sorted({batch.manifest.source_id for batch in [*landed, *refused]}):
        mine = [batch.manifest for batch in landed if batch.manifest.source_id == source_id]
        table.add_row(
            source_id,
            str(len(mine)),
            f"{sum(manifest.rows for manifest in mine):,}",
            f"{sum(manifest.source_rows for manifest in mine):,}",
            f"{sum(manifest.quarantined_rows + manifest.rejected_rows for manifest in mine):,}",
            str(sum(batch.manifest.source_id == source_id for batch in refused)),
        )
    console.print(table)
    for batch in refused:
        _print_refused(console, batch)


def _print_refused(console: Console, batch: Batch) -> None:
    age = datetime.now(UTC) - known_at(batch.manifest.load_id)
    console.print(
        f"[red]refused[/] {batch.name}, load {batch.manifest.load_id}, {age.days} days ago",
        highlight=False,
    )
    for check in batch.manifest.checks:
        if not check.passed:
            examples = f", such as {', '.join(check.examples)}" if check.examples else ""
            told = check.message or f"{check.rule}: {check.rows_failed:,} rows{examples}"
            console.print(f"    {plain(told)}", highlight=False)


def _pairs(names: Iterable[str], rows: Sequence[Sequence[object]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, rows[0], strict=True))
