# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and values of tags and variables as long as the API takes them are taken, and one more is refused unsent."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

SEED = {
    "applications": [
        {
            "organization": "acme",
            "name": "kiosk",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": "d-{n}", "count": 1}],
        }
    ]
}
FLEET = {"application": "acme/kiosk"}
#: What has tags: how long the server lets keys and values be.
TAGS = {"application": (100, 1000), "device": (100, 60158), "release": (164, 1000)}
#: What has variables, and of which kind: how long the server lets values be.
VARIABLES = {
    ("application", "env"): 106104,
    ("application", "config"): 492001,
    ("device", "env"): 515798,
    ("device", "config"): 372340,
    ("service", "env"): 100000,
    ("device_service", "env"): 285082,
}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def emulator(server):
    server.reset()
    return server


def tag(emulator, scope, key, value):
    release = {"release": "1.0.0"} if scope == "release" else {}
    return run_task(emulator, "balena_tag", scope=scope, **FLEET, **release, tags={key: value})


@pytest.mark.parametrize("scope", TAGS)
def test_tags(emulator, scope):
    longest_key, longest_value = TAGS[scope]
    made = tag(emulator, scope, "k" * longest_key, "v" * longest_value)
    assert made["changed"] and not made.get("failed"), made.get("msg")
    emulator.clear_requests()
    for key, value, said in (
        ("k" * (longest_key + 1), "v", f"1 to {longest_key} characters"),
        ("k", "v" * (longest_value + 1), f"longer than {longest_value} characters"),
    ):
        refused = tag(emulator, scope, key, value)
        assert refused["failed"] and said in refused["msg"]
    assert emulator.writes() == []


@pytest.mark.parametrize("scope, kind", VARIABLES)
def test_variables(emulator, scope, kind):
    longest = VARIABLES[scope, kind]
    name = "BALENA_HOST_CONFIG_x" if kind == "config" else "X"
    service = {"service": "web"} if "service" in scope else {}
    task = {"scope": scope, "kind": kind, **FLEET, **service, "name": name}
    made = run_task(emulator, "balena_env_var", **task, value="v" * longest)
    assert made["changed"] and not made.get("failed"), made.get("msg")
    emulator.clear_requests()
    refused = run_task(emulator, "balena_env_var", **task, value="v" * (longest + 1))
    assert refused["failed"] and f"longer than {longest} characters" in refused["msg"]
    assert len(refused["msg"]) < 300 and emulator.writes() == []


@pytest.mark.parametrize(
    "part, said",
    [
        ({"tags": {"t": "v" * 1001}}, "tags.t"),
        ({"device_defaults": {"tags": {"t": "v" * 60159}}}, "device_defaults.tags.t"),
        ({"variables": {"env": {"X": "v" * 106105}}}, "X"),
        ({"services": {"web": {"env": {"X": "v" * 100001}}}}, "X"),
        ({"device_defaults": {"services": {"web": {"env": {"X": "v" * 285083}}}}}, "X"),
        ({"device_defaults": {"config": {"BALENA_X": "v" * 372341}}}, "BALENA_X"),
    ],
)
def test_a_document(emulator, part, said):
    refused = run_task(emulator, "balena_fleet", document={"fleet": "acme/kiosk", **part})
    assert refused["failed"] and said in refused["msg"] and "characters" in refused["msg"]
    assert len(refused["msg"]) < 400 and emulator.writes() == []


def test_a_document_takes_a_long_tag_of_a_device(emulator):
    document = {"fleet": "acme/kiosk", "device_defaults": {"tags": {"t": "v" * 60158}}}
    assert run_task(emulator, "balena_fleet", document=document)["changed"]
