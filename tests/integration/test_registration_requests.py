# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New devices in a document take a request each, and one for each of their tags and variables; hardly any more."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

COUNT = 60
#: What is read: the fleet, its devices, releases, uuids (50 in a request), and what came along (200 in a request).
READING = 10
SEED = {
    "applications": [
        {
            "organization": "acme",
            "name": "kiosk",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
        }
    ]
}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def kiosk(server):
    server.reset()
    server.clear_requests()
    return server


def document(services: dict[str, Any], count: int = COUNT) -> dict[str, Any]:
    devices = [{"uuid": f"{number:032x}", "name": f"kiosk {number}"} for number in range(1, count + 1)]
    of_all = {"tags": {"site": "lyon"}, "env": {"A": "1"}, "services": services}
    return {"fleet": "acme/kiosk", "device_defaults": of_all, "devices": devices}


def test_services_that_came_along_are_not_asked_for_one_by_one(kiosk):
    declared = document({"web": {"env": {"B": "2"}}})
    predicted = run_task(kiosk, "balena_fleet", document=declared, check_mode=True)
    kiosk.clear_requests()
    made = run_task(kiosk, "balena_fleet", document=declared)
    assert not made.get("failed"), made["msg"]
    # The device, its tag, its variable, and that of its service.
    assert len(kiosk.requests()) <= 4 * COUNT + READING
    assert (predicted["changes"], predicted["diff"]) == (made["changes"], made["diff"])
    assert not run_task(kiosk, "balena_fleet", document=declared)["changed"]


def test_a_service_that_no_release_has_is_made_on_each(kiosk):
    declared = document({"worker": {"env": {"B": "2"}}})
    made = run_task(kiosk, "balena_fleet", document=declared)
    assert not made.get("failed"), made["msg"]
    assert len(kiosk.requests()) <= 5 * COUNT + READING + 1
    assert not run_task(kiosk, "balena_fleet", document=declared)["changed"]


def test_a_server_that_fails_to_say_what_came_along_is_asked_for_each(kiosk):
    kiosk.fault(method="GET", path="/v7/service_install", status=400, times=1)
    declared = document({"web": {"env": {"B": "2"}}}, count=3)
    made = run_task(kiosk, "balena_fleet", document=declared)
    assert not made.get("failed"), made["msg"]
    assert not run_task(kiosk, "balena_fleet", document=declared)["changed"]


def test_listed_devices_take_a_request_each(kiosk):
    each = [{"uuid": f"{number:032x}", "name": f"kiosk {number}", "note": "n"} for number in range(1, COUNT + 1)]
    made = run_task(kiosk, "balena_device", application="acme/kiosk", each=each)
    assert not made.get("failed"), made["msg"]
    assert len(kiosk.requests()) <= COUNT + READING
