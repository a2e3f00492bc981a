# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of extensions/audit/event_query.yml name the devices that a task managed, and nothing else."""

from __future__ import annotations

from typing import Any

import jq
import pytest
import yaml

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT
from tests.support.modules import CHANGING, argument_spec, returned
from tests.support.tasks import run_task

QUERIES = yaml.safe_load((CHECKOUT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
KIOSK = {"name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64"}
DEVICES = {"name": "pi-{n}", "count": 3, "os_version": "5.3.27", "supervisor_version": "16.7.4", "online": True}
RELEASES = [{"version": "0.9.0"}, {"version": "1.0.0"}]
SEED = {"applications": [{**KIOSK, "services": ["web"], "releases": RELEASES, "devices": [DEVICES]}]}
FLEET = {"application": "acme/kiosk"}
OF_DEVICES = {**FLEET, "scope": "device"}

#: For each module a task on all three devices.
TASKS: dict[str, dict[str, Any]] = {
    "balena_api_key": {**OF_DEVICES, "name": "factory"},
    "balena_config": {**FLEET, "version": "6.0.41", "each": [{"name": f"pi-{number}"} for number in (1, 2, 3)]},
    "balena_device": {"in_application": "acme/kiosk", "note": "seen"},
    "balena_device_action": {**FLEET, "action": "reboot"},
    "balena_env_var": {**OF_DEVICES, "name": "A", "value": "x"},
    "balena_fleet": {
        "document": {"fleet": "acme/kiosk", "device_defaults": {"tags": {"site": "x"}, "env": {"A": "x"}}}
    },
    "balena_os_update": {**FLEET, "version": "6.0.41"},
    "balena_release_pin": {**OF_DEVICES, "release": "1.0.0"},
    "balena_rollout": {**FLEET, "release": "0.9.0", "wave": 4},
    "balena_supervisor_update": {**FLEET, "version": "17.0.3"},
    "balena_tag": {**OF_DEVICES, "name": "site", "value": "x"},
}
#: Further tasks, and how many devices each is about.
MORE: list[tuple[str, dict[str, Any], int]] = [
    ("balena_config", {**FLEET, "version": "6.0.41"}, 0),
    ("balena_config", {**FLEET, "version": "6.0.41", "serial": "A-1"}, 1),
    ("balena_device", {"in_application": "acme/kiosk", "state": "absent"}, 3),
    ("balena_device", {**FLEET, "name": "new", "device_type": "raspberrypi4-64"}, 1),
    (
        "balena_fleet",
        {"document": {"fleet": "acme/kiosk", "devices": [{"name": "new"}, {"name": "pi-1", "note": "n"}]}},
        2,
    ),
    ("balena_fleet", {"document": {"fleet": "acme/kiosk", "variables": {"env": {"A": "x"}}}}, 0),
    ("balena_env_var", {**OF_DEVICES, "scope": "device_service", "service": "web", "variables": {"A": 1}}, 3),
    ("balena_env_var", {**OF_DEVICES, "devices": ["pi-1"], "name": "A", "state": "absent"}, 1),
    ("balena_env_var", {**OF_DEVICES, "scope": "application", "name": "A", "value": "x"}, 0),
    ("balena_release_pin", {**FLEET, "scope": "application", "release": "1.0.0"}, 0),
    ("balena_tag", {**FLEET, "scope": "application", "name": "site", "value": "x"}, 0),
    ("balena_tag", {**FLEET, "scope": "release", "release": "1.0.0", "name": "site", "value": "x"}, 0),
    ("balena_tag", {**OF_DEVICES, "devices": ["nobody"], "name": "site", "value": "x"}, 0),
]


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def emulator(server):
    server.reset()
    return server


def nodes(module: str, result: dict[str, Any]) -> list[dict[str, Any]]:
    """What AWX makes of a task's result."""
    found: list[dict[str, Any]] = jq.compile(QUERIES[f"community.balena.{module}"]["query"]).input(result).all()
    return found


def uuids(emulator) -> list[str]:
    return sorted(row["uuid"] for row in emulator.store.query("device"))


def test_every_module_that_acts_on_devices_has_a_query():
    otherwise = ["balena_config", "balena_fleet"]  # they have another word for them
    acting = [name for name in CHANGING if name in otherwise or "devices" in {**argument_spec(name), **returned(name)}]
    assert sorted(QUERIES) == [f"community.balena.{name}" for name in acting]


@pytest.mark.parametrize("module", [name.rpartition(".")[2] for name in sorted(QUERIES)])
def test_the_devices_of_a_task_are_named(emulator, module):
    result = run_task(emulator, module, **TASKS[module])
    assert result["changed"], result
    found = nodes(module, result)
    assert sorted(node["name"] for node in found) == uuids(emulator)
    for node in found:
        assert node["canonical_facts"] == {"uuid": node["name"]}
        assert node["facts"]["device_type"] == "bare_metal"


@pytest.mark.parametrize(("module", "options", "count"), MORE)
def test_devices_alone_are_nodes(emulator, module, options, count):
    before = uuids(emulator)
    found = {node["name"] for node in nodes(module, run_task(emulator, module, **options))}
    assert len(found) == count
    assert found <= {*before, *uuids(emulator)}


@pytest.mark.parametrize("module", [name.rpartition(".")[2] for name in sorted(QUERIES)])
def test_a_result_that_says_nothing_of_devices_has_no_nodes(module):
    results: list[dict[str, Any]] = [{"censored": "it is hidden"}, {"msg": "no", "failed": True}, {"results": []}]
    for result in results:
        assert nodes(module, result) == []
