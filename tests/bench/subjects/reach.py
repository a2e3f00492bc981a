# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on containers beside what one would do without the collection, on the same devices.

Fifty containers on ten devices: a shell command beside a loop of `ssh` and `balena-engine exec`, and a module beside
ansible-core's own ssh connection. The same number works at once, over the same sshds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emulator import Emulator
from tests.bench.bench import Bench
from tests.bench.rows import Row
from tests.support.ansible_runs import Ansible
from tests.support.device import Device, DeviceKit, Service
from tests.support.device.kit import why_not

DEVICES, SERVICES, FORKS = 10, 5, 25
ROUNDS = 5
#: At most so many times as long as the peer takes.
COMMAND_RATIO, MODULE_RATIO = 1.5, 1.3
WORDS = {"wall": "seconds", "processors": "seconds of processors"}
COMMAND = "cat /proc/sys/kernel/hostname"
Work = Callable[[], object]


@dataclass(frozen=True)
class Taken:
    """What some work took: seconds that passed, and seconds of processors."""

    wall: float
    processors: float


def measure(bench: Bench) -> Iterator[Row]:
    """Ratios of the medians of several rounds, in which both sides take turns."""
    reason = why_not()
    if reason:
        raise SystemExit(f"error: {reason}")
    with tempfile.TemporaryDirectory(prefix="reach-") as folder, Emulator() as emulator:
        with DeviceKit(Path(folder) / "devices", emulator) as kit:
            services = {f"worker{number}": Service() for number in range(SERVICES)}
            devices = kit.devices("sign-{n:02d}", DEVICES, services)
            yield from commands(Runs(Path(folder), kit, devices))
        with DeviceKit(Path(folder) / "python", emulator) as kit:
            services = {f"worker{number}": Service("python") for number in range(SERVICES)}
            device = kit.device("python-01", services, system="python")
            yield from modules(Runs(Path(folder), kit, [device]))


