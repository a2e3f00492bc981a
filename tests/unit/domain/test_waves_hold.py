# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that are held: whoever is lost is found out, however slow the server is."""

from __future__ import annotations

import time

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.waves.gate import Gate
from ansible_collections.community.balena.plugins.module_utils.domain.waves.hold import Hold
from ansible_collections.community.balena.plugins.module_utils.engine.limits import Limits
from ansible_collections.community.balena.plugins.module_utils.engine.waiting import Sight, State, Waited

WELL, LOST = Sight(State.DONE), Sight(State.PENDING, "offline")
#: One look takes longer than the soak, and longer than all looks at the end may take.
LIMITS = Limits(timeout=1, interval=0.001)
SOAK, SECONDS = 0.01, 0.05


def held(*sights: Sight) -> Hold:
    """A device that is held while looks at it show this, the last of them for ever."""
    left = list(sights)

    def look(uuids):
        time.sleep(SECONDS)
        sight = left.pop(0) if len(left) > 1 else left[0]
        return dict.fromkeys(uuids, sight)

    return Hold(Waited({"abc": WELL}, believed={"abc"}), look, Gate(LIMITS), LIMITS, SOAK)


@pytest.mark.parametrize(
    ("sights", "is_lost"), [((WELL,), False), ((LOST,), True), ((LOST, WELL), False), ((WELL, LOST), False)], ids=str
)
def test_what_two_slow_looks_in_a_row_show_is_believed(sights, is_lost):
    hold = held(*sights)
    assert bool(hold.problem(lambda line: None)) is is_lost
    assert hold.waited.result()["failed"] == ([{"uuid": "abc", "reason": "offline"}] if is_lost else [])
