# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices and applications have on balenaCloud alone, and what an openBalena server says to it."""

from __future__ import annotations

import pytest
import requests

from emulator import Emulator
from tests.support.tasks import run_task

FLEET = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "devices": [{"name": "d-{n}", "count": 3, "online": True, "os_variant": "dev"}],
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


def devices(emulator, columns):
    answer = requests.get(
        f"{emulator.url}/v7/device?$select={','.join(columns)}",
        headers={"Authorization": f"Bearer {emulator.token}"},
        timeout=10,
    )
    return answer.json()["d"]


@pytest.mark.parametrize(
    ("want", "columns"),
    [
        (
            {"location": {"latitude": 52.52, "longitude": -0.5}},
            {"custom_latitude": "52.52", "custom_longitude": "-0.5"},
        ),
        ({"public_url": True}, {"is_web_accessible": True}),
        (
            {"support_access_until": "2099-01-31"},
            {"is_accessible_by_support_until__date": "2099-01-31T00:00:00.000Z"},
        ),
        ({"state": "deactivated"}, {"is_active": False}),
    ],
)
def test_all_devices_are_changed_in_one_request(cloud, want, columns):
    task = {"in_application": "acme/kiosk", **want}
    if "state" in want:  # only devices that are offline can be deactivated
        cloud.store.update("device", cloud.store.ids("device"), is_online=False)
    predicted = run_task(cloud, "balena_device", check_mode=True, **task)
    assert predicted["changed"] and not cloud.writes()
    made = run_task(cloud, "balena_device", **task)
    assert {**made, "warnings": []} == {**predicted, "warnings": []}
    assert made["changes"]["update"] == 3
    assert [request.method for request in cloud.writes()] == ["PATCH"]
    assert devices(cloud, columns) == [columns] * 3
    assert not run_task(cloud, "balena_device", **task)["changed"]


@pytest.mark.parametrize(
    ("want", "back", "columns"),
    [
        (
            {"location": {"latitude": 1, "longitude": 2}},
            {"location": {}},
            {"custom_latitude": "", "custom_longitude": ""},
        ),
        (
            {"support_access_until": "2099-01-31"},
            {"support_access_until": ""},
            {"is_accessible_by_support_until__date": None},
        ),
        ({"public_url": True}, {"public_url": False}, {"is_web_accessible": False}),
    ],
)
def test_and_back(cloud, want, back, columns):
    run_task(cloud, "balena_device", in_application="acme/kiosk", **want)
    assert run_task(cloud, "balena_device", in_application="acme/kiosk", **back)["changes"]["update"] == 3
    assert devices(cloud, columns) == [columns] * 3
    assert not run_task(cloud, "balena_device", in_application="acme/kiosk", **back)["changed"]


def test_local_mode_of_devices_that_have_been_online(cloud):
    task = {"in_application": "acme/kiosk", "local_mode": True}
    assert run_task(cloud, "balena_device", **task)["changes"]["create"] == 3
    assert not run_task(cloud, "balena_device", **task)["changed"]
    rows = cloud.store.query("device_config_variable", name="RESIN_SUPERVISOR_LOCAL_MODE")
    assert [row["value"] for row in rows] == ["1"] * 3
    off = run_task(cloud, "balena_device", in_application="acme/kiosk", local_mode=False)
    assert off["changes"] == {"create": 0, "update": 3, "delete": 0}


def test_the_device_urls_of_an_application(cloud):
    task = {"name": "acme/kiosk", "device_urls": True}
    predicted = run_task(cloud, "balena_application", check_mode=True, **task)
    made = run_task(cloud, "balena_application", **task)
    assert predicted["diff"] == made["diff"] and made["application"]["device_urls"]
    assert made["changes"]["update"] == 3 and [request.method for request in cloud.writes()] == ["PATCH"]
    assert devices(cloud, ["is_web_accessible"]) == [{"is_web_accessible": True}] * 3
    assert not run_task(cloud, "balena_application", **task)["changed"]


def test_the_support_access_of_an_application(cloud):
    task = {"name": "acme/kiosk", "support_access_until": "2099-01-31T12:00:00+01:00"}
    made = run_task(cloud, "balena_application", **task)
    assert made["application"]["support_access_until"] == "2099-01-31T11:00:00.000Z"
    assert not run_task(cloud, "balena_application", **task)["changed"]
    revoked = run_task(cloud, "balena_application", name="acme/kiosk", support_access_until="")
    assert revoked["changed"] and revoked["application"]["support_access_until"] is None
    assert not run_task(cloud, "balena_application", name="acme/kiosk", support_access_until="")["changed"]


def test_a_new_application_can_have_both_at_once(cloud):
    task = {
        "name": "acme/another",
        "device_type": "raspberrypi4-64",
        "support_access_until": "2099-01-31",
        "device_urls": True,
    }
    assert run_task(cloud, "balena_application", **task)["changed"]
    assert not run_task(cloud, "balena_application", **task)["changed"]


@pytest.fixture(scope="module")
def open_server():
    with Emulator(seed=FLEET) as running:
        yield running


@pytest.mark.parametrize(
    ("module", "options", "names"),
    [
        ("balena_device", {"in_application": "acme/kiosk", "public_url": True}, "public_url"),
        ("balena_device", {"in_application": "acme/kiosk", "location": {}}, "location"),
        ("balena_device", {"in_application": "acme/kiosk", "state": "deactivated"}, "state: deactivated"),
        ("balena_application", {"name": "acme/kiosk", "support_access_until": "2099-01-01"}, "support_access_until"),
        ("balena_application", {"name": "acme/kiosk", "device_urls": True}, "device_urls"),
    ],
)
def test_an_open_balena_server_has_none_of_it_and_the_task_says_so(open_server, module, options, names):
    result = run_task(open_server, module, **options)
    assert result["failed"] and not result["changed"]
    assert f"{names}: balenaCloud has that, an openBalena server does not" in result["msg"]


def test_a_registration_whose_answer_was_lost_is_not_repeated(cloud):
    cloud.fault(method="POST", path="/v7/device$", nth=1, drop="after")
    task = {"name": "new", "application": "acme/kiosk", "tags": {"site": "berlin"}}
    made = run_task(cloud, "balena_device", **task)
    assert not made.get("failed"), made["msg"]
    assert [row["device_name"] for row in cloud.store.query("device", device_name="new")] == ["new"]
    assert len(cloud.requests(method="POST", path="/v7/device$")) == 1
    assert not run_task(cloud, "balena_device", **task)["changed"]
