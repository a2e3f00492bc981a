# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of the API becomes plain variables."""

from __future__ import annotations

from ansible_collections.community.balena.plugins.module_utils.domain.devices.facts import addresses, shape

RELEASE = {"id": 7, "commit": "a" * 40, "raw_version": "1.2.3"}
ROW = {
    "id": 1,
    "uuid": "b" * 32,
    "device_name": "sensor",
    "is_online": True,
    "ip_address": "192.168.0.10 fe80::1",
    "mac_address": "B8:27:EB:00:00:01 B8:27:EB:00:00:02",
    "public_address": "203.0.113.7",
    "latitude": "51.5",
    "longitude": "-0.1",
    "custom_latitude": "",
    "custom_longitude": "",
    "belongs_to__application": [
        {"id": 3, "app_name": "Sensors", "slug": "acme/sensors", "uuid": "c" * 32, "organization": [{"handle": "acme"}]}
    ],
    "is_of__device_type": [
        {"slug": "raspberrypi4-64", "name": "Pi 4", "is_of__cpu_architecture": [{"slug": "aarch64"}]}
    ],
    "is_running__release": [RELEASE],
    "should_be_running__release": [],
    "is_pinned_on__release": {"__id": 7},
    "device_tag": [{"tag_key": "site", "value": "oslo"}, {"tag_key": "a b", "value": ""}],
    "api_secret": "secret",
}


def test_a_device_as_the_api_describes_it():
    found = shape(ROW)
    assert found["application"] == "acme/sensors"
    assert found["application_name"] == "Sensors"
    assert found["organization"] == "acme"
    assert (found["device_type"], found["cpu_architecture"]) == ("raspberrypi4-64", "aarch64")
    assert (found["release_id"], found["release_version"]) == (7, "1.2.3")
    assert found["target_release_commit"] is None
    assert found["is_pinned"] is True
    assert found["ip_addresses"] == ["192.168.0.10", "fe80::1"]
    assert found["mac_addresses"] == ["B8:27:EB:00:00:01", "B8:27:EB:00:00:02"]
    assert (found["latitude"], found["longitude"]) == (51.5, -0.1)
    assert list(found["tags"].items()) == [("a b", ""), ("site", "oslo")]
    assert "api_secret" not in found
    assert "secret" not in str(found)


def test_a_place_that_a_user_set_is_preferred():
    found = shape({**ROW, "custom_latitude": "1", "custom_longitude": "2"})
    assert (found["latitude"], found["longitude"]) == (1.0, 2.0)


def test_a_new_device_knows_little():
    found = shape({"id": 1, "uuid": "b" * 32, "is_running__release": {"__id": 5}})
    assert found["tags"] == {}
    assert found["ip_addresses"] == []
    assert found["latitude"] is None
    assert found["application"] is None
    assert set(found) == set(shape(ROW))


def test_addresses_are_addresses():
    assert addresses("10.0.0.1 -oProxyCommand=id 0.0.0.0 fe80::1 example.com {{x}}") == ["10.0.0.1", "fe80::1"]
    assert addresses(None) == []


def test_the_container_of_the_running_release_stands_for_a_service():
    def install(number, release, status, date):
        return {
            "id": number, "status": status, "download_progress": None, "install_date": date,
            "image": [{"id": number, "is_stored_at__image_location": f"registry2/v2/{number}",
                       "is_a_build_of__service": [{"service_name": "main"}]}],
            "is_provided_by__release": [release],
        }  # fmt: skip

    newer = install(2, {"id": 8, "commit": "d" * 40, "raw_version": "2.0.0"}, "Downloading", "2026-02-01")
    found = shape({**ROW, "image_install": [newer, install(1, RELEASE, "Running", "2026-01-01")]})
    assert found["services"]["main"]["status"] == "Running"
    assert found["services"]["main"]["release_version"] == "1.2.3"
    assert shape({**ROW, "image_install": [newer]})["services"]["main"]["image"] == "registry2/v2/2"
    assert shape({**ROW, "image_install": []})["services"] == {}


def test_variables_as_names_or_values():
    rows = [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]
    assert shape({**ROW, "device_environment_variable": rows})["variables"] == {"A": "1", "B": "2"}
    names = [{"name": "B"}, {"name": "A"}]
    assert shape({**ROW, "device_config_variable": names})["config_variables"] == ["A", "B"]


def test_more_fields_and_relations():
    found = shape(
        {**ROW, "cpu_temp": 45, "device_history": [{"id": 9}]}, fields=["cpu_temp"], expand=["device_history"]
    )
    assert found["cpu_temp"] == 45
    assert found["device_history"] == [{"id": 9}]
