# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of devices, as balena_diagnosis_info tells it from what the API knows."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

KIOSK = {"application": "acme/kiosk"}
SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web", "db"],
            "releases": [{"version": "1.0.0", "age_days": 2}, {"version": "1.1.0", "age_days": 1}],
            "devices": [{"name": "d-{n}", "count": 3}],
        }
    ]
}
WELL = {
    "cpu_usage": 20, "cpu_temp": 48, "memory_usage": 500, "memory_total": 4000, "storage_usage": 2000,
    "storage_total": 20000, "is_undervolted": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def well(server):
    """A server whose devices are all well."""
    server.reset()
    report(server, None, **WELL)
    return server


def report(server: Emulator, name: str | None, **columns: Any) -> None:
    wanted = {} if name is None else {"device_name": name}
    server.store.update("device", [row["id"] for row in server.store.query("device", **wanted)], **columns)


def diagnosis(server: Emulator, **options: Any) -> dict[str, Any]:
    result = run_task(server, "balena_diagnosis_info", **{**KIOSK, **options})
    assert not result.get("failed"), result["msg"]
    return result


def of(server: Emulator, name: str, **options: Any) -> dict[str, Any]:
    (found,) = [device for device in diagnosis(server, **options)["devices"] if device["name"] == name]
    return found


def test_devices_that_are_well(well):
    found = diagnosis(well)
    assert found["worst"] == "good"
    assert found["counts"] == {"good": 3, "warn": 0, "bad": 0, "unknown": 0}
    assert found["summary"] == "3 devices: 3 good"
    assert found["findings"] == []
    assert {check["result"] for device in found["devices"] for check in device["checks"].values()} == {"good"}


@pytest.mark.parametrize(
    ("columns", "check", "result", "figure", "sentence"),
    [
        ({"cpu_temp": 70}, "temperature", "warn", 70, "70 °C"),
        ({"cpu_temp": 69}, "temperature", "good", 69, "69 °C"),
        ({"cpu_temp": 84}, "temperature", "bad", 84, "84 °C"),
        ({"cpu_temp": None}, "temperature", "unknown", None, "not reported"),
        ({"cpu_temp": 5000}, "temperature", "unknown", None, "a figure that makes no sense: 5000"),
        ({"storage_usage": 18500}, "storage", "bad", 92.5, "92.5 % of the storage is used (18500 of 20000 MB)"),
        ({"storage_usage": 16000}, "storage", "warn", 80, "80 % of the storage is used (16000 of 20000 MB)"),
        ({"storage_total": 0}, "storage", "unknown", None, "not reported"),
        ({"storage_usage": -5}, "storage", "unknown", None, "a figure that makes no sense: -0.025"),
        ({"memory_usage": 3900}, "memory", "bad", 97.5, "97.5 % of the memory is used (3900 of 4000 MB)"),
        ({"memory_usage": 9000}, "memory", "unknown", None, "a figure that makes no sense: 225"),
        ({"cpu_usage": 100}, "cpu", "warn", 100, "100 % of the processors are used"),
        ({"is_undervolted": True}, "undervoltage", "warn", 1, "under-voltage was noticed"),
        (dict.fromkeys(WELL, None) | {"is_undervolted": False}, "undervoltage", "unknown", None,
         "no metrics are reported"),
        ({"is_online": False}, "vpn", "warn", 1, "online without a VPN connection"),
        ({"api_heartbeat_state": "timeout"}, "api", "bad", 1, "does not reach the API (its heartbeat is timeout)"),
        ({"api_heartbeat_state": "unknown"}, "api", "unknown", None,
         "the API has not heard of its supervisor yet"),
    ],
)  # fmt: skip
def test_what_is_measured(well, columns, check, result, figure, sentence):
    report(well, "d-2", **columns)
    found = of(well, "d-2")["checks"][check]
    assert (found["result"], found["figure"], found["sentence"]) == (result, figure, sentence)


def test_an_offline_device_tells_since_when_and_nothing_else(well):
    report(well, "d-2", is_online=False, api_heartbeat_state="offline", cpu_temp=99,
           last_connectivity_event="2026-01-01T00:00:00Z", last_vpn_event=None)  # fmt: skip
    found = of(well, "d-2")
    assert found["checks"]["connection"]["result"] == "bad"
    assert found["checks"]["temperature"] == {
        "result": "unknown", "figure": None, "unit": "°C", "sentence": "the device is offline",
    }  # fmt: skip
    assert found["worst"] == "bad"


def test_a_device_that_was_never_online_is_unknown(well):
    report(well, "d-2", is_online=False, api_heartbeat_state="unknown", last_connectivity_event=None,
           last_vpn_event=None, is_running__release=None)  # fmt: skip
    found = of(well, "d-2", checks=["connection", "storage"])
    assert found["worst"] == "unknown"
    assert found["checks"]["connection"]["sentence"] == "it has never been online"


def test_services_that_do_not_run_are_named(well):
    device = well.store.get("device", device_name="d-2")
    installs = well.store.query("image_install", device=device["id"])
    well.store.update("image_install", [installs[0]["id"]], status="exited")
    found = of(well, "d-2")["checks"]["services"]
    assert (found["result"], found["figure"]) == ("warn", 1)
    assert found["sentence"] in ("1 not running (web: exited)", "1 not running (db: exited)")


def test_a_device_that_lags_behind(well):
    old = well.store.get("release", semver_major=1, semver_minor=0)["id"]
    report(well, "d-2", is_running__release=old, update_status="rejected")
    assert of(well, "d-2")["checks"]["release"]["sentence"] == (
        "does not run its target release (its update is rejected)"
    )


def test_the_summary_counts_and_names_the_first(well):
    report(well, None, cpu_temp=90)
    report(well, "d-1", storage_usage=16000)
    found = diagnosis(well)
    uuids = {row["device_name"]: row["uuid"] for row in well.store.query("device")}
    assert found["counts"]["bad"] == 3
    assert [(one["check"], one["result"], len(one["devices"])) for one in found["findings"]] == [
        ("temperature", "bad", 3), ("storage", "warn", 1),
    ]  # fmt: skip
    assert found["summary"].startswith("3 devices: 3 bad. temperature bad on ")
    assert f"storage warn on d-1 ({uuids['d-1'][:7]})" in found["summary"]


def test_thresholds_of_ones_own(well):
    report(well, "d-2", cpu_temp=84, is_undervolted=True)
    thresholds = {"temperature": {"warn": "85", "bad": None}, "undervoltage": {"warn": None, "bad": 1}}
    found = of(well, "d-2", thresholds=thresholds)
    assert found["checks"]["temperature"]["result"] == "good"
    assert found["checks"]["undervoltage"]["result"] == "bad"


def test_only_some_checks(well):
    assert list(of(well, "d-2", checks=["storage", "temperature"])["checks"]) == ["storage", "temperature"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checks": ["temprature"]}, "checks: 'temprature' is not a check; did you mean 'temperature'?"),
        ({"checks": ["xyzzy"]}, "checks: 'xyzzy' is not a check. The checks are connection, vpn,"),
        ({"checks": ["supervisor"]}, "checks: supervisor is known only if the supervisors are asked"),
        ({"thresholds": {"disk": {"bad": 1}}}, "thresholds: 'disk' is not a check"),
        ({"thresholds": {"storage": 90}}, "thresholds.storage must be a mapping with warn or bad, not a whole number"),
        ({"thresholds": {"storage": {"worse": 90}}}, "thresholds.storage has worse; it may have warn and bad"),
        ({"thresholds": {"storage": {"bad": "much"}}}, "thresholds.storage.bad must be a number"),
        ({"thresholds": {"storage": {"bad": True}}}, "thresholds.storage.bad must be a number"),
        ({"thresholds": {"storage": {"bad": "nan"}}}, "thresholds.storage.bad must be a number"),
        ({"thresholds": {"storage": {"bad": 50}}}, "thresholds.storage: bad (50) comes before warn (80), which has"),
        ({"thresholds": {"wifi": {"bad": -60}}}, "thresholds.wifi: bad (-60) comes before warn (-70), which has"),
        ({"before": "good"}, "before must be the devices of an earlier diagnosis, or a result that has them, not text"),
        ({"before": [{"uuid": "a"}]}, "before: element 0 is not the diagnosis of a device"),
        ({"before": [7]}, "before: element 0 is not the diagnosis of a device"),
    ],
)  # fmt: skip
def test_bad_input(well, options, message):
    well.clear_requests()
    result = run_task(well, "balena_diagnosis_info", **{**KIOSK, **options})
    assert result["failed"]
    assert message in result["msg"]
    assert well.requests() == []


