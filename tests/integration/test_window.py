# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows of any task, as balena_window knows them: in the time of devices, waited for on a clock."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine import dates
from emulator import Emulator
from tests.support.tasks import run_task

ZONES = {"berlin": "Europe/Berlin", "denver": "America/Denver", "tokyo": "Asia/Tokyo", "mars": "Mars/Olympus"}
SEED = {
    "applications": [
        {
            "name": name,
            "device_type": "raspberrypi4-64",
            **({"tags": {"zone": home}} if home else {}),
            "devices": [
                *({"name": f"{name}-{city}", "tags": {"zone": zone}} for city, zone in ZONES.items()),
                {"name": f"{name}-nowhere"},
            ],
        }
        for name, home in (("kiosk", None), ("signage", "Asia/Tokyo"), ("lost", "Atlantis"))
    ]
}
NIGHT = [{"start": "01:00", "end": "05:00"}]


@pytest.fixture(scope="module")
def emulator():
    with Emulator(seed=SEED) as running:
        yield running


class Wall:
    """A clock on the wall that moves when somebody sleeps."""

    def __init__(self, now: str) -> None:
        self.moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
        self.naps: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def wall(monkeypatch):
    """Set the clock; the task waits on it."""

    def at(now: str) -> Wall:
        clock = Wall(now)
        monkeypatch.setattr(dates, "now", clock.now)
        monkeypatch.setattr(time, "sleep", clock.sleep)
        return clock

    return at


def window(emulator, **options):
    return run_task(emulator, "balena_window", **{"windows": NIGHT, **options})


def by_name(result, key):
    return {item["name"]: item[key] for item in result["devices"]}


def test_every_device_has_the_time_of_its_tag_and_others_that_of_the_application_or_of_the_option(emulator, wall):
    wall("2026-11-24T01:30")
    own = {"timezone_tag": "zone", "timezone": "Europe/Lisbon", "outside_window": "stop"}
    kiosk = window(emulator, application="acme/kiosk", **own)
    assert by_name(kiosk, "timezone_from") == {
        "kiosk-berlin": "device", "kiosk-denver": "device", "kiosk-tokyo": "device",
        "kiosk-mars": "timezone", "kiosk-nowhere": "timezone",
    }  # fmt: skip
    assert by_name(kiosk, "open") == {
        "kiosk-berlin": True, "kiosk-denver": False, "kiosk-tokyo": False, "kiosk-mars": True, "kiosk-nowhere": True,
    }  # fmt: skip
    assert by_name(kiosk, "opens_at")["kiosk-denver"] == "2026-11-24T08:00:00.000Z"
    assert kiosk["closes_at"] == "2026-11-24T04:00:00.000Z", "the first of those that are open"
    assert sorted(kiosk["in_window"]) == sorted(item["uuid"] for item in kiosk["devices"] if item["open"])
    signage = window(emulator, application="acme/signage", **own)
    assert by_name(signage, "timezone") == {
        "signage-berlin": "Europe/Berlin", "signage-denver": "America/Denver", "signage-tokyo": "Asia/Tokyo",
        "signage-mars": "Asia/Tokyo", "signage-nowhere": "Asia/Tokyo",
    }  # fmt: skip
    assert by_name(signage, "timezone_from")["signage-mars"] == "application"


def test_devices_whose_tag_is_wrong_or_missing_are_named(emulator):
    result = window(
        emulator, application="acme/lost", timezone_tag="zone", timezone="Europe/Lisbon", outside_window="stop"
    )
    uuid = {item["name"]: item["uuid"][:7] for item in result["devices"]}
    wrong = by_name(result, "problem")
    assert wrong["lost-berlin"] == ""
    assert wrong["lost-mars"].startswith("tag 'zone' of the device: 'Mars/Olympus' is not known here")
    assert "tag 'zone' of the application: 'Atlantis' is not known here" in wrong["lost-mars"]
    warned = "\n".join(result["warnings"])
    for name in ("lost-mars", "lost-nowhere"):
        assert f"{name} ({uuid[name]}): " in warned
    assert "Europe/Lisbon counts instead" in warned
    missing = window(
        emulator, application="acme/kiosk", timezone_tag="zone", timezone="Europe/Lisbon", outside_window="stop"
    )["warnings"][-1]
    assert missing.startswith("1 device has no tag 'zone', nor has the application, so that Europe/Lisbon counts")
    assert "kiosk-nowhere (" in missing


def test_a_window_that_names_its_own_time_zone_is_the_same_for_all(emulator, wall):
    wall("2026-11-24T03:30")
    fixed = [{"start": "03:00", "end": "04:00", "timezone": "UTC"}]
    result = window(emulator, application="acme/kiosk", timezone_tag="zone", windows=fixed, outside_window="fail")
    assert set(by_name(result, "open").values()) == {True}


@pytest.mark.parametrize(
    ("now", "zone", "waits"),
    [
        ("2026-11-24T02:00", "UTC", 0),
        ("2026-11-24T05:00", "UTC", 20 * 3600),
        ("2026-11-23T22:30", "Europe/Berlin", 5400),
        ("2026-03-28T22:30:30", "Europe/Berlin", 5370),
        ("2026-10-24T22:59:59.5", "Europe/Berlin", 1),
    ],
)
def test_it_waits_until_the_window_opens_and_not_longer(emulator, wall, now, zone, waits):
    lines: list[str] = []
    clock = wall(now)
    result = window(emulator, timezone=zone, progress=lines.append)
    assert (result["open"], result["seconds_waited"], result["changed"]) == (True, waits, False)
    assert sum(clock.naps) == waits
    assert max(clock.naps, default=0) <= 60, "a clock that is set meanwhile is noticed"
    assert bool(lines) == bool(waits)
    assert len(lines) <= 1 + waits // 600


def test_it_waits_until_at_least_one_device_is_in_its_window(emulator, wall):
    clock = wall("2026-11-24T05:30")
    result = window(emulator, application="acme/kiosk", timezone_tag="zone")
    assert clock.moment.isoformat() == "2026-11-24T08:00:00+00:00"
    assert [item["name"] for item in result["devices"] if item["open"]] == ["kiosk-denver"]
    assert result["in_window"] == [item["uuid"] for item in result["devices"] if item["name"] == "kiosk-denver"]


@pytest.mark.parametrize(
    ("options", "fails"),
    [
        ({"outside_window": "stop"}, ""),
        ({"check_mode": True}, ""),
        ({"check_mode": True, "outside_window": "fail"}, ""),
        (
            {"outside_window": "fail"},
            "no maintenance window is open; the next one opens at 2026-11-25T01:00:00.000Z, in ",
        ),
        ({"max_wait": 3600}, "in 19 hours 30 minutes, which is more than max_wait (3600 s) allows"),
    ],
)
def test_it_does_not_wait_where_it_should_not(emulator, wall, options, fails):
    clock = wall("2026-11-24T05:30")
    result = window(emulator, **options)
    assert clock.naps == []
    assert not result["open"]
    assert result["opens_in"] == 70_200
    assert bool(result.get("failed")) == bool(fails)
    assert fails in result.get("msg", "")


def test_without_devices_it_asks_no_server(emulator):
    emulator.clear_requests()
    assert window(emulator, windows=[])["open"]
    assert emulator.requests() == []
