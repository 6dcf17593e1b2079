"""Runs wait in a queue of Celery's for a worker: docs/deploy/celery."""

from __future__ import annotations

from dagster_celery.launcher import CeleryRunLauncher

from orchestration.launchers import LeavesCommandLineAlone


class QueueLauncher(LeavesCommandLineAlone, CeleryRunLauncher):  # type: ignore[misc]
    """Dagster's, but for runs of the command line."""
