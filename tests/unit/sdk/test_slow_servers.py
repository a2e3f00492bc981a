# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that sends its answer drop by drop: the time-out bounds the whole answer, its headers too."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.connection import connect
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaError,
    BalenaInvalidParameterError,
    BalenaTimeoutError,
    BalenaUnknownOutcomeError,
)

pytestmark = pytest.mark.usefixtures("clean_environment")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
#: What comes at once, before a drop comes every tenth of a second, for ever.
STARTS = {
    "status line": b"HTTP/1.",
    "headers": HEAD + b"X-Slow: ",
    "body": HEAD.replace(b"9", b"999") + b"\r\n",
    "chunks": HEAD.replace(b"Content-Length: 9", b"Transfer-Encoding: chunked") + b"\r\nFFFF\r\n",
    "until the end": HEAD.replace(b"Content-Length: 9", b"Connection: close") + b"\r\n",
}


@contextlib.contextmanager
def dripping(start: bytes) -> Iterator[str]:
    """A server that begins its answers at once and never ends them; its address."""
    over = threading.Event()

    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.recv(65536)
            client.sendall(start)
            while not over.wait(0.1):
                client.sendall(b"x")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = listener.accept()
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda balena: balena.pine.get("device"), BalenaTimeoutError),
        (lambda balena: balena.pine.post("device_tag", {}), BalenaUnknownOutcomeError),
    ],
    ids=["read", "write"],
)
def test_a_slow_answer_ends_in_time(start: str, action: Callable[[Any], Any], error: type[Exception]) -> None:
    with dripping(STARTS[start]) as url, Balena(api_url=url, token="t", timeout=0.5, max_retries=0) as balena:
        begun = time.monotonic()
        with pytest.raises(error):
            action(balena)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("start", ["status line", "headers"])
def test_a_stream_whose_headers_never_end(start: str) -> None:
    with dripping(STARTS[start]) as url, Balena(api_url=url, token="t", stream_timeout=0.5, max_retries=0) as balena:
        begun = time.monotonic()
        with pytest.raises(BalenaTimeoutError):
            balena.request.stream(url=url)
        assert time.monotonic() - begun < 10


def test_a_stream_that_has_begun_may_go_on_for_longer() -> None:
    with dripping(STARTS["until the end"]) as url, Balena(api_url=url, token="t", stream_timeout=0.5) as balena:
        begun, got = time.monotonic(), 0
        with balena.request.stream(url=url) as stream:
            while time.monotonic() - begun < 1.0:
                got += len(stream.read(1))
        assert got


@pytest.mark.parametrize("limit", [10**7, 10**30])
def test_a_limit_of_requests_that_limits_nothing(limit: int) -> None:
    with pytest.raises(BalenaInvalidParameterError, match="request_limit"):
        Balena(request_limit=limit)
    options = {"api_url": "http://127.0.0.1:9", "api_token": "t", "validate_certs": True, "timeout": 1.0}
    with pytest.raises(BalenaError, match="request_limit must be greater than 0 and at most 1000000, not"):
        connect({**options, "max_connections": 1, "request_limit": limit})


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), float("inf")])
def test_an_interval_that_is_none(interval: float) -> None:
    with pytest.raises(BalenaInvalidParameterError, match="request_limit_interval"):
        Balena(request_limit=1, request_limit_interval=interval)
