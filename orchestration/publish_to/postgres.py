"""A PostgreSQL database that holds a copy of the publication in force.

One transaction replaces the rows of all tables, which stay the tables that they were: whoever reads
meanwhile sees the publication before, whole, whatever he asks and however long he takes, and nobody
waits. What DuckDB's extension is told, it tells the server; the password is in no statement of it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.config import PostgresServer
from ingestion.engine import confine, connect, quoted_name, quoted_text
from ingestion.errors import NothingPublishedError, ServerError
from ingestion.home import Home
from ingestion.transports.postgres import PASSWORD, dsn, remedy
from orchestration.publish import PUBLISHED_SCHEMAS, current_run_id, marts_in_force
from orchestration.publish_to.shapes import (
    Shapes,
    TableName,
    altered,
    commented,
    gathered,
    made,
    relation,
    shapes_of_marts,
)

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("adv.publish_to")

SCHEMA_NAMES = ", ".join(map(quoted_text, PUBLISHED_SCHEMAS))
LOCK_SECONDS = 30
"""For which a change of columns waits for whoever reads the table, and others for it."""
LONGEST_WORDS = 500
STATEMENT = re.compile(r'^Failed to [a-z ]+ ".*": ', re.DOTALL)
"""What the extension puts before the server's own words."""
NO_CHARACTER = "\ufffd"
"""For a NUL byte, which PostgreSQL cannot keep in a text."""
TABLES = """
    select
        n.nspname::text as schema_name, c.relname::text as table_name,
        obj_description(c.oid, 'pg_class') as told,
        a.attname::text as column_name, format_type(a.atttypid, a.atttypmod) as kind,
        col_description(c.oid, a.attnum) as column_told
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ({schemas}) and c.relkind = 'r'
        and pg_get_userbyid(c.relowner) = current_user
    order by a.attnum
"""
"""The columns of the tables that are the product's: those of the user who publishes."""


@dataclass(frozen=True)
class Held:
    """The publication that a server holds."""

    run_id: str
    as_of_date: date
    known_at: datetime


@dataclass(frozen=True)
class Copied:
    """What a server was given."""

    run_id: str
    tables: int
    """0 where it held the publication already."""
    rows: int
    seconds: float


def publish_to_postgres(home: Home, server: PostgresServer) -> Copied:
    """Bring a server to the publication in force; nothing is copied where it holds that.

    The caller holds the lock. Whatever stops it, readers have the publication before.

    Raises:
        NothingPublishedError: nothing has been published yet.
        ServerError: the server cannot be reached, or refuses.
        ConfigurationError: the password's variable is not set.

    """
    run_id, marts = current_run_id(home), marts_in_force(home)
    if run_id is None or marts is None:
        raise NothingPublishedError
    began = time.monotonic()
    with _session(server, marts) as session:
        copied = session.replace(run_id, server.reader_role)
        if copied:
            session.vacuum(copied)
    return Copied(run_id, len(copied), sum(copied.values()), time.monotonic() - began)


def held_by(server: PostgresServer) -> Held | None:
    """The publication that a server holds; None where it holds none.

    Raises:
        ServerError: it cannot be reached, or refuses.
        ConfigurationError: the password's variable is not set.

    """
    with _session(server) as session:
        return session.held()


def faults_of(server: PostgresServer) -> list[str]:
    """What would keep a copy from the server, in words; nothing is changed there.

    Raises:
        ServerError: it cannot be reached.
        ConfigurationError: the password's variable is not set.

    """
    with _session(server) as session:
        return list(session.faults(server.reader_role))


@contextmanager
def _session(server: PostgresServer, marts: Path | None = None) -> Iterator[_Session]:
    import duckdb

    address = dsn(server)
    connection = connect(extensions=["postgres_scanner"])
    try:
        if marts:
            connection.execute(f"attach {quoted_text(str(marts))} as marts (read_only)")
        with _telling(f"{server.name} cannot be reached"):
            connection.execute(f"attach {quoted_text(address)} as server (type postgres)")
        connection.execute(f"set pg_null_byte_replacement = {quoted_text(NO_CHARACTER)}")
        confine(connection, [])
        with _telling(server.name):
            yield _Session(connection)
    finally:
        # Closing would roll back too, but abort the process when the server is gone.
        with suppress(duckdb.Error):
            connection.execute("rollback")
        connection.close()


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say what the server says, without what nobody may read."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        told = STATEMENT.sub("", PASSWORD.sub("password=***", str(error).strip()))
        told = told.removeprefix("ERROR:").strip()[:LONGEST_WORDS]
        raise ServerError(f"{what}: {told}{remedy(told)}") from None


