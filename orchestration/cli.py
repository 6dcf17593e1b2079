"""The `adv` command: everything a person does with the warehouse outside the Dagster UI."""

from __future__ import annotations

import logging
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from ingestion.errors import AdvError, ConfigurationError
from ingestion.home import Home
from reports.request import Language, ListName, ListRequest

if TYPE_CHECKING:
    from ingestion.config import PostgresServer
    from ingestion.read_again import ReadAgain

FAILED, MISCONFIGURED, BEHIND = 1, 2, 3
OWNER_WRITES_GROUP_READS = 0o027
"""What the umask keeps away: files are 0640, folders 0750, and less where people's names are."""

app = typer.Typer(
    name="adv",
    help="Order-to-cash warehouse for sales administration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
demo = typer.Typer(help="The demo company: source systems to try everything on.")
app.add_typer(demo, name="demo")

# Without a terminal there is no width to keep to, and a cut column is a lost one.
console = Console(width=None if sys.stdout.isatty() else 240)
errors = Console(stderr=True, soft_wrap=True)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="ADV_HOME", help="Where the state lives; .adv by default."),
]


def main() -> None:
    """Entry point: errors raised on purpose become words and an exit code."""
    try:
        app()
    except ConfigurationError as error:
        errors.print(f"[red]Configuration:[/] {escape(str(error))}", highlight=False)
        sys.exit(MISCONFIGURED)
    except AdvError as error:
        _print_error(str(error))
        sys.exit(FAILED)


@app.callback()
def _prepare(
    home: HomeOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell every table.")] = False,
) -> None:
    os.umask(os.umask(OWNER_WRITES_GROUP_READS) | OWNER_WRITES_GROUP_READS)
    if home is not None:
        os.environ["ADV_HOME"] = str(home.resolve())
    _show_progress(logging.DEBUG if verbose else logging.INFO)


@app.command()
def init(
    system: Annotated[
        str | None, typer.Option(help="Only this system, ready to be filled in.")
    ] = None,
    transport: Annotated[
        str | None,
        typer.Option(help="How it is reached, where that is not the usual way; with --system."),
    ] = None,
) -> None:
    """Write a commented sources.yaml to start from; an existing one is left alone."""
    from orchestration.templates import SOURCES_YAML, sources_yaml

    if transport and system is None:
        raise ConfigurationError("--transport says how one system is reached: name it by --system.")
    text = SOURCES_YAML if system is None else sources_yaml(system, transport)
    target = Home.from_environment().sources_file
    if target.exists():
        console.print(f"{escape(str(target))} exists and was left as it is.")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    console.print(f"Wrote {escape(str(target))}. Fill it in, then run `adv check`.")


@app.command()
def check() -> None:
    """Look at every source without loading: tables, keys, cursors, row counts, what is wrong.

    Of a server to publish to, whether that can be done.
    """
    from ingestion.config import read_sources
    from orchestration.check import check_server, check_sources

    sources = read_sources(Home.from_environment().sources_file)
    faults = check_sources(console, errors, sources)
    if sources.publish_to:
        faults += check_server(console, errors, sources.publish_to.postgres)
    if faults:
        errors.print(f"[red]{faults} fault(s) to mend before a run.[/]")
        raise typer.Exit(MISCONFIGURED)
    console.print("All sources can be read.")


