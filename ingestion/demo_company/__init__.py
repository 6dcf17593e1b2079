"""A French-Italian distributor with real source systems, to try the product on.

Its life is generated once from a seed (`life.py`, `sql/life`), then shown at an instant as its
sources would hold it: Odoo in a PostgreSQL (`odoo.py`, `sql/odoo`), and the accounting files, the
CRM's export and the team's sheets (`files.py`, `sql/files`). What was planted in it is written to
`truths.json`, which the pipeline never reads.

How the company uses Odoo, where Odoo leaves it open:

- credit holds are changes of the field `credit_hold` of an order (0 to 1, 1 to 0);
- what goes out to customers is a message with a subject (`Order acknowledgement …`,
  `Quotation …`, `Delivery date changed …`, `Invoice …`);
- why a quote was lost, and who cancelled an order, is a note (`Lost: price`,
  `Cancelled by the customer`);
- a transfer to a customer without an order is a sample; bills are payments by `lcr` or `riba`
  that debit the bills account until their maturity.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ingestion.demo_company import files, odoo, server
from ingestion.demo_company.life import START, Plan, opened, tell
from ingestion.demo_company.truths import write_truths
from ingestion.errors import ConfigurationError

DEFAULT_UNTIL = date(2026, 6, 30)
"""The demo company lives in its own time, so that its numbers never depend on today's date."""
_SHORTEST = timedelta(days=30)


@dataclass(frozen=True)
class DemoCompany:
    """A demo company as it stands."""

    demo: Path
    scale: float
    seed: int
    until: date
    """Last day that has happened."""
    generator: str
    """Fingerprint of what generated it: another version tells another life."""

    @property
    def start(self) -> date:
        """First day of its history."""
        return START

    @property
    def plan(self) -> Plan:
        """What it is generated from."""
        return Plan(self.scale, self.seed, self.until)


def existing(demo: Path) -> DemoCompany | None:
    """The demo company in a folder, if a complete one is there."""
    state = demo / "demo.json"
    if not state.exists():
        return None
    known: dict[str, Any] = json.loads(state.read_text(encoding="utf-8"))
    until = date.fromisoformat(known["until"])
    return DemoCompany(demo, known["scale"], known["seed"], until, known.get("generator", ""))


def create(
    demo: Path,
    *,
    scale: float = 1.0,
    seed: int = 1,
    until: date | None = None,
    progress: Callable[[str], None],
) -> DemoCompany:
    """Create the demo company's source systems, unless they are there already.

    Args:
        demo: folder of the company; whatever else it held is replaced.
        scale: 1 is about 20,000 orders in three years.
        seed: equal seeds give equal companies.
        until: last day that has happened; an existing company that has lived on is kept when
            this is left out.
        progress: told what is being done.

    Raises:
        ConfigurationError: the scale or the day makes no sense.
        SourceError: PostgreSQL cannot be started.
    """
    found = existing(demo)
    wanted = (scale, seed, generator())
    same = found and (found.scale, found.seed, found.generator) == wanted
    if found and same and until in (None, found.until):
        progress(f"The demo company is there already, until {found.until}: nothing to do.")
        server.running(demo)
        return found
    company = DemoCompany(demo, scale, seed, until or DEFAULT_UNTIL, generator())
    _check(company)
    if found:
        progress(f"Another demo company (scale {found.scale}, seed {found.seed}) is replaced.")
    remove(demo)
    demo.mkdir(parents=True, exist_ok=True)
    progress("PostgreSQL: starting")
    database = server.running(demo)
    life = demo / "life.duckdb"
    with opened(life) as connection:
        tell(connection, company.plan, progress)
        _create_views(connection, company)
        progress("Odoo: filling")
        rows = odoo.fill(connection, database, company.until)
        _write_rest(connection, company, progress)
    progress(f"{rows:,} rows in Odoo, until {company.until}.")
    return company


def advance(demo: Path, days: int, progress: Callable[[str], None]) -> DemoCompany:
    """Let the company live on, and apply to its sources what changes.

    Raises:
        ConfigurationError: there is no company, another version made it, or the number of days
            is not positive.
    """
    found = existing(demo)
    if found is None:
        raise ConfigurationError("There is no demo company yet: run `adv demo create` first.")
    if days < 1:
        raise ConfigurationError(f"The company can only live forward: {days} days make no sense.")
    if found.generator != generator():
        raise ConfigurationError(
            "The demo company was made by another version of this product and cannot live on:"
            " run `adv demo create`, which makes it anew."
        )
    company = replace(found, until=found.until + timedelta(days=days))
    database = server.running(demo)
    told = demo / "life.new.duckdb"
    told.unlink(missing_ok=True)
    with opened(told) as connection:
        tell(connection, company.plan, progress)
        _create_views(connection, company)
        progress("Odoo: applying what changed")
        counts = odoo.move_on(connection, database, company.until)
        _write_rest(connection, company, progress)
    told.replace(demo / "life.duckdb")
    progress("; ".join(f"{count} rows {what}" for what, count in counts.items()))
    return company


def remove(demo: Path) -> None:
    """Stop the company's PostgreSQL and delete everything it left."""
    (demo / "demo.json").unlink(missing_ok=True)
    server.remove(demo)
    for folder in ("contract", "fec", "salesforce", "sheets"):
        shutil.rmtree(demo / folder, ignore_errors=True)
    for file in (*demo.glob("life*"), demo / "truths.json"):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)


@cache
def generator() -> str:
    """Fingerprint of all that decides how a company's life goes and is shown."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    modules = [folder / f"{name}.py" for name in ("life", "reference", "workdays")]
    for file in sorted((*folder.rglob("*.sql"), *modules)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _check(company: DemoCompany) -> None:
    if company.scale <= 0:
        raise ConfigurationError(f"A scale of {company.scale} makes no company; give more than 0.")
    if company.until < START + _SHORTEST:
        raise ConfigurationError(
            f"The company starts on {START} and needs a month: {company.until} is too early."
        )


def _create_views(connection: Any, company: DemoCompany) -> None:
    odoo.set_instant(connection, company.until)
    odoo.create_views(connection)
    files.create_views(connection)


def _write_rest(connection: Any, company: DemoCompany, progress: Callable[[str], None]) -> None:
    """Write the files, and at the very end the state that says that all is complete."""
    progress("Accounting, CRM and sheets: writing")
    files.write_files(connection, company.demo)
    write_truths(connection, company.demo / "truths.json")
    state = {
        "scale": company.scale,
        "seed": company.seed,
        "until": company.until.isoformat(),
        "generator": company.generator,
    }
    part = company.demo / "demo.json.part"
    part.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    part.replace(company.demo / "demo.json")
