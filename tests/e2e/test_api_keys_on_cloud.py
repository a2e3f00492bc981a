# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of applications and devices, which balenaCloud lists and an openBalena server does not."""

from __future__ import annotations

import pytest
import requests

from emulator import Emulator
from tests.support.tasks import run_task

pytestmark = pytest.mark.once

SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "devices": [{"name": "d-{n}", "count": 4, "tags": {"site": ["berlin", "lyon"]}}],
        }
    ]
}


@pytest.fixture(scope="module", params=["cloud", "openbalena"])
def server(request):
    with Emulator(seed=SEED, flavor=request.param) as running:
        yield running


@pytest.fixture
def emulator(server):
    server.reset()
    return server


@pytest.fixture
def cloud(emulator):
    if emulator.flavor != "cloud":
        pytest.skip("an openBalena server lists no such keys")
    return emulator


@pytest.fixture
def open_server(emulator):
    if emulator.flavor != "openbalena":
        pytest.skip("balenaCloud lists such keys")
    return emulator


def session(emulator):
    who = {"username": "admin", "password": "Admin-Passw0rd"}
    return requests.post(f"{emulator.url}/login_", json=who, timeout=10).text


def key(emulator, check=False, **options):
    wanted = {"application": "acme/kiosk", "name": "factory", "api_token": session(emulator), **options}
    given = {name: value for name, value in wanted.items() if value is not None}
    return run_task(emulator, "balena_api_key", check_mode=check, **given)


def works(emulator, value):
    headers = {"Authorization": f"Bearer {value}"}
    return requests.get(f"{emulator.url}/actor/v1/whoami", headers=headers, timeout=10).status_code == 200


def names(emulator, scope="device"):
    found = run_task(emulator, "balena_api_key_info", scope=scope, application="acme/kiosk")
    return [row["name"] for row in found["api_keys"]]


def test_a_provisioning_key(cloud):
    made = key(cloud, scope="application", description="first", expires="2099-01-01")
    assert works(cloud, made["api_keys"][0]["key"])
    assert made["api_keys"][0]["of"] == "acme/kiosk"
    again = key(cloud, scope="application", description="first", expires="2099-01-01")
    assert (again["changed"], "key" in again["api_keys"][0]) == (False, False)
    assert names(cloud, "application") == ["factory"]
    assert key(cloud, scope="application", state="absent")["changes"]["delete"] == 1
    assert not works(cloud, made["api_keys"][0]["key"])


@pytest.mark.parametrize("expires", [{}, {"expires": "2099-01-01"}])
def test_the_service_is_told_when_a_key_ends(cloud, expires):
    made = key(cloud, scope="application", **expires)
    (asked,) = [request for request in cloud.requests("POST") if request.path != "/login_"]
    assert asked.path == "/api-key/v2/" and "expiryDate" in str(asked.body)
    assert works(cloud, made["api_keys"][0]["key"])


@pytest.mark.parametrize("expires", [{}, {"expires": "2099-01-01"}])
def test_a_server_that_was_not_updated_makes_keys_too(cloud, expires):
    cloud.fault(path="/api-key/v2", status=404, body_text="<pre>Cannot POST /api-key/v2/</pre>")
    made = key(cloud, scope="application", **expires)
    assert works(cloud, made["api_keys"][0]["key"])
    asked = [request.path for request in cloud.requests("POST") if request.path != "/login_"]
    assert asked == ["/api-key/v2/", "/api-key/v1/"]
    again = key(cloud, scope="application", **expires)
    assert not again["changed"]


def test_a_key_for_each_device_that_is_selected(cloud):
    made = key(cloud, scope="device", with_tags={"site": "lyon"})
    assert made["changes"] == {"create": 2, "update": 0, "delete": 0}
    assert len({row["key"] for row in made["api_keys"]}) == 2
    assert key(cloud, scope="device", with_tags={"site": "lyon"})["changed"] is False
    assert key(cloud, scope="device")["changes"] == {"create": 2, "update": 0, "delete": 0}
    described = key(cloud, scope="device", description="new")
    assert described["changes"] == {"create": 0, "update": 4, "delete": 0}
    assert names(cloud) == ["factory"] * 4


def test_equal_changes_of_many_keys_are_one_request(cloud):
    key(cloud, scope="device")
    cloud.clear_requests()
    key(cloud, scope="device", description="new")
    assert [request.method for request in cloud.writes() if request.path != "/login_"] == ["PATCH"]


def test_check_mode_makes_no_key(cloud):
    foreseen = key(cloud, check=True, scope="device")
    assert foreseen["changes"]["create"] == 4
    assert all("key" not in row and row["id"] is None for row in foreseen["api_keys"])
    assert names(cloud) == []


def test_a_key_stays_when_its_successor_cannot_be_made(cloud):
    made = key(cloud, scope="device")
    cloud.fault(method="POST", path="/api-key/v2", nth=2, status=400)
    failed = key(cloud, scope="device", state="rotated")
    assert failed["failed"]
    # Three were replaced, and their values are told; the fourth is as it was.
    new = {row["of"]: row["key"] for row in failed["api_keys"] if "key" in row}
    old = {row["of"]: row["key"] for row in made["api_keys"]}
    assert len(new) == 3
    assert all(works(cloud, value) for value in new.values())
    assert {owner for owner, value in old.items() if works(cloud, value)} == set(old) - set(new)
    assert any("successor" in item["error"] for item in failed["failed_items"])