@app.command()
def run(
    sources: Annotated[
        Path | None, typer.Option(help="Another sources file than ADV_HOME/config/sources.yaml.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day the marts speak of.")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read every table whole.")
    ] = False,
    again: Annotated[
        list[str] | None,
        typer.Option(help="Read this source (erp) or table (erp.sale_order) whole; repeatable."),
    ] = None,
    first_day: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d"],
            help="Read again only what changed from this day on; with or without --again.",
        ),
    ] = None,
    last_day: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of --from; today by default."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Read this source (erp) and leave the others as they are; repeatable."),
    ] = None,
    target: Annotated[
        Literal["duckdb", "spark"],
        typer.Option(help="What builds the marts: DuckDB here, or the cluster of `spark`."),
    ] = "duckdb",
) -> None:
    """Refresh now: the same job as the schedule's and the UI's. Exit code 0 means published.

    3 means published, but not to the server of `publish_to`.

    What is read again is read beside what changed, so that a backfill is a complete refresh.
    """
    from orchestration.nightly import run_nightly
    from orchestration.printing import print_run

    report = run_nightly(
        Home.from_environment(),
        sources_file=sources,
        as_of=as_of.date() if as_of else None,
        again=_read_again(full_refresh, again or [], first_day, last_day),
        only=tuple(only or ()),
        target=target,
    )
    print_run(console, report)
    if not report.published:
        raise typer.Exit(FAILED)
    if report.behind:
        raise typer.Exit(BEHIND)


@app.command()
def publish() -> None:
    """Bring the server of `publish_to` to the publication in force, as every run does.

    Nothing is copied where the server holds it already.
    """
    from orchestration.lock import run_lock
    from orchestration.publish_to.standing import configured_server

    home = Home.from_environment()
    server = configured_server(home)
    if server is None:
        raise ConfigurationError(
            f"{home.sources_file}: no server is named under `publish_to`; docs/bi/server.md tells "
            "how."
        )
    with run_lock(home, "a publication to the server", wait_seconds=0):
        _publish_to(home, server)


@app.command()
def status(
    tables: Annotated[bool, typer.Option("--tables", help="Tell every table.")] = False,
    max_age: Annotated[
        str | None,
        typer.Option(
            help="Exit code 1 when the publication knows nothing newer than 26h, 90m, 2d, a "
            "source is late, or the server of `publish_to` does not hold it."
        ),
    ] = None,
) -> None:
    """Last publication, freshness of each source, what is in quarantine, and room on the disk."""
    from ingestion.config import duration
    from orchestration.printing import (
        age_of_publication,
        late_sources,
        print_server,
        print_status,
    )
    from orchestration.publish_to.standing import standing

    home = Home.from_environment()
    try:
        oldest = duration(max_age) if max_age else None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    print_status(console, home, by_table=tables)
    server = standing(home)
    if server:
        print_server(console, server)
    if oldest is None:
        return
    age, late = age_of_publication(home), late_sources(home)
    faults = [f"{source} is late." for source in late]
    if age is None or age > oldest:
        faults.insert(0, f"The publication is older than {max_age}.")
    elif age < timedelta():
        faults.insert(
            0,
            "The publication is dated ahead of now; was the clock set back? "
            "Nobody can say how old it is until `adv run` has published again.",
        )
    if server and not server.is_in_force:
        faults.append(f"{server.name} does not hold the publication.")
    for fault in faults:
        _print_error(fault)
    if faults:
        raise typer.Exit(FAILED)


