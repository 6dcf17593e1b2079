"""Every run is a pod of its own: docs/deploy/kubernetes."""

from __future__ import annotations

from dagster_k8s.launcher import K8sRunLauncher

from orchestration.launchers import LeavesCommandLineAlone


class PodLauncher(LeavesCommandLineAlone, K8sRunLauncher):  # type: ignore[misc]
    """Dagster's, but for runs of the command line."""
