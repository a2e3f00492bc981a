# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent again after a failure, when, and what never is."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import threading
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, _clock
from ansible_collections.community.balena.plugins.module_utils.sdk._limiter import RateLimiter
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaConnectionError,
    BalenaRequestError,
    BalenaUnknownOutcomeError,
)

from ...support.local_server import Answer, LocalServer, Seen
from .conftest import Waits

pytestmark = pytest.mark.usefixtures("clean_environment")
FINE = Answer()
KEY = ("device", "tag_key")
TAG = {"device": 1, "tag_key": "a", "value": "b"}


def connect(server: LocalServer, **options: Any) -> Balena:
    return Balena(**{"api_url": server.url, "token": "t", **options})


def told_to_wait(status: int, seconds: str) -> Answer:
    return Answer(status=status, headers={"Retry-After": seconds})


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_names_a_time_is_asked_again_then(status: int, method: str, waits: Waits) -> None:
    with LocalServer([told_to_wait(status, "7"), told_to_wait(status, "0"), FINE]) as server:
        balena = connect(server)
        balena.pine.get("device") if method == "GET" else balena.pine.post("device", {"a": 1})
    assert server.methods == [method] * 3
    assert waits.seconds == [7, 0]
    assert len({request.body for request in server.requests}) == 1


def test_the_time_may_be_a_date(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime(2024, 12, 17, 12, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(_clock, "now", lambda: now)
    later = email.utils.format_datetime(now + datetime.timedelta(seconds=30), usegmt=True)
    before = email.utils.format_datetime(now - datetime.timedelta(seconds=30), usegmt=True)
    with LocalServer([told_to_wait(429, later), told_to_wait(429, before), FINE]) as server:
        connect(server).pine.get("device")
    assert waits.seconds == [30, 0]


def test_a_server_that_wants_too_much_time_is_not_waited_for(waits: Waits) -> None:
    answers = [told_to_wait(429, "200"), told_to_wait(429, "101")]
    with LocalServer(answers) as server, pytest.raises(BalenaRequestError):
        connect(server, max_retry_wait=300).pine.get("device")
    assert waits.seconds == [200]


def test_a_server_that_says_wait_for_ever_is_given_up(waits: Waits) -> None:
    with LocalServer([told_to_wait(429, "0")]) as server, pytest.raises(BalenaRequestError):
        connect(server, max_retry_wait=20).pine.get("device")
    assert len(server.requests) < 25
    assert waits.seconds.count(0) == 3


@pytest.mark.parametrize("header", ["", "soon", "-1", "nan", "inf", "Wed, 99 Foo 2024"])
def test_an_unreadable_time_counts_as_none(header: str, waits: Waits) -> None:
    with LocalServer([told_to_wait(429, header), FINE]) as server:
        connect(server).pine.get("device")
    assert len(waits.seconds) == 1
    assert 0 < waits.seconds[0] < 1


@pytest.mark.usefixtures("waits")
def test_waiting_can_be_switched_off() -> None:
    with LocalServer([told_to_wait(429, "0"), FINE]) as server:
        with pytest.raises(BalenaRequestError) as caught:
            connect(server, retry_rate_limited_requests=False).pine.get("device")
        assert caught.value.status_code == 429
    with LocalServer([told_to_wait(503, "0"), FINE]) as server:
        with pytest.raises(BalenaRequestError) as caught:
            connect(server, max_retries=0).pine.get("device")
        assert caught.value.status_code == 503


@pytest.mark.parametrize("failure", [Answer(status=500), Answer(status=502), Answer(status=503), Answer(drop=True)])
def test_what_can_be_repeated_safely_is(failure: Answer, waits: Waits) -> None:
    for send in (
        lambda pine: pine.get("device"),
        lambda pine: pine.patch("device", {"note": "x"}, id=1),
        lambda pine: pine.put("device", {"note": "x"}, id=1),
        lambda pine: pine.delete("device", id=1),
    ):
        with LocalServer([failure, failure, FINE]) as server:
            send(connect(server).pine)
        assert len(server.requests) == 3
    assert len(waits.seconds) == 8


def test_repeating_ends(waits: Waits) -> None:
    with LocalServer([Answer(status=500, body="boom")]) as server, pytest.raises(BalenaRequestError, match="boom"):
        connect(server, max_retries=3).pine.get("device")
    assert len(server.requests) == 4
    assert waits.seconds == sorted(waits.seconds)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 423, 501])
def test_a_definite_answer_is_not_questioned(status: int, waits: Waits) -> None:
    with LocalServer([Answer(status=status), FINE]) as server, pytest.raises(BalenaRequestError):
        connect(server).pine.get("device")
    assert len(server.requests) == 1
    assert waits.seconds == []


