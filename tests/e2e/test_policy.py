# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""balena_policy in a pipeline: without a server, in the controller and as a process; exit statuses; signed plans."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, COLLECTIONS, TARGETS, Ansible, without_actions

CHECK = CHECKOUT / "playbooks" / "policy" / "check.yml"
SEED = {
    "random_seed": 5,
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "devices": [{"name": "sign-{n:02d}", "count": 30}],
        }
    ],
}
PLAN = "community.balena.balena_env_var"
CHANGE = {
    "scope": "device",
    "application": "acme/kiosk",
    "limit": "{{ limit | default(1) }}",
    "name": "PASSWORD",
    "value": "correct-horse-battery",
    "secret": True,
}
RULES = """\
- name: A few devices
  when: fleets[?percent > `5`]
  deny: A plan reaches at most 5 % of a fleet.
"""


@pytest.fixture
def alone(tmp_path) -> Ansible:
    """Ansible's commands without any server."""
    return Ansible(tmp_path)


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def emulator(server):
    server.reset()
    return server


@pytest.mark.parametrize("way", ["in the controller", "as a process"])
def test_the_target(alone, tmp_path, way):
    collections = COLLECTIONS if way == "in the controller" else without_actions(tmp_path)
    alone.environment |= {"ANSIBLE_ROLES_PATH": str(TARGETS), "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    alone.playbook([{"hosts": "localhost", "gather_facts": False, "roles": ["balena_policy"]}])


def planned(ansible: Ansible, *arguments: str, **more: Any) -> Path:
    """A plan file of the change."""
    path = ansible.folder / "plan.json"
    task = {PLAN: {**CHANGE, "plan_to": str(path), **more}}
    ansible.playbook([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}], "--check", *arguments)
    return path


def test_the_exit_status_tells_a_pipeline(ansible, alone):
    (alone.folder / "policy.yml").write_text(RULES)
    planned(ansible)
    allowed = alone.playbook(CHECK, "-e", "plan=plan.json", "-e", f"policy={alone.folder}/policy.yml")
    assert "ok=1" in allowed.output
    planned(ansible, "-e", "limit=2")
    denied = alone.playbook(CHECK, "-e", "plan=plan.json", "-e", f"policy={alone.folder}/policy.yml", status=2)
    assert "A few devices: A plan reaches at most 5 % of a fleet. (acme/kiosk)" in denied.output
    assert "correct-horse" not in allowed.text + denied.text


@pytest.fixture
def key(tmp_path) -> Path:
    """A key, and the file of allowed signers that knows it as alice."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen")
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    public = path.with_suffix(".pub").read_text().strip()
    (tmp_path / "allowed_signers").write_text(f'alice@acme.example namespaces="plan@community.balena" {public}\n')
    return path


def test_a_plan_is_signed_here_and_judged_and_made_elsewhere(ansible, alone, key):
    path = planned(ansible, plan_sign_key=str(key))
    signers = str(alone.folder / "allowed_signers")
    policy = [{"name": "signed", "when": "signed_by != 'alice@acme.example'", "deny": "Alice signs."}]
    judged = alone.playbook(CHECK, "-e", json.dumps({"plan": str(path), "plan_signers": signers, "policy": policy}))
    assert "failed=0" in judged.output
    change = {**CHANGE, "plan_from": str(path), "plan_signers": signers, "plan_signer": "alice@acme.example"}
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [{PLAN: change}]}]
    path.write_bytes(path.read_bytes() + b"\n")
    refused = ansible.playbook(play, status=2)
    assert "is not one of alice@acme.example for" in refused.output
    path.write_bytes(path.read_bytes()[:-1])
    assert ansible.playbook(play).recap()["changed"] == 1
