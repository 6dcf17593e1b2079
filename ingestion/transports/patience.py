"""How long a server is waited for, where its driver would wait for ever and cannot be told."""

from __future__ import annotations

import os
import socket

from ingestion.errors import SourceError

IDLE = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", 0))
"""The option of that name; macOS calls it otherwise."""
SILENT_SECONDS = 60
"""A server that has said nothing for so long is asked whether it is there ..."""
ASKED_AGAIN_SECONDS = 10
"""... and asked again so often ..."""
ASKED_TIMES = 6
"""... so many times, until the connection counts as lost."""


def knock(host: str, port: int, seconds: float) -> None:
    """See to it that something answers there, and speaks first as database servers do.

    Raises:
        SourceError: it does not, or not in time.

    """
    try:
        with socket.create_connection((host, port), seconds) as connection:
            connection.settimeout(seconds)
            silent = not connection.recv(1)
    except TimeoutError:
        raise SourceError(f"{host}:{port} does not answer within {seconds:g} s") from None
    except OSError as error:
        raise SourceError(f"{host}:{port} cannot be reached: {error}") from None
    if silent:
        raise SourceError(f"{host}:{port} closes the connection; is it a database server?")


def notice_silence(port: int) -> None:
    """Let the system find out when the servers at a port are gone that this process is reading.

    A server that is at work answers the system, however long its query takes.
    """
    import psutil

    options = (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, IDLE, SILENT_SECONDS),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ASKED_AGAIN_SECONDS),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, ASKED_TIMES),
    )
    for found in psutil.Process().net_connections("tcp"):
        if found.raddr and found.raddr.port == port:
            with socket.socket(fileno=os.dup(found.fd)) as connection:
                for option in options:
                    connection.setsockopt(*option)
