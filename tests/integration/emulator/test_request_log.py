# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: complete, filtered, and without secrets."""

from __future__ import annotations

from tests.support.emulator_harness import Harness


def test_a_request_is_logged_as_it_was_sent(harness: Harness) -> None:
    url = harness.url + "/v7/device_tag?$filter=tag_key eq 'a'&x=1"
    harness.session.post(url, json={"value": "é"}, headers={"Authorization": "Bearer sEcReT"}, timeout=10)
    (entry,) = harness.log.select()
    assert (entry.method, entry.path, entry.status, entry.body) == ("POST", "/v7/device_tag", 200, {"value": "é"})
    assert entry.params == {"$filter": "tag_key eq 'a'", "x": "1"}
    assert entry.is_write
    assert entry.authenticated
    assert entry.sent > 0
    assert entry.received == len('{"value": "\\u00e9"}')
    assert "sEcReT" not in str(entry.as_dict())
    assert entry.headers["content-type"] == "application/json"


def test_writes_are_told_from_reads(harness: Harness) -> None:
    harness.get()
    harness.session.head(harness.url + "/v7/device", timeout=10)
    assert harness.log.select(writes=True) == []
    harness.session.patch(harness.url + "/v7/device(1)", json={}, timeout=10)
    harness.session.delete(harness.url + "/v7/device(1)", timeout=10)
    assert [entry.method for entry in harness.log.select(writes=True)] == ["PATCH", "DELETE"]


def test_selecting(harness: Harness) -> None:
    for path in ("/v7/device", "/v7/device_tag", "/v7/device"):
        harness.get(path)
    last = harness.log.select()[1].number
    assert len(harness.log.select(path=r"/device$")) == 2
    assert [entry.path for entry in harness.log.select(since=last)] == ["/v7/device"]
    assert harness.log.select(method="post|patch") == []
    harness.log.clear()
    assert harness.log.select() == []


def test_the_control_api_is_not_logged(harness: Harness) -> None:
    assert harness.get("/_emulator/state").text == "control"
    assert harness.log.select() == []
