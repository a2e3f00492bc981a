# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows of the history say happened to devices."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.balena.plugins.module_utils.domain.devices.history import events

UUID = "7cf02a687b74206f92cb455969cf8e98"
RELEASE = {"id": 5, "commit": "c0ffee", "raw_version": "1.0.0"}


def row(id_: int, start: int, end: int | None, **columns: Any) -> dict[str, Any]:
    """A row of a device that has been removed."""
    return {
        "id": id_,
        "uuid": UUID,
        "created_at": f"2026-01-{start:02}T00:00:00.000Z",
        "end_timestamp": f"2026-01-{end:02}T00:00:00.000Z" if end else None,
        "is_created_by__actor": {"__id": 1},
        "is_ended_by__actor": {"__id": 2} if end else None,
        "tracks__actor": {"__id": 70},
        "tracks__device": [],
        "belongs_to__application": [{"id": 3, "slug": "acme/kiosk"}],
        "is_of__device_type": [{"id": 4, "slug": "raspberrypi3"}],
        "is_running__release": [],
        "should_be_running__release": [RELEASE],
        "should_be_managed_by__release": [],
        "os_version": None,
        "os_variant": None,
        "supervisor_version": None,
        **columns,
    }


def test_a_removal_is_told_with_all_that_was_known():
    *_first, last = events([row(1, 1, 2), row(2, 2, 3, os_version="balenaOS 6.0")])
    assert (last.what, last.at, last.actor, last.name) == ("removed", "2026-01-03T00:00:00.000Z", 2, None)
    assert last.before["os_version"] == "balenaOS 6.0"
    assert last.before["application"] == "acme/kiosk"
    assert last.after == {}


def test_a_device_that_exists_and_went_out_of_sight_was_not_removed():
    assert [one.what for one in events([row(1, 1, 2, tracks__device=[{"id": 7, "device_name": "d"}])])] == [
        "registered"
    ]


def test_another_device_with_the_uuid_of_one_that_was_removed():
    found = events([row(1, 1, 2), row(2, 3, None, tracks__actor={"__id": 71}, tracks__device=[{"id": 9}])])
    assert [one.what for one in found] == ["registered", "removed", "registered"]


def test_a_row_that_says_nothing_new_is_no_event():
    assert [one.what for one in events([row(1, 1, 2), row(2, 2, None)])] == ["registered"]


def test_a_release_without_a_version_is_named_by_its_commit():
    release = {"id": 6, "commit": "c0ffee", "raw_version": None}
    changed = events([row(1, 1, 2), row(2, 2, None, should_be_running__release=[release])])[1]
    assert (changed.before, changed.after) == ({"target_release": "1.0.0"}, {"target_release": "c0ffee"})


def test_rows_that_were_read_twice_count_once():
    assert len(events([row(1, 1, None), row(1, 1, None)])) == 1
