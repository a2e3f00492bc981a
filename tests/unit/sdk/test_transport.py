# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the SDK treats connections, slow servers and wrong answers, over real sockets."""

from __future__ import annotations

import gzip
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaConnectionError,
    BalenaError,
    BalenaReadOnlyError,
    BalenaRequestError,
    BalenaTimeoutError,
    BalenaUnsafeWriteError,
    BalenaUsageError,
)

from ...support.local_server import Answer, LocalServer
from .conftest import Waits

pytestmark = pytest.mark.usefixtures("clean_environment")


def connect(server: LocalServer, **options: Any) -> Balena:
    return Balena(**{"api_url": server.url, "token": "secret-token", **options})


def test_requests_share_one_connection_and_say_who_sends_them() -> None:
    with LocalServer() as server, connect(server) as balena:
        for _turn in range(5):
            balena.pine.get("device")
        balena.request.send(url=server.url.replace("localhost", "127.0.0.1") + "elsewhere")
    assert [request.connection for request in server.requests] == [1, 1, 1, 1, 1, 2]
    headers = server.requests[0].headers
    assert headers["Authorization"] == "Bearer secret-token"
    assert headers["User-Agent"].startswith("community.balena/")
    assert headers["X-Balena-Client"].startswith("community.balena/")
    assert "gzip" in headers["Accept-Encoding"]
    assert "X-Balena-Client" not in server.requests[-1].headers


def test_zipped_answers_are_unzipped() -> None:
    zipped = gzip.compress(json.dumps({"d": [{"id": 1}]}).encode())
    with LocalServer([Answer(body=zipped, headers={"Content-Encoding": "gzip"})]) as server:
        assert connect(server).pine.get("device") == [{"id": 1}]


def test_a_connection_is_not_used_again_after_the_server_may_have_closed_it(waits: Waits) -> None:
    with LocalServer() as server, connect(server) as balena:
        balena.pine.post("device_tag", {"device": 1})
        waits.pass_by(3.9)
        balena.pine.post("device_tag", {"device": 2})
        waits.pass_by(4.1)
        balena.pine.post("device_tag", {"device": 3})
    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_a_connection_that_the_server_closed_is_opened_again_also_for_post() -> None:
    with LocalServer([Answer(hang_up=True)]) as server, connect(server) as balena:
        for number in range(5):
            balena.pine.post("device_tag", {"device": number})
            time.sleep(0.02)  # the server's goodbye needs a moment to arrive
    assert server.methods == ["POST"] * 5


def test_a_server_that_does_not_answer_in_time(waits: Waits) -> None:
    never = threading.Event()
    with LocalServer([Answer(before=lambda: never.wait(5))]) as server:
        balena = connect(server, timeout=0.1, max_retries=1)
        with pytest.raises(BalenaTimeoutError, match="no answer in time"):
            balena.pine.get("device")
        never.set()
    assert len(server.requests) == 2
    assert len(waits.seconds) == 1


def test_a_server_that_cannot_be_reached(waits: Waits) -> None:
    with LocalServer() as server:
        address = server.url
    with pytest.raises(BalenaConnectionError, match=r"GET http://localhost.* no connection"):
        Balena(api_url=address, token="t").pine.get("device")
    with pytest.raises(BalenaConnectionError, match="no-such-host"):
        Balena(api_url="http://no-such-host.invalid/", token="t", max_retries=0).pine.get("device")


