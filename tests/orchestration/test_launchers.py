"""Runs of the command line under a launcher that did not launch them."""

from __future__ import annotations

from uuid import uuid4

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, RunLauncher, WorkerStatus
from dagster._core.test_utils import create_run_for_test

from orchestration.instance import COMMAND_LINE_TAG
from orchestration.launchers import LeavesCommandLineAlone


class KnowsNone(RunLauncher):
    """As Dagster's launchers answer for a run that they did not launch."""

    def launch_run(self, context: object) -> None:
        raise NotImplementedError

    def terminate(self, run_id: str) -> bool:
        raise NotImplementedError(run_id)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        return CheckRunHealthResult(WorkerStatus.UNKNOWN, run.run_id)


class Launcher(LeavesCommandLineAlone, KnowsNone):
    """Composed as those for Celery and Kubernetes are."""


def test_only_runs_of_the_command_line_are_answered_for() -> None:
    launcher = Launcher()  # type: ignore[no-untyped-call]  # so Dagster declares it
    with dg.DagsterInstance.ephemeral() as instance:
        by_hand, launched = str(uuid4()), str(uuid4())
        tags = {COMMAND_LINE_TAG: by_hand}  # which one who repeats it takes over
        found = [
            launcher.check_run_worker_health(
                create_run_for_test(instance, run_id=run_id, tags=tags)
            )
            for run_id in (by_hand, launched)
        ]
    assert [result.status for result in found] == [WorkerStatus.RUNNING, WorkerStatus.UNKNOWN]
