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
        uvicorn.Server(configured(cockpit, port)).run()
    finally:
        cockpit.publications.close()


def configured(cockpit: Cockpit, port: int) -> uvicorn.Config:
    """How a cockpit is served: who asks is known by his connection, whatever a header says."""
    return uvicorn.Config(
        cockpit.application(),
        host=str(cockpit.settings.address),
        port=port,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
    )
