# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated devices over virtual time, as the store shows them."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest

from emulator.emulator import BASE_DATA
from emulator.seeds.devices import DeviceTemplate, Fleet
from emulator.simulation import simulation
from emulator.simulation.builds import host_releases
from emulator.simulation.clock import Clock
from emulator.simulation.simulation import Simulation
from emulator.store.base_data import fill
from emulator.store.store import Store

START = 1_800_000_000.0
QUICK = {"poll_seconds": 20, "download_seconds": 60, "install_seconds": 10}


class World:
    """A fleet of ten devices that run release one; release two is there to be rolled out."""

    def __init__(self, **template: Any) -> None:
        self.clock = Clock(START, rate=0)
        self.store = Store(clock=self.clock)
        fill(self.store, json.loads(BASE_DATA.read_text(encoding="utf-8")))
        self.fleet = self.store.ids("application", slug="acme/fleet1")[0]
        service = self.store.insert("service", application=self.fleet, service_name="main")
        self.one, self.two = (self.release(number, service) for number in (1, 2))
        self.device_type = self.store.ids("device_type", slug="raspberrypi4-64")[0]
        self.target(self.one)
        fleet = Fleet(self.fleet, self.device_type, {"main": service}, {"1": self.one, "2": self.two}, self.one)
        template = {"count": 10, "name": "d-{n}", "tags": {"site": ["a", "b"]}, "os_version": "5.3.27", **template}
        DeviceTemplate(self.store, self.clock, fleet, "key").make(template)
        self.simulation = Simulation(self.store, self.clock)

    def release(self, number: int, service: int) -> int:
        now = self.clock.iso()
        release = self.store.insert(
            "release", belongs_to__application=self.fleet, commit=f"{number:040x}", composition={}, status="success",
            source="cloud", start_timestamp=now, semver_major=number,
        )  # fmt: skip
        image = self.store.insert(
            "image", start_timestamp=now, is_a_build_of__service=service, status="success",
            is_stored_at__image_location=f"registry/{number}",
        )  # fmt: skip
        self.store.insert("image__is_part_of__release", image=image, is_part_of__release=release)
        return release

    def target(self, release: int) -> None:
        self.store.update("application", self.fleet, should_be_running__release=release)

    def devices(self, **equals: Any) -> list[dict[str, Any]]:
        return self.store.query("device", belongs_to__application=self.fleet, **equals)

    def running(self) -> Counter[int]:
        return Counter(row["is_running__release"] for row in self.devices())

    def installs(self, status: str) -> int:
        return len(self.store.query("image_install", status=status))


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_happens_before_it_is_started(world: World) -> None:
    world.target(world.two)
    world.clock.advance(3600)
    assert world.running() == {world.one: 10}


def test_devices_download_and_then_run_their_target(world: World) -> None:
    world.simulation.configure(**QUICK)
    world.target(world.two)
    world.clock.advance(30)
    assert world.installs("Downloading") > 0
    assert world.running() == {world.one: 10}
    assert all(0 <= row["download_progress"] < 100 for row in world.store.query("image_install", status="Downloading"))
    world.clock.advance(120)
    assert world.running() == {world.two: 10}
    assert (world.installs("Running"), world.installs("deleted")) == (10, 10)
    assert {row["update_status"] for row in world.devices()} == {"done"}
    assert {row["status"] for row in world.devices()} == {"Idle"}


def test_devices_whose_update_is_locked_download_and_wait_until_the_lock_is_overridden(world: World) -> None:
    world.simulation.configure(**QUICK, lock_tags={"site": "b"})
    world.target(world.two)
    world.clock.advance(3600)
    assert world.running() == {world.one: 5, world.two: 5}
    assert world.installs("Downloaded") == 5
    locked = world.devices(update_status="downloaded")
    assert {row["is_running__release"] for row in locked} == {world.one}
    assert all(world.simulation.is_locked(row["uuid"]) for row in locked)
    for row in locked[:2]:
        world.store.insert(
            "device_config_variable", device=row["id"], name="BALENA_SUPERVISOR_OVERRIDE_LOCK", value="1"
        )
    world.clock.advance(60)
    assert world.running() == {world.one: 3, world.two: 7}
    world.simulation.force_update(locked[2]["uuid"])
    world.clock.advance(30)
    assert world.running() == {world.one: 2, world.two: 8}
    world.store.insert(
        "application_config_variable", application=world.fleet, name="RESIN_SUPERVISOR_OVERRIDE_LOCK", value="true"
    )
    world.store.insert(
        "device_config_variable", device=locked[3]["id"], name="RESIN_SUPERVISOR_OVERRIDE_LOCK", value="0"
    )
    world.clock.advance(60)
    assert [row["id"] for row in world.devices(is_running__release=world.one)] == [locked[3]["id"]]


