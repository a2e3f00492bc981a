# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to devices, as balena_device_history_info tells it: who pinned, moved and removed what, and when."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

PI = {"organization": "acme", "device_type": "raspberrypi4-64"}
SEED = {
    "applications": [
        {
            **PI,
            "name": "kiosk",
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "devices": [{"name": "d-{n}", "count": 3}],
        },
        {**PI, "name": "other", "devices": [{"name": "o-{n}", "count": 2}]},
    ]
}
KIOSK = {"application": "acme/kiosk"}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def cloud(server):
    server.reset()
    return server


def history(server: Emulator, **options: Any) -> list[dict[str, Any]]:
    result = run_task(server, "balena_device_history_info", **options)
    assert not result.get("failed"), result["msg"]
    found: list[dict[str, Any]] = result["history"]
    return found


def pin(server: Emulator) -> None:
    run_task(server, "balena_release_pin", **KIOSK, scope="device", devices=["d-1"], release="1.0.0")


def test_a_pin_is_told_with_both_releases(cloud):
    pin(cloud)
    told = [event for event in history(cloud, **KIOSK) if event["what"] == "changed"]
    assert [(event["name"], event["before"], event["after"]) for event in told] == [
        ("d-1", {"target_release": "1.1.0"}, {"target_release": "1.0.0"})
    ]


def test_a_pin_is_told_with_who_did_it(cloud):
    pin(cloud)
    user = cloud.store.get("user", username="admin")
    assert history(cloud, **KIOSK)[-1]["by"] == {"id": user["actor"], "type": "user", "name": "admin"}


def test_a_removal_is_told_although_the_device_is_gone(cloud):
    uuid = cloud.store.get("device", device_name="d-1")["uuid"]
    run_task(cloud, "balena_device", application="acme/kiosk", devices=["d-1"], state="absent")
    for options in (KIOSK, {"devices": [uuid]}):
        told = [event for event in history(cloud, **options) if event["what"] == "removed"]
        assert [(event["uuid"], event["name"], event["by"]["name"]) for event in told] == [(uuid, None, "admin")]
        assert told[0]["before"]["application"] == "acme/kiosk"
        assert told[0]["after"] == {}


def test_a_move_is_told_by_both_applications(cloud):
    run_task(cloud, "balena_device", devices=["d-2"], application="acme/other")
    for application in ("acme/kiosk", "acme/other"):
        moves = [event for event in history(cloud, application=application) if "application" in event["before"]]
        assert [(event["name"], event["before"]["application"], event["after"]["application"]) for event in moves] == [
            ("d-2", "acme/kiosk", "acme/other")
        ]
    # What happened to it before belongs to where it was then.
    assert sorted(event["name"] for event in history(cloud, application="acme/other")) == ["d-2", "o-1", "o-2"]


def test_who_it_was(cloud):
    """A user, a provisioning key, the device itself, and somebody whom the token may not see."""
    store = cloud.store
    device, user = store.get("device", device_name="d-1"), store.get("user", username="admin")
    fleet = store.get("application", slug="acme/kiosk")
    actors = [user["actor"], fleet["actor"], device["actor"], 999_999]
    rows = sorted(store.query("device_history", belongs_to__application=fleet["id"]), key=lambda row: row["id"])
    template = {name: value for name, value in rows[0].items() if name not in ("id", "tracks__device", "uuid")}
    for number, actor in enumerate(actors):
        when = f"2026-01-0{number + 1}T00:00:00.000Z"
        row = {**template, "created_at": when, "end_timestamp": f"2026-01-0{number + 2}T00:00:00.000Z"}
        row |= {"tracks__device": device["id"], "tracks__actor": device["actor"], "uuid": device["uuid"]}
        store.insert_many("device_history", [{**row, "is_created_by__actor": actor, "os_version": f"{number}"}])
    told = history(cloud, **KIOSK, since="2026-01-01", until="2026-01-05")
    assert [event["by"] for event in told] == [
        {"id": user["actor"], "type": "user", "name": "admin"},
        {"id": fleet["actor"], "type": "application", "name": "acme/kiosk"},
        {"id": device["actor"], "type": "device", "name": device["uuid"]},
        {"id": 999_999, "type": None, "name": None},
    ]


def test_devices_that_were_there_before_the_period_are_not_registered_in_it(cloud):
    registered = history(cloud, **KIOSK)
    assert [event["what"] for event in registered] == ["registered"] * 3
    cloud.advance(3600)
    pin(cloud)
    pinned = history(cloud, **KIOSK)[-1]
    assert history(cloud, **KIOSK, since=pinned["at"]) == [pinned]
    assert history(cloud, **KIOSK, until=registered[-1]["at"]) == registered


def test_one_device_in_all_its_applications(cloud):
    run_task(cloud, "balena_device", devices=["d-2"], application="acme/other")
    told = history(cloud, devices=["d-2"], application="acme/other")
    assert [event["what"] for event in told] == ["registered", "changed"]
    assert {event["name"] for event in told} == {"d-2"}


def test_the_number_of_requests_does_not_grow(cloud):
    def requests(**options: Any) -> int:
        cloud.clear_requests()
        history(cloud, **options)
        return len(cloud.requests())

    assert requests(**KIOSK) == requests(application="acme/other")
    before = requests(**KIOSK)
    pin(cloud)
    run_task(cloud, "balena_device", devices=["d-2", "d-3"], application="acme/other")
    assert requests(**KIOSK) <= before + 3  # those that left, and who did it


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"since": "soon"}, "since 'soon' is not a date and time"),
        ({"until": "soon"}, "until 'soon' is not a date and time"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "until '2026-01-01' comes before since '2026-02-01'"),
        ({"since": " "}, "since"),
        ({"devices": ["nosuch"]}, "device 'nosuch' does not exist"),
        ({"application": "acme/nosuch"}, "application 'acme/nosuch' does not exist"),
    ],
)
def test_what_cannot_be_meant(cloud, options, says):
    result = run_task(cloud, "balena_device_history_info", **{**KIOSK, **options})
    assert says in result["msg"]
    assert "Traceback" not in result["msg"]


def test_the_beginning_of_the_calendar(cloud):
    assert len(history(cloud, **KIOSK, since="0001-01-01")) == 3
    assert history(cloud, **KIOSK, until="0001-01-02") == []


def test_an_open_server_has_no_history(emulator):
    emulator.seed(SEED)
    result = run_task(emulator, "balena_device_history_info", **KIOSK)
    assert "The history of devices: balenaCloud has that, an openBalena server does not" in result["msg"]
