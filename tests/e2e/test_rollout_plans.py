# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rollout plans all waves in check mode, and makes just that plan, elsewhere and later."""

from __future__ import annotations

import json

from tests.support.rollouts import observed, report, reset, roll_out, served
from tests.support.tasks import run_task

shops, emulator, fleet = served(20), reset, observed
WAVES = [2, "100%"]


def test_a_rollout_is_made_as_it_was_planned(emulator, fleet, ansible):
    roll_out(ansible, "1.2.0", "--check", waves=WAVES, plan_to="plan.json", plan_summary="plan.md")
    assert emulator.writes() == []
    content = json.loads((ansible.folder / "plan.json").read_text())
    assert [len(content["promise"][f"wave {number}"]) for number in (1, 2)] == [2, 18]
    assert "1.2.0" in (ansible.folder / "plan.md").read_text()
    last = fleet.rows()[-1]
    pin = {"scope": "device", "devices": [last["uuid"]], "release": "1.3.0"}
    assert run_task(emulator, "balena_release_pin", **pin)["changed"]
    refused = roll_out(ansible, "1.2.0", waves=WAVES, plan_from="plan.json", status=2)
    assert f"{last['device_name']} ({last['uuid'][:7]})" in refused.output
    assert report(ansible)["state"] == "failed"
    assert run_task(emulator, "balena_release_pin", **{**pin, "release": "track"})["changed"]
    roll_out(ansible, "1.2.0", waves=WAVES, plan_from="plan.json")
    assert set(fleet.targets().values()) == {"1.2.0"}
    assert report(ansible)["state"] == "finished"
