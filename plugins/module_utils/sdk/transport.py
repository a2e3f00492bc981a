# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send bytes to a server and get its answer: connections, time-outs, limits, repetitions. Knows nothing of balena."""

from __future__ import annotations

import threading
import urllib.parse
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _clock
from ._deadline import Deadline
from ._limiter import RateLimiter
from ._retry import REPEATABLE_METHODS, RetryState
from .configuration import Options
from .errors import (
    BalenaConnectionError,
    BalenaReadOnlyError,
    BalenaTimeoutError,
    BalenaUnknownOutcomeError,
    BalenaUsageError,
)

if TYPE_CHECKING:
    import requests

# What OpenSSL and urllib3 say when a second try cannot help.
_HOPELESS_TLS = ("CERTIFICATE_VERIFY_FAILED", "doesn't match", "WRONG_VERSION_NUMBER")
READING_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class HttpRequest(NamedTuple):
    """One request, ready to be sent.

    Args:
        method: the HTTP method in capitals.
        url: the complete address, escaped.
        headers: all headers; they may hold a token, so they appear in no message and no repr.
        body: the bytes to send, or ``None``.
        timeout: seconds to wait for the answer or its next part.
        stream: hand out the answer's body as it arrives.
        only_reads: a POST that changes nothing, so that a read-only :class:`Balena` may send it.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None
    timeout: float = 59.0
    stream: bool = False
    only_reads: bool = False

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url})"

    @property
    def origin(self) -> str:
        """Scheme and host, for messages."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"

    @property
    def is_repeatable(self) -> bool:
        """Whether sending this twice leaves the same state behind as sending it once."""
        return self.method in REPEATABLE_METHODS or self.only_reads

    @property
    def changes_something(self) -> bool:
        """Whether a read-only client must not send this."""
        return self.method not in READING_METHODS and not self.only_reads


