"""Where the product keeps its state: the folders under `ADV_HOME`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout, which holds the dbt project."""

DBT_PROJECT = PROJECT / "dbt_project"


@dataclass(frozen=True)
class Home:
    """The folders of one installation; nothing outside `root` is ever written."""

    root: Path
    installation: Path | None = None
    """Whose workshop this is, and whose settings hold for it, where it is no installation."""

    @classmethod
    def from_environment(cls) -> Home:
        """`ADV_HOME`, or `.adv` in the checkout."""
        return cls(Path(os.environ.get("ADV_HOME") or PROJECT / ".adv").resolve())

    @property
    def sources_file(self) -> Path:
        """Typed list of sources, written by `adv init`."""
        return self.root / "config" / "sources.yaml"

    @property
    def dagster_settings(self) -> Path:
        """A person's own sections of Dagster's settings, in place of the product's."""
        return (self.installation or self.root) / "config" / "dagster.yaml"

    @property
    def pseudonym_key(self) -> Path:
        """The secret behind employees' pseudonyms."""
        return self.root / "config" / "pseudonym.key"

    @property
    def landing(self) -> Path:
        """Batches, `<source>/<table>/<load_id>/`; ingestion/landing.py says what changes them."""
        return self.root / "landing"

    @property
    def kept_ledger(self) -> Path:
        """The ledger's rows of each load, beside the batches that it merged."""
        return self.landing / ".ledger"

    @property
    def quarantine(self) -> Path:
        """Refused batches and rows, with the rule that kept them out."""
        return self.root / "quarantine"

    @property
    def refusals(self) -> Path:
        """What each load refused, and which rule did."""
        return self.root / "refusals"

    @property
    def acceptances(self) -> Path:
        """What a person let through all the same."""
        return self.root / "acceptances.jsonl"

    @property
    def erasures(self) -> Path:
        """Which rows' persons were erased on request, and stay so."""
        return self.root / "erasures.jsonl"

    @property
    def layout(self) -> Path:
        """Number of the layout of these folders."""
        return self.root / "version.json"

    @property
    def data_docs(self) -> Path:
        """HTML pages on the last verdicts, built on request."""
        return self.root / "data_docs"

    @property
    def warehouse(self) -> Path:
        """DuckDB file with raw, staging and the contract; only a run opens it."""
        return self.root / "warehouse.duckdb"

    @property
    def replaced_warehouse(self) -> Path:
        """Where the warehouse is kept that a rebuild replaced."""
        return self.root / "warehouse.replaced.duckdb"

    @property
    def rebuild(self) -> Path:
        """Where a warehouse is built that takes the place of another."""
        return self.root / "rebuild"

    @property
    def spark(self) -> Path:
        """What Spark reads and makes during a build."""
        return self.root / "spark"

    @property
    def published(self) -> Path:
        """Publications, `<run_id>/`, and the link `current` to the one in force."""
        return self.root / "published"

    @property
    def marts(self) -> Path:
        """The file that BI tools open."""
        return self.published / "marts.duckdb"

    @property
    def dagster(self) -> Path:
        """The Dagster instance."""
        return self.root / "dagster"

    @property
    def dbt(self) -> Path:
        """Dbt's manifest and compiled SQL."""
        return self.root / "dbt"

    @property
    def demo(self) -> Path:
        """The demo company's source systems."""
        return self.root / "demo"

    @property
    def lock_file(self) -> Path:
        """Held by the one run that may write."""
        return self.root / "run.lock"
