# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts in phases: download under the update lock, switch when it is time, leave devices as they were."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from emulator import Emulator
from tests.support.rollouts import FLEET, WAVES, observed, reset, served, step
from tests.support.tasks import run_task

shops, emulator, fleet = served(20), reset, observed

OVERRIDE = "BALENA_SUPERVISOR_OVERRIDE_LOCK"
#: Longer than everything that devices do takes them, in virtual seconds.
DAY = 400.0


def download(emulator: Emulator, **options: Any) -> dict[str, Any]:
    return step(emulator, phase="download", **options)


def switch(emulator: Emulator, **options: Any) -> dict[str, Any]:
    return step(emulator, phase="switch", **options)


def end(emulator: Emulator, state: str, **options: Any) -> dict[str, Any]:
    return run_task(emulator, "balena_rollout", application=FLEET, release="1.2.0", waves=WAVES, state=state, **options)


def overrides(emulator: Emulator) -> dict[str, str]:
    """What devices have of their own that overrides their locks or not, by uuid."""
    uuids = {row["id"]: row["uuid"] for row in emulator.store.query("device")}
    rows = emulator.store.query("device_config_variable", name=OVERRIDE)
    return {uuids[row["device"]]: row["value"] for row in rows}


def give(emulator: Emulator, value: str, *uuids: str) -> None:
    """Devices, or without any the fleet, have a variable of their own."""
    where = {"scope": "device", "devices": list(uuids)} if uuids else {"scope": "application"}
    done = run_task(emulator, "balena_env_var", application=FLEET, kind="config", name=OVERRIDE, value=value, **where)
    assert not done.get("failed"), done


def test_devices_download_by_day_and_switch_when_they_are_told_to(fleet, emulator):
    emulator.simulate(lock_percent=100)
    before = fleet.running()
    done = download(emulator, wave=3)
    assert done["passed"], done
    assert len(done["waited"]["done"]) == 20
    assert done["outcome"]["verdict"] == "go_on", "with switching, not with the end"
    emulator.advance(DAY)
    assert fleet.running() == before
    assert len(emulator.store.query("image_install", status="Downloaded")) >= 20
    for number in (1, 2, 3):
        done = switch(emulator, wave=number)
        assert done["passed"], done
        emulator.advance(DAY)
        running = Counter(fleet.running().values())
        assert running["1.2.0"] == done["wave"]["total"]
        assert overrides(emulator) == {}
    assert end(emulator, "finished", undo_within=0)["outcome"]["state"] == "finished"
    assert fleet.notes() == []


def test_devices_without_a_lock_are_named(fleet, emulator):
    emulator.simulate(lock_percent=100)
    without = fleet.rows()[0]["uuid"]
    emulator.store.update("device", emulator.store.get("device", uuid=without)["id"], device_name="unlocked")
    emulator.simulate(lock_percent=0, lock_names="[!u]*")
    done = download(emulator, wave=2, success_percentage=100)
    assert (done["failed"], done["passed"], done["outcome"]["verdict"]) == (True, False, "give_up")
    (lost,) = done["waited"]["failed"]
    assert (lost["uuid"], lost["name"]) == (without, "unlocked")
    assert lost["reason"] == "runs it already: its containers do not hold the update lock"
    assert "Wave 2 (6), download, of release 1.2.0 did not pass" in done["msg"]


def test_devices_without_room_are_named(fleet, emulator):
    full = emulator.store.get("device", uuid=fleet.rows()[0]["uuid"])
    emulator.store.update("device", full["id"], device_name="full", storage_usage=28590, storage_total=28600)
    emulator.simulate(lock_percent=100, fail_names="full", fail_mode="retry")
    done = download(emulator, wave=3, wait_timeout=3, success_percentage=90)
    assert done["passed"], done
    late = [*done["waited"]["failed"], *done["waited"]["pending"]]
    (lost,) = [item for item in late if item["name"] == "full"]
    assert lost["reason"].startswith("no room: 10 MB are free, and up to ")
    assert "% downloaded" in lost["reason"]


