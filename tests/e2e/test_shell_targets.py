# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of the modules that need only a shell, on hosts that have nothing else: locally and over a real sshd."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.ansible_runs import TARGETS, Ansible, python_here
from tests.support.device.sshd import SSHD, SshServer
from tests.support.shell_hosts import ShellHost, shell_host

NAMES = sorted(path.name for path in TARGETS.glob("shell_*"))


@pytest.fixture(scope="module")
def busybox(tmp_path_factory) -> ShellHost:
    """A host of busybox alone."""
    found = shell_host("busybox", tmp_path_factory.mktemp("host") / "bin")
    if found is None:
        pytest.skip("needs busybox")
    return found


@pytest.fixture(scope="module")
def shell(busybox, tmp_path_factory) -> str:
    """A shell that finds no other programs than those of busybox."""
    path = tmp_path_factory.mktemp("shell") / "sh"
    path.write_text(f'#!/bin/sh\nPATH={shlex.quote(busybox.path)}\nexport PATH\nexec {busybox.program} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory) -> Iterator[SshServer]:
    """A server for ssh, without sftp."""
    if SSHD is None:
        pytest.skip("needs sshd")
    running = SshServer(tmp_path_factory.mktemp("sshd"))
    yield running
    running.close()


def hosts(folder: Path, shell: str, sshd: SshServer) -> Path:
    """An inventory: a local host, and the same over ssh."""
    # In place of Ansible's own, whose socket would lie too deep in a folder of a test.
    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -F none"
    over_ssh = {
        "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": sshd.port, "ansible_user": sshd.user,
        "ansible_ssh_private_key_file": str(sshd.key), "ansible_ssh_args": options,
    }  # fmt: skip
    listed = {
        "local-dash": {"ansible_connection": "local"},
        "local-busybox": {"ansible_connection": "local", "ansible_shell_executable": shell},
        "ssh-busybox": {**over_ssh, "ansible_shell_executable": shell},
    }
    path = folder / "shells.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": listed}}), encoding="utf-8")
    return path


@pytest.mark.parametrize("target", NAMES)
def test_target(target, tmp_path, shell, sshd):
    ansible = Ansible(tmp_path, {"ANSIBLE_ROLES_PATH": str(TARGETS), "ANSIBLE_FORKS": "3"})
    inventory = hosts(tmp_path, shell, sshd)
    done = ansible.playbook(
        [{"hosts": "all", "gather_facts": False, "roles": [target]}],
        "-i",
        str(inventory),
        *python_here(tmp_path),
        "--diff",
    )
    for host in ("local-dash", "local-busybox", "ssh-busybox"):
        assert done.recap(host)["failed"] == 0
        assert done.recap(host)["ok"] > 8
    assert "Traceback" not in done.text


#: What the targets cannot ask for everywhere: an engine, and another user without a password.
ON_THE_HOST = [
    {"community.balena.shell_facts": {"gather_subset": ["containers"]}},
    {
        "ansible.builtin.assert": {
            "that": [
                "ansible_facts.container_engine == 'balena-engine'",
                "found | map(attribute='service') | select | sort == ['api', 'flaky', 'web']",
                "(found | selectattr('service', 'eq', 'web') | first).state == 'running'",
                "(found | selectattr('service', 'eq', 'web') | first).restart_count == 0",
            ]
        },
        "vars": {"found": "{{ ansible_facts.containers }}"},
    },
]
AS_NOBODY = {
    "become": True,
    "become_method": "ansible.builtin.su",
    "become_user": "nobody",
    "become_flags": "-s /bin/sh",
}
IN_THE_CONTAINER = [
    {"community.balena.shell_command": {"cmd": "id -un; cat", "stdin": "heard"}, "register": "who", **AS_NOBODY},
    {"community.balena.shell_copy": {"content": "ours\n", "dest": "/tmp/ours", "mode": "0600"}, **AS_NOBODY},
    {"community.balena.shell_command": {"cmd": "cat /tmp/ours; exit 255"}, "register": "read", "failed_when": False},
    {
        "ansible.builtin.assert": {
            "that": ["who.stdout_lines == ['nobody', 'heard']", "read.stdout == 'ours'", "read.rc == 255"]
        }
    },
]


def test_targets_on_a_device(tmp_path, device_kit):
    """The host OS and a container of busybox, through the tunnel; all targets in one run, since a device takes long."""
    device = device_kit.device("berlin-sign-01")
    options = {"balena_uuid": device.uuid, "ansible_connection": "community.balena.host"}
    listed = {
        "host-os": options,
        "web": {**options, "ansible_connection": "community.balena.container", "balena_service": "web"},
    }
    path = tmp_path / "device.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": listed}}), encoding="utf-8")
    settings = {**device_kit.environment, "ANSIBLE_ROLES_PATH": str(TARGETS)}
    ansible = Ansible(tmp_path, settings)
    with tempfile.TemporaryDirectory(prefix="cp-") as short:
        done = ansible.playbook(
            [
                {"hosts": "all", "gather_facts": False, "roles": NAMES},
                {"hosts": "host-os", "gather_facts": False, "tasks": ON_THE_HOST},
                {"hosts": "web", "gather_facts": False, "tasks": IN_THE_CONTAINER},
            ],
            "-i",
            str(path),
            *python_here(tmp_path),
            env={"ANSIBLE_SSH_CONTROL_PATH_DIR": short},
        )
    for host in listed:
        assert done.recap(host)["failed"] == done.recap(host)["unreachable"] == 0
    assert "Traceback" not in done.text
