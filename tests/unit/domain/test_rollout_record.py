# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a rollout: what each step adds to it, and after which ones no other may follow."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.rollout import record
from ansible_collections.community.balena.plugins.module_utils.engine.kinds import has

RELEASE = {"id": 1, "version": "1.2.0"}
DEVICES = [{"uuid": "a", "name": "bar", "target": "application"}]
PLANNED = [{"number": 2, "name": "100%", "devices": ["a"], "total": 3}]


def begun(**more: Any) -> dict[str, Any]:
    return {**record.begin("acme/shop", RELEASE, []), **more}


def want(**more: Any) -> dict[str, Any]:
    return {"state": "wave", "wave": 2, "phase": None, "planned": PLANNED, **more}


def came_to(verdict: str, state: str = "passed", **more: Any) -> dict[str, Any]:
    return {"outcome": {"verdict": verdict, "state": state, "sentence": "So it was"}, **more}


@pytest.mark.parametrize(
    ("verdict", "state", "problem"),
    [
        ("go_on", "running", ""),
        ("finish", "running", ""),
        ("give_up", "aborted", "So it was"),
        ("try_again", "failed", "So it was"),
    ],
)
@pytest.mark.parametrize(("phase", "rows"), [(None, "waves"), ("switch", "waves"), ("download", "downloads")])
def test_a_wave_is_added_and_decides_whether_others_may_follow(verdict, state, problem, phase, rows):
    added = record.add(begun(), want(phase=phase), came_to(verdict, rollout={"id": "x"}), check_mode=False)
    assert (added["state"], added["problem"], added["rollout"]) == (state, problem, "x")
    (row,) = added[rows]
    assert (row["number"], row["name"], row["done"]) == (2, "100%", 0)
    assert record.is_over(added, want()) == record.is_over(added, want(state="finished")) == (state != "running")
    assert not record.is_over(added, want(state="rolled_back"))


def test_a_wave_that_could_not_be_planned_has_the_devices_that_it_was_to_have():
    (row,) = record.add(begun(), want(), came_to("try_again", "incomplete"), check_mode=False)["waves"]
    assert (row["devices"], row["total"], row["passed"]) == (["a"], 3, None)


def test_check_mode_begins_no_rollout():
    assert record.add(begun(), want(), came_to("finish", rollout={"id": "x"}), check_mode=True)["rollout"] is None


@pytest.mark.parametrize(
    ("verdict", "told", "state", "problem"),
    [
        ("end", {"state": "rolled_back"}, "rolled_back", "Stuck"),
        ("end", {"state": "rolled_back", "msg": "Late"}, "rolled_back", "Stuck. In rolling back: Late"),
        ("try_again", {"state": "incomplete", "msg": "No"}, "failed", "Stuck. In rolling back: No"),
    ],
)
def test_a_rollback_keeps_why_it_was_needed(verdict, told, state, problem):
    before = begun(state="aborted", problem="Stuck")
    added = record.add(before, want(state="rolled_back"), came_to(verdict, **told, devices=DEVICES), check_mode=False)
    assert (added["state"], added["problem"], added["rolled_back"]) == (state, problem, DEVICES)


@pytest.mark.parametrize(("verdict", "state"), [("end", "finished"), ("try_again", "failed")])
def test_the_end_says_whether_it_was_reached(verdict, state):
    added = record.add(begun(), want(state="finished"), came_to(verdict), check_mode=False)
    assert (added["state"], added["problem"]) == (state, "So it was" if state == "failed" else "")


@pytest.mark.parametrize("more", [{"waves": {}}, {"problem": None}, {"state": 1}], ids=str)
def test_what_is_no_record_is_known(more):
    assert has(begun(), record.KINDS)
    assert not has(begun(**more), record.KINDS)
    others: list[Any] = [{}, {"state": "running"}, [], "x", None]
    assert not any(has(other, record.KINDS) for other in others)
