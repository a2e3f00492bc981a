# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory syncs and jobs as AWX runs them: private data folders, injected credentials, streamed to workers.

What AWX puts where was read in its source of version 24 (C(awx/main/tasks/jobs.py), C(awx/main/models/inventory.py)).
The credential is injected by AWX's own code, which is a package. There are no containers: the folder that AWX mounts
as C(/runner) is the worker's folder itself.
"""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ansible_runner
import yaml

from tests.support.ansible_runs import CHECKOUT, Ansible

Record = dict[str, Any]

EXTENSION = CHECKOUT / "extensions" / "awx"
PROJECT = EXTENSION / "project"
#: What AWX sets for all that it runs.
SETTINGS = {"ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "ANSIBLE_HOST_KEY_CHECKING": "False"}
#: The folder in the container.
MOUNTED = "/runner"


class Dumper(yaml.SafeDumper):
    """Writes text as AWX does (C(SafeStringDumper) in C(awx/main/utils/safe_yaml.py))."""

    def represent_data(self, data: Any) -> yaml.Node:
        """Mark text, keys included, as unsafe."""
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def extra_vars_file(given: Mapping[str, Any]) -> str:
    """The file of extra vars of a job, none of which stands in its template (C(safe_dump) of the same file)."""
    parts = ({name: value} for name, value in given.items())
    return "".join(yaml.dump_all([part], None, Dumper=Dumper, default_flow_style=False) for part in parts)


class Loader(yaml.SafeLoader):
    """Reads C(!unsafe) as the text behind it."""


Loader.add_constructor("!unsafe", lambda loader, node: node.value)


def read_yaml(path: Path) -> Any:
    """The content of a file of the extension."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def variables(name: str) -> Record:
    """What a file of variables of setup.yml says."""
    found: Record = read_yaml(EXTENSION / "vars" / f"{name}.yml")
    return found


def job_templates() -> dict[str, Record]:
    """The job templates by their playbooks, with all questions of their surveys."""
    told = variables("job_templates")
    questions = {f"{{{{ {name} }}}}": question for name, question in variables("questions").items()}
    found = {}
    for template in told["job_templates"]:
        survey = [questions[each] if isinstance(each, str) else each for each in template["survey"]]
        found[Path(template["playbook"]).name] = {**template, "survey": survey}
    return found


def answers(template: Record, **given: Any) -> Record:
    """The extra vars of a launch: what was answered, and the defaults of the other questions.

    :raises AssertionError: AWX would refuse an answer.
    """
    found: Record = {}
    for question in template["survey"]:
        name = question["variable"]
        if name in given or "default" in question:
            found[name] = given.pop(name, question.get("default"))
        if name not in found and question["required"]:
            raise AssertionError(f"'{name}' value missing")
        chosen = found.get(name, [])
        chosen = chosen if isinstance(chosen, list) else [chosen]
        if not set(chosen) <= set(question.get("choices", chosen)):
            raise AssertionError(f"Value {chosen} for '{name}' expected to be among the choices")
    if given:
        raise AssertionError(f"the survey does not ask for {sorted(given)}")
    return found


@dataclass
class Job:
    """What AWX knows of a job that ended."""

    status: str
    events: list[Record]

    @property
    def output(self) -> str:
        """What a person sees."""
        return "\n".join(event["stdout"] for event in self.events if event.get("stdout"))


