# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook, ansible-inventory and ansible-doc as a user does, with nothing of this machine's settings."""

from __future__ import annotations

import atexit
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.warm_starts import starter_for

CHECKOUT = Path(__file__).resolve().parents[2]
#: A role for each module, where ansible-test looks for them.
TARGETS = CHECKOUT / "tests" / "integration" / "targets"
# With a tarball installed elsewhere, the tests of the installed collection name its path here.
COLLECTIONS = Path(os.environ.get("TEST_COLLECTIONS_PATH") or CHECKOUT / ".cache")

LOCAL_HOSTS = """\
---
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_python_interpreter: "%s"
"""


def link_collection(collections: Path) -> None:
    """Make the checkout reachable as a collection below this folder."""
    link = collections / "ansible_collections" / "community" / "balena"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path("../../.."), target_is_directory=True)


def module_interpreter(folder: Path) -> str:
    """Return the interpreter for modules on localhost: the one that runs the tests."""
    if " " not in sys.prefix:
        return "{{ ansible_playbook_python }}"
    # Up to ansible-core 2.18 it may not lie in a folder with a blank in its name.
    environment = folder / "environment"
    if not environment.is_symlink():
        environment.symlink_to(sys.prefix, target_is_directory=True)
    return str(environment / "bin" / "python")


def python_here(folder: Path) -> tuple[str, str]:
    """The arguments that tell tasks on localhost its interpreter, in plays whose hosts have no Python."""
    return "-e", json.dumps({"ansible_python_interpreter": module_interpreter(folder)})


def without_actions(folder: Path) -> Path:
    """A collections path whose copy of the collection has no action plugins, so that modules run as processes."""
    collection = folder / "processes" / "ansible_collections" / "community" / "balena"
    collection.mkdir(parents=True)
    for name in ("galaxy.yml", "meta"):
        (collection / name).symlink_to(CHECKOUT / name)
    (collection / "plugins").mkdir()
    for path in (CHECKOUT / "plugins").iterdir():
        if path.name not in ("action", "plugin_utils", "__pycache__"):
            (collection / "plugins" / path.name).symlink_to(path)
    return folder / "processes"


def reset_task(url: str) -> dict[str, Any]:
    """A task that puts an emulator back to the state after its start. A lookup takes less time than a module."""
    return {
        "name": "Begin anew",
        "ansible.builtin.debug": {"msg": "{{ lookup('ansible.builtin.pipe', post) }}"},
        "vars": {"post": post_command(f"{url}/_emulator/reset")},
    }


def post_command(url: str, body: str = "") -> str:
    """A command that sends a POST request with a JSON body and prints the answer."""
    code = (
        "import sys, urllib.request as r; kind = {'Content-Type': 'application/json'}; "
        "print(r.urlopen(r.Request(sys.argv[1], sys.argv[2].encode(), kind)).read().decode())"
    )
    return shlex.join([sys.executable, "-c", code, url, body])


@dataclass(frozen=True)
class Run:
    """A command that ended: its exit status, standard output and standard error."""

    command: list[str]
    status: int
    output: str
    errors: str

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.output + self.errors

    @property
    def json(self) -> Any:
        """Its output, which is JSON."""
        return json.loads(self.output)

    def recap(self, host: str = "localhost") -> dict[str, int]:
        """Return the counts of the play recap for one host: ok, changed, unreachable, failed, skipped ..."""
        found = re.search(rf"^{re.escape(host)}\s+: (.*)$", self.output, re.MULTILINE)
        if not found:
            raise LookupError(f"no recap of {host} in:\n{self.text}")
        return {name: int(count) for name, count in (pair.split("=") for pair in found.group(1).split())}


@cache
def _ansible_home() -> str:
    """A folder for what Ansible keeps, one for all runs: commands whose settings differ share no start."""
    folder = tempfile.mkdtemp(prefix="ansible-home-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def cold_start(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command without input; its exit status, its output and its errors."""
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


class Ansible:
    """Ansible's commands in one folder, with a given environment on top of an almost empty one."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None, *, cold: bool = False) -> None:
        """Use folder as the current and the home folder of all runs.

        :param cold: start each command as a user's shell does, though it takes longer.
        """
        self.folder = folder
        self._cold = cold
        self.environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(CHECKOUT / "tests" / "support" / "bytecode"),
            "ANSIBLE_HOME": _ansible_home(),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            **(environment or {}),
        }
        self.hosts = folder / "hosts.yml"
        self.hosts.write_text(LOCAL_HOSTS % module_interpreter(folder), encoding="utf-8")

    def run(self, *command: str, status: int | None = 0, env: Mapping[str, str] | None = None) -> Run:
        """Run a command and fail unless it exits with status (None: any will do)."""
        environment = {**self.environment, **(env or {})}
        starter = None if self._cold else starter_for(command, self.folder, environment)
        run = Run(list(command), *(starter.run if starter else cold_start)(command, self.folder, environment))
        if status is not None and run.status != status:
            raise AssertionError(f"{command} exited with {run.status}, not {status}:\n{run.text}")
        return run

    def playbook(
        self,
        plays: list[dict[str, Any]] | str | Path,
        *arguments: str,
        status: int | None = 0,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run a playbook, given as plays, as YAML or as a file, on localhost unless -i is among the arguments."""
        path = plays
        if not isinstance(plays, Path):
            path = self.folder / "playbook.yml"
            path.write_text(plays if isinstance(plays, str) else yaml.safe_dump(plays), encoding="utf-8")
        hosts = [] if "-i" in arguments else ["-i", str(self.hosts)]
        return self.run("ansible-playbook", *hosts, str(path), *arguments, status=status, env=env)

    def tasks(self, tasks: list[dict[str, Any]], *arguments: str, status: int | None = 0) -> Run:
        """Run tasks on localhost."""
        return self.playbook([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], *arguments, status=status)

    def inventory(self, source: dict[str, Any] | str | Path, *arguments: str, status: int | None = 0) -> Run:
        """Run ansible-inventory (--list unless told otherwise) on a source: options, YAML or a file."""
        path = source
        if not isinstance(source, Path):
            path = self.folder / "fleet.balena.yml"
            path.write_text(source if isinstance(source, str) else yaml.safe_dump(source), encoding="utf-8")
        return self.run("ansible-inventory", "-i", str(path), *(arguments or ("--list",)), status=status)

    def doc(self, *arguments: str, status: int | None = 0) -> Run:
        """Run ansible-doc."""
        return self.run("ansible-doc", *arguments, status=status)
