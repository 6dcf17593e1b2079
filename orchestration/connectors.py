"""What is read of every system, written from the declarations: `docs/connectors/tables.md`.

Run as `python -m orchestration.connectors docs/connectors/tables.md`, which `make docs` does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ingestion.declarations import System, Table, systems

INTRODUCTION = """\
# What is read of every system

Written by `make docs` from the declarations; do not edit.

Of each table the columns that `dbt_project/models/staging/<system>/_<system>__sources.yml` names
are read, and no others. A table with a cursor is read from where the last night ended, less an
overlap, and the keys of all its rows beside; one without is read whole every night. An optional
table comes with a module that may not be installed, and is empty without it.
"""


def page() -> str:
    """The page as a whole."""
    known = sorted((s for s in systems().values() if s.name != "contract"), key=lambda s: s.name)
    return "\n".join([INTRODUCTION, *(line for system in known for line in _system(system))]) + "\n"


def _system(system: System) -> Iterator[str]:
    yield f"## {system.name}"
    yield ""
    yield system.description
    yield ""
    yield from ("| table | key | cursor | optional | what it is |", "|---|---|---|---|---|")
    yield from map(_table, system.tables)
    yield ""


def _table(table: Table) -> str:
    optional = "yes" + f": {table.module}" * bool(table.module) if table.optional else ""
    cells = (
        f"`{table.relation or table.name}`",
        ", ".join(table.key),
        table.cursor or "",
        optional,
        table.description,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(page(), encoding="utf-8")
