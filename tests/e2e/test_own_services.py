# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that a supervisor reports of itself and of the host are no services of the device's application."""

from __future__ import annotations

import json

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

pytestmark = pytest.mark.once

FLEET = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": "d-{n}", "count": 2, "online": True, "supervisor_version": "18.2.0"}],
        }
    ]
}


@pytest.fixture
def cloud():
    with Emulator(seed=FLEET, flavor="cloud") as running:
        report(running, "balena-supervisor")
        report(running, "web")  # called like one of the fleet's, and newer
        yield running


def report(emulator, name):
    """Have each device report a container of the supervisor's application."""
    store = emulator.store
    (release, *_others) = [
        row
        for row in store.query("release", status="success")
        if store.get("application", row["belongs_to__application"])["slug"] == "balena_os/aarch64-supervisor"
    ]
    service = store.insert("service", application=release["belongs_to__application"], service_name=name)
    image = store.insert(
        "image",
        is_a_build_of__service=service,
        is_stored_at__image_location=f"registry2/{name}",
        start_timestamp="2024-01-01T00:00:00.000Z",
        status="success",
    )
    for device in store.query("device"):
        store.insert(
            "image_install",
            device=device["id"],
            installs__image=image,
            is_provided_by__release=release["id"],
            status="Running",
            install_date="2099-01-01T00:00:00.000Z",
        )


def test_device_info(cloud):
    for row in run_task(cloud, "balena_device_info", application="acme/kiosk", services=True)["devices"]:
        assert list(row["services"]) == ["web"]
        assert row["services"]["web"]["release_version"] == "1.0.0"


def test_inventory(cloud, ansible):
    source = ansible.folder / "all.balena.yml"
    server = {"api_url": cloud.url, "api_token": cloud.token}
    wanted = {"plugin": "community.balena.balena", "services": True, **server}
    source.write_text(json.dumps(wanted), encoding="utf-8")
    hosts = ansible.inventory(source).json["_meta"]["hostvars"]
    assert len(hosts) == 2
    assert all(list(found["balena_services"]) == ["web"] for found in hosts.values())


def test_actions_on_services(cloud):
    running = cloud.store.query("device")[0]["is_running__release"]
    own = cloud.store.query("image_install", is_provided_by__release=running)
    run_task(cloud, "balena_device_action", action="restart_service", service="web", application="acme/kiosk")
    asked = [request.body for request in cloud.requests(method="POST", path="/supervisor/")]
    assert asked and all(str(own[0]["installs__image"]) in json.dumps(body) for body in asked)
    refused = run_task(
        cloud, "balena_device_action", action="restart_service", service="balena-supervisor", application="acme/kiosk"
    )
    assert refused["failed"] and "the devices have: web)" in refused["msg"]
