# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices do what they are told: each is told once, all at the same time, and one's failure is its own."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

COUNT = 30
FLEET = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web", "worker"],
            "releases": [{"version": "1.0.0"}],
            "devices": [
                {"name": "d-{n:02d}", "count": COUNT, "online": True, "release": "1.0.0"},
                {"name": "off", "online": False},
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=FLEET, flavor="cloud") as running:
        yield running


@pytest.fixture
def cloud(server):
    server.reset()
    return server


def tell(emulator, action, **options):
    defaults = {"application": "acme/kiosk", "offline": "skip"}
    return run_task(emulator, "balena_device_action", action=action, **{**defaults, **options})


def outcomes(result):
    return [row["outcome"] for row in result["devices"] if row["name"] != "off"]


def calls(emulator):
    return emulator.requests(method="POST", path="/supervisor/")


@pytest.mark.parametrize("action", ["reboot", "shutdown", "restart", "purge", "update"])
def test_every_device_is_told_once(cloud, action):
    predicted = tell(cloud, action, check_mode=True)
    assert predicted["changed"] and not calls(cloud)
    told = tell(cloud, action)
    assert told == predicted
    assert told["changes"] == {"create": 0, "update": COUNT, "delete": 0}
    assert outcomes(told) == ["done"] * COUNT
    assert [row["outcome"] for row in told["devices"] if row["name"] == "off"] == ["skipped"]
    assert len(calls(cloud)) == COUNT
    assert len({call.body["deviceId"] for call in calls(cloud)}) == COUNT


@pytest.mark.parametrize("action", ["ping", "blink"])
def test_what_leaves_devices_as_they_were_is_no_change(cloud, action):
    told = tell(cloud, action)
    assert outcomes(told) == ["done"] * COUNT
    assert len(calls(cloud)) == COUNT
    assert not told["changed"] and told["changes"]["update"] == 0 and told["diff"] == {"before": {}, "after": {}}


@pytest.mark.parametrize("action", ["start_service", "stop_service", "restart_service"])
def test_one_service_of_every_device(cloud, action):
    assert outcomes(tell(cloud, action, service="web")) == ["done"] * COUNT
    images = {call.body["data"]["imageId"] for call in calls(cloud)}
    services = {cloud.store.get("image", image)["is_a_build_of__service"] for image in images}
    assert [cloud.store.get("service", service)["service_name"] for service in services] == ["web"]


def test_a_service_that_there_is_not(cloud):
    result = tell(cloud, "stop_service", service="nosuch")
    assert "service 'nosuch' is not installed on 30 of the devices" in result["msg"]
    assert "(the devices have: web, worker)" in result["msg"]


def test_a_device_that_fails_does_not_keep_the_others(cloud):
    cloud.fault(path="/supervisor/", nth=5, status=504, body_text="gateway time-out")
    result = tell(cloud, "reboot")
    assert result["failed"] and result["changed"]
    assert sorted(outcomes(result)) == ["done"] * (COUNT - 1) + ["failed"]
    assert "1 of 31 devices failed" in result["msg"] and len(result["failed_items"]) == 1
    assert len(calls(cloud)) == COUNT


def test_a_device_that_holds_its_update_lock(cloud):
    (row,) = cloud.store.query("device", device_name="d-07")
    cloud.store.update("device", row["id"], is_locked_until__date="2999-01-01T00:00:00.000Z")
    result = tell(cloud, "reboot")
    (failed,) = [one for one in result["devices"] if one["outcome"] == "failed"]
    assert failed["name"] == "d-07" and failed["message"] == (
        "the device's containers hold the update lock; force: true overrides it"
    )
    assert not tell(cloud, "reboot", devices=["d-07"], force=True).get("failed")


def test_without_saying_so_an_offline_device_stops_all(cloud):
    result = tell(cloud, "reboot", offline="fail")
    assert "1 device is offline: off" in result["msg"] and not calls(cloud)


def test_a_device_that_went_offline_in_between(cloud):
    cloud.fault(path="/supervisor/", nth=1, status=404, body_text="No online device(s) found")
    (result,) = tell(cloud, "restart", devices=["d-01"])["devices"]
    assert result["message"] == (
        "the device cannot be reached: it went offline, or this server does not pass on actions"
    )
