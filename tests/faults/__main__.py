"""Run the fault campaign and print its table: `python -m tests.faults --times 3`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.campaign import Tally, campaign, faults
from tests.faults.company import Company, DemoCompany
from tests.faults.readers import read_through_refreshes


def main() -> int:
    """Print a line as each fault is done; 0 when none did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="how often each fault is tried")
    parser.add_argument("--only", default="", help="faults whose name holds this text")
    parser.add_argument("--seed", type=int, default=0, help="draws the random moments")
    parser.add_argument(
        "--home-of",
        choices=("all", "small", "demo", "readers"),
        default="all",
        help="the small company; the demo, which is not in `all`; or readers of a company that "
        "publishes again and again",
    )
    parser.add_argument("--scale", type=float, default=0.05, help="of the demo")
    given = parser.parse_args()
    console, tallies = Console(width=160), []
    with tempfile.TemporaryDirectory(prefix="adv-faults-") as folder:
        root = Path(folder)
        companies = {
            "small": Company(root / "small"),
            "demo": DemoCompany(root / "demo", scale=given.scale),
        }
        for name, company in companies.items():
            if given.home_of == name or (given.home_of == "all" and name != "demo"):
                tallies += _befall(console, company, given)
        if given.home_of in ("all", "readers"):
            tallies.append(_read(console, root / "readers"))
    console.print(_table(tallies))
    return int(not all(tally.is_clean for tally in tallies))


def _befall(console: Console, company: Company, given: argparse.Namespace) -> list[Tally]:
    chosen = {k: v for k, v in faults(company, given.seed).items() if given.only in k}
    if not chosen:
        return []
    company.root.mkdir()
    console.print("Two nights without a fault, to compare with ...")
    done = []
    try:
        company.found()
        for tally in campaign(company, chosen, given.times):
            console.print(*_cells(tally), highlight=False)
            done.append(tally)
    finally:
        company.close()
    return done


def _read(console: Console, root: Path) -> Tally:
    """What readers met, in the words of the table."""
    told = read_through_refreshes(root, readers=20, refreshes=10)
    for trouble in told.troubles:
        console.print(trouble, highlight=False)
    tally = Tally("20 readers through 10 refreshes", tried=told.answers)
    tally.struck["publication"] = 10
    tally.lost_or_corrupt = len(told.troubles)
    return tally


def _table(tallies: list[Tally]) -> Table:
    table = Table("fault", "tried", "where it struck", "lost or corrupt", "wrong", "hands needed")
    for tally in tallies:
        table.add_row(*_cells(tally))
    return table


def _cells(tally: Tally) -> tuple[str, ...]:
    struck = ", ".join(
        f"{stage} ({times})" if times > 1 else stage for stage, times in tally.struck.items()
    )
    numbers = (tally.lost_or_corrupt, tally.wrong, tally.hands)
    return (tally.fault, str(tally.tried), struck, *map(str, numbers))


if __name__ == "__main__":
    sys.exit(main())
