# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request of a playbook fails: the task says so and accounts for what it did, and the next run does the rest."""

from __future__ import annotations

import pytest

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.converging import variables_of

pytestmark = pytest.mark.once

VARIABLES = dict.fromkeys(("A", "B", "C", "D", "E"), "x")


@pytest.fixture(scope="module")
def fleet():
    with Emulator(seed=SEEDS / "bench.yml", devices=20) as running:
        yield running


@pytest.fixture
def emulator(fleet):
    """A fleet of devices without variables."""
    fleet.reset()
    return fleet


FAULTS = {
    "a read": {"method": "GET", "nth": 2, "status": 500},
    "a write": {"method": "POST", "nth": 20, "status": 500},
    "a lost answer": {"method": "POST", "nth": 20, "drop": "after"},
    "too many requests": {"method": "POST", "nth": 20, "status": 429, "retry_after": 1},
    "a server that is gone": {"method": "POST", "since": 20, "drop": "before"},
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_playbook_meets(emulator, ansible, what):
    fault = emulator.fault(**FAULTS[what])
    options = {"scope": "device", "application": "acme/bench", "variables": VARIABLES, "limit": 20}
    task = {"community.balena.balena_env_var": options, "register": "done"}
    fails = what in ("a write", "a server that is gone")
    accounted = ["done.changes.create + (done.failed_items | length) == 100", "'were made' in done.msg"]
    ansible.tasks(
        [
            {**task, "ignore_errors": True},
            {"ansible.builtin.assert": {"that": ["done is failed", *accounted] if fails else ["done is changed"]}},
        ]
    )
    assert fault.hits
    emulator.clear_faults()
    ansible.tasks([task, {"ansible.builtin.assert": {"that": [f"done.changes.create {'>' if fails else '=='} 0"]}}])
    assert len(set(variables_of(emulator))) == len(variables_of(emulator)) == 100
