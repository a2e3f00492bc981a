# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation work: each is run in check mode, for real, and once more.

Check mode writes nothing and foresees what the real run does; the run after it changes nothing, except for modules
whose documentation says that they are not idempotent.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import Emulator
from emulator.http.request_log import Request
from tests.support.ansible_runs import CHECKOUT, post_command, reset_task
from tests.support.examples import FILES, SEED, examples
from tests.support.modules import MODULES, argument_spec, documentation

INVENTORY = CHECKOUT / "plugins" / "inventory" / "balena.py"

#: Virtual seconds in a real one, so that examples that wait for devices end soon.
RATE = 300.0
GROUPS = 4
#: How many writes there were. The server counts them in a file: asking it would take longer than the examples do.
WRITES = "lookup('ansible.builtin.file', count)"


class Count:
    """Keeps the number of writes in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = -1
        self._count()

    def __call__(self, request: Request) -> None:
        """Take account of a request, before it is answered."""
        if request.is_write:
            self._count()

    def _count(self) -> None:
        self._number += 1
        self.path.write_text(str(self._number), encoding="utf-8")


@pytest.fixture(scope="module")
def count(tmp_path_factory) -> Count:
    return Count(tmp_path_factory.mktemp("writes") / "count")


@pytest.fixture(scope="module")
def kiosks(count: Count) -> Iterator[Emulator]:
    """The server that the examples are written for."""
    with Emulator(seed=SEED, flavor="cloud", rate=RATE, on_request=count) as running:
        yield running


@pytest.fixture
def emulator(kiosks: Emulator) -> Emulator:
    """The same, as it was at its start."""
    kiosks.reset()
    return kiosks


def login_task(url: str) -> dict[str, Any]:
    """A task that gets the token of a user who logged in: one that may also handle API keys."""
    who = json.dumps({"username": "admin", "password": "Admin-Passw0rd"})
    log_in = {"session": "{{ lookup('ansible.builtin.pipe', command) }}"}
    return {
        "name": "Log in",
        "ansible.builtin.set_fact": log_in,
        "vars": {"command": post_command(f"{url}/login_", who)},
    }


def three_runs(example: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """One example in check mode, for real, and again; with the assertions between them.

    The variable C(writes) has to be the number of writes so far.
    """
    name, result = example["name"], example.get("register", f"result_{number}")
    module = next(key for key in example if key.startswith("community.balena."))
    # The same name each time: what the example says of its own result holds in every run.
    task = {**example, "register": result}
    # What devices do in the meantime may change how many of them an action is for.
    told = f"{{'changed': {result}.changed" + (
        "}" if idempotence(module) == "none" else f", 'changes': {result}.changes | default({{}})}}"
    )
    # A task of its own for each assertion would make half of the tasks.
    counted = {"ansible.builtin.set_fact": {"writes": "{{ " + WRITES + " }}"}}
    foreseen = {"name": f"It was foreseen: {name}", **counted, "failed_when": f"foreseen != {told}"}
    again = [
        {**task, "name": f"Again: {name}"},
        {"name": f"Nothing was left to do for: {name}", **counted, "failed_when": f"{result} is changed"},
    ]
    return [
        {**task, "name": f"Check: {name}", "check_mode": True},
        {
            "name": f"Remember what was foreseen, and that nothing was written by: {name}",
            "ansible.builtin.set_fact": {"foreseen": "{{ " + told + " }}"},
            "failed_when": f"({WRITES}) != writes",
        },
        task,
        foreseen,
        *(again if idempotence(module) == "full" else []),
    ]


def idempotence(module: str) -> str:
    """What the documentation of a module says of running it again: full (nothing changes), partial or none."""
    own = documentation(module.rpartition(".")[2]).get("attributes", {}).get("idempotent", {})
    return str(own.get("support", "full"))


def play_of(module: str, url: str, count: Path) -> dict[str, Any]:
    """A play that runs a module's examples on a server that is as it was at its start."""
    tasks = yaml.safe_load(examples(CHECKOUT / "plugins" / "modules" / f"{module}.py"))
    assert any(f"community.balena.{module}" in task for task in tasks)
    count_writes = {"name": "Count the writes so far", "ansible.builtin.set_fact": {"writes": "{{ " + WRITES + " }}"}}
    runs = [reset_task(url), login_task(url), count_writes]
    for number, task in enumerate(tasks):
        ours = any(key.startswith("community.balena.") for key in task)
        runs += three_runs(task, number) if ours else [task]
    # Asked for by older versions of ansible-core before there is one.
    defaults: dict[str, Any] = {"group/community.balena.balena": {"api_token": "{{ session | default('') }}"}}
    if "poll_interval" in argument_spec(module):
        defaults[f"community.balena.{module}"] = {"poll_interval": 0.5}
    play = {"name": module, "hosts": "localhost", "gather_facts": False, "module_defaults": defaults}
    return {**play, "vars": {"count": str(count)}, "tasks": runs}


# Several modules in one process, since its start takes as long as a module's examples.
@pytest.mark.parametrize("modules", [MODULES[first::GROUPS] for first in range(GROUPS)], ids=" ".join)
def test_examples_of_modules(modules, emulator, count, ansible):
    shutil.copytree(FILES, ansible.folder / "files")
    done = ansible.playbook([play_of(module, emulator.url, count.path) for module in modules])
    assert done.recap()["failed"] == 0


@pytest.mark.parametrize("number", range(len(list(yaml.safe_load_all(examples(INVENTORY))))))
def test_examples_of_the_inventory(number, emulator, ansible):
    (ansible.folder / ".balena-production").write_text(emulator.token, encoding="utf-8")
    text = list(re.split(r"^---$", examples(INVENTORY), flags=re.MULTILINE))[number]
    if "connect: [" in text:  # only the domain of balenaCloud tells where its tunnel is
        text += "tunnel_address: tunnel.example.com:443\n"
    path = ansible.folder / f"example_{number}.balena.yml"
    path.write_text(text, encoding="utf-8")
    listed = ansible.inventory(path).json
    assert listed["_meta"]["hostvars"], ansible.inventory(path).text
    assert emulator.writes() == []