def test_a_fleet_that_overrides_its_locks_does_not_while_it_downloads(fleet, emulator):
    emulator.simulate(lock_percent=100)
    give(emulator, "1")
    own = fleet.rows()[1]["uuid"]
    give(emulator, "true", own)
    done = download(emulator, wave=2)
    assert done["passed"], done
    emulator.advance(DAY)
    assert "1.2.0" not in fleet.running().values()
    assert overrides(emulator) == dict.fromkeys((row["uuid"] for row in fleet.rows()[:6]), "0")
    assert switch(emulator, wave=2)["passed"]
    assert overrides(emulator) == {own: "true"}


@pytest.mark.parametrize("state", ["rolled_back", "finished"])
def test_whatever_ends_it_devices_have_the_variables_that_they_had(fleet, emulator, state):
    emulator.simulate(lock_percent=100)
    give(emulator, "0", fleet.rows()[0]["uuid"])
    was, pins = overrides(emulator), fleet.pins()
    assert download(emulator, wave=3)["passed"]
    # Killed in the middle: nobody waits, and nobody puts anything back.
    assert switch(emulator, wave=3, wait=False)["outcome"]["state"] == "begun"
    assert set(overrides(emulator).values()) == {"1"}
    assert len(overrides(emulator)) == 20
    done = end(emulator, state, undo_within=0)
    assert not done.get("failed"), done
    assert overrides(emulator) == was
    assert fleet.notes() == []
    if state == "rolled_back":
        assert fleet.pins() == pins


def test_a_step_that_was_interrupted_is_completed_by_the_next_run(fleet, emulator):
    emulator.simulate(lock_percent=100)
    for number in range(1, 12):
        fault = emulator.fault(method="POST|PATCH", path="/v7/", nth=number, status=400, body_text="killed")
        found = download(emulator, wave=2)
        emulator.clear_faults()
        if not fault.hits:
            assert found["passed"], found
            break
    for number in range(1, 12):
        fault = emulator.fault(method="POST|PATCH|DELETE", path="/v7/", nth=number, status=400, body_text="killed")
        found = switch(emulator, wave=2)
        emulator.clear_faults()
        if not fault.hits:
            assert found["passed"], found
            break
    assert overrides(emulator) == {}
    assert Counter(fleet.running().values())["1.2.0"] == 6


def test_what_has_not_switched_stays_locked(fleet, emulator):
    emulator.simulate(lock_percent=100)
    give(emulator, "1")
    assert download(emulator, wave=2)["passed"]
    emulator.clock.set_rate(0)  # nobody switches
    done = switch(emulator, wave=2, wait_timeout=0.5)
    assert done["failed"], done
    assert set(overrides(emulator).values()) == {"0"}
    emulator.advance(DAY)
    assert "1.2.0" not in fleet.running().values()


def test_a_second_run_of_a_phase_writes_nothing(fleet, emulator):
    emulator.simulate(lock_percent=100)
    assert download(emulator, wave=2)["changed"]
    emulator.clear_requests()
    again = download(emulator, wave=2)
    assert (again["passed"], again["changed"]) == (True, False)
    assert emulator.writes() == []


@pytest.mark.parametrize("by_file", [False, True])
def test_a_rollout_in_phases_is_undone_after_its_end(fleet, emulator, tmp_path, by_file):
    emulator.simulate(lock_percent=100)
    own = fleet.rows()[0]["uuid"]
    give(emulator, "0", own)
    targets, account = fleet.pins(), {"account_to": str(tmp_path / "account.json")}
    for number in (1, 2, 3):
        assert download(emulator, wave=number, **account)["passed"]
        assert switch(emulator, wave=number, **account)["passed"]
    assert not end(emulator, "finished", **account).get("failed")
    if by_file:
        undone = run_task(emulator, "balena_undo", account=account["account_to"])
    else:
        undone = end(emulator, "rolled_back")
    assert not undone.get("failed"), undone["msg"]
    assert not undone["left_alone"], undone["left_alone"]
    assert fleet.pins() == targets
    assert overrides(emulator) == {own: "0"}
    assert fleet.notes() == []
