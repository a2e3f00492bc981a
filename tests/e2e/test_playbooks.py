# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook in playbooks/ does what a user expects of it: check mode writes nothing, a second run neither."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.ansible_runs import Ansible
from tests.support.playbooks import NAMES, PLAYBOOKS


@pytest.fixture
def emulator(demo_fleet: Emulator) -> Emulator:
    return demo_fleet


@pytest.fixture
def run(ansible: Ansible):
    """Run a playbook with the demo's devices and localhost as hosts."""
    inventories = ("-i", str(ansible.hosts), "-i", str(PLAYBOOKS / "demo" / "demo.balena.yml"))
    return lambda name, *arguments: ansible.playbook(PLAYBOOKS / name, *inventories, *arguments)


def changed(recap: str) -> int:
    """Return how many tasks changed something, over all hosts."""
    return sum(int(part.split("=")[1]) for part in recap.split() if part.startswith("changed="))


@pytest.mark.parametrize("name", NAMES)
def test_check_mode_foresees_changes_and_writes_nothing(emulator, run, name):
    foreseen = run(name, "--check", "--diff").output
    assert emulator.requests()
    assert emulator.writes() == []
    assert changed(foreseen) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_changes_nothing(emulator, run, name):
    assert changed(run(name).output) > 0
    assert emulator.writes()
    emulator.clear_requests()
    assert changed(run(name).output) == 0
    assert emulator.writes() == []
