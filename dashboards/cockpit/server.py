"""Runs the cockpit, on this machine alone unless a sign-in is configured."""

from __future__ import annotations

import uvicorn

from dashboards.cockpit.app import Cockpit
from ingestion.config import Sources, read_sources
from ingestion.home import Home


def serve(home: Home, port: int) -> None:
    """Serve pages until stopped.

    Raises:
        ConfigurationError: the sources file is missing or wrong.

    """

    def sources() -> Sources:
        return read_sources(home.sources_file)

    cockpit = Cockpit(home, sources)
    try:
        uvicorn.run(
            cockpit.application(),
            host=str(cockpit.settings.address),
            port=port,
            # The address of who asks is that of the connection, whatever a header says.
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
        )
    finally:
        cockpit.publications.close()
