# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that loses the conditions beside a comparison of two columns makes no task see or touch another fleet."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from emulator import Emulator
from tests.support.tasks import run_task

pytestmark = pytest.mark.once

FLEETS: list[dict[str, Any]] = [
    {
        "name": f"leak-{letter}",
        "organization": organization,
        "device_type": "raspberrypi4-64",
        "releases": [{"version": "1.0.0"}, {"version": "1.1.0", "final": False}],
        "devices": [{"name": f"{letter}-{{n}}", "count": 2, "provisioned": False, "env": {"A": "1"}}],
    }
    for letter, organization in (("a", "acme"), ("b", "admin"))
]
IN = {"application": "acme/leak-a"}
#: Both columns are empty: of all devices and releases, and of the fleet that has no release.
DEVICES, APPLICATIONS, RELEASES = (
    "ip_address eq mac_address",
    "should_be_running__release eq should_be_running__release",
    "release_version eq note",
)
TASKS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("balena_device", "b-1", DEVICES, {"in_application": "acme/leak-a", "state": "absent"}),
    ("balena_tag", "b-1", DEVICES, {**IN, "scope": "device", "name": "t", "value": "x"}),
    ("balena_env_var", "b-1", DEVICES, {**IN, "scope": "device", "name": "E", "value": "x"}),
    ("balena_release_pin", "b-1", DEVICES, {**IN, "scope": "device", "release": "1.0.0"}),
    ("balena_device_action", "b-1", DEVICES, {**IN, "action": "restart", "offline": "skip"}),
    ("balena_os_update", "b-1", DEVICES, {**IN, "version": "6.0.50"}),
    ("balena_supervisor_update", "b-1", DEVICES, {**IN, "version": "14.0.0"}),
    ("balena_api_key", "b-1", DEVICES, {**IN, "scope": "device", "name": "k"}),
    ("balena_rollout", "b-1", DEVICES, {**IN, "release": "1.0.0", "wave": 1}),
    ("balena_device_info", "b-1", DEVICES, IN),
    ("balena_env_var_info", "b-1", DEVICES, {**IN, "scope": "device"}),
    ("balena_application_info", "fleet1", APPLICATIONS, {"organization": "admin"}),
    ("balena_release_info", "", RELEASES, {**IN, "final": True}),
]


@pytest.fixture(scope="module")
def leaking():
    with Emulator(seed={"applications": FLEETS}, flaw="columns") as running:
        yield running


@pytest.fixture
def fleets(leaking):
    leaking.reset()
    leaking.clear_requests()
    return leaking


def test_the_server_forgets_the_condition_beside(fleets):
    within = "belongs_to__application/slug eq 'acme/leak-a'"

    def answered(condition):
        with Balena(api_url=fleets.url, token=fleets.token) as balena:
            rows = balena.pine.get("device", options={"$select": "device_name", "$filter": condition})
        return {row["device_name"] for row in rows}

    assert answered(f"{within} and ({DEVICES})") == {"a-1", "a-2", "b-1", "b-2"}
    assert answered(f"{within} and not (ip_address ne mac_address)") == {"a-1", "a-2"}
    assert answered(within) == {"a-1", "a-2"}


def devices(server: Emulator) -> set[str]:
    return {row["device_name"] for row in server.store.query("device")}


@pytest.mark.parametrize("condition", ["{}", "({})", "is_online eq false and {}", "{} and is_online eq false"])
@pytest.mark.parametrize(("module", "row", "filtered", "options"), TASKS, ids=[task[0] for task in TASKS])
def test_a_row_that_was_not_asked_for_is_refused(fleets, module, row, filtered, options, condition):
    if "is_online" in condition and filtered != DEVICES:
        condition = condition.replace("is_online eq false", "id gt 0")
    result = run_task(fleets, module, **options, filter=condition.format(filtered))
    assert result.get("failed"), result
    assert "The server answered with" in result["msg"]
    assert row in result["msg"]
    assert filtered in result["msg"], result["msg"]
    assert fleets.writes() == []


@pytest.mark.parametrize(("module", "row", "filtered", "options"), TASKS[:5] + TASKS[-4:])
def test_what_the_message_proposes_helps(fleets, module, row, filtered, options):
    one, other = filtered.split(" eq ")
    result = run_task(fleets, module, **options, filter=f"not ({one} ne {other})")
    assert not result.get("failed"), result
    assert {"b-1", "b-2"} <= devices(fleets)
    assert all(untouched(fleets, name) for name in ("b-1", "b-2"))


@pytest.mark.parametrize(("module", "row", "filtered", "options"), TASKS[:5] + TASKS[-4:])
def test_without_the_filter_all_is_as_usual(fleets, module, row, filtered, options):
    result = run_task(fleets, module, **options)
    assert not result.get("failed"), result
    assert all(untouched(fleets, name) for name in ("b-1", "b-2"))


def untouched(server: Emulator, name: str) -> bool:
    """Whether a device is as the seed made it."""
    (device,) = server.store.query("device", device_name=name)
    tags = server.store.query("device_tag", device=device["id"])
    variables = server.store.query("device_environment_variable", device=device["id"])
    return not tags and len(variables) == 1 and device["is_pinned_on__release"] is None


def test_the_inventory_lists_no_device_that_was_not_asked_for(fleets, ansible):
    options = {"plugin": "community.balena.balena", "applications": ["acme/leak-a"]}
    said = {"api_url": fleets.url, "api_token": fleets.token}
    done = ansible.inventory({**options, **said, "filter": DEVICES})
    assert done.json["_meta"]["hostvars"] == {}
    assert "The server answered with device b-1" in " ".join(done.errors.split())
    assert "Traceback" not in done.text
    assert set(ansible.inventory({**options, **said}).json["_meta"]["hostvars"]) == {"a-1", "a-2"}
    assert fleets.writes() == []
