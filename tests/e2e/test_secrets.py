# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret values and tokens appear nowhere: not on the screen at -vvvvv, in results, diffs or errors, nor in URLs."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.ansible_runs import COLLECTIONS, without_actions

TOKEN = "tokenThatNobodyMaySee0123456789A"
SECRETS = {"OLD": "first-hunter2", "NEW": "second-hunter2", "OTHER": "third-hunter2", "LONG": "hunter2" * 9}
OF_DEVICES = {"scope": "device", "application": "acme/bench", "secret": True}
OF_FLEET = {"scope": "application", "application": "acme/bench", "secret": True}
EDGES = ("action", "module process")


@pytest.fixture
def emulator():
    with Emulator(seed=SEEDS / "bench.yml", devices=3, token=TOKEN) as running:
        yield running


@pytest.fixture(params=EDGES)
def run(request, ansible, tmp_path):
    """Run tasks with all that Ansible can be made to say; all that was printed and returned."""
    collections = COLLECTIONS if request.param == "action" else without_actions(tmp_path)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_LOG_PATH": str(tmp_path / "log"), **SECRETS}

    def play(*tasks, status=0, **more):
        results = []
        for number, task in enumerate(tasks):
            results += [{**task, "register": f"result_{number}", "ignore_errors": True}]
        shown = {f"result_{number}": f"{{{{ result_{number} }}}}" for number in range(len(tasks))}
        path = tmp_path / "results.json"
        write = {
            "ansible.builtin.copy": {"dest": str(path), "content": "{{ results | to_json }}"},
            "vars": {"results": shown},
        }
        content = [
            {"hosts": "localhost", "gather_facts": False, "tasks": [*results, {**write, "diff": False, "no_log": True}]}
        ]
        done = ansible.playbook(content, "-vvvvv", "--diff", env={**env, **more}, status=status)
        log = (tmp_path / "log").read_text(encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8")), done.text + log + path.read_text(encoding="utf-8")

    return play


def secret(name):
    """What a playbook has in the place of a secret value."""
    return f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}"


def variable(value=None, **more):
    return {"community.balena.balena_env_var": {**OF_DEVICES, "name": "PW", "value": value, **more}}


def assert_hidden(text, *also):
    for value in (*SECRETS.values(), TOKEN, *also):
        assert value not in text, [line for line in text.splitlines() if value in line][:3]


def assert_not_in_requests(emulator):
    """Values are in the bodies of writes alone, the token in the one header that is for it."""
    assert emulator.requests()
    for request in emulator.requests():
        text = yaml.safe_dump([request.path, request.params, request.headers])
        assert_hidden(text)


def test_values_and_token_of_runs_that_work(emulator, run):
    several = {"variables": {"PW": secret("NEW"), "KEY": secret("OTHER"), "STRUCTURE": {"deep": [secret("LONG")]}}}
    results, text = run(
        {**variable(secret("OLD")), "check_mode": True},
        variable(secret("OLD")),
        variable(secret("OLD")),
        variable(secret("NEW")),
        {"community.balena.balena_env_var": {**OF_FLEET, **several}},
        {"community.balena.balena_env_var": {**OF_FLEET, "variables": {}, "purge": True}},
        variable(state="absent"),
    )
    assert [result["changed"] for result in results.values()] == [True, True, False, True, True, True, True]
    assert "<secret " in text
    assert_hidden(text)
    assert_not_in_requests(emulator)


def test_values_and_token_of_writes_that_fail(emulator, run):
    faults: dict[str, dict[str, Any]] = {
        "REFUSED": {"status": 400, "body_text": f"value {SECRETS['OLD']} is not allowed"},
        "BROKEN": {"status": 500, "body_text": f"{SECRETS['OLD']}: {TOKEN}"},
        "TAKEN": {"status": 409, "body_text": f"unique: {SECRETS['OLD']}"},
        "ANSWER_LOST": {"drop": "after"},
        "NO_ANSWER": {"drop": "before"},
    }
    for name, fault in faults.items():
        emulator.fault(method="POST", body=name, **fault)
    results, text = run(*(variable(secret("OLD"), name=name) for name in faults))
    # A lost answer is looked up: the variable is there.
    failed = dict(zip(faults, (result["failed"] for result in results.values()), strict=True))
    assert failed == {name: name != "ANSWER_LOST" for name in faults}
    assert_hidden(text)
    assert_not_in_requests(emulator)


def test_values_that_are_refused_before_anything_is_sent(emulator, run):
    long = {"variables": {"PW": secret("OLD"), "BALENA_X": secret("NEW")}}
    results, text = run(
        variable(f"{secret('OLD')}\nand more"),
        {"community.balena.balena_env_var": {**OF_DEVICES, **long}},
        variable(secret("OLD"), nonsense=True),
        variable(secret("OLD"), scope="galaxy"),
        variable(secret("OLD"), devices=["nobody"]),
    )
    assert all(result["failed"] for result in results.values())
    assert_hidden(text)
    assert emulator.writes() == []


def test_tokens_that_do_not_work(run):
    tokens = {"T1": "a-token-that-is-wrong", "T2": "a-token-with-a\nline-break", "T3": "a-token-with-ümlaut"}
    option = {**OF_FLEET, "name": "A", "value": "x"}
    tasks = [{"community.balena.balena_env_var": {**option, "api_token": secret(name)}} for name in tokens]
    results, text = run(*tasks, **tokens)
    assert all(result["failed"] for result in results.values())
    assert_hidden(text, *(line for token in tokens.values() for line in token.splitlines()))
