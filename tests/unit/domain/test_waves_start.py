# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a wave may begin: outside of windows it waits or stops, and then somebody has to approve it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.waves.start import Rules, start
from ansible_collections.community.balena.plugins.module_utils.domain.waves.windows import read_windows

WAVE = {"number": 2, "name": "10%", "devices": ["a", "b"], "total": 3}
NOON = datetime(2031, 5, 5, 12, 0, tzinfo=timezone.utc)
NIGHT = read_windows([{"start": "22:00", "end": "04:00"}])
CLOSED = "No maintenance window is open, the next one opens at 2031-05-05T22:00:00.000Z. Wave 2 (10%)"
REFUSED = (
    "Wave 2 (10%, 2 devices) needs approval and was not begun. Run it again with the extra variable go=2 to go on."
)


@pytest.mark.parametrize(
    ("rules", "state", "verdict", "sentence"),
    [
        ({}, "open", "begin", ""),
        ({"windows": NIGHT}, "closed", "wait", f"{CLOSED} begins then"),
        ({"windows": NIGHT, "waits": False}, "closed", "stop", f"{CLOSED} was not begun. Run it again then to go on."),
        ({"windows": NIGHT, "approval": [2]}, "closed", "wait", f"{CLOSED} begins then"),
        ({"approval": [1, 3]}, "open", "begin", ""),
        ({"approval": [2], "approved": 1}, "unapproved", "ask", REFUSED),
        ({"approval": [2], "asks": False}, "unapproved", "stop", REFUSED),
        ({"approval": [2], "approved": 2}, "open", "begin", ""),
        ({"approval": [2], "approved": 5}, "open", "begin", ""),
    ],
)
def test_a_wave_heeds_windows_first_and_then_approval(rules, state, verdict, sentence):
    found = start(WAVE, Rules(**{"variable": "go", **rules}), NOON).shown()
    assert (found["state"], found["verdict"], found["sentence"], found["next_wave"]) == (state, verdict, sentence, 2)
    assert found["opens_in"] == (36000 if verdict == "wait" else 0)


def test_it_is_asked_how_many_devices_may_get_it():
    found = start({**WAVE, "devices": ["a"], "total": 1}, Rules(approval=[2]), NOON)
    assert found.question == "Wave 2 (10%) adds 1 device, 1 in all. Type yes to begin it"