class Transport:
    """One pool of connections with its limits; safe to use from many threads at the same time.

    Args:
        options: time-outs, TLS, proxies, retries, limits.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._limiter = RateLimiter(options.request_limit, options.request_limit_interval)
        self._session: requests.Session | None = None
        self._environment: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def send(self, request: HttpRequest) -> requests.Response:
        """Send a request, repeat it where that is safe, and return the last answer, whatever its status.

        Raises:
            BalenaReadOnlyError: the request could change something, and the options forbid it.
            BalenaUnknownOutcomeError: a POST was sent and its answer lost.
            BalenaTimeoutError, BalenaConnectionError: no answer.
            BalenaUsageError: the URL or a header is not valid.
        """
        if self._options.read_only and request.changes_something:
            raise BalenaReadOnlyError(f"Read-only: {request.method} {request.url} was not sent")
        options = self._options
        state = RetryState(options.max_retries, options.retry_rate_limited_requests, options.max_retry_wait)
        while True:
            outcome = self._try(request)
            if not isinstance(outcome, _Breakage):
                delay = state.delay_after_answer(request.method, outcome.status_code, outcome.headers)
                if delay is None:
                    return outcome
                outcome.close()
            else:
                repeatable = isinstance(outcome, _NotSent) or request.is_repeatable
                delay = state.delay_after_breakage() if repeatable and not isinstance(outcome, _Final) else None
                if delay is None:
                    raise _public_error(outcome, request, repeatable) from None
            _clock.sleep(delay)

    def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _try(self, request: HttpRequest) -> requests.Response | _Breakage:
        if not request.stream:  # streams stay open; they are not what a server's limit counts
            self._limiter.wait()
        session = self._opened_session()
        import requests  # _opened_session made sure that it is there

        try:
            return self._exchange(session, request)
        except requests.exceptions.RequestException as error:
            return _classify(error)
        except (ValueError, UnicodeError) as error:  # a header or URL that cannot be written down
            return _Final(f"it cannot be sent ({type(error).__name__})", usage=True)
        except OSError as error:
            return _Breakage(str(error))

    def _exchange(self, session: requests.Session, request: HttpRequest) -> requests.Response:
        import requests

        # Prepared by hand: session.request() would look into ~/.netrc and could replace the token.
        prepared = requests.Request(request.method, request.url, headers=request.headers, data=request.body).prepare()
        settings = self._environment.get(request.origin) or self._look_around(session, request)
        started = _clock.monotonic()
        with Deadline(started + request.timeout) as deadline:
            answer = session.send(
                prepared,
                stream=True,
                timeout=(self._options.connect_timeout, request.timeout),
                allow_redirects=request.method in READING_METHODS,  # a redirected POST would silently become a GET
                **settings,
            )
            if not request.stream:
                deadline.answer = answer
                answer.content  # noqa: B018 - reads and keeps it
        # urllib3 before version 2 does not complain itself when an answer is cut off.
        if not request.stream and getattr(answer.raw, "length_remaining", None):
            raise requests.ConnectionError(f"the answer ended {answer.raw.length_remaining} bytes early")
        return answer

    def _look_around(self, session: requests.Session, request: HttpRequest) -> dict[str, Any]:
        """Return proxies and certificates as the environment has them; once for each server, since it takes a while."""
        # session.verify is passed on, or REQUESTS_CA_BUNDLE in the environment would win over ca_path.
        found = session.merge_environment_settings(
            request.url, dict(self._options.proxies or {}), False, session.verify, None
        )
        self._environment[request.origin] = kept = {name: found[name] for name in ("proxies", "verify", "cert")}
        return kept

    def _opened_session(self) -> requests.Session:
        session = self._session
        if session is None:
            with self._lock:
                if self._session is None:
                    from . import _pool

                    self._session = _pool.open_session(self._options)
                session = self._session
        return session


class _Breakage(Exception):
    """No answer came; the request may have reached the server."""

    def __init__(self, reason: str, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class _NotSent(_Breakage):
    """There was no connection, so the request did not reach the server."""


class _Final(_Breakage):
    """Trying again cannot help."""

    def __init__(self, reason: str, usage: bool = False) -> None:
        super().__init__(reason)
        self.usage = usage


def _public_error(error: _Breakage, request: HttpRequest, repeatable: bool) -> Exception:
    what = f"{request.method} {request.origin}{urllib.parse.urlsplit(request.url).path}"
    if isinstance(error, _Final) and error.usage:
        return BalenaUsageError(f"{what} failed: {error}")
    if not repeatable and not isinstance(error, _Final):
        return BalenaUnknownOutcomeError(f"{what} was sent, its answer was lost, it may be done or not: {error}")
    kind = BalenaTimeoutError if error.timed_out else BalenaConnectionError
    return kind(f"{what} failed: {error}")


def _classify(error: Any) -> _Breakage:
    """Say what an exception of ``requests`` means for repeating, in words without URL, header or body."""
    from requests import exceptions
    from urllib3 import exceptions as pool_exceptions

    reason = error.args[0] if error.args else error
    reason = getattr(reason, "reason", None) or reason
    words = _words(reason)
    if isinstance(error, exceptions.SSLError) and any(sign in words for sign in _HOPELESS_TLS):
        return _Final(f"no trusted TLS connection ({words})")
    if isinstance(error, exceptions.ProxyError):
        return _NotSent(f"the proxy does not work ({words})")
    if isinstance(error, exceptions.ConnectTimeout):
        return _NotSent("no connection in time", timed_out=True)
    if isinstance(error, exceptions.Timeout):
        return _Breakage("no answer in time", timed_out=True)
    if isinstance(reason, pool_exceptions.NewConnectionError):
        return _NotSent(f"no connection ({words})")
    if isinstance(error, (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema)):
        return _Final("the URL is not valid", usage=True)
    if isinstance(error, exceptions.InvalidHeader):
        return _Final("a header (or the token) has a line break or other forbidden characters", usage=True)
    if type(error).__name__ == "InsecureRedirect":
        return _Final(words)
    if isinstance(error, exceptions.TooManyRedirects):
        return _Final("too many redirects")
    return _Breakage(words)


def _words(reason: Any) -> str:
    """Return the readable end of a nested message: ``Failed to resolve 'x'`` rather than an object's repr."""
    text = str(reason)
    if isinstance(reason, Exception) and len(reason.args) > 1 and isinstance(reason.args[1], Exception):
        text = f"{reason.args[0]} {reason.args[1]}"
    return text.rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1] if "Connection" in text else text
