# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server: werkzeug's threaded one with the connection handling of the real server."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from .connection import ConnectionHandler
from .tls import server_context

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# How often the accepting thread looks whether it shall stop.
POLL_SECONDS = 0.05


class Server:
    """A WSGI application on a port, run by a thread.

    port: 0 takes a free one; idle_timeout: seconds after which a connection without a request is closed;
    tls_cert, tls_key: PEM files for HTTPS.
    """

    def __init__(
        self,
        application: WSGIApplication,
        host: str = "127.0.0.1",
        port: int = 0,
        idle_timeout: float = 5.0,
        tls_cert: Path | str | None = None,
        tls_key: Path | str | None = None,
    ) -> None:
        self._connections: set[socket.socket] = set()
        handler = type(
            "Handler",
            (ConnectionHandler,),
            {"idle_timeout": idle_timeout, "open_connections": self._connections},
        )
        context = None
        if tls_cert is not None:
            context = server_context(tls_cert, tls_key)
        self._server = make_server(host, port, application, threaded=True, request_handler=handler, ssl_context=context)
        # A client that keeps a connection open must not keep the server from stopping.
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.block_on_close = False  # type: ignore[attr-defined]
        self._thread: threading.Thread | None = None
        self.host = host
        self.port: int = self._server.port
        self.url = f"{'https' if context else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="emulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop, free the port and close the open connections."""
        if self._thread is None:
            self._server.server_close()
            return
        self._server.shutdown()
        self._thread.join()
        self._thread = None
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
