# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of waves: all devices reached so far, and whether the next wave may follow."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.waves.account import account

WAVES = [
    {"number": 1, "name": "1", "devices": ["a"], "total": 1},
    {"number": 3, "name": "100%", "devices": ["b", "c", "d"], "total": 4},
]


def step(done=(), failed=(), pending=(), there=(), **more):
    devices = [{"uuid": uuid, "action": "up_to_date"} for uuid in there]
    return {"devices": devices, "waited": {"done": [*done], "failed": [*failed], "pending": [*pending]}, **more}


def judged(found):
    return found["passed"], found["outcome"]["state"], found["outcome"]["verdict"], found["outcome"]["next_wave"]


def test_an_account_counts_what_all_waves_so_far_have_reached():
    first = account(WAVES, 1, [step(done=["a"])], ready=["d"])
    assert (first["done"], judged(first)) == (["a"], (True, "passed", "go_on", 3))
    lost = {"uuid": "b", "reason": "stuck"}
    second = account(WAVES, 3, [step(there=["c"], failed=[lost])], ready=["d"], before=first)
    assert (second["done"], second["failed"]) == (["d", "a", "c"], [lost])
    assert judged(second) == (True, "passed", "finish", None)
    assert second["outcome"]["sentence"] == "Wave 3 (100%): 3 of 4 devices done, 1 failed, 0 pending"


def test_the_last_step_says_what_became_of_the_devices_and_any_step_what_is_wrong():
    found = account(WAVES, 1, [step(done=["a"]), step(pending=[{"uuid": "a", "reason": "rebooting"}])], problem="")
    assert (found["done"], judged(found)) == ([], (False, "failed", "give_up", 1))
    failed = step(msg="The supervisor failed", passed=False)
    found = account(WAVES, 1, [failed, step(done=["a"])], problem="and the gate")
    assert (found["problem"], judged(found)) == ("The supervisor failed", (False, "failed", "give_up", 1))
    assert found["outcome"]["sentence"].startswith("Wave 1 (1) has failed. The supervisor failed. The devices of later")
    assert account(WAVES, 1, [step(done=["a"])], problem="The gate")["problem"] == "The gate"


@pytest.mark.parametrize(
    ("number", "says"),
    [(1, "the only device reached is not done"), (3, "none of the 4 devices reached is done")],
)
def test_a_wave_of_which_no_device_is_done_shows_nothing(number, says):
    found = account(WAVES, number, [step()])
    assert found["problem"] == f"It shows nothing: {says}. Begin with devices that are online"
    assert judged(found) == (False, "failed", "give_up", number)
    assert judged(account(WAVES, number, [step()], ready=["a"]))[0] is True


def test_what_was_only_foreseen_has_not_passed():
    found = account(WAVES, 1, [{"devices": []}], foreseen=True)
    assert (found["problem"], judged(found)) == ("", (None, "foreseen", "go_on", 3))


@pytest.mark.parametrize(
    ("more", "state"), [({}, "incomplete"), ({"passed": False, "unseen": True, "line": "none seen"}, "unseen")]
)
def test_a_step_that_failed_for_another_reason_than_the_devices_is_to_be_tried_again(more, state):
    found = account(WAVES, 1, [step(msg="The server is away", **more)])
    assert (found["problem"], judged(found)) == ("The server is away", (False, state, "try_again", 1))


def test_a_device_that_was_lost_in_the_end_is_not_done_any_more():
    lost = {"uuid": "a", "reason": "offline"}
    assert account(WAVES, 1, [step(there=["a"], failed=[lost])], ready=["a"])["done"] == []