@pytest.mark.usefixtures("waits")
def test_a_post_is_not_repeated_when_it_may_have_been_done() -> None:
    with LocalServer([Answer(status=500), FINE]) as server, pytest.raises(BalenaRequestError):
        connect(server).pine.post("device", {"a": 1})
    assert len(server.requests) == 1
    lost = pytest.raises(BalenaUnknownOutcomeError, match="may be done or not")
    with lost, LocalServer([Answer(drop=True), FINE]) as server:
        connect(server).pine.post("device", {"a": 1})
    assert len(server.requests) == 1


def test_a_post_that_found_no_server_is_repeated(waits: Waits) -> None:
    with LocalServer() as server:
        address = server.url
    with pytest.raises(BalenaConnectionError) as caught:
        Balena(api_url=address, token="t", max_retries=2).pine.post("device", {})
    assert not isinstance(caught.value, BalenaUnknownOutcomeError)
    assert len(waits.seconds) == 2


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("lost", [Answer(drop=True), Answer(status=502), Answer(status=504)])
def test_a_lost_post_is_looked_up_before_it_is_repeated(lost: Answer) -> None:
    created = {"id": 7, "device": {"__id": 1}, "tag_key": "a", "value": "b"}
    # it was done
    with LocalServer([lost, Answer(body={"d": [created]})]) as server:
        assert connect(server).pine.post("device_tag", TAG, natural_key=KEY) == created
    assert server.methods == ["POST", "GET"]
    assert "tag_key%20eq%20'a'" in server.requests[1].path
    # it was not
    with LocalServer([lost, Answer(body={"d": []}), Answer(status=201, body=created)]) as server:
        assert connect(server).pine.post("device_tag", TAG, natural_key=KEY) == created
    assert server.methods == ["POST", "GET", "POST"]
    # somebody else's row is there: the server itself says so
    other = {**created, "value": "other"}
    answers = [lost, Answer(body={"d": [other]}), Answer(status=409, body="Unique key")]
    with LocalServer(answers) as server, pytest.raises(BalenaRequestError, match="Unique"):
        connect(server).pine.post("device_tag", TAG, natural_key=KEY)
    assert server.methods == ["POST", "GET", "POST"]


@pytest.mark.usefixtures("waits")
def test_a_lost_upsert_settles() -> None:
    def answer(seen: Seen) -> Answer:
        answers = {"POST": Answer(drop=True) if not rows else Answer(status=409, body="Unique"), "PATCH": FINE}
        if seen.method == "POST":
            rows.append({"id": 1, "device": {"__id": 1}, "tag_key": "a", "value": "from another client"})
        return answers.get(seen.method, Answer(body={"d": rows[:1]}))

    rows: list[Any] = []
    with LocalServer(answer) as server:
        connect(server).pine.upsert("device_tag", {"device": 1, "tag_key": "a"}, {"value": "b"})
    assert server.methods == ["POST", "GET", "POST", "PATCH"]


def test_no_more_requests_than_allowed_in_any_period(waits: Waits) -> None:
    with LocalServer([Answer(before=lambda: moments.append(_clock.monotonic()))]) as server:
        moments: list[float] = []
        balena = connect(server, request_limit=3, request_limit_interval=10)
        for _turn in range(8):
            balena.pine.get("device")
            waits.pass_by(1)
    assert all(later - earlier >= 10 for earlier, later in zip(moments, moments[3:], strict=False))
    assert sum(waits.seconds) == 14


def test_the_limit_holds_over_threads(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(_clock, "sleep", told.append)
    limiter = RateLimiter(5, 10.0)
    threads = [threading.Thread(target=limiter.wait) for _turn in range(23)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [10] * 5 + [20] * 5 + [30] * 5 + [40] * 3


@pytest.mark.usefixtures("waits")
def test_streams_do_not_count() -> None:
    with LocalServer() as server:
        balena = connect(server, request_limit=1, request_limit_interval=1000)
        for _turn in range(3):
            balena.request.stream(url=server.url).close()
        assert len(server.requests) == 3


@pytest.mark.parametrize("agrees", [True, False])
def test_a_function_decides_whether_a_rate_limit_is_waited_out(agrees: bool, waits: Waits) -> None:
    asked: list[float] = []

    def decide(seconds: float) -> bool:
        asked.append(seconds)
        return agrees

    with LocalServer([told_to_wait(429, "7"), FINE]) as server:
        balena = connect(server, retry_rate_limited_requests=decide)
        with contextlib.nullcontext() if agrees else pytest.raises(BalenaRequestError):
            balena.pine.get("device")
    assert asked == [7.0]
    assert waits.seconds == ([7.0] if agrees else [])


def test_a_function_is_not_asked_about_a_rate_limit_of_unknown_length(waits: Waits) -> None:
    with LocalServer([Answer(status=429), FINE]) as server, pytest.raises(BalenaRequestError):
        connect(server, retry_rate_limited_requests=lambda _seconds: True).pine.get("device")
    assert waits.seconds == []