NONSENSE = [
    Answer(raw=b"this is not HTTP at all\r\n\r\n"),
    Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
    Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbad"),
    Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
    Answer(raw=b""),
    Answer(drop=True),
    Answer(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
    Answer(body=b'{"cut": ', headers={"Content-Type": "application/json"}),
    Answer(body=b"<html>a proxy's page</html>", headers={"Content-Type": "text/html"}),
    Answer(status=302, headers={"Location": "/again"}),
    Answer(status=302, headers={"Location": "http://[bad"}),
    Answer(status=418, body=b"\xff\xfe", headers={"Content-Type": "text/plain"}),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.usefixtures("waits")
def test_nonsense_becomes_an_error_of_ours(answer: Answer, method: str) -> None:
    with LocalServer([answer]) as server:
        balena = connect(server, max_retries=1)
        with pytest.raises(BalenaError) as caught:
            balena.pine.get("device") if method == "GET" else _required_json(balena)
        assert str(caught.value)
        assert "secret-token" not in str(caught.value)


def _required_json(balena: Balena) -> None:
    balena.request.send(method="POST", url="/x", base_url=balena.options.api_root, body={}, response_format="json")


def test_a_redirect_is_followed_for_reading_without_giving_the_token_to_another_host() -> None:
    with LocalServer([Answer(body={"d": [{"id": 1}]})]) as other:
        elsewhere = other.url.replace("localhost", "127.0.0.1")
        with LocalServer([Answer(status=302, headers={"Location": elsewhere})]) as server:
            assert connect(server).pine.get("device") == [{"id": 1}]
    assert "Authorization" not in other.requests[0].headers


def test_a_redirected_write_is_an_error_and_not_a_silent_read() -> None:
    with LocalServer([Answer(status=302, headers={"Location": "/other"})]) as server:
        with pytest.raises(BalenaRequestError) as caught:
            connect(server).pine.post("device", {})
        assert caught.value.status_code == 302
    assert server.methods == ["POST"]


def test_a_read_only_connection_sends_no_write() -> None:
    with LocalServer() as server:
        balena = connect(server, read_only=True)
        for write in (
            lambda: balena.pine.post("device", {}),
            lambda: balena.pine.patch("device", {}, id=1),
            lambda: balena.pine.put("device", {}, id=1),
            lambda: balena.pine.delete("device", id=1),
            lambda: balena.request.send(method="post", url=server.url),
            lambda: balena.request.stream(method="POST", url=server.url),
        ):
            with pytest.raises(BalenaReadOnlyError):
                write()
        balena.pine.get("device")
    assert server.methods == ["GET"]


@pytest.mark.parametrize("options", [None, {}, {"$filter": None}, {"$filter": {}}, {"$filter": " "}, {"$select": "id"}])
def test_a_write_without_target_is_refused(options: Any) -> None:
    with LocalServer() as server:
        balena = connect(server)
        with pytest.raises(BalenaUnsafeWriteError, match="every row"):
            balena.pine.patch("device", {"note": "x"}, options=options)
        with pytest.raises(BalenaUnsafeWriteError, match="every row"):
            balena.pine.delete("device", options=options)
        with pytest.raises(BalenaUsageError):
            balena.pine.delete("device", options={"$filter": {"id": {"$in": []}}})
        with pytest.raises(BalenaUsageError):
            balena.pine.delete("device", id=None)  # type: ignore[arg-type]
    assert server.requests == []


def test_the_server_explains_a_failure() -> None:
    with LocalServer([Answer(status=400, body={"error": {"text": "no such field"}}, headers={"X-Id": "7"})]) as server:
        with pytest.raises(BalenaRequestError, match="no such field") as caught:
            connect(server).pine.get("device")
        error = caught.value
        assert (error.status_code, error.body, error.code) == (400, "no such field", "BalenaRequestError")
        assert error.request_options == {"method": "GET", "url": f"{server.url}v7/device"}
        assert error.response_headers["X-Id"] == "7"


def test_many_threads_share_one_balena() -> None:
    def answer(seen: Any) -> Answer:
        return Answer(body={"d": [{"id": int(seen.path.rpartition("(")[2][:-1])}]})

    with LocalServer(answer) as server, connect(server, max_connections=8) as balena:
        rows = balena.map_parallel(lambda number: balena.pine.get("device", number), range(1, 201))
        namespaces = balena.map_parallel(lambda _number: balena.models.device, range(8))
    assert [row["id"] for row in rows] == list(range(1, 201))
    assert server.connections <= 8
    assert len({id(namespace) for namespace in namespaces}) == 1


def test_an_error_in_one_of_many_threads_is_raised_after_all_have_ended() -> None:
    def answer(seen: Any) -> Answer:
        return Answer(status=404) if "(3)" in seen.path else Answer(body={"d": [{"id": 1}]})

    with LocalServer(answer) as server, connect(server) as balena:
        with pytest.raises(BalenaRequestError):
            balena.map_parallel(lambda number: balena.pine.get("device", number), range(1, 11))
        assert len(server.requests) == 10


def test_a_path_can_be_read_as_it_is() -> None:
    with LocalServer() as server:
        connect(server).pine.get(url="device?$top=1&$filter=a%20eq%20'x'")
    assert server.requests[0].path == "/v7/device?$top=1&$filter=a%20eq%20'x'"
    with pytest.raises(BalenaUsageError, match="url or resource"):
        Balena(token="x").pine.get()


def test_lists_and_dicts_in_a_query() -> None:
    with LocalServer() as server:
        query = {"a": [1, True], "b": {"c": "x y"}, "d": None}
        connect(server).request.send(url=f"{server.url}x?z=1", qs=query)
    assert server.requests[0].path == "/x?z=1&a%5B0%5D=1&a%5B1%5D=true&b%5Bc%5D=x%20y"


def test_settings_do_not_leak_into_requests(clean_environment: Path) -> None:
    """A ~/.netrc for the host must not replace the token."""
    (clean_environment / ".netrc").write_text("machine localhost login me password other\n", encoding="utf-8")
    with LocalServer() as server:
        connect(server).pine.get("device")
    assert server.requests[0].headers["Authorization"] == "Bearer secret-token"
