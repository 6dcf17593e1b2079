"""Calls to one host, bounded in number, size and time.

Everything goes through one door: there is no way to another host, a token is never sent on by a
redirect, TLS is always verified, an answer has a greatest size and a longest duration, and what
may pass by itself is asked again, for a while, when asking twice does no harm.

This module imports dlt: import it where a call is about to be made.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event, Timer
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakSet

from dlt.common.configuration.specs.runtime_configuration import RuntimeConfiguration
from dlt.sources.helpers.requests.retry import retry_if_status, wait_exponential_retry_after
from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from dlt.sources.helpers.rest_client.client import RESTClient
from pydantic import BaseModel, ConfigDict, ValidationError
from requests import PreparedRequest, Request, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectionError,
    ConnectTimeout,
    RequestException,
    SSLError,
    Timeout,
)
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)

from ingestion.config import RestSource
from ingestion.errors import SourceError

log = logging.getLogger("adv.extract")

MOST_BYTES = 64 * 2**20
"""Of one answer, unpacked; 2,000 rows of a few dozen columns take one or two million."""
BYTES_AT_A_TIME = 2**16
ATTEMPTS = 6
FIRST_WAIT = 1.0
"""Seconds before the second attempt; twice as many before each further one."""
PATIENCE = 300.0
"""Seconds after which no further attempt begins."""
PASSING = (429, *range(500, 600))
"""Answers that may be others a little later."""


class Answer(BaseModel):
    """What a product answers; what else it says is not looked at."""

    model_config = ConfigDict(frozen=True)


Answered = TypeVar("Answered", bound=Answer)


class Door(HTTPAdapter):
    """Sends requests to the host of a source, within the bounds above."""

    def __init__(self, source: RestSource) -> None:
        super().__init__()
        self._source = source
        self._lines: WeakSet[socket.socket] = WeakSet()
        self._next_call = 0.0
        self._retrying = Retrying(
            retry=retry_if_status(PASSING) | retry_if_exception(_may_pass),
            wait=wait_exponential_retry_after(multiplier=FIRST_WAIT, max=PATIENCE),
            stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(PATIENCE),
            before_sleep=_tell,
            retry_error_callback=lambda last: last.outcome and last.outcome.result(),
        )

    def send(self, request: PreparedRequest, *args: Any, **how: Any) -> Response:
        """The whole answer of the host.

        Raises:
            SourceError: there is none, it is too large, or it leads elsewhere.

        """
        try:
            if request.method == "GET":
                response: Response = self._retrying(self._call, request, *args, **how)
            else:
                response = self._call(request, *args, **how)
        except RequestException as error:
            # Without its cause, which repeats the request.
            raise SourceError(f"{self._host} {_in_words(error, self._source)}") from None
        if response.is_redirect:
            to = urlsplit(response.headers["Location"]).hostname or "another path"
            raise SourceError(
                f"{self._host} sends us on to {to}, and no secret is taken there; is `url` right?"
            )
        return response

    def get_connection_with_tls_context(self, *args: Any, **how: Any) -> Any:
        """A pool of connections, each of which can be ended from outside."""
        pool = super().get_connection_with_tls_context(*args, **how)
        if not issubclass(pool.ConnectionCls, _Known):
            bases = (_Known, pool.ConnectionCls)
            pool.ConnectionCls = type("Known", bases, {"lines": self._lines})
        return pool

    @property
    def _host(self) -> str:
        return urlsplit(self._source.url).netloc

    def _call(self, request: PreparedRequest, *args: Any, **how: Any) -> Response:
        self._keep_pace()
        how |= {
            "stream": True,
            "timeout": (self._source.connect_timeout, self._source.read_timeout),
        }
        with self._time_limit() as is_over:
            try:
                response = super().send(request, *args, **how)
                response._content = self._body(response)
            except RequestException:
                if not is_over.is_set():
                    raise
        # An answer of unknown length would seem to have come to its end.
        if is_over.is_set():
            raise Timeout
        return response

    def _body(self, response: Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(BYTES_AT_A_TIME):
            body += chunk
            if len(body) > MOST_BYTES:
                response.close()
                raise SourceError(
                    f"{self._host} gives an answer of more than {MOST_BYTES:,} bytes: ask for "
                    "fewer rows at a time (`page_rows`)"
                )
        return bytes(body)

    def _keep_pace(self) -> None:
        time.sleep(max(0.0, self._next_call - time.monotonic()))
        self._next_call = time.monotonic() + 1 / self._source.calls_per_second

    @contextmanager
    def _time_limit(self) -> Iterator[Event]:
        """Hangs up after the longest duration of a call: no byte of a slow drip comes too late."""
        is_over = Event()

        def hang_up() -> None:
            is_over.set()
            for line in tuple(self._lines):
                with suppress(OSError):  # it has ended by itself
                    # Not as TLS ends it, which would say goodbye and wait for an answer.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)

        timer = Timer(self._source.call_timeout, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield is_over
        finally:
            timer.cancel()


class _Known:
    """A connection whose line is known, for as long as anybody listens to it."""

    sock: socket.socket
    lines: WeakSet[socket.socket]

    def connect(self) -> None:
        """Connect, and be known."""
        super().connect()  # type: ignore[misc]
        self.lines.add(self.sock)


class OneHost(Session):
    """A session with one way out."""

    def __init__(self, source: RestSource) -> None:
        super().__init__()
        self.adapters.clear()
        self.mount(f"{source.url}/", Door(source))
        self.headers["User-Agent"] = "adv-warehouse"

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Make a request ready.

        Raises:
            SourceError: it leads elsewhere, as the next page might that an answer names.

        """
        try:
            prepared = super().prepare_request(request)
            self.get_adapter(str(prepared.url))
        except RequestException:
            raise SourceError(
                f"an answer leads to {request.url!r}, and no secret is taken there"
            ) from None
        return prepared


