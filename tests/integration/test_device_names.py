# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""People read devices by name, with the first digits of the uuid beside it: in diffs, failures, warnings and drift."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_module, run_task

FLEET = "acme/kiosk"
KIOSK = {"name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["web"]}
ACTING = "sign\x1b[2J\n\u202eneo"
SHOWN = r"sign\x1b[2J\n\u202eneo"
NAMES = ("berlin-sign-01", "twin", "twin", ACTING, "")
DEVICES = [
    {"name": name, "os_version": "5.3.27", "supervisor_version": "16.7.4", "online": True, "release": "1.0.0"}
    for name in NAMES
]
SEED = {
    "applications": [
        {
            **KIOSK,
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "devices": [{**device, "name": device["name"] or "nameless"} for device in DEVICES],
        }
    ]
}
OF_DEVICES = {"application": FLEET, "scope": "device"}
UUID = re.compile(r"\b[0-9a-f]{32}\b")

#: For each module a task on all devices.
TASKS: dict[str, dict[str, Any]] = {
    "balena_application": {"name": FLEET, "device_urls": True},
    "balena_device": {"in_application": FLEET, "note": "seen", "tags": {"site": "x"}, "lock_override": True},
    "balena_device_action": {"application": FLEET, "action": "reboot"},
    "balena_env_var": {**OF_DEVICES, "name": "A", "value": "x"},
    "balena_fleet": {
        "document": {
            "fleet": FLEET,
            "device_defaults": {
                "tags": {"site": "x"},
                "env": {"A": "x"},
                "config": {"RESIN_HOST_CONFIG_gpu_mem": "16"},
                "services": {"web": {"env": {"B": "x"}}},
                "note": "declared",
                "release": "1.1.0",
            },
            "supervisor": {"version": "17.0.3"},
            "os": {"version": "6.0.41", "apply": "target"},
        }
    },
    "balena_os_update": {"application": FLEET, "version": "6.0.41"},
    "balena_release_pin": {**OF_DEVICES, "release": "1.1.0"},
    "balena_rollout": {"application": FLEET, "release": "1.0.0", "wave": 4},
    "balena_supervisor_update": {"application": FLEET, "version": "17.0.3"},
    "balena_tag": {**OF_DEVICES, "name": "site", "value": "x"},
}


@pytest.fixture(scope="module")
def shared():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def server(shared):
    shared.reset()
    nameless = shared.store.get("device", device_name="nameless")
    shared.store.update("device", nameless["id"], device_name="")
    return shared


def uuids(server, name):
    return sorted(row["uuid"] for row in server.store.query("device") if row["device_name"] == name)


def labels(server):
    """What each device is called."""
    rows = server.store.query("device")
    names = {row["uuid"]: row["device_name"].replace(ACTING, SHOWN) for row in rows}
    return {uuid: f"{name} ({uuid[:7]})" if name else uuid[:7] for uuid, name in names.items()}


def keys(diff):
    return {
        key for side in diff.values() for resource, rows in side.items() if resource != "application" for key in rows
    }


@pytest.mark.parametrize("module", sorted(TASKS))
def test_a_diff_calls_each_device_by_its_name(server, module):
    foreseen = run_task(server, module, **TASKS[module], check_mode=True)
    assert foreseen["changed"], foreseen
    done = run_task(server, module, **TASKS[module])
    assert keys(done["diff"]) == keys(foreseen["diff"])
    shown = keys(done["diff"])
    assert not [key for key in shown if UUID.search(key)]
    for label in labels(server).values():
        assert any(key == label or key.startswith(f"{label} ") for key in shown), (label, shown)


@pytest.mark.parametrize("module", sorted(TASKS))
def test_a_module_in_a_process_of_its_own_calls_them_alike(server, module):
    foreseen = run_task(server, module, **TASKS[module], check_mode=True)
    alone = run_module(server, module, **TASKS[module], _ansible_check_mode=True)
    assert keys(alone["diff"]) == keys(foreseen["diff"])


def test_devices_of_one_name_are_told_from_each_other(server):
    shown = run_task(server, "balena_env_var", **OF_DEVICES, name="A", value="x")["diff"]["after"]
    twins = uuids(server, "twin")
    assert {key for key in shown["device_environment_variable"] if key.startswith("twin")} == {
        f"twin ({uuid[:7]}) A" for uuid in twins
    }


def test_devices_of_one_name_whose_uuids_begin_alike_are_both_in_a_diff(server):
    for uuid in ("ab" * 16, "ab" * 15 + "cd"):
        run_task(server, "balena_device", application=FLEET, uuid=uuid, name="alike")
    shown = run_task(server, "balena_env_var", **OF_DEVICES, name="A", value="x")["diff"]["after"]
    alike = [key for key in shown["device_environment_variable"] if key.startswith(("alike", "abab"))]
    assert sorted(alike) == ["ab" * 16 + " A", "ab" * 15 + "cd A"]


def test_a_new_device_is_called_by_the_name_that_it_gets(server):
    task = {"application": FLEET, "uuid": "ab" * 16, "name": "new-one", "tags": {"site": "x"}}
    shown = run_task(server, "balena_device", **task)["diff"]["after"]
    assert set(shown["device"]) == {"new-one (abababa)"}
    assert set(shown["device_tag"]) == {"new-one (abababa) site"}


def test_a_device_that_is_renamed_is_called_as_before_on_both_sides(server):
    (uuid,) = uuids(server, "berlin-sign-01")
    diff = run_task(server, "balena_device", devices=[uuid], name="rome-sign-01")["diff"]
    assert {side: list(rows["device"]) for side, rows in diff.items()} == {
        "before": [f"berlin-sign-01 ({uuid[:7]})"],
        "after": [f"berlin-sign-01 ({uuid[:7]})"],
    }


@pytest.mark.parametrize("name", ["berlin-sign-01", ACTING, ""])
def test_a_failure_names_the_device_for_people_and_its_uuid_for_programs(server, name):
    (uuid,) = uuids(server, name)
    label = labels(server)[uuid]
    server.fault(method="POST", path="/v7/device_environment_variable", status=409)
    failed = run_task(server, "balena_env_var", scope="device", devices=[uuid], name="A", value="x")
    assert failed["failed"]
    (item,) = failed["failed_items"]
    assert item["title"] == f"create device_environment_variable {label} A"
    assert item["key"] == [uuid, "A"]
    assert f"First failure, create device_environment_variable {label} A: " in failed["msg"]
    assert uuid not in failed["msg"] and "\x1b" not in failed["msg"]


def test_an_action_that_fails_names_the_device(server):
    for row in server.store.query("device"):
        server.store.update("device", row["id"], is_online=row["device_name"] == "berlin-sign-01")
    (uuid,) = uuids(server, "berlin-sign-01")
    server.fault(method="POST", path="/supervisor", status=423, times=99)
    failed = run_task(server, "balena_device_action", application=FLEET, action="reboot", offline="skip")
    assert f"such as berlin-sign-01 ({uuid[:7]}): " in failed["msg"]


def test_what_cannot_be_is_refused_by_name(server):
    told = set(labels(server).values())
    missing = run_task(
        server,
        "balena_env_var",
        application=FLEET,
        scope="device_service",
        service="web",
        name="A",
        value="x",
        devices=["twin-2"],
    )
    assert missing["failed"]
    for row in server.store.query("device"):
        server.store.update("device", row["id"], is_online=False)
    offline = run_task(server, "balena_device_action", application=FLEET, action="reboot")
    assert not UUID.search(offline["msg"])
    assert all(label in offline["msg"] for label in told)


def test_drift_names_devices(server):
    drift = run_task(server, "balena_fleet", **TASKS["balena_fleet"], check_mode=True)["drift"]
    of_devices = [one for one in drift["findings"] if one.get("uuid")]
    assert of_devices
    for one in of_devices:
        assert one["text"].startswith(f"{labels(server)[one['uuid']]} ")


def test_programs_get_the_devices_that_changed_and_were_removed(server):
    every = sorted(row["uuid"] for row in server.store.query("device"))
    changed = run_task(server, "balena_fleet", **TASKS["balena_fleet"])["changed_devices"]
    assert sorted(one["uuid"] for one in changed) == every
    assert {one["uuid"]: one["name"] for one in changed}[every[0]] is not None
    assert run_task(server, "balena_fleet", **TASKS["balena_fleet"])["changed_devices"] == []
    gone = {"in_application": FLEET, "state": "absent"}
    foreseen = run_task(server, "balena_device", **gone, check_mode=True)["removed"]
    removed = run_task(server, "balena_device", **gone)["removed"]
    assert foreseen == removed and sorted(one["uuid"] for one in removed) == every