@app.command()
def accept(
    name: Annotated[
        str | None,
        typer.Argument(help="A table (erp.sale_order), a source (erp) or `marts`."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it is right all the same; kept with your name.")
    ] = None,
) -> None:
    """Let through, from the next run on, what the last one refused; without a name, list that."""
    from data_quality.acceptances import accept as accept_refusals
    from data_quality.acceptances import standing_refusals
    from orchestration.printing import print_refusals
    from orchestration.publish import last_published_load
    from orchestration.query import merged_loads

    home = Home.from_environment()
    standing = standing_refusals(home, last_published_load(home), merged_loads(home))
    if name is None:
        print_refusals(console, standing)
        return
    if not reason:
        raise ConfigurationError("Say why it is right: --reason 'the old branch was sold'.")
    for acceptance in accept_refusals(home, name, reason, standing):
        console.print(f"Accepted {acceptance.subject}: {acceptance.code}", highlight=False)
    console.print("The next `adv run` lets it through, as long as it is not a tenth more.")


@app.command()
def quarantine(
    name: Annotated[
        str | None, typer.Argument(help="A table (erp.sale_order) or a source (erp).")
    ] = None,
) -> None:
    """What is kept out of the warehouse: rows and refused tables, by which rule, and where it is.

    A row comes back when it changes in its source. Once the options in sources.yaml or a mapping
    in ADV_HOME/config is mended, `adv run --again source.table` reads it again. `adv accept` lets
    a refused table through.
    """
    from orchestration.printing import print_quarantine

    print_quarantine(console, Home.from_environment(), name)


@app.command()
def erase(
    table: Annotated[str, typer.Argument(help="Source and table, such as erp.res_partner.")],
    rows: Annotated[
        list[str],
        typer.Argument(
            help="The row's key, such as 4711, or columns that choose rows: CompAuxNum=C0042."
        ),
    ],
    reason: Annotated[
        str | None, typer.Option(help="Why, without the name; without it, only look.")
    ] = None,
) -> None:
    """Erase who the person of some rows is, everywhere and for good; without a reason, only look.

    Rows, keys and amounts stay. The columns marked as personal are blanked in all batches and in
    the warehouse, which is built again from them, and in whatever is read from now on.
    """
    from orchestration.erase import erase as erase_person
    from orchestration.erase import look
    from orchestration.printing import print_found

    home = Home.from_environment()
    if reason is None:
        print_found(console, look(home, table, rows))
        console.print("Nothing was changed. To erase it for good, say why: --reason '...'.")
        return
    print_found(console, erase_person(home, table, rows, reason))
    console.print(
        "Erased. The publication in force is older and may still name the person: `adv run` now, "
        "which replaces it. Copies made elsewhere (backups, exports, files of `adv rebuild "
        "--into`) are yours to replace."
    )


@app.command()
def docs() -> None:
    """Build pages on the last verdict about every table: rules and counts, no personal data."""
    from data_quality.docs import build, last_batches

    home = Home.from_environment()
    index = build(last_batches(home), home.data_docs)
    console.print(f"Open {escape(str(index))}", soft_wrap=True)


@app.command()
def sql(query: Annotated[str, typer.Argument(help="For example: select * from kpi.aging")]) -> None:
    """Query the published marts."""
    import duckdb

    from orchestration.printing import MAXIMUM_ROWS, print_rows
    from orchestration.query import query_marts

    try:
        print_rows(console, *query_marts(Home.from_environment(), query, MAXIMUM_ROWS + 1))
    except duckdb.Error as error:
        _print_error(str(error))
        raise typer.Exit(FAILED) from None


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def metrics(context: typer.Context) -> None:
    """Ask the marts for metrics by name; all that follows is for MetricFlow's `mf`.

    For example: `adv metrics list metrics`, or
    `adv metrics query --metrics orders,otif_rate --group-by company,metric_time__year`.
    """
    from orchestration.metrics import ask_metrics

    raise typer.Exit(ask_metrics(Home.from_environment(), context.args))


@app.command()
def report(
    name: Annotated[ListName, typer.Argument(help="Which list.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write, .xlsx, .pdf or .csv; by default an .xlsx in this folder, named "
            "after list, day and language."
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day it speaks of; the publication's by default."),
    ] = None,
    customer: Annotated[
        str | None, typer.Option(help="Only this customer: name, number or key.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(help="Only this agent or salesperson: displayed name or key.")
    ] = None,
    company: Annotated[
        str | None, typer.Option(help="Only this company: name, number or key.")
    ] = None,
    language: Annotated[
        Language, typer.Option("--lang", help="Language of headings, codes and sentences.")
    ] = Language.ENGLISH,
    marts: Annotated[
        Path | None,
        typer.Option(help="File that `adv rebuild --into` made, in place of the publication."),
    ] = None,
    letters: Annotated[
        Path | None,
        typer.Option(help="With dunning: also write the letters and drafts due to this folder."),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="First read what is owed and paid as of now, and publish."),
    ] = False,
) -> None:
    """Write a list to act on, from the published marts: the unpaid report, reminders due, ...

    With --fresh, nobody is on it who paid this morning: the sources of receivables are read first,
    the others stay as they are. When that fails, nothing is written and the exit code is 1.
    """
    from reports.writing import check_target, read_list, write_list

    if letters is not None and name is not ListName.DUNNING:
        raise ConfigurationError("--letters goes with `adv report dunning`.")
    if fresh and marts:
        raise ConfigurationError("--fresh publishes anew, and --marts is another file: not both.")
    if out is not None:
        check_target(out)
    if fresh:
        _refresh_receivables()
    request = ListRequest(name, language, as_of and as_of.date(), customer, agent, company)
    # One publication for list and letters, whichever is in force when they are written.
    source = (marts or Home.from_environment().marts).resolve()
    prepared = read_list(source, request)
    target = out or Path(prepared.file_name(".xlsx"))
    write_list(prepared, target)
    _print_place(f"{prepared.lines:,} lines as of {prepared.provenance.as_of}", target)
    if letters is not None:
        _write_letters(source, request, letters)


@app.command()
def rollback() -> None:
    """Put the publication before the present one in force again, at the server, too.

    Exit code 3 means that the server could not be brought to it.
    """
    from orchestration.lock import run_lock
    from orchestration.publish import rollback as roll_back
    from orchestration.publish_to.standing import configured_server

    home = Home.from_environment()
    with run_lock(home, "a rollback", wait_seconds=0):
        console.print(f"In force again: {roll_back(home)}")
        if server := configured_server(home):
            try:
                _publish_to(home, server)
            except AdvError as error:
                _print_error(f"{error}\n`adv publish` tries again.")
                raise typer.Exit(BEHIND) from None


@app.command()
def rebuild(
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where there is a warehouse; it is kept.")
    ] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The marts of this day instead; with --into."),
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="DuckDB file to make for the marts of --as-of.")
    ] = None,
) -> None:
    """Build a lost warehouse again from the landing zone; the next run publishes from it.

    With --as-of and --into: build the marts of an earlier day, as they were published then.
    """
    from orchestration.printing import print_rebuilt_marts, print_replayed
    from orchestration.rebuild import rebuild as build_again
    from orchestration.rebuild import rebuild_marts

    home = Home.from_environment()
    if as_of is None and into is None:
        print_replayed(console, build_again(home, replace=replace))
        return
    if as_of is None or into is None or replace:
        raise ConfigurationError("--as-of and --into go together, and without --replace.")
    print_rebuilt_marts(console, rebuild_marts(home, as_of.date(), into.resolve()))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, or that of a backup before.")],
) -> None:
    """Bring a backup up to date: landing zone, configuration, records, publication in force.

    The warehouse is no part of it, since `adv rebuild` makes it again. The folder holds rows as
    they were and the secret behind pseudonyms: keep it as close as ADV_HOME. What is erased from
    ADV_HOME stays in the backup until this command is run again, and in every copy of the folder.
    """
    from orchestration.backup import back_up
    from orchestration.printing import print_backed_up

    print_backed_up(console, folder, back_up(Home.from_environment(), folder))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup.")],
) -> None:
    """Put a backup into an empty ADV_HOME; readers have its publication at once."""
    from orchestration.backup import restore as put_back
    from orchestration.printing import print_restored

    print_restored(console, put_back(Home.from_environment(), folder))


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 3000,
) -> None:
    """Open Dagster: user interface and daemon on loopback, with the nightly schedule on."""
    from orchestration.ui import serve

    serve(Home.from_environment(), port)


