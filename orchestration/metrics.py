"""Metrics of the core asked for by name: MetricFlow's `mf`, pointed at the published marts.

`mf` looks for a dbt project with its semantic manifest and a profile. Three small files in a folder
of their own are one, so that asking parses nothing again and finds only what is published.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ingestion.errors import ConfigurationError, NothingPublishedError, WarehouseError
from ingestion.home import Home
from orchestration.dbt_runner import SEMANTIC_MANIFEST

RUN_MF = "from dbt_metricflow.cli.main import cli; cli(prog_name='adv metrics')"


def ask_metrics(home: Home, arguments: Sequence[str]) -> int:
    """Run `mf` with these arguments, and give its exit code.

    Raises:
        ConfigurationError: MetricFlow is not installed.
        NothingPublishedError: nothing has been published yet.
        WarehouseError: what dbt knows of the metrics is missing.

    """
    if importlib.util.find_spec("dbt_metricflow") is None:
        raise ConfigurationError(
            "MetricFlow is not installed: install this product with its extra `metrics`."
        )
    if not home.marts.exists():
        raise NothingPublishedError
    if not (home.dbt / SEMANTIC_MANIFEST).exists():
        raise WarehouseError("dbt has not parsed the metrics here yet; `adv run` does it.")
    with tempfile.TemporaryDirectory(prefix="adv-metrics-") as folder:
        project = Path(folder)
        _write_project(home, project)
        command = [sys.executable, "-c", RUN_MF, *arguments]
        return subprocess.run(command, env=_environment(project), check=False).returncode  # noqa: S603 - no shell


def _write_project(home: Home, project: Path) -> None:
    (project / "target").mkdir()
    shutil.copyfile(home.dbt / SEMANTIC_MANIFEST, project / "target" / SEMANTIC_MANIFEST)
    # JSON is YAML, too, whatever a path may hold.
    marts = {
        "type": "duckdb",
        "path": str(home.marts),
        "schema": "core",
        "config_options": {"access_mode": "READ_ONLY"},
    }
    files = {
        "dbt_project.yml": {"name": "adv", "version": "1.0", "profile": "adv"},
        "profiles.yml": {"adv": {"target": "marts", "outputs": {"marts": marts}}},
    }
    for name, content in files.items():
        (project / name).write_text(json.dumps(content), encoding="utf-8")


def _environment(project: Path) -> dict[str, str]:
    """What `mf` finds the project by; files that it is told to write go where it is started."""
    folders = ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR", "DBT_LOG_PATH")
    return {**os.environ, **dict.fromkeys(folders, str(project)), "DO_NOT_TRACK": "1"}
