"""Run the fault campaign and print its table: `python -m tests.faults --times 3`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.campaign import campaign, faults
from tests.faults.company import Company


def main() -> int:
    """Print a line as each fault is done; 0 when none did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="how often each fault is tried")
    parser.add_argument("--only", default="", help="faults whose name holds this text")
    parser.add_argument("--seed", type=int, default=0, help="draws the random moments")
    given = parser.parse_args()
    chosen = {name: fault for name, fault in faults(given.seed).items() if given.only in name}
    table = Table("fault", "tried", "lost or corrupt", "wrong results", "hands needed")
    console, clean = Console(width=120), True
    with tempfile.TemporaryDirectory(prefix="adv-faults-") as folder:
        company = Company(Path(folder))
        console.print("Two nights without a fault, to compare with ...")
        company.found()
        for tally in campaign(company, chosen, given.times):
            numbers = (tally.tried, tally.lost_or_corrupt, tally.wrong, tally.hands)
            console.print(tally.fault, *numbers, highlight=False)
            table.add_row(tally.fault, *map(str, numbers))
            clean &= tally.is_clean
    console.print(table)
    return int(not clean)


if __name__ == "__main__":
    sys.exit(main())
