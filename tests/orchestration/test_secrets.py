"""No secret is ever written: not by a good night, and not by any that fails.

Secrets are planted wherever one is configured, and everything that is written is searched for them.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from data_quality.docs import build, last_batches
from ingestion.embedded_postgres import socket_file
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.home import Home
from tests.command import adv, environment
from tests.ingestion.postgres_server import Server
from tests.orchestration.conftest import MARK, SECRETS, WebServer

PASSWORD = f"{MARK}'s \\pass word"
RUN = """
import dagster, orchestration.assets.landing as landing
landing.RETRIES = dagster.RetryPolicy(max_retries=1, delay=0)
from orchestration.cli import main
main()
"""
"""`adv`, but for the minutes that it leaves to a source that does not answer."""

SOURCES = """
  {name}:
    system: contract
    transport: postgres
    connection:
      {{host: {host}, port: {port}, database: odoo, user: reader, password: "${{{variable}}}"}}
    queries:
      exchange_rates: "{query}"
"""
RATES = (
    "select 'EUR' as from_currency_code, 'USD' as to_currency_code, '2026-01-01' as rate_date, "
    "1.1 as rate"
)


@pytest.fixture
def guarded(server: Server) -> Iterator[Server]:
    """The server, asking for passwords."""
    rules = server.data / "pg_hba.conf"
    before = rules.read_text()
    server.execute(f"create role reader login password {quoted_text(PASSWORD)}")
    rules.write_text("local all reader scram-sha-256\n" + before)
    server.execute("select pg_reload_conf()")
    yield server
    rules.write_text(before)
    server.execute("select pg_reload_conf()", "drop role reader")


def sources(server: Server) -> str:
    """One source that can be read, and one for each way to fail that may quote its password."""
    folder = str(socket_file(server.data).parent)

    def source(name: str, **differently: object) -> str:
        settings = {"host": folder, "port": 5432, "variable": "GOOD", "query": RATES}
        return SOURCES.format(name=name, **{**settings, **differently})

    return (
        source("good")
        + source("wrong", variable="WRONG")
        + source("gone", host="127.0.0.1", port=9)
        + source("misasked", query="select nothing from nowhere")
        + source("dying", query=f"{RATES} where pg_terminate_backend(pg_backend_pid())")
    )


def run_and_watch(home: Home) -> tuple[str, bytes]:
    """What a run says, and every command line on the machine meanwhile."""
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(process.read_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = subprocess.run(
        [sys.executable, "-c", RUN, "--verbose", "run"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    over.set()
    watcher.join()
    assert result.returncode == 1
    return result.stdout + result.stderr, b"\n".join(seen)


def holders(root: Path) -> list[str]:
    """Files under a folder that hold the mark, in whatever form they keep it."""
    mark = MARK.encode()
    found = []
    for path in root.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        held = mark in path.read_bytes()
        if path.suffix == ".parquet":
            held = held or _in_table(f"read_parquet({quoted_text(str(path))})")
        elif path.suffix == ".duckdb":
            held = held or _in_duckdb(path)
        elif path.suffix == ".db":
            held = held or _in_sqlite(path)
        if held:
            found.append(str(path.relative_to(root)))
    return found


def _in_table(table: str, database: Path | None = None) -> bool:
    with connect(database, read_only=database is not None) as connection:
        query = f"select count(*) from {table} as t where contains(t::varchar, '{MARK}')"
        return connection.execute(query).fetchall() != [(0,)]


def _in_duckdb(file: Path) -> bool:
    with connect(file, read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()")
        parts = " union all ".join(
            f"select count(*) as n from {quoted_name(schema)}.{quoted_name(table)} as t "
            f"where contains(t::varchar, '{MARK}')"
            for schema, table in tables.fetchall()
        )
        return bool(parts) and connection.execute(f"select sum(n) from ({parts})").fetchall() != [
            (0,)
        ]


def _in_sqlite(file: Path) -> bool:
    """Dagster keeps snapshots compressed."""
    with closing(sqlite3.connect(file)) as database:
        database.text_factory = bytes
        for (table,) in database.execute(
            "select name from sqlite_master where type = 'table'"
        ).fetchall():
            for row in database.execute(f'select * from "{table.decode()}"'):
                for value in row:
                    if isinstance(value, bytes):
                        with suppress(zlib.error):
                            if MARK.encode() in zlib.decompress(value):
                                return True
    return False


def test_no_secret_is_written_by_a_good_night(first_night: Home) -> None:
    assert all(MARK in value for value in SECRETS.values())
    assert holders(first_night.root) == []


def test_no_secret_is_written_by_nights_that_fail(
    night: Home, guarded: Server, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.status = 500
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", f"{web.url}/{MARK}-hook")
    monkeypatch.setenv("GOOD", PASSWORD)
    monkeypatch.setenv("WRONG", f"{MARK} is wrong")
    night.sources_file.write_text(night.sources_file.read_text() + sources(guarded))
    products = night.root / "exports" / "products.csv"
    products.write_text(products.read_text() + "bolt,P1,Bolt twice,Fasteners,1,goods,true\n")

    said, command_lines = run_and_watch(night)
    for expected in (
        'password authentication failed for user "reader"',
        "Connection refused",
        'relation "nowhere" does not exist',
        "terminating connection",
        "small.products: no two rows share a key",
        "a notice could not be sent: the server answered 500",
    ):
        assert expected in said
    assert [path for _, path, _ in web.calls] == [f"/{MARK}-hook"]
    assert MARK not in str([body for _, _, body in web.calls])
    for command in ("check", "status", "accept"):
        result = adv(night, command)
        said += result.stdout + result.stderr
    assert "good: contract" in said
    build(last_batches(night), night.data_docs)

    assert MARK not in said
    assert sys.executable.encode() in command_lines
    assert MARK.encode() not in command_lines
    assert holders(night.root) == []
    assert os.environ["GOOD"] == PASSWORD


def test_a_secret_that_is_written_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "plain.log").write_text(f"a {MARK} in a log")
    with connect(tmp_path / "marts.duckdb") as connection:
        connection.execute(f"create table t as select '{MARK}' as s from range(100000)")
        connection.execute(f"copy t to '{tmp_path}/t.parquet' (compression zstd)")
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("create table snapshots (body blob)")
        database.execute("insert into snapshots values (?)", [zlib.compress(MARK.encode() * 9)])
        database.commit()
    assert sorted(holders(tmp_path)) == ["marts.duckdb", "plain.log", "runs.db", "t.parquet"]
