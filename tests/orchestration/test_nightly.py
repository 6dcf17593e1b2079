"""The whole night: from exports to marts, again, and when something is wrong."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from ingestion.engine import connect
from ingestion.errors import ConfigurationError, StorageError
from ingestion.home import Home
from ingestion.landing import batches
from orchestration import news, nightly
from orchestration.publish import current_run_id
from orchestration.resources import last_complete_day, present_day
from tests.command import adv, environment
from tests.orchestration.conftest import Marts, WebServer, ask, install, rows_of_marts

NOTHING_NEW = "nothing new"


def everything(home: Home) -> Marts:
    return rows_of_marts(home.marts.resolve())


def test_the_first_night_publishes_what_the_exports_say(first_night: Home) -> None:
    assert ask(first_night, "select sum(open_quantity) from core.fct_order_lines") == [(3,)]
    assert ask(
        first_night, "select sum(open_amount) from kpi.open_items where as_of_date = '2026-02-15'"
    ) == [(Decimal("95.0000"),)]
    assert ask(first_night, "select count(*) from core.fct_claims") == [(1,)]


def test_what_a_night_writes_is_its_owners_and_what_it_publishes_the_groups(
    first_night: Home,
) -> None:
    root, by_the_test = first_night.root, ("exports", "config", "run.lock")
    published = first_night.published / str(current_run_id(first_night))
    readers = {first_night.published, published, *published.rglob("*")}
    assert len(readers) > 50
    for path in readers:
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o440), path
    written = [
        path
        for path in set(root.rglob("*")) - readers
        if not path.is_symlink() and path.relative_to(root).parts[0] not in by_the_test
    ]
    assert len(written) > 500
    assert [str(path) for path in written if path.stat().st_mode & 0o077] == []


def test_the_age_of_the_publication_is_an_exit_code(first_night: Home) -> None:
    assert adv(first_night, "status", "--max-age", "26h").returncode == 0
    assert adv(first_night, "status", "--max-age", "0m").returncode == 1
    assert adv(first_night, "status", "--max-age", "soon").returncode == 2


def test_a_second_night_without_news_that_reads_and_builds_all_again_publishes_the_same(
    night: Home,
) -> None:
    before, run_id = everything(night), current_run_id(night)
    refused_long_ago = night.quarantine / "small" / "products" / "20200101020000000"
    refused_long_ago.mkdir(parents=True)
    news.remember(night, None)
    result = adv(night, "run", "--again", "small", "--from", "2026-01-01")
    assert result.returncode == 0, result.stdout + result.stderr
    assert NOTHING_NEW not in result.stdout + result.stderr
    assert current_run_id(night) != run_id
    assert everything(night) == before
    assert not refused_long_ago.exists()


def test_a_night_without_news_takes_over_what_was_built_and_tells_of_itself(night: Home) -> None:
    before, run_id = everything(night), current_run_id(night)
    result = adv(night, "run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{NOTHING_NEW}: core and kpi are those of run {run_id}" in result.stdout + result.stderr
    assert everything(night) == before
    now = current_run_id(night)
    assert ask(night, "select run_id, known_at from meta.refresh") == ask(
        night, f"select run_id, known_at from meta.runs where run_id = '{now}'"
    )
    assert ask(night, "select count(distinct load_id) from meta.loads") == [(2,)]


def test_a_refused_batch_leaves_the_publication_and_says_why(
    night: Home, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", web.url)
    run_id = current_run_id(night)
    products = night.root / "exports" / "products.csv"
    products.write_text(products.read_text() + "bolt,P1,Bolt twice,Fasteners,1,goods,true\n")
    result = adv(night, "run")
    assert result.returncode == 1
    assert current_run_id(night) == run_id
    (refused,) = batches(night.quarantine)
    assert refused.manifest.table == "products"
    said = adv(night, "status").stdout
    assert "small.products" in said
    assert "bolt" in said
    ((_, _, notice),) = web.calls
    assert "small.products: no two rows share a key" in notice["text"]


def test_what_is_refused_passes_once_a_person_has_said_why(night: Home) -> None:
    run_id = current_run_id(night)
    sources = night.sources_file.read_text()
    night.sources_file.write_text(sources + "publication: {habit_rows: 1}\n")
    claims = night.root / "exports" / "claims.csv"
    claims.write_text(claims.read_text().splitlines(keepends=True)[0])

    assert adv(night, "run").returncode == 1
    assert "if it is right: adv accept small.claims" in adv(night, "accept").stdout
    assert adv(night, "accept", "small.claims").returncode == 2  # without a reason
    accepted = adv(night, "accept", "small.claims", "--reason", "filed by mistake")
    assert accepted.returncode == 0, accepted.stderr

    held = adv(night, "run")
    assert held.returncode == 1
    assert "core.fct_claims: the mart holds about as many rows" in held.stdout
    assert current_run_id(night) == run_id
    assert "adv accept core.fct_claims" in adv(night, "status").stdout

    # The marts of that day are those that were published, not those that are held.
    then = str(night.root / "then.duckdb")
    assert adv(night, "rebuild", "--as-of", "2026-02-15", "--into", then).returncode == 0
    with connect(Path(then)) as rebuilt:
        assert rebuilt.execute("select count(*) from core.fct_claims").fetchone() == (1,)
        assert rebuilt.execute("select run_id from meta.publications").fetchall() == [(run_id,)]

    adv(night, "accept", "marts", "--reason", "filed by mistake")

    published = adv(night, "run")
    assert published.returncode == 0, published.stdout + published.stderr
    assert ask(night, "select count(*) from core.fct_claims") == [(0,)]
    assert ask(
        night,
        "select source_id, table_name, accepted_because from meta.checks "
        "where accepted_because <> ''",
    ) == [("small", "claims", "filed by mistake")]
    assert "refused" not in adv(night, "status").stdout

    # What BI tools see of these nights: the last one tells how those before it ended.
    told = ask(
        night,
        "select outcome, started_by, known_load is not null, published_rows > 0, "
        "split_part(reason, ':', 1) from meta.runs order by started_at",
    )
    assert told == [
        ("success", "command_line", True, True, None),
        ("failure", "command_line", False, None, "land_small"),
        ("failure", "command_line", True, None, "publish"),
        ("running", "command_line", True, None, None),
    ]
    stages = "select stage, outcome from meta.run_stages order by started_at, stage"
    assert [stage for stage, outcome in ask(night, stages) if outcome == "success"] == [
        *("land", "load", "build", "check", "publish"),
        *("land", "load", "build"),
        *("land", "load"),
    ]


def test_a_source_that_may_go_stale_is_told_as_stale(night: Home) -> None:
    before = ask(night, "select sum(open_quantity) from core.fct_order_lines")
    assert ask(night, "select distinct is_stale from meta.freshness") == [(False,)]
    assert "stale" not in adv(night, "status").stdout
    run_id = current_run_id(night)
    sources = night.sources_file.read_text()
    night.sources_file.write_text(sources + "    on_refusal: publish_stale\n")
    products = night.root / "exports" / "products.csv"
    products.write_text(products.read_text() + "bolt,P1,Bolt twice,Fasteners,1,goods,true\n")
    result = adv(night, "run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert current_run_id(night) != run_id
    assert "Stale: small." in result.stdout
    assert "small is stale" in result.stderr
    assert "stale" in adv(night, "status").stdout
    assert ask(night, "select distinct is_stale from meta.freshness") == [(True,)]
    assert ask(night, "select sum(open_quantity) from core.fct_order_lines") == before


PIN = "as_of_date: 2026-02-15\n"
OTHER = """\
  other:
    system: contract
    transport: files
    path: ../other
    tables: {claims: claims.csv}
