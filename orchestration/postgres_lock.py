"""The lock of an installation on several machines: an advisory lock of PostgreSQL.

It is taken in the database that holds Dagster's storage, which is what all machines of an
installation surely share: the folder may be mounted under another path on each. Its number is the
database's own for the schema of Dagster's tables, so nothing is hashed and no two installations
meet. The lock belongs to a session: the server frees it when the holder's process ends, and about a
minute after its machine has vanished.

A session may also be lost while its holder lives, and another may then begin. So whoever puts
something in force asks before whether the lock is still theirs.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import ConfigurationError, LockLostError, StorageError
from ingestion.home import Home
from orchestration.own_settings import unusable, wrong

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

OF_INSTALLATION, OF_TIME_MACHINE = 0x41445601, 0x41445602
"""ADV, and which of its locks: the first half of the number."""
SILENT_SECONDS, PROBE_SECONDS, PROBES = 30, 10, 3
"""When one side asks the other whether it is still there, how often, and until it gives up."""
CONNECT_SECONDS = 15
SCHEMA = "coalesce(current_schema()::regnamespace::oid, 0)"
PREPARE = f"""
    select set_config(name, value, false)
    from (
        values ('tcp_keepalives_idle', '{SILENT_SECONDS}'),
            ('tcp_keepalives_interval', '{PROBE_SECONDS}'),
            ('tcp_keepalives_count', '{PROBES}'),
            ('idle_session_timeout', '0')
    ) as wanted (name, value)
    join pg_settings using (name)
"""  # a server before 14 has no such timeout
TAKE = f"select pg_try_advisory_lock(%(number)s, {SCHEMA}::integer)"
HELD = f"""
    select session.application_name, session.pid = pg_backend_pid()
    from pg_locks as held
    join pg_stat_activity as session using (pid)
    where held.locktype = 'advisory' and held.granted and held.objsubid = 2
        and held.database = (select oid from pg_database where datname = current_database())
        and held.classid = %(number)s::oid and held.objid = {SCHEMA}
"""
SESSIONS = "select application_name from pg_stat_activity where datname = current_database()"


@dataclass(frozen=True)
class PostgresLock:
    """An advisory lock, and the session that takes it."""

    home: Home
    session: Connection

    def take(self) -> bool:
        """Take it, unless another has it.

        Raises:
            StorageError: the server cannot be asked.

        """
        return bool(self._ask(TAKE)[0][0])

    def holder(self) -> str | None:
        """Who has it: what they do, and on which machine.

        Raises:
            StorageError: the server cannot be asked.

        """
        return next((name for name, _ in self._ask(HELD)), None)

    def assert_held(self) -> None:
        """See that the session has it still.

        Raises:
            LockLostError: it has not, or the server cannot be asked.

        """
        try:
            is_held = any(is_own for _, is_own in self._ask(HELD))
        except StorageError:
            is_held = False
        if not is_held:
            raise LockLostError(
                f"The lock on {self.home.root} was lost: the connection to the PostgreSQL that "
                f"{self.home.dagster_settings} names broke, and another run may have begun. "
                "What is in force was left as it is; `adv run` once the server can be reached."
            )

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        from sqlalchemy.exc import SQLAlchemyError

        number = OF_INSTALLATION if self.home.installation is None else OF_TIME_MACHINE
        try:
            rows = self.session.exec_driver_sql(query, {"number": number})
            return [tuple(row) for row in rows]
        except SQLAlchemyError as error:
            # What the server says may quote its address.
            raise StorageError(
                f"The PostgreSQL that {self.home.dagster_settings} names holds the lock on "
                f"{self.home.root}, and failed ({type(error).__name__}); can it be reached?"
            ) from None


@contextmanager
def postgres_lock(home: Home, storage: Mapping[str, Any], holder: str) -> Iterator[PostgresLock]:
    """The lock, to be taken; freed at the end.

    Raises:
        ConfigurationError: what is said of the server is wrong, or it cannot be reached.

    """
    # Names are cut after 63 bytes, and the machine's comes last.
    with _session(home, storage, f"{holder} on {socket.gethostname()}") as session:
        yield PostgresLock(home, session)


def session_names(home: Home, storage: Mapping[str, Any]) -> list[str]:
    """What those say they do who hold a lock, or wait for it, on any machine.

    Raises:
        ConfigurationError: as `postgres_lock`.

    """
    with _session(home, storage, "adv") as session:
        return [str(name) for (name,) in session.exec_driver_sql(SESSIONS)]


@contextmanager
def _session(home: Home, storage: Mapping[str, Any], name: str) -> Iterator[Connection]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = _engine(home, storage, name)
        session = engine.connect()
        session.exec_driver_sql(PREPARE)
    except ConfigurationError:
        raise
    except Exception as error:
        raise unusable(home, error) from None
    try:
        yield session
    finally:
        with suppress(SQLAlchemyError):  # it may be gone
            session.close()


def _engine(home: Home, storage: Mapping[str, Any], name: str) -> Engine:
    """Reaches the server just as Dagster does."""
    from dagster._config import process_config, resolve_to_config_type
    from dagster_postgres.utils import (
        create_pg_engine,
        get_token_provider_from_config,
        pg_config,
        pg_url_from_config,
    )
    from sqlalchemy.pool import NullPool

    read = process_config(resolve_to_config_type(pg_config()), storage)
    if not read.success or read.value is None:
        said = " ".join(error.message for error in read.errors or ())
        raise wrong(home, said)
    return create_pg_engine(
        pg_url_from_config(read.value),
        get_token_provider_from_config(read.value),
        isolation_level="AUTOCOMMIT",  # a transaction that stays open would keep VACUUM waiting
        poolclass=NullPool,
        connect_args={
            "application_name": name,
            "connect_timeout": CONNECT_SECONDS,
            "keepalives_idle": SILENT_SECONDS,
            "keepalives_interval": PROBE_SECONDS,
            "keepalives_count": PROBES,
            "tcp_user_timeout": (SILENT_SECONDS + PROBE_SECONDS * PROBES) * 1000,
        },
    )
