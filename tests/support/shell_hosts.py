# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that have nothing but a shell, and tasks of the collection's shell modules on them, in this process."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins import loader as plugins
from ansible.template import Templar

COLLECTION = "ansible_collections.community.balena.plugins"
#: The variables of the host.
VARIABLES = {"inventory_hostname": "box", "greeting": "hello"}


@dataclass(frozen=True)
class ShellHost:
    """A shell, and the only folder in which it looks for programs."""

    name: str
    program: str
    path: str

    @contextmanager
    def entered(self) -> Iterator[None]:
        """What a local connection starts finds the programs of this host."""
        before = os.environ["PATH"]
        os.environ["PATH"] = self.path
        try:
            yield
        finally:
            os.environ["PATH"] = before

    def run(self, script: str, *, folder: Path | None = None) -> bytes:
        """What a script prints there."""
        command = [self.program, "-c", script]
        return subprocess.run(command, cwd=folder, env={"PATH": self.path}, capture_output=True, check=True).stdout


#: The shells of hosts, as L(shell_host) takes them.
SHELLS = ("busybox", "dash", "bash")


def shell_host(name: str, folder: Path, *, without: tuple[str, ...] = ()) -> ShellHost | None:
    """A host with a shell; None if this machine does not have it.

    :param folder: for busybox, a folder that becomes the only one with programs.
    :param without: the tools that this busybox has not.
    """
    source = shutil.which(name, path=os.defpath)
    if source is None or name != "busybox":
        return ShellHost(name, source, os.defpath) if source else None
    folder.mkdir()
    listed = subprocess.run([source, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in {"sh", *listed} - set(without):
        (folder / applet).symlink_to(source)
    return ShellHost(name, str(folder / "sh"), str(folder))


def run_shell_task(host: ShellHost, module: str, /, **options: Any) -> dict[str, Any]:
    """The result of a task of a shell module, through its action and a real local connection.

    :param options: those of the module, and C(check_mode), C(diff), C(environment), C(no_log), C(basedir).
    """
    loader = DataLoader()
    loader.set_basedir(str(options.pop("basedir", Path.cwd())))
    task, context = Task(), PlayContext()
    task.action = f"community.balena.{module}"
    task.check_mode = context.check_mode = options.pop("check_mode", False)
    task.diff = context.diff = options.pop("diff", False)
    task.no_log = options.pop("no_log", False)
    task.environment = [options.pop("environment", {})]
    task.args = options
    context.executable = host.program
    action = importlib.import_module(f"{COLLECTION}.action.{module}").ActionModule
    with host.entered():
        connection = plugins.connection_loader.get("local", context, os.devnull)
        connection.set_options()
        connection._shell.set_options()
        templar = Templar(loader=loader, variables=VARIABLES)
        found: dict[str, Any] = action(
            task=task, connection=connection, play_context=context, loader=loader, templar=templar,
            shared_loader_obj=plugins,
        ).run(task_vars=dict(VARIABLES))  # fmt: skip
    return found