class Client(RESTClient):
    """dlt's client, for one source.

    It asks nobody for settings: dlt would look for files and variables of its own.
    """

    def __init__(
        self,
        source: RestSource,
        auth: AuthConfigBase,
        session: Session,
        page: Callable[[Any], object],
    ) -> None:
        """Make a client that reads every page by the function `page`."""
        super().__init__(source.url, auth=auth, session=session, config=RuntimeConfiguration())
        self._page = page

    def extract_response(self, response: Response, data_selector: object) -> list[Any]:  # noqa: ARG002
        """The page, in a list; dlt would pass amounts through floating point."""
        return [self._page(answer(response))]


def answer(response: Response) -> Any:
    """What was answered, numbers as text: an amount must not pass through floating point.

    Raises:
        SourceError: it is no JSON.

    """
    try:
        return json.loads(response.content, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        host = urlsplit(str(response.url)).netloc
        raise SourceError(
            f"{host} answers with something else than JSON, or with half of it"
        ) from None


def read_as(model: type[Answered], answered: object) -> Answered:
    """What was answered, as the product documents it.

    Raises:
        SourceError: it is something else.

    """
    try:
        return model.model_validate(answered)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise SourceError(
            f"an answer is not what its documentation says, in {where!r}; is `url` that of the API?"
        ) from None


def clock(response: Response) -> datetime:
    """When a host answered, by its own clock.

    Raises:
        SourceError: it does not say.

    """
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (LookupError, ValueError):
        raise SourceError(
            "an answer does not say when it was given; does a proxy cut that?"
        ) from None


def _may_pass(error: BaseException) -> bool:
    lost = isinstance(error, ConnectionError | Timeout | ChunkedEncodingError)
    return lost and not isinstance(error, SSLError)


def _tell(state: RetryCallState) -> None:
    assert state.outcome  # it is told between two attempts
    failed = state.outcome.failed
    told = "no whole answer" if failed else f"status {state.outcome.result().status_code}"
    log.info("%s; asked again in %.0f s", told, state.upcoming_sleep)


def _in_words(error: RequestException, source: RestSource) -> str:
    if isinstance(error, SSLError):
        return (
            "does not prove who it is. If a proxy of your network signs for it, name the file of "
            "its authority in the environment variable REQUESTS_CA_BUNDLE: docs/security.md"
        )
    if isinstance(error, Timeout) and not isinstance(error, ConnectTimeout):
        return (
            f"took too long: {source.read_timeout:g} s without a word, "
            f"or {source.call_timeout:g} s in all"
        )
    if isinstance(error, ConnectionError):
        cause = getattr(error.args[0], "reason", "") if error.args else ""
        return f"cannot be reached: {str(cause).rpartition(': ')[2] or 'the connection was lost'}"
    return "breaks off in the middle of an answer, or gives one that cannot be unpacked"