@dataclass(frozen=True)
class _Session:
    """A connection to the server, attached as `server` beside the `marts`."""

    connection: duckdb.DuckDBPyConnection

    def execute(self, statements: str) -> None:
        """Have the server carry out statements, within the transaction if there is one."""
        self.connection.execute(f"call postgres_execute('server', {quoted_text(statements)})")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What the server answers."""
        answer = f"select * from postgres_query('server', {quoted_text(query)})"
        return self.connection.execute(answer).fetchall()

    def held(self) -> Held | None:
        """The publication that the server holds."""
        if self.ask("select to_regclass('meta.runs') is not null as found") == [(False,)]:
            return None
        newest = self.ask(
            "select run_id, as_of_date, known_at from meta.runs "
            "where known_load is not null order by known_load desc limit 1"
        )
        return Held(*newest[0]) if newest else None

    def faults(self, reader_role: str) -> Iterator[str]:
        """What keeps the user from publishing here."""
        role = quoted_text(reader_role)
        ((encoding, has_role, may_create),) = self.ask(
            "select current_setting('server_encoding') as encoding, "
            f"exists (select from pg_roles where rolname = {role}) as has_role, "
            "has_database_privilege(current_database(), 'create') as may_create"
        )
        if encoding != "UTF8":
            yield f"its encoding is {encoding}: create the database with encoding UTF8"
        if not has_role:
            yield f"it has no role {reader_role}: `create role {quoted_name(reader_role)}`"
        if not may_create and self._missing_schemas():
            yield "the user may not create schemas: make it the owner of the database"
        others = self.ask(
            "select nspname::text as name, current_user::text as publisher from pg_namespace "
            f"where nspname in ({SCHEMA_NAMES}) and not pg_has_role(nspowner, 'usage')"
        )
        for schema, publisher in others:
            mended = f"alter schema {schema} owner to {quoted_name(publisher)}"
            yield f"its schema {schema} belongs to another user: `{mended}`, and its tables"

    def replace(self, run_id: str, reader_role: str) -> dict[TableName, int]:
        """Put the marts in the place of what is held, and count the rows; nothing if it is them."""
        self.connection.execute("begin")
        # Each statement sees what others have committed; another publisher is waited for.
        self.execute("set transaction isolation level read committed")
        self.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
        self.execute("select pg_advisory_xact_lock(hashtext('adv publish'))")
        held = self.held()
        self._open_schemas(reader_role)
        copied = {} if held and held.run_id == run_id else self._copy(reader_role)
        self.connection.execute("commit")
        return copied

    def _open_schemas(self, reader_role: str) -> None:
        """Let the readers into the schemas, once: what was revoked since stays so.

        The comment of a schema keeps whom it was opened to.
        """
        reader, opened = quoted_name(reader_role), f"Opened to {reader_role}."
        for schema in self._missing_schemas():
            self.execute(f"create schema {schema}")
        found = self.ask(
            "select nspname::text as name, obj_description(oid, 'pg_namespace') as comment "
            f"from pg_namespace where nspname in ({SCHEMA_NAMES})"
        )
        for schema in [name for name, comment in found if comment != opened]:
            self.execute(
                f"grant usage on schema {schema} to {reader}; "
                f"grant select on all tables in schema {schema} to {reader}; "
                f"comment on schema {schema} is {quoted_text(opened)}"
            )

    def _missing_schemas(self) -> list[str]:
        found = {name for (name,) in self.ask("select nspname::text as name from pg_namespace")}
        return [schema for schema in PUBLISHED_SCHEMAS if schema not in found]

    def _copy(self, reader_role: str) -> dict[TableName, int]:
        wanted = shapes_of_marts(self.connection, "marts", PUBLISHED_SCHEMAS)
        found = self._shapes()
        new = [name for name in wanted if name not in found]
        for name in new:
            self.execute(made(name, wanted[name], reader_role))
        # Last, since their readers wait until the end.
        kept = [name for name in wanted if name in found]
        kept.sort(key=lambda name: altered(name, found[name], wanted[name]) != "")
        copied = {}
        self.connection.execute("call pg_clear_cache()")
        for name in [*new, *kept]:
            if name in found:
                self._empty(name, found, wanted)
            copied[name] = self._fill(name)
        for name in found.keys() - wanted.keys():
            self.execute(f"drop table {relation(name)}")
        return copied

    def _shapes(self) -> Shapes:
        return gathered(self.ask(TABLES.format(schemas=SCHEMA_NAMES)))

    def _empty(self, name: TableName, found: Shapes, wanted: Shapes) -> None:
        """Delete all rows, of which readers keep what they see, and change the columns."""
        self.execute(f"delete from {relation(name)}")
        alteration = altered(name, found[name], wanted[name])
        if alteration:
            self.execute(alteration)
            self.connection.execute("call pg_clear_cache()")
        comments = commented(name, found[name], wanted[name])
        if comments:
            self.execute(comments)

    def _fill(self, name: TableName) -> int:
        rows = self.connection.execute(
            f"insert into server.{relation(name)} by name select * from marts.{relation(name)}"
        ).fetchone()
        return int(rows[0]) if rows else 0

    def vacuum(self, tables: dict[TableName, int]) -> None:
        """Let the next refresh use the room of the rows deleted; that it fails harms nobody.

        The files keep their size: to cut them would lock readers out, for room that the next
        refresh needs.
        """
        names = ", ".join(map(relation, tables))
        try:
            with _telling("it could not be vacuumed"):
                self.connection.execute(
                    "call postgres_execute('server', "
                    f"{quoted_text(f'vacuum (analyze, truncate false) {names}')}, "
                    "use_transaction = false)"
                )
        except ServerError as error:
            log.warning("the server holds the publication, but %s", error)
