"""The companies that faults befall: something of them changes, and a twin lives undisturbed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from ingestion.embedded_postgres import embedded_postgres, stop_embedded_postgres
from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.home import Home
from tests.command import adv, environment
from tests.ingestion.postgres_server import Server
from tests.orchestration.conftest import NAMES_ITS_LOAD, SOURCES, install

STAGES = {
    " published ": "after the publication",
    " dbt: ": "checks and publication",
    " raw: ": "dbt build",
    " rules checked": "load",
    " tables read": "validation",
}
"""The stage that follows a line of the log."""

Digest = dict[str, tuple[object, ...]]
"""Number of rows of every table of core and kpi, and two sums over the hashes of all of them."""


@dataclass
class Company:
    """An installation after its first night, to be brought back to it after every fault.

    Its source is a folder of CSV files, of which five change.
    """

    root: Path
    longest_night_seconds: float = 0
    """That of the undisturbed night; one that is killed at random is killed within it."""

    @property
    def home(self) -> Home:
        """Always at the same place."""
        return Home(self.root / "home")

    @property
    def server(self) -> Server:
        """A PostgreSQL for the faults that want one, beside the installation."""
        return Server(self.root / "postgres" / "data")

    def serve(self, on_refusal: str) -> None:
        """From now on, read the same rows from that server instead of files."""
        tables = sorted((self.home.root / "exports").glob("*.csv"))
        dsn = embedded_postgres(self.server.data)
        configured = yaml.safe_load(SOURCES)
        configured["sources"]["small"] = {
            "system": "contract",
            "transport": "postgres",
            "on_refusal": on_refusal,
            # Given its address, the product does not start the server anew by itself.
            "connection": {
                "host": re.findall("host='(.*?)'", dsn)[0],
                "database": "odoo",
                "user": "postgres",
            },
            "queries": {file.stem: f"select * from {file.stem}" for file in tables},
        }
        self.home.sources_file.write_text(yaml.safe_dump(configured), encoding="utf-8")
        with connect(extensions=["postgres_scanner"]) as connection:
            connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres)")
            for file in tables:
                connection.execute(
                    f"create or replace table pg.{quoted_name(file.stem)} as "
                    f"from read_csv({quoted_text(str(file))}, all_varchar = true)"
                )

    @property
    def told(self) -> Path:
        """What the last run that a fault befell has said."""
        return self.root / "told.txt"

    @property
    def _kept(self) -> Path:
        return self.root / "kept"

    def found(self) -> None:
        """Let the first night pass."""
        self._create()
        self.run()
        copy(self.home.root, self._kept)

    def _create(self) -> None:
        install(self.home)

    def restore(self) -> None:
        """Go back to the first night."""
        shutil.rmtree(self.home.root, ignore_errors=True)
        copy(self._kept, self.home.root)
        self.told.unlink(missing_ok=True)

    def live_on(self) -> None:
        """Change, add and delete rows in the exports."""
        exports = self.home.root / "exports"
        for table, old, new in (
            ("customers", "Dupont SA", "Dupont SAS"),
            ("products", "drill,", "nut,P4,Nut,Fasteners,0.10,goods,true\ndrill,"),
            ("document_lines", "drill,4,100,400,400", "drill,5,100,500,500"),
            ("payments", "2026-02-12", "2026-02-13"),
            ("claims", "c1,acme", "c2,acme"),
        ):
            file = exports / f"{table}.csv"
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
        self._make_exports(exports, self.root / "exports")

    def make_good(self) -> None:
        """Bring back, before the next night, what a source has lost."""
        self._make_exports(self.root / "exports", self.home.root / "exports")
        if self.server.data.exists():
            embedded_postgres(self.server.data)

    @staticmethod
    def _make_exports(source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        copy(source, target)

    def close(self) -> None:
        """Leave nothing running."""
        stop_embedded_postgres(self.server.data)

    def run(self) -> None:
        """A night that must go well without a hand."""
        result = adv(self.home, "run")
        if result.returncode:
            raise RuntimeError(result.stdout + result.stderr)

    def start(
        self,
        command: Sequence[str] = (sys.executable, "-m", "orchestration.cli", "run"),
        *,
        before: Callable[[], None] | None = None,
        **variables: str,
    ) -> subprocess.Popen[bytes]:
        """Start a night that a fault is to befall; `before` is called in its process."""
        with self.told.open("ab") as told:
            return subprocess.Popen(
                command,
                env={**environment(self.home), **variables},
                stdout=told,
                stderr=subprocess.STDOUT,
                preexec_fn=before,
            )

    def stage_reached(self) -> str:
        """Where the last run was when it ended, by its log."""
        if not self.told.exists():
            return "no run"
        lines = self.told.read_text(encoding="utf-8", errors="replace").splitlines()
        for line in reversed(lines):
            for words, stage in STAGES.items():
                if words in line and line[2:3] == ":":
                    return stage
        return "start and extraction"

    def published(self) -> Digest:
        """What a reader sees, in one file that holds everything."""
        assert not list(self.home.published.glob("current/*.wal"))
        return digest(self.home.marts.resolve())

    @cached_property
    def before(self) -> Digest:
        """What the first night published."""
        return digest((self._kept / "published" / "marts.duckdb").resolve())

    @cached_property
    def after(self) -> Digest:
        """What the second night publishes when nothing disturbs it."""
        self.restore()
        self.live_on()
        began = time.monotonic()
        self.run()
        self.longest_night_seconds = time.monotonic() - began
        return self.published()


@dataclass
class DemoCompany(Company):
    """The demo company, of any size; its second night reads a day of its life."""

    scale: float = 0.05

    @property
    def _lived(self) -> Path:
        return self.root / "lived"

    def found(self) -> None:
        """Create it, let the first night pass, and the day after it."""
        super().found()
        adv(self.home, "demo", "advance", "--days", "1")
        self.close()
        copy(self.home.root, self._lived)

    def _create(self) -> None:
        adv(self.home, "demo", "create", "--scale", str(self.scale))

    def run(self) -> None:
        """A night, after which the source's server is stopped, so that it can be copied."""
        super().run()
        self.close()

    def restore(self) -> None:
        """Go back to the first night."""
        self.close()
        super().restore()

    def live_on(self) -> None:
        """Take the day that passed once: it is always the same."""
        shutil.rmtree(self.home.root)
        copy(self._lived, self.home.root)

    def make_good(self) -> None:
        """Nothing: its server is started by whoever reads it."""

    def close(self) -> None:
        """Stop the server of its ERP."""
        if self.home.demo.exists():
            adv(self.home, "demo", "stop")


def copy(source: Path, target: Path) -> None:
    """Copy a folder as it is, whoever owns its files."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)


def digest(marts: Path) -> Digest:
    """Say in few words what the tables of core and kpi hold."""
    with connect(marts, read_only=True) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('core', 'kpi') order by 1"
        ).fetchall()
        return {
            name: connection.execute(
                "select count(*), bit_xor(hash(r)), sum(hash(r)::hugeint % 1000000007) "
                f"from (select * {NAMES_ITS_LOAD.get(name, '')} from {name}) as r"
            ).fetchall()[0]
            for (name,) in tables
        }
