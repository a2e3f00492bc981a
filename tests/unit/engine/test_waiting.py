# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: who is believed, when it ends, and what it says; on a clock that the test moves."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine.limits import Limits
from ansible_collections.community.balena.plugins.module_utils.engine.patience import Clock
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.engine.waiting import Sight, State, follow, wait_for
from ansible_collections.community.balena.plugins.module_utils.sdk import errors

DONE, IDLE, FAILED = Sight(State.DONE), Sight(State.PENDING, "Idle"), Sight(State.FAILED, "no space")


class World:
    """Devices whose states are given for each look, the last one for ever; time passes only by sleeping."""

    def __init__(self, **looks):
        self.looks, self.asked, self.time, self.lines = looks, [], 0.0, []

    def look(self, uuids):
        turn = len(self.asked)
        self.asked.append(list(uuids))
        seen = {uuid: self.looks[uuid][min(turn, len(self.looks[uuid]) - 1)] for uuid in uuids}
        for sight in seen.values():
            if isinstance(sight, Exception):
                raise sight
        return {uuid: sight for uuid, sight in seen.items() if sight is not None}

    def wait(self, timeout=100, interval=10, seen=None, quiet=0.0, **limits):
        clock, show = Clock(lambda: self.time, self.sleep), self.lines.append
        bounds = Limits(timeout, interval, **limits)
        return wait_for(
            list(self.looks), self.look, bounds, show, things="devices", seen=seen, clock=clock, quiet=quiet
        )

    def sleep(self, seconds):
        self.time += seconds


def test_nothing_to_wait_for_is_done_at_once():
    world = World()
    assert world.wait().problem is None
    assert world.asked == []


def test_one_look_is_not_believed():
    world = World(a=[DONE, IDLE, DONE, DONE])
    assert world.wait().result()["done"] == ["a"]
    assert len(world.asked) == 4


def test_what_was_seen_before_is_the_first_look():
    world = World(a=[DONE])
    assert world.wait(seen={"a": DONE}).problem is None
    assert len(world.asked) == 1


def test_all_are_looked_at_at_once_and_those_that_are_done_no_more():
    world = World(a=[DONE], b=[IDLE, IDLE, DONE])
    world.wait()
    assert world.asked == [["a", "b"], ["a", "b"], ["b"], ["b"]]


def test_the_time_limit_ends_it_and_says_who_is_missing():
    world = World(a=[DONE], b=[IDLE])
    waited = world.wait(timeout=25)
    assert waited.result() == {"done": ["a"], "pending": [{"uuid": "b", "reason": "Idle"}], "failed": []}
    assert "not done after 25 seconds (wait_timeout): 1 of 2 devices is done, 2 are needed. b pending: Idle" in (
        waited.problem
    )
    assert world.time == 25


def test_a_failure_does_not_end_the_waiting_for_the_others():
    world = World(a=[FAILED], b=[IDLE, IDLE, IDLE, DONE])
    waited = world.wait()
    assert waited.result() == {"done": ["b"], "pending": [], "failed": [{"uuid": "a", "reason": "no space"}]}
    assert waited.problem.startswith("Waiting ended, too many devices failed: 1 of 2")


def test_more_failures_than_allowed_end_it():
    world = World(a=[FAILED], b=[IDLE], c=[IDLE])
    waited = world.wait(max_failures=0)
    assert len(world.asked) == 2
    assert [row["uuid"] for row in waited.result()["pending"]] == ["b", "c"]
    assert waited.problem


def test_enough_successes_end_it_well():
    world = World(a=[DONE], b=[IDLE], c=[FAILED])
    assert world.wait(success=33.0).problem is None
    assert World(a=[DONE], b=[IDLE]).wait(success=51.0).problem


def test_a_device_that_is_gone_has_failed():
    assert World(a=[None]).wait().result()["failed"] == [{"uuid": "a", "reason": "it is gone"}]


def failure(status):
    return errors.BalenaRequestError("down", status, {})


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_look_that_fails_is_not_the_end(status):
    assert World(a=[failure(status), DONE]).wait().problem is None


def test_a_server_that_stays_down_is_named():
    assert "the last look failed: " in World(a=[failure(503)]).wait(timeout=20).problem


