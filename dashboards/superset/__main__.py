"""Superset with the dashboards, on loopback.

    python -m dashboards.superset load            installs Superset and imports the dashboards
    python -m dashboards.superset serve           opens http://127.0.0.1:8088
    python -m dashboards.superset bundle FILE     an archive for a Superset of your own

All can be repeated: a dashboard is renewed by its UUID, and what people added is left alone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from dashboards.superset.bundle import ASSETS, bundle
from dashboards.superset.environment import SupersetHome
from dashboards.superset.inside import ADMINISTRATOR, PASSWORD
from ingestion.errors import AdvError, ConfigurationError
from ingestion.home import Home

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="ADV_HOME", help="Where the warehouse's state lives.")
]
SupersetHomeOption = Annotated[
    Path, typer.Option("--superset-home", help="Where Superset, its key and its state live.")
]
PortOption = Annotated[int, typer.Option(help="On loopback.")]
ADV_HOME, SUPERSET_HOME, PORT = Path(".adv"), Path(".superset"), 8088


@app.command()
def load(home: HomeOption = ADV_HOME, superset_home: SupersetHomeOption = SUPERSET_HOME) -> None:
    """Install Superset where it is missing, and bring it and the dashboards up to date."""
    marts = _marts(home)
    superset = _superset(superset_home)
    if superset.is_new and not os.environ.get(PASSWORD):
        raise ConfigurationError(f"Set {PASSWORD}: the first start makes the account with it.")
    superset.path.mkdir(parents=True, exist_ok=True)
    superset.keep_secret_key()
    superset.install()
    superset.run([superset.program("superset"), "db", "upgrade"])
    superset.run([superset.program("superset"), "init"])
    with TemporaryDirectory() as folder:
        archive = Path(folder) / "dashboards.zip"
        archive.write_bytes(bundle(marts))
        superset.run([superset.program("python"), "-P", str(ASSETS / "inside.py"), str(archive)])
    superset.keep_imported()
    typer.echo(f"The dashboards are imported; `serve` opens them to {ADMINISTRATOR}.")


@app.command()
def serve(superset_home: SupersetHomeOption = SUPERSET_HOME, port: PortOption = PORT) -> None:
    """Serve Superset on loopback until it is interrupted."""
    superset = _superset(superset_home)
    if superset.is_new:
        raise ConfigurationError(f"{superset.path} holds no Superset yet: `load` makes one.")
    typer.echo(f"http://127.0.0.1:{port}/dashboard/list/ as {ADMINISTRATOR}; Ctrl-C ends it.")
    superset.run(
        [
            *(superset.program("gunicorn"), "superset.app:create_app()"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "2"),
            *("--worker-class", "gthread", "--threads", "8", "--timeout", "120"),
        ]
    )


@app.command("bundle")
def write_bundle(file: Path, home: HomeOption = ADV_HOME) -> None:
    """Write an archive that any Superset 6.1 imports by its REST address /api/v1/assets/import/."""
    file.write_bytes(bundle(_marts(home)))
    typer.echo(f"Wrote {file}.")


def _marts(home: Path) -> Path:
    marts = Home(home.resolve()).marts
    if not marts.exists():
        raise ConfigurationError(f"{marts} does not exist; `adv run` publishes it.")
    return marts


def _superset(path: Path) -> SupersetHome:
    return SupersetHome(path.resolve())


def main() -> None:
    """Entry point: errors raised on purpose become words and an exit code."""
    try:
        app()
    except AdvError as error:
        typer.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


if __name__ == "__main__":
    main()
