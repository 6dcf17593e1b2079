"""Compare a home's marts with their oracles: `python -m tests.oracle --home … --dates …`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from ingestion.home import Home
from tests.oracle.check import checked
from tests.oracle.homes import as_of_date, copy_of, restate
from tests.oracle.marts import REGISTRY


def main() -> int:
    """Print what differs; 0 when nothing does."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="an ADV_HOME that has run")
    parser.add_argument("--dates", type=date.fromisoformat, nargs="*", default=[])
    parser.add_argument("--marts", nargs="*", default=list(REGISTRY), choices=list(REGISTRY))
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="build the home's own date anew, too: by the models as they are now",
    )
    arguments = parser.parse_args()
    home = Home(arguments.home.resolve())
    own = as_of_date(home)
    differs = False
    with tempfile.TemporaryDirectory(prefix="adv-oracle-") as folder:
        copy = None
        for day in arguments.dates or [own]:
            if day == own and not arguments.rebuild:
                marts_file = home.marts.resolve()
            else:
                copy = copy or copy_of(home, Path(folder))
                marts_file = restate(copy, day, arguments.marts)
            print(f"as of {day}", flush=True)
            started = time.monotonic()
            for difference in checked(home, day, marts_file, arguments.marts):
                differs |= not difference.is_none
                print(f"  {difference}", f"({time.monotonic() - started:.0f} s)", flush=True)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
