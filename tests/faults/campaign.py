"""The faults, and what is asked after each of them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from orchestration.query import query_marts
from tests.command import adv
from tests.faults.company import Company, DemoCompany
from tests.faults.disk import full_disks
from tests.faults.points import POINTS, SERVER_POINTS, SOURCE_POINTS

SIZES_LEFT = (0, 0.5, 4, 15, 38, 41, 43)
"""Megabytes left on a full disk, by which a night of the small company fails at one stage after
the other."""


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
    struck: Counter[str] = field(default_factory=Counter)
    """The stage that the run had reached when it ended, and how often."""

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, wrong or left to a person."""
        return not (self.lost_or_corrupt or self.wrong or self.hands)


Fault = Callable[[Company], None]


def faults(company: Company, seed: int = 0) -> dict[str, Fault]:
    """Every fault that can befall the company, by its name; the seed draws the random moments."""
    moments = random.Random(seed)
    at_random: dict[str, Fault] = {
        "killed at a random moment": partial(_stopped, by=signal.SIGKILL, moments=moments),
        "killed at a random moment, launched by Dagster": partial(
            _stopped, by=signal.SIGKILL, moments=moments, launch=_launched_by_dagster
        ),
        "asked to stop (SIGTERM) at a random moment": partial(
            _stopped, by=signal.SIGTERM, moments=moments
        ),
        "interrupted (SIGINT) at a random moment": partial(
            _stopped, by=signal.SIGINT, moments=moments
        ),
    }
    if isinstance(company, DemoCompany):
        return at_random
    return {
        **{f"killed: {point}": partial(_killed_at, point=point) for point in POINTS},
        **at_random,
        **full_disks(SIZES_LEFT),
        "64 MB of memory for DuckDB": _without_memory,
        **{point: partial(_befallen, point=point) for point in SOURCE_POINTS},
        **{point: partial(_server_lost, point=point) for point in SERVER_POINTS},
        **{
            f"{point}, and it may go stale": partial(_stale, point=point) for point in SERVER_POINTS
        },
        "two runs at once": _twice,
        "a run launched by Dagster beside one of the command line": _beside_dagster,
        "questions asked all the while": _asked,
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
            tally.struck[company.stage_reached()] += 1
            try:
                tally.lost_or_corrupt += company.published() not in (before, after)
            except Exception:  # whatever a reader may meet
                tally.lost_or_corrupt += 1
            company.make_good()
            try:
                company.run()
                found = company.published()
                different = sorted(t for t in after if found.get(t) != after[t])
                if different:
                    print(f"{name}: {', '.join(different)}", file=sys.stderr)
                tally.wrong += found != after
            except RuntimeError as error:
                print(error, file=sys.stderr)
                tally.hands += 1
        yield tally


def _killed_at(company: Company, point: str) -> None:
    ended = _run_at(company, point)
    assert ended == -signal.SIGKILL, f"{point} was not met: {company.told.read_text()}"


def _befallen(company: Company, point: str) -> None:
    """The run says in words what befell its source, and publishes nothing."""
    assert _run_at(company, point) == 1
    told = company.told.read_text(encoding="utf-8")
    assert "Nothing was published" in told and "Traceback" not in told, told


def _server_lost(company: Company, point: str) -> None:
    company.serve(on_refusal="hold")
    _befallen(company, point)


def _stale(company: Company, point: str) -> None:
    """The run publishes what it had of that source."""
    company.serve(on_refusal="publish_stale")
    assert _run_at(company, point) == 0
    assert "Stale: small" in company.told.read_text(encoding="utf-8")


def _run_at(company: Company, point: str) -> int:
    return company.start([sys.executable, "-m", "tests.faults.sabotage", point, "run"]).wait()


Launch = Callable[[Company], subprocess.Popen[bytes]]


def _launched_by_person(company: Company) -> subprocess.Popen[bytes]:
    return company.start()


def _launched_by_dagster(company: Company) -> subprocess.Popen[bytes]:
    """As the user interface and the schedule do it: a process that knows the job's name."""
    job = ("-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", "nightly")
    return company.start([sys.executable, *job], DAGSTER_HOME=str(company.home.dagster))


def _stopped(
    company: Company,
    by: signal.Signals,
    moments: random.Random,
    launch: Launch = _launched_by_person,
) -> None:
    run = launch(company)
    time.sleep(moments.uniform(1, company.longest_night_seconds))
    run.send_signal(by)
    run.wait()


def _without_memory(company: Company) -> None:
    company.start(ADV_MEMORY_LIMIT="64MB").wait()


def _twice(company: Company) -> None:
    runs = [company.start() for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]


def _beside_dagster(company: Company) -> None:
    runs = [_launched_by_person(company), _launched_by_dagster(company)]
    assert [run.wait() for run in runs] == [0, 0], company.told.read_text(encoding="utf-8")


def _asked(company: Company) -> None:
    """Each answer is that of one publication, and `adv sql` waits for nobody."""
    run = company.start()
    answers = set()
    question = "select count(*), any_value(run_id) from meta.runs"
    while run.poll() is None:
        answers.add(str(query_marts(company.home, question)[1]))
        assert adv(company.home, "sql", question).returncode == 0
    assert run.returncode == 0
    assert len(answers) == 2, answers


def _corrupted(company: Company, at: float, share: float = 0.002) -> None:
    """Found when it is read, and mended by the one command that the message names."""
    warehouse = company.home.warehouse
    size = warehouse.stat().st_size
    with warehouse.open("r+b") as file:
        file.seek(int(at * size))
        file.write(b"\0" * int(share * size))
    if company.start().wait() == 0:
        return  # what was overwritten is built anew every night
    told = company.told.read_text(encoding="utf-8")
    assert "adv rebuild --replace" in told, told
    assert adv(company.home, "rebuild", "--replace").returncode == 0
