# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""shell_diagnosis on a device on this machine, over the tunnel: its engine, its containers, what is broken."""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from emulator import Emulator
from tests.support.ansible_runs import Ansible, python_here
from tests.support.device import DeviceKit


@pytest.fixture
def emulator():
    with Emulator(flavor="cloud") as running:
        yield running


def diagnosis(ansible: Ansible, kit: DeviceKit, uuid: str, **options: Any) -> dict[str, Any]:
    """What the module returns of a device."""
    variables = {"ansible_connection": "community.balena.host", "balena_uuid": uuid}
    (ansible.folder / "device.json").write_text(json.dumps({"all": {"hosts": {"sign": variables}}}), encoding="utf-8")
    tasks = [
        {"community.balena.shell_diagnosis": options, "register": "found"},
        {"ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": "{{ playbook_dir }}/found.json"},
         "delegate_to": "localhost"},
    ]  # fmt: skip
    play = [{"hosts": "sign", "gather_facts": False, "tasks": tasks}]
    with TemporaryDirectory(prefix="ssh-") as sockets:  # paths of sockets have to be short
        env = {**kit.environment, "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets}
        done = ansible.playbook(play, "-i", str(ansible.folder / "device.json"), *python_here(ansible.folder), env=env)
    assert "Traceback" not in done.text
    found: dict[str, Any] = json.loads((ansible.folder / "found.json").read_text(encoding="utf-8"))
    return found


def test_a_device_is_diagnosed_over_the_tunnel(ansible: Ansible, device_kit: DeviceKit, emulator: Emulator):
    device = device_kit.device("berlin-sign-01")
    found = diagnosis(ansible, device_kit, device.uuid)
    checks = found["checks"]
    assert (found["uuid"], found["source"]) == (device.uuid, "host")
    assert checks["engine"]["result"] == "good"
    assert checks["clock"]["result"] == "good"
    assert {checks[name]["result"] for name in ("storage", "memory", "load")} <= {"good", "warn", "bad"}
    # One of its services ends every few seconds.
    assert checks["restarts"]["figure"] >= 0

    with device.engine.hanging():
        hung = diagnosis(ansible, device_kit, device.uuid, checks=["engine", "services", "memory"])
    assert hung["checks"]["engine"]["sentence"] == "the container engine does not answer"
    assert hung["checks"]["services"]["result"] == "unknown"
    assert hung["checks"]["memory"]["result"] != "unknown"
