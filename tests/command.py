"""The `adv` command, run to its end as a person would, but spared its imports.

They are nearly all that a short command takes, and a sixth of a small night, so the command is
forked from a process that has done them already. Tests that kill it start one of their own.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingestion.home import Home

LONGEST_SECONDS = 1800
"""A company of full size takes minutes."""

_forking = multiprocessing.get_context("forkserver")
# What others wrote only: an installation's own modules may look for its home when they are loaded.
_forking.set_forkserver_preload(
    [
        "dagster",
        "dagster_dbt",
        "data_quality.gx_duckdb",
        "dbt.adapters.duckdb",
        "dbt.cli.main",
        "dbt.task.build",
        "orchestration.cli",
        "pandas",
        "scipy.stats",
        "statsmodels.api",
    ]
)


def environment(home: Home) -> dict[str, str]:
    """What a command of this installation needs."""
    return {**os.environ, "ADV_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}


def adv(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an `adv` command to its end.

    Raises:
        subprocess.TimeoutExpired: it has none.

    """
    with tempfile.TemporaryDirectory(prefix="adv-command-") as folder:
        told = (Path(folder) / "stdout", Path(folder) / "stderr")
        process = _forking.Process(
            target=_run, args=(arguments, environment(home), Path.cwd(), told)
        )
        process.start()
        process.join(LONGEST_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, LONGEST_SECONDS)
        stdout, stderr = (file.read_text(encoding="utf-8") for file in told)
    return subprocess.CompletedProcess(arguments, process.exitcode, stdout, stderr)


def _run(
    arguments: Sequence[str], given: Mapping[str, str], folder: Path, told: Sequence[Path]
) -> None:
    """In the forked process: take the place of one that the command line began."""
    for descriptor, file in enumerate(told, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.environ.clear()
    os.environ.update(given)
    os.chdir(folder)
    sys.argv = ["adv", *arguments]
    from orchestration.cli import main

    try:
        main()
    finally:
        # multiprocessing leaves them out.
        atexit._run_exitfuncs()