class Awx:
    """Runs jobs in folders below one folder, with the environment of an execution environment and the credentials.

    Without secrets of fleets, there is no credential of the second type.
    """

    def __init__(self, folder: Path, credential: Mapping[str, Any], project: Path = PROJECT, secrets: str = "") -> None:
        self._folder = folder
        self._credentials = {"credential": dict(credential)}
        if secrets:
            self._credentials["fleet_secrets"] = {"secrets": secrets}
        self._project = project
        folder.mkdir(exist_ok=True)
        environment = Ansible(folder).environment
        self._container = {name: value for name, value in environment.items() if name != "ANSIBLE_NOCOLOR"}
        self._count = 0

    def sync(self, path: str) -> Record:
        """Update the inventory from a file of the project; what AWX makes its inventory of.

        :raises AssertionError: the update failed.
        """
        data, worker = self._folders("inventory")
        output = worker / "artifacts" / data.name / "output.json"
        source = worker / "project" / path
        command = ["ansible-inventory", "--list", "--export", "-i", source, "--output", output]
        arguments = " ".join(map(str, [*command, "--playbook-dir", source.parent]))
        (data / "args").write_text(arguments, encoding="utf-8")
        environment = {**SETTINGS, "INVENTORY_SOURCE_ID": "1", "INVENTORY_UPDATE_ID": "1"}
        job = self._run(data, worker, environment)
        if job.status != "successful":
            raise AssertionError(job.output)
        found: Record = json.loads((data / "artifacts" / data.name / "output.json").read_text(encoding="utf-8"))
        return found

    def launch(
        self,
        playbook: str,
        inventory: Record,
        extra_vars: Mapping[str, Any],
        *,
        part: tuple[int, int] = (1, 1),
        check: bool = False,
    ) -> Job:
        """Run a job of a template.

        :param inventory: as L(sync) returned it.
        :param extra_vars: the answers of the survey.
        :param part: the number of the slice, and how many there are.
        """
        data, worker = self._folders("job")
        hosts = json.dumps(sliced(inventory, *part))
        script = data / "inventory" / "hosts"
        script.write_text(f"#! /usr/bin/env python3\nprint({hosts!r})\n", encoding="utf-8")
        script.chmod(stat.S_IRWXU)
        extra = {**extra_vars, "awx_job_id": self._count, "awx_job_launch_type": "manual"}
        (data / "env" / "extravars").write_text(extra_vars_file(extra), encoding="utf-8")
        (data / "env" / "cmdline").write_text("--check --diff -u root" if check else "--diff -u root", encoding="utf-8")
        environment = {**SETTINGS, "JOB_ID": str(self._count), "ANSIBLE_RETRY_FILES_ENABLED": "False"}
        return self._run(data, worker, environment, playbook=playbook, inventory="hosts")

    def _folders(self, kind: str) -> tuple[Path, Path]:
        """A private data folder with the project, and a folder for the worker."""
        self._count += 1
        data = self._folder / f"awx_{self._count}_{kind}"
        worker = self._folder / f"worker_{self._count}"
        for path in (data / "env", data / "inventory", worker):
            path.mkdir(parents=True)
        shutil.copytree(self._project, data / "project")
        return data, worker

    def _run(self, data: Path, worker: Path, environment: Mapping[str, str], **what: str) -> Job:
        """Send the folder to a worker, let it run, and take back what came of it."""
        environment = {**environment, **self._injected(data, worker, environment)}
        settings = {"suppress_ansible_output": True, "suppress_output_file": True}
        (data / "env" / "settings").write_text(json.dumps(settings), encoding="utf-8")
        params = {
            "private_data_dir": str(data), "ident": data.name, "envvars": environment, "suppress_env_files": True,
            "fact_cache_type": "", **what,
        }  # fmt: skip
        sent, returned = worker.with_suffix(".sent"), worker.with_suffix(".returned")
        with sent.open("wb") as stream:
            ansible_runner.interface.run(streamer="transmit", _output=stream, **params)
        command = [sys.executable, "-m", "ansible_runner", "worker", "--private-data-dir", str(worker)]
        with sent.open("rb") as told, returned.open("wb") as said:
            # Its exit status is that of the job, which the stream tells too.
            subprocess.run(command, stdin=told, stdout=said, env=self._container, check=False)
        events: list[Record] = []

        def keep(event: Record) -> bool:
            events.append(event)
            return False  # as for AWX, runner need not write it into a file

        with returned.open("rb") as answer:
            ended = ansible_runner.interface.run(
                streamer="process",
                quiet=True,
                _input=answer,
                event_handler=keep,
                **params,
            )
        return Job(ended.status, events)

    def _injected(self, data: Path, worker: Path, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of the credentials."""
        from awx_plugins.interfaces._temporary_private_credential_api import Credential
        from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

        told = {**variables("credential_type"), **variables("fleet_secrets")}
        names = ("inputs", "injectors")
        found: dict[str, Any] = dict(environment)
        for prefix, inputs in self._credentials.items():
            kind = SimpleNamespace(**{name: told[f"{prefix}_type_{name}"] for name in names}, managed=False)
            inject_credential(kind, Credential(inputs), found, {}, [], str(data))
        new = {name: value for name, value in found.items() if name not in environment}
        return {name: value.replace(MOUNTED, str(worker), 1) for name, value in new.items()}


def sliced(inventory: Record, number: int, count: int) -> Record:
    """The inventory that a slice gets: in the order of the hosts' names, every host whose turn it is.

    All groups are there in each slice, also those without a host in it.
    """
    hostvars: Record = inventory["_meta"]["hostvars"]
    names = sorted(hostvars)[number - 1 :: count]
    groups = {name: group for name, group in inventory.items() if name not in ("_meta", "all")}
    found: Record = {name: _group(group, names) for name, group in groups.items()}
    grouped = {host for group in found.values() for host in group.get("hosts", ())}
    found["all"] = {"hosts": [name for name in names if name not in grouped], "children": list(groups)}
    found["_meta"] = {"hostvars": {name: hostvars[name] for name in names}}
    return found


def _group(group: Record, names: Sequence[str]) -> Record:
    hosts = [host for host in group.get("hosts", ()) if host in names]
    return {**{key: value for key, value in group.items() if key != "hosts"}, **({"hosts": hosts} if hosts else {})}
