# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with which devices join, and devices that are registered for them: balena_config."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_module, run_task

PI = {"organization": "acme", "device_type": "raspberrypi4-64"}
SEED = {
    "applications": [
        {**PI, "name": "kiosk", "releases": [{"version": "1.0.0"}], "devices": [{"name": "old"}]},
        {**PI, "name": "other", "devices": [{"name": "away"}]},
    ]
}
BASE = {"application": "acme/kiosk", "version": "6.0.41"}
WIFI = {"network": "wifi", "wifi_ssid": "workshop", "wifi_key": "hunter2-hunter2"}
COUNT = 80
BATCH = [{"serial": f"B-{number:04}"} for number in range(COUNT)]


@pytest.fixture(scope="module", params=["cloud", "openbalena"])
def running(request):
    with Emulator(seed=SEED, flavor=request.param) as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    running.clear_faults()
    running.clear_requests()
    return running


def config(server: Emulator, **options: Any) -> dict[str, Any]:
    """The result of a task that must not fail, and that does what check mode foresees."""
    server.clear_requests()
    foreseen = run_task(server, "balena_config", check_mode=True, **{**BASE, **options})
    assert server.writes() == []
    server.clear_requests()
    result = run_task(server, "balena_config", **{**BASE, **options})
    assert not result.get("failed"), result["msg"]
    assert (foreseen["changes"], foreseen["diff"]) == (result["changes"], result["diff"])
    return result


