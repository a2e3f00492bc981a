# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application that the server runs: the API wrapped in latency, faults, compression and the log."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ..simulation.clock import Clock
from .connection import ConnectionDropped
from .faults import Fault, Faults
from .request_log import RequestLog, decode_body, safe_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTROL_PREFIX = "/_emulator/"
GZIP_FROM_BYTES = 1024
GZIP_LEVEL = 1

Application = Callable[[Request], Response]


class Runtime:
    """WSGI application around the API.

    api: answers a request; control: answers a request under `/_emulator/`; latency: seconds before each answer;
    on_request: called with each logged request (the command line prints it).
    """

    def __init__(
        self,
        api: Application,
        control: Application,
        clock: Clock,
        faults: Faults,
        log: RequestLog,
        latency: float = 0.0,
        on_request: Callable[[Any], None] | None = None,
    ) -> None:
        self.api = api
        self._one_at_a_time = threading.RLock()
        self.control = control
        self.clock = clock
        self.faults = faults
        self.log = log
        self.latency = latency
        self.on_request = on_request

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else looks at the database: requests of other servers than this one ask in here."""
        self.clock.tick()
        with self._one_at_a_time:
            yield

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        request = Request(environ)
        # Simulated devices run on the virtual clock: what is due happens before anybody looks.
        self.clock.tick()
        if environ["PATH_INFO"].startswith(CONTROL_PREFIX):
            return compressed(self.control(request), request)(environ, start_response)
        return self._answer(request, environ, start_response)

    def _answer(self, request: Request, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.monotonic()
        body = request.get_data(cache=True)
        fault = self.faults.hit(request.method, request.path, environ["QUERY_STRING"], body.decode("utf-8", "replace"))
        status, sent = 0, 0
        try:
            response = self._respond(request, fault)
            status = response.status_code
            if response.is_streamed:
                return response(environ, start_response)
            content = response.get_data()
            sent = len(content)
            if fault is not None and fault.truncate is not None:
                return truncated(response(environ, start_response), fault.truncate)
            return response(environ, start_response)
        finally:
            self._log(request, body, status, sent, time.monotonic() - started, fault)

    def _respond(self, request: Request, fault: Fault | None) -> Response:
        wait = self.latency + (fault.delay if fault else 0.0)
        if wait:
            time.sleep(wait)
        if fault is None:
            return compressed(self._call_api(request), request)
        if fault.drop == "before":
            raise ConnectionDropped
        status = fault.answer_status()
        response = self._call_api(request) if status is None or fault.acts or fault.drop == "after" else None
        if fault.drop == "after":
            raise ConnectionDropped
        if status is not None:
            response = fault_response(fault, status)
        assert response is not None
        return compressed(response, request)

    def _call_api(self, request: Request) -> Response:
        try:
            # One at a time: all share one connection to the database, so that a reader would see what another
            # request has not committed yet.
            with self._one_at_a_time:
                return self.api(request)
        except Exception:
            # A defect of the emulator: shown, and told apart from the server's recorded empty 500.
            traceback.print_exc()
            return Response("defect in the emulator, see its standard error", 500, {"X-Emulator-Defect": "1"})

    def _log(self, request: Request, body: bytes, status: int, sent: int, duration: float, fault: Fault | None) -> None:
        entry = self.log.add(
            method=request.method,
            path=request.path,
            query=request.environ["QUERY_STRING"],
            body=decode_body(body),
            status=status,
            duration=round(duration, 6),
            received=len(body),
            sent=sent,
            at=self.clock.iso(),
            authenticated="Authorization" in request.headers,
            connection=f"{request.environ.get('REMOTE_ADDR')}:{request.environ.get('REMOTE_PORT')}",
            headers=safe_headers(request.headers.items()),
            fault=(fault.name or "fault") if fault else None,
        )
        if self.on_request is not None:
            self.on_request(entry)


def fault_response(fault: Fault, status: int) -> Response:
    """The answer that a fault gives instead of the API's."""
    headers = fault.answer_headers(time.monotonic())
    if fault.json is not None:
        return Response(json.dumps(fault.json), status, headers, content_type="application/json")
    text = fault.body_text
    if text is None and fault.rate_limit is not None:
        text = "Too Many Requests"
    return Response(text or "", status, headers, content_type=headers.pop("Content-Type", "text/plain"))


def compressed(response: Response, request: Request) -> Response:
    """The same answer in gzip if the client takes it and it is worth it."""
    if response.is_streamed or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    content = response.get_data()
    if len(content) < GZIP_FROM_BYTES or "Content-Encoding" in response.headers:
        return response
    response.set_data(gzip.compress(content, GZIP_LEVEL))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def truncated(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The first `size` bytes, then a dropped connection."""
    yield b"".join(parts)[:size]
    raise ConnectionDropped
