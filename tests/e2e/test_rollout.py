# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts over 200 simulated devices: a good release gets to all, a bad one to few, and a killed one goes on."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.rollouts import KEPT, RATE, Fleet, begun, observed, outcomes, report, reset, roll_out, served, until

#: Almost a third of the devices get stuck: none of the first two, 6 of the first 20.
BAD = {"fail_percent": 30.0, "random_seed": 1}
#: Seconds after which a device counts as stuck.
STUCK = 6


shops, emulator, fleet = served(200), reset, observed


def first(fleet: Fleet, count: int) -> set[str]:
    """The devices of the first waves: the order is that of the uuids."""
    return {row["uuid"] for row in fleet.rows()[:count]}


def test_a_good_release_gets_to_all(fleet, emulator, ansible):
    before = fleet.pins()
    foreseen = roll_out(ansible, "1.2.0", "--check")
    assert "Wave 2 (10%) would add 18 devices, 20 in all" in foreseen.output
    assert emulator.writes() == []

    run = roll_out(ansible, "1.2.0", soak=0.5, success_percentage=100, finish="pin_fleet")
    assert set(fleet.running().values()) == {"1.2.0"}
    assert "Wave 3 (50%) [####################] 100 of 100 done, 0 failed, 0 pending" in run.output
    told = report(ansible)
    assert (told["state"], told["release"]["version"], told["problem"]) == ("finished", "1.2.0", "")
    assert [(wave["number"], wave["total"], wave["done"], wave["passed"]) for wave in told["waves"]] == [
        (1, 2, 2, True),
        (2, 20, 20, True),
        (3, 100, 100, True),
        (4, 200, 200, True),
    ]
    # The fleet has the release: those that followed it do so again, those with a pin of their own have this one.
    assert fleet.versions[fleet.application()["should_be_running__release"]] == "1.2.0"
    assert fleet.pins() == {uuid: "1.2.0" if pin else None for uuid, pin in before.items()}
    assert set(fleet.notes()) <= KEPT

    emulator.clear_requests()
    roll_out(ansible, "1.2.0", finish="pin_fleet")
    assert emulator.writes() == []


def test_a_bad_release_gets_no_further_than_the_second_wave_and_is_taken_back(fleet, emulator, ansible):
    before = fleet.pins()
    assert Counter(before.values()) == {None: 170, "1.1.0": 20, "1.0.0": 10}
    emulator.simulate(**BAD)
    run = roll_out(ansible, "1.3.0", on_abort="rollback", device_timeout=STUCK, status=2)
    told = report(ansible)
    assert outcomes(told) == [(1, True), (2, False)]
    assert told["state"] == "rolled_back"
    assert "Wave 2 (10%) of release 1.3.0 did not pass" in told["problem"]
    assert "All 20 devices that were changed have their former target again" in run.text
    assert fleet.touched() == first(fleet, 20)
    assert len({before[uuid] for uuid in first(fleet, 20)}) > 1, "the devices should have had different targets"
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_a_rollout_that_was_killed_goes_on_where_it_was(fleet, emulator, ansible):
    with begun(ansible, "1.2.0") as kill:
        until(lambda: Counter(fleet.pins().values())["1.2.0"] == 100)
        emulator.clock.set_rate(0)  # nobody gets the release before the end
        kill()
    assert len(fleet.touched()) == 100
    emulator.clock.set_rate(RATE)
    run = roll_out(ansible, "1.2.0", success_percentage=100)
    assert "wave 3 was begun" in run.output
    assert outcomes(report(ansible)) == [(3, True), (4, True)]
    assert set(fleet.targets().values()) == set(fleet.running().values()) == {"1.2.0"}
    assert set(fleet.notes()) <= KEPT


@pytest.mark.once
def test_what_devices_had_before_outlives_a_killed_run(fleet, emulator, ansible):
    before = fleet.pins()
    emulator.simulate(**BAD)
    with begun(ansible, "1.3.0") as kill:
        until(lambda: Counter(fleet.pins().values())["1.3.0"] == 20)
        emulator.clock.set_rate(0)
        kill()
    assert fleet.pins() != before
    # Somebody else gives one of them another release meanwhile: that is no longer the rollout's.
    mine = next(uuid for uuid, pin in fleet.pins().items() if pin == "1.3.0")
    emulator.store.update("device", emulator.store.get("device", uuid=mine)["id"], is_pinned_on__release=None)
    emulator.clock.set_rate(RATE)
    roll_out(ansible, "1.3.0", on_abort="rollback", device_timeout=STUCK, status=2)
    assert outcomes(report(ansible)) == [(2, False)]
    assert fleet.pins() == {**before, mine: None}
    assert fleet.notes() == []


def test_nothing_is_changed_that_is_not_remembered(fleet, emulator, ansible):
    before = fleet.pins()
    emulator.fault(method="POST", path="/v7/(application|device)_tag", status=400, body_text="no more tags")
    run = roll_out(ansible, "1.2.0", waves=["100%"], on_abort="rollback", status=2)
    assert "no more tags" in run.text
    assert report(ansible)["state"] == "failed"
    assert fleet.pins() == before
