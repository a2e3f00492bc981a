# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not seen is not good: devices that go dark after they were changed, and looks that fail."""

from __future__ import annotations

import pytest

from tests.support.rollouts import RATE, observed, outcomes, report, reset, roll_out, served, step, take_offline

pytestmark = pytest.mark.once

#: The read by which a wait looks at devices.
LOOK = {"method": "GET", "path": "/v7/device$", "query": "should_be_running__release"}


shops, emulator, fleet = served(20), reset, observed


def test_a_rollout_stops_when_its_canaries_have_died(fleet, emulator, ansible):
    emulator.simulate(fail_names="*", fail_mode="offline")
    run = roll_out(ansible, "1.2.0", waves=[2, 10, "100%"], device_timeout=8, status=2)
    assert outcomes(report(ansible)) == [(1, False)]
    # Another controller, which knows only what the API says, does not take them for devices that were always away.
    run = roll_out(ansible, "1.2.0", waves=[2, 10, "100%"], device_timeout=1, status=2)
    assert "Wave 1 (2) of release 1.2.0 did not pass" in run.text
    assert outcomes(report(ansible)) == [(1, False)]
    assert list(fleet.pins().values()).count("1.2.0") == 2


@pytest.mark.parametrize("former", [None, "1.1.0", "1.0.0"])
def test_a_device_that_was_online_when_it_was_changed_is_waited_for_whatever_it_had(fleet, emulator, former):
    chosen = next(uuid for uuid, pin in fleet.pins().items() if pin == former)
    alone = {"devices": [chosen], "waves": ["100%"], "wait_timeout": 2}
    emulator.clock.set_rate(0)  # so that it has not updated before it is gone
    step(emulator, wave=1, **alone, wait=False)
    take_offline(emulator, chosen)
    emulator.clock.set_rate(RATE)
    dark = step(emulator, wave=1, **alone)
    assert not dark["passed"]
    assert [item["reason"] for item in dark["waited"]["failed"]] == ["offline after 2 seconds"]


def test_a_device_that_came_back_and_went_dark_again_is_waited_for(fleet, emulator):
    first, second = (row["uuid"] for row in fleet.rows()[:2])
    take_offline(emulator, first)
    assert step(emulator, wave=1)["passed"]
    assert step(emulator, wave=1)["passed"], "nothing was heard of it since"
    row = emulator.store.get("device", uuid=first)
    emulator.store.update("device", row["id"], is_online=True, last_connectivity_event="2031-01-01T00:00:00.000Z")
    emulator.store.update("device", row["id"], is_online=False, last_connectivity_event="2031-01-01T00:01:00.000Z")
    dark = step(emulator, wave=1, wait_timeout=2)
    assert [item["uuid"] for item in dark["waited"]["failed"]] == [first]
    assert second in dark["waited"]["done"]


def test_a_wave_of_which_no_device_is_done_does_not_pass(fleet, emulator):
    for row in fleet.rows()[:2]:
        take_offline(emulator, row["uuid"])
    nobody = step(emulator, wave=1)
    assert (nobody["failed"], nobody["passed"]) == (True, False)
    assert "none of its 2 devices" in nobody["msg"]
    assert "2 were offline before they were changed" in nobody["msg"]


def test_no_share_of_successes_is_small_enough_for_nobody(fleet, emulator):
    emulator.simulate(fail_names="*")
    nobody = step(emulator, wave=1, success_percentage=0, wait_timeout=0.5)
    assert not nobody["passed"]
    assert "0 of 2 devices are done, 1 is needed" in nobody["msg"]


def test_a_rollback_gives_offline_devices_back_what_they_had_too(fleet, emulator):
    before = fleet.pins()
    for row in fleet.rows()[::2]:
        take_offline(emulator, row["uuid"])
    step(emulator, wave=3, wait=False)
    step(emulator, state="rolled_back", wait=False)
    assert fleet.pins() == before
    assert fleet.notes() == []


def when_holding(act):
    def progress(line: str) -> None:
        if "holding" in line:
            act()

    return progress


def test_a_soak_that_nobody_saw_is_not_passed(fleet, emulator):
    def go_down() -> None:
        emulator.fault(**LOOK, status=503)

    held = step(emulator, wave=1, soak=0.5, progress=when_holding(go_down))
    assert held["failed"]
    assert not held["passed"]
    assert "was not seen" in held["msg"]
    assert held["unseen"]


def test_a_soak_whose_end_nobody_saw_is_not_passed(fleet, emulator):
    held = step(
        emulator,
        wave=1,
        soak=1.0,
        progress=when_holding(lambda: emulator.fault(**LOOK, since=4, status=503)),
    )
    assert not held["passed"]
    assert held["unseen"]


def test_a_look_that_fails_in_the_middle_of_a_soak_does_no_harm(fleet, emulator):
    held = step(emulator, wave=1, soak=1.0, progress=when_holding(lambda: emulator.fault(**LOOK, nth=2, status=503)))
    assert held["passed"]


def test_a_soak_goes_on_after_the_server_was_away(fleet, emulator):
    held = step(
        emulator, wave=1, soak=0.3, patience=30,
        progress=when_holding(lambda: emulator.fault(**LOOK, status=503, times=6)),
    )  # fmt: skip
    assert held["passed"]
    assert not held["unseen"]


def test_a_device_that_is_lost_at_the_very_end_of_a_soak_fails_it(fleet, emulator):
    lost = fleet.rows()[0]["uuid"]
    held = step(
        emulator, wave=1, soak=0.2, poll_interval=0.15, success_percentage=100,
        progress=when_holding(lambda: take_offline(emulator, lost)),
    )  # fmt: skip
    assert not held["passed"]
    assert lost[:7] in held["msg"]


def test_a_server_that_is_away_gives_no_reason_to_roll_back(fleet, emulator, ansible):
    emulator.fault(**LOOK, since=5, status=503)
    run = roll_out(
        ansible, "1.2.0", waves=["100%"], soak=0.5, on_abort="rollback", patience=0, device_timeout=2, status=2
    )
    assert report(ansible)["state"] == "failed"
    assert "rolled back" not in run.text
    assert set(fleet.pins().values()) == {"1.2.0"}
