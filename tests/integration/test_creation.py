# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is created is as declared after one run, also where the server sets a column of a new row itself."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

UUID = "ab" * 16
APPLICATION = {"name": "acme/fresh", "device_type": "raspberrypi4-64"}
DEVICE = {"uuid": UUID, "application": "acme/home"}
KEYS = {"name": "k", "description": "d", "expires": "2090-01-01"}
CLOUD, BOTH = ("cloud",), ("cloud", "openbalena")
DECLARED = {
    "a fleet that does not track": (BOTH, "balena_application", {**APPLICATION, "track_latest_release": False}),
    "a fleet that tracks": (BOTH, "balena_application", {**APPLICATION, "track_latest_release": True}),
    "a public block": (BOTH, "balena_application", {**APPLICATION, "class": "block", "public": True}),
    "an archived fleet": (BOTH, "balena_application", {**APPLICATION, "archived": True}),
    "a fleet with all of it": (
        BOTH,
        "balena_application",
        {**APPLICATION, "archived": True, "public": True, "track_latest_release": False, "tags": {"a": 1}},
    ),
    "support access": (CLOUD, "balena_application", {**APPLICATION, "support_access_until": "2090-01-01"}),
    "a device": (BOTH, "balena_device", {**DEVICE, "name": "d", "note": "n"}),
    "a device with tags": (BOTH, "balena_device", {**DEVICE, "tags": {"a": 1}, "lock_override": True}),
    "a device with a location": (CLOUD, "balena_device", {**DEVICE, "location": {"latitude": 1, "longitude": 2}}),
    "a device that is reachable": (CLOUD, "balena_device", {**DEVICE, "public_url": True}),
    "a device that is not": (CLOUD, "balena_device", {**DEVICE, "public_url": False, "note": ""}),
    "a document": (
        CLOUD,
        "balena_fleet",
        {
            "document": {
                "fleet": "acme/fresh",
                "device_type": "raspberrypi4-64",
                "device_urls": True,
                "archived": True,
                "device_defaults": {"active": False},
                "devices": [{"uuid": UUID}],
            }
        },
    ),
    "a key": (CLOUD, "balena_api_key", {"scope": "application", "application": "acme/home", **KEYS}),
}


@pytest.fixture(scope="module")
def servers():
    seed = {"applications": [{"organization": "acme", "name": "home", "device_type": "raspberrypi4-64"}]}
    with Emulator(seed=seed) as openbalena, Emulator(seed=seed, flavor="cloud") as cloud:
        yield {"openbalena": openbalena, "cloud": cloud}


@pytest.mark.parametrize(
    "flavor, module, options",
    [pytest.param(one, *rest, id=f"{name}, {one}") for name, (where, *rest) in DECLARED.items() for one in where],
)
def test_one_run_suffices(servers, flavor, module, options):
    emulator = servers[flavor]
    emulator.reset()
    predicted = run_task(emulator, module, **options, check_mode=True)
    made = run_task(emulator, module, **options)
    assert made["changed"] and not made.get("failed"), made.get("msg")
    assert (predicted["changes"], predicted["diff"]) == (made["changes"], made["diff"])
    again = run_task(emulator, module, **options)
    assert not again["changed"], again["diff"]


def test_what_follows_a_creation_is_shown(servers):
    emulator = servers["openbalena"]
    emulator.reset()
    made = run_task(emulator, "balena_application", **APPLICATION, track_latest_release=False)
    assert made["changes"] == {"create": 1, "update": 1, "delete": 0}
    assert made["diff"]["before"] == {}
    assert made["diff"]["after"]["application"]["acme/fresh"]["should_track_latest_release"] is False
    assert made["application"]["track_latest_release"] is False
