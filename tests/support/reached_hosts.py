# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ansible against the host OS and the containers of devices on this machine, without the collection's inventory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.ansible_runs import Ansible, Run
from tests.support.device.device import Device
from tests.support.device.kit import DeviceKit

HOST = {"ansible_connection": "community.balena.host"}
# Long enough for what may pass, short enough for a test.
PATIENCE = {"balena_retry_for": 20, "balena_start_timeout": 40}


class ReachedHosts:
    """An inventory with a host `<device>` and a host `<device>.<service>` of each device.

    The ssh connections of a test have a folder of their own with a short path.
    """

    def __init__(self, ansible: Ansible, kit: DeviceKit, sockets: Path) -> None:
        self._ansible, self._kit = ansible, kit
        ansible.environment.update(kit.environment)
        ansible.environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(sockets)
        self._inventory = ansible.folder / "reached.json"
        self.token = kit.emulator.token

    def write(self, devices: Sequence[Device], variables: Mapping[str, Any] | None = None) -> None:
        """Write the inventory."""
        hosts: dict[str, Any] = {}
        for device in devices:
            hosts[device.name] = {**HOST, "balena_uuid": device.uuid}
            for service in [*device.services, "nosuch"]:
                hosts[f"{device.name}.{service}"] = {
                    "ansible_connection": "community.balena.container",
                    "balena_uuid": device.uuid,
                    "balena_service": service,
                }
        content = {"all": {"hosts": hosts, "vars": {**PATIENCE, **(variables or {})}}}
        self._inventory.write_text(json.dumps(content), encoding="utf-8")

    def ad_hoc(self, hosts: str, module: str, arguments: str, *more: str, status: int | None = 0, **env: str) -> Run:
        """Run one module."""
        command = ("ansible", "-i", str(self._inventory), hosts, "-m", module, "-a", arguments, *more)
        return self._ansible.run(*command, status=status, env=env)

    def play(
        self, hosts: str, *tasks: dict[str, Any], more: Sequence[str] = (), status: int | None = 0, **env: str
    ) -> Run:
        """Run tasks."""
        plays = [{"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}]
        return self._ansible.playbook(plays, "-i", str(self._inventory), *more, status=status, env=env)