def held(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def uuids(server: Emulator) -> list[str]:
    return [row["uuid"] for row in server.store.query("device")]


def test_a_file_for_a_fleet(server, tmp_path):
    dest = tmp_path / "config.json"
    key = {"provisioning_key_name": "workshop", "provisioning_key_expires": "2099-12-31"}
    config(server, dest=str(dest), **WIFI, **key)
    found = held(dest)
    assert mode(dest) == 0o600
    assert found["apiKey"]
    assert (found["wifiSsid"], found["wifiKey"]) == ("workshop", "hunter2-hunter2")
    assert found["appUpdatePollInterval"] == 600_000
    asked = server.requests(method="POST", path="/download-config")[0].body
    assert (asked["provisioningKeyName"], asked["version"]) == ("workshop", "6.0.41")
    assert asked["provisioningKeyExpiryDate"].startswith("2099-12-31")
    assert not config(server, dest=str(dest), **WIFI)["changed"]
    assert names(tmp_path) == ["config.json"]


def test_a_file_for_a_device_that_is_registered(server, tmp_path):
    dest = tmp_path / "a.json"
    result = config(server, serial="A-1", name="door", tags={"line": 1}, env={"PIN": "hunter2"}, dest=str(dest))
    (one,) = result["configs"]
    found = held(dest)
    assert found["uuid"] == one["uuid"]
    assert found["deviceId"] == one["id"]
    assert "apiKey" not in found
    assert found["registered_at"]
    row = server.store.get("device", uuid=one["uuid"])
    assert row["device_name"] == "door"
    assert server.store.get("api_key", key=found["deviceApiKey"])["is_of__actor"] == row["actor"]
    assert "hunter2" not in json.dumps(result)
    assert not config(server, serial="A-1", name="door", tags={"line": 1}, env={"PIN": "hunter2"}, dest=str(dest))[
        "changed"
    ]


def test_options_that_differ_keep_the_key(server, tmp_path):
    dest = tmp_path / "a.json"
    config(server, serial="A-1", dest=str(dest))
    before = held(dest)
    result = config(server, serial="A-1", dest=str(dest), development_mode=True, **WIFI)
    after = held(dest)
    assert result["changes"] == {"create": 0, "update": 1, "delete": 0}
    assert server.writes() == []
    assert (after["deviceApiKey"], after["developmentMode"]) == (before["deviceApiKey"], True)
    assert "hunter2" not in json.dumps(result)
    config(server, serial="A-1", dest=str(dest))
    assert held(dest).keys() == before.keys()


@pytest.mark.parametrize("spoilt", ["key", "uuid", "deviceId", "applicationId", "no JSON", "a list", "nothing", "mode"])
def test_a_file_that_is_not_right_is_mended(server, tmp_path, spoilt):
    dest = tmp_path / "a.json"
    config(server, serial="A-1", dest=str(dest))
    good = held(dest)
    texts = {"no JSON": "{", "a list": "[1]", "nothing": "", "mode": dest.read_text()}
    wrong = {"key": {"deviceApiKey": "revoked"}, "uuid": {"uuid": "0" * 32}}
    other = {**good, **wrong.get(spoilt, {spoilt: 999})}
    dest.write_text(texts.get(spoilt, json.dumps(other)), encoding="utf-8")
    dest.chmod(0o644 if spoilt == "mode" else 0o600)
    assert config(server, serial="A-1", dest=str(dest))["changed"]
    found = held(dest)
    assert (found["uuid"], found["deviceId"], mode(dest)) == (good["uuid"], good["deviceId"], 0o600)
    assert (found["deviceApiKey"] == good["deviceApiKey"]) == (spoilt == "mode")
    assert server.store.get("api_key", key=found["deviceApiKey"])
    assert not config(server, serial="A-1", dest=str(dest))["changed"]


def test_the_content_is_returned_where_no_file_is_wanted(server):
    result = config(server, serial="A-1", **WIFI)
    found = json.loads(base64.b64decode(result["configs"][0]["content"]))
    assert (found["uuid"], found["wifiKey"]) == (result["configs"][0]["uuid"], "hunter2-hunter2")
    assert result["sensitive"] is True
    assert "content" not in run_task(server, "balena_config", check_mode=True, **BASE, serial="A-1")["configs"][0]


def test_a_process_returns_the_content_too(server):
    result = run_module(server, "balena_config", **BASE, serial="A-1", **WIFI)
    assert json.loads(base64.b64decode(result["configs"][0]["content"]))["wifiKey"] == "hunter2-hunter2"
    assert "hunter2" not in json.dumps(result.get("invocation"))


def test_the_key_of_a_device_is_used_again(server, tmp_path):
    config(server, name="old", dest=str(tmp_path / "first.json"))
    key = held(tmp_path / "first.json")["deviceApiKey"]
    result = config(server, name="old", device_api_key=key, dest=str(tmp_path / "second.json"))
    assert held(tmp_path / "second.json")["deviceApiKey"] == key
    assert "device_api_key" not in result["diff"]["after"]
    wrong = run_task(server, "balena_config", **BASE, name="old", device_api_key="nosuch-nosuch")
    assert "device_api_key is not a key of device old (" in wrong["msg"]
    assert "nosuch-nosuch" not in wrong["msg"]
    config(server, serial="A-9", device_api_key="my-own-key-my-own", dest=str(tmp_path / "third.json"))
    assert held(tmp_path / "third.json")["deviceApiKey"] == "my-own-key-my-own"


def test_many_devices_take_a_request_each(server, tmp_path):
    options = {"each": BATCH, "tags": {"batch": "1"}, "dest": str(tmp_path / "new" / "batch")}
    result = config(server, **options)
    # The device and its tag; the fleet, a config.json with its key (and the fleet), and uuids, 50 in a request.
    assert len(server.requests()) <= 2 * COUNT + 3 + 2
    assert [one["serial"] for one in result["configs"]] == [entry["serial"] for entry in BATCH]
    assert names(tmp_path / "new" / "batch") == [f"{entry['serial']}.json" for entry in BATCH]
    assert not config(server, **options)["changed"]
    assert not config(server, **options, verify_keys=False)["changed"]
    assert len(server.requests()) <= 5


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"drop": "before"}, {"drop": "after"}])
def test_a_run_that_is_interrupted_makes_no_twins(server, tmp_path, fault):
    options = {"each": BATCH, "dest": str(tmp_path)}
    before = len(uuids(server))
    server.fault(method="POST", path="/device/register", since=61, **fault)
    failed = run_task(server, "balena_config", **BASE, **options)
    # An answer that was lost is looked for at once.
    assert failed.get("failed", False) == (fault != {"drop": "after"})
    assert 60 <= len(uuids(server)) - before < COUNT or fault == {"drop": "after"}
    server.clear_faults()
    result = run_task(server, "balena_config", **BASE, **options)
    assert not result.get("failed"), result["msg"]
    found = uuids(server)
    assert len(found) == len(set(found)) == before + COUNT
    for entry in BATCH:
        assert server.store.get("api_key", key=held(tmp_path / f"{entry['serial']}.json")["deviceApiKey"])
    assert not config(server, **options)["changed"]


def test_a_table_with_empty_cells(server, tmp_path):
    rows = [{"serial": "A-1", "name": "", "note": "n"}, {"serial": "", "uuid": "ab" * 16, "name": "x", "note": ""}]
    result = config(server, each=rows, dest=str(tmp_path))
    assert names(tmp_path) == sorted(["A-1.json", f"{'ab' * 16}.json"])
    assert [one["name"] for one in result["configs"]] == [None, "x"]


