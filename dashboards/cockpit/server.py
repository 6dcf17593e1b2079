"""Runs the cockpit, on this machine alone unless a sign-in is configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import uvicorn

from dashboards.cockpit.app import Cockpit
from ingestion.config import Sources, read_sources
from ingestion.errors import AdvError
from ingestion.home import Home

LOOKS_EVERY_SECONDS = 5.0
"""How long a publication may be in force before it is prepared."""


def serve(home: Home, port: int) -> None:
    """Serve pages until stopped.

    Raises:
        ConfigurationError: the sources file is missing or wrong.

    """

    def sources() -> Sources:
        return read_sources(home.sources_file)

    cockpit = Cockpit(home, sources)
    try:
        with following(cockpit):
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


@contextmanager
def following(cockpit: Cockpit) -> Iterator[None]:
    """Prepare each publication for its readers, for as long as there may be any."""
    over = Event()
    thread = Thread(target=_follow, args=(cockpit, over), name="prepare")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(cockpit: Cockpit, over: Event) -> None:
    prepared = None
    while not over.is_set():
        in_force = cockpit.publications.identifier()
        if in_force != prepared:
            # Whatever is wrong with it, the pages say.
            with suppress(AdvError):
                cockpit.prepare()
            prepared = in_force
        over.wait(LOOKS_EVERY_SECONDS)
