# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the emulator treats a connection: like the real server, which keeps it open between requests, closes it after
some idle seconds, and refuses request headers that are too large.

Werkzeug's own handler closes the connection after each answer; this one replaces its writing half.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import socket
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.serving import DechunkedInput, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Node's limit for request line and headers together, past which it answers 431: recorded with a list of 3000 ids.
MAX_HEADER_BYTES = 16 * 1024
# The emulator's own; a balena API takes bodies far below it.
MAX_BODY_BYTES = 64 * 1024 * 1024
REQUEST_TIMEOUT = 60.0
BODILESS = frozenset({204, 304})


class ConnectionDropped(Exception):
    """Raised by the application: close the connection now, whatever was sent."""


class ConnectionHandler(WSGIRequestHandler):
    """One connection. The server sets `idle_timeout` (seconds between requests) and `open_connections`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Buffered: head and body of an answer leave in one packet; write_answer flushes.
    wbufsize = 64 * 1024
    idle_timeout = 5.0
    open_connections: ClassVar[set[socket.socket]] = set()

    def setup(self) -> None:
        """Register the connection, so that the server can close it when it stops."""
        super().setup()
        self.open_connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.open_connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        """Wait for a request at most the idle time, then read and answer it."""
        try:
            self.connection.settimeout(self.idle_timeout)
            self.raw_requestline = self.rfile.readline(MAX_HEADER_BYTES + 1)
            if not self.raw_requestline:
                self.close_connection = True
                return
            self.connection.settimeout(REQUEST_TIMEOUT)
            if not self._parse():
                self.close_connection = True
                return
            self.run_wsgi()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def _parse(self) -> bool:
        self.requestline, self.command, self.request_version = "", "", "HTTP/1.1"
        if len(self.raw_requestline) > MAX_HEADER_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        if not self.parse_request():
            return False
        size = len(self.raw_requestline) + sum(len(name) + len(value) + 4 for name, value in self.headers.items())
        if size > MAX_HEADER_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        return True

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.wfile.write(f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n\r\n".encode())
        self.wfile.flush()
        # Closing with unread bytes would reset the connection and could take the answer with it.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1.0)
        while self.connection.recv(64 * 1024):
            pass

    def run_wsgi(self) -> None:
        """Read the body, call the application, write the answer; the connection stays open."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.environ = environ = self.make_environ()
        body = self._read_body(environ)
        if body is None:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            head[:] = [status, headers]
            return None

        try:
            self._write_answer(self.server.app(environ, start_response), head)
        except ConnectionDropped:
            self._drop()

    def _read_body(self, environ: WSGIEnvironment) -> bytes | None:
        stream = environ["wsgi.input"]
        if isinstance(stream, DechunkedInput):
            body = stream.read(MAX_BODY_BYTES + 1)
            return body if len(body) <= MAX_BODY_BYTES else None
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return bytes(stream.read(length)) if length <= MAX_BODY_BYTES else None

    def _write_answer(self, answer: Iterable[bytes], head: list[Any]) -> None:
        try:
            parts = iter(answer)
            # Taken first: an application may call start_response as late as its first part.
            first = next(parts, b"")
            chunked = self._write_head(*head)
            with_body = self.command != "HEAD"
            for part in itertools.chain((first,), parts):
                if with_body and part:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
                if chunked:
                    self.wfile.flush()
            if chunked and with_body:
                self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()

    def _write_head(self, status: str, headers: list[tuple[str, str]]) -> bool:
        """Write status and headers; whether the body goes out in chunks."""
        code, _sep, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        names = set()
        for name, value in headers:
            self.send_header(name, value)
            names.add(name.lower())
        chunked = "content-length" not in names and int(code) not in BODILESS and int(code) >= 200
        if chunked and self.request_version >= "HTTP/1.1":
            self.send_header("Transfer-Encoding", "chunked")
        elif chunked:
            chunked, self.close_connection = False, True
        if self.close_connection:
            self.send_header("Connection", "close")
        else:
            self.send_header("Connection", "keep-alive")
            self.send_header("Keep-Alive", f"timeout={max(1, round(self.idle_timeout))}")
        self.end_headers()
        return chunked

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the emulator has a log of its own."""

    def log_error(self, format: str, *args: Any) -> None:
        """Nothing: a client that went away is part of the game."""
