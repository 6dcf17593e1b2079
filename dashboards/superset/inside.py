"""Run by Superset's own Python: an administrator, and the dashboards of an archive.

Superset's `import-dashboards` renews dashboards alone and leaves charts and data sets as they were
first imported. What renews all of them has no command, only this class and a REST address.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from zipfile import ZipFile

ADMINISTRATOR = "admin"
PASSWORD = "SUPERSET_ADMIN_PASSWORD"  # noqa: S105


def main(archive: str) -> None:
    """Make or renew the administrator, then import everything in the archive as him."""
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask import g
        from superset import security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.commands.importers.v1.utils import get_contents_from_bundle

        if password := os.environ.get(PASSWORD):
            _administrator(security_manager, password)
        g.user = security_manager.find_user(username=ADMINISTRATOR)
        with ZipFile(archive) as files:
            ImportAssetsCommand(get_contents_from_bundle(files)).run()


def _administrator(security_manager: Any, password: str) -> None:
    user = security_manager.find_user(username=ADMINISTRATOR)
    if user:
        security_manager.reset_password(user.id, password)
        return
    security_manager.add_user(
        ADMINISTRATOR,
        "Superset",
        "Administrator",
        "admin@localhost",
        security_manager.find_role("Admin"),
        password=password,
    )


if __name__ == "__main__":
    main(sys.argv[1])
