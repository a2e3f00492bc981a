# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is said to cost is what simulated devices then do: restarts of containers, reboots, bytes."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
SERVICES = ["api", "db", "web"]
RELEASES = ["1.0.0", "1.1.0", "1.2.0"]
SITES = ["berlin", "oslo", "rome"]
DEVICES = 200
PLANS = 100
QUICK = {"poll_seconds": 4, "download_seconds": 12, "install_seconds": 4, "os_seconds": 100, "step_seconds": 120}
#: Virtual seconds after which everything is done that a plan brought about.
SETTLED = 480


def seed(devices: int) -> dict[str, Any]:
    """A fleet on 1.0.0, of which each tenth device is pinned on 1.1.0, at three sites."""
    usual = {"os_version": "6.0.41", "tags": {"site": SITES}, "env": {"OWN": ["a", "b"]}}
    return {
        "random_seed": 3,
        "applications": [
            {
                "name": "kiosk",
                "organization": "acme",
                "device_type": "raspberrypi4-64",
                "services": SERVICES,
                "env": {"LOG_LEVEL": "info"},
                "releases": [{"version": version} for version in RELEASES],
                "pin": "1.0.0",
                "devices": [
                    {**usual, "name": "kiosk-{n:03d}", "count": devices - devices // 10, "release": "1.0.0"},
                    {**usual, "name": "pinned-{n:02d}", "count": devices // 10, "release": "1.1.0", "pin": "1.1.0"},
                ],
            }
        ],
        "simulation": {**QUICK, "containers": True},
    }


@pytest.fixture(scope="module")
def fleet():
    with Emulator(seed=seed(DEVICES), rate=0) as emulator:
        emulator.advance(60)
        yield emulator


def happened(emulator: Emulator) -> dict[str, Any]:
    """What all devices have done so far, in the words of a forecast."""
    accounts = emulator.simulation.accounts().values()
    restarts: Counter[str] = Counter()
    for account in accounts:
        restarts.update(account.restarts)
    return {
        "restarts": sum(restarts.values()),
        "services": dict(restarts),
        "reboots": sum(account.reboots for account in accounts),
        "download_bytes": sum(account.downloaded for account in accounts),
    }


def since(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What devices have done between two looks."""
    services = Counter(now["services"]) - Counter(before["services"])
    numbers = {name: now[name] - before[name] for name in ("restarts", "reboots", "download_bytes")}
    return {**numbers, "services": dict(services)}


def random_plan(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """A module and its options: variables of each scope, releases, the OS, or a whole document of these."""
    env = {chance.choice(["LOG_LEVEL", "OWN", "NEW"]): chance.choice(["info", "debug", "a", None])}
    config = {chance.choice(["BALENA_HOST_CONFIG_gpu_mem", "RESIN_SUPERVISOR_POLL_INTERVAL"]): chance.choice("1234")}
    devices: dict[str, Any] = {"application": FLEET, "with_tags": {"site": chance.choice(SITES)}}
    service, release = chance.choice(SERVICES), chance.choice(RELEASES)
    variables = "balena_env_var"
    return chance.choice([
        (variables, {"scope": "application", "application": FLEET, "variables": env}),
        (variables, {"scope": "application", "application": FLEET, "kind": "config", "variables": config}),
        (variables, {"scope": "service", "application": FLEET, "service": service, "variables": env}),
        (variables, {"scope": "device", **devices, "variables": env}),
        (variables, {"scope": "device", **devices, "kind": "config", "variables": config}),
        (variables, {"scope": "device_service", **devices, "service": service, "variables": env}),
        ("balena_release_pin", {"scope": "application", "application": FLEET, "release": release}),
        ("balena_release_pin", {"scope": "device", **devices, "release": chance.choice([release, "track"])}),
        ("balena_os_update", {**devices, "method": "target", "version": chance.choice(["6.0.41", "latest"])}),
        ("balena_fleet", {"document": document(chance, env, config, service, release)}),
    ])  # fmt: skip


def document(
    chance: random.Random, env: dict[str, Any], config: dict[str, Any], service: str, release: str
) -> dict[str, Any]:
    """Several things of a fleet at once."""
    parts: dict[str, Any] = {
        "variables": {"env": env, "config": config},
        "services": {service: {"env": {"PORT": chance.choice("89")}}},
        "release": release,
        "device_defaults": {"env": {"REGION": chance.choice(["eu", "us"])}},
        "groups": [
            {
                "name": "some",
                "match": {"site": chance.choice(SITES)},
                "env": env,
                "config": config,
                "services": {chance.choice(SERVICES): {"env": {"LANG": chance.choice(["de", "en"])}}},
                "release": chance.choice([*RELEASES, "track"]),
            }
        ],
    }
    chosen = chance.sample(sorted(parts), chance.randint(1, len(parts)))
    return {"fleet": FLEET, **{name: parts[name] for name in chosen}}


def test_the_forecast_of_random_plans_is_what_happens(fleet):
    chance = random.Random(7)
    seen: Counter[str] = Counter()
    for number in range(PLANS):
        module, options = random_plan(chance)
        foreseen = run_task(fleet, module, **options, check_mode=True)
        assert not foreseen.get("failed"), (number, module, options, foreseen["msg"])
        before = happened(fleet)
        done = run_task(fleet, module, **options)
        assert not done.get("failed"), (number, module, options, done["msg"])
        assert "forecast" not in done, "only asked for in check mode, or where something is limited"
        fleet.advance(SETTLED)
        expected = foreseen.get("forecast") or {"restarts": 0, "services": {}, "reboots": 0, "download_bytes": 0}
        actual = since(before, happened(fleet))
        assert {name: expected[name] for name in actual} == actual, (number, module, options)
        seen.update(name for name in ("restarts", "reboots", "download_bytes") if actual[name])
    assert min(seen[name] for name in ("restarts", "reboots", "download_bytes")) > 5, (
        "the plans brought something about"
    )


@pytest.fixture(scope="module")
def still():
    """A small fleet whose devices do nothing."""
    with Emulator(seed=seed(20)) as emulator:
        yield emulator


PIN = {"scope": "application", "application": FLEET, "release": "1.2.0"}
DEBUG = {"scope": "application", "application": FLEET, "name": "LOG_LEVEL", "value": "debug"}
GPU = {"scope": "application", "application": FLEET, "kind": "config", "name": "BALENA_HOST_CONFIG_gpu_mem"}


@pytest.mark.parametrize(
    ("module", "options", "says"),
    [
        ("balena_env_var", {**DEBUG, "max_restarts": 59}, "restarts 60 containers (api 20, db 20, web 20), more than "),
        (
            "balena_env_var",
            {**GPU, "value": "64", "max_reboots": 3},
            "reboots devices 20 times, more than max_reboots ",
        ),
        ("balena_release_pin", {**PIN, "max_download": "1KiB"}, "more than max_download allows (1024)"),
        ("balena_release_pin", {**PIN, "max_download": "1KB", "max_restarts": 1}, "allows (1); the plan makes devices"),
    ],
)
def test_what_costs_too_much_is_refused_before_it_is_written(still, module, options, says):
    still.clear_requests()
    result = run_task(still, module, **options)
    assert result["failed"]
    assert result["msg"].startswith("Nothing was written: the plan ")
    assert says in result["msg"]
    assert all(request.method == "GET" for request in still.requests())


def test_a_limit_that_is_kept_is_told_and_changes_nothing(still):
    result = run_task(still, "balena_env_var", **{**DEBUG, "value": "trace"}, max_restarts=60, max_reboots=0)
    assert result["forecast"]["restarts"] == 60
    assert result["changes"]["update"] == 1
    again = run_task(still, "balena_env_var", **{**DEBUG, "value": "trace"}, max_restarts=0)
    assert not again["changed"]
    assert "forecast" not in again, "nothing changes, so nothing is asked"


def test_devices_that_are_offline_are_told_apart(still):
    for row in still.store.query("device")[:3]:
        still.store.update("device", row["id"], is_online=False)
    forecast = run_task(still, "balena_release_pin", **PIN, check_mode=True)["forecast"]
    assert (forecast["devices"], forecast["offline"]) == (18, 3), "two devices have pins of their own"


@pytest.mark.parametrize("devices", [20, 400])
def test_a_forecast_takes_two_requests(devices):
    name = {"scope": "device", "application": FLEET, "name": "NEW"}
    asked = []
    with Emulator(seed=seed(devices)) as emulator:
        for limits in ({}, {"max_restarts": 10_000}):
            emulator.clear_requests()
            assert run_task(emulator, "balena_env_var", **name, value="1", **limits)["changed"]
            asked.append(sum(request.method == "GET" for request in emulator.requests()))
            assert run_task(emulator, "balena_env_var", **name, state="absent")["changed"]
    assert asked[1] - asked[0] == 2
