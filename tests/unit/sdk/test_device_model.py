# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the recorded calls do not show of the device model: above all, what is not sent when something is wrong."""

from __future__ import annotations

import datetime
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, _clock, errors

SDK = "ansible_collections.community.balena.plugins.module_utils.sdk"
UUID = "7cf02a687b74206f92cb455969cf8e98"
COMMIT = "f7caf4ff80114deeaefb7ab4447ad9c661c50847"
ARMV7 = [{"slug": "raspberrypi3", "is_of__cpu_architecture": [{"slug": "armv7hf"}]}]
AMD64 = [{"slug": "intel-nuc", "is_of__cpu_architecture": [{"slug": "amd64"}]}]
NOW = datetime.datetime(2026, 3, 31, 12, tzinfo=datetime.timezone.utc)


class Api:
    """Stands for pine and for plain requests: answers reads from a script, remembers what was sent."""

    def __init__(self, balena: Balena) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.writes: list[tuple[Any, ...]] = []
        self.filters: list[Any] = []
        vars(balena).update(pine=self, request=SimpleNamespace(send=self.send))

    def get(self, resource: str, id: Any = None, options: Any = None) -> Any:
        self.filters.append((options or {}).get("$filter"))
        return self.answers[resource].pop(0)

    def patch(self, resource: str, body: Any, id: Any = None, options: Any = None) -> None:
        self.writes.append(("PATCH", resource, body, id or options["$filter"]))

    def delete(self, resource: str, id: Any = None, options: Any = None) -> None:
        self.writes.append(("DELETE", resource, id or options["$filter"]))

    def send(self, *, method: str, url: str, body: Any = None, **_options: Any) -> Any:
        if method != "GET":
            self.writes.append((method, url, body))
        return SimpleNamespace(status_code=200, body=self.answers[url].pop(0))


@pytest.fixture
def balena(monkeypatch: pytest.MonkeyPatch) -> Balena:
    monkeypatch.setattr(_clock, "now", lambda: NOW)
    return Balena(token="t", data_directory=False, device_urls_base="devices.example")


@pytest.fixture
def api(balena: Balena) -> Api:
    return Api(balena)


def test_nothing_is_deleted_when_one_of_many_does_not_exist(balena: Balena, api: Api) -> None:
    api.answers = {"device": [[{"id": 1}, {"id": 3}]]}
    with pytest.raises(errors.BalenaDeviceNotFound) as raised:
        balena.models.device.remove([1, 2, 3])
    assert raised.value.device == 2
    assert api.writes == []


@pytest.mark.parametrize("devices", [None, "", [], [1, UUID], ["7cf02a6"], [True], {"id": 1}])
def test_what_cannot_be_devices_is_refused_before_anything_is_sent(balena: Balena, api: Api, devices: Any) -> None:
    with pytest.raises(errors.BalenaInvalidParameterError):
        balena.models.device.set_note(devices, "text")
    assert api.filters == []


@pytest.mark.parametrize("device", [True, "7cf02a6", UUID[:31], UUID + "a", [1], {"id": 1}])
def test_what_names_no_device_is_refused_before_anything_is_asked(balena: Balena, api: Api, device: Any) -> None:
    with pytest.raises(errors.BalenaInvalidParameterError):
        balena.models.device.get(device)
    assert api.filters == []


def test_the_release_to_pin_is_looked_up_by_its_whole_commit(balena: Balena, api: Api) -> None:
    api.answers = {"device": [[{"id": 1, "belongs_to__application": {"__id": 7}}]], "release": [[]]}
    with pytest.raises(errors.BalenaReleaseNotFound):
        balena.models.device.pin_to_release(1, COMMIT[:7])
    assert {"commit": COMMIT[:7]} in api.filters[1]["$and"]
    assert api.writes == []


def test_a_commit_of_two_releases_pins_nothing(balena: Balena, api: Api) -> None:
    api.answers = {
        "device": [[{"id": 1, "belongs_to__application": {"__id": 7}}]],
        "release": [[{"id": 70}, {"id": 71}]],
    }
    with pytest.raises(errors.BalenaAmbiguousRelease):
        balena.models.device.pin_to_release(1, "f7")
    assert api.writes == []


def test_a_registration_that_is_refused_leaves_no_key_behind(balena: Balena, api: Api) -> None:
    vars(balena)["auth"] = SimpleNamespace(get_user_info=lambda: {"id": 21})
    api.answers = {"application": [{"id": 7, "is_for__device_type": ARMV7}], "device_type": [AMD64]}
    with pytest.raises(errors.BalenaInvalidDeviceType):
        balena.models.device.register(7, UUID, "intel-nuc")
    assert api.writes == []


def test_no_device_is_moved_when_one_cannot_run_the_application(balena: Balena, api: Api) -> None:
    devices = [
        {"id": 1, "belongs_to__application": {"__id": 5}, "is_of__device_type": ARMV7},
        {"id": 2, "belongs_to__application": {"__id": 6}, "is_of__device_type": AMD64},
    ]
    api.answers = {"application": [{"id": 7, "is_for__device_type": ARMV7}], "device": [devices]}
    with pytest.raises(errors.BalenaInvalidDeviceType):
        balena.models.device.move([1, 2], 7)
    assert api.writes == []


def _updatable(id: int, **fields: Any) -> dict[str, Any]:
    known = {
        "is_connected_to_vpn": True,
        "os_version": "balenaOS 2.48.0+rev1",
        "os_variant": "prod",
        "supervisor_version": "1",
    }
    return {"id": id, "uuid": f"{id:032}", "is_of__device_type": {"__id": 58}, **known, **fields}


