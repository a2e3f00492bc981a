# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client feels of the connection: kept open, closed when idle, limited, compressed, ended by a stop."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable

import pytest
import requests

from tests.support.emulator_harness import Harness


def connections(harness: Harness) -> int:
    return len({request.connection for request in harness.log.select()})


def exchange(harness: Harness, data: bytes) -> bytes:
    """Send bytes on a connection of one's own, read until the server closes it."""
    with socket.create_connection(("127.0.0.1", harness.server.port), timeout=10) as connection:
        connection.sendall(data)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


def test_a_connection_serves_many_requests(harness: Harness) -> None:
    for number in range(5):
        assert harness.session.post(harness.url + "/v7/device", json={"number": number}, timeout=10).ok
    assert connections(harness) == 1


def test_an_idle_connection_is_closed_and_the_server_says_when(make_harness: Callable[..., Harness]) -> None:
    harness = make_harness(idle_timeout=1.0)
    answer = exchange(harness, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: keep-alive\r\nKeep-Alive: timeout=1\r\n" in answer


def test_a_client_may_ask_to_close(harness: Harness) -> None:
    answer = exchange(harness, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Connection: close\r\n" in answer


def test_requests_sent_in_one_go_are_answered_in_order(harness: Harness) -> None:
    first = b"POST /one HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    second = b"GET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert exchange(harness, first + second).count(b"HTTP/1.1 200") == 2
    assert harness.acted == ["POST /one", "GET /two"]


@pytest.mark.parametrize(("count", "status"), [(1500, 200), (3000, 431), (20000, 431)])
def test_an_address_past_16_kib_is_refused(harness: Harness, count: int, status: int) -> None:
    ids = ",".join(str(number) for number in range(900001, 900001 + count))
    response = harness.get(f"/v7/device?$filter=id in ({ids})")
    assert response.status_code == status
    assert response.content == b"" or status == 200


def test_headers_count_too(harness: Harness) -> None:
    assert harness.get(headers={"X-Long": "y" * 17000}).status_code == 431


def test_large_answers_are_compressed_for_who_takes_it(harness: Harness) -> None:
    packed = harness.get("/v7/device?size=50000", stream=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    raw = packed.raw.read(decode_content=False)
    assert len(raw) < 5000 < len(gzip.decompress(raw))
    plain = harness.get("/v7/device?size=50000", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.json() == harness.get("/v7/device?size=50000").json()
    assert "Content-Encoding" not in harness.get("/v7/device?size=1").headers


def test_a_body_in_chunks_is_read(harness: Harness) -> None:
    response = harness.session.post(harness.url + "/v7/x", data=iter([b"ab", b"cd"]), timeout=10)
    assert response.json()["body"] == "abcd"
    assert harness.get().status_code == 200
    assert connections(harness) == 1


def test_a_stream_is_sent_and_the_connection_stays(harness: Harness) -> None:
    assert harness.get("/stream").text == "line 0\nline 1\nline 2\n"
    assert harness.get("/v7/device").ok
    assert connections(harness) == 1


def test_head_has_no_body(harness: Harness) -> None:
    response = harness.session.head(harness.url + "/v7/device", timeout=10)
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) > 0
    assert harness.get().ok


def test_a_defect_of_the_emulator_is_shown_as_one(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    response = harness.get("/defect")
    assert response.status_code == 500
    assert response.headers["X-Emulator-Defect"] == "1"
    assert "a defect" in capsys.readouterr().err


def test_a_stopped_server_answers_nobody(harness: Harness) -> None:
    assert harness.get().ok
    harness.server.stop()
    with pytest.raises(requests.ConnectionError):
        harness.get()
