"""Sends mail through the server that the environment names: notices and reports alike.

ADV_SMTP_HOST           the server, encrypted where it offers that; also ADV_SMTP_PORT,
ADV_SMTP_FROM, and ADV_SMTP_USER with ADV_SMTP_PASSWORD
"""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage

from ingestion.errors import ConfigurationError

TIMEOUT_SECONDS = 15


def send(message: EmailMessage) -> tuple[str, ...]:
    """Send a message to those that it names; returns the addresses that the server refused.

    Raises:
        ConfigurationError: no server is named, or it would take a password in the clear.
        OSError: the server cannot be reached, or refuses the message or everybody.

    """
    host = os.environ.get("ADV_SMTP_HOST")
    if not host:
        raise ConfigurationError("Mail is wanted, but ADV_SMTP_HOST is not set.")
    message["From"] = os.environ.get("ADV_SMTP_FROM", "adv-warehouse@localhost")
    port = int(os.environ.get("ADV_SMTP_PORT", "25"))
    user, password = os.environ.get("ADV_SMTP_USER"), os.environ.get("ADV_SMTP_PASSWORD")
    with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif password:
            raise ConfigurationError(
                f"{host} offers no encryption, so ADV_SMTP_PASSWORD was not sent to it."
            )
        if user and password:
            server.login(user, password)
        return tuple(server.send_message(message))
