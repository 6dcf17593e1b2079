"""Superset's own folder: a Python environment apart from the product's, a secret key, its state."""

from __future__ import annotations

import os
import secrets
import subprocess
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboards.superset.bundle import ASSETS
from ingestion.errors import ConfigurationError

LOCK = ASSETS / "requirements.lock"
OWNER_ONLY = 0o600


@dataclass(frozen=True)
class SupersetHome:
    """Folder of one Superset: `environment/`, `secret_key`, `superset.db`; at last `imported`."""

    path: Path

    @property
    def is_new(self) -> bool:
        """Nothing was imported yet, so nobody may have an account."""
        return not self._imported.exists()

    def keep_imported(self) -> None:
        """From now on somebody has an account, and there is something to see."""
        self._imported.touch()

    @property
    def _imported(self) -> Path:
        return self.path / "imported"

    def program(self, name: str) -> str:
        """A program of Superset's environment."""
        return str(self.path / "environment" / "bin" / name)

    def variables(self) -> dict[str, str]:
        """Environment variables by which Superset finds its state and settings."""
        return {
            **os.environ,
            "SUPERSET_HOME": str(self.path),
            "SUPERSET_CONFIG_PATH": str(ASSETS / "superset_config.py"),
            "FLASK_APP": "superset",
        }

    def install(self) -> None:
        """Install what the lock says, unless it is installed already."""
        installed = self.path / "environment" / "installed.lock"
        if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
            return
        venv.create(self.path / "environment", clear=True, with_pip=True)
        self.run(
            [
                *(self.program("python"), "-m", "pip", "install", "--quiet"),
                *("--disable-pip-version-check", "--require-hashes", "--requirement", str(LOCK)),
            ]
        )
        installed.write_bytes(LOCK.read_bytes())

    def keep_secret_key(self) -> None:
        """Draw the key that signs sessions, once; who has it can sign in as anybody."""
        key = self.path / "secret_key"
        if key.exists():
            return
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
            file.write(secrets.token_urlsafe(48))

    def run(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        """Run a command of Superset's environment to its end.

        Raises:
            ConfigurationError: it failed; it has said why on its own.

        """
        finished = subprocess.run(  # noqa: S603
            command, env={**self.variables(), **(variables or {})}, check=False
        )
        if finished.returncode:
            raise ConfigurationError(f"{' '.join(command[:3])} … ended with {finished.returncode}.")
