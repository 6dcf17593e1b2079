"""A machine whose clock jumps, by libfaketime (package `faketime` of Debian) where it is there."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from tests.faults.company import Company
from tests.orchestration.conftest import adv

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def jumps() -> dict[str, partial[None]]:
    """Jumps before a run, which are made good after it, and jumps in its middle."""
    if not LIBRARIES:
        return {}
    return {
        "the clock a day behind": partial(_clock, at_first="-1d"),
        "the clock a year behind": partial(_clock, at_first="-365d"),
        "the clock a year ahead": partial(_clock, at_first="+365d"),
        "set back by a day in the middle of a run": partial(_clock, at_first="+0", then="-1d"),
        "set ahead by a year in the middle of a run": partial(_clock, at_first="+0", then="+365d"),
    }


def _clock(company: Company, at_first: str, then: str = "") -> None:
    offset = company.root / "clock"
    offset.write_text(at_first, encoding="ascii")
    run = company.start(
        LD_PRELOAD=str(LIBRARIES[0]),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1",
    )
    while then and company.stage_reached() == "start and extraction" and run.poll() is None:
        time.sleep(0.2)
    offset.write_text(then or at_first, encoding="ascii")
    assert run.wait() == 0, company.told.read_text(encoding="utf-8")
    if at_first == "+365d":
        told = adv(company.home, "status", "--max-age", "26h")
        assert told.returncode == 1 and "ahead of now" in told.stderr, told.stdout + told.stderr
