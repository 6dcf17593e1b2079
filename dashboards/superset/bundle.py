"""The dashboards as one archive that Superset imports."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import yaml

ASSETS = Path(__file__).parent
PARTS = ("databases", "datasets", "charts", "dashboards")


def asset_files() -> list[Path]:
    """Every file of the import format, metadata first."""
    return [
        ASSETS / "metadata.yaml",
        *(path for part in PARTS for path in sorted((ASSETS / part).rglob("*.yaml"))),
    ]


def bundle(marts: Path) -> bytes:
    """A ZIP archive of all assets, connected to the published file `marts`.

    The name is kept as it is given: the link leads to another file after each refresh.
    """
    archive = BytesIO()
    with ZipFile(archive, "w") as files:
        for path in asset_files():
            name = path.relative_to(ASSETS)
            text = path.read_text(encoding="utf-8")
            if name.parts[0] == "databases":
                text = _connected(text, marts)
            files.writestr(str(Path("adv") / name), text)
    return archive.getvalue()


def _connected(database: str, marts: Path) -> str:
    settings = yaml.safe_load(database)
    settings["sqlalchemy_uri"] = f"duckdb:///{marts.absolute()}"
    return yaml.safe_dump(settings, sort_keys=False)