def test_a_locked_update_whose_target_is_taken_back_is_removed(world: World) -> None:
    world.simulation.configure(**QUICK, lock_percent=100)
    world.target(world.two)
    world.clock.advance(600)
    assert world.installs("Downloaded") == 10
    world.target(world.one)
    world.clock.advance(30)
    assert (world.installs("Downloaded"), world.installs("Running")) == (0, 10)


def test_an_override_from_the_start_leaves_nothing_locked(world: World) -> None:
    world.simulation.configure(**QUICK, lock_names="d-*")
    world.store.insert(
        "application_config_variable", application=world.fleet, name="BALENA_SUPERVISOR_OVERRIDE_LOCK", value="1"
    )
    world.target(world.two)
    world.clock.advance(600)
    assert world.running() == {world.two: 10}


def test_a_pin_goes_before_the_fleet(world: World) -> None:
    world.simulation.configure(**QUICK)
    pinned = world.devices()[0]["id"]
    world.store.update("device", pinned, is_pinned_on__release=world.two)
    world.clock.advance(300)
    assert [row["id"] for row in world.devices(is_running__release=world.two)] == [pinned]


def test_and_back_again(world: World) -> None:
    world.simulation.configure(**QUICK)
    for release in (world.two, world.one):
        world.target(release)
        world.clock.advance(300)
        assert world.running() == {release: 10}
    assert world.installs("Running") == 10


def test_a_target_taken_back_in_the_middle(world: World) -> None:
    world.simulation.configure(**QUICK)
    world.target(world.two)
    world.clock.advance(40)
    world.target(world.one)
    world.clock.advance(20)
    assert world.installs("Downloading") == 0
    assert world.running() == {world.one: 10}


@pytest.mark.parametrize(
    ("options", "failed"),
    [
        ({"fail_percent": 100}, 10),
        ({"fail_names": "d-[12]"}, 2),
        ({"fail_tags": {"site": "b"}}, 5),
        ({"fail_percent": 0}, 0),
    ],
)
def test_who_fails(world: World, options: dict[str, Any], failed: int) -> None:
    world.simulation.configure(**QUICK, **options)
    world.target(world.two)
    world.clock.advance(600)
    assert world.running() == Counter({world.one: failed, world.two: 10 - failed})
    stuck = world.store.query("image_install", status="Downloading")
    assert len(stuck) == failed
    assert all(0 < row["download_progress"] < 100 for row in stuck)


def test_failing_offline(world: World) -> None:
    world.simulation.configure(**QUICK, fail_names="d-3", fail_mode="offline")
    world.target(world.two)
    world.clock.advance(600)
    assert [row["device_name"] for row in world.devices(is_online=0)] == ["d-3"]


def test_failing_again_and_again(world: World) -> None:
    world.simulation.configure(**QUICK, fail_percent=100, fail_mode="retry")
    world.target(world.two)
    seen = set()
    for _turn in range(40):
        world.clock.advance(10)
        rows = world.store.query("image_install", device=world.devices()[0]["id"], status="Downloading")
        seen |= {row["download_progress"] for row in rows}
    assert world.running() == {world.one: 10}
    assert 0 in seen
    assert len(seen) > 2


def test_the_same_seed_gives_the_same_fleet_and_the_same_failures() -> None:
    def failures(seed: int) -> list[str]:
        world = World(count=50)
        world.simulation.configure(**QUICK, fail_percent=20, random_seed=seed)
        world.target(world.two)
        world.clock.advance(600)
        return [row["uuid"] for row in world.devices(is_running__release=world.one)]

    assert failures(1) == failures(1) != failures(2)
    assert 1 <= len(failures(1)) <= 25


def test_going_offline_and_coming_back(world: World) -> None:
    world.simulation.configure(offline_percent=100, offline_seconds=600)
    offline = set()
    for _turn in range(60):
        world.clock.advance(60)
        offline.add(len(world.devices(is_online=0)))
    assert max(offline) > 0
    world.simulation.configure(offline_percent=0)
    world.clock.advance(1200)
    assert len(world.devices(is_online=1, api_heartbeat_state="online")) == 10


def test_devices_without_hardware_stay_as_they_are() -> None:
    world = World(provisioned=False)
    world.simulation.configure(**QUICK)
    world.target(world.two)
    world.clock.advance(600)
    assert world.running() == {None: 10}
    assert world.simulation.describe()["devices"] == 0


def test_fleets_can_be_left_out(world: World) -> None:
    world.simulation.configure(**QUICK, applications=["acme/other"])
    world.target(world.two)
    world.clock.advance(600)
    assert world.running() == {world.one: 10}


