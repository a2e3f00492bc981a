# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP server that misbehaves on request, to test the SDK's transport over real sockets."""

from __future__ import annotations

import dataclasses
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclasses.dataclass
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


#: Stands for the body that the API would send.
USUAL: Any = object()


@dataclasses.dataclass
class Answer:
    """What to do about a request.

    Args:
        status: the HTTP status.
        body: bytes are sent as they are, anything else as JSON; a list with ``chunked`` piece by piece. By default what
            the API says: no rows to a read, "OK" to a change.
        headers: more headers.
        drop: close the connection without an answer; with ``body`` in its middle.
        hang_up: answer, and close the connection afterwards without announcing it.
        raw: send these bytes instead of an answer.
        before: called before anything is sent, for example to wait.
    """

    status: int = 200
    body: Any = USUAL
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    drop: bool = False
    hang_up: bool = False
    chunked: bool = False
    raw: bytes | None = None
    before: Callable[[], Any] | None = None


class LocalServer:
    """Listens on a free port of this machine; use it in a ``with`` statement.

    Args:
        answers: what to answer, one after the other; the last one is repeated. Or a function of the request.
        tls: serve HTTPS with this context.
    """

    def __init__(
        self, answers: list[Answer] | Callable[[Seen], Answer] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.answers: Any = answers or [Answer()]
        self.requests: list[Seen] = []
        self.connections = 0
        self._tls = tls
        self._lock = threading.Lock()

    def __enter__(self) -> LocalServer:
        outer = self

        class Handler(_Handler):
            owner = outer

        self._server = _Server(("127.0.0.1", 0), Handler)
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address of the server."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://localhost:{self._server.server_port}/"

    @property
    def methods(self) -> list[str]:
        """The methods of all requests in order."""
        return [request.method for request in self.requests]

    def connected(self) -> int:
        """Count a connection and return its number."""
        with self._lock:
            self.connections += 1
            return self.connections

    def answer(self, request: Seen) -> Answer:
        """Note a request and choose its answer."""
        with self._lock:
            self.requests.append(request)
            if callable(self.answers):
                return self.answers(request)  # type: ignore[no-any-return]
            return self.answers[min(len(self.requests), len(self.answers)) - 1]  # type: ignore[no-any-return]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: Any) -> None:
        """A client that gives up is not news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: LocalServer

    def setup(self) -> None:
        super().setup()
        self._number = self.owner.connected()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, self.path, dict(self.headers), body, self._number)
        answer = self.owner.answer(seen)
        if answer.before:
            answer.before()
        if answer.raw is not None:
            self.wfile.write(answer.raw)
        elif not answer.drop or answer.chunked:
            self._send(answer)
        if answer.drop or answer.hang_up or answer.raw is not None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in answer.body:
                content = piece() if callable(piece) else piece
                self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
                self.wfile.flush()
            if not answer.drop:
                self.wfile.write(b"0\r\n\r\n")
            return
        usual = "OK" if self.command in ("PATCH", "PUT", "DELETE") else {"d": [], "id": 1}
        content = usual if answer.body is USUAL else answer.body
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        if "Content-Type" not in answer.headers:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Be quiet."""