def test_worse_than_before(well):
    report(well, "d-3", storage_usage=19000)
    before = diagnosis(well)
    report(well, None, cpu_temp=72)
    report(well, "d-1", is_online=False, api_heartbeat_state="offline")
    for earlier in (before, before["devices"]):
        found = {one["name"]: one for one in diagnosis(well, before=earlier)["worse"]}
        assert {name: one["checks"] for name, one in found.items()} == {
            "d-1": ["connection"], "d-2": ["temperature"], "d-3": ["temperature"],
        }  # fmt: skip
        assert found["d-2"]["sentence"] == "temperature is warn, was good: 72 °C"


def test_the_supervisors_are_asked_on_request_only(well):
    report(well, "d-3", is_online=False)
    well.clear_requests()
    found = diagnosis(well)
    assert "supervisor" not in found["devices"][0]["checks"]
    assert len(well.requests()) == 1
    well.clear_requests()
    found = {one["name"]: one["checks"]["supervisor"] for one in diagnosis(well, supervisor=True)["devices"]}
    assert len(well.requests()) == 1 + 2
    assert {one.path for one in well.requests(method="POST")} == {"/supervisor/v1/healthy"}
    assert found["d-1"]["result"] == "good"
    assert found["d-3"]["sentence"] == "it cannot be asked without a VPN connection"


@pytest.mark.parametrize(
    ("fault", "result", "sentence"),
    [
        ({"status": 500}, "bad", "the supervisor is not healthy"),
        ({"status": 404}, "unknown", "asking it was answered with status 404"),
    ],
)
def test_supervisors_that_are_not_well(well, fault, result, sentence):
    well.fault(path="/supervisor/.*", **fault)
    found = of(well, "d-1", supervisor=True)["checks"]["supervisor"]
    assert (found["result"], found["sentence"]) == (result, sentence)
