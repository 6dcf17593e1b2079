"""Nights of the demo company: wall time and peak memory by stage, and each tool's own share.

    python -m benchmarks.night --home /somewhere --scale 10 --nights 2

The company is created where `home` says, unless it is there already, and lives a day between two
nights. Each night is a process of its own, as on a real machine, and prints one table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.sampling import Sampler


def main() -> None:
    """Create the company, then run its nights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--nights", type=int, default=2)
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.within:
        _night(given.home)
        return
    adv = [sys.executable, "-m", "orchestration.cli", "--home", str(given.home)]
    subprocess.run([*adv, "demo", "create", "--scale", str(given.scale)], check=True)
    for number in range(given.nights):
        if number:  # a night that finds nothing new builds nothing
            subprocess.run([*adv, "demo", "advance", "--days", "1"], check=True)
        again = [sys.executable, "-m", "benchmarks.night", "--home", str(given.home), "--within"]
        subprocess.run(again, check=True)


def _night(home: Path) -> None:
    with Sampler() as sampler:
        from ingestion.home import Home
        from orchestration.nightly import run_nightly

        report = run_nightly(Home(home.resolve()))
    assert report.published, report.failures
    print(f"\n{sampler.seconds:.1f} s in all")
    instants = sum(sampler.stages.values())
    for stage, count in sampler.stages.most_common():
        seconds = sampler.seconds * count / instants
        print(f"{stage:20} {seconds:7.1f} s  {sampler.memory[stage] / 2**20:7,.0f} MB at most")
    threads = sum(sampler.owners.values())
    for owner, count in sampler.owners.most_common():
        print(f"{owner:20} {count / threads:7.1%} of the working threads' time")
    for step, seconds in report.stages.items():
        print(f"step {step:20} {seconds:7.1f} s")


if __name__ == "__main__":
    main()
