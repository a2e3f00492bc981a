# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that goes on only where devices are no worse than before: what counts, and what is remembered of before."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import Emulator
from tests.support.rollouts import Fleet, observed, reset, served, step
from tests.support.tasks import COLLECTION, run_task

health = importlib.import_module(f"{COLLECTION}.module_utils.domain.rollout.health")
checks = importlib.import_module(f"{COLLECTION}.module_utils.domain.diagnosis.checks")
NAMES = [check.name for check in checks.CHECKS.values() if "api" in check.sources]

shops, fresh, fleet = served(20), reset, observed
WELL = {
    "cpu_usage": 20, "cpu_temp": 48, "memory_usage": 500, "memory_total": 4000, "storage_usage": 2000,
    "storage_total": 20000, "is_undervolted": False,
}  # fmt: skip
NOTHING = {**dict.fromkeys(WELL), "is_undervolted": False}
HOT = {"release_metrics": {"1.2.0": {"cpu_temp": 90}}}
MILD: dict[str, Any] = {"release_metrics": {}}
GATE = {"diagnosis": {"settle": 0}}


@pytest.fixture
def well(emulator: Emulator) -> Emulator:
    """A fleet whose devices are all well."""
    report(emulator, {}, **WELL)
    emulator.simulate(**MILD)
    return emulator


def report(emulator: Emulator, which: dict[str, Any], **columns: Any) -> None:
    emulator.store.update("device", [row["id"] for row in emulator.store.query("device", **which)], **columns)


def health_tags(fleet: Fleet) -> dict[str, str]:
    names = {row["id"]: row["uuid"] for row in fleet.rows()}
    tags = fleet.emulator.store.query("device_tag", tag_key="ansible_rollout_health")
    return {names[tag["device"]]: tag["value"] for tag in tags}


def test_a_release_that_makes_devices_hot_fails_the_wave(well):
    well.simulate(**HOT)
    found = step(well, wave=1, **GATE)
    assert (found["passed"], found["outcome"]["verdict"]) == (False, "give_up")
    reasons = {item["reason"] for item in found["waited"]["failed"]}
    assert reasons == {"temperature is bad, was good: 90 °C"}
    assert "temperature is bad, was good: 90 °C" in found["msg"]


def test_without_the_diagnosis_nobody_asks(well):
    well.simulate(**HOT)
    assert step(well, wave=1)["passed"]


def test_a_wave_passes_whose_devices_are_as_before(well, fleet):
    report(well, {"uuid": fleet.rows()[0]["uuid"]}, cpu_temp=90, storage_usage=19000)
    found = step(well, wave=1, **GATE)
    assert found["passed"], found
    # What was bad before does not count, and what got better does not either.
    assert health_tags(fleet) == {fleet.rows()[0]["uuid"]: "bad:storage,temperature"}


def test_a_share_of_the_devices_may_be_worse(well, fleet):
    well.simulate(**MILD)
    assert step(well, wave=1, **GATE)["passed"]
    report(well, {"uuid": fleet.rows()[1]["uuid"]}, cpu_temp=90)
    worse = step(well, wave=1, **GATE)
    assert (worse["passed"], worse["waited"]["failed"][0]["uuid"]) == (False, fleet.rows()[1]["uuid"])
    assert step(well, wave=1, success_percentage=50, **GATE)["passed"]
    assert step(well, wave=2, success_percentage=50, max_failures=0, **GATE)["passed"] is False
    assert step(well, wave=2, success_percentage=50, max_failures=1, **GATE)["passed"]


def test_thresholds_and_checks_of_ones_own(well):
    well.simulate(**HOT)
    lenient = {"settle": 0, "thresholds": {"temperature": {"warn": 95, "bad": 99}}}
    assert step(well, wave=1, diagnosis=lenient)["passed"]
    assert step(well, wave=1, diagnosis={"settle": 0, "checks": ["storage"]})["passed"]
    assert not step(well, wave=1, **GATE)["passed"]


def test_a_device_may_be_worse_for_a_while(well, fleet):
    """It settles while it is watched: nothing fails, and the wave passes."""
    first = fleet.rows()[0]["uuid"]
    well.simulate(**HOT)

    def settle(line: str) -> None:
        if "temperature" in line:
            well.simulate(**MILD)
            report(well, {}, cpu_temp=50)

    found = step(well, wave=1, diagnosis={"settle": 60}, progress=settle)
    assert found["passed"], found
    assert first in found["waited"]["done"]


def test_a_device_that_gets_worse_while_the_wave_is_held_fails_it(well, fleet):
    def heat(line: str) -> None:
        if "holding" in line:
            report(well, {"uuid": fleet.rows()[0]["uuid"]}, storage_usage=19900)

    held = step(well, wave=1, soak=20, diagnosis={"settle": 0}, progress=heat)
    assert held["passed"] is False
    assert "storage is bad, was good: 99.5 % of the storage is used" in held["msg"]


