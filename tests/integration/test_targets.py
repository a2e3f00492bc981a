# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every target, run inside the controller and as module processes: both pass, with the same results.

A module process costs several times what an action does, so by default only the targets of QUICK run as processes
too; with ALL_PROCESSES=1 (as .ci/run has it on the oldest ansible-core) all of them do.

With BALENA_API_URL and BALENA_TOKEN set, the targets run against that server instead of the emulator.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.ansible_runs import COLLECTIONS, Ansible, without_actions

HERE = Path(__file__).resolve().parent
TARGETS = sorted(path.name for path in (HERE / "targets").glob("balena_*"))

UUID = re.compile(r"\b[0-9a-f]{32}\b")
QUICK = ("balena_account_info", "balena_ssh_key")


@pytest.mark.parametrize("target", TARGETS)
def test_target(target, ansible, tmp_path):
    in_process = play(ansible, target, tmp_path / "action.jsonl", COLLECTIONS)
    if target not in QUICK and not os.environ.get("ALL_PROCESSES"):
        assert in_process
        return
    as_modules = play(ansible, target, tmp_path / "module.jsonl", without_actions(tmp_path))
    assert len(in_process) == len(as_modules) > 0
    for ours, theirs in zip(in_process, as_modules, strict=True):
        assert comparable(ours) == comparable(theirs), ours["task"]


def play(ansible: Ansible, target: str, record: Path, collections: Path) -> list[dict]:
    """Run one target as a role and return the results of the collection's tasks."""
    env = {
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_ROLES_PATH": str(HERE / "targets"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "RECORD_FILE": str(record),
        **{name: os.environ[name] for name in ("BALENA_API_URL", "BALENA_TOKEN") if name in os.environ},
    }
    ansible.playbook([{"hosts": "localhost", "gather_facts": False, "roles": [target]}], env=env)
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def by_content(value: Any) -> Any:
    """What is listed by uuids, which differ from run to run, ordered by what is said of them."""
    if isinstance(value, list):
        return [by_content(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: by_content(item) for key, item in value.items()}
    if any(UUID.search(str(key)) for key in found):
        pairs = [[UUID.sub("-", str(key)), item] for key, item in found.items()]
        return sorted(pairs, key=lambda pair: json.dumps(pair, sort_keys=True))
    return found


def comparable(result: dict) -> str:
    """A result without what differs from run to run: ids, uuids, times, fingerprints, how the process was started."""
    of_the_run = ("invocation", "ansible_facts", "warnings", "exception", "failed_when_suppressed_exception")
    kept = {k: v for k, v in result.items() if k not in of_the_run}
    text = json.dumps(by_content(kept), sort_keys=True)
    text = re.sub(r"for \(?(ansible_collections\.)?[\w.]+\)? module|for \w+ module", "", text)
    text = re.sub(r'"uuid": "\w{32}"', '"uuid": "-"', text)
    text = re.sub(r'("(?:\w+_)?id": |eq |eq%20|\()\d+', r"\1 0", text)
    text = re.sub(r'(\\"(?:release|former)\\":|_former"[:,] ")\d+', r"\1 0", text)  # what a rollout notes in tags
    text = re.sub(r'(\\"run\\":\\")\w+', r"\1-", text)  # a rollout's name of its own
    text = re.sub(r"(/v7/\w+)\(\d+\)", r"\1(0)", text)
    text = re.sub(r"(\d\.\d+\.\d+)-1\d{12}\b", r"\1-0", text)  # a draft's version holds the time
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)
    return re.sub(r"<secret \w+>", "<secret>", text)
