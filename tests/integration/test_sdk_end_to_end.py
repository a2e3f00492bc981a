# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's methods that an openBalena server supports, run through: create, read, change, delete."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk import errors as sdk_errors

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65tjkxFNOtGHpaA4pDEVVx"
SEED = {
    "applications": [
        {
            "name": "sensors",
            "services": ["main", "db"],
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "devices": [{"name": "sensor-{n}", "count": 3}],
        }
    ]
}


@pytest.fixture
def balena(emulator):
    emulator.seed(SEED)
    with Balena(api_url=emulator.url, token=emulator.token, data_directory=False) as opened:
        yield opened


@pytest.fixture
def session(emulator):
    """Logged in with a password: some things are not for API keys."""
    with Balena(api_url=emulator.url, data_directory=False) as opened:
        opened.auth.login(email="admin", password="Admin-Passw0rd")
        yield opened


def test_an_application_from_creation_to_removal(balena):
    applications = balena.models.application
    made = applications.create(name="sdk-made", device_type="raspberrypi4-64", organization="acme")
    assert applications.get("acme/sdk-made")["id"] == made["id"]
    assert applications.has("acme/sdk-made")
    assert applications.get_app_by_name("sdk-made")["slug"] == "acme/sdk-made"
    assert "sdk-made" in [row["app_name"] for row in applications.get_all_by_organization("acme")]
    applications.rename("acme/sdk-made", "sdk-other")
    assert applications.get(made["id"])["slug"] == "acme/sdk-other"
    ends = "2100-01-01T00:00:00.000Z"
    assert applications.generate_provisioning_key(slug_or_uuid_or_id=made["id"], key_expiry_date=ends, key_name="k")
    applications.remove("acme/sdk-other")
    assert not applications.has(made["id"])
    with pytest.raises(sdk_errors.BalenaApplicationNotFound, match="acme/sdk-other"):
        applications.get("acme/sdk-other")


@pytest.mark.parametrize(
    ("values", "parent", "name"),
    [
        ("application.env_var", "application", "A"),
        ("application.config_var", "application", "BALENA_A"),
        ("application.tags", "application", "a"),
        ("device.env_var", "device", "A"),
        ("device.config_var", "device", "BALENA_A"),
        ("device.tags", "device", "a"),
        ("release.tags", "release", "a"),
        ("service.var", "service", "A"),
    ],
)
def test_values_of_all_kinds(balena, values, parent, name):
    device = balena.models.device.get_all_by_application("acme/sensors")[0]
    parents = {
        "application": ("application", "acme/sensors"),
        "device": ("device", device["uuid"]),
        "release": ("release", {"application": "acme/sensors", "raw_version": "1.0.0"}),
        "service": ("service", {"application": "acme/sensors", "service_name": "main"}),
    }
    by, key = parents[parent]
    namespace = balena.models
    for part in values.split("."):
        namespace = getattr(namespace, part)
    name_field = "tag_key" if "tags" in values else "name"

    def present():
        return {row[name_field]: row["value"] for row in getattr(namespace, f"get_all_by_{by}")(key)}

    assert present() == {}
    namespace.set(key, name, "1")
    namespace.set(key, name, "2")
    assert present() == {name: "2"}
    if hasattr(namespace, "get"):
        assert namespace.get(key, name) == "2"
    assert name in [row[name_field] for row in namespace.get_all_by_application("acme/sensors")]
    namespace.remove(key, name)
    assert present() == {}


def test_service_variables_of_a_device(balena):
    variables = balena.models.device.service_var
    uuid = balena.models.device.get_all_by_application("acme/sensors")[0]["uuid"]
    service = balena.models.service.get_all_by_application("acme/sensors")[0]
    variables.set(uuid, service["id"], "A", "1")
    variables.set(uuid, service["id"], "A", "2")
    assert variables.get(uuid, service["id"], "A") == "2"
    assert [row["value"] for row in variables.get_all_by_device(uuid)] == ["2"]
    variables.remove(uuid, service["id"], "A")
    assert variables.get_all_by_device(uuid) == []