"""
"""A second source, of which a single table is read."""


def read_other(home: Home, row: str) -> None:
    """Let the second source hold one claim."""
    header = (home.root / "exports" / "claims.csv").read_text().splitlines()[0]
    (home.root / "other").mkdir(exist_ok=True)
    (home.root / "other" / "claims.csv").write_text(f"{header}\n{row}\n")


def test_a_list_is_of_what_was_paid_this_morning_and_the_night_goes_on_as_ever(night: Home) -> None:
    today, yesterday = present_day(("Europe/Paris",)), last_complete_day(("Europe/Paris",))
    read_other(night, "c9,acme,R9,dupont,wrong_item,in_progress,email,2026-01-20 09:00:00")
    sources = night.sources_file.read_text().replace(PIN, "")
    night.sources_file.write_text(sources + OTHER)
    assert adv(night, "run").returncode == 0
    open_now = "select as_of_date, sum(open_amount) from kpi.open_items where is_latest group by 1"
    assert ask(night, open_now) == [(yesterday, Decimal(95))]

    payments = night.root / "exports" / "payments.csv"
    payments.write_text(
        payments.read_text() + f"p2,acme,dupont,VIR2,transfer,{today},EUR,35,35,false\n"
    )
    allocations = night.root / "exports" / "payment_allocations.csv"
    allocations.write_text(allocations.read_text() + f"a2,acme,i1-1,p2,cash,{today},EUR,35,35\n")
    (night.root / "other" / "claims.csv").unlink()  # a night would be held by that
    unpaid = night.root / "unpaid.csv"
    asked = adv(night, "report", "unpaid", "--fresh", "--out", str(unpaid))
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert f"{today} goes on" in asked.stdout
    assert "Not read, as was asked: other" in asked.stdout
    assert len(unpaid.read_text().splitlines()) == 2  # a heading, and the instalment to come
    assert ask(night, open_now) == [(today, Decimal(60))]
    assert ask(night, "select count(*) from core.fct_claims") == [(2,)]
    freshness = "select distinct source_id, is_stale from meta.freshness order by 1"
    assert ask(night, freshness) == [("other", False), ("small", False)]
    assert "not read" in adv(night, "status").stdout
    assert ask(night, "select only_sources from meta.runs order by started_at") == [
        *((None,), (None,), ("small",))
    ]
    (run_id,) = ask(night, "select run_id from meta.runs order by started_at desc limit 1")[0]
    landed = "select source_id from meta.run_stages where stage = 'land' and run_id = "
    assert ask(night, f"{landed}'{run_id}'") == [("small",)]

    held = adv(night, "run")
    assert held.returncode == 1
    assert "land_other" in held.stdout
    read_other(night, "c9,acme,R9,dupont,wrong_item,resolved,email,2026-01-20 09:00:00")
    again = adv(night, "run", "--as-of", today.isoformat())  # as the night after it
    assert again.returncode == 0, again.stdout + again.stderr
    assert ask(night, open_now) == [(today, Decimal(60))]
    assert ask(night, "select max(as_of_date), count(*) from meta.publications") == [(today, 3)]


def test_a_list_that_cannot_be_made_afresh_is_not_made_of_yesterday(night: Home) -> None:
    run_id = current_run_id(night)
    products = night.root / "exports" / "products.csv"
    products.write_text(products.read_text() + "bolt,P1,Bolt twice,Fasteners,1,goods,true\n")
    unpaid = night.root / "unpaid.csv"
    asked = adv(night, "report", "unpaid", "--fresh", "--out", str(unpaid))
    assert asked.returncode == 1
    assert "small.products: no two rows share a key" in asked.stderr
    assert "without --fresh, the list is of the publication in force" in asked.stderr
    assert not unpaid.exists()
    assert current_run_id(night) == run_id
    assert adv(night, "report", "unpaid", "--out", str(unpaid)).returncode == 0
    assert unpaid.exists()


@pytest.mark.parametrize("pinned", [None, date(2026, 2, 15)])
def test_what_holds_receivables_is_read_as_of_today_unless_the_day_is_pinned(
    pinned: date | None, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[tuple[str, ...], date]] = []

    def run_nightly(_home: Home, *, as_of: date, only: tuple[str, ...]) -> None:
        asked.append((only, as_of))

    install(home)
    sources = home.sources_file.read_text()
    home.sources_file.write_text((sources if pinned else sources.replace(PIN, "")) + OTHER)
    monkeypatch.setattr(nightly, "run_nightly", run_nightly)
    nightly.refresh_receivables(home)
    assert asked == [(("small",), pinned or present_day(("Europe/Paris",)))]

    home.sources_file.write_text(f"sources:\n{OTHER}")
    with pytest.raises(ConfigurationError, match="no source holds what is owed or paid"):
        nightly.refresh_receivables(home)


def test_a_wrong_sources_file_is_a_configuration_error_and_is_told(
    night: Home, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", web.url)
    night.sources_file.write_text("sources: {small: {system: nothing}}")
    result = adv(night, "run")
    assert result.returncode == 2
    assert "sources.yaml:1" in result.stderr
    ((_, _, notice),) = web.calls
    assert "sources.yaml:1" in notice["text"]


def test_what_cannot_be_read_again_is_a_configuration_error(first_night: Home) -> None:
    result = adv(first_night, "run", "--again", "small.sales")
    assert result.returncode == 2
    assert "There is no 'small.sales' to read again; there is small.companies" in result.stderr
    result = adv(first_night, "run", "--only", "crm")
    assert result.returncode == 2
    assert "There is no source 'crm' to read; there is small" in result.stderr


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full")),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_a_full_disk_is_said_in_words_and_told(
    error: Exception, home: Home, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_home: Home) -> None:
        raise error

    install(home)
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", web.url)
    monkeypatch.setattr(nightly, "open_instance", no_room)
    with pytest.raises(StorageError, match="Is the disk full"):
        nightly.run_nightly(home)
    ((_, _, told),) = web.calls
    assert "Is the disk full" in told["text"]


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_server_of_dagster_that_is_lost_is_told_without_its_address(
    is_wrapped: bool, home: Home, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ServerError(Exception):
        """What a driver of PostgreSQL raises."""

    def lost(_home: Home) -> None:
        error = OperationalError("select", {}, ServerError("db.example.com: no user adv"))
        if is_wrapped:
            raise RuntimeError("too many retries") from error
        raise error

    install(home)
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", web.url)
    monkeypatch.setattr(nightly, "open_instance", lost)
    with pytest.raises(StorageError, match=r"config/dagster\.yaml names failed") as raised:
        nightly.run_nightly(home)
    ((_, _, told),) = web.calls
    assert "OperationalError" in told["text"]
    for text in (told["text"], str(raised.value)):
        assert "example.com" not in text
        assert "disk" not in text


def test_two_runs_started_at_once_both_end_well(night: Home) -> None:
    command = [sys.executable, "-m", "orchestration.cli", "run"]
    runs = [
        subprocess.Popen(command, env=environment(night), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [run.communicate(timeout=900)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert any("waiting for" in text for text in told)
