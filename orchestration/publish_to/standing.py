"""Which publication the configured server holds, against the one in force."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.config import PostgresServer, read_sources
from ingestion.errors import AdvError, ConfigurationError
from ingestion.home import Home
from orchestration.publish import current_run_id
from orchestration.publish_to.postgres import Held, held_by


@dataclass(frozen=True)
class Standing:
    """What a server holds."""

    name: str
    held: Held | None
    is_in_force: bool
    fault: str = ""
    """Why nobody can tell."""


def configured_server(home: Home) -> PostgresServer | None:
    """The server that the installation publishes to, if any.

    Raises:
        ConfigurationError: the sources file is wrong.

    """
    if not home.sources_file.exists():
        return None
    publish_to = read_sources(home.sources_file).publish_to
    return publish_to.postgres if publish_to else None


def standing(home: Home) -> Standing | None:
    """What the server holds; None where none is configured, or the sources file is wrong."""
    try:
        server = configured_server(home)
    except ConfigurationError:
        return None  # `adv check` tells what is wrong
    if server is None:
        return None
    try:
        held = held_by(server)
    except AdvError as error:
        return Standing(server.name, None, is_in_force=False, fault=str(error))
    in_force = held is not None and held.run_id == current_run_id(home)
    return Standing(server.name, held, is_in_force=in_force)
