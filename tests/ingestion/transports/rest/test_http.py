"""Calls to a host: bounded, asked again where that helps, and never another host's to see."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingestion.errors import SourceError
from ingestion.transports.base import Window
from ingestion.transports.rest import http
from ingestion.transports.rest.transport import RestTransport
from tests.ingestion.rest_server import (
    REFRESH_TOKEN,
    SECRET,
    Salesforce,
    Trouble,
    break_off,
    drip,
    hang_up,
    meanwhile,
    serving,
    status,
    words,
)
from tests.ingestion.tls import Authority
from tests.ingestion.transports.rest.organisation import (
    CASE,
    case,
    ids,
    organisation,
    read,
    serving_cases,
)

HURRIED: dict[str, Any] = {"read_timeout": 0.3, "call_timeout": 0.6}


def asked(org: Salesforce, path: str) -> int:
    return sum(path in call for call in org.calls)


@pytest.mark.parametrize(
    "trouble",
    [status(429), status(503), hang_up, break_off],
    ids=["429", "503", "no answer", "half an answer"],
)
def test_what_may_pass_is_asked_again(trouble: Trouble) -> None:
    with serving_cases(*map(case, range(1, 6)), page_rows=2) as org:
        org.befalls("query/", trouble, times=2)
        assert ids(read(org).rows) == [1, 2, 3, 4, 5]
    assert asked(org, "query/01g00000-2") == 3


def naps(monkeypatch: pytest.MonkeyPatch, module: str) -> list[float]:
    """How long one module would have slept; threads that others have left behind still sleep."""
    told: list[float] = []
    clock = SimpleNamespace(sleep=told.append, monotonic=time.monotonic)
    monkeypatch.setattr(module, clock)
    return told


def test_a_host_that_says_when_to_come_again_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = naps(monkeypatch, "tenacity.nap.time")
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", status(429, Retry_After="17"))
        read(org)
    assert 17.0 in waits


def test_a_host_that_wants_to_be_left_alone_for_long_is() -> None:
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", status(429, Retry_After="3600"))
        with pytest.raises(SourceError, match="status 429"):
            read(org)
    assert asked(org, "queryAll") == 1


def test_it_is_not_asked_for_ever() -> None:
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", status(503), times=99)
        with pytest.raises(SourceError, match="Salesforce answers with status 503"):
            read(org)
    assert asked(org, "queryAll") == http.ATTEMPTS


def test_a_sign_in_is_not_tried_twice() -> None:
    with serving_cases(case(1)) as org:
        org.befalls("token", status(503))
        with pytest.raises(SourceError, match="the sign-in is refused: status 503"):
            read(org)
    assert asked(org, "token") == 1


@pytest.mark.parametrize("settings", [{}, {"refresh_token": "${SALESFORCE_REFRESH_TOKEN}"}])
def test_a_token_that_ends_in_the_middle_is_renewed_and_the_same_page_is_read(
    settings: dict[str, Any],
) -> None:
    with serving_cases(*map(case, range(1, 6)), page_rows=2) as org:
        org.befalls("query/01g00000-2", meanwhile(org.expire))
        assert ids(read(org, **settings).rows) == [1, 2, 3, 4, 5]
    assert (asked(org, "token"), asked(org, "query/01g00000-2")) == (2, 2)
    assert asked(org, "queryAll") == 2  # the rows and their number
    way = "refresh_token" if settings else "client_credentials"
    assert sum(f"grant_type={way}" in sent for sent in org.sent) == 2


def test_a_token_that_is_never_taken_is_told() -> None:
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", status(401), times=2)
        with pytest.raises(SourceError, match="Salesforce answers with status 401"):
            read(org)
    assert (asked(org, "token"), asked(org, "queryAll")) == (2, 2)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Maintenance</html>", "something else than JSON"),
        (b'{"totalSize": 1, "done": true, "records": [{"Id":', "or with half of it"),
        (b"\xff\xfe", "something else than JSON"),
        (b"[" * 100_000, "something else than JSON"),
        (b"[]", "not what its documentation says, in 'the whole'"),
        (b'{"totalSize": 1, "done": true, "records": null}', "documentation says, in 'records'"),
        (
            b'{"totalSize": 1, "done": false, "records": [], "nextRecordsUrl": {}}',
            "documentation says, in 'nextRecordsUrl'",
        ),
        (b'{"totalSize": "x", "done": true, "records": []}', "documentation says, in 'totalSize'"),
        (
            b'{"totalSize": 1, "done": true, "records": [{"Id": "1"}]}',
            "a row without 'CaseNumber'",
        ),
    ],
    ids=[
        "a page for people",
        "half",
        "no text",
        "too deep",
        "a list",
        "no rows",
        "no address",
        "no number",
        "a field is missing",
    ],
)
def test_an_answer_that_is_none_is_told(body: bytes, said: str) -> None:
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", words(body))
        with pytest.raises(SourceError, match=said):
            read(org)


@pytest.mark.parametrize(
    "trouble",
    [
        meanwhile(lambda: time.sleep(0.5)),
        drip(3),
        drip(3, length=False),
        drip(3, headers=True),
    ],
    ids=["silence", "body", "body of unknown length", "headers"],
)
def test_an_answer_that_takes_too_long_is_not_waited_for(
    trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", trouble)
        began = time.monotonic()
        with pytest.raises(SourceError, match=r"took too long: .* without a word, or .* in all"):
            read(org, **HURRIED)
    assert time.monotonic() - began < 2


def test_an_answer_that_is_too_large_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 100_000)
    with serving_cases(case(1)) as org:
        org.befalls("queryAll", words(b" " * 200_000))
        with pytest.raises(SourceError, match="more than 100,000 bytes"):
            read(org)


def test_calls_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = naps(monkeypatch, "ingestion.transports.rest.http.time")
    with serving_cases(case(1)) as org:
        read(org, calls_per_second=0.01)
    assert len(waits) == len(org.calls)
    assert waits[0] == 0
    assert min(waits[1:]) > 50


def test_no_secret_is_taken_to_another_host() -> None:
    with serving_cases(case(1), case(2), page_rows=1) as org, serving(organisation()) as other:
        for path, asked_for in (("token", "/"), ("sobjects", "/services/data/v64.0/sobjects")):
            org.befalls(path, status(307, Location=f"{other.url}{asked_for}"))
            with pytest.raises(SourceError, match=r"sends us on to 127.0.0.1, and no secret"):
                read(org)
        for url in (other.url, f"{org.url}0", f"{org.url}@example.com", f"{org.url}.example.com"):
            org.next_page = f"{url}/services/data/v64.0/query/01g00000-1"
            with pytest.raises(SourceError, match=r"an answer leads to .*, and no secret is taken"):
                read(org)
    assert other.calls == []


def test_a_host_that_cannot_be_reached_is_named() -> None:
    with serving(organisation()) as org:
        pass
    with pytest.raises(SourceError, match=r"127.0.0.1:\d+ cannot be reached: .*refused"):
        read(org)


def test_a_host_must_prove_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path, "authority").begins()
    with serving(organisation(case(1)), authority.signs("localhost")) as org:
        with pytest.raises(SourceError, match="does not prove who it is"):
            read(org)
        assert org.calls == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
        assert ids(read(org).rows) == [1]


@pytest.mark.parametrize(
    ("path", "trouble"),
    [
        ("token", status(500)),
        ("token", words(b"{}")),
        ("token", words(b"no JSON")),
        ("queryAll", status(404)),
        ("queryAll", words(b"no JSON")),
        ("queryAll", drip(1)),
        ("sobjects", status(302, Location="https://example.com/?x=1")),
        ("token", hang_up),
    ],
)
def test_secrets_and_tokens_are_never_told(
    path: str, trouble: Trouble, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(http, "ATTEMPTS", 2)
    with serving_cases(case(1)) as org:
        org.befalls(path, trouble, times=2)
        with pytest.raises(SourceError) as caught:
            read(org, refresh_token="${SALESFORCE_REFRESH_TOKEN}", **HURRIED)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    for secret in (SECRET, REFRESH_TOKEN, "00D.token"):
        assert secret not in told
        assert not any(secret in call for call in org.calls)


def test_a_refused_sign_in_does_not_repeat_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_SECRET", "mistyped")
    with serving_cases() as org, pytest.raises(SourceError) as caught:
        read(org)
    assert "the sign-in is refused: status 400" in str(caught.value)
    assert "invalid client credentials: ***" in str(caught.value)
    assert "mistyped" not in "".join(traceback.format_exception(caught.value))


def test_a_secret_that_lies_across_the_end_of_what_is_told_is_hidden_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "s" * 400
    monkeypatch.setenv("SALESFORCE_SECRET", secret)
    with serving_cases() as org, pytest.raises(SourceError) as caught:
        read(org)
    assert "s" * 50 not in str(caught.value)


def test_a_session_that_lost_its_host_answers_no_longer(tmp_path: Path) -> None:
    with serving_cases(case(1)) as org, RestTransport(org.source()).session() as session:
        assert session.still_answers()
        org.befalls("", hang_up, times=99)
        with pytest.raises(SourceError, match="cannot be reached: the connection was lost"):
            session.extract(CASE, Window(), tmp_path)
        assert not session.still_answers()


def test_dlt_reads_no_files_of_its_own_and_calls_nobody(tmp_path: Path) -> None:
    watched = """
import sys
seen = []
def watch(event, given):
    if event == "open" and ".dlt" in str(given[0]):
        seen.append(given[0])
    if event in ("socket.connect", "socket.getaddrinfo"):
        seen.append(given[1:])
sys.addaudithook(watch)
from tests.ingestion.transports.rest.organisation import case, ids, read, serving_cases
with serving_cases(case(1)) as org:
    assert ids(read(org).rows) == [1]
    port = int(org.url.rpartition(":")[2])
strangers = [one for one in seen if str(port) not in str(one)]
assert seen
assert not strangers, strangers
"""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text("[runtime]\nlog_level = 'DEBUG'\n")
    project = str(Path(__file__).parents[4])
    environment = {"HOME": str(tmp_path), "PYTHONPATH": project, "SALESFORCE_SECRET": SECRET}
    done = subprocess.run(
        [sys.executable, "-c", watched],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dlt"]


def test_dlt_is_not_imported_to_check_settings() -> None:
    code = (
        "import sys; from ingestion.transports.rest import transport; import ingestion.extract; "
        "assert not {'dlt', 'requests', 'duckdb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