def test_rotation_with_an_overlap_keeps_the_old_key_for_a_while(cloud):
    made = key(cloud, scope="application")
    rotated = key(cloud, scope="application", state="rotated", overlap=60)
    assert works(cloud, made["api_keys"][0]["key"])
    assert works(cloud, rotated["api_keys"][0]["key"])
    cloud.advance(61)
    assert not works(cloud, made["api_keys"][0]["key"])
    assert works(cloud, rotated["api_keys"][0]["key"])


def test_a_lost_answer_says_that_the_value_is_lost(cloud):
    cloud.fault(method="POST", path="/api-key/v2", nth=1, drop="after")
    failed = key(cloud, scope="application")
    assert failed["failed"]
    assert "nobody knows its value" in failed["msg"]
    # Nothing is made twice: the key is there, and only a rotation gives a value that is known.
    assert names(cloud, "application") == ["factory"]
    assert key(cloud, scope="application")["changed"] is False


@pytest.mark.parametrize("scope", ["application", "device"])
@pytest.mark.parametrize("state", ["present", "rotated"])
def test_a_server_that_lists_no_such_keys_needs_force(open_server, scope, state):
    for check in (True, False):
        refused = key(open_server, check=check, scope=scope, state=state)
        assert refused["failed"] and "does not list the API keys of" in refused["msg"]
        assert "force: true makes one anyway" in refused["msg"]
    assert [request.path for request in open_server.writes()] == ["/login_", "/login_"]
    made = key(open_server, scope=scope, state=state, force=True)
    assert all(works(open_server, one["key"]) and one["id"] is None for one in made["api_keys"])
    assert any("does not list the new API key" in warning for warning in made["warnings"])
    absent = key(open_server, scope=scope, state="absent")
    assert absent["changed"] is False
    assert any("lists no API key at all" in warning for warning in absent["warnings"])


def test_force_changes_nothing_where_keys_are_listed(cloud):
    assert key(cloud, scope="application", force=True)["changes"]["create"] == 1
    assert not key(cloud, scope="application", force=True)["changed"]


OF_USER = {"application": None, "scope": "user"}


def refused_in_both_modes(emulator, **options):
    """The message of a task that is refused while it is planned."""
    said = set()
    for check in (True, False):
        emulator.clear_requests()
        result = key(emulator, check=check, **options)
        assert result["failed"] and not result["changed"], result
        assert not [request for request in emulator.writes() if request.path != "/login_"]
        said.add(result["msg"])
    (message,) = said
    return message


def test_what_an_api_key_may_not_do_is_said_while_planning(cloud):
    made = key(cloud, **OF_USER)["api_keys"][0]["key"]
    assert "can only be made with the token of a session" in refused_in_both_modes(
        cloud, **OF_USER, name="other", api_token=made
    )
    key(cloud, scope="application")
    of_fleet = {"scope": "application", "api_token": made}
    assert "can only be changed with" in refused_in_both_modes(cloud, **of_fleet, description="new")
    assert "can only be revoked with" in refused_in_both_modes(cloud, **of_fleet, state="absent")
    assert "can only be revoked with" in refused_in_both_modes(cloud, **of_fleet, state="rotated")
    assert "can only be changed with" in refused_in_both_modes(cloud, **of_fleet, state="rotated", overlap=60)
    # What it may do, it does.
    assert key(cloud, scope="application", name="second", api_token=made)["changes"]["create"] == 1
    assert not key(cloud, **OF_USER, api_token=made)["changed"]
    document = {"fleet": "acme/kiosk", "provisioning_keys": [{"name": "factory", "description": "other"}]}
    for check in (True, False):
        of_document = run_task(cloud, "balena_fleet", document=document, api_token=made, check_mode=check)
        assert of_document["failed"] and "can only be changed with" in of_document["msg"]


def test_a_token_of_a_device_makes_no_keys(cloud):
    made = key(cloud, scope="device")["api_keys"][0]
    message = refused_in_both_modes(
        cloud, scope="device", application=None, devices=[made["of"]], name="more", api_token=made["key"]
    )
    assert f"The token belongs to the device {made['of']}" in message


def test_the_value_of_a_key_is_registered_and_never_shown(cloud, ansible):
    value = ansible.folder / "value"
    make = {"scope": "application", "application": "acme/kiosk", "name": "factory"}
    tasks = [
        {"community.balena.balena_api_key": make, "register": "made"},
        {
            "ansible.builtin.copy": {"content": "{{ made.api_keys[0].key }}", "dest": str(value), "mode": "0600"},
            "no_log": True,
        },
    ]
    run = ansible.tasks(tasks, "-vvvvv", "--diff")
    assert works(cloud, value.read_text(encoding="utf-8"))
    assert value.read_text(encoding="utf-8") not in run.text