@app.command()
def cockpit(
    port: Annotated[int, typer.Option(help="Port; on loopback unless a sign-in is set up.")] = 8600,
) -> None:
    """Serve the cockpit: pages over the published marts, which follow each refresh."""
    from dashboards.cockpit.server import serve

    home = Home.from_environment()
    console.print(f"http://127.0.0.1:{port}/", highlight=False)
    serve(home, port)


@demo.command("create")
def demo_create(
    scale: Annotated[
        float, typer.Option(min=0.01, help="1 is 20,000 orders in three years.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 1,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of its life so far.")
    ] = None,
) -> None:
    """Create the demo company's source systems and a sources.yaml that reads them."""
    from ingestion.demo_company import create

    home = Home.from_environment()
    create(home.demo, scale=scale, seed=seed, until=until and until.date(), progress=_say)
    _write_demo_sources(home)


@demo.command("advance")
def demo_advance(
    days: Annotated[int, typer.Option(min=1, help="Days the company lives on.")] = 1,
) -> None:
    """Let the company live on: new, changed, late and deleted rows in its systems."""
    from ingestion.demo_company import advance

    home = Home.from_environment()
    advance(home.demo, days=days, progress=_say)
    _write_demo_sources(home)


@demo.command("stop")
def demo_stop() -> None:
    """Stop the demo's PostgreSQL; the next run starts it again."""
    from ingestion.demo_company.server import stop

    stop(Home.from_environment().demo)


