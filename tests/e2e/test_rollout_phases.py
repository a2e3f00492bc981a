# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rollout in phases: everything is downloaded by day, waves switch in their windows, runs may be killed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support.rollouts import RATE, begun, observed, outcomes, report, reset, roll_out, served, until

shops, emulator, fleet = served(20), reset, observed

PHASES: dict[str, Any] = {
    "phases": ["download", "switch"], "waves": [2, "100%"], "success_percentage": 100, "undo_within": 0,
}  # fmt: skip
#: A time of day in the next hour but one.
NEVER = [{"start": "{{ '%02d:00' | format((now(utc=true).hour + 2) % 24) }}",
          "end": "{{ '%02d:30' | format((now(utc=true).hour + 2) % 24) }}"}]  # fmt: skip


@pytest.fixture
def locked(emulator, fleet):
    """The fleet, whose containers hold the update lock."""
    emulator.simulate(lock_percent=100)
    return fleet


def overrides(emulator):
    return emulator.store.query("device_config_variable", name="BALENA_SUPERVISOR_OVERRIDE_LOCK")


def test_nobody_switches_outside_of_the_windows(locked, emulator, ansible):
    before = locked.running()
    run = roll_out(ansible, "1.2.0", windows=NEVER, outside_window="stop", when_stopped="end", **PHASES)
    assert report(ansible)["state"] == "stopped"
    assert [(row["number"], row["passed"], row["done"]) for row in report(ansible)["downloads"]] == [
        (1, True, 2),
        (2, True, 20),
    ]
    assert "No maintenance window is open" in run.output
    emulator.advance(400)
    assert locked.running() == before
    assert set(locked.targets().values()) == {"1.2.0"}
    roll_out(ansible, "1.2.0", **PHASES)
    assert report(ansible)["state"] == "finished"
    assert outcomes(report(ansible)) == [(1, True), (2, True)]
    assert set(locked.running().values()) == {"1.2.0"}
    assert (locked.notes(), overrides(emulator)) == ([], [])


def test_a_run_that_was_killed_while_a_wave_switched_is_gone_on_with(locked, emulator, ansible):
    with begun(ansible, "1.2.0", **PHASES) as kill:
        until(lambda: len(overrides(emulator)) == 2)
        emulator.clock.set_rate(0)
        kill()
    assert Counter(locked.pins().values()) == {"1.2.0": 20}, "all have downloaded before one of them switches"
    emulator.clock.set_rate(RATE)
    roll_out(ansible, "1.2.0", **PHASES)
    assert report(ansible)["downloads"] == []
    assert outcomes(report(ansible)) == [(1, True), (2, True)]
    assert set(locked.running().values()) == {"1.2.0"}
    assert (locked.notes(), overrides(emulator)) == ([], [])


def test_a_fleet_without_locks_gets_no_further_than_the_first_wave(fleet, emulator, ansible):
    pins = fleet.pins()
    run = roll_out(ansible, "1.2.0", on_abort="rollback", status=2, **PHASES)
    assert "runs it already: its containers do not hold the update lock" in run.text
    assert report(ansible)["state"] == "rolled_back"
    assert fleet.pins() == pins
    assert len(fleet.touched()) == 2
