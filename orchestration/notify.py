"""Tells people that a run failed: by e-mail or webhook, as the environment configures.

`ADV_NOTIFY_WEBHOOK` is a URL that receives JSON. `ADV_NOTIFY_EMAIL` is a comma-separated list
of addresses, sent through `ADV_SMTP_HOST` (and `ADV_SMTP_PORT`, `ADV_SMTP_FROM`).
"""

import json
import os
import smtplib
import urllib.request
from email.message import EmailMessage

import dagster as dg

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from orchestration.instance import failure_reason

TIMEOUT_SECONDS = 15


def failure_sensor(home: Home) -> dg.SensorDefinition:
    """Watches the runs of this installation."""

    @dg.run_failure_sensor(
        name="run_failed",
        description="Sends an e-mail or calls a webhook when a run fails.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        # Runs of the command line belong to no code location.
        monitor_all_code_locations=True,
    )
    def run_failed(context: dg.RunFailureSensorContext) -> None:
        reasons = [
            f"{event.step_key}: {failure_reason(event)}"
            for event in context.get_step_failure_events()
        ]
        text = (
            f"Run {context.dagster_run.run_id} of {context.dagster_run.job_name} failed; "
            f"the last publication in {home.published} stays in force.\n"
            + "\n".join(reasons or [context.failure_event.message or ""])
        )
        notify("ADV refresh failed", text)

    return run_failed


def notify(subject: str, text: str) -> None:
    """Send a notice to every channel that is configured.

    Raises:
        ConfigurationError: e-mail is wanted but no server is named.

    """
    webhook = os.environ.get("ADV_NOTIFY_WEBHOOK")
    if webhook:
        _call(webhook, subject, text)
    addresses = os.environ.get("ADV_NOTIFY_EMAIL")
    if addresses:
        _mail(addresses, subject, text)


def _call(url: str, subject: str, text: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise ConfigurationError("ADV_NOTIFY_WEBHOOK must be an http or https URL.")
    request = urllib.request.Request(  # noqa: S310  the scheme was checked
        url,
        data=json.dumps({"subject": subject, "text": text}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass


def _mail(addresses: str, subject: str, text: str) -> None:
    host = os.environ.get("ADV_SMTP_HOST")
    if not host:
        raise ConfigurationError("ADV_NOTIFY_EMAIL is set, but ADV_SMTP_HOST is not.")
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = os.environ.get("ADV_SMTP_FROM", "adv-warehouse@localhost")
    message["To"] = addresses
    message.set_content(text)
    port = int(os.environ.get("ADV_SMTP_PORT", "25"))
    with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as server:
        server.send_message(message)
