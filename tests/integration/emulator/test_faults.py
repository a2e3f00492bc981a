# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as the client meets them."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import pytest
import requests

from emulator.http.faults import Fault, parse_fault
from tests.support.emulator_harness import Harness


def statuses(harness: Harness, count: int, path: str = "/v7/device") -> list[int]:
    return [harness.get(path).status_code for _turn in range(count)]


@pytest.mark.parametrize(
    ("which", "hit"),
    [
        ({"nth": 2}, [200, 503, 200, 200]),
        ({"first": 2}, [503, 503, 200, 200]),
        ({"since": 3}, [200, 200, 503, 503]),
        ({"every": 2}, [200, 503, 200, 503]),
        ({"every": 2, "times": 1}, [200, 503, 200, 200]),
        ({}, [503, 503, 503, 503]),
        ({"times": 3}, [503, 503, 503, 200]),
    ],
)
def test_which_requests_are_hit(harness: Harness, which: dict[str, Any], hit: list[int]) -> None:
    harness.faults.add(status=503, **which)
    assert statuses(harness, 4) == hit
    assert len(harness.acted) == hit.count(200)


def test_only_matching_requests_count(harness: Harness) -> None:
    harness.faults.add(method="POST|PATCH", path=r"^/v7/device_tag$", query="tag_key eq 'site'", nth=2, status=500)
    post = harness.url + "/v7/device_tag?%24filter=tag_key+eq+%27site%27"
    assert harness.get("/v7/device_tag").ok
    assert harness.session.post(harness.url + "/v7/device", timeout=10).ok
    assert harness.session.post(post, timeout=10).status_code == 200
    assert harness.session.patch(post, timeout=10).status_code == 500


def test_each_different_request_can_be_hit_once(harness: Harness) -> None:
    harness.faults.add(status=503, unseen=True)
    assert statuses(harness, 3) == [503, 200, 200]
    assert statuses(harness, 2, "/v7/device?$top=1") == [503, 200]
    assert [harness.session.post(harness.url + "/v7/x", json={"n": n}, timeout=10).ok for n in (1, 2, 1)] == [
        False,
        False,
        True,
    ]


def test_a_body_can_be_matched(harness: Harness) -> None:
    harness.faults.add(body='"alpha"', status=409, body_text="Unique key constraint violated")
    assert harness.session.post(harness.url + "/v7/x", json={"name": "beta"}, timeout=10).ok
    response = harness.session.post(harness.url + "/v7/x", json={"name": "alpha"}, timeout=10)
    assert (response.status_code, response.text) == (409, "Unique key constraint violated")


def test_retry_after_in_seconds_and_as_a_date(harness: Harness) -> None:
    harness.faults.add(status=429, retry_after=7, first=1)
    assert harness.get().headers["Retry-After"] == "7"
    harness.faults.clear()
    harness.faults.add(status=503, retry_after=30, retry_after_date=True)
    date = email.utils.parsedate_to_datetime(harness.get().headers["Retry-After"])
    assert 20 < date.timestamp() - time.time() < 40


def test_a_json_answer_with_headers(harness: Harness) -> None:
    harness.faults.add(status=400, json={"error": "no"}, headers={"X-Why": "because"})
    response = harness.get()
    assert response.json() == {"error": "no"}
    assert response.headers["X-Why"] == "because"


def test_a_gateway_that_gave_up_on_what_was_done(harness: Harness) -> None:
    harness.faults.add(status=504, acts=True)
    assert harness.get().status_code == 504
    assert harness.acted == ["GET /v7/device"]


@pytest.mark.parametrize(("when", "acted"), [("before", 0), ("after", 1)])
def test_a_dropped_connection(harness: Harness, when: str, acted: int) -> None:
    harness.faults.add(drop=when, nth=1)
    with pytest.raises(requests.ConnectionError):
        harness.session.post(harness.url + "/v7/device", json={}, timeout=10)
    assert len(harness.acted) == acted
    assert harness.log.select()[0].status == 0
    assert harness.get().ok


def test_a_truncated_answer(harness: Harness) -> None:
    harness.faults.add(truncate=10, nth=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        harness.get()
    assert harness.get().ok


def test_a_delay_outlasts_a_time_out(harness: Harness) -> None:
    harness.faults.add(delay=2.0, nth=1)
    with pytest.raises(requests.ReadTimeout):
        harness.session.get(harness.url + "/v7/device", timeout=0.2)


def test_a_rate_limit_lets_n_pass_and_says_how_long_to_wait(harness: Harness) -> None:
    harness.faults.add(rate_limit=2, interval=1000)
    assert statuses(harness, 4) == [200, 200, 429, 429]
    assert 900 < int(harness.get().headers["Retry-After"]) <= 1000


def test_a_rate_limit_ends_with_its_interval() -> None:
    fault = Fault(rate_limit=2, interval=60)
    assert [fault.is_hit(now) for now in (0, 10, 20, 59, 61, 62, 71)] == [False, False, True, True, False, True, False]


def test_the_log_names_the_fault(harness: Harness) -> None:
    harness.faults.add(status=500, name="broken", nth=2)
    statuses(harness, 2)
    assert [request.fault for request in harness.log.select()] == [None, "broken"]
    assert harness.faults.describe()[0] | {"seen": 2, "hits": 1} == harness.faults.describe()[0]


def test_the_command_line_form() -> None:
    assert parse_fault(r"method=POST,path=^/v7/a\,b,nth=2,status=503,retry_after=1.5,acts=true,drop=after") == {
        "method": "POST",
        "path": "^/v7/a,b",
        "nth": 2,
        "status": 503,
        "retry_after": 1.5,
        "acts": True,
        "drop": "after",
    }


@pytest.mark.parametrize("text", ["nonsense", "colour=red", "nth"])
def test_a_wrong_option_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an option"):
        parse_fault(text)


def test_a_fault_without_effect_is_refused(harness: Harness) -> None:
    with pytest.raises(ValueError, match="effect"):
        harness.faults.add(path="/v7")
