"""Tells people how a run ended: by e-mail or webhook, as the environment configures.

ADV_NOTIFY_WEBHOOK      an https URL that receives JSON, `subject` and `text`
ADV_NOTIFY_EMAIL        addresses, separated by commas, reached as orchestration/mail.py says
ADV_NOTIFY_SUCCESS      set to 1, tells of publications too
ADV_HEARTBEAT_URL       is called after every publication of a run that read all sources: whoever
waits for that call notices the night that never ran, of which nobody here could tell
"""

import json
import logging
import os
import urllib.request
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit

import dagster as dg

from ingestion.config import LOOPBACK
from ingestion.errors import ConfigurationError, NoticeError
from ingestion.home import Home
from orchestration.instance import PROCESS_IS_GONE, failure_reason, is_of_command_line
from orchestration.mail import TIMEOUT_SECONDS, send
from orchestration.publish import Publication

log = logging.getLogger("adv.notify")

FAULTS = (ConfigurationError, HTTPException, OSError, ValueError)
"""How sending fails."""


def failure_sensor(home: Home) -> dg.SensorDefinition:
    """Watches the runs of this installation."""

    @dg.run_failure_sensor(
        name="run_failed",
        description="Sends an e-mail or calls a webhook when a run fails.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        # Runs of the command line belong to no code location, and a killed one tells nobody.
        monitor_all_code_locations=True,
    )
    def run_failed(context: dg.RunFailureSensorContext) -> None:
        run, message = context.dagster_run, context.failure_event.message or ""
        # A run of the command line tells of its own failure, since no daemon need be up.
        if is_of_command_line(run) and PROCESS_IS_GONE not in message:
            return
        reasons = [
            f"{event.step_key}: {failure_reason(event)}"
            for event in context.get_step_failure_events()
        ]
        try:
            notify(*failure(home, run.run_id, reasons or [message]))
        except FAULTS as error:
            # Dagster would keep the error's own words.
            raise NoticeError(f"a notice could not be sent: {in_words(error)}") from None

    return run_failed


def failure(home: Home, run_id: str, reasons: Sequence[str]) -> tuple[str, str]:
    """Subject and text for a run that published nothing."""
    text = f"Run {run_id} failed; the last publication in {home.published} stays in force."
    return "ADV refresh failed", "\n".join([text, *reasons])


def tell_failure(home: Home, run_id: str, reasons: Sequence[str]) -> None:
    """Tell that a run failed; a notice that cannot be sent is logged."""
    _without_harm(lambda: notify(*failure(home, run_id, reasons)))


def tell_behind(home: Home, server: str, reason: str) -> None:
    """Tell that a server was not brought to the publication; what cannot be sent is logged."""
    text = (
        f"What was published in {home.published} is in force, but {server} holds an earlier "
        f"publication, or none. `adv publish`, or the next run, brings it there.\n{reason}"
    )
    _without_harm(lambda: notify("ADV server not refreshed", text))


def tell_publication(publication: Publication) -> None:
    """Tell that a run published, to whom that is wanted; what cannot be sent is logged."""
    heartbeat = os.environ.get("ADV_HEARTBEAT_URL")
    if heartbeat and not publication.only:
        _without_harm(lambda: _call(heartbeat, "ADV_HEARTBEAT_URL"))
    if os.environ.get("ADV_NOTIFY_SUCCESS") == "1":
        day = publication.as_of_date
        text = (
            f"Run {publication.run_id} published {publication.tables} tables as of {day}, "
            f"known at {publication.known_at} UTC: {publication.folder}"
        )
        _without_harm(lambda: notify(f"ADV refreshed as of {day}", text))


def tell_undelivered(name: str, reasons: Sequence[str]) -> None:
    """Tell that a report did not reach its readers; a notice that cannot be sent is logged."""
    text = f"The publication is in force, but the report {name} was not delivered as configured."
    _without_harm(lambda: notify("ADV report not delivered", "\n".join([text, *reasons])))


def notify(subject: str, text: str) -> None:
    """Send a notice to every channel that is configured.

    Raises:
        ConfigurationError: e-mail is wanted but no server is named, or a URL is none.
        OSError: a channel cannot be reached, or refuses.

    """
    webhook = os.environ.get("ADV_NOTIFY_WEBHOOK")
    if webhook:
        _call(webhook, "ADV_NOTIFY_WEBHOOK", {"subject": subject, "text": text})
    addresses = os.environ.get("ADV_NOTIFY_EMAIL")
    if addresses:
        _mail(addresses, subject, text)


def _without_harm(send: Callable[[], None]) -> None:
    """A run is not undone by a mail server that is down."""
    try:
        send()
    except FAULTS as error:
        log.warning("a notice could not be sent: %s", in_words(error))


def in_words(error: Exception) -> str:
    """What went wrong, without the words of others: they may quote the address, and a token."""
    if isinstance(error, ConfigurationError):
        return str(error)
    if isinstance(error, HTTPError):
        return f"the server answered {error.code}"
    return type(error).__name__


def _call(url: str, variable: str, body: dict[str, str] | None = None) -> None:
    scheme, host = _address(url)
    if scheme != "https" and not (scheme == "http" and host in LOOPBACK):
        raise ConfigurationError(f"{variable} must be an https URL; http is for this machine only.")
    request = urllib.request.Request(  # noqa: S310  the scheme was checked
        url,
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass


def _address(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", None
    return parts.scheme, parts.hostname


def _mail(addresses: str, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject
    message["To"] = addresses
    message.set_content(text)
    send(message)
