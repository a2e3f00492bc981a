# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every target, run inside the controller and as module processes at once: both pass, with the same results.

A module process costs several times what an action does, so by default only the targets of QUICK run as processes
too; with ALL_PROCESSES=1 (as .ci/run has it on the oldest ansible-core) all do. A few show that a failed run leaves
nothing behind; with ALL_TARGETS=1 all that make something do.

With BALENA_API_URL and BALENA_TOKEN set, the targets run against that server instead of the emulator, in the
organization that BALENA_ORGANIZATION names (acme unless told otherwise).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import Emulator
from tests.support.ansible_runs import COLLECTIONS, TARGETS, Ansible, without_actions
from tests.support.modules import MODULES

NAMES = [name for name in MODULES if (TARGETS / name).is_dir()]

UUID = re.compile(r"\b[0-9a-f]{32}\b")
RUN = re.compile(r"it-[0-9a-f]{8}\b")
# What balenaCloud alone has, or has in another way: they run on both flavors.
ON_CLOUD = (
    "balena_application_member",
    "balena_config",
    "balena_device_history_info",
    "balena_organization",
    "balena_organization_info",
    "balena_team",
)
QUICK = ("balena_account_info", "balena_ssh_key")
# Short ones, which make between them what targets make: fleets, devices, releases, keys.
SHORT = ("balena_api_key", "balena_device_action", "balena_release_info", "balena_ssh_key")
WITHOUT_TRACES = (
    *("balena_account_info", "balena_api_key_info", "balena_device_type_info", "balena_os_version_info"),
    *ON_CLOUD,
)
MAKING = [name for name in NAMES if name not in WITHOUT_TRACES] if os.environ.get("ALL_TARGETS") else SHORT


@pytest.fixture(scope="module")
def processes(tmp_path_factory) -> Path:
    """Where the collection is as if it had no actions."""
    return without_actions(tmp_path_factory.mktemp("collections"))


@pytest.mark.parametrize("target", NAMES)
def test_target(target, ansible, emulator, tmp_path, processes):
    passes(target, ansible, emulator, tmp_path, processes)


def passes(target: str, ansible: Ansible, emulator: Emulator, tmp_path: Path, processes: Path | None) -> None:
    """Run a target in the ways that are asked for.

    :param processes: where the collection is as if it had no actions, if it may run so too.
    """
    before = made_by(emulator)
    if processes is not None and (target in QUICK or os.environ.get("ALL_PROCESSES")):
        in_process, as_modules = at_once(ansible, target, COLLECTIONS, processes)
        assert len(in_process) == len(as_modules) > 0
        for ours, theirs in zip(in_process, as_modules, strict=True):
            assert comparable(ours) == comparable(theirs), ours["task"]
    else:
        assert play(ansible, target, tmp_path / "results.jsonl", COLLECTIONS)
    assert_clean(emulator, before)


@pytest.mark.skipif("BALENA_API_URL" in os.environ, reason="the targets run on that server")
@pytest.mark.parametrize("target", ON_CLOUD)
def test_target_on_cloud(target, tmp_path):
    with Emulator(flavor="cloud") as cloud:
        ansible = Ansible(tmp_path, {"BALENA_API_URL": cloud.url, "BALENA_TOKEN": cloud.token})
        # How it is started makes no difference to one server alone.
        passes(target, ansible, cloud, tmp_path, None)


@pytest.mark.parametrize("target", SHORT)
def test_two_runs_at_once_do_not_meet(target, ansible, emulator):
    before = made_by(emulator)
    first, second = at_once(ansible, target, COLLECTIONS, COLLECTIONS)
    assert [comparable(result) for result in first] == [comparable(result) for result in second] != []
    assert_clean(emulator, before)


@pytest.mark.parametrize("target", MAKING)
def test_a_run_that_fails_leaves_nothing_behind(target, ansible, emulator, tmp_path):
    fail_in_the_middle(shutil.copytree(TARGETS / target, tmp_path / "roles" / target))
    before = made_by(emulator)
    with pytest.raises(AssertionError, match="It fails here"):
        play(ansible, target, tmp_path / "results.jsonl", COLLECTIONS, roles=f"{tmp_path / 'roles'}:{TARGETS}")
    if "BALENA_API_URL" not in os.environ:
        assert emulator.requests(method="POST", path=r"/(application|api-key|user__has__public_key)\b")
    assert_clean(emulator, before)