def _refresh_receivables() -> None:
    from orchestration.nightly import refresh_receivables
    from orchestration.printing import print_refreshed

    refreshed = refresh_receivables(Home.from_environment())
    print_refreshed(console, errors, refreshed)
    if not refreshed.published:
        raise typer.Exit(FAILED)


def _write_letters(marts: Path, request: ListRequest, folder: Path) -> None:
    from reports.letters.writing import NO_LONGER_DUE, write_letters

    of_day = write_letters(marts, request, folder)
    _print_place(f"{len(of_day.written):,} letters, none of them sent", of_day.folder)
    if of_day.withdrawn:
        _print_place(
            f"{len(of_day.withdrawn):,} earlier letters and drafts no longer due, put aside",
            of_day.folder / NO_LONGER_DUE,
        )


def _print_place(what: str, where: Path) -> None:
    console.print(f"{what}: {escape(str(where))}", highlight=False, soft_wrap=True)


def _publish_to(home: Home, server: PostgresServer) -> None:
    """Bring a server to the publication in force; the caller holds the lock."""
    from orchestration.printing import print_copied
    from orchestration.publish_to.postgres import publish_to_postgres

    print_copied(console, server, publish_to_postgres(home, server))


def _read_again(
    full_refresh: bool, names: list[str], first_day: datetime | None, last_day: datetime | None
) -> ReadAgain | None:
    from ingestion.read_again import read_again

    if full_refresh and (names or first_day or last_day):
        raise ConfigurationError(
            "--full-refresh reads everything: without --again, --from and --to."
        )
    if not (full_refresh or names or first_day or last_day):
        return None
    return read_again(
        names=names,
        first_day=first_day and first_day.date(),
        last_day=last_day and last_day.date(),
    )


def _write_demo_sources(home: Home) -> None:
    """The demo's own sources file follows its date; one that a person wrote is left alone."""
    from orchestration.templates import DEMO_MARK, demo_sources_yaml

    target = home.sources_file
    if target.exists() and DEMO_MARK not in target.read_text(encoding="utf-8"):
        console.print(f"{escape(str(target))} is not the demo's and was left as it is.")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(demo_sources_yaml(home), encoding="utf-8")


def _print_error(text: str) -> None:
    """Errors quote data and SQL, whose brackets are no markup."""
    from orchestration.printing import plain

    errors.print(f"[red]{plain(text)}[/]", highlight=False)


def _say(text: str) -> None:
    logging.getLogger("adv.demo").info(text)


def _show_progress(level: int) -> None:
    """Progress in colour on a terminal, plain lines elsewhere."""
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = RichHandler(console=errors, show_path=False, show_level=False, markup=False)
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("adv")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


if __name__ == "__main__":
    main()
