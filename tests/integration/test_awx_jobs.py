# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project of extensions/awx as AWX runs it: its inventory, its playbooks with the answers of surveys, slices."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ansible_runs import Ansible
from tests.emulator import Emulator
from tests.integration.awx_jobs import PROJECT, Awx, sliced, variables

pytest.importorskip("awx_plugins.interfaces", reason="AWX's own injectors need Python 3.11")

SEED = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "devices": [
                {"name": "kiosk-{n:02d}", "count": 8, "tags": {"site": ["oslo", "bergen"]}},
                {"name": "gate-{n:02d}", "count": 3},
            ],
        }
    ]
}  # fmt: skip
SLICES = 3
ANSWERS = {"device_variable_name": "LEVEL", "device_variable_value": "debug"}
SOURCE = "inventory/fleet.balena.yml"


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def fleet(server):
    server.reset()
    server.clear_requests()
    return server


@pytest.fixture
def awx(fleet, tmp_path):
    return Awx(tmp_path / "awx", {"api_token": fleet.token, "api_url": fleet.url})


def template(playbook):
    """The job template that runs a playbook."""
    found = [one for one in variables("job_templates")["job_templates"] if one["playbook"] == f"playbooks/{playbook}"]
    assert len(found) == 1
    return found[0]


def levels(emulator):
    """The variable of each device, by name."""
    names = {row["id"]: row["device_name"] for row in emulator.store.query("device")}
    rows = emulator.store.query("device_environment_variable", name="LEVEL")
    return {names[row["device"]]: row["value"] for row in rows}


def touched(emulator):
    """How often each device was written to, by id."""
    done = [request for request in emulator.writes() if request.status < 400]
    assert {(request.method, request.path) for request in done} == {("POST", "/v7/device_environment_variable")}
    return Counter(request.body["device"] for request in done)


def test_a_sync_finds_what_ansible_inventory_shows(awx, fleet, tmp_path):
    inventory = awx.sync(SOURCE)
    hostvars = inventory["_meta"]["hostvars"]
    assert len(hostvars) == 11
    assert fleet.writes() == []
    ansible = Ansible(tmp_path, {"BALENA_API_URL": fleet.url, "BALENA_TOKEN": fleet.token})
    assert hostvars == ansible.inventory(PROJECT / SOURCE, "--list", "--export").json["_meta"]["hostvars"]
    parts = [set(sliced(inventory, number, SLICES)["_meta"]["hostvars"]) for number in (1, 2, 3)]
    assert sorted(map(len, parts)) == [3, 4, 4]
    assert set.union(*parts) == set(hostvars)


def test_a_sync_that_fails_says_why(fleet, tmp_path):
    broken = Awx(tmp_path / "awx", {"api_token": "wrong", "api_url": fleet.url})
    with pytest.raises(AssertionError, match="refused the token: it is wrong or expired"):
        broken.sync(SOURCE)


def test_slices_end_as_one_run_does_and_touch_each_device_once(awx, fleet):
    inventory = awx.sync(SOURCE)
    playbook = template("device_variable.yml")["playbook"]
    fleet.clear_requests()
    foreseen = awx.launch(playbook, inventory, ANSWERS, check=True)
    assert foreseen.status == "successful"
    assert fleet.writes() == []
    whole = awx.launch(playbook, inventory, ANSWERS)
    assert whole.status == "successful"
    assert fleet.token not in str(whole.events)
    as_one = levels(fleet)
    assert as_one == dict.fromkeys(inventory["_meta"]["hostvars"], "debug")

    fleet.reset()
    fleet.clear_requests()
    fleet.fault(path="/v7/", rate_limit=6, interval=1.0)
    with ThreadPoolExecutor(SLICES) as pool:
        parts = [(number + 1, SLICES) for number in range(SLICES)]
        jobs = list(pool.map(lambda part: awx.launch(playbook, inventory, ANSWERS, part=part), parts))
    assert [job.status for job in jobs] == ["successful"] * SLICES
    assert levels(fleet) == as_one
    assert [request for request in fleet.requests() if request.status == 429]
    assert touched(fleet) == dict.fromkeys(fleet.store.ids("device"), 1)
