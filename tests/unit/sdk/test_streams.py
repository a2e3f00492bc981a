# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are read as they arrive: downloads and logs."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaConnectionError,
    BalenaInvalidResponseError,
    BalenaRequestError,
    BalenaTimeoutError,
)

from ...support.local_server import Answer, LocalServer, Seen

pytestmark = pytest.mark.usefixtures("clean_environment")
UUID = "7cf02a687b74206f92cb455969cf8e98"


def connect(server: LocalServer, **options: Any) -> Balena:
    return Balena(**{"api_url": server.url, "token": "t", "max_retries": 0, **options})


def log_server(pieces: list[Any], **more: Any) -> LocalServer:
    """Serve a device and its log."""

    def answer(seen: Seen) -> Answer:
        if "/logs" not in seen.path:
            return Answer(body={"d": [{"uuid": UUID}]})
        return Answer(body=pieces, chunked=True, headers={"Content-Type": "application/x-ndjson"}, **more)

    return LocalServer(answer)


def test_a_download_is_read_piece_by_piece_and_unzipped() -> None:
    content = b"image" * 100_000
    zipped = gzip.compress(content)
    pieces = [zipped[at : at + 300] for at in range(0, len(zipped), 300)]
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/zip; x=y", "X-Transfer-Length": "500000"}
    with LocalServer([Answer(body=pieces, chunked=True, headers=headers)]) as server:
        with connect(server).request.stream(url=server.url) as stream:
            assert (stream.mime, stream.length) == ("application/zip", 500000)
            assert stream.read(5) == b"image"
            assert b"".join(stream) == content[5:]
            assert stream.read() == b""
        assert stream.read() == b""


def test_a_download_with_a_known_length() -> None:
    content = Answer(body=b"x" * 200_000, headers={"Content-Type": "application/zip"})
    with LocalServer([content]) as server, connect(server).request.stream(url=server.url) as stream:
        assert stream.length == 200_000
        assert sum(len(chunk) for chunk in stream) == 200_000


def test_a_refused_download_is_an_error_with_its_explanation() -> None:
    refused = Answer(status=404, body={"error": "no such image"})
    with LocalServer([refused]) as server, pytest.raises(BalenaRequestError, match="no such image"):
        connect(server).request.stream(url=server.url)


def test_a_download_that_breaks_off_is_an_error() -> None:
    broken = Answer(body=[b"some", b"more"], chunked=True, drop=True)
    with (
        LocalServer([broken]) as server,
        connect(server).request.stream(url=server.url) as stream,
        pytest.raises(BalenaConnectionError),
    ):
        stream.read()
    short = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    with (
        LocalServer([short]) as server,
        connect(server).request.stream(url=server.url) as stream,
        pytest.raises(BalenaConnectionError),
    ):
        list(stream)


def test_a_log_line_comes_as_soon_as_it_is_written() -> None:
    goes_on = threading.Event()

    def second() -> bytes:
        assert goes_on.wait(10), "the first line was not handed out before the second came"
        return b'{"message": "two"}\n'

    with log_server([b'{"message": "one"}\n', second]) as server, connect(server).logs.subscribe(UUID) as lines:
        assert next(lines) == {"message": "one"}
        goes_on.set()
        assert list(lines) == [{"message": "two"}]
    assert server.requests[1].path == f"/device/v2/{UUID}/logs?stream=1"


def test_lines_may_come_in_any_pieces_and_a_bad_one_is_skipped() -> None:
    pieces = [b'{"mess', b'age": "\xc3', b'\xbc"}\nnot json\n\n  \r\n{"message": 2}\r\n{"message"', b": 3}"]
    with log_server(pieces) as server:
        lines = connect(server).logs.subscribe(UUID, count=5)
        assert [line["message"] for line in lines] == ["ü", 2, 3]
    assert server.requests[1].path.endswith("/logs?count=5&stream=1")


def test_a_bad_line_is_reported_when_debugging_and_the_next_one_still_comes() -> None:
    with log_server([b'oops\n{"message": 2}\n']) as server:
        lines = connect(server, debug=True).logs.subscribe(UUID)
        with pytest.raises(BalenaInvalidResponseError, match="oops"):
            next(lines)
        assert next(lines) == {"message": 2}


def test_a_subscription_ends_from_another_thread() -> None:
    ended = threading.Event()

    def never() -> bytes:
        ended.wait(10)
        return b'{"message": "late"}\n'

    with log_server([b'{"message": "one"}\n', never]) as server:
        lines = connect(server).logs.subscribe(UUID)
        seen: list[Any] = []
        reader = threading.Thread(target=lambda: seen.extend(lines))
        reader.start()
        while not seen:
            reader.join(0.01)
        lines.unsubscribe()
        reader.join(5)
        ended.set()
        assert not reader.is_alive()
        assert seen == [{"message": "one"}]
        assert list(lines) == []


def test_a_log_that_breaks_off_is_an_error_and_not_an_end() -> None:
    with log_server([b'{"message": "one"}\n'], drop=True) as server:
        lines = connect(server).logs.subscribe(UUID)
        assert next(lines) == {"message": "one"}
        with pytest.raises(BalenaConnectionError):
            next(lines)


def test_a_silent_log_is_a_time_out() -> None:
    never = threading.Event()
    with log_server([b'{"message": "one"}\n', lambda: never.wait(5) or b"\n"]) as server:
        lines = connect(server, stream_timeout=0.1).logs.subscribe(UUID)
        assert next(lines)
        with pytest.raises(BalenaTimeoutError):
            next(lines)
        never.set()


def test_the_history_of_a_log() -> None:
    def answer(seen: Seen) -> Answer:
        return Answer(body=[{"message": "x"}]) if "/logs" in seen.path else Answer(body={"d": [{"uuid": UUID}]})

    with LocalServer(answer) as server:
        assert connect(server).logs.history(UUID, count="all", start=5) == [{"message": "x"}]
    assert server.requests[1].path.endswith("/logs?count=all&start=5")
    assert json.dumps(server.requests[1].headers).count("Bearer t") == 1
