"""Notices reach a real web server and a real mail server, and never undo a run."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from ingestion.errors import ConfigurationError
from ingestion.home import Home
from orchestration.notify import failure_sensor, notify, tell_failure, tell_publication
from orchestration.publish import Publication
from tests.orchestration.conftest import WebServer

PUBLICATION = Publication(
    "r1", Path("r1"), date(2026, 5, 31), datetime(2026, 6, 1, tzinfo=UTC), 105, 9
)


@dg.op
def fails() -> None:
    raise ValueError("broken")


@dg.job
def failing() -> None:
    fails()


def test_a_failure_is_told_to_the_webhook_with_its_reasons(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", f"{web.url}/hook")
    tell_failure(Home(Path("home")), "r1", ["land_erp: Refused. erp.sale_order: emptied"])
    ((method, path, body),) = web.calls
    assert (method, path, body["subject"]) == ("POST", "/hook", "ADV refresh failed")
    assert body["text"].splitlines() == [
        "Run r1 failed; the last publication in home/published stays in force.",
        "land_erp: Refused. erp.sale_order: emptied",
    ]


def test_a_notice_reaches_every_address_by_mail(
    mails: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_EMAIL", "adv@example.com, it@example.com")
    notify("ADV refresh failed", "La société Dupont a été refusée.")
    ((addresses, mail),) = mails
    assert addresses == ["adv@example.com", "it@example.com"]
    assert mail["Subject"] == "ADV refresh failed"
    assert mail.get_payload(decode=True).decode().strip() == "La société Dupont a été refusée."


def test_a_publication_beats_and_is_told_only_where_that_is_wanted(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_HEARTBEAT_URL", f"{web.url}/beat")
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", f"{web.url}/hook")
    tell_publication(PUBLICATION)
    assert web.calls == [("GET", "/beat", None)]
    monkeypatch.setenv("ADV_NOTIFY_SUCCESS", "1")
    tell_publication(PUBLICATION)
    assert web.calls[-1][2]["subject"] == "ADV refreshed as of 2026-05-31"


def test_a_notice_that_cannot_be_sent_is_logged_and_does_no_harm(
    web: WebServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    web.status = 500
    monkeypatch.setenv("ADV_HEARTBEAT_URL", f"{web.url}/secret-token")
    monkeypatch.setenv("ADV_NOTIFY_EMAIL", "adv@example.com")
    monkeypatch.delenv("ADV_SMTP_HOST", raising=False)
    monkeypatch.setattr(logging.getLogger("adv"), "propagate", True)
    tell_publication(PUBLICATION)
    tell_failure(Home(Path("home")), "r1", [])
    assert "the server answered 500" in caplog.text
    assert "ADV_SMTP_HOST" in caplog.text
    assert "secret-token" not in caplog.text


def test_a_run_that_read_some_sources_does_not_beat_for_the_night(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_HEARTBEAT_URL", f"{web.url}/beat")
    tell_publication(replace(PUBLICATION, only=("erp",)))
    assert web.calls == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ADV_HEARTBEAT_URL", "https://user:secret-token@host/ping"),
        ("ADV_HEARTBEAT_URL", "https://host/secret-token with a blank"),
        ("ADV_HEARTBEAT_URL", "http://[::1/secret-token"),
    ],
)
def test_an_address_that_is_wrong_does_no_harm_and_is_not_shown(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(logging.getLogger("adv"), "propagate", True)
    tell_publication(PUBLICATION)
    assert "a notice could not be sent" in caplog.text
    assert "secret-token" not in caplog.text


def test_a_password_is_not_sent_to_a_server_without_encryption(
    mails: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_EMAIL", "adv@example.com")
    monkeypatch.setenv("ADV_SMTP_USER", "adv")
    monkeypatch.setenv("ADV_SMTP_PASSWORD", "secret-token")
    with pytest.raises(ConfigurationError, match="offers no encryption"):
        notify("subject", "text")
    assert mails == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://chat.example.com/secret-token",
        "http://127.0.0.1.example.com/secret-token",
        "http://127.0.0.1@example.com/secret-token",
        "http://[::1/secret-token",
    ],
)
def test_a_webhook_whose_token_others_could_read_is_a_configuration_error(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", url)
    with pytest.raises(ConfigurationError, match="ADV_NOTIFY_WEBHOOK must be"):
        notify("subject", "text")


def test_a_notice_of_the_daemon_that_cannot_be_sent_fails_without_its_address(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.status = 404
    with dg.instance_for_test() as instance:
        run = failing.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="run_failed",
            dagster_event=run.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=run.dagster_run,
        ).for_run_failure()
        sensor = failure_sensor(Home(Path("home")))
        for url in (f"{web.url}/secret-token", "https://host/secret-token with a blank"):
            monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", url)
            with pytest.raises(Exception, match="a notice could not be sent") as caught:
                sensor(context)
            raised = (caught.type, caught.value, caught.tb)
            told = serializable_error_info_from_exc_info(raised)
            assert "secret-token" not in str(told)
