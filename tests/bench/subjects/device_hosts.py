# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on devices as hosts: inside the controller against a module process, and a play over 200 hosts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.bench.bench import Bench
from tests.bench.fleet import Fleet, fleet
from tests.bench.rows import Row
from tests.support.ansible_runs import COLLECTIONS, Ansible, without_actions
from tests.support.device_hosts import INVENTORY, PLAY

HOSTS = 200
#: One task is run three times, and the fastest counts: the machine may be busy with something else.
TASK_HOSTS = 100
#: A module process takes so long that fewer hosts tell as much.
PROCESSES = 20
SECONDS = 0.05


def measure(bench: Bench) -> Iterator[Row]:
    """Seconds for each host, with as many forks as Ansible has by default."""
    with fleet(bench, HOSTS, 0) as running, tempfile.TemporaryDirectory() as folder:
        ansible = Ansible(
            Path(folder),
            {"BALENA_API_URL": running.server.url, "BALENA_TOKEN": running.server.token, "ANSIBLE_PIPELINING": "1"},
            cold=True,
        )
        own = a_task(bench, running, ansible, TASK_HOSTS, COLLECTIONS)
        process = a_task(bench, running, ansible, PROCESSES, without_actions(Path(folder)))
        name = f"module process, {PROCESSES} hosts"
        yield Row("a task on a device host", "s", own, SECONDS, others={name: process})
        first, again = (a_play(bench, ansible) for turn in range(2))
        tasks = len(PLAY["tasks"])
        yield Row(f"a play of {tasks} tasks over {HOSTS} device hosts, each", "s", first, tasks * SECONDS)
        yield Row("the same, unchanged", "s", again, tasks * SECONDS)


def a_task(bench: Bench, running: Fleet, ansible: Ansible, count: int, collections: Path) -> float:
    """Seconds that one task takes on each host, beyond what the play takes without it."""
    hosts = {uuid: {"balena_uuid": uuid} for uuid in running.uuids[:count]}
    path = ansible.folder / f"hosts-{count}.yml"
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": local}}), encoding="utf-8")
    play: dict[str, Any] = {"hosts": "all", "gather_facts": False, "tasks": PLAY["tasks"][:1]}
    env = {"ANSIBLE_COLLECTIONS_PATH": str(collections)}

    def run(tasks: list[dict[str, Any]]) -> float:
        return bench.seconds(lambda: ansible.playbook([{**play, "tasks": tasks}], "-i", str(path), env=env))

    run(play["tasks"])
    without = min(run([{"ansible.builtin.meta": "noop"}]) for turn in range(3))
    return (min(run(play["tasks"]) for turn in range(3)) - without) / count


def a_play(bench: Bench, ansible: Ansible) -> float:
    """Seconds for each host of a whole ansible-playbook, with its start and the inventory."""
    path = ansible.folder / "fleet.balena.yml"
    path.write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
    return bench.seconds(lambda: ansible.playbook([PLAY], "-i", str(path))) / HOSTS
