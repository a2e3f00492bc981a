# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once on the same fleet: both plan on the same state, and both end well with the declared state."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.converging import devices_of, variables_of
from tests.support.tasks import COLLECTION, run_task

FLEET = "acme/bench"
VARIABLES = {"scope": "device", "application": FLEET}


@pytest.fixture(scope="module")
def fleet():
    with Emulator(seed=SEEDS / "bench.yml", devices=50) as running:
        yield running


@pytest.fixture
def emulator(fleet):
    """A fleet of 50 devices with three tags each."""
    fleet.reset()
    return fleet


@pytest.fixture
def at_once(emulator, monkeypatch):
    """Run one module with each of several options, all at once: none writes before all have planned."""

    def race(name, *several):
        module, all_have_planned = importlib.import_module(f"{COLLECTION}.modules.{name}"), Barrier(len(several))
        plan = module.plan

        def plan_and_wait(balena, want):
            made = plan(balena, want)
            all_have_planned.wait(timeout=60)
            return made

        with monkeypatch.context() as patched, ThreadPoolExecutor(len(several)) as pool:
            patched.setattr(module, "plan", plan_and_wait)
            results = list(pool.map(lambda options: run_task(emulator, name, **options), several))
        assert not [result["msg"] for result in results if result.get("failed")]
        return results

    return race


def values_of(emulator, name):
    return {value for device, named, value in variables_of(emulator) if named == name}


def test_both_create_the_same_variables(emulator, at_once):
    task = {**VARIABLES, "variables": {"A": "1", "B": "2", "C": "3"}}
    results = at_once("balena_env_var", task, task)
    # What one has made is not counted as made by the other.
    assert sum(result["changes"]["create"] for result in results) == 150
    assert sum(len(result["diff"]["after"].get("device_environment_variable", {})) for result in results) == 150
    assert [result["changed"] for result in results] == [bool(result["changes"]["create"]) for result in results]
    assert len(variables_of(emulator)) == 150
    assert not run_task(emulator, "balena_env_var", **task)["changed"]


def test_what_another_play_has_made_meanwhile_is_not_ours(emulator, monkeypatch):
    """All is made by somebody else between plan and writes: nothing was changed here."""
    task = {**VARIABLES, "variables": {"A": "1", "B": "2"}}
    module = importlib.import_module(f"{COLLECTION}.modules.balena_env_var")
    plan = module.plan

    def plan_and_be_overtaken(balena, want):
        made = plan(balena, want)
        with monkeypatch.context() as patched:
            patched.setattr(module, "plan", plan)
            assert run_task(emulator, "balena_env_var", **task)["changes"]["create"] == 100
        return made

    with monkeypatch.context() as patched:
        patched.setattr(module, "plan", plan_and_be_overtaken)
        late = run_task(emulator, "balena_env_var", **task)
        assert not late.get("failed") and not late["changed"]
        assert late["changes"] == {"create": 0, "update": 0, "delete": 0}
        assert late["diff"] == {"before": {}, "after": {}}
    assert len(variables_of(emulator)) == 100


def test_both_create_the_same_variables_with_different_values(emulator, at_once):
    at_once("balena_env_var", {**VARIABLES, "name": "A", "value": "1"}, {**VARIABLES, "name": "A", "value": "2"})
    assert len(variables_of(emulator)) == 50
    assert values_of(emulator, "A") <= {"1", "2"}


def test_both_change_and_purge(emulator, at_once):
    run_task(emulator, "balena_env_var", **VARIABLES, variables={"A": "1", "B": "2", "C": "3"})
    task = {**VARIABLES, "variables": {"A": "new"}, "purge": True}
    at_once("balena_env_var", task, task)
    assert variables_of(emulator) == [(name, "A", "new") for name in sorted(names_of(emulator))]
    assert not run_task(emulator, "balena_env_var", **task)["changed"]


def test_one_changes_what_the_other_removes(emulator, at_once):
    """Whichever comes last wins, and neither fails."""
    run_task(emulator, "balena_env_var", **VARIABLES, name="A", value="1")
    at_once("balena_env_var", {**VARIABLES, "name": "A", "value": "2"}, {**VARIABLES, "name": "A", "state": "absent"})
    assert values_of(emulator, "A") <= {"2"}
    again = {**VARIABLES, "name": "A", "value": "2"}
    assert not run_task(emulator, "balena_env_var", **again).get("failed")
    assert len(variables_of(emulator)) == 50


def test_both_tag_the_same_devices(emulator, at_once):
    task = {"scope": "device", "application": FLEET, "tags": {"wave": 1, "site": "here", "floor": None}}
    at_once("balena_tag", task, task)
    assert not run_task(emulator, "balena_tag", **task)["changed"]
    assert {tags for name, note, tags in devices_of(emulator)} == {
        (("role", role), ("site", "here"), ("wave", "1")) for role in ("display", "gateway", "sensor")
    }


def test_both_register_the_same_devices(emulator, at_once):
    each = [{"uuid": f"{number:032x}", "name": f"new-{number}"} for number in range(10)]
    task = {"application": FLEET, "each": each, "note": "new", "tags": {"wave": 1}}
    at_once("balena_device", task, task)
    new = [row for row in devices_of(emulator) if row[0].startswith("new-")]
    assert new == [(f"new-{number}", "new", (("wave", "1"),)) for number in range(10)]
    assert not run_task(emulator, "balena_device", **task)["changed"]


def test_both_remove_the_same_devices(emulator, at_once):
    doomed = [row["uuid"] for row in emulator.store.query("device")][:10]
    task = {"application": FLEET, "in_application": FLEET, "devices": doomed, "state": "absent", "allow_empty": True}
    at_once("balena_device", task, task)
    left = [row["uuid"] for row in emulator.store.query("device")]
    assert len(left) == 40 and not set(left) & set(doomed)


def test_both_make_the_same_application(emulator, at_once):
    task = {"name": "acme/raced", "device_type": "raspberrypi4-64", "tags": {"team": "a", "tier": "b"}}
    at_once("balena_application", task, task)
    (made,) = emulator.store.query("application", app_name="raced")
    assert len(emulator.store.query("application_tag", application=made["id"])) == 2
    assert not run_task(emulator, "balena_application", **task)["changed"]


def test_both_remove_the_same_application(emulator, at_once):
    run_task(emulator, "balena_application", name="acme/raced", device_type="raspberrypi4-64")
    task = {"name": "acme/raced", "state": "absent"}
    at_once("balena_application", task, task)
    assert not emulator.store.query("application", app_name="raced")


def names_of(emulator):
    return [row["device_name"] for row in emulator.store.query("device")]
