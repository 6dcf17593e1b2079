"""One run at a time; a dead one holds nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ingestion.errors import BusyError, LayoutError
from ingestion.home import Home
from ingestion.layout import LAYOUT, layout_of
from orchestration.lock import holder_of, run_lock

HOLD = """
import sys, time
from pathlib import Path
from ingestion.home import Home
from orchestration.lock import run_lock
with run_lock(Home(Path(sys.argv[1])), "another run"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_lock(home: Home) -> None:
    with (
        run_lock(home, "run one"),
        pytest.raises(BusyError, match="run one"),
        run_lock(home, "run two", wait_seconds=0),
    ):
        pass


def test_the_lock_is_free_after_a_run(home: Home) -> None:
    with run_lock(home, "run one"):
        assert (holder_of(home) or "").startswith("run one")
    assert holder_of(home) is None


def test_a_killed_run_frees_the_lock(home: Home) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match="another run"), run_lock(home, "me", wait_seconds=0):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    started = time.monotonic()
    with run_lock(home, "me", wait_seconds=5):
        assert time.monotonic() - started < 5


def test_what_is_written_under_the_lock_is_its_owners_alone(home: Home) -> None:
    before = os.umask(0o027)
    try:
        with run_lock(home, "run one"), run_lock(Home(home.root / "beside"), "run one"):
            home.landing.mkdir()
        with run_lock(home, "run two"):
            home.acceptances.touch()
        home.data_docs.mkdir()
    finally:
        os.umask(before)
    written = (home.landing, home.acceptances, home.layout, home.data_docs)
    modes = [path.stat().st_mode & 0o777 for path in written]
    assert modes == [0o700, 0o600, 0o600, 0o750]


def test_whoever_holds_the_lock_finds_the_layout_that_this_version_knows(home: Home) -> None:
    with run_lock(home, "run one"):
        assert layout_of(home) == LAYOUT
    home.layout.write_text(f'{{"layout": {LAYOUT + 1}}}')
    with pytest.raises(LayoutError), run_lock(home, "run two"):
        pass
    assert holder_of(home) is None