def _with_os_versions(balena: Balena, *versions: str) -> None:
    available = SimpleNamespace(
        get_available_os_versions=lambda _slug, include_draft: [
            {"id": number, "raw_version": version, "basedOnVersion": version} for number, version in enumerate(versions)
        ]
    )
    vars(balena.models).update(os=available, device_type=SimpleNamespace(get=lambda *_args: {"slug": "raspberrypi3"}))


def test_the_status_of_a_started_os_update_comes_back_for_an_id_too(balena: Balena, api: Api) -> None:
    _with_os_versions(balena, "2.80.3+rev1")
    url = f"https://actions.devices.example/v2/{1:032}/resinhup"
    api.answers = {"device": [[_updatable(1)]], url: [{"status": "configuring"}]}
    assert balena.models.device.start_os_update(1, "2.80.3+rev1") == {"status": "configuring"}


def test_no_os_update_is_started_when_one_device_is_offline(balena: Balena, api: Api) -> None:
    _with_os_versions(balena, "2.80.3+rev1")
    api.answers = {"device": [[_updatable(1), _updatable(2, is_connected_to_vpn=False)]]}
    with pytest.raises(errors.BalenaError, match="offline"):
        balena.models.device.start_os_update([1, 2], "2.80.3+rev1")
    assert api.writes == []


@pytest.mark.parametrize("version", ["2.80.3+rev1", 0])
def test_offline_devices_can_be_pinned_to_an_os(balena: Balena, api: Api, version: str | int) -> None:
    _with_os_versions(balena, "2.101.7", "2.80.3+rev1")
    api.answers = {"device": [[_updatable(1), _updatable(2, is_connected_to_vpn=False)]]}
    balena.models.device.pin_to_os_release([1, 2], version or 1)
    assert api.writes == [("PATCH", "device", {"should_be_operated_by__release": 1}, {"id": {"$in": [1, 2]}})]


@pytest.mark.parametrize(
    ("fields", "version", "error"),
    [
        ({"os_version": None}, "2.80.3+rev1", errors.BalenaError),
        ({"os_version": "x"}, "2.80.3+rev1", errors.HUPActionError),
        ({"os_version": "balenaOS 2.101.7"}, "2.80.3+rev1", errors.HUPActionError),
        ({"os_version": "balenaOS 2.13.0"}, "2.80.3+rev1", errors.HUPActionError),
        ({}, "2.81.0", errors.BalenaReleaseNotFound),
        ({}, 77, errors.BalenaReleaseNotFound),
    ],
)
def test_no_device_is_pinned_to_an_os_when_one_cannot_get_it(
    balena: Balena, api: Api, fields: dict[str, Any], version: str | int, error: type[Exception]
) -> None:
    _with_os_versions(balena, "2.80.3+rev1")
    api.answers = {"device": [[_updatable(1), _updatable(2, **fields)]]}
    with pytest.raises(error):
        balena.models.device.pin_to_os_release([1, 2], version)
    assert api.writes == []


def test_a_device_can_be_pinned_to_the_os_that_it_runs(balena: Balena, api: Api) -> None:
    _with_os_versions(balena, "2.48.0+rev1.prod")
    api.answers = {"device": [[_updatable(1)]]}
    balena.models.device.pin_to_os_release(1, "2.48.0+rev1.prod")
    assert api.writes == [("PATCH", "device", {"should_be_operated_by__release": 0}, {"id": {"$in": [1]}})]


def test_support_access_takes_a_datetime(balena: Balena, api: Api) -> None:
    api.answers = {"device": [[{"id": 1}]]}
    balena.models.device.grant_support_access(1, NOW + datetime.timedelta(hours=1))
    assert api.writes[0][2] == {"is_accessible_by_support_until__date": "2026-03-31T13:00:00.000Z"}
    for expired in (NOW, datetime.datetime(2026, 3, 31, 11), "tomorrow"):
        with pytest.raises(errors.BalenaInvalidParameterError):
            balena.models.device.grant_support_access(1, expired)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("2026-03-31T12:05:00.000Z", "less than a minute ago"),  # the device's clock is ahead
        ("2026-03-31T14:00:00+02:00", "less than a minute ago"),
        ("2026-01-31T12:00:00Z", "about 2 months ago"),
        ("2025-03-31T12:00:00Z", "about 1 year ago"),
        ("2025-03-31T12:00:01Z", "12 months ago"),
        ("2024-02-29T12:00:00Z", "about 2 years ago"),
    ],
)
def test_last_online_in_words(balena: Balena, event: str, words: str) -> None:
    assert balena.models.device.last_online({"is_online": False, "last_connectivity_event": event}) == words


def test_a_date_that_is_none_is_a_balena_error(balena: Balena) -> None:
    with pytest.raises(errors.BalenaError):
        balena.models.device.last_online({"is_online": True, "last_connectivity_event": "yesterday"})


def test_addresses_of_a_device_without_any(balena: Balena, api: Api) -> None:
    api.answers = {"device": [{"is_connected_to_vpn": True, "ip_address": None}, {"mac_address": None}]}
    assert balena.models.device.get_local_ip_addresses(1) == []
    assert balena.models.device.get_mac_addresses(1) == []


@pytest.mark.parametrize("model", ["application", "device"])
def test_a_model_is_imported_alone(model: str) -> None:
    listing = f"[name for name in sys.modules if name.startswith('{SDK}.models.')]"
    program = f"import sys, {SDK}.models.{model}; print(*{listing})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    public = [name.rpartition(".")[2] for name in loaded if not name.rpartition(".")[2].startswith("_")]
    assert public == [model]
