"""The faults, and what is asked after each of them."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tests.faults.company import Company
from tests.faults.points import POINTS
from tests.orchestration.conftest import adv, environment

LONGEST_NIGHT_SECONDS = 25
"""Random kills fall within it; one that comes too late meets a run that has ended."""


@dataclass
class Tally:
    """What came of one fault, tried several times."""

    fault: str
    tried: int = 0
    lost_or_corrupt: int = 0
    """Publications that were neither the one before nor the complete new one."""
    wrong: int = 0
    """Results of the next run that differ from the undisturbed twin's."""
    hands: int = 0
    """Runs after the fault that did not go well by themselves."""

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, wrong or left to a person."""
        return not (self.lost_or_corrupt or self.wrong or self.hands)


Fault = Callable[[Company], None]


def faults(seed: int = 0) -> dict[str, Fault]:
    """Every fault by its name; the seed draws the random moments."""
    moments = random.Random(seed)
    found: dict[str, Fault] = {
        f"killed: {point}": partial(_killed_at, point=point) for point in POINTS
    }
    return found | {
        "killed at a random moment": partial(_stopped, by=signal.SIGKILL, moments=moments),
        "asked to stop (SIGTERM) at a random moment": partial(
            _stopped, by=signal.SIGTERM, moments=moments
        ),
        "interrupted (SIGINT) at a random moment": partial(
            _stopped, by=signal.SIGINT, moments=moments
        ),
        "no room for a file beyond 2 MB": partial(_without_room, megabytes=2),
        "no room for a file beyond 20 MB": partial(_without_room, megabytes=20),
        "64 MB of memory for DuckDB": _without_memory,
        "two runs at once": _twice,
        "the warehouse overwritten at its head": partial(_corrupted, at=0.0),
        "the warehouse overwritten in its middle": partial(_corrupted, at=0.5),
        "half of the warehouse overwritten": partial(_corrupted, at=0.4, share=0.5),
    }


def campaign(company: Company, chosen: dict[str, Fault], times: int) -> Iterator[Tally]:
    """Try each fault; a tally for each."""
    before, after = company.before, company.after
    for name, fault in chosen.items():
        tally = Tally(name)
        for _ in range(times):
            company.restore()
            company.live_on()
            fault(company)
            tally.tried += 1
            try:
                tally.lost_or_corrupt += company.published() not in (before, after)
            except Exception:  # whatever a reader may meet
                tally.lost_or_corrupt += 1
            try:
                company.run()
                tally.wrong += company.published() != after
            except RuntimeError as error:
                print(error, file=sys.stderr)
                tally.hands += 1
        yield tally


def _killed_at(company: Company, point: str) -> None:
    command = [sys.executable, "-m", "tests.faults.sabotage", point, "run"]
    ended = subprocess.run(
        command, env=environment(company.home), capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, f"{point} was not met: {ended.stderr}"


def _stopped(company: Company, by: signal.Signals, moments: random.Random) -> None:
    run = _started(company)
    time.sleep(moments.uniform(1, LONGEST_NIGHT_SECONDS))
    run.send_signal(by)
    run.wait()


def _without_room(company: Company, megabytes: int) -> None:
    """A write that finds no room, as on a full disk; how far the run comes depends on the bound."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes << 20, megabytes << 20))

    run = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run"],
        env=environment(company.home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=limit,
    )
    run.wait()


def _without_memory(company: Company) -> None:
    run = _started(company, ADV_MEMORY_LIMIT="64MB")
    run.wait()


def _twice(company: Company) -> None:
    runs = [_started(company) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]


def _corrupted(company: Company, at: float, share: float = 0.002) -> None:
    """Found when it is read, and mended by the one command that the message names."""
    warehouse = company.home.warehouse
    size = warehouse.stat().st_size
    with warehouse.open("r+b") as file:
        file.seek(int(at * size))
        file.write(b"\0" * int(share * size))
    result = adv(company.home, "run")
    if result.returncode == 0:
        return  # what was overwritten is built anew every night
    told = result.stdout + result.stderr
    assert "adv rebuild --replace" in told, told
    assert adv(company.home, "rebuild", "--replace").returncode == 0


def _started(company: Company, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run"],
        env={**environment(company.home), **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
