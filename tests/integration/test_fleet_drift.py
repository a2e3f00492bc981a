# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report of balena_fleet finds what is not as declared, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.tasks import run_task

FLEET = "sunrise/signage"

#: What people do to a fleet by hand: the request, and the finding that has to come of it.
Plant = tuple[Callable[["Live"], Any], dict[str, Any]]


class Live:
    """The demo's fleet, for changes by hand."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.pine = Balena(api_url=emulator.url, token=emulator.token).pine

    def id(self, resource: str, **names: Any) -> int:
        """The id of a row by its columns."""
        return self.pine.get(resource, options={"$select": ["id"], "$filter": names})[0]["id"]

    @property
    def supervisor(self) -> int:
        """The id of the supervisor that the devices should have."""
        columns = {"$select": ["should_be_managed_by__release"], "$filter": {"device_name": "berlin-sign-01"}}
        found: int = self.pine.get("device", options=columns)[0]["should_be_managed_by__release"]["__id"]
        return found

    def device(self, name: str) -> int:
        """The id of a device."""
        return self.id("device", device_name=name)

    def change(self, resource: str, id_: int, **columns: Any) -> None:
        """Change a row through the API."""
        self.pine.patch(resource, columns, id=id_)

    def told(self, name: str, **columns: Any) -> None:
        """What a device says of itself, behind the API's back."""
        self.emulator.store.update("device", self.device(name), **columns)


def release(live: Live, version: str) -> int:
    return live.id("release", semver=version, belongs_to__application=live.id("application", slug=FLEET))


PLANTS: dict[str, Plant] = {
    "a variable of the fleet was changed": (
        lambda live: live.change(
            "application_environment_variable",
            live.id("application_environment_variable", name="LOG_LEVEL"),
            value="debug",
        ),
        {"kind": "variable", "subject": FLEET, "name": "LOG_LEVEL", "declared": "info", "actual": "debug"},
    ),
    "a variable of a device hides one of the fleet": (
        lambda live: live.pine.post(
            "device_environment_variable",
            {"device": live.device("berlin-sign-01"), "name": "TZ", "value": "UTC"},
        ),
        {"kind": "override", "subject": "berlin-sign-01", "name": "TZ", "declared": "Europe/Berlin", "actual": "UTC"},
    ),
    "a device was pinned": (
        lambda live: live.change("device", live.device("berlin-sign-02"), is_pinned_on__release=release(live, "1.3.0")),
        {"kind": "pin", "subject": "berlin-sign-02", "declared": "track", "running": "1.2.1"},
    ),
    "a device runs something else": (
        lambda live: live.told("berlin-sign-03", is_running__release=release(live, "1.0.0")),
        {"kind": "running", "subject": "berlin-sign-03", "declared": "1.2.1", "actual": "1.2.1", "running": "1.0.0"},
    ),
    "a tag was lost": (
        lambda live: live.pine.delete(
            "device_tag", options={"$filter": {"device": live.device("munich-sign-01"), "tag_key": "role"}}
        ),
        {"kind": "tag", "subject": "munich-sign-01", "name": "role", "declared": "entrance", "actual": None},
    ),
    "a setting was changed": (
        lambda live: live.change("device", live.device("munich-sign-02"), note="borrowed"),
        {"kind": "setting", "subject": "munich-sign-02", "name": "note", "declared": "", "actual": "borrowed"},
    ),
    "a device came that nobody knows": (
        lambda live: live.pine.post(
            "device",
            {
                "belongs_to__application": live.id("application", slug=FLEET),
                "is_of__device_type": live.id("device_type", slug="raspberrypi4-64"),
                "uuid": "0123456789abcdef0123456789abcdef",
                "device_name": "stranger",
                "should_be_managed_by__release": live.supervisor,
            },
        ),
        {"kind": "undeclared_device", "subject": "stranger", "uuid": "0123456789abcdef0123456789abcdef"},
    ),
    "an old supervisor": (
        lambda live: live.told("munich-sign-03", supervisor_version="16.7.4"),
        {"kind": "supervisor", "subject": "munich-sign-03", "declared": "17.0.3", "running": "16.7.4"},
    ),
    "an old balenaOS": (
        lambda live: live.told("munich-sign-04", os_version="balenaOS 5.3.27"),
        {"kind": "os", "subject": "munich-sign-04", "declared": ">=6.0.0", "running": "balenaOS 5.3.27"},
    ),
    "a silent device": (
        lambda live: live.told(
            "munich-sign-05",
            is_online=False,
            api_heartbeat_state="offline",
            last_connectivity_event="2026-01-01T00:00:00.000Z",
            last_vpn_event="2026-01-01T00:00:00.000Z",
        ),
        {"kind": "silent", "subject": "munich-sign-05", "running": "2026-01-01T00:00:00.000Z"},
    ),
}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with Emulator(seed=SEEDS / "demo.yml") as running:
        yield Live(running)


