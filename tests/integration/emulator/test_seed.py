# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds, as the API shows what they made."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from emulator import SEEDS, Emulator
from emulator import emulator as emulator_module
from emulator.inside import InsideClient


def rows(emulator: Emulator, resource: str, condition: str, select: str, expand: str = "") -> list[dict[str, Any]]:
    client = InsideClient(emulator.front, emulator.token)
    query = {"$select": select, "$filter": condition, "$orderby": "id asc"}
    found: list[dict[str, Any]] = client.call(
        "GET", f"/v7/{resource}", None, query | ({"$expand": expand} if expand else {})
    )["d"]
    return found


def devices(emulator: Emulator, select: str, expand: str = "", slug: str = "acme/shop") -> list[dict[str, Any]]:
    return rows(emulator, "device", f"belongs_to__application/any(a:a/slug eq '{slug}')", select, expand)


def shop(**settings: Any) -> dict[str, Any]:
    return {"applications": [{"name": "shop", "releases": [{"version": "1.0.0"}], **settings}]}


def test_a_fleet_with_all_that_belongs_to_it() -> None:
    emulator = Emulator(
        seed=shop(
            tags={"team": "a"},
            env={"LEVEL": 1},
            config={"BALENA_HOST_CONFIG_gpu_mem": 64},
            services=["web", {"name": "db", "env": {"PORT": 5432}}],
        )
    )
    (found,) = rows(
        emulator,
        "application",
        "slug eq 'acme/shop'",
        "slug,should_track_latest_release",
        "application_tag($select=tag_key,value),application_environment_variable($select=name,value),"
        "application_config_variable($select=name,value),service($select=service_name;$orderby=id asc;"
        "$expand=service_environment_variable($select=name,value))",
    )
    assert found == {
        "slug": "acme/shop",
        "should_track_latest_release": True,
        "application_tag": [{"tag_key": "team", "value": "a"}],
        "application_environment_variable": [{"name": "LEVEL", "value": "1"}],
        "application_config_variable": [{"name": "BALENA_HOST_CONFIG_gpu_mem", "value": "64"}],
        "service": [
            {"service_name": "web", "service_environment_variable": []},
            {"service_name": "db", "service_environment_variable": [{"name": "PORT", "value": "5432"}]},
        ],
    }


def test_releases_and_the_target_that_follows_from_them() -> None:
    releases = [
        {"version": "1.0.0", "tags": {"ok": "yes"}, "note": "first"},
        {"version": "1.1.0"},
        {"version": "1.2.0", "invalidated": True},
        {"version": "1.3.0", "status": "failed"},
        {"version": "1.4.0", "final": False},
    ]
    emulator = Emulator(seed=shop(releases=releases))
    found = rows(
        emulator,
        "release",
        "belongs_to__application/any(a:a/slug eq 'acme/shop')",
        "semver,status,is_final,is_invalidated,note",
        "release_tag($select=tag_key),contains__image($select=id)",
    )
    assert [row["semver"] for row in found] == ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"]
    assert [row["is_final"] for row in found] == [True, True, True, True, False]
    assert [row["status"] for row in found] == ["success", "success", "success", "failed", "success"]
    assert found[0]["release_tag"] == [{"tag_key": "ok"}]
    assert found[0]["note"] == "first"
    assert all(len(row["contains__image"]) == 1 for row in found)
    target = "should_be_running__release($select=semver)"
    (fleet,) = rows(emulator, "application", "slug eq 'acme/shop'", "id", target)
    assert fleet["should_be_running__release"] == [{"semver": "1.1.0"}]
    pinned = Emulator(seed=shop(releases=releases, pin="1.0.0"))
    (fleet,) = rows(pinned, "application", "slug eq 'acme/shop'", "should_track_latest_release", target)
    assert fleet == {"should_track_latest_release": False, "should_be_running__release": [{"semver": "1.0.0"}]}


def test_devices_of_a_template() -> None:
    template = {
        "name": "till-{n:02d}",
        "count": 4,
        "tags": {"site": ["north", "south"], "row": {"cycle": [1, 2], "each": 2}},
        "env": {"SIZE": 7},
        "config": {"BALENA_HOST_CONFIG_gpu_mem": 32},
        "service_env": {"main": {"LANG": "de"}},
        "os_version": "5.3.27",
        "ip_address": "10.5.{b}.{c}",
        "note": "seeded",
    }
    emulator = Emulator(seed=shop(devices=[template]))
    found = devices(
        emulator,
        "device_name,os_version,ip_address,note,overall_status,is_online",
        "device_tag($select=tag_key,value),device_environment_variable($select=name,value),"
        "device_config_variable($select=value),is_running__release($select=semver),"
        "should_be_operated_by__release($select=raw_version),image_install($select=status),"
        "service_install($select=id;$expand=device_service_environment_variable($select=name,value))",
    )
    assert [row["device_name"] for row in found] == ["till-01", "till-02", "till-03", "till-04"]
    tags = [{tag["tag_key"]: tag["value"] for tag in row["device_tag"]} for row in found]
    assert [tag["site"] for tag in tags] == ["north", "south", "north", "south"]
    assert [tag["row"] for tag in tags] == ["1", "1", "2", "2"]
    first = found[0]
    assert (first["os_version"], first["ip_address"], first["note"]) == ("balenaOS 5.3.27", "10.5.0.1", "seeded")
    assert (first["overall_status"], first["is_online"]) == ("operational", True)
    assert first["device_environment_variable"] == [{"name": "SIZE", "value": "7"}]
    assert first["device_config_variable"] == [{"value": "32"}]
    assert first["is_running__release"] == [{"semver": "1.0.0"}]
    assert first["should_be_operated_by__release"] == [{"raw_version": "5.3.27"}]
    assert first["image_install"] == [{"status": "Running"}]
    variables = first["service_install"][0]["device_service_environment_variable"]
    assert variables == [{"name": "LANG", "value": "de"}]


