# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rollout with the health of devices as a gate: a release that heats or fills them does not get far."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.support.ansible_runs import Ansible
from tests.support.rollouts import KEPT, begun, observed, outcomes, report, reset, roll_out, served, until

shops, emulator, fleet = served(20), reset, observed
GATE: dict[str, Any] = {"gate_diagnose": True, "diagnose_settle": 0, "waves": [2, "100%"]}


@pytest.fixture
def well(emulator: Emulator) -> Emulator:
    """A fleet whose devices are all well, but one, which has been hot for long."""
    rows = emulator.store.query("device")
    emulator.store.update("device", [row["id"] for row in rows], cpu_temp=48, storage_usage=2000, storage_total=20000)
    hot = min(rows, key=lambda row: str(row["uuid"]))
    emulator.store.update("device", [hot["id"]], cpu_temp=95)
    emulator.simulate(release_metrics={})
    return emulator


def test_a_release_that_heats_devices_stops_at_the_first_wave(well: Emulator, fleet, ansible: Ansible):
    before = fleet.pins()
    well.simulate(release_metrics={"1.2.0": {"cpu_temp": 90}})
    done = roll_out(ansible, "1.2.0", **GATE, success_percentage=100, on_abort="rollback", status=2)
    assert outcomes(report(ansible)) == [(1, False)]
    assert report(ansible)["state"] == "rolled_back"
    # The first device was hot before, so it is the second one that fails the wave.
    assert [item["reason"] for item in report(ansible)["waves"][0]["failed"]] == ["temperature is bad, was good: 90 °C"]
    assert "temperature is bad, was good: 90 °C" in done.text
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_a_release_that_changes_nothing_passes(well: Emulator, fleet, ansible: Ansible):
    roll_out(ansible, "1.2.0", **GATE)
    assert outcomes(report(ansible)) == [(1, True), (2, True)]
    assert set(fleet.running().values()) == {"1.2.0"}
    assert set(fleet.notes()) <= KEPT


@pytest.mark.once
def test_a_run_that_was_killed_still_compares_with_what_was_before(well: Emulator, fleet, ansible: Ansible):
    well.simulate(release_metrics={"1.2.0": {"storage_usage": 19500}})
    with begun(ansible, "1.2.0", **{**GATE, "diagnose_settle": 600}) as kill:
        until(lambda: "1.2.0" in fleet.running().values())
        kill()
    roll_out(ansible, "1.2.0", **GATE, status=2)
    assert outcomes(report(ansible)) == [(1, False)]
    assert {item["reason"] for item in report(ansible)["waves"][0]["failed"]} == {
        "storage is bad, was good: 97.5 % of the storage is used (19500 of 20000 MB)"
    }


def test_thresholds_of_ones_own_and_a_check_that_does_not_exist(well: Emulator, fleet, ansible: Ansible):
    well.simulate(release_metrics={"1.2.0": {"cpu_temp": 78}})
    refused = roll_out(ansible, "1.2.0", **GATE, diagnose_checks=["temprature"], status=2)
    assert "checks: 'temprature' is not a check; did you mean 'temperature'?" in refused.text
    assert fleet.touched() == set()
    roll_out(ansible, "1.2.0", **GATE, diagnose_thresholds={"temperature": {"warn": 80, "bad": 90}})
    assert report(ansible)["state"] == "finished"