def fleet(live: Live, document: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The result of balena_fleet, in check mode unless told otherwise."""
    result = run_task(live.emulator, "balena_fleet", document=document, **{"check_mode": True, **options})
    assert not result.get("failed"), result
    return result


@pytest.fixture(scope="module")
def declared(live) -> dict[str, Any]:
    """The demo's fleet after its owners have said what they want of it; everything is as declared."""
    for name in range(1, 11):  # the signs in Paris are old, which is not drift of today
        live.told(f"paris-sign-{name:02}", os_version="balenaOS 6.0.41", supervisor_version="17.0.3")
    for device in live.pine.get("device", options={"$select": ["id", "device_name", "os_version"]}):
        if device["os_version"] == "balenaOS 5.3.27":
            live.told(device["device_name"], os_version="balenaOS 6.0.41")
    document = run_task(live.emulator, "balena_fleet_info", application=FLEET)["document"]
    for device in document["devices"]:
        device.setdefault("note", "")
    document.update(supervisor={"version": "17.0.3"}, os={"version": ">=6.0.0"})
    made = fleet(live, document, check_mode=False)
    assert set(made["drift"]["counts"]) <= {"supervisor"}
    assert fleet(live, document)["drift"]["findings"] == []
    return document


@pytest.fixture(scope="module")
def planted(live, declared) -> dict[str, Any]:
    """The same declaration, after people have changed the fleet by hand."""
    for plant, _expected in PLANTS.values():
        plant(live)
    return declared


def test_ten_planted_drifts_are_found_and_nothing_else(live, planted):
    live.emulator.clear_requests()
    report = fleet(live, planted)["drift"]
    assert live.emulator.writes() == []
    left = copy.deepcopy(report["findings"])
    for what, (_plant, expected) in PLANTS.items():
        found = [one for one in left if all(matches(one.get(key), value) for key, value in expected.items())]
        assert len(found) == 1, (what, report["findings"])
        left.remove(found[0])
    assert left == []
    assert report["counts"] == {expected["kind"]: 1 for _plant, expected in PLANTS.values()}
    assert report["drifted"]
    assert set(fleet(live, planted, sections=["tags"])["drift"]["counts"]) == {"tag", "running", "silent"}
    assert "silent" not in fleet(live, planted, silent_days=0)["drift"]["counts"]


def matches(found: Any, expected: Any) -> bool:
    """Whether a value is the expected one; of a release, its version."""
    return found == expected or (isinstance(found, str) and found.startswith(f"{expected} ("))


def test_what_is_mended_is_said_and_the_rest_is_left(live, planted):
    result = fleet(live, planted, check_mode=False)["drift"]
    mended = {one["kind"] for one in result["findings"] if one["mended"]}
    assert mended == {"variable", "tag", "setting"}
    assert result["drifted"]
    left = fleet(live, planted)["drift"]["counts"]
    assert set(left) == {expected["kind"] for _plant, expected in PLANTS.values()} - mended
    removed = fleet(live, planted, check_mode=False, purge=["devices", "variables"])["drift"]
    assert {one["kind"] for one in removed["findings"] if one["mended"]} == {"undeclared_device", "variable"}


def test_values_that_may_be_secret_are_not_told(live, declared):
    secret = {"application": live.id("application", slug=FLEET), "name": "API_TOKEN", "value": "hush-hush"}
    live.pine.post("application_environment_variable", secret)
    device = {"device": live.device("berlin-sign-04"), "name": "API_TOKEN", "value": "hush-too"}
    live.pine.post("device_environment_variable", device)
    document = copy.deepcopy(declared)
    document["variables"]["env"]["API_TOKEN"] = {"secret": "token"}
    result = fleet(live, document, secrets={"token": "new-hush"})
    assert "hush" not in str(result)
    found = [one for one in result["drift"]["findings"] if one.get("name") == "API_TOKEN"]
    assert [(one["kind"], one["declared"], one["actual"]) for one in found] == [
        ("variable", "(secret)", "(secret)"),
        ("override", "(secret)", "(secret)"),
    ]


def test_a_fleet_that_does_not_exist_is_one_finding(live):
    report = fleet(live, {"fleet": "sunrise/new-one", "device_type": "intel-nuc", "tags": {"a": "b"}})["drift"]
    assert [(one["kind"], one["planned"]) for one in report["findings"]] == [("missing_fleet", True)]


def test_a_new_device_is_one_finding(live, declared):
    document = copy.deepcopy(declared)
    document["devices"].append({"name": "new one", "tags": {"site": "berlin"}, "env": {"A": "b"}, "release": "1.1.0"})
    report = fleet(live, document)["drift"]
    assert [one["kind"] for one in report["findings"] if one["subject"] == "new one"] == ["missing_device"]
    assert not [one for one in report["findings"] if one.get("name") in ("A", "site")]