def test_a_refusal_is_the_end():
    with pytest.raises(errors.BalenaRequestError):
        World(a=[failure(401)]).wait()


def test_lines_come_when_something_changed():
    world = World(a=[IDLE] * 9 + [DONE], b=[DONE])
    world.wait(interval=10)
    assert [line.partition("] ")[2] for line in world.lines] == [
        "0 of 2 done, 0 failed, 2 pending: 1 Idle",
        "1 of 2 done, 0 failed, 1 pending: 1 Idle",
        "1 of 2 done, 0 failed, 1 pending",
        "2 of 2 done, 0 failed, 0 pending",
    ]


def test_lines_do_not_come_too_often():
    world = World(a=[Sight(State.PENDING, f"at {second} s") for second in range(12)])
    world.wait(interval=1, timeout=12)
    assert [line.rpartition("at ")[2] for line in world.lines] == ["0 s", "5 s", "10 s", "11 s"]


def test_a_wait_that_is_quiet_at_first_shows_its_end_all_the_same():
    world = World(a=[IDLE] * 5 + [DONE], b=[DONE])
    world.wait(interval=2, quiet=5.0)
    assert [line.partition("] ")[2][:11] for line in world.lines] == ["1 of 2 done", "2 of 2 done"]
    brief = World(a=[DONE])
    brief.wait(interval=1, quiet=60.0)
    assert [line.partition("] ")[2][:11] for line in brief.lines] == ["1 of 1 done"]


def test_a_bar_grows_with_what_is_done():
    world = World(a=[DONE], b=[IDLE], c=[IDLE], d=[FAILED])
    world.wait(timeout=20)
    assert world.lines[-1] == "[#####...............] 1 of 4 done, 1 failed, 2 pending: 2 Idle"


def test_who_has_failed_is_told_by_name():
    ended = follow(["a"], World(a=[FAILED]).look, Limits(1, 0.01), print, things="devices", names={"a": "bar"})
    assert "bar (a) failed: no space" in str(ended.problem)


def test_those_that_are_skipped_are_pending_and_no_failure():
    followed = follow([], World().look, Limits(1, 1), print, things="devices", skipped={"a": "offline, not waited for"})
    assert followed.problem is None
    assert followed.result["waited"]["pending"] == [{"uuid": "a", "reason": "offline, not waited for"}]


WANT = {
    "wait_timeout": 1.0,
    "poll_interval": 1.0,
    "success_percentage": 100.0,
    "max_failures": None,
    "patience": 0.0,
}
NUMBERS = ("wait_timeout", "poll_interval", "success_percentage", "patience")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("wait_timeout", 0),
        ("wait_timeout", 1e300),
        ("poll_interval", -1.5),
        ("success_percentage", 101.0),
        ("success_percentage", -1.0),
        ("max_failures", -1),
        ("patience", -1.0),
        *((name, value) for name in NUMBERS for value in (math.nan, math.inf, -math.inf)),
    ],
)
def test_limits_that_make_no_sense_are_refused(option, value):
    options: Any = {**WANT, option: value}
    with pytest.raises(DeclarationError, match=f"^{option} must be .*, not {re.escape(format(value, 'g'))}$"):
        Limits.of(options)


def test_an_outage_within_the_patience_is_waited_out_beyond_the_time_limit():
    world = World(a=[DONE, *[failure(503)] * 5, IDLE, DONE, DONE])
    assert "not done after 45 seconds (wait_timeout)" in world.wait(timeout=45, patience=60).problem
    assert world.time == 55
    assert World(a=[DONE, *[failure(503)] * 5, DONE, DONE]).wait(timeout=70, patience=60).problem is None


def test_an_outage_beyond_the_patience_ends_the_waiting():
    waited = World(a=[failure(503)]).wait(timeout=1000, patience=30)
    assert "the server was away for 30 seconds (patience)" in waited.problem
    assert waited.trouble is not None


def test_outages_do_not_add_up():
    away = [failure(503)] * 2
    assert World(a=[*away, IDLE, *away, IDLE, *away, DONE]).wait(timeout=1000, patience=25).problem is None


def test_however_small_a_share_is_somebody_has_to_be_done():
    assert World(a=[FAILED], b=[FAILED]).wait(success=0.0, at_least=1).problem
    assert Limits(1, 1, 0.0, at_least=1).needed(0) == 0
