"""Compares ways of doing the same: by turns, each time in a process of its own.

A machine's speed changes within the hour, so only what alternated within one run is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What one turn took."""

    seconds: float
    """By the clock."""
    processor: float
    """Seconds that processors worked for it, those of its own children included."""
    megabytes: int
    """The most that it, or one of its children, held at a time."""


def measured(work: Callable[[], object]) -> Measured:
    """Do something, once, in this process."""
    began, before = time.perf_counter(), sum(os.times()[:4])
    work()
    seconds, processor = time.perf_counter() - began, sum(os.times()[:4]) - before
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
    # Of itself, getrusage would also tell what the process held that this one was forked from.
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Measured(seconds, processor, max(own, children) // 1024)


def tell(turn: Measured) -> None:
    """Tell the process that asked for this turn what it took: as the last line that is printed."""
    print(json.dumps(asdict(turn)))


def alternate(ways: Mapping[str, Sequence[str]], times: int) -> dict[str, list[Measured]]:
    """Take every way by turns; each is a command that ends with `tell`."""
    turns: dict[str, list[Measured]] = {way: [] for way in ways}
    for _ in range(times):
        for way, command in ways.items():
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            turns[way].append(Measured(**json.loads(told.splitlines()[-1])))
    return turns


def options(doc: str | None, ways: Iterable[str], times: int) -> argparse.ArgumentParser:
    """What a benchmark of a home is told; `--way` is for its turns."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--times", type=int, default=times)
    parser.add_argument("--way", choices=ways, help=argparse.SUPPRESS)
    return parser


def alternate_on(
    home: Path, module: str, ways: Iterable[str], times: int
) -> dict[str, list[Measured]]:
    """Take the ways of a benchmark by turns, by its own `--way`."""
    again = [sys.executable, "-m", module, "--home", str(home), "--way"]
    return alternate({way: [*again, way] for way in ways}, times)


def table(turns: Mapping[str, Sequence[Measured]], floors: Mapping[str, str]) -> str:
    """Medians as a table, with the range of the clock, and the ratio to another way's."""
    rows = ["| way | median | range | ratio | processor | memory |", "|---|---|---|---|---|---|"]
    clocks = {way: [turn.seconds for turn in every] for way, every in turns.items()}
    medians = {way: statistics.median(clock) for way, clock in clocks.items()}
    for way, every in turns.items():
        floor = floors.get(way)
        ratio = f"{medians[way] / medians[floor]:.2f} of {floor}" if floor else ""
        worked = statistics.median(turn.processor for turn in every)
        most = max(turn.megabytes for turn in every)
        rows.append(
            f"| {way} | {medians[way]:.1f} s | {min(clocks[way]):.1f} to {max(clocks[way]):.1f} s "
            f"| {ratio} | {worked:.1f} s | {most} MB |"
        )
    return "\n".join(rows)
