"""The company that faults befall: five of its tables change, and a twin lives undisturbed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ingestion.home import Home
from tests.orchestration.conftest import Marts, adv, install, rows_of_marts


@dataclass
class Company:
    """An installation after its first night, to be brought back to it after every fault."""

    root: Path

    @property
    def home(self) -> Home:
        """Always at the same place: elsewhere, dbt would parse the whole project again."""
        return Home(self.root / "home")

    @property
    def _kept(self) -> Path:
        return self.root / "kept"

    def found(self) -> None:
        """Let the first night pass."""
        install(self.home)
        self.run()
        shutil.copytree(self.home.root, self._kept, symlinks=True)

    def restore(self) -> None:
        """Go back to the first night."""
        shutil.rmtree(self.home.root, ignore_errors=True)
        shutil.copytree(self._kept, self.home.root, symlinks=True)

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

    def run(self) -> None:
        """A night that must go well without a hand."""
        result = adv(self.home, "run")
        if result.returncode:
            raise RuntimeError(result.stdout + result.stderr)

    def published(self) -> Marts:
        """What a reader sees, in one file that holds everything."""
        assert not list(self.home.published.glob("current/*.wal"))
        return rows_of_marts(self.home.marts.resolve())

    @cached_property
    def before(self) -> Marts:
        """What the first night published."""
        return rows_of_marts((self._kept / "published" / "marts.duckdb").resolve())

    @cached_property
    def after(self) -> Marts:
        """What the second night publishes when nothing disturbs it."""
        self.restore()
        self.live_on()
        self.run()
        return self.published()