def fail_in_the_middle(role: Path) -> None:
    """Put a task that fails into the middle of the longest block of a role."""
    files = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(role.glob("tasks/*.yml"))}
    found = [(len(block), path, block) for path, tasks in files.items() for block in blocks(tasks)]
    length, path, longest = max(found, key=lambda item: item[0])
    longest.insert(length // 2, {"name": "Fail", "ansible.builtin.fail": {"msg": "It fails here"}})
    path.write_text(yaml.safe_dump(files[path]), encoding="utf-8")


def blocks(tasks: list[dict]) -> Iterator[list[dict]]:
    """The blocks of a file of tasks, those within others too."""
    for task in tasks:
        if "block" in task:
            yield task["block"]
            yield from blocks(task["block"])


def assert_clean(emulator: Emulator, before: dict[str, int]) -> None:
    """Nothing is left of what runs made, and no uuid was registered twice, which a server refuses for five minutes."""
    if "BALENA_API_URL" in os.environ:
        return  # The emulator was not asked.
    assert made_by(emulator) == before
    uuids = registered(emulator)
    assert len(uuids) == len(set(uuids))


def made_by(emulator: Emulator) -> dict[str, int]:
    """How many there are of what runs make. Keys of what is gone do not count: nobody can do a thing with them."""
    store, counts = emulator.store, emulator.counts()
    alive = {row["actor"] for owner in ("user", "application", "device") for row in store.query(owner)}
    keys = sum(row["is_of__actor"] in alive for row in store.query("api_key"))
    names = ("application", "device", "release", "user__has__public_key")
    return {**{name: counts.get(name, 0) for name in names}, "api_key": keys}


def registered(emulator: Emulator) -> list[str]:
    """The uuids of the devices that were registered."""
    requests = emulator.requests(method="POST", path=r"/(v7/device|device/register)$")
    return [request.body["uuid"] for request in requests if request.status == 201 and "uuid" in request.body]


def at_once(ansible: Ansible, target: str, *collections: Path) -> list[list[dict]]:
    """Run one target several times at once, each with the collection from another path."""

    def run(number: int) -> list[dict]:
        folder = ansible.folder / f"run{number}"
        folder.mkdir()
        mine = Ansible(folder, ansible.environment)
        return play(mine, target, folder / "results.jsonl", collections[number])

    with ThreadPoolExecutor() as pool:
        return list(pool.map(run, range(len(collections))))


def play(ansible: Ansible, target: str, record: Path, collections: Path, roles: str = str(TARGETS)) -> list[dict]:
    """Run one target as a role and return the results of the collection's tasks."""
    server = ("BALENA_API_URL", "BALENA_TOKEN", "BALENA_ORGANIZATION")
    env = {
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_ROLES_PATH": roles,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback")),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "RECORD_FILE": str(record),
        **{name: os.environ[name] for name in server if name in os.environ},
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
    text = UUID.sub("-", RUN.sub("it-run", json.dumps(by_content(kept), sort_keys=True)))
    text = re.sub(r"(ssh-ed25519) [\w+/]+", r"\1 -", text)
    text = re.sub(r"\b[0-9a-f]{40}\b|(?<=\()[0-9a-f]{7}(?=\))", "-", text)  # commits are made of the fleets' names
    text = re.sub(r"for \(?(ansible_collections\.)?[\w.]+\)? module|for \w+ module", "", text)
    text = re.sub(r'("(?:\w+_)?id": |eq |eq%20|\()\d+', r"\1 0", text)
    text = re.sub(r'(\\"(?:release|former)\\":|_former"[:,] ")\d+', r"\1 0", text)  # what a rollout notes in tags
    text = re.sub(r'(\\"(?:run|waves|selection)\\":\\")\w+', r"\1-", text)  # a rollout's own name, and what it salts
    text = re.sub(r'("id": ")[0-9a-f]{12}(?=")', r"\1-", text)  # the same, as results show it
    text = re.sub(r"\b[0-9a-f]{7}(?= \w+:)", "-", text)  # devices that are waited for
    text = re.sub(r"(/v7/\w+)\(\d+\)", r"\1(0)", text)
    text = re.sub(r"(\d\.\d+\.\d+)-1\d{12}\b", r"\1-0", text)  # a draft's version holds the time
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)
    text = re.sub(r'("(?:opens_in|closes_in)": )[\d.]+', r"\1 0", text)
    text = re.sub(r"\bSignature=\w+", "Signature=-", text)  # an address of a file that holds for a while
    return re.sub(r"<secret \w+>", "<secret>", text)