class Runs:
    """Ansible and ssh against some devices."""

    def __init__(self, folder: Path, kit: DeviceKit, devices: list[Device]) -> None:
        self.kit, self.devices = kit, devices
        self.control = folder / "c"
        forks = {"ANSIBLE_FORKS": str(FORKS), "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.control)}
        self.ansible = Ansible(folder, {**kit.environment, **forks}, cold=True)
        self.folder = folder

    def hosts(self, name: str, hosts: dict[str, dict[str, Any]], **common: Any) -> Path:
        """An inventory file of these hosts."""
        path = self.folder / f"{name}.yml"
        path.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": common}}), encoding="utf-8")
        return path

    def containers(self) -> Path:
        """All containers, through our connection plugin."""
        return self.hosts(
            "containers",
            {
                f"{device.name}.{service}": {
                    "balena_uuid": device.uuid, "balena_service": service, "ansible_port": device.port,
                }
                for device in self.devices
                for service in device.services
            },
            ansible_connection="community.balena.container", balena_reach="local", ansible_host="127.0.0.1",
        )  # fmt: skip

    def host_os(self) -> Path:
        """Each device as often as it has services, through our connection plugin."""
        return self.hosts(
            "host-os", self._as_often(), ansible_connection="community.balena.host", balena_reach="local",
            ansible_host="127.0.0.1",
        )  # fmt: skip

    def by_ssh(self) -> Path:
        """The same by ansible-core's ssh."""
        return self._by_ssh("by-ssh", self._as_often())

    def containers_by_ssh(self) -> Path:
        """All containers by ansible-core's ssh: on the host OS, Python is a program that runs the container's."""
        hosts = {}
        for device in self.devices:
            for service, container in device.containers.items():
                program = device.host.root / "usr" / "bin" / f"python-of-{service}"
                program.write_text(
                    f'#!/bin/sh\nexec balena-engine exec -i {container} python3 "$@"\n', encoding="utf-8"
                )
                program.chmod(0o755)
                python = {"ansible_python_interpreter": f"/usr/bin/{program.name}"}
                hosts[f"{device.name}.{service}"] = {"ansible_port": device.port, **python}
        return self._by_ssh("containers-by-ssh", hosts)

    def _by_ssh(self, name: str, hosts: dict[str, dict[str, Any]]) -> Path:
        known = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        return self.hosts(
            name, hosts, ansible_connection="ansible.builtin.ssh", ansible_host="127.0.0.1", ansible_user="root",
            ansible_ssh_common_args=known, ansible_pipelining=True,
        )  # fmt: skip

    def _as_often(self) -> dict[str, dict[str, Any]]:
        return {
            f"{device.name}-{number}": {"ansible_port": device.port, "balena_uuid": device.uuid}
            for device in self.devices
            for number in range(len(device.services))
        }

    def playbook(self, inventory: Path, tasks: list[dict[str, Any]]) -> Work:
        """A play of these tasks on all hosts of an inventory."""
        path = self.folder / f"{inventory.stem}-play.yml"
        path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        return lambda: self.ansible.run("ansible-playbook", "-i", str(inventory), str(path))

    def shell_loop(self) -> Work:
        """ssh and the engine's exec by hand, as many at once as Ansible has forks."""
        lines = [f"{device.port} {container}" for device in self.devices for container in device.containers.values()]
        ssh = (
            f"ssh -F none -n -i {self.kit.key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
            " -o LogLevel=ERROR"
        )
        script = f"""xargs -P {FORKS} -L 1 sh -c '{ssh} -p "$0" root@127.0.0.1 balena-engine exec "$1" {COMMAND}'"""

        def run() -> None:
            done = subprocess.run(
                ["sh", "-c", script], input="\n".join(lines), text=True, capture_output=True, check=True
            )
            assert len(done.stdout.splitlines()) == len(lines), done.stderr

        return run

    def taken(self, work: Work) -> Taken:
        """What one run takes, here and on the devices."""
        before, there = os.times(), sum(device.processor_seconds() for device in self.devices)
        work()
        after, more = os.times(), sum(device.processor_seconds() for device in self.devices) - there
        here = sum(getattr(after, name) - getattr(before, name) for name in ("children_user", "children_system"))
        return Taken(after.elapsed - before.elapsed, here + more)

    def log_out(self) -> None:
        """End the connections that are kept open, so that each round logs in anew."""
        for socket in self.control.glob("*"):
            subprocess.run(["ssh", "-O", "exit", "-S", socket, "any"], check=False, capture_output=True)


def commands(runs: Runs) -> Iterator[Row]:
    """A shell command in every container."""
    count = len(runs.devices) * SERVICES
    task = {"community.balena.shell_command": {"cmd": COMMAND}}
    ours, loop = take_turns(runs, runs.playbook(runs.containers(), [task]), runs.shell_loop())
    peer = f"{FORKS} at once of ssh and balena-engine exec"
    for name in ("wall", "processors"):
        mine, theirs = getattr(ours, name), getattr(loop, name)
        work = f"a command in {count} containers on {len(runs.devices)} devices, {WORDS[name]}"
        yield Row(work, "s", mine, theirs * COMMAND_RATIO, theirs, peer)


def modules(runs: Runs) -> Iterator[Row]:
    """Modules on the host OS, which has Python here, and in containers with Python, over the same sshd.

    The peers have pipelining, as our plugins have it by default. In containers, theirs is an interpreter that runs the
    engine's exec.
    """
    tasks = [{"ansible.builtin.stat": {"path": f"/etc/{name}"}} for name in ("passwd", "group", "hosts", "os-release")]
    inventories = (runs.host_os(), runs.by_ssh(), runs.containers(), runs.containers_by_ssh())
    host, ssh, container, by_exec = take_turns(runs, *(runs.playbook(each, tasks) for each in inventories))
    work, peer = f"{len(tasks)} modules on {{}}, seconds", "ansible.builtin.ssh"
    yield Row(work.format(f"a host OS {SERVICES} times"), "s", host.wall, ssh.wall * MODULE_RATIO, ssh.wall, peer)
    peer = "ansible.builtin.ssh and balena-engine exec"
    budget = by_exec.wall * MODULE_RATIO
    yield Row(work.format(f"{SERVICES} containers of it"), "s", container.wall, budget, by_exec.wall, peer)


def take_turns(runs: Runs, *sides: Work) -> list[Taken]:
    """Medians of each side; they take turns, so that a busy machine is busy for all of them."""

    def fresh(work: Work) -> Taken:
        runs.log_out()
        return runs.taken(work)

    for work in sides:
        fresh(work)
    rounds = [[fresh(work) for work in sides] for _round in range(ROUNDS)]
    return [
        Taken(statistics.median(each.wall for each in side), statistics.median(each.processors for each in side))
        for side in zip(*rounds, strict=True)
    ]