def test_a_device_from_registration_to_removal(balena):
    devices = balena.models.device
    application = balena.models.application.get("acme/sensors")
    uuid = devices.generate_unique_key()
    made = devices.register(application["id"], uuid)
    assert made["uuid"] == uuid
    assert made["api_key"]
    devices.rename(uuid, "hall")
    devices.set_note([made["id"]], "by the door")
    row = devices.get(uuid)
    assert (row["device_name"], row["note"]) == ("hall", "by the door")
    assert devices.get_application_name(uuid) == "sensors"
    assert devices.has(uuid)
    assert not devices.is_online(uuid)
    assert devices.generate_device_key(uuid)
    assert [found["uuid"] for found in devices.get_by_name("hall")] == [uuid]
    balena.models.application.create(name="sdk-target", device_type="raspberrypi4-64", organization="acme")
    devices.move(uuid, "acme/sdk-target")
    assert devices.get_application_name(uuid) == "sdk-target"
    devices.remove(uuid)
    with pytest.raises(sdk_errors.BalenaDeviceNotFound):
        devices.get(uuid)


def test_releases_and_pins(balena):
    releases, devices, applications = balena.models.release, balena.models.device, balena.models.application
    first, latest = {"application": "acme/sensors", "raw_version": "1.0.0"}, "acme/sensors"
    assert releases.get_latest_by_application(latest)["raw_version"] == "1.1.0"
    old = releases.get(first)
    releases.set_note(first, "the first")
    releases.set_known_issue_list(first, "slow")
    releases.set_is_invalidated(first, True)
    row = releases.get(old["id"])
    assert (row["note"], row["known_issue_list"], row["is_invalidated"]) == ("the first", "slow", True)
    releases.set_is_invalidated(first, False)
    applications.pin_to_release("acme/sensors", old["commit"])
    assert applications.get_target_release_hash("acme/sensors") == old["commit"]
    assert not applications.will_track_new_releases("acme/sensors")
    applications.track_latest_release("acme/sensors")
    assert applications.is_tracking_latest_release("acme/sensors")
    ids = [device["id"] for device in devices.get_all_by_application("acme/sensors")]
    devices.pin_to_release(ids, old["commit"])
    assert {devices.get_target_release_hash(id_) for id_ in ids} == {old["commit"]}
    devices.track_application_release(ids)
    assert all(devices.is_tracking_application_release(id_) for id_ in ids)


def test_switches_of_a_device(balena):
    devices = balena.models.device
    uuid = devices.get_all_by_application("acme/sensors")[0]["uuid"]
    devices.enable_lock_override(uuid)
    assert devices.has_lock_override(uuid)
    devices.disable_lock_override(uuid)
    assert not devices.has_lock_override(uuid)
    assert devices.get_supervisor_target_state(uuid)
    assert devices.get_status(uuid)


def test_keys_of_the_user(session):
    title = "sdk"
    made = session.models.key.create(title, SSH_KEY)
    assert session.models.key.get(made["id"])["title"] == title
    session.models.key.remove(made["id"])
    assert title not in [row["title"] for row in session.models.key.get_all()]
    value = session.models.api_key.create(name="sdk-key", expiry_date=None, description="a description")
    assert value
    (row,) = [row for row in session.models.api_key.get_all_named_user_api_keys() if row["name"] == "sdk-key"]
    session.models.api_key.update(row["id"], name="sdk-key-2")
    assert "sdk-key-2" in [row["name"] for row in session.models.api_key.get_all()]
    session.models.api_key.revoke(row["id"])
    assert "sdk-key-2" not in [row["name"] for row in session.models.api_key.get_all()]


def test_who_it_is_and_what_there_is(balena, session):
    assert balena.auth.is_logged_in()
    assert balena.auth.whoami()["username"] == "admin"
    assert session.auth.get_user_info()["username"] == "admin"
    session.auth.logout()
    assert not session.auth.is_logged_in()
    assert balena.models.organization.get("acme")["name"] == "Acme"
    assert balena.models.device_type.get("nuc")["slug"] == "intel-nuc"
    assert balena.models.config.get_config_var_schema()
    versions = balena.models.os.get_available_os_versions("raspberrypi4-64")
    assert versions[0]["raw_version"]
    assert balena.models.os.get_max_satisfying_version("raspberrypi4-64", "^5.0.0")
    uuid = balena.models.device.get_all_by_application("acme/sensors")[0]["uuid"]
    assert balena.logs.history(uuid) == []