def test_devices_that_are_off_or_were_never_on() -> None:
    emulator = Emulator(seed=shop(devices=[{"count": 200, "online": 0.7}, {"name": "spare", "provisioned": False}]))
    status = Counter(row["overall_status"] for row in devices(emulator, "overall_status"))
    assert set(status) == {"operational", "disconnected", "configuring"}
    assert status["configuring"] == 1
    assert 110 <= status["operational"] <= 170


def test_the_same_seed_gives_the_same_fleet_and_more_devices_change_nothing() -> None:
    def fleet(seed: int, count: int) -> list[dict[str, Any]]:
        data = shop(devices=[{"count": count, "tags": {"floor": {"random": [1, 2, 3, 4, 5]}}}]) | {"random_seed": seed}
        return devices(Emulator(seed=data), "uuid,device_name,mac_address", "device_tag($select=value)")

    assert fleet(1, 20) == fleet(1, 20) == fleet(1, 40)[:20]
    assert fleet(1, 20) != fleet(2, 20)


def test_the_number_of_devices_can_be_given_from_outside() -> None:
    assert len(devices(Emulator(seed=SEEDS / "bench.yml", devices=30), "id", slug="acme/bench")) == 30


def test_several_seeds_add_up_and_one_may_come_later(tmp_path: Path) -> None:
    file = tmp_path / "more.yml"
    file.write_text("applications: [{name: more, devices: [{count: 3}]}]\n")
    emulator = Emulator(seed=[shop(devices=[{"count": 2}]), file])
    assert emulator.counts()["device"] == 5
    made = emulator.seed({"applications": [{"name": "third", "organization": "newco", "devices": [{}]}]})
    assert (made["device"], made["organization"]) == (1, 1)
    emulator.reset()
    assert emulator.counts()["device"] == 5


@pytest.mark.parametrize("seconds", [0, 3600])
def test_a_reset_brings_back_all_that_the_seeds_made_however_old_that_is(monkeypatch, seconds):
    monkeypatch.setattr(emulator_module, "IMAGE_SECONDS", seconds)
    faults = [{"status": 500}]
    seed = {**shop(devices=[{"count": 2, "tags": {"a": "1"}}]), "faults": faults, "simulation": {"step_seconds": 5}}
    emulator = Emulator(seed=seed, flavor="cloud")
    begun = emulator.state()
    for _time in range(2):
        emulator.store.delete("device", emulator.store.ids("device"))
        emulator.store.insert("user", username="more")
        emulator.clear_faults()
        emulator.simulate(step_seconds=1)
        emulator.advance(30)
        emulator.reset()
        ended = emulator.state()
        assert {**ended, "now": 0} == {**begun, "now": 0}
        assert emulator.store.insert("user", username="more") == emulator.store.ids("user", username="admin")[0] + 1
        emulator.reset()
    made = max(row["created_at"] for row in emulator.store.query("device"))
    assert 0 <= emulator.clock.timestamp() - datetime.fromisoformat(made.replace("Z", "+00:00")).timestamp() < 60


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ({"aplications": []}, "aplications"),
        (shop(colour="red"), "colour"),
        (shop(releases=[{"version": "1.0.0", "age": 1}]), "age"),
        (shop(devices=[{"tag": {}}]), "tag"),
        (shop(devices=[{"release": "9.9.9"}]), "9.9.9"),
        (shop(devices=[{"tags": {"a": {"rnadom": [1]}}}]), "rnadom"),
        (shop(device_type="toaster"), "toaster"),
        ({"simulation": {"speed": 3}}, "speed"),
    ],
)
def test_a_mistake_is_refused_by_name(seed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Emulator(seed=seed)


def test_the_demo_is_a_fleet_of_fifty() -> None:
    emulator = Emulator(seed=SEEDS / "demo.yml")
    signs = devices(emulator, "device_name", "device_tag($select=tag_key,value)", slug="sunrise/signage")
    sites = Counter(tag["value"] for row in signs for tag in row["device_tag"] if tag["tag_key"] == "site")
    assert sites == {"berlin": 16, "munich": 14, "paris": 10}
    assert emulator.counts()["device"] == 50
    assert emulator.state()["simulation"]["running"]