def test_an_interrupted_wave_compares_with_what_was_before_the_rollout(well, fleet):
    """Begun and not watched, as if the run had been killed; then the devices are worse, and another run goes on."""
    report(well, {"uuid": fleet.rows()[0]["uuid"]}, cpu_temp=90)
    begun = step(well, wave=1, wait=False, **GATE)
    assert begun["outcome"]["state"] == "begun"
    report(well, {}, cpu_temp=90)
    found = step(well, wave=1, **GATE)
    assert [item["uuid"] for item in found["waited"]["failed"]] == [fleet.rows()[1]["uuid"]]
    assert found["waited"]["done"] == [fleet.rows()[0]["uuid"]]


def test_most_devices_need_no_tag(well, fleet):
    """An old fleet whose supervisors report nothing, but for one device."""
    report(well, {}, **NOTHING)
    other = fleet.rows()[4]["uuid"]
    report(well, {"uuid": other}, **WELL)
    assert step(well, wave=3, **GATE)["passed"]
    assert health_tags(fleet) == {other: "good"}


def test_what_was_unknown_is_not_worse(well, fleet):
    report(well, {}, **NOTHING)
    well.simulate(release_metrics={"1.2.0": {"cpu_temp": 99}})
    assert step(well, wave=1, **GATE)["passed"]


@pytest.mark.parametrize("state", ["finished", "rolled_back"])
def test_nothing_is_left_of_it_at_the_end(well, fleet, state):
    report(well, {"uuid": fleet.rows()[0]["uuid"]}, cpu_temp=90)
    assert step(well, wave=3, **GATE)["passed"]
    assert fleet.notes().count("ansible_rollout_health") == 1
    ended = step(well, state=state, undo_within=0, **GATE)
    assert not ended.get("failed"), ended["msg"]
    assert fleet.notes() == []


def test_devices_that_had_the_release_before_are_none_of_its_business(well, fleet):
    had = fleet.rows()[0]["uuid"]
    run_task(well, "balena_release_pin", scope="device", devices=[had], release="1.2.0", wait=True, poll_interval=0.05)
    assert step(well, wave=1, **GATE)["passed"]
    report(well, {"uuid": had}, storage_usage=19900)
    assert step(well, wave=1, **GATE)["passed"]


def test_a_rollout_that_was_begun_without_it_cannot_go_on_with_it(well):
    assert step(well, wave=1)["passed"]
    well.clear_requests()
    refused = step(well, wave=2, **GATE)
    assert "diagnosis: the rollout of release 1.2.0 under way was begun without it" in refused["msg"]
    assert well.writes() == []
    assert step(well, wave=2)["passed"]


def test_a_rollout_can_go_on_without_it_and_then_never_with_it_again(well):
    assert step(well, wave=1, **GATE)["passed"]
    assert step(well, wave=2)["passed"]
    assert "begun without it" in step(well, wave=3, **GATE)["msg"]


@pytest.mark.parametrize(
    ("diagnosis", "message"),
    [
        ({"checks": ["temprature"]}, "diagnosis: checks: 'temprature' is not a check; did you mean 'temperature'?"),
        ({"thresholds": {"storage": {"bad": "x"}}}, "diagnosis: thresholds.storage.bad must be a number"),
        ({"settle": -1}, "diagnosis.settle must be a number of seconds from 0"),
        ({"checks": ["supervisor"]}, "diagnosis: checks: supervisor is known only if the supervisors are asked"),
        ({"checks": ["dns"]}, "diagnosis: checks: dns cannot be measured over the API"),
    ],
)
def test_bad_input_changes_nothing(well, diagnosis, message):
    well.clear_requests()
    refused = step(well, wave=1, diagnosis=diagnosis)
    assert message in refused["msg"]
    assert well.writes() == []


def test_the_number_of_requests_does_not_grow_with_the_devices(well):
    """One more for each look, whatever the number of devices."""
    step(well, wave=3, **GATE)
    counts = []
    for wave in (1, 3):
        well.clear_requests()
        assert step(well, wave=wave, **GATE)["passed"]
        counts.append(len(well.requests()))
    assert counts[0] == counts[1]


@given(mark=st.text() | st.from_regex(r"(good|bad|warn|unknown|x):[a-z,]* ?(bad:storage)?", fullmatch=True))
def test_any_text_in_the_tag_is_read_as_results(mark):
    """People can write anything into a tag. What cannot be understood says that nothing is known."""
    judge = health.Judge((), frozenset(NAMES), 0)
    found = judge.results(mark)
    assert found.keys() == set(NAMES)
    assert set(found.values()) <= {"good", "warn", "bad", "unknown"}


@given(st.lists(st.sampled_from(["good", "bad:storage", "warn:cpu"]), max_size=9))
def test_the_mark_of_most_does_not_depend_on_their_order(marks):
    assert len({health.of_most(order) for order in itertools.islice(itertools.permutations(marks), 20)}) == 1