def test_an_os_target_is_followed_with_a_reboot(world: World) -> None:
    world.simulation.configure(os_seconds=300)
    world.clock.advance(10)
    device = world.devices()[0]
    newer = host_releases(world.store, world.device_type)["6.0.41"]
    world.store.update("device", device["id"], should_be_operated_by__release=newer)
    offline = False
    for _turn in range(60):
        world.clock.advance(10)
        offline = offline or bool(world.devices(is_online=0))
    changed = world.devices(os_version="balenaOS 6.0.41")
    assert [row["id"] for row in changed] == [device["id"]]
    assert offline
    assert changed[0]["is_online"]


def test_an_os_update_that_is_asked_for_runs_without_a_simulation(world: World) -> None:
    uuid = world.devices()[0]["uuid"]
    assert world.simulation.os_update_status(uuid)["status"] == "idle"
    world.simulation.start_os_update(uuid, "6.0.41.dev")
    world.clock.advance(100)
    status = world.simulation.os_update_status(uuid)
    assert status["status"] == "in_progress"
    assert 0 < status["progress"] < 100
    world.clock.advance(1200)
    assert world.simulation.os_update_status(uuid)["status"] == "done"
    device = world.devices(uuid=uuid)[0]
    assert (device["os_version"], device["os_variant"]) == ("balenaOS 6.0.41", "dev")
    assert device["should_be_operated_by__release"] == host_releases(world.store, world.device_type)["6.0.41"]
    world.target(world.two)
    world.clock.advance(1200)
    assert world.running() == {world.one: 10}


def test_an_os_update_can_fail(world: World) -> None:
    world.simulation.configure(fail_os_percent=100)
    uuid = world.devices()[0]["uuid"]
    world.simulation.start_os_update(uuid, "6.0.41")
    world.clock.advance(1200)
    assert world.simulation.os_update_status(uuid)["status"] == "error"
    assert world.devices(uuid=uuid)[0]["os_version"] == "balenaOS 5.3.27"


def test_a_supervisor_target_is_followed(world: World) -> None:
    world.simulation.configure()
    world.clock.advance(10)
    supervisor = world.store.ids("application", slug="balena_os/aarch64-supervisor")
    older = world.store.ids("release", belongs_to__application=supervisor, semver_major=14)[0]
    world.store.update("device", world.devices()[0]["id"], should_be_managed_by__release=older)
    world.clock.advance(300)
    assert Counter(row["supervisor_version"] for row in world.devices()) == {"17.0.3": 9, "14.13.5": 1}


def test_a_reboot_takes_a_minute(world: World) -> None:
    uuid = world.devices()[0]["uuid"]
    world.simulation.take_offline(uuid, 60)
    assert not world.devices(uuid=uuid)[0]["is_online"]
    world.clock.advance(120)
    assert world.devices(uuid=uuid)[0]["is_online"]


def test_a_device_that_lives_does_not_time_out(world: World) -> None:
    world.simulation.configure()
    world.clock.advance(10)
    device = world.devices()[0]
    world.store.update("device", device["id"], api_heartbeat_state="timeout")
    world.clock.advance(10)
    assert world.devices(uuid=device["uuid"])[0]["api_heartbeat_state"] == "online"


def test_deleted_devices_are_forgotten(world: World) -> None:
    world.simulation.configure()
    world.clock.advance(10)
    world.store.delete("device", [row["id"] for row in world.devices()][:4])
    world.clock.advance(10)
    assert world.simulation.describe()["devices"] == 6


@pytest.mark.parametrize("options", [{"colour": 1}, {"fail_mode": "explode"}, {"step_seconds": 0}])
def test_wrong_settings_are_refused(world: World, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"colour|fail_mode|step_seconds"):
        world.simulation.configure(**options)


def test_devices_come_in_slices_and_live_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    lives = []
    for size in (1, 3, 10, 100):
        monkeypatch.setattr(simulation, "SLICE", size)
        world = World()
        world.simulation.configure(**QUICK, fail_percent=30, offline_percent=50)
        world.target(world.two)
        world.clock.advance(300)
        columns = ("uuid", "is_running__release", "is_online", "status", "update_status")
        lives.append([[row[name] for name in columns] for row in world.devices()])
    assert lives[1:] == lives[:-1]


def test_nobody_waits_for_thousands_of_devices() -> None:
    world = World(count=2000)
    world.simulation.configure(**QUICK)
    world.target(world.two)
    world.clock.set_rate(600)
    waits, deadline = [], time.monotonic() + 60
    while len(world.devices(is_running__release=world.two)) < 2000 and time.monotonic() < deadline:
        begun = time.monotonic()
        world.clock.tick()
        waits.append(time.monotonic() - begun)
        time.sleep(0.02)
    world.simulation.stop()
    assert len(world.devices(is_running__release=world.two)) == 2000
    assert sorted(waits)[len(waits) // 2] < 0.1
