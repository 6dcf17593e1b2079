"""Dagster's own launchers for several machines, as an installation's settings name them.

Each knows the runs that it launched, and none those of the command line, of which Dagster's
monitoring asks it all the same: a run that it does not know would be failed while it goes on.
`celery.py` and `kubernetes.py` need the extra of their name.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, RunLauncher, WorkerStatus

from orchestration.instance import is_of_command_line


class LeavesCommandLineAlone(RunLauncher):
    """Answers for the runs of the command line; who looks for dead ones is `dead_runs`."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """How the process of a run fares."""
        if is_of_command_line(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return super().check_run_worker_health(run)