def test_the_uuid_follows_from_fleet_and_serial_number(server):
    first = config(server, serial="A-1")["configs"][0]["uuid"]
    assert re.fullmatch("[0-9a-f]{32}", first)
    others = [
        config(server, **options)["configs"][0]["uuid"]
        for options in ({"serial": "A-2"}, {"name": "A-1"}, {"serial": "A-1", "application": "acme/other"})
    ]
    assert len({first, *others}) == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"each": []}, "each is an empty list"),
        ({"each": [{"note": "x"}]}, "each[0] says no device"),
        ({"each": [{"serial": "A"}, {"serial": "a b"}]}, "each[1].serial 'a b' must be"),
        ({"each": [{"serial": "../x"}]}, "each[0].serial '../x' must be"),
        ({"each": [{"serial": "A"}, {"serial": "A"}]}, "each declares the same device twice: each[0]"),
        ({"each": [{"serial": "A", "mac": "x"}]}, "mac"),
        ({"each": [{"serial": "A", "uuid": "ab" * 16}]}, "each[0].uuid and each[0].serial cannot both"),
        ({"uuid": "7cf02a6"}, "uuid '7cf02a6' is not the full uuid"),
        ({"name": "old", "each": [{"serial": "A"}]}, "each"),
        ({"wifi_ssid": "x"}, "wifi_ssid can only be used with network: wifi"),
        ({"network": "wifi"}, "wifi_ssid"),
        ({"network": "wifi", "wifi_ssid": "x" * 33}, "longer than 32 bytes"),
        ({"network": "wifi", "wifi_ssid": "x", "wifi_key": "secret7"}, "wifi_key has 7 characters"),
        ({"version": "latest"}, "version 'latest'"),
        ({"version": "2.50.1+rev1.prod", "development_mode": True}, "development_mode cannot be used with version"),
        ({"provisioning_key_expires": "2001-01-01"}, "provisioning_key_expires '2001-01-01' is over"),
        ({"provisioning_key_expires": "soon"}, "provisioning_key_expires 'soon' is not a date"),
        ({"serial": "A", "provisioning_key_name": "x"}, "provisioning_key_name cannot be used for devices"),
        ({"tags": {"a": "b"}}, "tags cannot be used for an application as a whole"),
        ({"serial": "A", "env": {"BALENA_X": "1"}}, "Invalid variable name 'BALENA_X'"),
        ({"serial": "A", "tags": {"a b": "1"}}, "Invalid tag 'a b'"),
        ({"device_type": "intel-nuc"}, "device_type 'intel-nuc' has the CPU architecture amd64"),
        ({"serial": "A", "device_type": "intel-nuc"}, "CPU architecture"),
        ({"name": "old", "device_type": "raspberrypi3"}, "which cannot be changed"),
        ({"dest": "/nosuch/folder/x.json"}, "dest: '/nosuch/folder' is missing"),
        ({"dest": "/"}, "dest '/' is a folder"),
        ({"each": [{"serial": "A"}], "dest": "/dev/null"}, "dest: '/dev/null' is not a folder"),
        ({"app_update_poll_interval": 0}, "app_update_poll_interval must be"),
        ({"application": "acme/nosuch"}, "application 'acme/nosuch' does not exist"),
    ],
)
def test_what_cannot_be_meant(server, options, says):
    result = run_task(server, "balena_config", **{**BASE, **options})
    assert result["failed"]
    assert says in result["msg"]
    assert "secret7" not in result["msg"]
    assert server.writes() == []


def test_a_device_of_another_application(server):
    away = server.store.get("device", device_name="away")["uuid"]
    result = run_task(server, "balena_config", **BASE, uuid=away)
    assert "does not belong to application 'acme/kiosk'" in result["msg"]
    assert server.writes() == []


def test_a_server_that_makes_no_config(server):
    server.fault(method="POST", path="/download-config", status=404)
    result = run_task(server, "balena_config", **BASE)
    assert "This server makes no config.json" in result["msg"]


def test_a_refusal_that_repeats_the_passphrase(server):
    for path in ("/download-config", "/device/register"):
        server.clear_faults()
        server.fault(method="POST", path=path, status=400, json="no: hunter2-hunter2, my-own-key-my-own", times=9)
        result = run_task(server, "balena_config", **BASE, **WIFI, serial="A-1", device_api_key="my-own-key-my-own")
        assert result["failed"]
        assert "hunter2" not in json.dumps(result)
        assert "my-own-key" not in json.dumps(result)
