"""What an installation on a server is made of."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.home import PROJECT

DEPLOY = PROJECT / "docs" / "deploy"


def entries(file: Path) -> set[str]:
    """What a file of ignored names lists, whether below the checkout or anywhere in it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    names = (line.strip("/").removeprefix("**/") for line in lines)
    return {name for name in names if name and not name.startswith("#")}


def test_an_image_holds_neither_state_nor_secrets_of_the_checkout() -> None:
    kept_out = entries(PROJECT / ".dockerignore")
    assert kept_out >= {".adv", ".git", ".venv", "*.env"}
    assert entries(PROJECT / ".gitignore") - kept_out == set()


def documents(file: Path) -> list[Any]:
    return list(yaml.safe_load_all(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", ["celery", "kubernetes"])
def test_settings_for_several_machines_name_a_launcher_of_the_product(kind: str) -> None:
    (settings,) = documents(DEPLOY / kind / "dagster.yaml")
    assert settings["storage"].keys() == {"postgres"}  # which keeps the lock, too
    launcher = settings["run_launcher"]
    module = importlib.util.find_spec(launcher["module"])
    assert module
    assert module.origin
    source = Path(module.origin).read_text(encoding="utf-8")
    assert re.search(rf"^class {launcher['class']}\(", source, re.MULTILINE)


def test_pods_of_runs_have_the_image_the_state_and_the_secrets_of_the_first() -> None:
    *others, deployment = documents(DEPLOY / "kubernetes" / "adv.yaml")
    (settings,) = documents(DEPLOY / "kubernetes" / "dagster.yaml")
    launcher, pod = settings["run_launcher"]["config"], deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert {made["image"] for made in pod["initContainers"]} == {container["image"]}
    assert launcher["job_image"] == container["image"]
    assert launcher["volume_mounts"] == container["volumeMounts"]
    assert launcher["volumes"][0] in pod["volumes"]
    assert [{"secretRef": {"name": name}} for name in launcher["env_secrets"]] == container[
        "envFrom"
    ]
    assert launcher["service_account_name"] == pod["serviceAccountName"]
    assert {made["metadata"]["namespace"] for made in (*others, deployment)} == {
        launcher["job_namespace"]
    }
    user = pod["securityContext"]["runAsUser"]
    run_as = launcher["run_k8s_config"]["pod_spec_config"]["security_context"]["run_as_user"]
    assert user == run_as
    image = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert f"--uid {user} " in image
