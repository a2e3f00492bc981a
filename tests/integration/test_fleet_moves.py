# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that brings existing devices into a fleet which it creates: foreseen, made, and then left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import Emulator
from tests.support.tasks import run_task

PI = "raspberrypi4-64"
SEED: dict[str, Any] = {
    "applications": [
        {
            "organization": "acme",
            "name": "old-home",
            "device_type": PI,
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
            "devices": [
                {
                    "name": "d-{n}",
                    "count": 4,
                    "tags": {"site": ["a", "b"]},
                    "env": {"A": "1"},
                    "service_env": {"web": {"C": "3"}},
                    "os_version": "5.3.27",
                }
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def servers():
    with Emulator(seed=SEED) as openbalena, Emulator(seed=SEED, flavor="cloud") as cloud:
        yield {"openbalena": openbalena, "cloud": cloud}


#: What a document can say of a device, of all of them, and of the fleet that it creates.
PARTS: dict[str, Any] = {
    "name": "moved",
    "note": "comes from elsewhere",
    "tags": {"site": "c"},
    "env": {"A": "2", "NEW": "1"},
    "config": {"BALENA_HOST_CONFIG_gpu_mem": "64"},
    "services": {"web": {"env": {"C": "4"}}, "fresh": {"env": {"D": "5"}}},
    "lock_override": True,
}
OF_FLEET: dict[str, Any] = {
    "tags": {"team": "retail"},
    "variables": {"env": {"X": "1"}, "config": {"BALENA_HOST_CONFIG_gpu_mem": "32"}},
    "services": {"web": {"env": {"PORT": "80"}}},
    "device_defaults": {"env": {"B": "2"}, "services": {"web": {"env": {"E": "6"}}}, "note": "n"},
    "groups": [{"name": "a", "match": {"site": "a"}, "env": {"G": "1"}}],
    "supervisor": {"version": "17.0.3"},
    "os": {"version": "6.0.41", "apply": "target"},
    "release": "track",
    "provisioning_keys": [{"name": "factory"}],
    "public": True,
}


def some(parts: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sets(st.sampled_from(sorted(parts))).map(lambda names: {name: parts[name] for name in sorted(names)})


def foreseen(result):
    """What check mode can know: not ids, and not the values of keys."""
    return {name: result[name] for name in ("changed", "changes", "diff")}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fleet=some(OF_FLEET),
    of_devices=st.lists(some(PARTS), min_size=1, max_size=4),
    registered=st.booleans(),
    flavor=st.sampled_from(["openbalena", "cloud"]),
)
def test_devices_move_into_a_fleet_that_is_created_with_them(servers, fleet, of_devices, registered, flavor):
    emulator = servers[flavor]
    emulator.reset()
    rows = sorted(emulator.store.query("device"), key=lambda row: row["device_name"])
    devices = [
        {"uuid": row["uuid"], **parts, **({"name": f"moved-{number}"} if "name" in parts else {})}
        for number, (row, parts) in enumerate(zip(rows, of_devices, strict=False))
    ]
    devices += [{"uuid": "ab" * 16, "name": "registered"}] if registered else []
    document = {"fleet": "acme/new-home", "device_type": PI, **fleet, "devices": devices}
    predicted = run_task(emulator, "balena_fleet", document=document, check_mode=True)
    made = run_task(emulator, "balena_fleet", document=document)
    assert not made.get("failed"), (made["msg"], made.get("failed_items"))
    assert foreseen(predicted) == foreseen(made)
    (home,) = emulator.store.query("application", slug="acme/new-home")
    moved = emulator.store.query("device", belongs_to__application=home["id"])
    assert {row["uuid"] for row in moved} == {device["uuid"] for device in devices}
    assert made["fleet"]["device_count"] == predicted["fleet"]["device_count"] == len(devices)
    again = run_task(emulator, "balena_fleet", document=document)
    assert not again["changed"], again["diff"]


def test_devices_stay_where_they_are_when_their_new_fleet_cannot_be_created(servers):
    emulator = servers["openbalena"]
    emulator.reset()
    uuids = [row["uuid"] for row in emulator.store.query("device")]
    document = {"fleet": "acme/new-home", "device_type": PI, "devices": [{"uuid": uuid} for uuid in uuids]}
    emulator.fault(method="POST", path="/v7/application", status=400, body_text="no more fleets")
    result = run_task(emulator, "balena_fleet", document=document)
    emulator.clear_faults()
    assert result["failed"] and "no more fleets" in result["msg"]
    assert not result["changed"] and len(result["failed_items"]) == 1 + len(uuids)
    (old,) = emulator.store.query("application", slug="acme/old-home")
    assert len(emulator.store.query("device", belongs_to__application=old["id"])) == len(uuids)
